{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='loan_id',
        pre_hook="{{ prefer_hash_joins() }}",
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['loan_id'], 'unique': true}]
    )
}}
{%- set features = features_used_by('origination_pd', model) %}
{%- set catalogue_version = definitions_version(features) %}
{%- set versioned = states_its_version() %}
with links as (
    {{ party_links() }}
),

owners as (
    select
        holders.account_id,
        holders.party_id,
        row_number() over (
            partition by holders.account_id
            order by holders.valid_from, holders.party_id
        ) as owner_rank
    from {{ ref('account_holders') }} as holders
    where
        holders.holder_role = 'owner'
        and holders.party_id in (select party_id from links)
),

newest_activity as (
    select
        links.gr_id,
        max(activity.load_id) as load_id
    from {{ ref('account_daily_activity') }} as activity
    inner join links on activity.party_id = links.party_id
    group by links.gr_id
),

newest_coverage as (
    select
        source_system,
        max(load_id) as load_id
    from {{ ref('coverage') }}
    group by source_system
),

-- Everything else that the accounts of a golden record are read from; a row without a newer load is as it was.
newest_account as (
    select
        links.gr_id,
        max(greatest(holders.load_id, accounts.load_id, balances.load_id)) as load_id
    from {{ ref('account_holders') }} as holders
    inner join links on holders.party_id = links.party_id
    left join (
        select
            account_id,
            max(load_id) as load_id
        from {{ ref('accounts') }}
        group by account_id
    ) as accounts on holders.account_id = accounts.account_id
    left join (
        select
            account_id,
            max(load_id) as load_id
        from {{ ref('account_balances') }}
        group by account_id
    ) as balances on holders.account_id = balances.account_id
    group by links.gr_id
),

loan_owners as (
    select
        loans.loan_id,
        {{ cutoff_on('loans.granted_on') }} as knowledge_cutoff,
        coalesce(settlement_owners.party_id, own.party_id) as party_id
    from {{ ref('loans') }} as loans
    left join owners as settlement_owners
        on
            loans.settlement_account_id = settlement_owners.account_id
            and settlement_owners.owner_rank = 1
    left join owners as own
        on
            loans.loan_id = own.account_id
            and own.owner_rank = 1
),

loans_with_owner as (
    select
        loans.loan_id as spine_id,
        loans.loan_id,
        loans.settlement_account_id,
        loans.granted_on,
        links.gr_id,
        loan_owners.party_id,
        cast({{ dbt.dateadd('day', -1, 'loans.granted_on') }} as date) as as_of_date,
        loan_owners.knowledge_cutoff,
        loans.principal_amount as loan_principal_amount,
        loans.term_months as loan_term_months,
        loans.instalment_amount as loan_instalment_amount,
        greatest(
            loans.load_id, newest_activity.load_id, newest_coverage.load_id, newest_account.load_id
        ) as load_id
    from {{ ref('loans') }} as loans
    inner join loan_owners on loans.loan_id = loan_owners.loan_id
    left join links
        on
            loan_owners.party_id = links.party_id
            and (links.known_from is null or loan_owners.knowledge_cutoff >= links.known_from)
            and loan_owners.knowledge_cutoff < links.known_until
    left join newest_activity on links.gr_id = newest_activity.gr_id
    left join newest_account on links.gr_id = newest_account.gr_id
    left join newest_coverage on loans.source_system = newest_coverage.source_system
),

spine as (
    select loans_with_owner.*
    from loans_with_owner
    {%- if is_incremental() and versioned %}
    left join {{ this }} as computed on loans_with_owner.loan_id = computed.loan_id
    {%- endif %}
    where
        loans_with_owner.gr_id is not null
        {%- if is_incremental() and versioned %}
        and (
            computed.loan_id is null
            or computed.load_id < loans_with_owner.load_id
            or computed.gr_id <> loans_with_owner.gr_id
            or coalesce(computed.catalogue_version, '') <> '{{ catalogue_version }}'
        )
        {%- endif %}
),

settlement_bookings as (
    select
        spine.spine_id,
        spine.as_of_date,
        transactions.event_date,
        transactions.direction,
        transactions.activity_type,
        transactions.reporting_amount as amount,
        transactions.balance_after_amount as balance,
        row_number() over (
            partition by spine.spine_id
            order by
                transactions.event_date desc,
                transactions.sequence_number desc nulls last,
                transactions.transaction_id desc
        ) as recency
    from spine
    inner join {{ ref('transactions') }} as transactions
        on
            spine.settlement_account_id = transactions.account_id
            and transactions.is_booked
            and spine.as_of_date >= transactions.event_date
    where {{ visible_at('transactions', 'spine.knowledge_cutoff') }}
),

reference_values as (
    select
        spine_id,
        avg(balance) as reference_bal_mean,
        min(balance) as reference_bal_min,
        stddev_samp(balance) as reference_bal_std,
        max(case when recency = 1 then balance end) as reference_bal_last,
        count(*) as reference_n,
        avg(case when direction = 'credit' then amount end) as reference_cr,
        avg(case when direction = 'debit' then amount end) as reference_db,
        sum(case when activity_type = 'penalty_interest' then 1 else 0 end) as reference_pen,
        avg(case when activity_type = 'cash_withdrawal' then amount end) as reference_cash,
        {{ dbt.datediff('min(event_date)', 'max(as_of_date)', 'day') }} as reference_days
    from settlement_bookings
    group by spine_id
),

{{ feature_ctes(features) }}

-- The plain aggregates, too, are NULL where the history is not covered.
select
    spine.loan_id,
    spine.gr_id,
    spine.granted_on,
    spine.as_of_date,
    spine.knowledge_cutoff,
    feature_values.covered_weeks_count,
    feature_values.is_history_covered,
    spine.load_id,
    '{{ catalogue_version }}' as catalogue_version
    {%- for feature in features %},
    feature_values.{{ feature.name }}
    {%- endfor %}
    {%- for column in [
        'bal_mean', 'bal_min', 'bal_std', 'bal_last', 'n', 'cr', 'db', 'pen', 'cash', 'days'
    ] %},
    case
        when feature_values.is_history_covered then cast(reference_values.reference_{{ column }} as double precision)
    end as reference_{{ column }}
    {%- endfor %}
from spine
inner join feature_values on spine.spine_id = feature_values.spine_id
left join reference_values on spine.spine_id = reference_values.spine_id
