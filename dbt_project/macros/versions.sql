{# Versions of facts: which there are, which of them counts when. Every order of loads ends in the same rows. #}

{# Fingerprint of a version's business columns; NULL and the empty string differ. Load times and file names stay out. #}
{% macro row_hash(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '~')") -%}
    {%- endfor -%}
    {{ dbt.hash(parts | join(" || '|' || ")) }}
{%- endmacro %}

{#
  One row per key of a table whose files carry no publication time: the latest delivery's version. Where deliveries
  carry no date, nothing says which is later; the hash decides, so that the order of loads does not.
#}
{% macro latest_version(relation, key) -%}
    (
        select *
        from (
            select
                raw_rows.*,
                row_number() over (
                    partition by {{ key | join(', ') }} order by _delivered_on desc nulls last, _row_hash desc
                ) as version_rank
            from {{ relation }} as raw_rows
        ) as ranked
        where version_rank = 1
    )
{%- endmacro %}

{#
  Terms that a source delivers by key with their own first day (`valid_from`), as versions: from when to when each holds.
  Terms with another first day hold from that day, whenever they were delivered. Terms that change while the stated day stays
  hold from the day after the last delivery that said the former ones, where that is known, else from their own delivery: the
  raw layer keeps of each row the latest delivery, so that this day does not move when the newer terms are delivered again.
  Nothing orders two deliveries without a date: the hash decides, as in latest_version. Terms that went back to what they had
  been look as if they had never been otherwise. Adds holds_from, holds_to, is_first and is_day_of_source to the raw columns.
#}
{% macro effective_versions(relation, key, terms) -%}
    (
        with stated as (
            select
                raw_rows.*,
                {{ row_hash(terms) }} as terms_hash,
                row_number() over (
                    partition by {{ key | join(', ') }}, valid_from, _delivered_on order by _row_hash desc
                ) as copy_number
            from {{ relation }} as raw_rows
        ),

        delivered as (
            select
                stated.*,
                lag(terms_hash) over deliveries as former_hash,
                lag(_delivered_on) over deliveries as former_delivered_on,
                first_value(valid_to) over (
                    partition by {{ key | join(', ') }}, valid_from order by _delivered_on desc nulls last
                ) as stated_end
            from stated
            where copy_number = 1
            window deliveries as (partition by {{ key | join(', ') }}, valid_from order by _delivered_on nulls first)
        ),

        changed as (
            select
                delivered.*,
                case
                    when former_hash is null then valid_from
                    else greatest(valid_from, coalesce({{ days_after('former_delivered_on', 1) }}, _delivered_on))
                end as holds_from
            from delivered
            where former_hash is null or former_hash <> terms_hash
        ),

        -- Announced and changed before they began: the last word counts.
        words as (
            select
                changed.*,
                row_number() over (
                    partition by {{ key | join(', ') }}, holds_from order by _delivered_on desc nulls last, _row_hash desc
                ) as word_number
            from changed
            where stated_end is null or stated_end > holds_from
        )

        select
            words.*,
            least(
                stated_end, lead(holds_from) over (partition by {{ key | join(', ') }} order by holds_from)
            ) as holds_to,
            row_number() over (partition by {{ key | join(', ') }} order by holds_from) = 1 as is_first,
            former_hash is null as is_day_of_source
        from words
        where word_number = 1
    )
{%- endmacro %}

{# Whether a version holds on a day; before the first one that is known, the first holds. #}
{% macro holds_on(alias, day) -%}
    (
        ({{ alias }}.is_first or {{ day }} >= {{ alias }}.valid_from)
        and ({{ alias }}.valid_to is null or {{ day }} < {{ alias }}.valid_to)
    )
{%- endmacro %}

{# Columns of the input model as its YAML says. A unit test is a node without columns: there this macro is overridden. #}
{% macro entity_columns() -%}
    {{ return(model.columns.values() | list) }}
{%- endmacro %}

{#
  A fact of the canonical input layer with all its versions. Incremental: only keys that a load newer than the target
  touched, yet of those keys all versions, because a new version changes when the others end. A version ends when any
  later one becomes known, so at most one version of a key counts at any cut-off.
#}
{% macro versioned_fact(entity, key) %}
    {%- set columns = entity_columns() -%}
    {%- set derived = ['delivered_on', 'known_at', 'superseded_at', 'load_id'] -%}
with
{% if is_incremental() %}
-- Not shared with the next step: on its own, the filter reaches the raw tables, and a run without new loads is quick.
touched as (
    select distinct {{ key | join(', ') }}
    from ({{ union_sources(entity, leave_out=['superseded_at']) }}) as staged
    where load_id > (select coalesce(max(load_id), 0) from {{ this }})
),
{% endif %}
-- One version may stand in several files.
versions as (
    select
        {%- for column in columns if column.name not in derived %}
        staged.{{ column.name }},
        {%- endfor %}
        max(staged.delivered_on) over same_version as delivered_on,
        min(staged.known_at) over same_version as known_at,
        max(staged.load_id) over (partition by {% for part in key %}staged.{{ part }}{{ ", " if not loop.last }}{% endfor %}) as load_id,
        row_number() over (
            partition by {% for part in key %}staged.{{ part }}, {% endfor %}staged.row_hash
            order by staged.load_id desc
        ) as copy_number
    from ({{ union_sources(entity, leave_out=['superseded_at']) }}) as staged
    {%- if is_incremental() %}
    inner join touched
        on {% for part in key %}touched.{{ part }} = staged.{{ part }}{{ " and " if not loop.last }}{% endfor %}
    {%- endif %}
    window same_version as (partition by {% for part in key %}staged.{{ part }}, {% endfor %}staged.row_hash)
)

select
    {%- for column in columns if column.name not in derived %}
    {{ column.name }},
    {%- endfor %}
    delivered_on,
    known_at,
    min(known_at) over (
        partition by {{ key | join(', ') }}
        order by delivered_on nulls first, known_at, row_hash
        rows between 1 following and unbounded following
    ) as superseded_at,
    load_id
from versions
where copy_number = 1
{% endmacro %}

{# End of a version that still holds, where a key may not be NULL. Far away, yet a date that every client can read, unlike infinity. #}
{% macro end_of_time() -%}
    cast('9999-12-31 00:00:00+00' as timestamptz)
{%- endmacro %}

{# Some versions never counted: another was known at the same moment or before. #}
{% macro ever_visible(alias) -%}
    ({{ alias }}.superseded_at is null or {{ alias }}.superseded_at > {{ alias }}.known_at)
{%- endmacro %}
