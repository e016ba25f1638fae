{# The asset whose check this is, since it reads several. #}
{{ config(meta={'dagster': {'ref': {'name': 'risk_scores'}}}) }}
-- A probability where and only where something was scored, about a golden record that gold knows.
select
    risk_scores.model_name,
    risk_scores.exposure_id,
    risk_scores.score_status,
    golden_records.gr_id is null as is_unknown_golden_record
from {{ ref('risk_scores') }} as risk_scores
left join {{ ref('gold_golden_records') }} as golden_records on risk_scores.gr_id = golden_records.gr_id
where
    (risk_scores.score_status = 'scored') <> (risk_scores.probability is not null)
    or risk_scores.probability not between 0 and 1
    or golden_records.gr_id is null
