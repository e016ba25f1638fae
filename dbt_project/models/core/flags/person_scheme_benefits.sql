{{ config(indexes=[{'columns': ['gr_id']}]) }}
with paid as (
    select
        gr_id,
        scheme_id,
        max(cycle_start_on) as last_cycle_on,
        cast(count(*) as integer) as payments_count,
        sum(amount) as paid_total_amount,
        cast(
            sum(case when paid_on > {{ dbt.dateadd('month', -12, as_of_date()) }} then 1 else 0 end) as integer
        ) as payments_12m_count,
        sum(case when paid_on > {{ dbt.dateadd('month', -12, as_of_date()) }} then amount else 0 end) as paid_12m_amount
    from {{ ref('benefit_payments') }}
    group by gr_id, scheme_id
),

-- Of several records of one person the most favourable one counts.
eligibility as (
    select
        gr_id,
        scheme_id,
        max(case verdict when 'eligible' then 2 when 'unknown' then 1 else 0 end) as verdict_rank,
        max(case when verdict = 'eligible' then cycle_amount end) as cycle_amount,
        max(case when verdict = 'eligible' then year_amount end) as year_amount
    from {{ ref('scheme_eligibility') }}
    group by gr_id, scheme_id
),

pairs as (
    select
        gr_id,
        scheme_id
    from paid
    union
    select
        gr_id,
        scheme_id
    from eligibility
),

registered as (
    select distinct gr_id from {{ ref('beneficiary_versions') }}
),

-- Of a scheme that is over, the terms that are known last.
cycles as (
    select
        master.scheme_id,
        master.source_system,
        master.scheme_name,
        master.category,
        coalesce(terms.payment_cycle, master.payment_cycle) as payment_cycle
    from {{ ref('scheme_master') }} as master
    left join {{ ref('scheme_terms') }} as terms
        on master.scheme_id = terms.scheme_id and {{ holds_on('terms', as_of_date()) }}
),

-- How far back a payment would have to be seen: a cycle and the days that it may take.
schemes as (
    select
        scheme_id,
        source_system,
        scheme_name,
        category,
        payment_cycle,
        {{ days_after(
            "case payment_cycle when 'monthly' then cast(" ~ dbt.dateadd('month', -1, as_of_date()) ~ " as date)"
            ~ " when 'quarterly' then cast(" ~ dbt.dateadd('month', -3, as_of_date()) ~ " as date)"
            ~ " else cast(" ~ dbt.dateadd('month', -12, as_of_date()) ~ " as date) end",
            '-' ~ flag_rule('due_days')
        ) }} as needed_from
    from cycles
),

covered as (
    select
        schemes.scheme_id,
        max(case when coverage.covered_from <= schemes.needed_from then 1 else 0 end) as is_covered
    from schemes
    inner join {{ ref('coverage') }} as coverage
        on
            schemes.source_system = coverage.source_system
            and coverage.subject = 'benefits'
            and coverage.covered_to >= {{ as_of_date() }}
            and coverage.known_at <= {{ knowledge_cutoff() }}
    group by schemes.scheme_id
),

judged as (
    select
        pairs.gr_id,
        schemes.scheme_id,
        schemes.scheme_name,
        schemes.category,
        schemes.payment_cycle,
        paid.last_cycle_on,
        coalesce(paid.payments_count, 0) as payments_count,
        coalesce(paid.paid_total_amount, 0) as paid_total_amount,
        coalesce(paid.payments_12m_count, 0) as payments_12m_count,
        coalesce(paid.paid_12m_amount, 0) as paid_12m_amount,
        case eligibility.verdict_rank when 2 then 'eligible' when 1 then 'unknown' when 0 then 'not_eligible' end as verdict,
        eligibility.cycle_amount,
        eligibility.year_amount,
        case
            -- Where the source covers too little, nobody can say that nothing was paid.
            when paid.last_cycle_on >= schemes.needed_from then false
            when coalesce(covered.is_covered, 0) = 0 then null
            when eligibility.verdict_rank = 2 then not (schemes.payment_cycle = 'one_time' and paid.gr_id is not null)
            when eligibility.verdict_rank = 1 then null
            -- Nobody was asked: who is registered was not concerned, of anybody else nothing is known.
            when eligibility.verdict_rank is null and registered.gr_id is null then null
            else false
        end as is_gap
    from pairs
    inner join schemes on pairs.scheme_id = schemes.scheme_id
    left join paid on pairs.gr_id = paid.gr_id and pairs.scheme_id = paid.scheme_id
    left join eligibility on pairs.gr_id = eligibility.gr_id and pairs.scheme_id = eligibility.scheme_id
    left join covered on schemes.scheme_id = covered.scheme_id
    left join registered on pairs.gr_id = registered.gr_id
)

select
    gr_id,
    scheme_id,
    scheme_name,
    category,
    payment_cycle,
    cast(payments_12m_count as integer) as payments_12m_count,
    cast(paid_12m_amount as numeric(18, 2)) as paid_12m_amount,
    cast(payments_count as integer) as payments_count,
    cast(paid_total_amount as numeric(18, 2)) as paid_total_amount,
    last_cycle_on,
    verdict,
    cast(cycle_amount as numeric(18, 2)) as cycle_amount,
    is_gap,
    cast(case when is_gap then year_amount end as numeric(18, 2)) as gap_12m_amount
from judged
