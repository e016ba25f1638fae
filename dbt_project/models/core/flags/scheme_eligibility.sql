with questions as (
    select
        party_id,
        {{ as_of_date() }} as asked_on
    from {{ ref('beneficiary_versions') }}
    where valid_to is null
),

{{ scheme_verdicts() }}

select
    verdicts.party_id,
    party_xref.gr_id,
    verdicts.scheme_id,
    verdicts.asked_on as as_of_date,
    verdicts.household_id,
    verdicts.verdict,
    nullif(verdicts.failed_rules, '') as failed_rules,
    nullif(verdicts.unknown_rules, '') as unknown_rules,
    cast(verdicts.amount as numeric(18, 2)) as cycle_amount
from verdicts
inner join {{ ref('party_xref_current') }} as party_xref on verdicts.party_id = party_xref.party_id
