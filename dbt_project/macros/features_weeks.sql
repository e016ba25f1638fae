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

{% macro covers(signal) -%}
    {%- for subject in signal.coverage -%}week_coverage.covers_{{ subject }}{{ " and " if not loop.last }}{%- endfor -%}
{%- endmacro %}

{% macro feature_week_ctes(names, from_day, to_day) %}
{%- set flows = signals_of(['flow', 'booking', 'instalment'], names) -%}
{%- set days = signals_of(['day'], names) -%}
{%- set balances = signals_of(['balance'], names) -%}
{%- set window_from = from_day or "(select min(first_days.window_start) from spine_accounts as first_days)" -%}
{%- set window_to = to_day or "(select max(last_days.as_of_date) from spine_accounts as last_days)" %}
weekly_flows as (
    select
        spine_no,
        cast(floor((day_no - 1) / cast(7 as double precision)) as integer) + 1 as week_index
        {%- for signal in flows + days %},
        {{ week_value(signal) }} as {{ signal.name }}
        {%- endfor %}
    from (
        select
            day_signals.*,
            spine_accounts.spine_no,
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
    group by spine_no, cast(floor((day_no - 1) / cast(7 as double precision)) as integer) + 1
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

-- The latest closing balance of a week without sorting its days: the greatest of (day, part of the day, balance).
account_week_balances as (
    select
        account_no,
        spine_no,
        cast(floor((day_no - 1) / cast(7 as double precision)) as integer) + 1 as week_index,
        max(array[cast(day_no as double precision), cast(part_no as double precision), closing_balance]) as last_point,
        min(closing_balance) as lowest,
        min(day_no) as first_day_no
    from (
        select
            spine_accounts.spine_no,
            spine_accounts.account_no,
            day_signals.part_no,
            day_signals.closing_balance,
            {{ window_day_no('spine_accounts.as_of_date', 'day_signals.activity_date') }} as day_no
        from spine_accounts
        inner join {{ ref('account_day_signals') }} as day_signals
            on
                spine_accounts.account_id = day_signals.account_id
                and spine_accounts.window_start <= day_signals.activity_date
                and spine_accounts.as_of_date >= day_signals.activity_date
                and spine_accounts.knowledge_cutoff >= day_signals.known_at
                and spine_accounts.knowledge_cutoff < day_signals.visible_until
        where
            spine_accounts.product_category = 'DEPOSIT'
            and day_signals.closing_balance is not null
            and day_signals.activity_date between {{ window_from }} and {{ window_to }}
    ) as numbered_days
    group by account_no, spine_no, cast(floor((day_no - 1) / cast(7 as double precision)) as integer) + 1
    union all
    select
        spine_accounts.account_no,
        spine_accounts.spine_no,
        0 as week_index,
        array[cast(0 as double precision), cast(0 as double precision), opening_balances.balance] as last_point,
        opening_balances.balance as lowest,
        0 as first_day_no
    from spine_accounts
    inner join opening_balances on spine_accounts.account_no = opening_balances.account_no
    where opening_balances.balance is not null
),

-- A balance stays until the next booking: it is carried into weeks without one, and into a week's days before its first.
carried_balances as (
    select
        account_weeks.spine_no,
        account_weeks.account_no,
        account_weeks.week_index,
        account_week_balances.lowest,
        account_week_balances.first_day_no,
        max(account_week_balances.last_point) over (
            partition by account_weeks.account_no order by account_weeks.week_index
        ) as end_point,
        max(account_week_balances.last_point) over (
            partition by account_weeks.account_no order by account_weeks.week_index
            rows between unbounded preceding and 1 preceding
        ) as carried_point
    from (
        select
            spine_accounts.spine_no,
            spine_accounts.account_no,
            weeks.week_index
        from spine_accounts
        cross join (
            select week_index from weeks
            union all
            select 0 as week_index
        ) as weeks
        where spine_accounts.product_category = 'DEPOSIT'
    ) as account_weeks
    left join account_week_balances
        on
            account_weeks.account_no = account_week_balances.account_no
            and account_weeks.week_index = account_week_balances.week_index
),

weekly_balances as (
    select
        spine_no,
        week_index,
        sum(end_point[3]) as end_balance,
        sum(least(
            lowest,
            case
                when first_day_no is null or first_day_no > 7 * (week_index - 1) + 1 then carried_point[3]
            end
        )) as low_balance
    from carried_balances
    where week_index > 0
    group by spine_no, week_index
),
{% endif -%}
{% endmacro %}
