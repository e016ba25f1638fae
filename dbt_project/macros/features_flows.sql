{# Flows and single bookings added up by week and over the covered history; part of feature_ctes. #}
{% macro feature_flow_ctes(flows, bookings) %}
weekly_flows as (
    select
        spine_id,
        13 - cast(floor(age_days / 7.0) as integer) as week_index,
        {%- for signal in flows %}
        cast(sum({{ signal.expression }}) as numeric(38, 6)) as {{ signal.name }}{{ "," if not loop.last }}
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
        cast(sum({{ signal.expression }}) as numeric(38, 6)) as {{ signal.name }}{{ "," if not loop.last }}
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
        cast(sum({{ signal.expression }}) as numeric(38, 6)) as {{ signal.name }}__lifetime_sum{{ "," if not loop.last }}
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
        cast(sum({{ signal.expression }}) as numeric(38, 6)) as {{ signal.name }}__lifetime_sum{{ "," if not loop.last }}
        {%- endfor %}
        {%- if not flows %} 1 as nothing {% endif %}
    from account_days
    inner join history_coverage on account_days.spine_id = history_coverage.spine_id
    where
        history_coverage.is_history_covered
        and account_days.activity_date >= history_coverage.history_from
    group by account_days.spine_id
),
{% endmacro %}
