{%- set inputs = 'cast(inputs_no as ' ~ dbt.type_string() ~ ')' -%}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook=[
            "{{ delete_pending_grid_days('labels_inputs', 'cast(inputs_no as ' ~ dbt.type_string() ~ ')') }}",
            "{{ prefer_hash_joins() }}"
        ],
        post_hook="{{ mark_grid_days_done('labels_inputs', 'cast(inputs_no as ' ~ dbt.type_string() ~ ')') }}",
        indexes=[{'columns': ['as_of_date', 'exposure_id'], 'unique': true}, {'columns': ['gr_id', 'as_of_date']}]
    )
}}
-- A day of the grid is worked out once, and again only when something came that was known by the label's own cut-off: a file
-- that came late. What became known later changes no label; so a replay, and a table built from nothing, hold the rows that
-- the days in their turn have made.
with exposure_days as (
    {{ pending_grid_days('labels_inputs', inputs) }}
),

{{ exposure_ctes() }},

population as (
    select
        exposure_states.*,
        exposure_days.label_known_at
    from exposure_states
    inner join exposure_days on exposure_states.as_of_date = exposure_days.as_of_date
    where exposure_states.exposure_status = 'eligible'
),

{{ exposure_amount_ctes('population') }},

-- Paid off early, or written off: after the account was closed nothing falls due.
known_accounts as (
    {{ with_account_versions('population', ['exposure_id', 'as_of_date'], 'exposure_id', ['closed_on'], 'label_known_at') }}
),

closures as (
    select
        exposure_id,
        as_of_date,
        closed_on
    from known_accounts
    where closed_on is not null
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
    population.label_known_at
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
