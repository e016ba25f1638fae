-- Who comes for a cycle and goes, and households that draw more schemes than the rules give them.
with changes as (
    select
        beneficiary_versions.*,
        case
            when household_id = lag(household_id) over (partition by party_id order by valid_from) then 0
            else 1
        end as is_change
    from {{ ref('beneficiary_versions') }} as beneficiary_versions
),

numbered as (
    select
        changes.*,
        sum(is_change) over (
            partition by party_id
            order by valid_from rows between unbounded preceding and current row
        ) as stay_no
    from changes
),

stays as (
    select
        party_id,
        gr_id,
        household_id,
        stay_no,
        min(valid_from) as joined_on
    from numbered
    group by party_id, gr_id, household_id, stay_no
),

visits as (
    select
        stays.*,
        lead(joined_on) over (partition by party_id order by stay_no) as left_on
    from stays
),

-- Somebody from elsewhere, there when the cycle began, gone soon after: only who has left can be told from who stays.
for_a_cycle as (
    select
        visits.gr_id as guest_gr_id,
        visits.party_id || '@' || visits.household_id as visit,
        payments.gr_id as payee_gr_id,
        visits.left_on,
        payments.cycle_start_on,
        {{ dbt.datediff('visits.joined_on', 'visits.left_on', 'day') }} as stayed_days,
        {{ dbt.datediff('visits.joined_on', 'payments.cycle_start_on', 'day') }} as days_before,
        payments.amount
    from visits
    inner join {{ ref('benefit_payments') }} as payments
        on
            visits.household_id = payments.household_id
            and visits.left_on > payments.cycle_start_on
            and visits.joined_on < payments.cycle_start_on
            and payments.cycle_start_on <= {{ days_after('visits.joined_on', flag_rule('change_days')) }}
            and payments.relation_to_head = 'head'
    where
        visits.stay_no > 1
        and visits.left_on <= {{ days_after('visits.joined_on', flag_rule('stay_days')) }}
),

visitors as (
    select
        guest_gr_id as gr_id,
        visit,
        left_on,
        cycle_start_on,
        stayed_days,
        days_before,
        amount
    from for_a_cycle
    union all
    select
        payee_gr_id as gr_id,
        visit,
        left_on,
        cycle_start_on,
        stayed_days,
        days_before,
        amount
    from for_a_cycle
),

visit_evidence as (
    select
        gr_id,
        left_on as evidence_on,
        cycle_start_on,
        {{ sorted_list('visit') }} as visits,
        max(stayed_days) as stayed_days,
        max(days_before) as days_before,
        sum(amount) as amount
    from visitors
    group by gr_id, left_on, cycle_start_on
),

family_months as (
    select
        household_id,
        {{ month_start('cycle_start_on') }} as month_on,
        count(distinct scheme_id) as schemes_count
    from {{ ref('benefit_payments') }}
    where household_id is not null
    group by household_id, {{ month_start('cycle_start_on') }}
    having count(distinct scheme_id) >= {{ flag_rule('family_schemes') }}
),

family_payments as (
    select
        payments.*,
        family_months.month_on,
        family_months.schemes_count
    from {{ ref('benefit_payments') }} as payments
    inner join family_months
        on
            payments.household_id = family_months.household_id
            and {{ month_start('payments.cycle_start_on') }} = family_months.month_on
),

-- Who is paid, and the head, whom the schemes of a household ask whoever of it is paid.
questions as (
    select
        party_id,
        cycle_start_on as asked_on
    from family_payments
    union
    select
        heads.party_id,
        family_payments.cycle_start_on as asked_on
    from family_payments
    inner join {{ ref('beneficiary_versions') }} as heads
        on
            family_payments.household_id = heads.household_id
            and heads.relation_to_head = 'head'
            and family_payments.cycle_start_on >= heads.valid_from
            and (heads.valid_to is null or family_payments.cycle_start_on < heads.valid_to)
),

{{ scheme_verdicts() }},

household_verdicts as (
    select
        household_id,
        asked_on,
        scheme_id,
        max(case when verdict = 'not_eligible' then 0 else 1 end) as is_by_right
    from verdicts
    where is_of_household
    group by household_id, asked_on, scheme_id
),

-- Of each scheme one payment by right is enough; what nobody can say, or was asked, counts for the household.
schemes_of_month as (
    select
        family_payments.household_id,
        family_payments.month_on,
        family_payments.schemes_count,
        family_payments.scheme_id,
        max(
            case
                when verdicts.verdict is not null then case when verdicts.verdict = 'not_eligible' then 0 else 1 end
                else coalesce(household_verdicts.is_by_right, 1)
            end
        ) as is_by_right
    from family_payments
    left join verdicts
        on
            family_payments.party_id = verdicts.party_id
            and family_payments.cycle_start_on = verdicts.asked_on
            and family_payments.scheme_id = verdicts.scheme_id
    left join household_verdicts
        on
            family_payments.household_id = household_verdicts.household_id
            and family_payments.cycle_start_on = household_verdicts.asked_on
            and family_payments.scheme_id = household_verdicts.scheme_id
    group by
        family_payments.household_id, family_payments.month_on, family_payments.schemes_count,
        family_payments.scheme_id
),

concentrated as (
    select
        household_id,
        month_on,
        schemes_count,
        sum(1 - is_by_right) as wrong_count,
        {{ sorted_list('scheme_id') }} as schemes
    from schemes_of_month
    group by household_id, month_on, schemes_count
    having sum(1 - is_by_right) >= {{ flag_rule('family_wrong') }}
),

-- The flag stands with who draws most of it.
drawn as (
    select
        family_payments.household_id,
        family_payments.month_on,
        family_payments.gr_id,
        row_number() over (
            partition by family_payments.household_id, family_payments.month_on
            order by sum(family_payments.amount) desc, family_payments.gr_id asc
        ) as amount_rank,
        max(family_payments.paid_on) as paid_until
    from family_payments
    group by family_payments.household_id, family_payments.month_on, family_payments.gr_id
),

concentrated_people as (
    select
        concentrated.*,
        drawn.gr_id,
        drawn.paid_until,
        {{ month_index('concentrated.month_on') }}
        - row_number() over (
            partition by drawn.gr_id, concentrated.household_id
            order by concentrated.month_on
        ) as stretch_no,
        max(concentrated.schemes_count) over (
            partition by drawn.gr_id, concentrated.household_id
            order by concentrated.month_on rows between unbounded preceding and 1 preceding
        ) as schemes_before
    from concentrated
    inner join drawn
        on
            concentrated.household_id = drawn.household_id
            and concentrated.month_on = drawn.month_on
            and drawn.amount_rank = 1
),

concentration_stretches as (
    select
        concentrated_people.*,
        max(paid_until) over (partition by gr_id, household_id, stretch_no) as held_until,
        row_number() over (partition by gr_id, household_id, stretch_no order by month_on) as month_no
    from concentrated_people
)

select
    gr_id,
    'household_change_before_cut_off' as flag_type,
    evidence_on,
    evidence_on as held_until,
    cast(cycle_start_on as {{ dbt.type_string() }}) || '|' || cast(evidence_on as {{ dbt.type_string() }}) || '|' || visits as evidence_key,
    cast(0.7 as numeric(18, 6)) as score,
    'A member joined ' || cast(days_before as {{ dbt.type_string() }}) || ' days before the cycle of '
    || cast(cycle_start_on as {{ dbt.type_string() }}) || ' and left after '
    || cast(stayed_days as {{ dbt.type_string() }}) || ' days' as evidence,
    {{ json_text([
        ['cycle_start_on', 'cycle_start_on', false],
        ['days_before', 'days_before', true],
        ['stayed_days', 'stayed_days', true],
        ['amount', 'amount', true],
    ]) }} as facts
from visit_evidence
union all
-- A month like the one before is seen, and no new evidence; a scheme more is.
select
    gr_id,
    'concentration_in_family' as flag_type,
    paid_until as evidence_on,
    held_until,
    household_id || '|' || cast(month_on as {{ dbt.type_string() }}) || '|' || schemes as evidence_key,
    least(0.5 + 0.1 * wrong_count + 0.1 * (schemes_count - {{ flag_rule('family_schemes') }}), 1.0) as score,
    'The household draws ' || cast(schemes_count as {{ dbt.type_string() }}) || ' schemes in a month, '
    || cast(wrong_count as {{ dbt.type_string() }}) || ' of them not by the rules' as evidence,
    {{ json_text([
        ['month', 'month_on', false],
        ['schemes', 'schemes_count', true],
        ['schemes_not_by_rule', 'wrong_count', true],
        ['seen_until', 'held_until', false],
    ]) }} as facts
from concentration_stretches
where month_no = 1 or schemes_count > schemes_before
