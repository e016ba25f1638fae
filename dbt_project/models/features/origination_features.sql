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

newest_coverage as (
    select
        source_system,
        max(load_id) as load_id
    from {{ ref('coverage') }}
    group by source_system
),

-- Everything else that the accounts of a golden record are read from; a row without a newer load is as it was. Another owner of
-- an account decides, too, whose it is.
account_loads as (
    select
        account_id,
        max(load_id) as load_id
    from (
        {%- for input in ['account_holders', 'accounts', 'account_balances', 'account_daily_activity'] %}
        select
            account_id,
            max(load_id) as load_id
        from {{ ref(input) }}
        group by account_id
        {{- "\n        union all" if not loop.last }}
        {%- endfor %}
    ) as loads
    group by account_id
),

newest_account as (
    select
        links.gr_id,
        max(account_loads.load_id) as load_id
    from {{ ref('account_holders') }} as holders
    inner join links on holders.party_id = links.party_id
    inner join account_loads on holders.account_id = account_loads.account_id
    group by links.gr_id
),

-- Who borrows: whom the source names as owner of the loan itself, else of the account that it is paid from, as the day before the
-- loan knew it; where nobody was known, the first that became known: the owner of a loan is somebody.
candidates as (
    select
        loans.loan_id,
        1 as account_rank,
        loans.granted_on as owned_on,
        holders.party_id,
        holders.valid_from,
        holders.valid_to,
        holders.known_at
    from {{ ref('loans') }} as loans
    inner join {{ ref('account_holders') }} as holders on loans.loan_id = holders.account_id
    where holders.holder_role = 'owner'
    union all
    select
        loans.loan_id,
        2 as account_rank,
        cast({{ dbt.dateadd('day', -1, 'loans.granted_on') }} as date) as owned_on,
        holders.party_id,
        holders.valid_from,
        holders.valid_to,
        holders.known_at
    from {{ ref('loans') }} as loans
    inner join {{ ref('account_holders') }} as holders on loans.settlement_account_id = holders.account_id
    where holders.holder_role = 'owner'
),

borrowers as (
    select
        loans.loan_id,
        {{ cutoff_on('loans.granted_on') }} as knowledge_cutoff,
        candidates.party_id,
        row_number() over (
            partition by loans.loan_id
            order by
                candidates.account_rank asc,
                case
                    when
                        candidates.valid_from <= candidates.owned_on
                        -- A loan and its owner become known together, after it was granted.
                        and (candidates.account_rank = 1 or candidates.known_at <= {{ cutoff_on('loans.granted_on') }}) then 0
                    else 1
                end asc,
                {{ owner_order('candidates', 'candidates.owned_on') }}
        ) as owner_rank
    from {{ ref('loans') }} as loans
    inner join candidates on loans.loan_id = candidates.loan_id
    where candidates.party_id in (select party_id from links)
),

loans_with_owner as (
    select
        loans.loan_id as spine_id,
        loans.loan_id,
        loans.settlement_account_id,
        loans.granted_on,
        links.gr_id,
        borrowers.party_id,
        cast({{ dbt.dateadd('day', -1, 'loans.granted_on') }} as date) as as_of_date,
        borrowers.knowledge_cutoff,
        loans.principal_amount as loan_principal_amount,
        loans.term_months as loan_term_months,
        loans.instalment_amount as loan_instalment_amount,
        greatest(loans.load_id, newest_coverage.load_id, newest_account.load_id) as load_id
    from {{ ref('loans') }} as loans
    inner join borrowers
        on
            loans.loan_id = borrowers.loan_id
            and borrowers.owner_rank = 1
    left join links
        on
            borrowers.party_id = links.party_id
            and (links.known_from is null or borrowers.knowledge_cutoff >= links.known_from)
            and borrowers.knowledge_cutoff < links.known_until
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
