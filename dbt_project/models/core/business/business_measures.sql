-- What the last twenty-four declared months say of growth, season, steadiness and dependence, and the profile that follows.
-- Growth is the mean of the twelve log differences to the same month a year before: the season drops out of it.
with recent as (
    select
        business_id,
        period_start,
        month_index,
        months_ago,
        turnover_amount,
        extract(month from period_start) as month_of_year,
        ln(cast(turnover_amount as double precision)) as log_turnover
    from {{ ref('gst_periods') }}
    where months_ago between 1 and 24 and turnover_amount > 0
),

yearly as (
    select
        recent.business_id,
        count(*) as pairs_count,
        avg(recent.log_turnover - before.log_turnover) as log_growth,
        stddev_samp(recent.log_turnover - before.log_turnover) as log_growth_deviation
    from recent
    inner join recent as before
        on recent.business_id = before.business_id and recent.month_index - 12 = before.month_index
    group by recent.business_id
),

detrended as (
    select
        recent.business_id,
        recent.month_of_year,
        recent.log_turnover - yearly.log_growth * recent.month_index / 12.0 as level
    from recent
    inner join yearly on recent.business_id = yearly.business_id
),

seasonal as (
    select
        business_id,
        month_of_year,
        level,
        avg(level) over (partition by business_id, month_of_year) as month_level,
        avg(level) over (partition by business_id) as mean_level
    from detrended
),

-- Strength of the season as Wang, Smith and Hyndman (2006): 1 - var(remainder) / var(season + remainder), each with its degrees
-- of freedom, since a mean of two years fits half of any noise.
decomposed as (
    select
        business_id,
        count(*) as months_count,
        sum((level - month_level) * (level - month_level)) / nullif(count(*) - count(distinct month_of_year), 0)
            as remainder_variance,
        sum((level - mean_level) * (level - mean_level)) / nullif(count(*) - 1, 0) as total_variance,
        exp(max(month_level) - min(month_level)) as peak_to_trough_ratio
    from seasonal
    group by business_id
),

customers as (
    select
        gst_invoices.business_id,
        gst_invoices.counterparty_gstin,
        sum(gst_invoices.taxable_amount) as amount
    from {{ ref('gst_invoices') }} as gst_invoices
    inner join recent
        on
            gst_invoices.business_id = recent.business_id
            and gst_invoices.period_start = recent.period_start
            and recent.months_ago <= 12
    where
        gst_invoices.direction = 'outward'
        and gst_invoices.counterparty_gstin is not null
        and gst_invoices.reported_on <= {{ as_of_date() }}
        and {{ visible_at('gst_invoices', knowledge_cutoff()) }}
    group by gst_invoices.business_id, gst_invoices.counterparty_gstin
),

shares as (
    select
        business_id,
        amount / nullif(sum(amount) over (partition by business_id), 0) as share
    from customers
),

concentration as (
    select
        business_id,
        count(*) as customers_count,
        sum(share * share) as herfindahl_index,
        max(share) as largest_share
    from shares
    group by business_id
),

debt as (
    select
        months.business_id,
        sum(months.loan_payment_amount) / nullif(sum(months.receipts_amount), 0) as debt_service_share
    from {{ ref('business_months') }} as months
    inner join recent
        on
            months.business_id = recent.business_id
            and months.month_start = recent.period_start
            and recent.months_ago <= 12
    group by months.business_id
),

measured as (
    select
        yearly.business_id,
        yearly.pairs_count,
        decomposed.months_count,
        yearly.log_growth,
        -- 95 %: the 0.975 quantile of Student's t with eleven degrees of freedom.
        yearly.log_growth - 2.201 * yearly.log_growth_deviation / sqrt(yearly.pairs_count) as log_growth_low,
        yearly.log_growth + 2.201 * yearly.log_growth_deviation / sqrt(yearly.pairs_count) as log_growth_high,
        greatest(1 - decomposed.remainder_variance / nullif(decomposed.total_variance, 0), 0) as seasonal_strength,
        decomposed.peak_to_trough_ratio,
        sqrt(decomposed.total_variance) as variation,
        concentration.customers_count,
        concentration.herfindahl_index,
        concentration.largest_share,
        debt.debt_service_share,
        risks.fraud_risk
    from yearly
    inner join decomposed on yearly.business_id = decomposed.business_id
    left join concentration on yearly.business_id = concentration.business_id
    left join debt on yearly.business_id = debt.business_id
    left join {{ ref('business_risks') }} as risks on yearly.business_id = risks.business_id
)

select
    business_id,
    cast(months_count as integer) as months_count,
    cast(100 * (exp(log_growth) - 1) as numeric(12, 2)) as annual_growth_pct,
    cast(100 * (exp(log_growth_low) - 1) as numeric(12, 2)) as annual_growth_low_pct,
    cast(100 * (exp(log_growth_high) - 1) as numeric(12, 2)) as annual_growth_high_pct,
    cast(seasonal_strength as numeric(6, 4)) as seasonal_strength,
    cast(peak_to_trough_ratio as numeric(12, 2)) as peak_to_trough_ratio,
    cast(100 * variation as numeric(12, 2)) as variation_pct,
    cast(customers_count as integer) as customers_count,
    cast(herfindahl_index as numeric(6, 4)) as herfindahl_index,
    cast(100 * largest_share as numeric(6, 2)) as largest_customer_pct,
    cast(100 * debt_service_share as numeric(12, 2)) as debt_service_pct,
    case
        when fraud_risk = 'HIGH' then 'fraud'
        when pairs_count < 12 then 'insufficient_data'
        when log_growth_low > 0 and log_growth > 0.3 then 'high_growth'
        when log_growth_high < 0 and log_growth < -0.3 then 'declining'
        when seasonal_strength > 0.6 and peak_to_trough_ratio > 2.2 then 'high_seasonality'
        when herfindahl_index > 0.3 then 'customer_concentration'
        when debt_service_share > 0.2 then 'high_debt'
        when variation < 0.06 then 'stable_income'
        else 'baseline'
    end as inferred_profile
from measured
