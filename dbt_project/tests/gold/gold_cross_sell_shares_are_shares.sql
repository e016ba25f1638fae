-- Nobody holds both products without holding each; the pair stands once.
select product_1, product_2
from {{ ref('analytics_product_cross_sell_patterns') }}
where
    customer_count > least(product_1_customer_count, product_2_customer_count)
    or support not between 0 and 1
    or confidence_1_to_2 not between 0 and 1
    or confidence_2_to_1 not between 0 and 1
    or (product_1, category_1) >= (product_2, category_2)
    or (cross_sell_score is null) <> (avg_combined_balance is null)
