-- The window: 182 days that end on D.
with first_day as (
    select cast({{ dbt.dateadd('day', -181, as_of_date()) }} as date) as window_start
),

-- What shows what somebody lives on. A retailer's card does not: no salary is paid to it.
activity_accounts as (
    select
        owned_accounts.gr_id,
        owned_accounts.account_id,
        owned_accounts.source_system,
        greatest(owned_accounts.opened_on, first_day.window_start) as needed_from
    from {{ ref('owned_accounts') }} as owned_accounts
    cross join first_day
    where
        owned_accounts.is_open
        and owned_accounts.product_category = 'DEPOSIT'
),

-- Since when each account has been covered up to D without a break; its opening, where that is later.
account_coverage as (
    select
        activity_accounts.gr_id,
        activity_accounts.account_id,
        min(activity_accounts.needed_from) as needed_from,
        -- greatest() skips NULL: an account without coverage would look covered.
        min(
            case
                when coverage.covered_from is not null
                    then greatest(coverage.covered_from, activity_accounts.needed_from)
            end
        ) as covered_from
    from activity_accounts
    left join {{ ref('coverage') }} as coverage
        on
            activity_accounts.source_system = coverage.source_system
            and coverage.subject = 'transactions'
            and coverage.scope_id in ('*', activity_accounts.account_id)
            and coverage.covered_to >= {{ as_of_date() }}
            and coverage.covered_from <= {{ as_of_date() }}
            and coverage.known_at <= {{ knowledge_cutoff() }}
    group by activity_accounts.gr_id, activity_accounts.account_id
),

-- All accounts together are seen from the day on which the last gap ends.
person_coverage as (
    select
        gr_id,
        coalesce(max(case when covered_from > needed_from then covered_from end), min(needed_from)) as seen_from
    from account_coverage
    group by gr_id
    having min(case when covered_from is null then 0 else 1 end) = 1
),

covered_accounts as (
    select
        owned_accounts.account_id,
        person_coverage.gr_id,
        person_coverage.seen_from,
        cast({{ dbt.datediff('person_coverage.seen_from', as_of_date(), 'day') }} + 1 as integer) as covered_days
    from person_coverage
    inner join {{ ref('owned_accounts') }} as owned_accounts on person_coverage.gr_id = owned_accounts.gr_id
    -- Two months at least: of less, one late salary would be half of everything.
    where
        owned_accounts.product_category <> 'LOYALTY'
        and {{ dbt.datediff('person_coverage.seen_from', as_of_date(), 'day') }} + 1 >= 60
),

booked as (
    select
        transactions.account_id,
        transactions.event_date,
        transactions.reporting_amount,
        transactions.merchant_category,
        extract(year from transactions.event_date) * 12 + extract(month from transactions.event_date) as month_no,
        case when transactions.direction = 'credit' then transactions.activity_type end as credit_type,
        case when transactions.direction = 'debit' then transactions.activity_type end as debit_type
    from {{ ref('transactions') }} as transactions
    cross join first_day
    where
        transactions.is_booked
        and transactions.event_date >= first_day.window_start
        and transactions.event_date <= {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
),

-- Who is covered and moved no money has a row of zeros.
totals as (
    select
        covered_accounts.gr_id,
        min(covered_accounts.covered_days) as covered_days,
        count(distinct case when credit_type = 'salary' then month_no end) as salary_months,
        count(distinct case when credit_type = 'pension' then month_no end) as pension_months,
        sum(case when credit_type = 'salary' then reporting_amount else 0 end) as salary_amount,
        sum(case when credit_type = 'pension' then reporting_amount else 0 end) as pension_amount,
        sum(case when credit_type = 'benefit' then reporting_amount else 0 end) as benefit_amount,
        sum(
            case
                when credit_type in {{ income_activity_types() }} and credit_type not in ('salary', 'pension', 'benefit')
                    then reporting_amount
                else 0
            end
        ) as other_income_amount,
        sum(case when credit_type = 'own_transfer_in' then reporting_amount else 0 end) as own_transfer_in_amount,
        sum(case when credit_type = 'cash_deposit' then reporting_amount else 0 end) as cash_deposit_amount,
        sum(case when debit_type = 'transfer_out' then reporting_amount else 0 end) as transfer_out_amount,
        sum(case when debit_type in {{ spending_activity_types() }} then reporting_amount else 0 end) as spending_amount,
        sum(
            case
                when debit_type in ('household_bill', 'utility_bill', 'insurance') then reporting_amount
                when
                    debit_type in {{ spending_activity_types() }}
                    and merchant_category in ('Grocery', 'Gas Station', 'Healthcare') then reporting_amount
                else 0
            end
        ) as essential_amount,
        sum(case when debit_type = 'cash_withdrawal' then reporting_amount else 0 end) as cash_withdrawal_amount,
        sum(case when debit_type = 'loan_payment' then reporting_amount else 0 end) as loan_payment_amount
    from covered_accounts
    left join booked
        on
            covered_accounts.account_id = booked.account_id
            and covered_accounts.seen_from <= booked.event_date
    group by covered_accounts.gr_id
)

-- What is paid monthly is divided by the months in which it came: a pay day on the first of a month falls into the window
-- five times or six. All else is divided by the window's months of 30.4375 days.
select
    gr_id,
    covered_days,
    cast(coalesce(salary_amount / nullif(salary_months, 0), 0) as numeric(18, 2)) as salary_monthly_amount,
    cast(salary_months as integer) as salary_months_count,
    cast(least(1.0, salary_months / floor(covered_days / 30.0)) as numeric(9, 4)) as salary_regularity_ratio,
    cast(coalesce(pension_amount / nullif(pension_months, 0), 0) as numeric(18, 2)) as pension_monthly_amount,
    {%- for name in [
        'benefit', 'other_income', 'own_transfer_in', 'cash_deposit', 'transfer_out', 'spending', 'essential',
        'cash_withdrawal', 'loan_payment',
    ] %}
    cast({{ name }}_amount * 30.4375 / covered_days as numeric(18, 2)) as {{ name }}_monthly_amount,
    {%- endfor %}
    cast(
        (salary_amount + pension_amount + benefit_amount + other_income_amount + cash_deposit_amount)
        * 30.4375 / covered_days as numeric(18, 2)
    ) as income_monthly_amount
from totals
