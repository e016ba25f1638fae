with businesses as (
    {{ businesses_at_day() }}
)

select
    measures.business_id as business_id,
    businesses.sector as sector,
    measures.inferred_profile as inferred_profile,
    cast(measures.months_count as integer) as months_count,
    cast(measures.annual_growth_pct as numeric(12, 2)) as annual_growth_pct,
    cast(measures.annual_growth_low_pct as numeric(12, 2)) as annual_growth_low_pct,
    cast(measures.annual_growth_high_pct as numeric(12, 2)) as annual_growth_high_pct,
    cast(measures.seasonal_strength as numeric(6, 4)) as seasonal_strength,
    cast(measures.peak_to_trough_ratio as numeric(12, 2)) as peak_to_trough_ratio,
    cast(measures.variation_pct as numeric(12, 2)) as variation_pct,
    cast(measures.customers_count as integer) as customers_count,
    cast(measures.herfindahl_index as numeric(6, 4)) as herfindahl_index,
    cast(measures.largest_customer_pct as numeric(12, 2)) as largest_customer_pct,
    cast(measures.debt_service_pct as numeric(12, 2)) as debt_service_pct,
    {{ data_cutoff() }} as last_updated
from {{ ref('business_measures') }} as measures
inner join businesses on measures.business_id = businesses.business_id
