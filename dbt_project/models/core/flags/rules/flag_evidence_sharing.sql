{%- set families = flag_rule('account_households') -%}
-- What unrelated households share: an account they are paid on, a telephone, a telephone or account noted just before they apply.
with stated_kin as (
    select
        one.gr_id,
        other.gr_id as kin_gr_id
    from {{ ref('relationships') }} as relationships
    inner join {{ ref('party_xref_current') }} as one on relationships.from_party_id = one.party_id
    inner join {{ ref('party_xref_current') }} as other on relationships.to_party_id = other.party_id
    where
        relationships.known_at <= {{ knowledge_cutoff() }}
        and relationships.valid_from <= {{ as_of_date() }}
),

-- Who ever lived with the account's owner or is related: a parent who has moved out is still the owner's parent.
kin as (
    select
        gr_id,
        kin_gr_id
    from stated_kin
    union
    select
        kin_gr_id as gr_id,
        gr_id as kin_gr_id
    from stated_kin
    union
    select
        gr_id,
        gr_id as kin_gr_id
    from {{ ref('owned_accounts') }}
),

paid_on_account as (
    select
        payments.gr_id,
        payments.account_id,
        payments.paid_on,
        case when kin.gr_id is not null then 'owner' else payments.household_id end as family
    from {{ ref('benefit_payments') }} as payments
    inner join {{ ref('owned_accounts') }} as owned_accounts on payments.account_id = owned_accounts.account_id
    left join kin on owned_accounts.gr_id = kin.gr_id and payments.gr_id = kin.kin_gr_id
    where payments.household_id is not null
),

busy_accounts as (
    select account_id
    from paid_on_account
    group by account_id
    having count(distinct family) >= {{ families }}
),

-- Families paid on the account in the quarter up to each payment.
account_days as (
    select
        payments.account_id,
        payments.paid_on,
        count(distinct others.family) as families_count
    from paid_on_account as payments
    inner join busy_accounts on payments.account_id = busy_accounts.account_id
    inner join paid_on_account as others
        on
            payments.account_id = others.account_id
            and payments.paid_on >= others.paid_on
            and others.paid_on > {{ days_after('payments.paid_on', '-' ~ flag_rule('account_days')) }}
    group by payments.account_id, payments.paid_on
),

-- Sharing that stops for a quarter and begins again is another time.
shared_days as (
    select
        account_days.*,
        case
            when
                paid_on <= {{ days_after(
                    'lag(paid_on) over (partition by account_id order by paid_on)', flag_rule('account_days')
                ) }}
                then 0
            else 1
        end as is_first
    from account_days
    where families_count >= {{ families }}
),

numbered_days as (
    select
        shared_days.*,
        sum(is_first) over (
            partition by account_id
            order by paid_on rows between unbounded preceding and current row
        ) as spell_no
    from shared_days
),

shared_accounts as (
    select
        account_id,
        spell_no,
        min(paid_on) as shared_from,
        max(paid_on) as shared_until
    from numbered_days
    group by account_id, spell_no
),

paid_while_shared as (
    select
        shared_accounts.account_id,
        shared_accounts.spell_no,
        shared_accounts.shared_until,
        payments.gr_id,
        payments.family,
        greatest(payments.paid_on, shared_accounts.shared_from) as paid_on
    from shared_accounts
    inner join paid_on_account as payments
        on
            shared_accounts.account_id = payments.account_id
            and shared_accounts.shared_until >= payments.paid_on
            and payments.paid_on > {{ days_after('shared_accounts.shared_from', '-' ~ flag_rule('account_days')) }}
),

-- A family that joins is new evidence, for all who are there then; a payment more is none.
joined as (
    select
        account_id,
        spell_no,
        family,
        min(paid_on) as joined_on
    from paid_while_shared
    group by account_id, spell_no, family
),

payees as (
    select
        account_id,
        spell_no,
        shared_until,
        gr_id,
        min(paid_on) as paid_from
    from paid_while_shared
    group by account_id, spell_no, shared_until, gr_id
),

shared_account_evidence as (
    select
        payees.gr_id,
        greatest(joined.joined_on, payees.paid_from) as evidence_on,
        max(payees.shared_until) as held_until,
        max(numbered_days.families_count) as families_count,
        {{ sorted_list('joined.family') }} as families
    from payees
    inner join joined on payees.account_id = joined.account_id and payees.spell_no = joined.spell_no
    inner join numbered_days
        on
            payees.account_id = numbered_days.account_id
            and greatest(joined.joined_on, payees.paid_from) = numbered_days.paid_on
    group by payees.gr_id, greatest(joined.joined_on, payees.paid_from)
),

-- A telephone and the place where it was noted, while both were noted.
known_contacts as (
    select
        party_id,
        phone,
        valid_from,
        lower(trim(address_line)) || '|' || coalesce(postcode, '') as place,
        lead(valid_from) over (partition by party_id order by valid_from) as valid_to
    from {{ ref('parties') }}
    where
        known_at <= {{ knowledge_cutoff() }}
        and valid_from <= {{ as_of_date() }}
),

noted as (
    select
        versions.party_id,
        versions.gr_id,
        versions.household_id,
        versions.payment_account_id,
        known_contacts.phone,
        known_contacts.place,
        greatest(versions.valid_from, known_contacts.valid_from) as noted_from,
        -- The first end there is; nothing is noted of the dead.
        least(
            coalesce(versions.valid_to, {{ days_after(as_of_date(), 1) }}),
            coalesce(known_contacts.valid_to, {{ days_after(as_of_date(), 1) }}),
            coalesce(versions.death_date, {{ days_after(as_of_date(), 1) }})
        ) as noted_to
    from {{ ref('beneficiary_versions') }} as versions
    inner join known_contacts
        on
            versions.party_id = known_contacts.party_id
            and (versions.valid_to is null or versions.valid_to > known_contacts.valid_from)
            and (known_contacts.valid_to is null or versions.valid_from < known_contacts.valid_to)
),

busy_phones as (
    select phone
    from noted
    group by phone
    having
        count(distinct household_id) >= {{ flag_rule('phone_households') }}
        and count(distinct place) >= {{ flag_rule('phone_households') }}
),

phones as (
    select noted.*
    from noted
    inner join busy_phones on noted.phone = busy_phones.phone
    where noted.noted_from < noted.noted_to
),

phone_changes as (
    select
        phone,
        noted_from as changed_on
    from phones
    union
    select
        phone,
        noted_to as changed_on
    from phones
),

phone_states as (
    select
        changes.phone,
        changes.changed_on,
        count(distinct phones.household_id) as households_count,
        count(distinct phones.place) as places_count,
        {{ sorted_list('phones.household_id') }} as households
    from phone_changes as changes
    inner join phones
        on
            changes.phone = phones.phone
            and changes.changed_on >= phones.noted_from
            and changes.changed_on < phones.noted_to
    group by changes.phone, changes.changed_on
),

phone_spells as (
    select
        phone_states.*,
        coalesce(lag(households_count) over (partition by phone order by changed_on), 0) as households_before,
        coalesce(
            {{ days_after('lead(changed_on) over (partition by phone order by changed_on)', -1) }}, {{ as_of_date() }}
        ) as until
    from phone_states
),

-- As long as it goes on it is seen; it is new evidence when a household more has the number.
shared_phone_evidence as (
    select
        phones.gr_id,
        phone_spells.changed_on as evidence_on,
        phone_spells.households_count,
        {{ sorted_list('phone_spells.households') }} as households,
        max(held.until) as held_until
    from phone_spells
    inner join phones
        on
            phone_spells.phone = phones.phone
            and phone_spells.changed_on >= phones.noted_from
            and phone_spells.changed_on < phones.noted_to
    inner join phone_spells as held
        on
            phone_spells.phone = held.phone
            and phone_spells.changed_on <= held.changed_on
            and phones.noted_to > held.changed_on
            and held.places_count >= {{ flag_rule('phone_households') }}
            and held.households_count >= {{ flag_rule('phone_households') }}
    where
        phone_spells.places_count >= {{ flag_rule('phone_households') }}
        and phone_spells.households_count >= {{ flag_rule('phone_households') }}
        and (
            phone_spells.households_count > phone_spells.households_before
            or phone_spells.households_before < {{ flag_rule('phone_households') }}
        )
    group by phones.gr_id, phone_spells.changed_on, phone_spells.households_count
),

links as (
    select
        party_id,
        'phone:' || phone as link,
        min(noted_from) as linked_on
    from noted
    where phone is not null
    group by party_id, phone
    union all
    select
        party_id,
        'account:' || payment_account_id as link,
        min(noted_from) as linked_on
    from noted
    where payment_account_id is not null
    group by party_id, payment_account_id
),

applied as (
    select distinct
        applications.party_id,
        noted.gr_id,
        noted.household_id,
        applications.applied_on,
        links.link
    from {{ ref('eligibility_applications') }} as applications
    inner join noted
        on
            applications.party_id = noted.party_id
            and applications.applied_on >= noted.noted_from
            and applications.applied_on < noted.noted_to
    inner join links
        on
            applications.party_id = links.party_id
            and links.link in ('phone:' || noted.phone, 'account:' || noted.payment_account_id)
            -- Linked since long is a home, a shelter or a family.
            and links.linked_on >= {{ days_after('applications.applied_on', '-' ~ flag_rule('ring_link_days')) }}
    where
        {{ visible_at('applications', knowledge_cutoff()) }}
        and applications.applied_on <= {{ as_of_date() }}
),

ring_days as (
    select
        applied.link,
        applied.applied_on,
        count(distinct others.household_id) as households_count,
        {{ sorted_list('others.household_id') }} as households
    from applied
    inner join applied as others
        on
            applied.link = others.link
            and applied.applied_on >= others.applied_on
            and others.applied_on > {{ days_after('applied.applied_on', '-' ~ flag_rule('ring_days')) }}
    group by applied.link, applied.applied_on
    having count(distinct others.household_id) >= {{ flag_rule('ring_households') }}
),

ring_evidence as (
    select
        applied.gr_id,
        ring_days.applied_on as evidence_on,
        max(ring_days.households_count) as households_count,
        {{ sorted_list('ring_days.households') }} as households
    from ring_days
    inner join applied
        on
            ring_days.link = applied.link
            and ring_days.applied_on >= applied.applied_on
            and applied.applied_on > {{ days_after('ring_days.applied_on', '-' ~ flag_rule('ring_days')) }}
    group by applied.gr_id, ring_days.applied_on
)

select
    gr_id,
    'account_shared_across_households' as flag_type,
    evidence_on,
    held_until,
    -- By who shares it, not by what is shared: a number would be found by trying all.
    cast(evidence_on as {{ dbt.type_string() }}) || '|' || families as evidence_key,
    least(0.7 + 0.1 * (families_count - {{ families }}), 1.0) as score,
    'One account is paid benefits of ' || cast(families_count as {{ dbt.type_string() }})
    || ' households that are not related' as evidence,
    {{ json_text([['households', 'families_count', true], ['seen_until', 'held_until', false]]) }} as facts
from shared_account_evidence
union all
select
    gr_id,
    'phone_shared_across_households' as flag_type,
    evidence_on,
    held_until,
    cast(evidence_on as {{ dbt.type_string() }}) || '|' || households as evidence_key,
    least(0.5 + 0.1 * (households_count - {{ flag_rule('phone_households') }}), 1.0) as score,
    'One telephone is noted for ' || cast(households_count as {{ dbt.type_string() }})
    || ' households at as many addresses' as evidence,
    {{ json_text([['households', 'households_count', true], ['seen_until', 'held_until', false]]) }} as facts
from shared_phone_evidence
union all
select
    gr_id,
    'ring_of_newly_linked_applicants' as flag_type,
    evidence_on,
    evidence_on as held_until,
    cast(evidence_on as {{ dbt.type_string() }}) || '|' || households as evidence_key,
    least(0.6 + 0.1 * (households_count - {{ flag_rule('ring_households') }}), 1.0) as score,
    cast(households_count as {{ dbt.type_string() }}) || ' households whose telephone or account is shared since '
    || 'less than {{ flag_rule("ring_link_days") }} days applied within one week' as evidence,
    {{ json_text([['households', 'households_count', true], ['applied_until', 'evidence_on', false]]) }} as facts
from ring_evidence
