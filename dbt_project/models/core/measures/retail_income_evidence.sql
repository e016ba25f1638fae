{%- set shares = {
    'produce': ['PRODUCE', 'SALAD BAR'],
    'meat': ['MEAT', 'MEAT-PCKGD'],
    'seafood': ['SEAFOOD', 'SEAFOOD-PCKGD'],
    'delicatessen': ['DELI', 'PASTRY', 'CHEF SHOPPE', 'RESTAURANT'],
    'alcohol': ['SPIRITS'],
    'health': ['NUTRITION'],
    'beauty': ['COSMETICS'],
    'garden': ['FLORAL', 'GARDEN CENTER'],
    'drugstore': ['DRUG GM'],
    'fuel': ['FUEL'],
} -%}
-- A year of shopping, [D-364, D]: what is bought once a season tells most of a purse, and of half a year it would tell of the season.
with first_day as (
    select cast({{ dbt.dateadd('day', -364, as_of_date()) }} as date) as window_start
),

covered as (
    select
        owned_accounts.gr_id,
        owned_accounts.account_id,
        max(greatest(owned_accounts.opened_on, coverage.covered_from, first_day.window_start)) as seen_from
    from {{ ref('owned_accounts') }} as owned_accounts
    inner join {{ ref('coverage') }} as coverage
        on
            owned_accounts.source_system = coverage.source_system
            and coverage.subject = 'transactions'
            and coverage.scope_id in ('*', owned_accounts.account_id)
            and coverage.covered_from <= {{ as_of_date() }}
            and coverage.covered_to >= {{ as_of_date() }}
            and coverage.known_at <= {{ knowledge_cutoff() }}
    cross join first_day
    where
        owned_accounts.product_category = 'LOYALTY'
        and owned_accounts.is_open
    group by owned_accounts.gr_id, owned_accounts.account_id
),

baskets as (
    select
        covered.gr_id,
        transactions.transaction_id
    from covered
    inner join {{ ref('transactions') }} as transactions
        on
            covered.account_id = transactions.account_id
            and covered.seen_from <= transactions.event_date
    where
        transactions.is_booked
        and transactions.event_date <= {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
),

visits as (
    select
        gr_id,
        count(*) as baskets
    from baskets
    group by gr_id
),

-- A household's purchases by kind of product: a third of the lines, which everything below adds up.
kinds as (
    select
        baskets.gr_id,
        merchandise.department,
        merchandise.product_type,
        merchandise.brand,
        merchandise.department is not null and merchandise.department <> 'FUEL' as is_counted,
        sum(lines.amount) as amount,
        sum(lines.discount_amount) as discount_amount,
        sum(lines.coupon_amount) as coupon_amount,
        sum(case when lines.quantity > 0 then lines.amount else 0 end) as unit_amount,
        sum(case when lines.quantity > 0 then lines.quantity else 0 end) as units
    from baskets
    inner join {{ ref('transaction_lines') }} as lines on baskets.transaction_id = lines.transaction_id
    left join {{ ref('merchandise') }} as merchandise on lines.product_id = merchandise.product_id
    where {{ visible_at('lines', knowledge_cutoff()) }}
    group by baskets.gr_id, merchandise.department, merchandise.product_type, merchandise.brand
),

-- What everybody pays for a unit of a kind of product: a household far above it buys the better ones.
usual_prices as (
    select
        product_type,
        sum(unit_amount) / nullif(sum(units), 0) as unit_price
    from kinds
    where is_counted
    group by product_type
),

bought as (
    select
        kinds.gr_id,
        sum(kinds.amount) as amount,
        sum(kinds.discount_amount) as discount_amount,
        sum(kinds.coupon_amount) as coupon_amount,
        sum(case when kinds.brand = 'Private' then kinds.amount else 0 end) as own_brand_amount,
        {%- for name, departments in shares.items() %}
        sum(case when kinds.department in ('{{ departments | join("', '") }}') then kinds.amount else 0 end) as {{ name }}_amount,
        {%- endfor %}
        sum(case when kinds.is_counted then kinds.unit_amount else 0 end) as counted_amount,
        sum(case when kinds.is_counted then kinds.units * usual_prices.unit_price else 0 end) as usual_amount
    from kinds
    left join usual_prices on kinds.product_type = usual_prices.product_type
    group by kinds.gr_id
),

days as (
    select
        gr_id,
        {{ dbt.datediff('min(seen_from)', as_of_date(), 'day') }} + 1 as covered_days
    from covered
    group by gr_id
)

select
    days.gr_id,
    cast(days.covered_days as integer) as covered_days,
    cast(bought.amount * 30.4375 / days.covered_days as numeric(18, 2)) as retail_spending_monthly_amount,
    cast(visits.baskets * 30.4375 / days.covered_days as numeric(9, 2)) as baskets_monthly_count,
    cast(bought.amount / visits.baskets as numeric(18, 2)) as basket_amount,
    cast(bought.discount_amount / nullif(bought.amount + bought.discount_amount, 0) as numeric(9, 4)) as discount_ratio,
    cast(bought.coupon_amount / nullif(bought.amount, 0) as numeric(9, 4)) as coupon_ratio,
    cast(bought.own_brand_amount / nullif(bought.amount, 0) as numeric(9, 4)) as own_brand_ratio,
    cast(bought.counted_amount / nullif(bought.usual_amount, 0) as numeric(9, 4)) as price_level_ratio,
    {%- for name in shares %}
    cast(bought.{{ name }}_amount / nullif(bought.amount, 0) as numeric(9, 4)) as {{ name }}_ratio{{ "," if not loop.last }}
    {%- endfor %}
from days
inner join bought on days.gr_id = bought.gr_id
inner join visits on days.gr_id = visits.gr_id
where days.covered_days >= 60
