-- What people say they earn, apart from the evidence on purpose: a band is inferred without a look at what its own person said.
with stated as (
    select
        gr_id,
        family_id,
        party_type,
        declared_annual_income_amount,
        declared_income_from_amount,
        declared_income_to_amount,
        {{ age_in_years('birth_date', as_of_date()) }} as age,
        coalesce(
            {{ income_bracket('declared_annual_income_amount') }},
            {{ income_bracket_of_band('declared_income_from_amount', 'declared_income_to_amount') }}
        ) as declared_band
    from {{ ref('golden_records') }}
    where
        status = 'active'
        and party_type in ('person', 'household')
)

select
    gr_id,
    family_id,
    declared_band,
    case when declared_annual_income_amount is not null then 'amount' else 'band' end as declared_basis
from stated
where
    declared_band is not null
    and (age is null or age >= 18)
