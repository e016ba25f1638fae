with businesses as (
    {{ businesses_at_day() }}
),

-- A business may hold several GSTINs, one a state: of a month their returns count together, and the last one filed decides how
-- late it was.
returns as (
    select
        gst_returns.business_id,
        gst_returns.return_type,
        gst_returns.period_start,
        min(gst_returns.gstin) as gstin,
        max(gst_returns.due_on) as due_on,
        max(gst_returns.filed_on) as filed_on,
        max({{ dbt.datediff('gst_returns.due_on', 'gst_returns.filed_on', 'day') }}) as days_late,
        sum(gst_returns.taxable_amount) as taxable_amount,
        sum(gst_returns.zero_rated_amount) as zero_rated_amount,
        sum(gst_returns.exempt_amount) as exempt_amount,
        sum(gst_returns.output_tax_amount) as output_tax_amount,
        sum(gst_returns.input_credit_amount) as input_credit_amount,
        sum(gst_returns.tax_paid_credit_amount) as tax_paid_credit_amount,
        sum(gst_returns.tax_paid_cash_amount) as tax_paid_cash_amount
    from {{ ref('gst_returns') }} as gst_returns
    inner join businesses on gst_returns.business_id = businesses.business_id
    where gst_returns.filed_on <= {{ as_of_date() }} and {{ visible_at('gst_returns', knowledge_cutoff()) }}
    group by gst_returns.business_id, gst_returns.return_type, gst_returns.period_start
),

supplies as (
    select * from returns
    where return_type = 'GSTR-1'
),

invoiced as (
    select
        business_id,
        period_start,
        sum(case when direction = 'outward' and supply_type = 'business' then taxable_amount + tax_amount else 0 end)
            as business_sales_amount,
        sum(case when direction = 'outward' and supply_type = 'consumer' then taxable_amount + tax_amount else 0 end)
            as consumer_sales_amount,
        sum(case when direction = 'inward' then taxable_amount + tax_amount else 0 end) as purchases_amount,
        sum(case when direction = 'inward' then tax_amount else 0 end) as purchases_tax_amount
    from {{ ref('gst_invoices') }} as gst_invoices
    where reported_on <= {{ as_of_date() }} and {{ visible_at('gst_invoices', knowledge_cutoff()) }}
    group by business_id, period_start
),

monthly as (
    select
        tax_return.business_id,
        tax_return.gstin,
        tax_return.period_start,
        {{ month_index('tax_return.period_start') }} as month_index,
        tax_return.due_on,
        tax_return.filed_on,
        tax_return.days_late,
        tax_return.taxable_amount,
        tax_return.zero_rated_amount,
        tax_return.exempt_amount,
        tax_return.taxable_amount + tax_return.zero_rated_amount + tax_return.exempt_amount as turnover_amount,
        tax_return.output_tax_amount,
        coalesce(tax_return.input_credit_amount, 0) as input_credit_amount,
        coalesce(tax_return.tax_paid_credit_amount, 0) as tax_paid_credit_amount,
        coalesce(tax_return.tax_paid_cash_amount, 0) as tax_paid_cash_amount,
        supplies.output_tax_amount as supplies_tax_amount,
        supplies.filed_on as supplies_filed_on,
        coalesce(invoiced.business_sales_amount, 0) as business_sales_amount,
        coalesce(invoiced.consumer_sales_amount, 0) as consumer_sales_amount,
        coalesce(invoiced.purchases_amount, 0) as purchases_amount,
        coalesce(invoiced.purchases_tax_amount, 0) as purchases_tax_amount,
        coalesce(months.receipts_amount, 0) as receipts_amount,
        coalesce(months.trade_receipt_amount, 0) as trade_receipt_amount,
        coalesce(months.supplier_payment_amount, 0) as supplier_payment_amount,
        coalesce(months.is_covered, false) as is_bank_covered
    from returns as tax_return
    left join supplies
        on tax_return.business_id = supplies.business_id and tax_return.period_start = supplies.period_start
    left join invoiced
        on tax_return.business_id = invoiced.business_id and tax_return.period_start = invoiced.period_start
    left join {{ ref('business_months') }} as months
        on tax_return.business_id = months.business_id and tax_return.period_start = months.month_start
    where tax_return.return_type = 'GSTR-3B'
),

windows as (
    select
        monthly.*,
        count(*) over three_months as returns_3m_count,
        sum(case when is_bank_covered then 1 else 0 end) over three_months as covered_3m_count,
        sum(turnover_amount + output_tax_amount) over three_months as declared_3m_amount,
        sum(taxable_amount) over three_months as taxable_3m_amount,
        sum(zero_rated_amount) over three_months as zero_rated_3m_amount,
        sum(turnover_amount) over three_months as turnover_3m_amount,
        sum(receipts_amount) over three_months as receipts_3m_amount,
        sum(trade_receipt_amount) over three_months as trade_receipts_3m_amount,
        sum(business_sales_amount) over three_months as business_sales_3m_amount,
        sum(input_credit_amount) over three_months as input_credit_3m_amount,
        sum(purchases_tax_amount) over three_months as purchases_tax_3m_amount,
        sum(output_tax_amount) over three_months as output_tax_3m_amount,
        sum(supplies_tax_amount) over three_months as supplies_tax_3m_amount,
        count(supplies_tax_amount) over three_months as supplies_3m_count,
        count(*) over six_months as returns_6m_count,
        sum(case when is_bank_covered then 1 else 0 end) over six_months as covered_6m_count,
        sum(purchases_amount) over six_months as purchases_6m_amount,
        sum(supplier_payment_amount) over six_months as supplier_payments_6m_amount
    from monthly
    window
        three_months as (partition by business_id order by month_index range between 2 preceding and current row),
        six_months as (partition by business_id order by month_index range between 5 preceding and current row)
)

select
    windows.*,
    -- Of D's month 0: what looks at the last twelve months counts months, not returns, or a firm that stopped filing would
    -- show its better days for ever.
    {{ month_index(as_of_date()) }} - month_index as months_ago,
    cast(row_number() over (partition by business_id order by month_index desc) as integer) as period_rank,
    case
        when output_tax_amount > 0 then cast(100 * input_credit_amount / output_tax_amount as numeric(12, 4))
    end as itc_ratio_pct,
    case
        when output_tax_amount > 0 then input_credit_amount > {{ gst_rule('itc_ratio') }} * output_tax_amount
    end as is_itc_ratio_high,
    days_late > {{ gst_rule('late_days') }} as is_late_filing,
    returns_3m_count = 3 and covered_3m_count = 3 as is_window_complete,
    -- More refunds than receipts and nothing declared is no mismatch.
    case
        when returns_3m_count = 3 and covered_3m_count = 3
            then
                declared_3m_amount > {{ gst_rule('turnover_tolerance') }} * greatest(receipts_3m_amount, 0)
                or receipts_3m_amount > {{ gst_rule('turnover_tolerance') }} * declared_3m_amount
    end as is_turnover_mismatch,
    case
        when returns_3m_count < 3 or covered_3m_count < 3 then null
        when declared_3m_amount > {{ gst_rule('turnover_tolerance') }} * greatest(receipts_3m_amount, 0) then 'declared_above_bank'
        when receipts_3m_amount > {{ gst_rule('turnover_tolerance') }} * declared_3m_amount then 'bank_above_declared'
    end as turnover_mismatch_direction
from windows
