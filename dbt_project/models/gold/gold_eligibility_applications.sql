{{
    config(
        indexes=[
            {'columns': ['gr_id']},
            {'columns': ['scheme_id']}
        ]
    )
}}

select
    applications.eid,
    party_xref.gr_id,
    applications.scheme_id,
    applications.applied_on,
    applications.decided_on,
    applications.declared_monthly_income_amount as declared_monthly_income,
    applications.family_size,
    applications.employment_status,
    applications.avg_monthly_income_amount as avg_monthly_income,
    applications.avg_monthly_expenses_amount as avg_monthly_expenses,
    applications.credit_score,
    applications.total_debt_amount as total_debt,
    applications.asset_value_amount as asset_value,
    applications.liabilities_value_amount as liabilities_value,
    cast(case when applications.is_eligible then 1 when not applications.is_eligible then 0 end as integer) as eligible,
    {{ data_cutoff() }} as last_updated
from {{ ref('eligibility_applications') }} as applications
inner join {{ ref('party_xref_current') }} as party_xref on applications.party_id = party_xref.party_id
inner join {{ ref('gold_golden_records') }} as people on party_xref.gr_id = people.gr_id
where
    applications.applied_on <= {{ as_of_date() }}
    and {{ visible_at('applications', knowledge_cutoff()) }}
