-- Cycles in a row for which somebody who is paid a scheme was not, though the rules give it. The cycles of a scheme are those
-- for which it paid anybody, so that no calendar of cycles need be known.
with covered as (
    select
        source_system,
        covered_from,
        covered_to
    from {{ ref('coverage') }}
    where subject = 'benefits' and known_at <= {{ knowledge_cutoff() }}
),

-- Due, and seen to be unpaid: the source covered the cycle and the days that it may take.
cycles as (
    select
        scheme_id,
        cycle_start_on,
        {{ days_after('cycle_start_on', flag_rule('due_days')) }} as due_on,
        row_number() over (partition by scheme_id order by cycle_start_on) as cycle_no
    from (
        select distinct
            payments.scheme_id,
            payments.cycle_start_on,
            payments.source_system
        from {{ ref('benefit_payments') }} as payments
        -- What is paid once a year or once at all leaves no runs to see.
        inner join {{ ref('scheme_terms') }} as terms
            on
                payments.scheme_id = terms.scheme_id
                and {{ holds_on('terms', 'payments.cycle_start_on') }}
                and terms.payment_cycle in ('monthly', 'quarterly')
    ) as paid_cycles
    where
        {{ days_after('cycle_start_on', flag_rule('due_days')) }} <= {{ as_of_date() }}
        and exists (
            select 1 from covered
            where
                covered.source_system = paid_cycles.source_system
                and covered.covered_from <= paid_cycles.cycle_start_on
                and covered.covered_to >= {{ days_after('paid_cycles.cycle_start_on', flag_rule('due_days')) }}
        )
),

enrolled as (
    select
        party_id,
        gr_id,
        scheme_id,
        min(cycle_start_on) as first_cycle_on
    from {{ ref('benefit_payments') }}
    group by party_id, gr_id, scheme_id
),

missed as (
    select
        enrolled.party_id,
        enrolled.gr_id,
        enrolled.scheme_id,
        cycles.cycle_start_on,
        cycles.due_on,
        cycles.cycle_no
    from enrolled
    inner join cycles
        on enrolled.scheme_id = cycles.scheme_id and enrolled.first_cycle_on < cycles.cycle_start_on
    where not exists (
        select 1 from {{ ref('benefit_payments') }} as payments
        where
            payments.gr_id = enrolled.gr_id
            and payments.scheme_id = enrolled.scheme_id
            and payments.cycle_start_on = cycles.cycle_start_on
    )
),

questions as (
    select distinct
        party_id,
        cycle_start_on as asked_on
    from missed
),

{{ scheme_verdicts() }},

owed as (
    select
        missed.*,
        verdicts.amount,
        missed.cycle_no
        - row_number() over (partition by missed.party_id, missed.scheme_id order by missed.cycle_no) as run_key
    from missed
    inner join verdicts
        on
            missed.party_id = verdicts.party_id
            and missed.cycle_start_on = verdicts.asked_on
            and missed.scheme_id = verdicts.scheme_id
            and verdicts.verdict = 'eligible'
),

runs as (
    select
        owed.*,
        row_number() over (partition by party_id, scheme_id, run_key order by cycle_no) as run_no,
        count(*) over (partition by party_id, scheme_id, run_key) as run_length
    from owed
)

select
    gr_id,
    'eligible_by_rule_and_unpaid' as flag_type,
    due_on as evidence_on,
    due_on as held_until,
    party_id || '|' || scheme_id || '|' || cast(cycle_start_on as {{ dbt.type_string() }}) as evidence_key,
    least(0.4 + 0.1 * run_no, 1.0) as score,
    scheme_id || ' was not paid for the cycle of ' || cast(cycle_start_on as {{ dbt.type_string() }})
    || ' though the rules give it, number ' || cast(run_no as {{ dbt.type_string() }}) || ' in a row' as evidence,
    {{ json_text([
        ['scheme_id', 'scheme_id', false],
        ['cycle_start_on', 'cycle_start_on', false],
        ['in_a_row', 'run_no', true],
        ['amount', 'cast(amount as numeric(18, 2))', true],
    ]) }} as facts
from runs
where run_length >= {{ flag_rule('unpaid_cycles') }}
