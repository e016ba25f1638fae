with businesses as (
    {{ businesses_at_day() }}
),

funds as (
    {{ documents_at_day('fund_statements', 'portfolio_id', 'stated_on') }}
)

select
    businesses.business_id as business_id,
    cast(count(funds.portfolio_id) as integer) as portfolios_count,
    cast(coalesce(sum(funds.invested_amount), 0) as numeric(18, 2)) as invested_amount,
    cast(coalesce(sum(funds.current_amount), 0) as numeric(18, 2)) as current_amount,
    cast(coalesce(sum(funds.current_amount - funds.invested_amount), 0) as numeric(18, 2)) as gain_amount,
    cast(100 * sum(funds.current_amount - funds.invested_amount) / nullif(sum(funds.invested_amount), 0) as numeric(12, 2)) as return_pct,
    cast(max(100 * (funds.current_amount - funds.invested_amount) / nullif(funds.invested_amount, 0)) as numeric(12, 2)) as best_return_pct,
    cast(min(100 * (funds.current_amount - funds.invested_amount) / nullif(funds.invested_amount, 0)) as numeric(12, 2)) as worst_return_pct,
    max(funds.stated_on) as stated_on,
    {{ data_cutoff() }} as last_updated
from businesses
left join funds on businesses.business_id = funds.business_id
group by businesses.business_id
