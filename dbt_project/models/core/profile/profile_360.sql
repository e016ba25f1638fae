{{
    config(
        indexes=[
            {'columns': ['gr_id'], 'unique': true}
        ]
    )
}}
{% set churn = [
    ['inactivity', 'inactivity_share', 40],
    ['decline', 'decline_share', 25],
    ['few_products', 'few_products_share', 15],
    ['dissatisfaction', 'dissatisfaction_share', 20],
] %}
{% set engagement = [
    ['recency_frequency', 'recency_frequency_share', 40],
    ['breadth', 'breadth_share', 20],
    ['digital', 'digital_share', 20],
    ['satisfaction', 'satisfaction_share', 20],
] %}
{% set lifetime = [
    ['deposits', 'deposit_margin'],
    ['investments', 'investment_margin'],
    ['lending', 'lending_margin'],
    ['volume', 'volume_margin'],
    ['retention', 'churn_risk'],
] %}
with tenure as (
    select
        gr_id,
        min(opened_on) as customer_since_on,
        -- A retailer's card holds no money and earns no bank a margin.
        min(case when product_category = 'LOYALTY' then 1 else 0 end) as has_cards_of_retailers_only
    from {{ ref('owned_accounts') }}
    group by gr_id
),

-- Unknown is NULL here, so that whoever counts the known counts the known; the method says why it is.
income as (
    select
        gr_id,
        case when income_band <> 'Unknown' then income_band end as inferred_income_band,
        cast(confidence as numeric(9, 4)) as income_band_confidence,
        method as income_band_method
    from {{ source('ml', 'income_bands') }}
    where as_of_date = {{ as_of_date() }}
),

-- What is open or confirmed; dismissed and resolved flags are no risk.
flagged as (
    select
        gr_id,
        {{ sorted_array('flag_type') }} as risk_flags
    from {{ ref('analytics_flags') }}
    where flag_status in ('ACTIVE', 'CONFIRMED')
    group by gr_id
),

measured as (
    select
        golden_records.*,
        income.inferred_income_band,
        income.income_band_confidence,
        income.income_band_method,
        coalesce(flagged.risk_flags, {{ empty_text_array() }}) as risk_flags,
        tenure.customer_since_on,
        tenure.has_cards_of_retailers_only,
        activity.covered_days,
        activity.last_transaction_on,
        activity.transactions_90d_count,
        activity.transaction_volume_90d_amount,
        activity.external_volume_90d_amount,
        activity.avg_transaction_amount,
        activity.transaction_volatility_amount,
        activity.unique_categories_count,
        activity.mobile_usage_pct,
        activity.digital_usage_pct,
        activity.weekend_activity_pct,
        activity.channels,
        activity.observed_annual_income_amount,
        service.contacts_12m_count,
        service.avg_satisfaction_score,
        service.bureau_reported_on,
        service.credit_score,
        service.credit_utilization_pct,
        service.past_due_accounts_count,
        service.late_payments_count,
        service.missed_payments_count,
        communities.cluster_id,
        communities.stability as cluster_stability,
        balances.deposit_balance_amount,
        balances.investment_balance_amount,
        balances.credit_balance_amount,
        balances.loan_balance_amount,
        balances.loan_balance_basis,
        coalesce(activity.is_activity_covered, false) as is_activity_covered,
        coalesce(balances.accounts_count, 0) as accounts_count,
        coalesce(balances.asset_accounts_count, 0) as asset_accounts_count,
        coalesce(balances.products_count, 0) as products_count,
        case
            when balances.deposit_balance_amount is not null or balances.investment_balance_amount is not null
                then coalesce(balances.deposit_balance_amount, 0) + coalesce(balances.investment_balance_amount, 0)
        end as total_balance_amount,
        case
            when balances.credit_balance_amount is not null or balances.loan_balance_amount is not null
                then coalesce(balances.credit_balance_amount, 0) + coalesce(balances.loan_balance_amount, 0)
        end as total_liabilities_amount,
        coalesce(golden_records.declared_annual_income_amount, activity.observed_annual_income_amount)
            as annual_income_amount,
        {{ age_in_years('golden_records.birth_date', 'coalesce(golden_records.death_date, ' ~ as_of_date() ~ ')') }} as age,
        -- Shares of 0 to 1 behind the scores; NULL where the window is not covered or nobody is a customer.
        case
            when golden_records.is_customer and activity.transactions_90d_count is not null
                then {{ clipped('coalesce(activity.days_since_transaction, 91) / 90.0') }}
        end as inactivity_share,
        case
            when golden_records.is_customer and activity.earlier_45d_count > 0
                then {{ clipped('1 - activity.recent_45d_count / cast(activity.earlier_45d_count as numeric(18, 6))') }}
        end as decline_share,
        case
            when not golden_records.is_customer then null
            when balances.products_count <= 1 then 1.0
            when balances.products_count = 2 then 0.5
            else 0.0
        end as few_products_share,
        case
            when golden_records.is_customer then {{ clipped('(5 - service.avg_satisfaction_score) / 4.0') }}
        end as dissatisfaction_share,
        case
            when golden_records.is_customer and activity.transactions_90d_count is not null
                then (
                    {{ clipped('1 - coalesce(activity.days_since_transaction, 90) / 90.0') }}
                    + {{ clipped('activity.transactions_90d_count / 30.0') }}
                ) / 2.0
        end as recency_frequency_share,
        case when golden_records.is_customer then {{ clipped('balances.products_count / 4.0') }} end as breadth_share,
        case when golden_records.is_customer then activity.digital_usage_pct / 100.0 end as digital_share,
        case
            when golden_records.is_customer then {{ clipped('(service.avg_satisfaction_score - 1) / 4.0') }}
        end as satisfaction_share
    from {{ ref('golden_records') }} as golden_records
    left join flagged on golden_records.gr_id = flagged.gr_id
    left join tenure on golden_records.gr_id = tenure.gr_id
    left join {{ ref('profile_balances') }} as balances on golden_records.gr_id = balances.gr_id
    left join {{ ref('profile_activity') }} as activity on golden_records.gr_id = activity.gr_id
    left join {{ ref('profile_service') }} as service on golden_records.gr_id = service.gr_id
    left join income on golden_records.gr_id = income.gr_id
    left join {{ source('ml', 'communities') }} as communities
        on
            golden_records.gr_id = communities.gr_id
            and communities.as_of_date = {{ as_of_date() }}
),

risked as (
    select
        measured.*,
        case
            -- The number of products alone says nothing of leaving.
            when coalesce(inactivity_share, decline_share, dissatisfaction_share) is not null
                then {{ reweighted_pct(churn) }} / 100
        end as churn_risk,
        0.02 * deposit_balance_amount as deposit_margin,
        0.01 * investment_balance_amount as investment_margin,
        0.04 * total_liabilities_amount as lending_margin,
        case
            when has_cards_of_retailers_only = 1 then null
            else 0.005 * external_volume_90d_amount * 365.25 / nullif(covered_days, 0)
        end as volume_margin
    from measured
)

select
    gr_id,
    {{ as_of_date() }} as as_of_date,
    {{ knowledge_cutoff() }} as knowledge_cutoff,
    status,
    is_customer,
    party_type,
    family_id,
    cluster_id,
    cast(cluster_stability as numeric(5, 4)) as cluster_stability,
    party_count,
    source_systems,
    sex,
    age,
    coalesce({{ age_group('age') }}, stated_age_group) as age_group,
    city,
    state,
    region,
    district_id,
    occupation,
    dependants_count,
    coalesce(segment, {{ derived_segment('party_type', 'annual_income_amount', 'total_balance_amount') }}) as customer_segment,
    case
        when segment is not null then 'stated'
        when {{ derived_segment('party_type', 'annual_income_amount', 'total_balance_amount') }} is not null then 'derived'
    end as segment_basis,
    declared_annual_income_amount,
    observed_annual_income_amount,
    annual_income_amount,
    case
        when declared_annual_income_amount is not null then 'declared'
        when observed_annual_income_amount is not null then 'observed'
        when {{ income_bracket_of_band('declared_income_from_amount', 'declared_income_to_amount') }} is not null
            then 'declared_band'
    end as income_basis,
    coalesce(
        {{ income_bracket('annual_income_amount') }},
        {{ income_bracket_of_band('declared_income_from_amount', 'declared_income_to_amount') }}
    ) as income_bracket,
    inferred_income_band,
    income_band_confidence,
    income_band_method,
    accounts_count,
    asset_accounts_count,
    products_count,
    deposit_balance_amount,
    investment_balance_amount,
    credit_balance_amount,
    loan_balance_amount,
    loan_balance_basis,
    cast(total_balance_amount as numeric(18, 2)) as total_balance_amount,
    cast(total_liabilities_amount as numeric(18, 2)) as total_liabilities_amount,
    cast(
        case
            when total_balance_amount is not null or total_liabilities_amount is not null
                then coalesce(total_balance_amount, 0) - coalesce(total_liabilities_amount, 0)
        end as numeric(18, 2)
    ) as net_position_amount,
    is_activity_covered,
    transactions_90d_count,
    transaction_volume_90d_amount,
    external_volume_90d_amount,
    avg_transaction_amount,
    transaction_volatility_amount,
    unique_categories_count,
    mobile_usage_pct,
    digital_usage_pct,
    weekend_activity_pct,
    channels,
    last_transaction_on,
    contacts_12m_count,
    avg_satisfaction_score,
    customer_since_on,
    {{ complete_months('customer_since_on', as_of_date()) }} as tenure_months,
    bureau_reported_on,
    credit_score,
    {{ credit_score_band('credit_score') }} as credit_score_band,
    credit_utilization_pct,
    past_due_accounts_count,
    late_payments_count,
    missed_payments_count,
    cast(
        case
            when coalesce(deposit_margin, investment_margin, lending_margin, volume_margin) is not null
                then (
                    coalesce(greatest(deposit_margin, 0), 0) + coalesce(investment_margin, 0)
                    + coalesce(lending_margin, 0) + coalesce(volume_margin, 0)
                ) * 5 * (1 - coalesce(churn_risk, 0))
        end as numeric(18, 2)
    ) as lifetime_value_amount,
    case
        when coalesce(deposit_margin, investment_margin, lending_margin, volume_margin) is not null
            then {{ known_parts(lifetime) }}
    end as lifetime_value_components,
    cast(100 * churn_risk as numeric(9, 2)) as churn_risk_pct,
    case when churn_risk is not null then {{ known_parts(churn) }} end as churn_risk_components,
    cast({{ reweighted_pct(engagement) }} as numeric(9, 2)) as engagement_score,
    {{ known_parts(engagement) }} as engagement_components,
    risk_flags
from risked
