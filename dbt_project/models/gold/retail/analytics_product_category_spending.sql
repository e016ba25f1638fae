{{ config(indexes=[{'columns': ['department', 'product_category']}]) }}
-- What households buy, by the line of the basket: the category of a whole basket hides all but its largest part.
with lines as (
    select
        lines.transaction_id,
        lines.quantity,
        lines.amount,
        lines.discount_amount,
        lines.coupon_amount,
        {{ or_unknown('merchandise.department') }} as department,
        {{ or_unknown('merchandise.product_category') }} as product_category,
        transactions.gr_id,
        {{ or_unknown('profile_360.age_group') }} as age_group,
        {{ or_unknown('profile_360.income_bracket') }} as income_bracket
    from {{ ref('transaction_lines') }} as lines
    inner join ({{ booked_transactions(window_start_90d()) }}) as transactions
        on lines.transaction_id = transactions.transaction_id
    left join {{ ref('merchandise') }} as merchandise on lines.product_id = merchandise.product_id
    left join {{ ref('profile_360') }} as profile_360 on transactions.gr_id = profile_360.gr_id
    where {{ visible_at('lines', knowledge_cutoff()) }}
)

select
    department,
    product_category,
    age_group,
    income_bracket,
    count(*) as line_count,
    count(distinct transaction_id) as transaction_count,
    count(distinct gr_id) as unique_customers,
    cast(sum(amount) as numeric(18, 2)) as total_spend,
    cast(sum(discount_amount) as numeric(18, 2)) as total_discount,
    cast(sum(coupon_amount) as numeric(18, 2)) as total_coupons,
    cast(sum(amount) / count(distinct transaction_id) as numeric(18, 2)) as spend_per_transaction,
    {{ data_cutoff() }} as last_updated,
    {{ window_start_90d() }} as window_from,
    {{ as_of_date() }} as window_to
from lines
group by department, product_category, age_group, income_bracket
