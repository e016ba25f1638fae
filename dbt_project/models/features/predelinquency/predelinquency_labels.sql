{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['as_of_date'],
        on_schema_change='fail',
        pre_hook=[
            "{% if is_incremental() %}delete from {{ this }} where as_of_date < {{ first_grid_day() }}{% endif %}",
            "{{ prefer_hash_joins() }}"
        ],
        indexes=[{'columns': ['as_of_date', 'exposure_id'], 'unique': true}, {'columns': ['gr_id', 'as_of_date']}]
    )
}}
-- A day of the grid is worked out once, and again only when a load brings something that was known by the label's own
-- cut-off: a file that came late. What became known later changes no label; so a replay, and a table built from nothing,
-- hold the rows that the days in their turn have made.
with grid as (
    {%- for day in grid_days() %}
    select cast('{{ day }}' as date) as as_of_date {{- " union all" if not loop.last }}
    {%- else %}
    select cast(null as date) as as_of_date where 1 = 0
    {%- endfor %}
),

cut_offs as (
    select
        as_of_date,
        {{ cutoff_on(dbt.dateadd('day', 1, 'as_of_date')) }} as knowledge_cutoff,
        {{ cutoff_on(dbt.dateadd('day', maturity_days() + 1, 'as_of_date')) }} as label_known_at
    from grid
),

fact_loads as (
    select
        load_id,
        min(known_at) as known_at
    from (
        select load_id, known_at from {{ ref('payments_due') }}
        union all
        select load_id, known_at from {{ ref('payments_made') }}
    ) as facts
    group by load_id
),

exposure_days as (
    select
        cut_offs.as_of_date,
        cut_offs.knowledge_cutoff,
        cut_offs.label_known_at,
        max(fact_loads.load_id) as load_id
    from cut_offs
    inner join fact_loads on cut_offs.label_known_at >= fact_loads.known_at
    {%- if is_incremental() %}
    left join (
        select
            as_of_date,
            max(load_id) as load_id
        from {{ this }}
        group by as_of_date
    ) as computed on cut_offs.as_of_date = computed.as_of_date
    {%- endif %}
    where cut_offs.label_known_at <= {{ knowledge_cutoff() }}
    group by cut_offs.as_of_date, cut_offs.knowledge_cutoff, cut_offs.label_known_at
    {%- if is_incremental() %}, computed.load_id
    having computed.load_id is null or computed.load_id < max(fact_loads.load_id)
    {%- endif %}
),

{{ exposure_ctes() }},

population as (
    select
        exposure_states.*,
        exposure_days.label_known_at,
        exposure_days.load_id
    from exposure_states
    inner join exposure_days on exposure_states.as_of_date = exposure_days.as_of_date
    where exposure_states.exposure_status = 'eligible'
),

{{ exposure_amount_ctes('population') }},

-- Paid off early, or written off: after the account was closed nothing falls due.
closures as (
    select
        exposure_id,
        as_of_date,
        closed_on
    from (
        select
            population.exposure_id,
            population.as_of_date,
            accounts.closed_on,
            row_number() over (
                partition by population.exposure_id, population.as_of_date
                order by accounts.valid_from desc, accounts.known_at desc
            ) as version_rank
        from population
        inner join {{ ref('accounts') }} as accounts
            on
                population.exposure_id = accounts.account_id
                and population.label_known_at >= accounts.known_at
    ) as account_versions
    where version_rank = 1 and closed_on is not null
),

-- Instalments of D+1..D+30 as they stood when the label became final.
instalments as (
    select
        population.exposure_id,
        population.as_of_date,
        payments_due.due_on,
        case
            when payments_made.paid_on <= {{ dbt.dateadd('day', grace_days(), 'payments_due.due_on') }} then 0 else 1
        end as is_unpaid
    from population
    inner join {{ ref('payments_due') }} as payments_due
        on
            population.exposure_id = payments_due.loan_id
            and population.as_of_date < payments_due.due_on
            and {{ dbt.dateadd('day', horizon_days(), 'population.as_of_date') }} >= payments_due.due_on
    left join {{ ref('payments_made') }} as payments_made
        on
            payments_due.payment_id = payments_made.payment_id
            and payments_due.due_amount <= payments_made.paid_amount
            and population.label_known_at >= payments_made.known_at
            and population.label_known_at < coalesce(payments_made.superseded_at, {{ end_of_time() }})
    left join closures
        on
            population.exposure_id = closures.exposure_id
            and population.as_of_date = closures.as_of_date
    where
        {{ visible_at('payments_due', 'population.label_known_at') }}
        and (closures.closed_on is null or payments_due.due_on < closures.closed_on)
),

labels as (
    select
        exposure_id,
        as_of_date,
        max(is_unpaid) as is_unpaid,
        cast({{ dbt.dateadd('day', grace_days(), 'max(due_on)') }} as date) as decided_on
    from instalments
    group by exposure_id, as_of_date
),

-- Where the payments of these days were not told without a gap, nobody knows what was paid: no label.
covered as (
    select distinct
        population.exposure_id,
        population.as_of_date
    from population
    left join labels
        on
            population.exposure_id = labels.exposure_id
            and population.as_of_date = labels.as_of_date
    inner join {{ ref('coverage') }} as coverage
        on
            population.source_system = coverage.source_system
            and coverage.subject = 'payments'
            and (coverage.scope_id = '*' or population.exposure_id = coverage.scope_id)
            and population.label_known_at >= coverage.known_at
            and population.as_of_date >= coverage.covered_from
            and coalesce(labels.decided_on, population.as_of_date) <= coverage.covered_to
)

select
    population.exposure_id,
    population.gr_id,
    population.party_id,
    population.as_of_date,
    population.knowledge_cutoff,
    population.product_name,
    population.instalments_due_count,
    exposure_amounts.exposure_amount,
    coalesce(labels.is_unpaid, 0) = 1 as is_delinquent,
    population.label_known_at,
    population.load_id
from population
inner join covered
    on
        population.exposure_id = covered.exposure_id
        and population.as_of_date = covered.as_of_date
inner join exposure_amounts
    on
        population.exposure_id = exposure_amounts.exposure_id
        and population.as_of_date = exposure_amounts.as_of_date
left join labels
    on
        population.exposure_id = labels.exposure_id
        and population.as_of_date = labels.as_of_date
