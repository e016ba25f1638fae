{%- set holds_then = 'case when owners.valid_to is null or owners.valid_to > turns.turned_on then 1 else 0 end' -%}
-- Between two days on which a holding begins or ends nothing changes, so one look at each such day tells all days.
with owners as (
    select
        account_id,
        party_id,
        valid_from,
        valid_to
    from {{ ref('account_holders') }}
    where holder_role = 'owner'
),

turns as (
    select
        account_id,
        valid_from as turned_on
    from owners
    union
    select
        account_id,
        valid_to as turned_on
    from owners
    where valid_to > valid_from
),

placed as (
    select
        turns.account_id,
        turns.turned_on,
        owners.party_id,
        row_number() over (
            partition by turns.account_id, turns.turned_on
            order by {{ owner_order('owners', 'turns.turned_on') }}
        ) as place,
        sum({{ holds_then }}) over (partition by turns.account_id, turns.turned_on) as owners_count,
        count(*) over (
            partition by turns.account_id, turns.turned_on, {{ holds_then }}, owners.valid_from
        ) as alike_count
    from turns
    inner join owners
        on
            turns.account_id = owners.account_id
            and turns.turned_on >= owners.valid_from
)

select
    account_id,
    turned_on as valid_from,
    lead(turned_on) over (partition by account_id order by turned_on) as valid_to,
    party_id,
    cast(owners_count as integer) as owners_count,
    alike_count > 1 as is_chosen_by_id
from placed
where place = 1
