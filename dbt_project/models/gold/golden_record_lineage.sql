-- Which source gave what, and how much the sources differ; the values, and the records by their keys, stay in core.
select
    gr_id,
    attribute,
    source_system,
    valid_from,
    known_at,
    decided_by,
    records_count,
    agreeing_sources_count,
    conflicting_values_count,
    {{ data_cutoff() }} as last_updated
from {{ ref('golden_record_sources') }}
