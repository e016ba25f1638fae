{{ config(materialized='view') }}
select
    origination_features.loan_id,
    origination_features.gr_id,
    origination_features.granted_on,
    cast(extract(year from origination_features.granted_on) as integer) as vintage,
    outcomes.outcome_type,
    outcomes.is_bad,
    outcomes.outcome_on,
    outcomes.known_at
from {{ ref('origination_features') }} as origination_features
inner join {{ ref('outcomes') }} as outcomes on origination_features.loan_id = outcomes.exposure_id
