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

{# The days of a row's deliveries where no more than one is known; see _delivered_days of the raw tables. #}
{% macro no_delivered_days() -%}
    cast(null as datemultirange)
{%- endmacro %}

{#
  First and last day of each run of days on which a row was delivered; behind a macro because sets of days are
  PostgreSQL's. No day stands for a file without a date.
#}
{% macro ends_of_runs(delivered_days) -%}
    (
        select
            nullif(ends.said_on, cast('0001-01-01' as date)) as said_on,
            ends.is_last
        from unnest({{ delivered_days }}) as run
        cross join lateral (
            values (lower(run), false), (upper(run) - 1, true)
        ) as ends (said_on, is_last)
        where not ends.is_last or upper(run) - 1 > lower(run)
    )
{%- endmacro %}

{#
  A fact of the canonical input layer with all its versions. Incremental: only keys that a load newer than the target
  touched, yet of those keys all versions, because a new version changes when the others end. A version ends when any
  later one becomes known, so at most one version of a key counts at any cut-off. Content that came back after another
  one is a version of its own, known from the end of the day that delivered it again, whatever day the content is of:
  until then the other one was all that anyone knew. Its row_hash carries its number among the key's versions.
#}
{% macro versioned_fact(entity, key) %}
    {%- set columns = entity_columns() -%}
    {%- set derived = ['delivered_on', 'row_hash', 'known_at', 'superseded_at', 'load_id'] -%}
    {%- set keys = key | join(', ') -%}
    {%- set staged_rows %}
    from ({{ union_sources(entity, leave_out=['superseded_at'], with_delivered_days=true) }}) as staged
    {%- if is_incremental() %}
    inner join touched
        on {{ same_key('touched', 'staged', key) }}
    {%- endif %}
    {%- endset -%}
with
{% if is_incremental() %}
-- Not shared with the next step: on its own, the filter reaches the raw tables, and a run without new loads is quick.
touched as (
    select distinct {{ keys }}
    from ({{ union_sources(entity, leave_out=['superseded_at']) }}) as staged
    where load_id > (select coalesce(max(load_id), 0) from {{ this }})
),
{% endif %}
{{ returns_ctes(staged_rows, key) }},

-- One version may stand in several files.
versions as (
    select
        {%- for column in columns if column.name not in derived %}
        staged.{{ column.name }},
        {%- endfor %}
        staged.row_hash,
        max(staged.delivered_on) over same_version as delivered_on,
        min(staged.known_at) over same_version as known_at,
        max(staged.load_id) over (partition by {% for part in key %}staged.{{ part }}{{ ", " if not loop.last }}{% endfor %}) as load_id,
        row_number() over (
            partition by {% for part in key %}staged.{{ part }}, {% endfor %}staged.row_hash
            order by staged.load_id desc
        ) as copy_number
    {{ staged_rows }}
    window same_version as (partition by {% for part in key %}staged.{{ part }}, {% endfor %}staged.row_hash)
),

-- Of a key with a return, a row per stay of each content.
stays as (
    select
        {%- for column in columns if column.name not in derived %}
        versions.{{ column.name }},
        {%- endfor %}
        case
            when returns.has_come_back
                then versions.row_hash || '@' || cast(returns.version_number as {{ dbt.type_string() }})
            else versions.row_hash
        end as row_hash,
        case when returns.row_hash is null then versions.delivered_on else returns.delivered_on end as delivered_on,
        coalesce(returns.known_at, versions.known_at) as known_at,
        versions.load_id,
        returns.version_number
    from versions
    left join returns
        on {{ same_key('versions', 'returns', key) }} and versions.row_hash = returns.row_hash
    where versions.copy_number = 1
)

select
    {%- for column in columns if column.name not in derived %}
    {{ column.name }},
    {%- endfor %}
    delivered_on,
    row_hash,
    known_at,
    min(known_at) over (
        partition by {{ keys }}
        order by version_number, delivered_on nulls first, known_at, row_hash
        rows between 1 following and unbounded following
    ) as superseded_at,
    load_id
from stays
{% endmacro %}

{% macro same_key(one, other, key) -%}
    {% for part in key %}{{ one }}.{{ part }} = {{ other }}.{{ part }}{{ " and " if not loop.last }}{% endfor %}
{%- endmacro %}

{#
  CTEs: `returns` has the versions, in order, of the keys that had several contents and one of them more than once: only
  there can one have been replaced and have come back. Mostly there are none, and a full build then costs what it did.
#}
{% macro returns_ctes(staged_rows, key) %}
    {%- set keys = key | join(', ') -%}
came_again as (
    select distinct {% for part in key %}staged.{{ part }}{{ ", " if not loop.last }}{% endfor %}
    {{ staged_rows }}
    where staged.delivered_days is not null
),

contents as (
    select
        {% for part in key %}staged.{{ part }}, {% endfor %}
        staged.row_hash,
        staged.known_at,
        staged.delivered_on,
        staged.delivered_days
    {{ staged_rows }}
    inner join came_again on {{ same_key('staged', 'came_again', key) }}
    -- Known before anything is read: mostly there are none.
    where exists (select some_came_again.{{ key[0] }} from came_again as some_came_again)
),

came_changed as (
    select {{ keys }}
    from contents
    group by {{ keys }}
    having min(row_hash) <> max(row_hash)
),

-- What was said when. A row stands once in its raw table, also where other content was delivered in between.
said as (
    select
        {% for part in key %}contents.{{ part }}, {% endfor %}
        contents.row_hash,
        contents.known_at,
        coalesce(runs.is_last, false) as is_last_of_run,
        case when runs.is_last is null then contents.delivered_on else runs.said_on end as said_on
    from contents
    inner join came_changed on {{ same_key('contents', 'came_changed', key) }}
    left join lateral {{ ends_of_runs('contents.delivered_days') }} as runs on true
),

compared as (
    select
        said.*,
        lag(row_hash) over deliveries as former_hash,
        lag(said_on) over deliveries as former_said_on
    from said
    window deliveries as (
        partition by {{ keys }} order by said_on nulls first, known_at, row_hash, is_last_of_run
    )
),

-- Deliveries of the same content in a row are one version.
numbered as (
    select
        compared.*,
        sum(case when former_hash = row_hash then 0 else 1 end) over (
            partition by {{ keys }}
            order by said_on nulls first, known_at, row_hash, is_last_of_run
            rows between unbounded preceding and current row
        ) as version_number,
        -- Within a run each day said the same again, so also the day after the other content.
        case
            when former_hash <> row_hash and is_last_of_run then least(said_on, {{ days_after('former_said_on', 1) }})
            else said_on
        end as heard_on
    from compared
),

deliveries as (
    select
        {{ keys }},
        row_hash,
        version_number,
        max(said_on) as delivered_on,
        min(heard_on) as heard_on,
        min(known_at) as known_at,
        min(version_number) over (partition by {{ keys }}, row_hash) < version_number as has_come_back
    from numbered
    group by {{ keys }}, row_hash, version_number
),

returns as (
    select
        {{ keys }},
        row_hash,
        version_number,
        delivered_on,
        has_come_back,
        case
            when has_come_back then greatest(known_at, {{ known_at_history('heard_on') }})
            else known_at
        end as known_at
    from deliveries
)
{% endmacro %}

{# End of a version that still holds, where a key may not be NULL. Far away, yet a date that every client can read, unlike infinity. #}
{% macro end_of_time() -%}
    cast('9999-12-31 00:00:00+00' as timestamptz)
{%- endmacro %}

{# Some versions never counted: another was known at the same moment or before. #}
{% macro ever_visible(alias) -%}
    ({{ alias }}.superseded_at is null or {{ alias }}.superseded_at > {{ alias }}.known_at)
{%- endmacro %}
