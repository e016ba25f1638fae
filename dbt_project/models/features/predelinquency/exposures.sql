{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook=[
            "{% if is_incremental() %}delete from {{ this }} where as_of_date = {{ as_of_date() }}{% endif %}",
            "{{ prefer_hash_joins() }}"
        ],
        indexes=[{'columns': ['as_of_date', 'exposure_id'], 'unique': true}, {'columns': ['exposure_id']}]
    )
}}
{#- The whole partition is replaced: a loan that was paid off by then must not stay in it. -#}
with exposure_days as (
    select
        {{ as_of_date() }} as as_of_date,
        {{ knowledge_cutoff() }} as knowledge_cutoff
),

{{ exposure_ctes() }},

{{ exposure_amount_ctes('exposure_states') }}

select
    exposure_states.exposure_id,
    exposure_states.gr_id,
    exposure_states.as_of_date,
    exposure_states.knowledge_cutoff,
    exposure_states.source_system,
    exposure_states.product_name,
    exposure_states.granted_on,
    exposure_states.exposure_status,
    case
        when exposure_states.exposure_status in ('past_due', 'no_instalment_due', 'eligible')
            then exposure_states.exposure_status = 'past_due'
    end as is_past_due,
    case
        when exposure_states.exposure_status = 'past_due'
            then {{ dbt.datediff('exposure_states.oldest_unpaid_due_on', 'exposure_states.as_of_date', 'day') }}
        when exposure_states.exposure_status in ('no_instalment_due', 'eligible') then 0
    end as days_past_due,
    cast(
        case when exposure_states.exposure_status = 'past_due' then exposure_states.past_due_amount end as numeric(18, 2)
    ) as past_due_amount,
    exposure_states.next_due_on,
    exposure_states.instalments_due_count,
    cast(exposure_states.instalments_due_amount as numeric(18, 2)) as instalments_due_amount,
    exposure_amounts.exposure_amount,
    exposure_amounts.exposure_amount_basis
from exposure_states
inner join exposure_amounts on exposure_states.exposure_id = exposure_amounts.exposure_id
