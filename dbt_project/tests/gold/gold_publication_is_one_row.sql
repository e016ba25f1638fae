select count(*) as row_count
from {{ ref('publication') }}
having count(*) <> 1 or bool_or(portfolio = '')
