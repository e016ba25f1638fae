{{ config(materialized='table', indexes=[{'columns': ['exposure_id', 'as_of_date'], 'unique': true}]) }}
-- Built anew each day, because an intervention may be written down after the label was final: a label stays, who was reached
-- is what is known now. No view: the table of redirects is replaced each day, and what looks at it would go with the old one.
with contacts as (
    select
        coalesce(gr_redirects.gr_id_to, interventions.gr_id) as gr_id,
        interventions.contacted_on,
        interventions.is_holdout
    from {{ source('ops', 'interventions') }} as interventions
    left join {{ ref('gr_redirects') }} as gr_redirects on interventions.gr_id = gr_redirects.gr_id_from
    where interventions.outcome is null or interventions.outcome <> 'NOT_REACHED'
),

marked as (
    select
        labels.exposure_id,
        labels.as_of_date,
        max(case when not contacts.is_holdout then 1 else 0 end) as is_treated,
        max(case when contacts.is_holdout then 1 else 0 end) as is_holdout
    from {{ ref('predelinquency_labels') }} as labels
    left join {{ ref('gr_redirects') }} as gr_redirects on labels.gr_id = gr_redirects.gr_id_from
    inner join contacts
        on
            coalesce(gr_redirects.gr_id_to, labels.gr_id) = contacts.gr_id
            and labels.as_of_date <= contacts.contacted_on
            and {{ dbt.dateadd('day', maturity_days(), 'labels.as_of_date') }} >= contacts.contacted_on
    group by labels.exposure_id, labels.as_of_date
)

select
    labels.exposure_id,
    labels.gr_id,
    labels.as_of_date,
    labels.knowledge_cutoff,
    labels.product_name,
    labels.instalments_due_count,
    labels.exposure_amount,
    labels.is_delinquent,
    labels.label_known_at,
    coalesce(marked.is_treated, 0) = 1 as is_treated,
    coalesce(marked.is_holdout, 0) = 1 as is_holdout
from {{ ref('predelinquency_labels') }} as labels
left join marked
    on
        labels.exposure_id = marked.exposure_id
        and labels.as_of_date = marked.as_of_date
