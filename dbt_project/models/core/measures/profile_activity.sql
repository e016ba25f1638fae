with first_day as (
    select cast({{ dbt.dateadd('day', -90, as_of_date()) }} as date) as window_start
),

-- The account that shows what somebody does, a deposit account or a retailer's card, is covered where one statement of its source holds it from the later of window start and opening on.
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
        and owned_accounts.product_category in ('DEPOSIT', 'LOYALTY')
),

known_coverage as (
    select * from {{ ref('coverage') }}
    where known_at <= {{ knowledge_cutoff() }}
),

account_coverage as (
    select
        activity_accounts.gr_id,
        activity_accounts.account_id,
        min(activity_accounts.needed_from) as needed_from,
        max(case when known_coverage.subject = 'transactions' then 1 else 0 end) as has_transactions,
        max(case when known_coverage.subject = 'merchant' then 1 else 0 end) as has_merchants,
        max(case when known_coverage.subject = 'channel' then 1 else 0 end) as has_channels
    from activity_accounts
    left join known_coverage
        on
            activity_accounts.source_system = known_coverage.source_system
            and known_coverage.scope_id in ('*', activity_accounts.account_id)
            and activity_accounts.needed_from >= known_coverage.covered_from
            and known_coverage.covered_to >= {{ as_of_date() }}
    group by activity_accounts.gr_id, activity_accounts.account_id
),

covered as (
    select
        gr_id,
        min(has_transactions) = 1 as is_activity_covered,
        min(has_merchants) = 1 as is_merchant_covered,
        min(has_channels) = 1 as is_channel_covered,
        cast({{ dbt.datediff('min(needed_from)', as_of_date(), 'day') }} + 1 as integer) as covered_days
    from account_coverage
    group by gr_id
),

movements as (
    select
        party_xref.gr_id,
        transactions.event_date,
        transactions.reporting_amount,
        transactions.channel,
        transactions.merchant_category,
        transactions.activity_type not in {{ own_transfer_activity_types() }} as is_external,
        transactions.event_date >= first_day.window_start as is_in_window,
        {{ dbt.datediff('transactions.event_date', as_of_date(), 'day') }} as days_ago
    from {{ ref('transactions') }} as transactions
    inner join {{ ref('owned_accounts') }} as owned_accounts on transactions.account_id = owned_accounts.account_id
    inner join {{ ref('party_xref_current') }} as party_xref on owned_accounts.owner_party_id = party_xref.party_id
    cross join first_day
    where
        transactions.is_booked
        and transactions.event_date <= {{ as_of_date() }}
        and {{ visible_at('transactions', knowledge_cutoff()) }}
),

counted as (
    select
        gr_id,
        max(event_date) as last_transaction_on,
        sum(case when is_in_window then 1 else 0 end) as transaction_count,
        coalesce(sum(case when is_in_window then reporting_amount end), 0) as volume_amount,
        coalesce(sum(case when is_in_window and is_external then reporting_amount end), 0) as external_amount,
        avg(case when is_in_window then reporting_amount end) as avg_amount,
        stddev_samp(case when is_in_window then reporting_amount end) as volatility_amount,
        count(distinct case when is_in_window then merchant_category end) as category_count,
        sum(case when is_in_window and channel is not null then 1 else 0 end) as channel_count,
        sum(case when is_in_window and channel = 'Mobile' then 1 else 0 end) as mobile_count,
        sum(case when is_in_window and channel in ('Mobile', 'Online') then 1 else 0 end) as digital_count,
        sum(
            case when is_in_window and extract(dow from event_date) in (0, 6) then 1 else 0 end
        ) as weekend_count,
        -- Halves of 45 days each; the oldest of the 91 days belongs to neither.
        sum(case when days_ago <= 44 then 1 else 0 end) as recent_count,
        sum(case when days_ago between 45 and 89 then 1 else 0 end) as earlier_count,
        {{ sorted_list('case when is_in_window then channel end') }} as channels
    from movements
    group by gr_id
),

income as (
    select
        party_xref.gr_id,
        -- Many are paid in cash that they bring to the counter; the features' signal `income` counts the same.
        sum(activity.income_amount + activity.cash_deposit_amount) as income_amount
    from {{ ref('account_daily_activity') }} as activity
    inner join {{ ref('owned_accounts') }} as owned_accounts on activity.account_id = owned_accounts.account_id
    inner join {{ ref('party_xref_current') }} as party_xref on owned_accounts.owner_party_id = party_xref.party_id
    cross join first_day
    where
        activity.activity_date between first_day.window_start and {{ as_of_date() }}
        and activity.known_at <= {{ knowledge_cutoff() }}
        and activity.visible_until > {{ knowledge_cutoff() }}
    group by party_xref.gr_id
)

-- Every measure of the window is NULL where the window is not covered, whatever was seen of it.
select
    covered.gr_id,
    covered.is_activity_covered,
    covered.covered_days,
    counted.last_transaction_on,
    {{ dbt.datediff('counted.last_transaction_on', as_of_date(), 'day') }} as days_since_transaction,
    case when is_activity_covered then cast(coalesce(counted.transaction_count, 0) as integer) end as transactions_90d_count,
    case
        when is_activity_covered then cast(coalesce(counted.volume_amount, 0) as numeric(18, 2))
    end as transaction_volume_90d_amount,
    case
        when is_activity_covered then cast(coalesce(counted.external_amount, 0) as numeric(18, 2))
    end as external_volume_90d_amount,
    case when is_activity_covered then cast(counted.avg_amount as numeric(18, 2)) end as avg_transaction_amount,
    case when is_activity_covered then cast(counted.volatility_amount as numeric(18, 2)) end as transaction_volatility_amount,
    case
        when is_activity_covered and is_merchant_covered then cast(coalesce(counted.category_count, 0) as integer)
    end as unique_categories_count,
    case
        when is_activity_covered and is_channel_covered
            then cast(100.0 * counted.mobile_count / nullif(counted.channel_count, 0) as numeric(9, 2))
    end as mobile_usage_pct,
    case
        when is_activity_covered and is_channel_covered
            then cast(100.0 * counted.digital_count / nullif(counted.channel_count, 0) as numeric(9, 2))
    end as digital_usage_pct,
    case
        when is_activity_covered
            then cast(100.0 * counted.weekend_count / nullif(counted.transaction_count, 0) as numeric(9, 2))
    end as weekend_activity_pct,
    case when is_activity_covered then nullif(counted.channels, '') end as channels,
    case when is_activity_covered then cast(coalesce(counted.recent_count, 0) as integer) end as recent_45d_count,
    -- Who opened in the middle of the earlier half was not yet there to be compared with.
    case
        when is_activity_covered and covered.covered_days >= 90 then cast(coalesce(counted.earlier_count, 0) as integer)
    end as earlier_45d_count,
    case
        when is_activity_covered and covered.covered_days >= 60
            then cast(nullif(income.income_amount, 0) * 365.25 / covered.covered_days as numeric(18, 2))
    end as observed_annual_income_amount
from covered
left join counted on covered.gr_id = counted.gr_id
left join income on covered.gr_id = income.gr_id
