select
    -- Numbers may begin anew every financial year: the day belongs to the key.
    'gst_network:invoice:' || business_id || ':' || direction || ':' || counterparty_gstin || ':' || invoice_no
    || ':' || cast(invoice_date as {{ dbt.type_string() }}) as gst_invoice_id,
    'gst_network' as source_system,
    business_id,
    lower(direction) as direction,
    invoice_no,
    nullif(counterparty_gstin, '-') as counterparty_gstin,
    counterparty_name,
    case supply_type when 'B2B' then 'business' when 'B2C' then 'consumer' when 'EXP' then 'export' end as supply_type,
    period as period_start,
    reported_on,
    invoice_date as invoiced_on,
    due_date as due_on,
    taxable_value as taxable_amount,
    tax_amount,
    _delivered_on as delivered_on,
    _delivered_days as delivered_days,
    _row_hash as row_hash,
    {{ known_at_history('reported_on') }} as known_at,
    _load_id as load_id
from {{ source('gst_network', 'gst_invoices') }}
