{# What the two transaction files hold, as their makers cut them: all accounts open by 2014-03-31, and 354 accounts up to the loan. #}
{% set first_day, last_day = "cast('2013-01-01' as date)", "cast('2014-03-31' as date)" %}
with accounts as (
    select account_id, parseddate as opened_on
    from {{ latest_version(source('eagle_bank', 'account'), ['account_id']) }} as account
),

all_accounts_file as (
    select max(_load_id) as load_id from {{ source('eagle_bank', 'trans_1993_1994') }}
),

borrowers_file as (
    select {{ eagle_bank_number('A', 'account_id') }} as account_id, max(_load_id) as load_id
    from {{ source('eagle_bank', 'trans_preloan') }}
    group by account_id
),

covered_accounts as (
    select
        accounts.account_id,
        greatest(accounts.opened_on, {{ first_day }}) as covered_from,
        {{ last_day }} as covered_to,
        all_accounts_file.load_id
    from accounts
    cross join all_accounts_file
    where accounts.opened_on <= {{ last_day }} and all_accounts_file.load_id is not null
    union all
    select
        accounts.account_id,
        accounts.opened_on as covered_from,
        cast({{ dbt.dateadd('day', -1, 'loan.fulldate') }} as date) as covered_to,
        borrowers_file.load_id
    from borrowers_file
    inner join accounts on borrowers_file.account_id = accounts.account_id
    inner join {{ latest_version(source('eagle_bank', 'loan'), ['loan_id']) }} as loan
        on accounts.account_id = loan.account_id
    where loan.fulldate > accounts.opened_on
),

subjects as (
    select 'transactions' as subject
    union all
    select 'balances' as subject
),

-- Complaints are the contacts that name a client; where they end, a client without a contact may have had one.
complaints as (
    select min(date_received) as covered_from, max(date_received) as covered_to, max(_load_id) as load_id
    from {{ source('eagle_bank', 'crm_events') }}
),

united as (
    select
        subjects.subject,
        {{ eagle_bank_id('account', 'covered_accounts.account_id') }} as scope_id,
        covered_accounts.covered_from,
        covered_accounts.covered_to,
        covered_accounts.load_id
    from covered_accounts
    cross join subjects
    union all
    select 'contacts' as subject, '*' as scope_id, covered_from, covered_to, load_id
    from complaints
    where load_id is not null
)

select
    'eagle_bank' as source_system,
    subject,
    scope_id,
    covered_from,
    covered_to,
    {{ known_at_history('covered_from') }} as known_at,
    load_id
from united
