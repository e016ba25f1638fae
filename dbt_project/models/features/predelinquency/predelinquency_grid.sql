{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['as_of_date'],
        on_schema_change='fail',
        pre_hook="{% if is_incremental() %}delete from {{ this }} where as_of_date < {{ first_grid_day() }}{% endif %}",
        indexes=[{'columns': ['as_of_date'], 'unique': true}]
    )
}}
{#- Of facts only rows of loads newer than the ones looked at before are read, through an index where there are many: an ordinary
    day costs the same however long the history is. A fact that was touched again counts as changed, whatever it says. Of registers
    (loans, accounts, their owners) and coverage what they say is compared. -#}
{%- set inputs = grid_inputs() -%}
{#- As literals: the planner then sees how few rows are newer. -#}
{%- set looked_at_to = {} -%}
{%- if execute and is_incremental() -%}
    {%- set least = [] -%}
    {%- for input in inputs -%}{%- do least.append("min(" ~ input.name ~ "_load_id)") -%}{%- endfor -%}
    {%- set found = run_query("select " ~ least | join(", ") ~ " from " ~ this).rows[0] -%}
    {%- for input in inputs -%}{%- do looked_at_to.update({input.name: found[loop.index0]}) -%}{%- endfor -%}
{%- endif -%}
with grid as (
    {%- for day in grid_days() %}
    select cast('{{ day }}' as date) as as_of_date {{- " union all" if not loop.last }}
    {%- else %}
    select cast(null as date) as as_of_date where 1 = 0
    {%- endfor %}
),

grid_days as (
    select
        as_of_date,
        {{ cutoff_on(dbt.dateadd('day', 1, 'as_of_date')) }} as knowledge_cutoff,
        {{ cutoff_on(dbt.dateadd('day', maturity_days() + 1, 'as_of_date')) }} as label_known_at
    from grid
    where {{ cutoff_on(dbt.dateadd('day', maturity_days() + 1, 'as_of_date')) }} <= {{ knowledge_cutoff() }}
),

newest as (
    select
        {%- for input in inputs %}
        (select coalesce(max({{ input.load_id }}), 0) from {{ input.relation }}) as {{ input.name }}_load_id,
        {%- endfor %}
        (select max(recorded_at) from {{ source('ml', 'party_xref') }}) as links_recorded_at
),

-- Coverage grows every day: what it says of the days up to D+35 is compared.
covered as (
    select
        grid_days.as_of_date,
        {{ dbt.hash(dbt.listagg(
            "coverage.source_system || ' ' || coverage.subject || ' ' || coverage.scope_id || ' ' || cast(coverage.covered_from as "
            ~ dbt.type_string() ~ ") || ' ' || cast(least(coverage.covered_to, cast("
            ~ dbt.dateadd('day', maturity_days(), 'grid_days.as_of_date') ~ " as date)) as " ~ dbt.type_string() ~ ") || ' '"
            ~ " || case when coverage.known_at <= grid_days.knowledge_cutoff then 'by D' else 'by the label' end",
            "', '",
            "order by coverage.source_system, coverage.subject, coverage.scope_id, coverage.covered_from"
        )) }} as coverage_hash
    from grid_days
    inner join {{ ref('coverage') }} as coverage
        on
            grid_days.label_known_at >= coverage.known_at
            and {{ dbt.dateadd('day', maturity_days(), 'grid_days.as_of_date') }} >= coverage.covered_from
    group by grid_days.as_of_date
),

{{ registered_ctes() }}
{%- if is_incremental() %},

looked_at as (
    select * from {{ this }}
),

{% for input in inputs -%}
newer_{{ input.name }} as (
    select
        {{ input.day }} as fact_on,
        known_at,
        max({{ input.load_id }}) as load_id
    from {{ input.relation }}
    where {{ input.load_id ~ ' > ' ~ looked_at_to[input.name] if looked_at_to.get(input.name) is not none else '1 = 0' }}
    group by {{ input.day }}, known_at
),

{% endfor -%}
-- Links of an owner that count at the cut-off of D: those known by then, and the first ones, which count for all time before.
newer_links as (
    select
        links.recorded_at,
        links.known_from,
        holders.valid_from,
        holders.known_at
    from (
        select
            party_id,
            recorded_at,
            case when row_number() over (partition by party_id order by known_at) > 1 then known_at end as known_from
        from {{ source('ml', 'party_xref') }} as party_xref
        where {{ ever_visible('party_xref') }}
    ) as links
    inner join {{ ref('account_holders') }} as holders
        on
            links.party_id = holders.party_id
            and holders.holder_role = 'owner'
    where links.recorded_at > (select min(links_recorded_at) from looked_at)
),

changed as (
    {%- for input in inputs %}
    select grid_days.as_of_date
    from grid_days
    inner join looked_at on grid_days.as_of_date = looked_at.as_of_date
    inner join newer_{{ input.name }} as newer
        on
            looked_at.{{ input.name }}_load_id < newer.load_id
            and grid_days.{{ input.cutoff }} >= newer.known_at
            and {{ dbt.dateadd('day', input.days_ahead, 'grid_days.as_of_date') }} >= newer.fact_on
    union
    {%- endfor %}
    select grid_days.as_of_date
    from grid_days
    inner join looked_at on grid_days.as_of_date = looked_at.as_of_date
    inner join newer_links as newer
        on
            looked_at.links_recorded_at < newer.recorded_at
            and (newer.known_from is null or grid_days.knowledge_cutoff >= newer.known_from)
            and grid_days.as_of_date >= newer.valid_from
            and grid_days.knowledge_cutoff >= newer.known_at
    union
    select looked_at.as_of_date
    from looked_at
    inner join grid_days on looked_at.as_of_date = grid_days.as_of_date
    left join covered on looked_at.as_of_date = covered.as_of_date
    left join registered on looked_at.as_of_date = registered.as_of_date
    where
        looked_at.coverage_hash is distinct from covered.coverage_hash
        or looked_at.registers_hash is distinct from registered.registers_hash
)
{%- endif %}

select
    grid_days.as_of_date,
    grid_days.knowledge_cutoff,
    grid_days.label_known_at,
    {%- for input in inputs %}
    newest.{{ input.name }}_load_id,
    {%- endfor %}
    newest.links_recorded_at,
    covered.coverage_hash,
    registered.registers_hash,
    {%- if is_incremental() %}
    case
        when looked_at.as_of_date is null then 1
        when changed.as_of_date is null then looked_at.inputs_no
        else looked_at.inputs_no + 1
    end as inputs_no,
    looked_at.labels_inputs,
    looked_at.features_inputs
    {%- else %}
    1 as inputs_no,
    cast(null as {{ dbt.type_string() }}) as labels_inputs,
    cast(null as {{ dbt.type_string() }}) as features_inputs
    {%- endif %}
from grid_days
cross join newest
left join covered on grid_days.as_of_date = covered.as_of_date
left join registered on grid_days.as_of_date = registered.as_of_date
{%- if is_incremental() %}
left join looked_at on grid_days.as_of_date = looked_at.as_of_date
left join changed on grid_days.as_of_date = changed.as_of_date
{%- endif %}
