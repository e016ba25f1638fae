{# Behavioural features from the catalogue: the YAML beside features.customer_features says what a signal and a feature is,
   these macros turn it into SQL. A new feature is YAML only. Both spines (customers at D, loans at L-1) use the same SQL.

   A spine is a CTE named `spine` with spine_id, gr_id, party_id (owner known by contract, or NULL), as_of_date and
   knowledge_cutoff, one row per spine_id. Only what happened by as_of_date and was known by knowledge_cutoff is read. #}

{# The catalogue's model; while dbt parses, its columns are not known yet. #}
{% macro catalogue_model() %}
    {{ return(graph.nodes['model.' ~ project_name ~ '.customer_features'] if execute else none) }}
{% endmacro %}

{# Signals of the catalogue, of one kind: flow (days of the rollup added up), booking (single bookings added up, for what the rollup
   does not carry), balance, or derived at stage 2 or 3 from the week's other signals. #}
{% macro signals_of(kind, stage=none) %}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for name, signal in catalogue_model().config.meta.signals.items() -%}
            {%- if signal.kind == kind and (stage is none or signal.stage == stage) -%}
                {%- do found.append({'name': name, 'expression': signal.expression | default(none), 'coverage': signal.coverage}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{# Feature columns of a model: those whose meta names a category. #}
{% macro features_of(node) %}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for column in node.columns.values() -%}
            {%- set meta = column.config.meta if column.config is defined and column.config.meta else column.meta -%}
            {%- if meta.category is defined -%}
                {%- do found.append({'name': column.name, 'meta': meta, 'data_type': column.data_type}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{# The CTEs below carry no statistics, so PostgreSQL expects one row where there are thousands and joins them row by row: 12 s
   for 1,229 customers of the bank, 1.5 s with hash joins (2026-11-22). Holds for the model's own transaction only. #}
{% macro prefer_hash_joins() -%}
    {%- if target.type == 'postgres' -%} set local enable_nestloop = off {%- endif -%}
{%- endmacro %}

{# The hour of a day at which the portfolio takes its knowledge cut-off. #}
{% macro cutoff_on(date_expression) -%}
    ((cast({{ date_expression }} as timestamp) + interval '{{ env_var("ASSAY_KNOWLEDGE_HOUR", "2") }} hours') at time zone '{{ portfolio("time_zone") }}')
{%- endmacro %}

{# One feature: a statistic of a signal's weeks, or an expression over such statistics and the spine's own columns. #}
{% macro feature_expression(feature) -%}
    {%- if feature.meta.statistic == 'expression' -%}
        {{ feature.meta.expression }}
    {%- else -%}
        {{ feature.meta.signal }}__{{ feature.meta.statistic }}
    {%- endif -%}
{%- endmacro %}

{# All CTEs from `spine` to `feature_values` (spine_id, the features of `nodes`, covered_weeks_count, is_history_covered). #}
{% macro feature_ctes(nodes) %}
{%- set flows = signals_of('flow') -%}
{%- set bookings = signals_of('booking') -%}
{%- set balances = signals_of('balance') -%}
{%- set derived = signals_of('derived') -%}
{%- set subjects = [] -%}
{%- for signal in flows + bookings + balances + derived -%}
    {%- for subject in signal.coverage if subject not in subjects -%}{%- do subjects.append(subject) -%}{%- endfor -%}
{%- endfor -%}
first_owners as (
    select
        account_id,
        party_id,
        known_at,
        valid_from,
        row_number() over (
            partition by account_id
            order by valid_from, party_id
        ) as owner_rank
    from {{ ref('account_holders') }}
    where holder_role = 'owner'
),

account_versions as (
    select
        spine.spine_id,
        spine.as_of_date,
        spine.knowledge_cutoff,
        accounts.account_id,
        accounts.source_system,
        accounts.product_category,
        accounts.opened_on,
        case when accounts.closed_on <= spine.as_of_date then accounts.closed_on end as closed_on,
        row_number() over (
            partition by spine.spine_id, accounts.account_id
            order by accounts.valid_from desc, accounts.known_at desc
        ) as version_rank
    from spine
    inner join {{ source('ml', 'party_xref') }} as party_xref
        on
            spine.gr_id = party_xref.gr_id
            and party_xref.retired_at is null
            and (spine.knowledge_cutoff >= party_xref.known_at or spine.party_id = party_xref.party_id)
    inner join first_owners
        on
            party_xref.party_id = first_owners.party_id
            and first_owners.owner_rank = 1
            and spine.as_of_date >= first_owners.valid_from
            and spine.knowledge_cutoff >= first_owners.known_at
    inner join {{ ref('accounts') }} as accounts
        on
            first_owners.account_id = accounts.account_id
            and spine.as_of_date >= accounts.opened_on
            and spine.as_of_date >= accounts.valid_from
            and spine.knowledge_cutoff >= accounts.known_at
),

spine_accounts as (
    select * from account_versions
    where version_rank = 1
),

account_days as (
    select
        spine_accounts.spine_id,
        spine_accounts.product_category,
        spine_accounts.as_of_date,
        spine_accounts.knowledge_cutoff,
        activity.*,
        {{ dbt.datediff('activity.activity_date', 'spine_accounts.as_of_date', 'day') }} as age_days
    from spine_accounts
    inner join {{ ref('account_daily_activity') }} as activity
        on
            spine_accounts.account_id = activity.account_id
            and spine_accounts.as_of_date >= activity.activity_date
            and spine_accounts.knowledge_cutoff >= activity.known_at
            and spine_accounts.knowledge_cutoff < activity.visible_until
),

-- Thirteen weeks, the last one ending on the as-of date.
weeks as (
    {%- for week in range(1, 14) %}
    select {{ week }} as week_index, {{ 7 * (13 - week) + 6 }} as first_age_days, {{ 7 * (13 - week) }} as last_age_days
    {{- " union all" if not loop.last }}
    {%- endfor %}
),

spine_weeks as (
    select
        spine.spine_id,
        weeks.week_index,
        cast({{ dbt.dateadd('day', '-weeks.first_age_days', 'spine.as_of_date') }} as date) as week_start,
        cast({{ dbt.dateadd('day', '-weeks.last_age_days', 'spine.as_of_date') }} as date) as week_end
    from spine
    cross join weeks
),

account_coverage as (
    select
        spine_accounts.spine_id,
        spine_accounts.account_id,
        coverage.subject,
        coverage.covered_from,
        coverage.covered_to
    from spine_accounts
    inner join {{ ref('coverage') }} as coverage
        on
            spine_accounts.account_id = coverage.scope_id
            and spine_accounts.source_system = coverage.source_system
            and spine_accounts.knowledge_cutoff >= coverage.known_at
    where spine_accounts.product_category = 'DEPOSIT'
    union all
    select
        spine_accounts.spine_id,
        spine_accounts.account_id,
        coverage.subject,
        coverage.covered_from,
        coverage.covered_to
    from spine_accounts
    inner join {{ ref('coverage') }} as coverage
        on
            spine_accounts.source_system = coverage.source_system
            and coverage.scope_id = '*'
            and spine_accounts.knowledge_cutoff >= coverage.known_at
    where spine_accounts.product_category = 'DEPOSIT'
),

-- A week is covered where every deposit account that was open in it is, for as long as it was open.
account_week_coverage as (
    select
        spine_weeks.spine_id,
        spine_weeks.week_index,
        spine_accounts.account_id,
        max(case when spine_accounts.opened_on <= spine_weeks.week_start then 1 else 0 end) as is_full_week,
        {%- for subject in subjects %}
        max(case when account_coverage.subject = '{{ subject }}' then 1 else 0 end) as covers_{{ subject }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not subjects %} 1 as nothing_to_cover {% endif %}
    from spine_weeks
    inner join spine_accounts
        on
            spine_weeks.spine_id = spine_accounts.spine_id
            and spine_accounts.product_category = 'DEPOSIT'
            and spine_weeks.week_end >= spine_accounts.opened_on
            and spine_weeks.week_start < coalesce(spine_accounts.closed_on, cast('9999-12-31' as date))
    left join account_coverage
        on
            spine_accounts.spine_id = account_coverage.spine_id
            and spine_accounts.account_id = account_coverage.account_id
            and greatest(spine_weeks.week_start, spine_accounts.opened_on) >= account_coverage.covered_from
            and least(spine_weeks.week_end, coalesce(spine_accounts.closed_on, spine_weeks.week_end))
            <= account_coverage.covered_to
    group by spine_weeks.spine_id, spine_weeks.week_index, spine_accounts.account_id
),

week_coverage as (
    select
        spine_id,
        week_index,
        {%- for subject in subjects %}
        max(is_full_week) = 1 and min(covers_{{ subject }}) = 1 as covers_{{ subject }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not subjects %} true as nothing_to_cover {% endif %}
    from account_week_coverage
    group by spine_id, week_index
),

-- History counts where it is covered on the as-of date, from the day that coverage begins.
history_coverage as (
    select
        spine_id,
        min(covered_from) as history_from,
        min(is_covered) = 1 as is_history_covered
    from (
        select
            spine_accounts.spine_id,
            spine_accounts.account_id,
            min(account_coverage.covered_from) as covered_from,
            max(case when account_coverage.account_id is null then 0 else 1 end) as is_covered
        from spine_accounts
        left join account_coverage
            on
                spine_accounts.spine_id = account_coverage.spine_id
                and spine_accounts.account_id = account_coverage.account_id
                and account_coverage.subject = 'transactions'
                and spine_accounts.as_of_date between account_coverage.covered_from and account_coverage.covered_to
        where
            spine_accounts.product_category = 'DEPOSIT'
            and spine_accounts.closed_on is null
        group by spine_accounts.spine_id, spine_accounts.account_id
    ) as by_account
    group by spine_id
),

weekly_flows as (
    select
        spine_id,
        13 - cast(floor(age_days / 7.0) as integer) as week_index,
        {%- for signal in flows %}
        cast(sum({{ signal.expression }}) as double precision) as {{ signal.name }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not flows %} 1 as nothing {% endif %}
    from account_days
    where age_days <= 90
    group by spine_id, 13 - cast(floor(age_days / 7.0) as integer)
),

account_bookings as (
    select
        spine_accounts.spine_id,
        transactions.*,
        {{ dbt.datediff('transactions.event_date', 'spine_accounts.as_of_date', 'day') }} as age_days
    from spine_accounts
    inner join {{ ref('transactions') }} as transactions
        on
            spine_accounts.account_id = transactions.account_id
            and transactions.is_booked
            and spine_accounts.as_of_date >= transactions.event_date
    where {{ visible_at('transactions', 'spine_accounts.knowledge_cutoff') }}
),

weekly_bookings as (
    select
        spine_id,
        13 - cast(floor(age_days / 7.0) as integer) as week_index,
        {%- for signal in bookings %}
        cast(sum({{ signal.expression }}) as double precision) as {{ signal.name }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not bookings %} 1 as nothing {% endif %}
    from account_bookings
    where age_days <= 90
    group by spine_id, 13 - cast(floor(age_days / 7.0) as integer)
),

history_bookings as (
    select
        account_bookings.spine_id,
        {%- for signal in bookings %}
        cast(sum({{ signal.expression }}) as double precision) as {{ signal.name }}__lifetime_sum{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not bookings %} 1 as nothing {% endif %}
    from account_bookings
    inner join history_coverage on account_bookings.spine_id = history_coverage.spine_id
    where
        history_coverage.is_history_covered
        and account_bookings.event_date >= history_coverage.history_from
    group by account_bookings.spine_id
),

history_flows as (
    select
        account_days.spine_id,
        {{ dbt.datediff('min(account_days.activity_date)', 'max(account_days.as_of_date)', 'day') }} + 1 as history_days,
        {%- for signal in flows %}
        cast(sum({{ signal.expression }}) as double precision) as {{ signal.name }}__lifetime_sum{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not flows %} 1 as nothing {% endif %}
    from account_days
    inner join history_coverage on account_days.spine_id = history_coverage.spine_id
    where
        history_coverage.is_history_covered
        and account_days.activity_date >= history_coverage.history_from
    group by account_days.spine_id
),

-- Balance after the last booking of a day; where a source states balances of days instead, those.
balance_points as (
    select
        spine_id,
        account_id,
        activity_date as balance_on,
        cast(closing_balance_amount as double precision) as balance,
        row_number() over (
            partition by spine_id, account_id, activity_date
            order by point_rank asc, last_sequence_number desc nulls last, known_at desc
        ) as recency
    from (
        select
            spine_id, account_id, activity_date, closing_balance_amount, last_sequence_number, known_at,
            1 as point_rank
        from account_days
        where product_category = 'DEPOSIT' and closing_balance_amount is not null
        union all
        select
            spine_accounts.spine_id,
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
        spine_id,
        balance_on,
        sum(change) as change
    from (
        select
            spine_id,
            balance_on,
            balance - coalesce(lag(balance) over (partition by spine_id, account_id order by balance_on), 0) as change
        from balance_points
        where recency = 1
    ) as by_account
    group by spine_id, balance_on
),

balance_runs as (
    select
        balance_changes.spine_id,
        spine.as_of_date,
        balance_changes.balance_on as run_start,
        cast(coalesce(
            lead(balance_changes.balance_on) over (
                partition by balance_changes.spine_id order by balance_changes.balance_on
            ),
            {{ dbt.dateadd('day', 1, 'spine.as_of_date') }}
        ) as date) as run_end,
        min(balance_changes.balance_on) over (partition by balance_changes.spine_id) as first_balance_on,
        -- Cents, so that sums of changes stay exact.
        cast(round(cast(sum(balance_changes.change) over (
            partition by balance_changes.spine_id order by balance_changes.balance_on
        ) as numeric(38, 6)), 2) as double precision) as balance
    from balance_changes
    inner join spine on balance_changes.spine_id = spine.spine_id
),

weekly_balances as (
    select
        shared_days.spine_id,
        shared_days.week_index,
        sum(shared_days.balance * shared_days.day_count) / sum(shared_days.day_count) as balance,
        min(shared_days.balance) as low_balance
    from (
        select
            spine_weeks.spine_id,
            spine_weeks.week_index,
            balance_runs.balance,
            {{ dbt.datediff(
                'greatest(balance_runs.run_start, spine_weeks.week_start)',
                'least(balance_runs.run_end, cast(' ~ dbt.dateadd('day', 1, 'spine_weeks.week_end') ~ ' as date))', 'day'
            ) }} as day_count
        from spine_weeks
        inner join balance_runs
            on
                spine_weeks.spine_id = balance_runs.spine_id
                and spine_weeks.week_end >= balance_runs.run_start
                and spine_weeks.week_start < balance_runs.run_end
    ) as shared_days
    group by shared_days.spine_id, shared_days.week_index
),

-- One week's income of all the history: the yardstick of what a low balance is.
history_income as (
    select
        spine_id,
        7.0 * nullif(income__lifetime_sum, 0) / history_days as income__lifetime_weekly_mean
    from history_flows
),

history_balances as (
    select
        runs.spine_id,
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
                balance_runs.spine_id = history_coverage.spine_id
                and history_coverage.is_history_covered
                and balance_runs.run_start >= history_coverage.history_from
    ) as runs
    left join history_income on runs.spine_id = history_income.spine_id
    group by runs.spine_id
),

-- A week without transactions is a real 0 where the week is covered, and NULL where it is not.
weekly_1 as (
    select
        spine_weeks.spine_id,
        spine_weeks.week_index,
        coalesce(week_coverage.covers_transactions, false) as is_covered,
        {%- for signal in flows %}
        case
            when {% for subject in signal.coverage %}week_coverage.covers_{{ subject }}{{ " and " if not loop.last }}{% endfor %}
                then coalesce(weekly_flows.{{ signal.name }}, 0)
        end as {{ signal.name }},
        {%- endfor %}
        {%- for signal in bookings %}
        case
            when {% for subject in signal.coverage %}week_coverage.covers_{{ subject }}{{ " and " if not loop.last }}{% endfor %}
                then coalesce(weekly_bookings.{{ signal.name }}, 0)
        end as {{ signal.name }},
        {%- endfor %}
        {%- for signal in balances %}
        case
            when {% for subject in signal.coverage %}week_coverage.covers_{{ subject }}{{ " and " if not loop.last }}{% endfor %}
                then weekly_balances.{{ signal.name }}
        end as {{ signal.name }}{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not balances %} 1 as nothing {% endif %}
    from spine_weeks
    left join week_coverage
        on
            spine_weeks.spine_id = week_coverage.spine_id
            and spine_weeks.week_index = week_coverage.week_index
    left join weekly_flows
        on
            spine_weeks.spine_id = weekly_flows.spine_id
            and spine_weeks.week_index = weekly_flows.week_index
    left join weekly_bookings
        on
            spine_weeks.spine_id = weekly_bookings.spine_id
            and spine_weeks.week_index = weekly_bookings.week_index
    left join weekly_balances
        on
            spine_weeks.spine_id = weekly_balances.spine_id
            and spine_weeks.week_index = weekly_balances.week_index
),
{% for stage in [2, 3] %}
weekly_{{ stage }} as (
    select
        weekly_{{ stage - 1 }}.*
        {%- for signal in signals_of('derived', stage) %},
        cast({{ signal.expression }} as double precision) as {{ signal.name }}
        {%- endfor %}
    from weekly_{{ stage - 1 }}
),
{% endfor %}
statistics as (
    select
        spine_id,
        {%- for signal in flows + bookings + balances + derived %}
        {%- set x = signal.name %}
        avg({{ x }}) as {{ x }}__mean,
        stddev_pop({{ x }}) as {{ x }}__std,
        min({{ x }}) as {{ x }}__min,
        max({{ x }}) as {{ x }}__max,
        sum({{ x }}) as {{ x }}__sum,
        max(case when week_index = 13 then {{ x }} end) as {{ x }}__last,
        avg(case when week_index >= 10 then {{ x }} end) as {{ x }}__recent,
        avg(case when week_index <= 9 then {{ x }} end) as {{ x }}__earlier,
        stddev_pop({{ x }}) / nullif(avg({{ x }}), 0) as {{ x }}__cv,
        (avg(case when week_index >= 10 then {{ x }} end) - avg(case when week_index <= 9 then {{ x }} end))
        / nullif(avg({{ x }}), 0) as {{ x }}__change_ratio,
        {%- endfor %}
        cast(sum(case when is_covered then 1 else 0 end) as integer) as covered_weeks_count
    from weekly_3
    group by spine_id
),

feature_values as (
    select
        spine.spine_id,
        statistics.covered_weeks_count,
        coalesce(history_coverage.is_history_covered, false) as is_history_covered
        {%- for node in nodes %}
        {%- for feature in features_of(node) %},
        cast({{ feature_expression(feature) }} as {{ feature.data_type }}) as {{ feature.name }}
        {%- endfor %}
        {%- endfor %}
    from spine
    inner join statistics on spine.spine_id = statistics.spine_id
    left join history_coverage on spine.spine_id = history_coverage.spine_id
    left join history_flows on spine.spine_id = history_flows.spine_id
    left join history_bookings on spine.spine_id = history_bookings.spine_id
    left join history_income on spine.spine_id = history_income.spine_id
    left join history_balances on spine.spine_id = history_balances.spine_id
)
{% endmacro %}
