-- Where a source covers days of the cell, no transactions are 0; where none does, nobody knows and the count is NULL.
select year, month, day_of_week, merchant_category
from {{ ref('analytics_seasonal_patterns') }}
where
    (covered_days_count > 0 and transaction_count is null)
    or (covered_days_count = 0 and transaction_count = 0)
    or covered_days_count > days_count
    or (transaction_count > 0) <> (avg_amount is not null)
