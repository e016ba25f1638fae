with businesses as (
    {{ businesses_at_day() }}
),

recent as (
    select
        business_id,
        sum(turnover_amount) as turnover_amount,
        100 * sum(input_credit_amount) / nullif(sum(output_tax_amount), 0) as itc_ratio_pct,
        avg(days_late) as avg_days_late,
        100 * sum(tax_paid_cash_amount) / nullif(sum(turnover_amount), 0) as cash_tax_pct
    from {{ ref('gst_periods') }}
    where months_ago between 1 and 12
    group by business_id
),

described as (
    select
        businesses.business_id,
        coalesce(businesses.sector, 'Unknown') as sector,
        case
            when recent.turnover_amount <= 50000000 then 'micro'
            when recent.turnover_amount <= 500000000 then 'small'
            else 'medium'
        end as size_class,
        recent.turnover_amount,
        recent.itc_ratio_pct,
        recent.avg_days_late,
        recent.cash_tax_pct,
        measures.annual_growth_pct,
        measures.herfindahl_index,
        measures.debt_service_pct
    from businesses
    inner join recent on businesses.business_id = recent.business_id
    left join {{ ref('business_measures') }} as measures on businesses.business_id = measures.business_id
),

long as (
    {%- for measure in ['turnover_amount', 'itc_ratio_pct', 'avg_days_late', 'cash_tax_pct', 'annual_growth_pct', 'herfindahl_index', 'debt_service_pct'] %}
    select
        business_id,
        sector,
        size_class,
        '{{ measure }}' as measure,
        cast({{ measure }} as double precision) as measure_value
    from described
    where {{ measure }} is not null
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

ranked as (
    select
        long.*,
        count(*) over (partition by sector, size_class, measure) as peers_count,
        rank() over (partition by sector, size_class, measure order by measure_value) - 1 as lower_count,
        count(*) over (partition by sector, size_class, measure, measure_value) as equal_count
    from long
),

medians as (
    select
        sector,
        size_class,
        measure,
        percentile_cont(0.5) within group (order by measure_value) as peer_median
    from long
    group by sector, size_class, measure
)

select
    ranked.business_id as business_id,
    ranked.measure as measure,
    ranked.sector as sector,
    ranked.size_class as size_class,
    cast(ranked.peers_count as integer) as peers_count,
    cast(ranked.measure_value as numeric(18, 2)) as measure_value,
    cast({{ unless_small_cell('ranked.peers_count', 'medians.peer_median') }} as numeric(18, 2)) as peer_median,
    cast({{ unless_small_cell('ranked.peers_count', '100.0 * (ranked.lower_count + 0.5 * (ranked.equal_count - 1)) / nullif(ranked.peers_count - 1, 0)') }} as numeric(12, 2)) as percentile_pct,
    {{ data_cutoff() }} as last_updated
from ranked
inner join medians
    on
        ranked.sector = medians.sector
        and ranked.size_class = medians.size_class
        and ranked.measure = medians.measure
