{# What reads the whole history: daily balances as runs of equal days, flows and yardsticks. For a model with few rows; no part of
   features.customer_features, whose day must not cost more as the history grows. Part of feature_ctes. #}
{% macro feature_history_ctes() %}
{%- set flows = signals_of(['flow'], ['income', 'spending', 'payment_failure']) %}
account_days as (
    select
        spine_accounts.spine_no,
        spine_accounts.product_category,
        spine_accounts.as_of_date,
        activity.*
    from spine_accounts
    inner join {{ ref('account_daily_activity') }} as activity
        on
            spine_accounts.account_id = activity.account_id
            and spine_accounts.as_of_date >= activity.activity_date
            and spine_accounts.knowledge_cutoff >= activity.known_at
            and spine_accounts.knowledge_cutoff < activity.visible_until
),

history_flows as (
    select
        account_days.spine_no,
        {{ dbt.datediff('min(account_days.activity_date)', 'max(account_days.as_of_date)', 'day') }} + 1 as history_days,
        {%- for signal in flows %}
        cast(sum({{ signal.expression }}) as numeric(38, 6)) as {{ signal.name }}__lifetime_sum{{ "," if not loop.last }}
        {%- endfor %}
    from account_days
    inner join history_coverage on account_days.spine_no = history_coverage.spine_no
    where
        history_coverage.is_history_covered
        and account_days.activity_date >= history_coverage.history_from
    group by account_days.spine_no
),

-- Balance after the last booking of a day; where a source states balances of days instead, those.
balance_points as (
    select
        spine_no,
        account_id,
        activity_date as balance_on,
        closing_balance_amount as balance,
        row_number() over (
            partition by spine_no, account_id, activity_date
            order by point_rank asc, last_sequence_number desc nulls last, known_at desc
        ) as recency
    from (
        select
            spine_no, account_id, activity_date, closing_balance_amount, last_sequence_number, known_at,
            1 as point_rank
        from account_days
        where product_category = 'DEPOSIT' and closing_balance_amount is not null
        union all
        select
            spine_accounts.spine_no,
            account_balances.account_id,
            account_balances.balance_on as activity_date,
            account_balances.balance_amount as closing_balance_amount,
            cast(null as bigint) as last_sequence_number,
            account_balances.known_at,
            2 as point_rank
        from spine_accounts
        inner join {{ ref('account_balances') }} as account_balances
            on
                spine_accounts.account_id = account_balances.account_id
                and spine_accounts.as_of_date >= account_balances.balance_on
        where
            spine_accounts.product_category = 'DEPOSIT'
            and {{ visible_at('account_balances', 'spine_accounts.knowledge_cutoff') }}
    ) as points
),

-- The customer's total changes by what one account changes; between two changes it stays, so a run of equal days is one row.
balance_changes as (
    select
        spine_no,
        balance_on,
        sum(change) as change
    from (
        select
            spine_no,
            balance_on,
            balance - coalesce(lag(balance) over (partition by spine_no, account_id order by balance_on), 0) as change
        from balance_points
        where recency = 1
    ) as by_account
    group by spine_no, balance_on
),

balance_runs as (
    select
        balance_changes.spine_no,
        numbered_spine.as_of_date,
        balance_changes.balance_on as run_start,
        cast(coalesce(
            lead(balance_changes.balance_on) over (
                partition by balance_changes.spine_no order by balance_changes.balance_on
            ),
            {{ dbt.dateadd('day', 1, 'numbered_spine.as_of_date') }}
        ) as date) as run_end,
        min(balance_changes.balance_on) over (partition by balance_changes.spine_no) as first_balance_on,
        sum(balance_changes.change) over (
            partition by balance_changes.spine_no order by balance_changes.balance_on
        ) as balance
    from balance_changes
    inner join numbered_spine on balance_changes.spine_no = numbered_spine.spine_no
),

weekly_daily_balances as (
    select
        shared_days.spine_no,
        shared_days.week_index,
        cast(100 * sum(shared_days.balance * shared_days.day_count) / sum(shared_days.day_count) as double precision)
            as balance
    from (
        select
            spine_weeks.spine_no,
            spine_weeks.week_index,
            balance_runs.balance,
            {{ dbt.datediff(
                'greatest(balance_runs.run_start, spine_weeks.week_start)',
                'least(balance_runs.run_end, cast(' ~ dbt.dateadd('day', 1, 'spine_weeks.week_end') ~ ' as date))', 'day'
            ) }} as day_count
        from (
            select
                numbered_spine.spine_no,
                weeks.week_index,
                cast({{ dbt.dateadd('day', '-weeks.first_age_days', 'numbered_spine.as_of_date') }} as date) as week_start,
                cast({{ dbt.dateadd('day', '-weeks.last_age_days', 'numbered_spine.as_of_date') }} as date) as week_end
            from numbered_spine
            cross join weeks
        ) as spine_weeks
        inner join balance_runs
            on
                spine_weeks.spine_no = balance_runs.spine_no
                and spine_weeks.week_end >= balance_runs.run_start
                and spine_weeks.week_start < balance_runs.run_end
    ) as shared_days
    group by shared_days.spine_no, shared_days.week_index
),

-- One week's income of all the history: the yardstick of what a low balance is.
history_income as (
    select
        spine_no,
        7.0 * nullif(income__lifetime_sum, 0) / history_days as income__lifetime_weekly_mean
    from history_flows
),

history_balances as (
    select
        runs.spine_no,
        sum(runs.day_count) as balance__lifetime_days,
        sum(runs.balance * runs.day_count) / sum(runs.day_count) as balance__lifetime_mean,
        sqrt(greatest(
            0,
            sum(runs.balance * runs.balance * runs.day_count) / sum(runs.day_count)
            - power(sum(runs.balance * runs.day_count) / sum(runs.day_count), 2)
        )) as balance__lifetime_std,
        min(case when runs.run_end > {{ dbt.dateadd('day', 30, 'runs.first_balance_on') }} then runs.balance end)
            as balance__lifetime_min_after_30d,
        sum(
            case when runs.balance < history_income.income__lifetime_weekly_mean then runs.day_count else 0 end
        ) as balance__lifetime_low_days,
        sum(
            case when runs.balance < history_income.income__lifetime_weekly_mean then runs.window_day_count else 0 end
        ) as balance__window_low_days,
        max(history_income.income__lifetime_weekly_mean) as yardstick
    from (
        select
            balance_runs.*,
            {{ dbt.datediff('balance_runs.run_start', 'balance_runs.run_end', 'day') }} as day_count,
            greatest(0, {{ dbt.datediff(
                'greatest(balance_runs.run_start, cast(' ~ dbt.dateadd('day', -90, 'balance_runs.as_of_date') ~ ' as date))',
                'balance_runs.run_end', 'day'
            ) }}) as window_day_count
        from balance_runs
        inner join history_coverage
            on
                balance_runs.spine_no = history_coverage.spine_no
                and history_coverage.is_history_covered
                and balance_runs.run_start >= history_coverage.history_from
    ) as runs
    left join history_income on runs.spine_no = history_income.spine_no
    group by runs.spine_no
),
{% endmacro %}
