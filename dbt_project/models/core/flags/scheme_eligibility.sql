with questions as (
    select
        party_id,
        {{ as_of_date() }} as asked_on
    from {{ ref('beneficiary_versions') }}
    where valid_to is null
),

{{ scheme_verdicts() }},

-- The cycles of the year to D, each by the terms that held then; whoever lives in the household at D.
months as (
    {%- for months_ago in range(12) %}
    select
        {{ months_ago }} as months_ago,
        cast({{ dbt.dateadd('month', -months_ago, as_of_date()) }} as date) as cycle_on
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

year_terms as (
    select
        terms.scheme_id,
        sum(terms.base_amount) as base_amount,
        sum(terms.per_child_amount) as per_child_amount
    from months
    inner join {{ ref('scheme_terms') }} as terms
        on
            {{ holds_on('terms', 'months.cycle_on') }}
            and (
                terms.payment_cycle = 'monthly'
                or (terms.payment_cycle = 'quarterly' and months.months_ago in (0, 3, 6, 9))
                or months.months_ago = 0
            )
    group by terms.scheme_id
)

select
    verdicts.party_id,
    party_xref.gr_id,
    verdicts.scheme_id,
    verdicts.asked_on as as_of_date,
    verdicts.household_id,
    verdicts.verdict,
    nullif(verdicts.failed_rules, '') as failed_rules,
    nullif(verdicts.unknown_rules, '') as unknown_rules,
    cast(verdicts.amount as numeric(18, 2)) as cycle_amount,
    cast(
        year_terms.base_amount + year_terms.per_child_amount * coalesce(verdicts.children_count, 0) as numeric(18, 2)
    ) as year_amount
from verdicts
inner join {{ ref('party_xref_current') }} as party_xref on verdicts.party_id = party_xref.party_id
inner join year_terms on verdicts.scheme_id = year_terms.scheme_id
