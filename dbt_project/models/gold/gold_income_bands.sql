-- The band itself stands in profile_360, too; here with what it was inferred from.
select
    golden_records.gr_id,
    income_bands.income_band,
    income_bands.confidence,
    income_bands.method,
    income_bands.evidence,
    income_bands.probabilities,
    income_bands.model_version,
    {{ data_cutoff() }} as last_updated
from {{ source('ml', 'income_bands') }} as income_bands
inner join {{ ref('golden_records') }} as golden_records on income_bands.gr_id = golden_records.gr_id
where income_bands.as_of_date = {{ as_of_date() }}
