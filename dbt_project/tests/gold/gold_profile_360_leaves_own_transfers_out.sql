{# The asset whose check this is, since it reads several. #}
{{ config(meta={'dagster': {'ref': {'name': 'gold_profile_360'}}}) }}
-- Volume with others and observed income counted anew from the transactions: money that only moved between own accounts
-- must be in neither.
with counted as (
    select
        owned_accounts.gr_id,
        coalesce(
            sum(transactions.reporting_amount) filter (
                where transactions.activity_type not in ('own_transfer_in', 'own_transfer_out')
            ), 0
        ) as external_amount,
        coalesce(
            sum(transactions.reporting_amount) filter (
                where
                transactions.direction = 'credit'
                and transactions.activity_type not in ('own_transfer_in', 'own_transfer_out')
            ), 0
        ) as external_credit_amount
    from {{ ref('transactions') }} as transactions
    inner join {{ ref('owned_accounts') }} as owned_accounts on transactions.account_id = owned_accounts.account_id
    where
        transactions.is_booked
        and transactions.event_date between {{ window_start_90d() }} and {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
    group by owned_accounts.gr_id
)

select
    profile.gr_id,
    profile.external_volume_90d_amount,
    profile.observed_annual_income_amount
from {{ ref('gold_profile_360') }} as profile
left join counted on profile.gr_id = counted.gr_id
where
    profile.external_volume_90d_amount <> coalesce(counted.external_amount, 0)
    or profile.external_volume_90d_amount > profile.transaction_volume_90d_amount
    -- At least 60 covered days: what came in, carried to a year, is at most this.
    or profile.observed_annual_income_amount > coalesce(counted.external_credit_amount, 0) * 365.25 / 60
