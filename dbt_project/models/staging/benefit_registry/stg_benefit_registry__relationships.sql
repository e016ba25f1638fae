with noted as (
    select * from {{ latest_version(source('benefit_registry', 'beneficiaries'), ['beneficiary_no', 'updated_on']) }} as latest
),

-- Who lived in which household, in which role, from when to when: versions that change neither are one membership.
changes as (
    select
        noted.*,
        case
            when
                household_no = lag(household_no) over (partition by beneficiary_no order by updated_on)
                and relation_to_head = lag(relation_to_head) over (partition by beneficiary_no order by updated_on)
                then 0
            else 1
        end as is_change
    from noted
),

numbered as (
    select
        changes.*,
        sum(is_change) over (
            partition by beneficiary_no order by updated_on rows between unbounded preceding and current row
        ) as membership_no
    from changes
),

begun as (
    select
        beneficiary_no,
        membership_no,
        household_no,
        relation_to_head,
        min(updated_on) as valid_from,
        max(_load_id) as load_id
    from numbered
    group by beneficiary_no, membership_no, household_no, relation_to_head
),

members as (
    select
        begun.*,
        lead(valid_from) over (partition by beneficiary_no order by membership_no) as valid_to
    from begun
),

-- So many memberships at once are a home's, not a family's; their pairs would grow with the square.
homes as (
    select household_no
    from members
    where valid_to is null
    group by household_no
    having count(*) > 30
),

lived_together as (
    select
        one.household_no,
        one.beneficiary_no as one_no,
        other.beneficiary_no as other_no,
        one.relation_to_head as one_relation,
        other.relation_to_head as other_relation,
        greatest(one.valid_from, other.valid_from) as valid_from,
        -- The first to leave ends it; NULL is no end.
        case
            when one.valid_to is null then other.valid_to
            when other.valid_to is null then one.valid_to
            else least(one.valid_to, other.valid_to)
        end as valid_to,
        greatest(one.load_id, other.load_id) as load_id
    from members as one
    inner join members as other on one.household_no = other.household_no and one.beneficiary_no < other.beneficiary_no
    left join homes on one.household_no = homes.household_no
    where homes.household_no is null
),

pairs as (
    select * from lived_together
    where valid_to is null or valid_from < valid_to
),

stated as (
    select
        'same_household' as relationship_type,
        one_no as from_no,
        other_no as to_no,
        valid_from,
        valid_to,
        load_id
    from pairs
    union all
    select
        'spouse' as relationship_type,
        one_no as from_no,
        other_no as to_no,
        valid_from,
        valid_to,
        load_id
    from pairs
    where one_relation in ('HEAD', 'SPOUSE') and other_relation in ('HEAD', 'SPOUSE') and one_relation <> other_relation
    union all
    select
        'sibling' as relationship_type,
        one_no as from_no,
        other_no as to_no,
        valid_from,
        valid_to,
        load_id
    from pairs
    where
        one_relation in ('HEAD', 'SIBLING') and other_relation in ('HEAD', 'SIBLING')
        and (one_relation = 'SIBLING' or other_relation = 'SIBLING')
    union all
    -- From the parent to the child.
    select
        'parent' as relationship_type,
        case when one_relation = 'CHILD' or other_relation = 'PARENT' then other_no else one_no end as from_no,
        case when one_relation = 'CHILD' or other_relation = 'PARENT' then one_no else other_no end as to_no,
        valid_from,
        valid_to,
        load_id
    from pairs
    where
        (one_relation = 'HEAD' and other_relation in ('CHILD', 'PARENT'))
        or (other_relation = 'HEAD' and one_relation in ('CHILD', 'PARENT'))
)

select
    'benefit_registry:' || relationship_type || ':' || cast(from_no as text) || ':'
    || cast(to_no as text) || ':' || cast(valid_from as text) as relationship_id,
    'benefit_registry' as source_system,
    'benefit_registry:beneficiary:' || cast(from_no as text) as from_party_id,
    'benefit_registry:beneficiary:' || cast(to_no as text) as to_party_id,
    relationship_type,
    valid_from,
    valid_to,
    {{ known_at_history('valid_from') }} as known_at,
    load_id
from stated
