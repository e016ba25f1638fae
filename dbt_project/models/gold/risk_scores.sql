{{
    config(
        indexes=[
            {'columns': ['gr_id']},
            {'columns': ['model_name', 'risk_band']},
            {'columns': ['model_name', 'probability']}
        ]
    )
}}

with latest_days as (
    select
        model_name,
        max(as_of_date) as as_of_date
    from {{ source('ml', 'scores') }}
    where
        as_of_date <= {{ as_of_date() }}
        and knowledge_cutoff <= {{ knowledge_cutoff() }}
        and horizon_days is not null
    group by model_name
),

latest_scores as (
    select distinct on (scores.model_name, scores.exposure_id) scores.*
    from {{ source('ml', 'scores') }} as scores
    left join latest_days on scores.model_name = latest_days.model_name
    where
        scores.as_of_date <= {{ as_of_date() }}
        and scores.knowledge_cutoff <= {{ knowledge_cutoff() }}
        -- A model that looks ahead scores everybody at risk every day: who is not in its latest day is at risk no more, and
        -- what looked 30 days ahead says nothing of a day after these.
        and (
            scores.horizon_days is null
            or (
                scores.as_of_date = latest_days.as_of_date
                and scores.as_of_date >= {{ dbt.dateadd('day', '-scores.horizon_days', as_of_date()) }}
            )
        )
    order by
        scores.model_name asc,
        scores.exposure_id asc,
        scores.as_of_date desc,
        scores.scored_at desc
),

-- What the same version said of the exposure before: another version's probability is no change of the risk.
earlier_scores as (
    select distinct on (scores.model_name, scores.exposure_id, scores.as_of_date)
        scores.model_name,
        scores.exposure_id,
        scores.as_of_date,
        scores.model_version,
        scores.probability
    from {{ source('ml', 'scores') }} as scores
    where
        scores.as_of_date >= {{ as_of_date() }} - 60
        and scores.as_of_date < {{ as_of_date() }}
        and scores.knowledge_cutoff <= {{ knowledge_cutoff() }}
        and scores.score_status = 'scored'
    order by scores.model_name asc, scores.exposure_id asc, scores.as_of_date asc, scores.scored_at desc
)

-- Scores are never rewritten by a merge: the id of a golden record that is no more leads to the one that holds its
-- records now.
select
    latest_scores.model_name,
    latest_scores.exposure_id,
    coalesce(gr_redirects.gr_id_to, latest_scores.gr_id) as gr_id,
    latest_scores.as_of_date,
    latest_scores.target,
    latest_scores.horizon_days,
    latest_scores.score_status,
    latest_scores.probability,
    latest_scores.risk_band,
    {%- for days in [7, 30] %}
    latest_scores.probability - before_{{ days }}d.probability as probability_change_{{ days }}d,
    {{ risk_trend('before_' ~ days ~ 'd.probability', 'latest_scores.probability') }} as risk_trend_{{ days }}d,
    {%- endfor %}
    latest_scores.model_version,
    latest_scores.is_retrospective,
    latest_scores.exposure_amount,
    latest_scores.expected_loss_amount,
    latest_scores.is_outside_population,
    latest_scores.contact_status,
    latest_scores.contact_rank,
    {{ reason_text('latest_scores.reasons', 0) }} as reason_1,
    {{ reason_text('latest_scores.reasons', 1) }} as reason_2,
    {{ reason_text('latest_scores.reasons', 2) }} as reason_3,
    latest_scores.reasons,
    {{ data_cutoff() }} as last_updated
from latest_scores
left join {{ ref('gr_redirects') }} as gr_redirects on latest_scores.gr_id = gr_redirects.gr_id_from
{%- for days in [7, 30] %}
left join earlier_scores as before_{{ days }}d
    on
        latest_scores.model_name = before_{{ days }}d.model_name
        and latest_scores.exposure_id = before_{{ days }}d.exposure_id
        and latest_scores.model_version = before_{{ days }}d.model_version
        and latest_scores.as_of_date - {{ days }} = before_{{ days }}d.as_of_date
{%- endfor %}
