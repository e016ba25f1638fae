-- Invoices that run in a circle. Both sides may report an invoice; it counts once. Beyond the clients' own invoices nothing is
-- seen: a circle that closes among strangers does not show.
with businesses as (
    {{ businesses_at_day() }}
),

invoices as (
    select
        case when gst_invoices.direction = 'outward' then gst_invoices.counterparty_gstin else businesses.gstin end as payer_id,
        case when gst_invoices.direction = 'outward' then businesses.gstin else gst_invoices.counterparty_gstin end as payee_id,
        gst_invoices.invoice_no,
        {{ month_index('gst_invoices.invoiced_on') }} as month_index,
        max(gst_invoices.taxable_amount + gst_invoices.tax_amount) as amount
    from {{ ref('gst_invoices') }} as gst_invoices
    inner join businesses on gst_invoices.business_id = businesses.business_id
    where
        gst_invoices.counterparty_gstin is not null
        and gst_invoices.reported_on <= {{ as_of_date() }}
        and {{ visible_at('gst_invoices', knowledge_cutoff()) }}
    group by
        case when gst_invoices.direction = 'outward' then gst_invoices.counterparty_gstin else businesses.gstin end,
        case when gst_invoices.direction = 'outward' then businesses.gstin else gst_invoices.counterparty_gstin end,
        gst_invoices.invoice_no,
        {{ month_index('gst_invoices.invoiced_on') }}
),

monthly as (
    select
        payer_id,
        payee_id,
        month_index,
        sum(amount) as amount
    from invoices
    group by payer_id, payee_id, month_index
),

{{ amount_cycles('monthly') }}

select
    businesses.business_id,
    cycle_members.month_index,
    cast(max(cycle_members.cycle_length) as integer) as cycle_length,
    cast(max(cycle_members.cycle_amount) as numeric(18, 2)) as cycle_3m_amount,
    cast(count(*) as integer) as cycles_count,
    min(cycle_members.members) as members
from cycle_members
inner join businesses on cycle_members.member_id = businesses.gstin
group by businesses.business_id, cycle_members.month_index
