{{ config(enabled='__payments_due' in env_var('ASSAY_STAGING_MODELS', '')) }}
{#- Groups of fewer people say nothing of what a contact does. -#}
{%- set enough = portfolio('min_cell_size') -%}
with exposures as (
    select *
    from {{ ref('risk_scores') }}
    where model_name = 'predelinquency_30d'
),

-- A person is as risky as the riskiest of their exposures.
people as (
    select
        gr_id,
        max(probability) as probability,
        max(case risk_band when 'Critical' then 2 when 'High' then 1 else 0 end) as band
    from exposures
    where score_status = 'scored'
    group by gr_id
),

risk as (
    select
        count(*) filter (where band = 1) as high_risk_customers_count,
        count(*) filter (where band = 2) as critical_risk_customers_count,
        avg(probability) as avg_probability
    from people
),

amounts as (
    select
        sum(exposure_amount) as total_exposure_amount,
        sum(expected_loss_amount) as expected_loss_amount,
        sum(exposure_amount) filter (where score_status = 'scored') as scored_amount,
        sum(exposure_amount) filter (where risk_band in ('Low', 'Medium')) as calm_amount,
        avg(exposure_amount) filter (where score_status = 'scored') as avg_amount,
        -- Loss given default, as the scores were told it.
        sum(expected_loss_amount) / nullif(
            sum(probability * exposure_amount) filter (where expected_loss_amount is not null), 0
        ) as loss_given_default
    from exposures
),

-- Interventions whose outcome is known: those that were contacted beside those that were left alone on purpose.
outcomes as (
    select
        count(*) filter (where is_treated) as treated_count,
        count(*) filter (where is_holdout and not is_treated) as holdout_count,
        avg(case when is_delinquent then 1.0 else 0.0 end) filter (where is_treated) as treated_rate,
        avg(case when is_delinquent then 1.0 else 0.0 end) filter (where is_holdout and not is_treated) as holdout_rate
    from {{ ref('predelinquency_outcomes') }}
    where label_known_at <= {{ knowledge_cutoff() }}
),

effect as (
    select
        case when treated_count >= {{ enough }} then round(100 * (1 - treated_rate), 2) end as success_rate_pct,
        case
            when treated_count >= {{ enough }} and holdout_count >= {{ enough }}
                then round(treated_count * (holdout_rate - treated_rate), 2)
        end as prevented_defaults_count
    from outcomes
),

customers as (
    select count(*) filter (where is_customer) as total_customers_count
    from {{ ref('gold_profile_360') }}
)

select
    {{ as_of_date() }} as as_of_date,
    customers.total_customers_count,
    risk.high_risk_customers_count,
    risk.critical_risk_customers_count,
    round(cast(100 * risk.avg_probability as numeric), 2) as avg_risk_score,
    {{ pct('coalesce(amounts.calm_amount, 0)', 'amounts.scored_amount') }} as portfolio_health_score,
    cast(amounts.total_exposure_amount as numeric(18, 2)) as total_exposure_amount,
    cast(amounts.expected_loss_amount as numeric(18, 2)) as expected_loss_amount,
    effect.prevented_defaults_count,
    cast(
        effect.prevented_defaults_count * amounts.avg_amount * amounts.loss_given_default as numeric(18, 2)
    ) as cost_saved_amount,
    effect.success_rate_pct,
    {{ data_cutoff() }} as last_updated
from customers
cross join risk
cross join amounts
cross join effect
