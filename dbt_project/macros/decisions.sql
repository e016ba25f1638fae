{# What people decided of flags and alerts, found again by the evidence that they looked at. #}

{# Whether an array holds an element; NULL where either is NULL. #}
{% macro in_array(element, elements) -%}
    {{ return(adapter.dispatch('in_array')(element, elements)) }}
{%- endmacro %}

{% macro default__in_array(element, elements) -%}
    {{ element }} = any({{ elements }})
{%- endmacro %}

{% macro spark__in_array(element, elements) -%}
    array_contains({{ elements }}, {{ element }})
{%- endmacro %}

{# A day that runs again does not know what was decided of later days; decisions of before 0011 do not say of which day they are. #}
{% macro is_decided_by_day(alias) -%}
    ({{ alias }}.as_of_date is null or {{ alias }}.as_of_date <= {{ as_of_date() }})
{%- endmacro %}

{#
  CTEs to put after three others:
    subjects   subject_id, owner_id, kind, seen_from, seen_until: flags or alerts as they follow from the data
    pieces     subject_id, evidence_key, evidence_on: their evidence, a key once per subject
    decisions  decision_id, owner_id, kind, decision, evidence_from, evidence_until, evidence_count, evidence_keys, decided_by,
               reason, decided_at
  `decision_matches` says which decision is about which subject. The last one, `decided`, has a row per subject of which anything
  was decided: the latest decision, and is_all_looked_at: the latest word on each of its pieces closed it. One piece that nobody
  looked at, or whose dismissal was taken back or confirmed, is enough for false; pieces that are gone are none. Decisions of
  before 0011 have no keys: evidence of later days than they state is new, and more pieces of those days than they state.
#}
{% macro decided_subjects() -%}
    -- A decision is about evidence, not about an id: late evidence may move where a subject begins, or join two.
    decision_matches as (
        select
            subjects.subject_id,
            decisions.decision_id
        from subjects
        inner join decisions
            on
                subjects.owner_id = decisions.owner_id
                and subjects.kind = decisions.kind
                and subjects.seen_from <= decisions.evidence_until
                and subjects.seen_until >= decisions.evidence_from
        union
        select
            subjects.subject_id,
            decisions.decision_id
        from subjects
        inner join pieces on subjects.subject_id = pieces.subject_id
        inner join decisions
            on
                subjects.owner_id = decisions.owner_id
                and subjects.kind = decisions.kind
                and {{ in_array('pieces.evidence_key', 'decisions.evidence_keys') }}
    ),

    ordered_decisions as (
        select
            decision_matches.subject_id,
            decisions.*,
            row_number() over (
                partition by decision_matches.subject_id
                order by decisions.decided_at desc, decisions.decision_id desc
            ) as recency
        from decision_matches
        inner join decisions on decision_matches.decision_id = decisions.decision_id
    ),

    words_on_pieces as (
        select
            pieces.subject_id,
            pieces.evidence_key,
            ordered_decisions.decision,
            row_number() over (
                partition by pieces.subject_id, pieces.evidence_key
                order by ordered_decisions.recency
            ) as recency
        from pieces
        inner join ordered_decisions
            on
                pieces.subject_id = ordered_decisions.subject_id
                and {{ in_array('pieces.evidence_key', 'ordered_decisions.evidence_keys') }}
    ),

    looked_at as (
        select
            pieces.subject_id,
            max(case when words_on_pieces.decision in ('DISMISSED', 'RESOLVED') then 0 else 1 end) as has_open,
            max(case when pieces.evidence_on > latest.evidence_until then 1 else 0 end) as has_later,
            sum(case when pieces.evidence_on <= latest.evidence_until then 1 else 0 end) as earlier_count
        from pieces
        inner join ordered_decisions as latest on pieces.subject_id = latest.subject_id and latest.recency = 1
        left join words_on_pieces
            on
                pieces.subject_id = words_on_pieces.subject_id
                and pieces.evidence_key = words_on_pieces.evidence_key
                and words_on_pieces.recency = 1
        group by pieces.subject_id
    ),

    decided as (
        select
            latest.subject_id,
            latest.decision,
            latest.decided_by,
            latest.reason,
            latest.decided_at,
            case
                when latest.evidence_keys is not null then looked_at.has_open = 0
                else
                    looked_at.has_later = 0
                    and (latest.evidence_count is null or looked_at.earlier_count <= latest.evidence_count)
            end as is_all_looked_at
        from ordered_decisions as latest
        inner join looked_at on latest.subject_id = looked_at.subject_id
        where latest.recency = 1
    )
{%- endmacro %}
