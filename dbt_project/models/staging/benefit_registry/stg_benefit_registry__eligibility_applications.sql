select
    eid,
    'benefit_registry' as source_system,
    'benefit_registry:beneficiary:' || cast(beneficiary_no as text) as party_id,
    scheme_id,
    applied_on,
    decided_on,
    declared_monthly_income as declared_monthly_income_amount,
    family_size,
    employment_status,
    avg_monthly_income as avg_monthly_income_amount,
    avg_monthly_expenses as avg_monthly_expenses_amount,
    credit_score,
    total_debt as total_debt_amount,
    asset_value as asset_value_amount,
    liabilities_value as liabilities_value_amount,
    eligible = 1 as is_eligible,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    -- The application from the day it was made, its decision from the day of the decision.
    {{ known_at_history('updated_on') }} as known_at,
    _load_id as load_id
from {{ source('benefit_registry', 'applications') }}
