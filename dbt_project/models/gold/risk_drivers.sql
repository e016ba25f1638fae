-- From the reasons that are published, so that what the table says can be looked up score by score.
with scored as (
    select
        model_name,
        exposure_id,
        reasons,
        count(*) over (partition by model_name) as scored_count
    from {{ ref('risk_scores') }}
    where score_status = 'scored'
),

drivers as (
    select
        scored.model_name,
        scored.exposure_id,
        scored.scored_count,
        reason.item ->> 'cause' as cause,
        reason.item ->> 'direction' as direction,
        cast(reason.item ->> 'contribution' as double precision) as contribution,
        reason.place
    from scored
    cross join lateral jsonb_array_elements(scored.reasons) with ordinality as reason (item, place)
    where jsonb_typeof(reason.item) = 'object' and reason.item ->> 'cause' is not null
)

select
    model_name,
    cause,
    direction,
    count(distinct exposure_id) as exposures_count,
    {{ pct('count(distinct exposure_id)', 'max(scored_count)') }} as exposures_pct,
    count(*) filter (where place = 1) as main_reason_count,
    cast(round(cast(avg(contribution) as numeric), 4) as double precision) as avg_contribution,
    {{ data_cutoff() }} as last_updated
from drivers
group by model_name, cause, direction
