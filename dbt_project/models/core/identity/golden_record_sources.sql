{%- set declared = survivorship() -%}
{%- set places = range(1, 6) -%}{#- As many as there are criteria. -#}
-- One row per record and attribute that it fills, with its points by each criterion of that attribute, more is better.
-- What agreement is worth shows when all records are side by side: until then it is NULL.
with candidates as (
    {%- for rule in declared.rules %}
    select
        records.gr_id,
        '{{ rule.attribute }}' as attribute,
        records.party_id,
        records.source_system,
        records.valid_from,
        records.known_at,
        records.load_id,
        {{ value_key(rule.compared, 'records') }} as value_key,
        {{ value_text(rule.columns, 'records') }} as value_text,
        {%- for place in places %}
            {%- if place > rule.criteria | length %}
        0 as points_{{ place }}{{ "," if not loop.last }}
            {%- else %}
        {{ criterion_points(rule.criteria[place - 1], rule, declared.anchor_record_type, 'records') }} as points_{{ place }}
                {{- "," if not loop.last }}
            {%- endif %}
        {%- endfor %}
    from {{ ref('known_parties') }} as records
    where
        {%- for column in rule.columns %}
        {{ "or " if not loop.first }}records.{{ column }} is not null
        {%- endfor %}
    {{ "union all" if not loop.last }}
    {%- endfor %}
),

-- Sources that say the same, counted once each.
counted as (
    select
        candidates.*,
        dense_rank() over (
            partition by gr_id, attribute, value_key
            order by source_system
        ) as source_number
    from candidates
),

agreed as (
    select
        counted.*,
        max(source_number) over (partition by gr_id, attribute, value_key) as agreeing_count
    from counted
),

ranked as (
    select
        agreed.*,
        row_number() over (
            partition by gr_id, attribute
            order by
                {%- for place in places %}
                coalesce(points_{{ place }}, agreeing_count) desc,
                {%- endfor %}
                known_at desc,
                party_id asc
        ) as place
    from agreed
),

best as (
    select
        ranked.*,
        row_number() over (
            partition by gr_id, attribute, value_key
            order by place
        ) as place_among_equals
    from ranked
),

-- Of every value its best record counts: the first of them survives, the second is the one it was preferred to.
numbered as (
    select
        best.*,
        case
            when place_among_equals = 1 then sum(case when place_among_equals = 1 then 1 else 0 end) over (
                partition by gr_id, attribute
                order by place
            )
        end as value_rank
    from best
),

decided as (
    select
        gr_id,
        attribute,
        max(case when value_rank = 1 then party_id end) as party_id,
        max(case when value_rank = 1 then source_system end) as source_system,
        max(case when value_rank = 1 then valid_from end) as valid_from,
        max(case when value_rank = 1 then known_at end) as known_at,
        max(case when value_rank = 1 then load_id end) as load_id,
        max(case when value_rank = 1 then agreeing_count end) as agreeing_count,
        max(case when value_rank = 1 then value_text end) as surviving_value,
        {{ dbt.listagg("case when value_rank > 1 then value_text end", "' | '", "order by value_rank") }}
            as conflicting_values,
        cast(count(*) as integer) as records_count,
        cast(count(value_rank) - 1 as integer) as conflicting_values_count,
        case
            {%- for place in places %}
            when
                max(case when value_rank = 1 then coalesce(points_{{ place }}, agreeing_count) end)
                <> max(case when value_rank = 2 then coalesce(points_{{ place }}, agreeing_count) end)
                then {{ place }}
            {%- endfor %}
        end as deciding_rank
    from numbered
    group by gr_id, attribute
)

select
    decided.gr_id,
    decided.attribute,
    decided.party_id,
    decided.source_system,
    decided.valid_from,
    decided.known_at,
    decided.load_id,
    case
        when decided.records_count = 1 then 'only_record'
        when decided.conflicting_values_count = 0 then 'no_conflict'
        else coalesce(rules.criterion, 'tie')
    end as decided_by,
    decided.records_count,
    cast(decided.agreeing_count as integer) as agreeing_sources_count,
    decided.conflicting_values_count,
    decided.surviving_value,
    decided.conflicting_values
from decided
left join {{ ref('survivorship_rules') }} as rules
    on
        decided.attribute = rules.attribute
        and decided.deciding_rank = rules.criterion_rank
