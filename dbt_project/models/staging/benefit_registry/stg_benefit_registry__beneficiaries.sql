with noted as (
    select * from {{ latest_version(source('benefit_registry', 'beneficiaries'), ['beneficiary_no', 'updated_on']) }} as latest
)

select
    'benefit_registry:beneficiary:' || cast(beneficiary_no as text) as party_id,
    'benefit_registry' as source_system,
    'benefit_registry:household:' || cast(household_no as text) as household_id,
    lower(relation_to_head) as relation_to_head,
    employment_status,
    is_disabled = 'Y' as is_disabled,
    declared_monthly_income as declared_monthly_income_amount,
    'core_banking:account:' || cast(payment_account_no as text) as payment_account_id,
    registered_on,
    updated_on as valid_from,
    lead(updated_on) over (partition by beneficiary_no order by updated_on) as valid_to,
    {{ known_at_history('updated_on') }} as known_at,
    _load_id as load_id
from noted
