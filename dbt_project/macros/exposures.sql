{# What is at risk on a day, from what was known at that day's cut-off: the one home of features.exposures (one day) and of
   features.predelinquency_labels (the days of the grid), so that what is learnt from and what is scored are the same people. #}

{# Days ahead that the target looks; days after its due day on which an unpaid instalment counts; days until a label is final. #}
{% macro horizon_days() -%} {{ return(30) }} {%- endmacro %}
{% macro grace_days() -%} {{ return(5) }} {%- endmacro %}
{% macro maturity_days() -%} {{ return(horizon_days() + grace_days()) }} {%- endmacro %}

{# The matured days of the grid, newest first: every 28th day from Monday, 1899-01-02, whatever day runs. 28 days keep the weekday;
   26 of them, two years, are what a model learns from at most, so that a first run on a long history stays affordable. #}
{% macro grid_days() -%}
    {%- set epoch = modules.datetime.date(1899, 1, 2) -%}
    {%- set today = modules.datetime.datetime.strptime(env_var('ASSAY_AS_OF_DATE', '1900-01-01'), '%Y-%m-%d').date() -%}
    {%- set days_matured = (today - epoch).days - maturity_days() -%}
    {%- set days = [] -%}
    {%- for step in range(26) -%}
        {%- set day = epoch + modules.datetime.timedelta(days=28 * (days_matured // 28 - step)) -%}
        {%- if day >= epoch -%} {%- do days.append(day.isoformat()) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(days) }}
{%- endmacro %}

{# The oldest of them; days that left the grid are no longer learnt from. #}
{% macro first_grid_day() -%}
    cast('{{ grid_days() | last | default('0001-01-01', true) }}' as date)
{%- endmacro %}

{# What a loan still owes by the calendar, where no source states it: the principal, less in equal parts to the last day. #}
{% macro straight_line_amount(as_of) -%}
    cast(
        principal_amount * greatest(
            0, 1 - cast({{ dbt.datediff('granted_on', as_of, 'day') }} as numeric(18, 6))
            / greatest(1, {{ dbt.datediff('granted_on', 'matures_on', 'day') }})
        ) as numeric(18, 2)
    )
{%- endmacro %}

{# Which golden record a party belonged to at any cut-off. The first that was known of a record counts for the time before it,
   too: the owner of a loan is somebody. #}
{% macro party_links() %}
    select
        party_id,
        gr_id,
        case
            when row_number() over (partition by party_id order by known_at) > 1 then known_at
        end as known_from,
        coalesce(superseded_at, {{ end_of_time() }}) as known_until
    from {{ source('ml', 'party_xref') }} as party_xref
    where {{ ever_visible('party_xref') }}
{% endmacro %}

{#
  All CTEs from `exposure_days` (as_of_date, knowledge_cutoff; one row a day) to `exposure_states` (one row a loan that runs
  on a day). An instalment is paid on a day when its payment has come by then in full; an instalment due by D and not paid
  makes the exposure past due.
#}
{% macro exposure_ctes() %}
{%- set horizon_end = 'cast(' ~ dbt.dateadd('day', horizon_days(), 'exposure_loans.as_of_date') ~ ' as date)' -%}
party_links as (
    {{ party_links() }}
),

exposure_owners as (
    select
        exposure_days.as_of_date,
        holders.account_id,
        holders.party_id,
        party_links.gr_id,
        row_number() over (
            partition by exposure_days.as_of_date, holders.account_id
            order by {{ owner_order('holders', 'exposure_days.as_of_date') }}
        ) as owner_rank
    from exposure_days
    inner join {{ ref('account_holders') }} as holders
        on
            exposure_days.as_of_date >= holders.valid_from
            and exposure_days.knowledge_cutoff >= holders.known_at
    inner join party_links
        on
            holders.party_id = party_links.party_id
            and (party_links.known_from is null or exposure_days.knowledge_cutoff >= party_links.known_from)
            and exposure_days.knowledge_cutoff < party_links.known_until
    where
        holders.holder_role = 'owner'
        and holders.account_id in (select loan_id from {{ ref('loans') }})
),

granted_loans as (
    select
        loans.loan_id,
        loans.source_system,
        loans.granted_on,
        loans.matures_on,
        exposure_days.as_of_date,
        exposure_days.knowledge_cutoff,
        {{ straight_line_amount('exposure_days.as_of_date') }} as straight_line_amount
    from exposure_days
    inner join {{ ref('loans') }} as loans
        on
            exposure_days.as_of_date >= loans.granted_on
            and exposure_days.knowledge_cutoff >= loans.known_at
),

loan_versions as (
    {{ with_account_versions(
        'granted_loans', ['as_of_date', 'loan_id'], 'loan_id',
        ['product_name', 'product_category', 'closed_on', 'deleted_on'], 'knowledge_cutoff', 'as_of_date'
    ) }}
),

exposure_loans as (
    select
        loan_versions.loan_id,
        loan_versions.source_system,
        loan_versions.granted_on,
        loan_versions.matures_on,
        loan_versions.as_of_date,
        loan_versions.knowledge_cutoff,
        exposure_owners.gr_id,
        exposure_owners.party_id,
        loan_versions.product_name,
        loan_versions.straight_line_amount
    from loan_versions
    inner join exposure_owners
        on
            loan_versions.loan_id = exposure_owners.account_id
            and loan_versions.as_of_date = exposure_owners.as_of_date
            and exposure_owners.owner_rank = 1
    where
        loan_versions.product_category in ('LOAN', 'CREDIT')
        and (loan_versions.closed_on is null or loan_versions.closed_on > loan_versions.as_of_date)
        and (loan_versions.deleted_on is null or loan_versions.deleted_on > loan_versions.as_of_date)
),

exposure_instalments as (
    select
        exposure_loans.loan_id,
        exposure_loans.as_of_date,
        payments_due.due_on,
        payments_due.due_amount,
        payments_due.due_on <= exposure_loans.as_of_date as is_due,
        payments_due.due_on <= {{ horizon_end }} as is_within_horizon,
        payments_made.payment_id is not null as is_paid
    from exposure_loans
    inner join {{ ref('payments_due') }} as payments_due
        on exposure_loans.loan_id = payments_due.loan_id
    left join {{ ref('payments_made') }} as payments_made
        on
            payments_due.payment_id = payments_made.payment_id
            and exposure_loans.as_of_date >= payments_made.paid_on
            and payments_due.due_amount <= payments_made.paid_amount
            and exposure_loans.knowledge_cutoff >= payments_made.known_at
            and exposure_loans.knowledge_cutoff < coalesce(payments_made.superseded_at, {{ end_of_time() }})
    where {{ visible_at('payments_due', 'exposure_loans.knowledge_cutoff') }}
),

exposure_plans as (
    select
        loan_id,
        as_of_date,
        min(case when is_due and not is_paid then due_on end) as oldest_unpaid_due_on,
        sum(case when is_due and not is_paid then due_amount else 0 end) as past_due_amount,
        min(case when not is_due and is_within_horizon and not is_paid then due_on end) as next_due_on,
        cast(sum(case when not is_due and is_within_horizon and not is_paid then 1 else 0 end) as integer)
            as instalments_due_count,
        sum(case when not is_due and is_within_horizon and not is_paid then due_amount else 0 end) as instalments_due_amount
    from exposure_instalments
    group by loan_id, as_of_date
),

-- Payments are told from the oldest unpaid instalment to D without a gap: what looks unpaid may stand in a file that was not delivered.
exposure_coverage as (
    select distinct
        exposure_loans.loan_id,
        exposure_loans.as_of_date
    from exposure_loans
    left join exposure_plans
        on
            exposure_loans.loan_id = exposure_plans.loan_id
            and exposure_loans.as_of_date = exposure_plans.as_of_date
    inner join {{ ref('coverage') }} as coverage
        on
            exposure_loans.source_system = coverage.source_system
            and coverage.subject = 'payments'
            and (coverage.scope_id = '*' or exposure_loans.loan_id = coverage.scope_id)
            and exposure_loans.knowledge_cutoff >= coverage.known_at
            and coalesce(exposure_plans.oldest_unpaid_due_on, exposure_loans.as_of_date) >= coverage.covered_from
            and exposure_loans.as_of_date <= coverage.covered_to
),

exposure_states as (
    select
        exposure_loans.loan_id as exposure_id,
        exposure_loans.gr_id,
        exposure_loans.party_id,
        exposure_loans.as_of_date,
        exposure_loans.knowledge_cutoff,
        exposure_loans.source_system,
        exposure_loans.product_name,
        exposure_loans.granted_on,
        exposure_loans.straight_line_amount,
        exposure_plans.oldest_unpaid_due_on,
        exposure_plans.past_due_amount,
        exposure_plans.next_due_on,
        coalesce(exposure_plans.instalments_due_count, 0) as instalments_due_count,
        exposure_plans.instalments_due_amount,
        case
            when exposure_plans.loan_id is null then 'not_applicable'
            when exposure_coverage.loan_id is null then 'insufficient_data'
            when exposure_plans.oldest_unpaid_due_on is not null then 'past_due'
            when exposure_plans.next_due_on is null then 'no_instalment_due'
            else 'eligible'
        end as exposure_status
    from exposure_loans
    left join exposure_plans
        on
            exposure_loans.loan_id = exposure_plans.loan_id
            and exposure_loans.as_of_date = exposure_plans.as_of_date
    left join exposure_coverage
        on
            exposure_loans.loan_id = exposure_coverage.loan_id
            and exposure_loans.as_of_date = exposure_coverage.as_of_date
    -- A contract that has run its term and owes nothing is at risk no more.
    where
        exposure_loans.matures_on > exposure_loans.as_of_date
        or exposure_plans.oldest_unpaid_due_on is not null
        or exposure_plans.next_due_on is not null
)
{% endmacro %}

{# CTEs to put after `exposure_ctes`: `exposure_amounts` has a row per row of `relation` (exposure_id, as_of_date, knowledge_cutoff,
   straight_line_amount): what is owed at the end of the day, the exposure at default, and on what that rests. #}
{% macro exposure_amount_ctes(relation) %}
stated_versions as (
    select
        {{ relation }}.exposure_id,
        {{ relation }}.as_of_date,
        account_balances.balance_amount,
        row_number() over (
            partition by {{ relation }}.exposure_id, {{ relation }}.as_of_date
            order by account_balances.balance_on desc, account_balances.known_at desc
        ) as recency
    from {{ relation }}
    inner join {{ ref('account_balances') }} as account_balances
        on
            {{ relation }}.exposure_id = account_balances.account_id
            and {{ relation }}.as_of_date >= account_balances.balance_on
    where {{ visible_at('account_balances', relation ~ '.knowledge_cutoff') }}
),

exposure_amounts as (
    select
        {{ relation }}.exposure_id,
        {{ relation }}.as_of_date,
        -- greatest() passes over NULL: what is owed is unknown then, not 0.
        cast(
            case
                when coalesce(stated_versions.balance_amount, {{ relation }}.straight_line_amount) is not null
                    then greatest(0, coalesce(stated_versions.balance_amount, {{ relation }}.straight_line_amount))
            end as numeric(18, 2)
        ) as exposure_amount,
        case
            when stated_versions.balance_amount is not null then 'stated'
            when {{ relation }}.straight_line_amount is not null then 'straight_line'
        end as exposure_amount_basis
    from {{ relation }}
    left join stated_versions
        on
            {{ relation }}.exposure_id = stated_versions.exposure_id
            and {{ relation }}.as_of_date = stated_versions.as_of_date
            and stated_versions.recency = 1
)
{% endmacro %}
