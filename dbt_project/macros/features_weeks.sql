{# What happened in each of the thirteen weeks, from features.account_day_signals; part of feature_ctes. #}

{# Number of a day in the window, 1 to 91; as-of date and day are columns of the row. #}
{% macro window_day_no(as_of_expression, day_expression) -%}
    (91 - ({{ dbt.datediff(day_expression, as_of_expression, 'day') }}))
{%- endmacro %}

{# A signal in a week: its sum, its greatest day, or the latest day on which a condition holds. #}
{% macro week_value(signal) -%}
    {%- if signal.kind == 'day' -%}
        max(case when {{ signal.expression }} then day_no end)
    {%- elif signal.aggregation == 'max' -%}
        max({{ signal.name }})
    {%- else -%}
        sum({{ signal.name }})
    {%- endif -%}
{%- endmacro %}

{% macro feature_week_ctes(names, subjects, from_day, to_day) %}
{%- set flows = signals_of(['flow', 'booking', 'instalment'], names) -%}
{%- set days = signals_of(['day'], names) -%}
{%- set balances = signals_of(['balance'], names) -%}
{%- set window_from = from_day or "(select min(first_days.window_start) from spine_accounts as first_days)" -%}
{%- set window_to = to_day or "(select max(last_days.as_of_date) from spine_accounts as last_days)" %}
-- The days of the window are read once, for flows and balances. The latest closing balance of a week without sorting its days:
-- the greatest of (day, part of the day, balance).
account_weeks as (
    select
        spine_no,
        account_no,
        floor((day_no - 1) / cast(7 as double precision)) + 1 as week_index
        {%- for signal in flows + days %},
        {{ week_value(signal) }} as {{ signal.name }}
        {%- endfor %}
        {%- if balances %},
        max(
            case
                when day_balance is not null
                    then array[cast(day_no as double precision), cast(part_no as double precision), day_balance]
            end
        ) as last_point,
        min(day_balance) as lowest_balance,
        min(case when day_balance is not null then day_no end) as first_balance_day_no
        {%- endif %}
    from (
        select
            day_signals.*,
            spine_accounts.spine_no,
            spine_accounts.account_no,
            {{ window_day_no('spine_accounts.as_of_date', 'day_signals.activity_date') }} as day_no
            {%- if balances %},
            case
                when
                    not spine_accounts.is_deposit
                    or day_signals.activity_date >= spine_accounts.closed_on
                    -- Only the last part of a day that counts at the cut-off closes it. Few days have several: only there it is asked.
                    or (day_signals.balance_parts_count > 1 and exists (
                        select 1
                        from {{ ref('account_day_signals') }} as later
                        where
                            later.account_id = day_signals.account_id
                            and later.activity_date = day_signals.activity_date
                            and later.part_no > day_signals.part_no
                            and later.known_at <= spine_accounts.knowledge_cutoff
                            and later.visible_until > spine_accounts.knowledge_cutoff
                            and later.closing_balance is not null
                    ))
                    then null
                else day_signals.closing_balance
            end as day_balance
            {%- endif %}
        from spine_accounts
        inner join {{ ref('account_day_signals') }} as day_signals
            on
                spine_accounts.account_id = day_signals.account_id
                and spine_accounts.window_start <= day_signals.activity_date
                and spine_accounts.as_of_date >= day_signals.activity_date
                and spine_accounts.knowledge_cutoff >= day_signals.known_at
                and spine_accounts.knowledge_cutoff < day_signals.visible_until
        where day_signals.activity_date between {{ window_from }} and {{ window_to }}
    ) as numbered_days
    group by spine_no, account_no, floor((day_no - 1) / cast(7 as double precision)) + 1
),

{% if balances or not execute %}
-- The balance before the window: one look-up an account through an index, however long the history is.
opening_balances as (
    select
        spine_accounts.account_no,
        latest.closing_balance as balance
    from spine_accounts
    inner join lateral (
        select day_signals.closing_balance
        from {{ ref('account_day_signals') }} as day_signals
        where
            day_signals.account_id = spine_accounts.account_id
            and day_signals.activity_date < spine_accounts.window_start
            and day_signals.known_at <= spine_accounts.knowledge_cutoff
            and day_signals.visible_until > spine_accounts.knowledge_cutoff
            and day_signals.closing_balance is not null
        order by day_signals.activity_date desc, day_signals.part_no desc
        limit 1
    ) as latest on true
    where
        spine_accounts.product_category = 'DEPOSIT'
        and coalesce(spine_accounts.closed_on, spine_accounts.as_of_date) >= spine_accounts.window_start
),
{% endif %}
-- A balance stays until the next one: it is carried into weeks without one, and into a week's days before its first, as long as
-- the account is open. At the end of the day that it was closed on it has none any more, as in account_positions.
carried_weeks as (
    select
        spine_accounts.spine_no,
        spine_accounts.account_no,
        weeks.week_index,
        profile_weeks.is_full_week,
        profile_weeks.covered_subjects
        {%- for signal in flows + days %},
        account_weeks.{{ signal.name }}
        {%- endfor %}
        {%- if balances %},
        account_weeks.last_point[3] as last_balance,
        account_weeks.lowest_balance,
        coalesce(
            {{ window_day_no('spine_accounts.as_of_date', 'spine_accounts.closed_on') }}, 92
        ) > 7 * weeks.week_index as ends_open,
        least(
            coalesce(account_weeks.first_balance_day_no, 92),
            coalesce({{ window_day_no('spine_accounts.as_of_date', 'spine_accounts.closed_on') }}, 92)
        ) > 7 * (weeks.week_index - 1) + 1 as starts_with_carried,
        opening_balances.balance as opening_balance,
        max(account_weeks.last_point) over (
            partition by spine_accounts.spine_no, spine_accounts.account_no order by weeks.week_index
            rows between unbounded preceding and 1 preceding
        ) as carried_point
        {%- endif %}
    from spine_accounts
    cross join weeks
    left join account_weeks
        on
            spine_accounts.spine_no = account_weeks.spine_no
            and spine_accounts.account_no = account_weeks.account_no
            and weeks.week_index = account_weeks.week_index
    left join profile_weeks
        on
            spine_accounts.profile_no = profile_weeks.profile_no
            and weeks.week_index = profile_weeks.week_index
    {%- if balances %}
    left join opening_balances on spine_accounts.account_no = opening_balances.account_no
    {%- endif %}
),

-- A week is covered where every deposit account that was open in it is.
spine_weeks as (
    select
        spine_no,
        week_index,
        case when max(is_full_week) = 1 then bit_and(covered_subjects) else 0 end as covered_subjects
        {%- for signal in flows + days %},
        {{ 'max' if signal.kind == 'day' or signal.aggregation == 'max' else 'sum' }}({{ signal.name }}) as {{ signal.name }}
        {%- endfor %}
        {%- if balances %},
        sum(case when ends_open then coalesce(last_balance, carried_point[3], opening_balance) end) as end_balance,
        sum(least(
            lowest_balance, case when starts_with_carried then coalesce(carried_point[3], opening_balance) end
        )) as low_balance
        {%- endif %}
    from carried_weeks
    group by spine_no, week_index
),
{% endmacro %}
