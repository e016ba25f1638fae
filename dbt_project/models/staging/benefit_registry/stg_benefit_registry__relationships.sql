with noted as (
    select * from {{ latest_version(source('benefit_registry', 'beneficiaries'), ['beneficiary_no', 'updated_on']) }} as latest
),

members as (
    select
        beneficiary_no,
        household_no,
        relation_to_head,
        updated_on,
        _load_id
    from (
        select
            noted.*,
            row_number() over (partition by beneficiary_no order by updated_on desc) as day_rank
        from noted
    ) as ranked
    where day_rank = 1
),

pairs as (
    select
        one.household_no,
        one.beneficiary_no as one_no,
        other.beneficiary_no as other_no,
        one.relation_to_head as one_relation,
        other.relation_to_head as other_relation,
        greatest(one.updated_on, other.updated_on) as valid_from,
        greatest(one._load_id, other._load_id) as load_id
    from members as one
    inner join members as other on one.household_no = other.household_no and one.beneficiary_no < other.beneficiary_no
),

stated as (
    select
        'same_household' as relationship_type,
        one_no as from_no,
        other_no as to_no,
        valid_from,
        load_id
    from pairs
    union all
    select
        'spouse' as relationship_type,
        one_no as from_no,
        other_no as to_no,
        valid_from,
        load_id
    from pairs
    where one_relation in ('HEAD', 'SPOUSE') and other_relation in ('HEAD', 'SPOUSE') and one_relation <> other_relation
    union all
    -- From the parent to the child.
    select
        'parent' as relationship_type,
        case when one_relation = 'CHILD' or other_relation = 'PARENT' then other_no else one_no end as from_no,
        case when one_relation = 'CHILD' or other_relation = 'PARENT' then one_no else other_no end as to_no,
        valid_from,
        load_id
    from pairs
    where
        (one_relation = 'HEAD' and other_relation in ('CHILD', 'PARENT'))
        or (other_relation = 'HEAD' and one_relation in ('CHILD', 'PARENT'))
)

select
    'benefit_registry:' || relationship_type || ':' || cast(from_no as text) || ':'
    || cast(to_no as text) as relationship_id,
    'benefit_registry' as source_system,
    'benefit_registry:beneficiary:' || cast(from_no as text) as from_party_id,
    'benefit_registry:beneficiary:' || cast(to_no as text) as to_party_id,
    relationship_type,
    valid_from,
    cast(null as date) as valid_to,
    {{ known_at_history('valid_from') }} as known_at,
    load_id
from stated
