-- Kinds of evidence of fraud, one row per business, period and kind in which the kind could be seen. Each compares two
-- independent statements; what explains itself innocently (thin margins, exports, cash sales, late filing) is none.
with periods as (
    select
        gst_periods.*,
        greatest(business_sales_amount - trade_receipt_amount, 0) as unpaid_sales_amount,
        greatest(input_credit_amount - purchases_tax_amount, 0) as unsupported_credit_amount,
        greatest(purchases_amount - supplier_payment_amount, 0) as unpaid_purchases_amount,
        greatest(supplies_tax_amount - output_tax_amount, 0) as undeclared_tax_amount
    from {{ ref('gst_periods') }} as gst_periods
),

kinds as (
    select
        business_id,
        period_start,
        months_ago,
        'inflated_turnover' as evidence_kind,
        is_window_complete as is_exposed,
        -- Firms may pay in cash or on a retail terminal: all receipts must fall short, too.
        declared_3m_amount > {{ gst_rule('turnover_tolerance') }} * greatest(receipts_3m_amount, 0)
        and business_sales_3m_amount > {{ gst_rule('turnover_tolerance') }} * trade_receipts_3m_amount
        and business_sales_3m_amount - trade_receipts_3m_amount > 0.2 * declared_3m_amount as is_found,
        unpaid_sales_amount as amount,
        cast(null as integer) as cycle_length
    from periods
    union all
    select
        business_id,
        period_start,
        months_ago,
        'unsupported_credit' as evidence_kind,
        returns_3m_count = 3 as is_exposed,
        input_credit_3m_amount > {{ gst_rule('credit_support') }} * purchases_tax_3m_amount
        and input_credit_3m_amount - purchases_tax_3m_amount > {{ gst_rule('gap_amount') }} as is_found,
        unsupported_credit_amount as amount,
        cast(null as integer) as cycle_length
    from periods
    union all
    select
        business_id,
        period_start,
        months_ago,
        'unpaid_purchases' as evidence_kind,
        returns_6m_count = 6 and covered_6m_count = 6 as is_exposed,
        purchases_6m_amount > {{ gst_rule('purchase_tolerance') }} * supplier_payments_6m_amount as is_found,
        unpaid_purchases_amount as amount,
        cast(null as integer) as cycle_length
    from periods
    union all
    select
        business_id,
        period_start,
        months_ago,
        'nil_cash_tax' as evidence_kind,
        returns_3m_count = 3
        and taxable_3m_amount >= {{ gst_rule('nil_cash_turnover') }}
        and zero_rated_3m_amount < 0.5 * turnover_3m_amount
        and output_tax_amount > 0 as is_exposed,
        tax_paid_cash_amount <= {{ gst_rule('nil_cash_share') }} * output_tax_amount as is_found,
        tax_paid_credit_amount as amount,
        cast(null as integer) as cycle_length
    from periods
    union all
    -- Compared where all three months of both returns are filed: a GSTR-3B that is late is not there yet.
    select
        business_id,
        period_start,
        months_ago,
        'gstr1_3b_gap' as evidence_kind,
        returns_3m_count = 3 and supplies_3m_count = 3 as is_exposed,
        supplies_tax_3m_amount > {{ gst_rule('gap_tolerance') }} * output_tax_3m_amount
        and supplies_tax_3m_amount - output_tax_3m_amount > {{ gst_rule('gap_amount') }} as is_found,
        undeclared_tax_amount as amount,
        cast(null as integer) as cycle_length
    from periods
    union all
    select
        periods.business_id,
        periods.period_start,
        periods.months_ago,
        'circular_trading' as evidence_kind,
        periods.business_sales_3m_amount > 0 as is_exposed,
        coalesce(trade_cycles.cycle_3m_amount, 0)
        >= {{ gst_rule('cycle_share') }} * periods.business_sales_3m_amount as is_found,
        coalesce(trade_cycles.cycle_3m_amount, 0) / 3 as amount,
        trade_cycles.cycle_length
    from periods
    left join {{ ref('trade_cycles') }} as trade_cycles
        on periods.business_id = trade_cycles.business_id and periods.month_index = trade_cycles.month_index
    union all
    select
        periods.business_id,
        periods.period_start,
        periods.months_ago,
        'round_tripping' as evidence_kind,
        periods.is_window_complete and periods.trade_receipts_3m_amount > 0 as is_exposed,
        coalesce(money_cycles.cycle_3m_amount, 0)
        >= {{ gst_rule('cycle_share') }} * periods.trade_receipts_3m_amount as is_found,
        coalesce(money_cycles.cycle_3m_amount, 0) / 3 as amount,
        money_cycles.cycle_length
    from periods
    left join {{ ref('money_cycles') }} as money_cycles
        on periods.business_id = money_cycles.business_id and periods.month_index = money_cycles.month_index
)

select
    business_id,
    period_start,
    months_ago,
    evidence_kind,
    -- What may have one innocent cause is one evidence: payments that this bank does not see, another bank; invoices and
    -- money to and fro between two, mutual trade.
    case
        when evidence_kind in ('inflated_turnover', 'unpaid_purchases') then 'unseen_payments'
        when cycle_length = 2 then 'mutual_trade'
        else evidence_kind
    end as evidence_family,
    is_found,
    cast(case when is_found then amount else 0 end as numeric(18, 2)) as exposed_amount
from kinds
where is_exposed
