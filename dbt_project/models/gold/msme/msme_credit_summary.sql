with businesses as (
    {{ businesses_at_day() }}
),

loans as (
    select
        businesses.business_id,
        loans.*
    from {{ ref('loans') }} as loans
    inner join {{ ref('owned_accounts') }} as owned_accounts on loans.loan_id = owned_accounts.account_id
    inner join businesses on owned_accounts.owner_party_id = businesses.party_id
    where loans.known_at <= {{ knowledge_cutoff() }} and loans.granted_on <= {{ as_of_date() }}
),

granted as (
    select
        business_id,
        count(*) as loans_count,
        sum(case when matures_on > {{ as_of_date() }} then 1 else 0 end) as active_loans_count,
        sum(principal_amount) as granted_amount,
        sum(case when matures_on > {{ as_of_date() }} then instalment_amount end) as instalment_amount
    from loans
    group by business_id
),

instalments as (
    select
        loans.business_id,
        due.due_on,
        due.due_amount,
        coalesce(paid.paid_amount, 0) as paid_amount,
        -- A part is no payment.
        case when paid.paid_amount >= due.due_amount then paid.paid_on end as paid_on
    from {{ ref('payments_due') }} as due
    inner join loans on due.loan_id = loans.loan_id
    left join {{ ref('payments_made') }} as paid
        on
            due.payment_id = paid.payment_id
            and paid.paid_on <= {{ as_of_date() }}
            and {{ visible_at('paid', knowledge_cutoff()) }}
    where due.due_on <= {{ as_of_date() }} and {{ visible_at('due', knowledge_cutoff()) }}
),

served as (
    select
        business_id,
        count(*) as due_count,
        count(paid_on) as paid_count,
        sum(case when coalesce(paid_on, {{ as_of_date() }}) > due_on + 5 then 1 else 0 end) as late_count,
        sum(case when paid_on is null then due_amount - paid_amount else 0 end) as past_due_amount
    from instalments
    group by business_id
),

failed as (
    select
        business_id,
        sum(failed_debit_count) as failed_count
    from {{ ref('business_months') }}
    where month_index > {{ month_index(as_of_date()) }} - 12
    group by business_id
)

select
    businesses.business_id as business_id,
    cast(coalesce(granted.loans_count, 0) as integer) as loans_count,
    cast(coalesce(granted.active_loans_count, 0) as integer) as active_loans_count,
    cast(coalesce(granted.granted_amount, 0) as numeric(18, 2)) as granted_amount,
    cast(coalesce(granted.instalment_amount, 0) as numeric(18, 2)) as instalment_amount,
    cast(coalesce(served.due_count, 0) as integer) as instalments_due_count,
    cast(coalesce(served.paid_count, 0) as integer) as instalments_paid_count,
    cast(coalesce(served.late_count, 0) as integer) as instalments_late_count,
    cast(coalesce(served.past_due_amount, 0) as numeric(18, 2)) as past_due_amount,
    cast(measures.debt_service_pct as numeric(12, 2)) as debt_service_pct,
    cast(coalesce(failed.failed_count, 0) as integer) as failed_debits_12m_count,
    {{ data_cutoff() }} as last_updated
from businesses
left join granted on businesses.business_id = granted.business_id
left join served on businesses.business_id = served.business_id
left join failed on businesses.business_id = failed.business_id
left join {{ ref('business_measures') }} as measures on businesses.business_id = measures.business_id
