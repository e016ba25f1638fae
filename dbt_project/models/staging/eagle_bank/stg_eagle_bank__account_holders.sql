with disposition as (
    select * from {{ latest_version(source('eagle_bank', 'disposition'), ['disp_id']) }} as disposition
),

deposits as (
    select
        {{ eagle_bank_id('account', 'disposition.account_id') }} as account_id,
        disposition.client_id,
        lower(disposition.type) as holder_role,
        account.parseddate as valid_from,
        greatest(disposition._load_id, account._load_id) as load_id
    from disposition
    inner join {{ latest_version(source('eagle_bank', 'account'), ['account_id']) }} as account
        on disposition.account_id = account.account_id
),

cards as (
    select
        {{ eagle_bank_id('card', 'card.card_id') }} as account_id,
        disposition.client_id,
        lower(disposition.type) as holder_role,
        card.fulldate as valid_from,
        greatest(disposition._load_id, card._load_id) as load_id
    from {{ latest_version(source('eagle_bank', 'card'), ['card_id']) }} as card
    inner join disposition on card.disp_id = disposition.disp_id
),

-- Only the owner of an account may borrow.
loans as (
    select
        {{ eagle_bank_id('loan', 'loan.loan_id') }} as account_id,
        disposition.client_id,
        'owner' as holder_role,
        loan.fulldate as valid_from,
        greatest(disposition._load_id, loan._load_id) as load_id
    from {{ latest_version(source('eagle_bank', 'loan'), ['loan_id']) }} as loan
    inner join disposition
        on loan.account_id = disposition.account_id and disposition.type = 'Owner'
),

united as (
    select * from deposits
    union all
    select * from cards
    union all
    select * from loans
)

select
    account_id,
    {{ eagle_bank_id('client', 'client_id') }} as party_id,
    holder_role,
    valid_from,
    cast(null as date) as valid_to,
    {{ known_at_history('valid_from') }} as known_at,
    load_id
from united
