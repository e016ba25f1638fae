{{ config(indexes=[{'columns': ['model_name', 'as_of_date']}, {'columns': ['level']}]) }}

select
    model_name,
    model_version,
    as_of_date,
    subject_kind,
    subject,
    measure,
    value,
    reference_value,
    by_chance,
    usual_value,
    level,
    rows_reference,
    rows_actual,
    {{ data_cutoff() }} as last_updated
from {{ source('ml', 'model_monitoring') }}
where as_of_date <= {{ as_of_date() }}
