{{ config(indexes=[{'columns': ['party_id']}, {'columns': ['household_id']}]) }}
-- Ends are worked out anew: a version noted in hindsight after the cut-off must not end one that held then.
with noted as (
    select
        beneficiaries.party_id,
        party_xref.gr_id,
        beneficiaries.household_id,
        beneficiaries.relation_to_head,
        beneficiaries.employment_status,
        beneficiaries.is_disabled,
        beneficiaries.declared_monthly_income_amount,
        beneficiaries.payment_account_id,
        beneficiaries.valid_from,
        beneficiaries.known_at,
        lead(beneficiaries.valid_from) over (
            partition by beneficiaries.party_id order by beneficiaries.valid_from
        ) as valid_to
    from {{ ref('beneficiaries') }} as beneficiaries
    inner join {{ ref('party_xref_current') }} as party_xref on beneficiaries.party_id = party_xref.party_id
    where
        beneficiaries.known_at <= {{ knowledge_cutoff() }}
        and beneficiaries.valid_from <= {{ as_of_date() }}
),

-- The agency's own notes: its rules are decided by them, also where another source knows better.
persons as (
    select
        party_id,
        birth_date,
        sex,
        row_number() over (
            partition by party_id
            order by valid_from desc, known_at desc
        ) as version_rank
    from {{ ref('parties') }}
    where
        known_at <= {{ knowledge_cutoff() }}
        and valid_from <= {{ as_of_date() }}
)

select
    noted.party_id,
    noted.gr_id,
    noted.household_id,
    noted.relation_to_head,
    noted.employment_status,
    noted.is_disabled,
    noted.declared_monthly_income_amount,
    noted.payment_account_id,
    persons.birth_date,
    persons.sex,
    -- Of a death any source may know first.
    golden_records.death_date,
    noted.valid_from,
    noted.valid_to,
    noted.known_at
from noted
inner join {{ ref('golden_records') }} as golden_records on noted.gr_id = golden_records.gr_id
left join persons on noted.party_id = persons.party_id and persons.version_rank = 1
