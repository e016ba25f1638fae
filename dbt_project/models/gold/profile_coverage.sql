{%- set measures = ['profiles_with_360', 'with_income_band', 'with_cluster', 'with_flags'] -%}
with people as (
    select
        golden_records.district_id,
        profile_360.gr_id is not null as profiles_with_360,
        profile_360.inferred_income_band is not null as with_income_band,
        profile_360.cluster_id is not null as with_cluster,
        coalesce(array_length(profile_360.risk_flags, 1) > 0, false) as with_flags
    from {{ ref('gold_golden_records') }} as golden_records
    left join {{ ref('gold_profile_360') }} as profile_360 on golden_records.gr_id = profile_360.gr_id
    where golden_records.status = 'active'
),

scoped as (
    select
        'overall' as coverage_scope,
        'All' as scope_id,
        people.*
    from people
    union all
    select
        'district' as coverage_scope,
        {{ or_unknown('district_id') }} as scope_id,
        people.*
    from people
)

select
    coverage_scope,
    scope_id,
    count(*) as total_golden_records,
    {%- for measure in measures %}
    count(*) filter (where {{ measure }}) as {{ measure }},
    {%- endfor %}
    {%- for measure in measures %}
    {{ pct('count(*) filter (where ' ~ measure ~ ')', 'count(*)') }} as {{ measure }}_pct,
    {%- endfor %}
    {{ data_cutoff() }} as last_updated
from scoped
group by coverage_scope, scope_id
