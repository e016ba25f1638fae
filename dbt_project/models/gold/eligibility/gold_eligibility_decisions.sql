{{
    config(
        indexes=[
            {'columns': ['gr_id']},
            {'columns': ['scheme_id', 'final_decision']}
        ]
    )
}}

with decided as (
    select *
    from {{ source('ml', 'eligibility_decisions') }}
    where as_of_date = {{ as_of_date() }} and knowledge_cutoff <= {{ knowledge_cutoff() }}
),

-- What the same version said before: another version's probability is no change of the applicant's need.
earlier as (
    select
        eid,
        as_of_date,
        model_version,
        probability
    from {{ source('ml', 'eligibility_decisions') }}
    where
        as_of_date in ({{ as_of_date() }} - 7, {{ as_of_date() }} - 30)
        and knowledge_cutoff <= {{ knowledge_cutoff() }}
),

closed as (
    select
        eid,
        max(decided_on) as last_decided_on
    from {{ ref('eligibility_applications') }} as applications
    where
        decided_on <= {{ as_of_date() }}
        and known_at <= {{ knowledge_cutoff() }}
        and {{ ever_visible('applications') }}
    group by eid
),

-- A day that runs again does not know what people did on later days. Who did it, and why, stays in ops. What was said
-- before the source decided says nothing of the new case that it made by opening the application again.
people_said as (
    select
        overrides.eid,
        overrides.decision,
        overrides.appeal_state,
        row_number() over (
            partition by overrides.eid, case when overrides.decision is null then 'appeal' else 'decision' end
            order by overrides.override_id desc
        ) as recency
    from {{ source('ops', 'eligibility_overrides') }} as overrides
    left join closed on overrides.eid = closed.eid
    where
        overrides.as_of_date <= {{ as_of_date() }}
        and (closed.last_decided_on is null or closed.last_decided_on <= overrides.as_of_date)
),

latest_words as (
    select
        eid,
        max(decision) as decision,
        max(appeal_state) as appeal_state
    from people_said
    where recency = 1
    group by eid
)

select
    decided.eid,
    -- Decisions are never rewritten by a merge: a golden record that is no more leads to the one that holds its records.
    coalesce(gr_redirects.gr_id_to, decided.gr_id) as gr_id,
    decided.scheme_id,
    decided.as_of_date,
    decided.score_status,
    decided.probability,
    decided.decision,
    -- Nobody's decision holds for someone who has died.
    case when decided.decision is not null then coalesce(latest_words.decision, decided.decision) end as final_decision,
    decided.decision is not null and latest_words.decision is not null as is_overridden,
    coalesce(latest_words.appeal_state, 'none') as appeal_state,
    reviews.eid is not null as is_in_review_sample,
    decided.approve_threshold,
    decided.review_threshold,
    {%- for days in [7, 30] %}
    decided.probability - before_{{ days }}d.probability as probability_change_{{ days }}d,
    {{ risk_trend('before_' ~ days ~ 'd.probability', 'decided.probability') }} as probability_trend_{{ days }}d,
    {%- endfor %}
    decided.model_version,
    decided.rule_version,
    decided.is_retrospective,
    {{ reason_text('decided.reasons', 0) }} as reason_1,
    {{ reason_text('decided.reasons', 1) }} as reason_2,
    {{ reason_text('decided.reasons', 2) }} as reason_3,
    decided.reasons,
    decided.missing_evidence,
    decided.would_change,
    {{ data_cutoff() }} as last_updated
from decided
left join {{ ref('gr_redirects') }} as gr_redirects on decided.gr_id = gr_redirects.gr_id_from
left join latest_words on decided.eid = latest_words.eid
left join {{ source('ops', 'eligibility_reviews') }} as reviews
    on decided.eid = reviews.eid and reviews.as_of_date <= {{ as_of_date() }}
{%- for days in [7, 30] %}
left join earlier as before_{{ days }}d
    on
        decided.eid = before_{{ days }}d.eid
        and decided.model_version = before_{{ days }}d.model_version
        and decided.as_of_date - {{ days }} = before_{{ days }}d.as_of_date
{%- endfor %}
