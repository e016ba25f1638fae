-- What is paid once too often: twice in a cycle, or after the payee has died.
with numbered as (
    select
        payments.*,
        max(amount) over (partition by gr_id, scheme_id, cycle_start_on) as largest_amount,
        sum(amount) over (partition by gr_id, scheme_id, cycle_start_on) as cycle_amount
    from {{ ref('benefit_payments') }} as payments
),

-- A correction or a supplement is no second payment. What the bank returned is no payment at all.
full_payments as (
    select
        numbered.*,
        row_number() over (
            partition by gr_id, scheme_id, cycle_start_on
            order by paid_on, event_id
        ) as payment_no
    from numbered
    where amount >= {{ flag_rule('duplicate_share') }} * largest_amount
),

after_death as (
    select
        payments.*,
        row_number() over (partition by payments.gr_id order by payments.paid_on, payments.event_id) as payment_no
    from {{ ref('benefit_payments') }} as payments
    inner join {{ ref('golden_records') }} as golden_records on payments.gr_id = golden_records.gr_id
    -- The cycle in which the death fell is due; it may be paid later.
    where payments.cycle_start_on > golden_records.death_date
)

select
    gr_id,
    'duplicate_benefit_in_cycle' as flag_type,
    paid_on as evidence_on,
    paid_on as held_until,
    event_id as evidence_key,
    case when amount = largest_amount then 0.8 else 0.6 end as score,
    scheme_id || ' paid ' || cast(payment_no as {{ dbt.type_string() }}) || ' times for the cycle of '
    || cast(cycle_start_on as {{ dbt.type_string() }}) as evidence,
    {{ json_text([
        ['scheme_id', 'scheme_id', false],
        ['cycle_start_on', 'cycle_start_on', false],
        ['paid_on', 'paid_on', false],
        ['payment_no', 'payment_no', true],
        ['amount', 'amount', true],
        ['cycle_amount', 'cycle_amount', true],
    ]) }} as facts
from full_payments
where payment_no >= 2
union all
select
    gr_id,
    'paid_after_death' as flag_type,
    paid_on as evidence_on,
    paid_on as held_until,
    event_id as evidence_key,
    least(0.7 + 0.1 * payment_no, 1.0) as score,
    scheme_id || ' paid for the cycle of ' || cast(cycle_start_on as {{ dbt.type_string() }})
    || ', which began after the death' as evidence,
    {{ json_text([
        ['scheme_id', 'scheme_id', false],
        ['cycle_start_on', 'cycle_start_on', false],
        ['paid_on', 'paid_on', false],
        ['amount', 'amount', true],
    ]) }} as facts
from after_death
