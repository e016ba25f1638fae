-- What is known of a golden record from which its income can be inferred. Two things that a person or a bank declares are left
-- out on purpose: income (core.income_declared holds it, as what a model learns from) and the segment, which is set by it.
with first_day as (
    select cast({{ dbt.dateadd('day', -181, as_of_date()) }} as date) as window_start
),

-- Who earns beside the person in the household, as their accounts show it.
household as (
    select
        golden_records.family_id,
        count(*) as member_count,
        count(activity.gr_id) as covered_count,
        sum(activity.income_monthly_amount) as income_monthly_amount
    from {{ ref('golden_records') }} as golden_records
    left join {{ ref('income_activity') }} as activity on golden_records.gr_id = activity.gr_id
    where
        golden_records.family_id is not null
        and golden_records.status = 'active'
        and golden_records.party_type = 'person'
    group by golden_records.family_id
),

limits as (
    select
        owned_accounts.gr_id,
        sum(accounts.credit_limit_amount) as credit_limit_amount
    from {{ ref('owned_accounts') }} as owned_accounts
    inner join (
        select
            account_id,
            credit_limit_amount,
            row_number() over (partition by account_id order by valid_from desc, known_at desc) as version_rank
        from {{ ref('accounts') }}
        where
            known_at <= {{ knowledge_cutoff() }}
            and valid_from <= {{ as_of_date() }}
    ) as accounts
        on
            owned_accounts.account_id = accounts.account_id
            and accounts.version_rank = 1
    where owned_accounts.is_open
    group by owned_accounts.gr_id
),

registered as (
    select
        gr_id,
        employment_status,
        is_disabled,
        registered_on,
        source_system
    from (
        select
            party_xref.gr_id,
            beneficiaries.employment_status,
            beneficiaries.is_disabled,
            beneficiaries.registered_on,
            beneficiaries.source_system,
            row_number() over (
                partition by party_xref.gr_id
                order by beneficiaries.valid_from desc, beneficiaries.known_at desc, beneficiaries.party_id asc
            ) as version_rank
        from {{ ref('beneficiaries') }} as beneficiaries
        inner join {{ ref('party_xref_current') }} as party_xref on beneficiaries.party_id = party_xref.party_id
        where
            beneficiaries.known_at <= {{ knowledge_cutoff() }}
            and beneficiaries.valid_from <= {{ as_of_date() }}
    ) as versions
    where version_rank = 1
),

-- The registry knows what it pays; a hole in what it delivered would look like nothing paid.
benefit_coverage as (
    select
        coverage.source_system,
        min(coverage.covered_from) as covered_from
    from {{ ref('coverage') }} as coverage
    where
        coverage.subject = 'benefits'
        and coverage.scope_id = '*'
        and coverage.known_at <= {{ knowledge_cutoff() }}
        and coverage.covered_from <= {{ as_of_date() }}
        and coverage.covered_to >= {{ as_of_date() }}
    group by coverage.source_system
),

entitled as (
    select
        registered.gr_id,
        registered.source_system,
        greatest(registered.registered_on, benefit_coverage.covered_from, first_day.window_start) as seen_from,
        cast({{ dbt.datediff(
            'greatest(registered.registered_on, benefit_coverage.covered_from, first_day.window_start)', as_of_date(), 'day'
        ) }} + 1 as integer) as covered_days
    from registered
    inner join benefit_coverage on registered.source_system = benefit_coverage.source_system
    cross join first_day
),

paid as (
    select
        entitled.gr_id,
        min(entitled.covered_days) as covered_days,
        sum(case when benefit_events.is_paid then benefit_events.reporting_amount else 0 end) as amount
    from entitled
    left join (
        select
            party_xref.gr_id,
            events.event_date,
            events.is_paid,
            events.reporting_amount
        from {{ ref('benefit_events') }} as events
        inner join {{ ref('party_xref_current') }} as party_xref on events.party_id = party_xref.party_id
        where
            events.event_date <= {{ as_of_date() }}
            and {{ visible_at('events', knowledge_cutoff()) }}
    ) as benefit_events
        on
            entitled.gr_id = benefit_events.gr_id
            and entitled.seen_from <= benefit_events.event_date
    where entitled.covered_days >= 60
    group by entitled.gr_id
),

marital as (
    select
        gr_id,
        marital_status
    from (
        select
            party_xref.gr_id,
            parties.marital_status,
            row_number() over (
                partition by party_xref.gr_id
                order by parties.valid_from desc, parties.known_at desc, parties.party_id asc
            ) as version_rank
        from {{ ref('parties') }} as parties
        inner join {{ ref('party_xref_current') }} as party_xref on parties.party_id = party_xref.party_id
        where
            parties.marital_status is not null
            and parties.known_at <= {{ knowledge_cutoff() }}
            and parties.valid_from <= {{ as_of_date() }}
    ) as versions
    where version_rank = 1
),

aged as (
    select
        gr_id,
        {{ age_in_years('birth_date', as_of_date()) }} as age
    from {{ ref('golden_records') }}
)

select
    golden_records.gr_id,
    {{ as_of_date() }} as as_of_date,
    golden_records.family_id,
    golden_records.party_type,
    golden_records.status,
    aged.age,
    coalesce({{ age_group('aged.age') }}, golden_records.stated_age_group) as age_group,
    golden_records.occupation,
    registered.employment_status,
    registered.is_disabled,
    marital.marital_status,
    golden_records.dependants_count,
    cast(household.member_count as integer) as household_members_count,
    activity.gr_id is not null as is_activity_covered,
    activity.covered_days,
    activity.salary_monthly_amount,
    activity.salary_months_count,
    activity.salary_regularity_ratio,
    activity.pension_monthly_amount,
    activity.benefit_monthly_amount,
    activity.other_income_monthly_amount,
    activity.own_transfer_in_monthly_amount,
    activity.cash_deposit_monthly_amount,
    activity.income_monthly_amount,
    activity.transfer_out_monthly_amount,
    activity.spending_monthly_amount,
    activity.essential_monthly_amount,
    activity.cash_withdrawal_monthly_amount,
    activity.loan_payment_monthly_amount,
    balances.deposit_balance_amount,
    balances.investment_balance_amount,
    cast(limits.credit_limit_amount as numeric(18, 2)) as credit_limit_amount,
    service.credit_score,
    paid.gr_id is not null as is_benefit_covered,
    cast(paid.amount * 30.4375 / paid.covered_days as numeric(18, 2)) as registry_benefit_monthly_amount,
    cast(household.covered_count - case when activity.gr_id is null then 0 else 1 end as integer)
        as household_others_covered_count,
    case
        when household.covered_count - case when activity.gr_id is null then 0 else 1 end > 0
            then cast(household.income_monthly_amount - coalesce(activity.income_monthly_amount, 0) as numeric(18, 2))
    end as household_others_income_monthly_amount,
    districts.average_salary_amount as district_average_salary_amount
from {{ ref('golden_records') }} as golden_records
inner join aged on golden_records.gr_id = aged.gr_id
left join {{ ref('income_activity') }} as activity on golden_records.gr_id = activity.gr_id
left join household
    on
        golden_records.family_id = household.family_id
        and golden_records.status = 'active'
        and golden_records.party_type = 'person'
left join limits on golden_records.gr_id = limits.gr_id
left join registered on golden_records.gr_id = registered.gr_id
left join paid on golden_records.gr_id = paid.gr_id
left join marital on golden_records.gr_id = marital.gr_id
left join {{ ref('profile_balances') }} as balances on golden_records.gr_id = balances.gr_id
left join {{ ref('profile_service') }} as service on golden_records.gr_id = service.gr_id
left join {{ ref('districts') }} as districts on golden_records.district_id = districts.district_id
