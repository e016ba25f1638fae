-- Pay that comes in and income that is declared, month by month. What a trade or a business brings is left out: turnover is
-- no income. A record that was merged with that of a relative in want is judged by the most that any of its parts declares.
with salaries as (
    select
        owned_accounts.gr_id,
        {{ month_start('transactions.event_date') }} as month_on,
        sum(transactions.reporting_amount) as pay_amount
    from {{ ref('transactions') }} as transactions
    inner join {{ ref('owned_accounts') }} as owned_accounts on transactions.account_id = owned_accounts.account_id
    where
        transactions.is_booked
        and transactions.direction = 'credit'
        and transactions.activity_type = 'salary'
        and transactions.event_date <= {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
    group by owned_accounts.gr_id, {{ month_start('transactions.event_date') }}
),

registered as (
    select distinct gr_id from {{ ref('beneficiary_versions') }}
),

paid as (
    select
        salaries.gr_id,
        salaries.month_on,
        {{ month_index('salaries.month_on') }} as month_index,
        {{ days_after(dbt.dateadd('month', 1, 'salaries.month_on'), -1) }} as month_end,
        salaries.pay_amount
    from salaries
    inner join registered on salaries.gr_id = registered.gr_id
),

-- Without pay in each of the months the rest says nothing of a month.
quarters as (
    select
        one.gr_id,
        one.month_index,
        one.month_end,
        sum(before.pay_amount) / {{ flag_rule('declared_months') }} as pay_amount
    from paid as one
    inner join paid as before
        on
            one.gr_id = before.gr_id
            and before.month_index between one.month_index - {{ flag_rule('declared_months') }} + 1 and one.month_index
    where one.month_end <= {{ as_of_date() }}
    group by one.gr_id, one.month_index, one.month_end
    having count(*) = {{ flag_rule('declared_months') }}
),

declared as (
    select
        quarters.gr_id,
        quarters.month_index,
        quarters.month_end,
        quarters.pay_amount,
        max(versions.declared_monthly_income_amount) as declared_amount
    from quarters
    inner join {{ ref('beneficiary_versions') }} as versions
        on
            quarters.gr_id = versions.gr_id
            and quarters.month_end >= versions.valid_from
            and (versions.valid_to is null or quarters.month_end < versions.valid_to)
    where versions.declared_monthly_income_amount is not null
    group by quarters.gr_id, quarters.month_index, quarters.month_end, quarters.pay_amount
),

understated as (
    select
        declared.*,
        month_index
        - row_number() over (partition by gr_id, declared_amount order by month_index) as stretch_no
    from declared
    where declared_amount < {{ flag_rule('declared_share') }} * pay_amount
),

-- One declaration is one piece of evidence, however long it stands.
stretches as (
    select
        gr_id,
        declared_amount,
        min(month_end) as evidence_on,
        max(month_end) as held_until,
        count(*) as months_count,
        avg(pay_amount) as pay_amount
    from understated
    group by gr_id, declared_amount, stretch_no
)

select
    gr_id,
    'declared_vs_observed_income' as flag_type,
    evidence_on,
    held_until,
    cast(declared_amount as {{ dbt.type_string() }}) || '|' || cast(evidence_on as {{ dbt.type_string() }}) as evidence_key,
    1 - declared_amount / pay_amount as score,
    'Declares ' || cast(cast(100 * declared_amount / pay_amount as integer) as {{ dbt.type_string() }})
    || ' percent of the pay that came in over three months and more' as evidence,
    {{ json_text([
        ['declared_month_amount', 'cast(declared_amount as numeric(18, 2))', true],
        ['pay_month_amount', 'cast(pay_amount as numeric(18, 2))', true],
        ['months', 'months_count', true],
        ['seen_until', 'held_until', false],
    ]) }} as facts
from stretches
