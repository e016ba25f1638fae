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
                when is_deposit and closing_balance is not null
                    then array[cast(day_no as double precision), cast(part_no as double precision), closing_balance]
            end
        ) as last_point,
        min(case when is_deposit then closing_balance end) as lowest_balance,
        min(case when is_deposit and closing_balance is not null then day_no end) as first_balance_day_no
        {%- endif %}
    from (
        select
            day_signals.*,
            spine_accounts.spine_no,
            spine_accounts.account_no,
            spine_accounts.is_deposit,
            {{ window_day_no('spine_accounts.as_of_date', 'day_signals.activity_date') }} as day_no
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
-- The balance before the window: of the latest booking or, where one was stated later, the stated one. Two look-ups an
-- account through an index, however long the history is.
opening_balances as (
    select
        spine_accounts.account_no,
        case
            when stated.balance_on > coalesce(booked.activity_date, cast('0001-01-01' as date)) then stated.balance
            else booked.closing_balance
        end as balance
    from spine_accounts
    left join lateral (
        select
            day_signals.activity_date,
            day_signals.closing_balance
        from {{ ref('account_day_signals') }} as day_signals
        where
            day_signals.account_id = spine_accounts.account_id
            and day_signals.activity_date < spine_accounts.window_start
            and day_signals.known_at <= spine_accounts.knowledge_cutoff
            and day_signals.visible_until > spine_accounts.knowledge_cutoff
            and day_signals.closing_balance is not null
        order by day_signals.activity_date desc, day_signals.part_no desc
        limit 1
    ) as booked on true
    left join lateral (
        select
            account_balances.balance_on,
            cast(account_balances.balance_amount * 100 as double precision) as balance
        from {{ ref('account_balances') }} as account_balances
        where
            account_balances.account_id = spine_accounts.account_id
            and account_balances.balance_on < spine_accounts.window_start
            and {{ visible_at('account_balances', 'spine_accounts.knowledge_cutoff') }}
        order by account_balances.balance_on desc
        limit 1
    ) as stated on true
    where spine_accounts.product_category = 'DEPOSIT'
),
{% endif %}
-- A balance stays until the next booking: it is carried into weeks without one, and into a week's days before its first.
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
        coalesce(account_weeks.first_balance_day_no, 92) > 7 * (weeks.week_index - 1) + 1 as starts_with_carried,
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
        sum(coalesce(last_balance, carried_point[3], opening_balance)) as end_balance,
        sum(least(
            lowest_balance, case when starts_with_carried then coalesce(carried_point[3], opening_balance) end
        )) as low_balance
        {%- endif %}
    from carried_weeks
    group by spine_no, week_index
),
{% endmacro %}
