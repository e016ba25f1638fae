select
    'core_banking:customer:' || cast(customer_no as text) as party_id,
    'core_banking' as source_system,
    report_date as reported_on,
    score as credit_score,
    total_debt as total_debt_amount,
    utilization_pct as credit_utilization_pct,
    accounts_past_due as past_due_accounts_count,
    late_payments_24m as late_payments_count,
    missed_payments_24m as missed_payments_count,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('report_date') }} as known_at,
    _load_id as load_id
from {{ source('core_banking', 'bureau_reports') }}
