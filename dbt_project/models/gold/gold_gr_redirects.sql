select
    gr_id_from,
    gr_id_to,
    retired_at,
    {{ data_cutoff() }} as last_updated
from {{ ref('gr_redirects') }}
