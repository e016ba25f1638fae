-- Who is who in two times, what changed it, and what people decided about it.
-- depends: 0002.ops 0003.ml

set local role assay_ml;

alter table ml.party_xref add column if not exists link_probability double precision;
alter table ml.party_xref add column if not exists model_version text;
alter table ml.party_xref add column if not exists valid_from date;
alter table ml.party_xref add column if not exists valid_to date;
alter table ml.party_xref add column if not exists superseded_at timestamptz;

-- Rows from before: the days come from the records where they are there, else from the day the link was known.
do $$
begin
    if to_regclass('core.parties') is not null then
        update ml.party_xref as x
        set valid_from = p.valid_from, valid_to = p.valid_to
        from (
            select
                party_id,
                min(valid_from) as valid_from,
                (array_agg(
                    case when deleted_on is not null then greatest(deleted_on, valid_from) end
                    order by valid_from desc, known_at desc
                ))[1] as valid_to
            from core.parties
            group by party_id
        ) as p
        where x.party_id = p.party_id and x.valid_from is null;
    end if;
end
$$;
update ml.party_xref set valid_from = (known_at at time zone 'UTC')::date where valid_from is null;
-- All rules were exact until now.
update ml.party_xref set link_probability = 1 where link_probability is null;

-- Which run found a change was not written down; it counts from when its evidence was known. A row whose successor has
-- the same gr_id was corrected and never counts.
update ml.party_xref as x
set known_at = chained.known_from, superseded_at = chained.superseded_at
from (
    select
        party_id,
        recorded_at,
        known_from,
        case
            when retired_at is null then null
            when next_known_from is not null and next_gr_id <> gr_id then next_known_from
            else known_from
        end as superseded_at
    from (
        select
            known.*,
            lead(known_from) over by_party as next_known_from,
            lead(gr_id) over by_party as next_gr_id
        from (
            select
                xref.*,
                max(known_at) over (partition by party_id order by recorded_at) as known_from
            from ml.party_xref as xref
            where party_id in (select party_id from ml.party_xref where retired_at is not null and superseded_at is null)
        ) as known
        window by_party as (partition by party_id order by recorded_at)
    ) as with_next
) as chained
where (x.party_id, x.recorded_at) = (chained.party_id, chained.recorded_at);

alter table ml.party_xref alter column valid_from set not null;
alter table ml.party_xref drop constraint if exists valid_to_not_before_valid_from;
alter table ml.party_xref add constraint valid_to_not_before_valid_from check (valid_to >= valid_from);
alter table ml.party_xref drop constraint if exists superseded_after_known;
alter table ml.party_xref add constraint superseded_after_known check (superseded_at >= known_at);
alter table ml.party_xref drop constraint if exists superseded_when_retired;
alter table ml.party_xref add constraint superseded_when_retired
check ((retired_at is null) = (superseded_at is null));
alter table ml.party_xref drop constraint if exists link_probability_is_one;
alter table ml.party_xref add constraint link_probability_is_one check (link_probability between 0 and 1);

comment on table ml.party_xref is
'Which golden record a record belongs to, in two times: the days it speaks of, and when that was known.';
comment on column ml.party_xref.link_rule is
'anchor, own_record, or what links the record: a rule of the portfolio, linkage, override:<override_id>.';
comment on column ml.party_xref.link_probability is
'Smallest probability on the way to the first record of the golden record; 1 for exact rules and decisions.';
comment on column ml.party_xref.model_version is 'Model behind link_rule; NULL where no model is.';
comment on column ml.party_xref.valid_from is 'First day of the first version of the record.';
comment on column ml.party_xref.valid_to is 'Day its source deleted the record; NULL: still held.';
comment on column ml.party_xref.known_at is
'Knowledge time from which the row says so: when its evidence was known, or when it took the place of another row.';
comment on column ml.party_xref.superseded_at is
'Knowledge time from which another row says otherwise; NULL: still holds. Equal to known_at: corrected, never counts.';
comment on column ml.party_xref.recorded_at is 'Wall clock: when the row was written.';
comment on column ml.party_xref.retired_at is 'Wall clock: when another row took its place; NULL: current.';

create or replace function ml.party_xref_as_of(on_day date, known_by timestamptz)
returns table (
    party_id text,
    gr_id text,
    link_rule text,
    link_probability double precision,
    model_version text,
    valid_from date,
    valid_to date,
    known_at timestamptz
)
language sql stable
as $$
    -- A deletion is known no sooner than its own day, also where it was there when the record was first linked.
    select
        x.party_id, x.gr_id, x.link_rule, x.link_probability, x.model_version, x.valid_from, x.valid_to, x.known_at
    from ml.party_xref as x
    where
        x.known_at <= $2
        and (x.superseded_at is null or x.superseded_at > $2)
        and x.valid_from <= $1
        and (x.valid_to is null or x.valid_to > $1 or x.valid_to > ($2 at time zone 'UTC')::date)
$$;
comment on function ml.party_xref_as_of(date, timestamptz) is
'Who each record was on a day, as known by an instant: at most one row per party_id. "Who was this on 1 March as known on
5 March": select gr_id from ml.party_xref_as_of(''2026-03-01'', ''2026-03-05'') where party_id = ...';

create table if not exists ml.identity_clock (
    is_only boolean primary key default true check (is_only),
    as_of_date date not null,
    knowledge_cutoff timestamptz not null
);
comment on table ml.identity_clock is
'The newest day that was resolved: exactly one row. A change found while an older day runs again is known from here on.';
comment on column ml.identity_clock.is_only is 'Always true; the key that allows no second row.';
comment on column ml.identity_clock.as_of_date is 'The newest as-of date that was resolved.';
comment on column ml.identity_clock.knowledge_cutoff is 'The latest knowledge cut-off that was resolved.';

set local role assay_ops;

create table if not exists ops.identity_overrides (
    override_id bigint generated by default as identity primary key,
    kind text not null check (kind in ('must_link', 'cannot_link')),
    party_id_a text not null,
    party_id_b text not null,
    valid_until date,
    decided_by text not null check (btrim(decided_by) <> ''),
    reason text not null check (btrim(reason) <> ''),
    decided_at timestamptz not null default clock_timestamp(),
    revoked_by text check (btrim(revoked_by) <> ''),
    revoked_reason text check (btrim(revoked_reason) <> ''),
    revoked_at timestamptz,
    constraint a_pair_has_one_order check (party_id_a < party_id_b),
    constraint a_revocation_says_who_and_why check (
        num_nulls(revoked_at, revoked_by, revoked_reason) in (0, 3)
    )
);
create unique index if not exists identity_overrides_once
    on ops.identity_overrides (kind, party_id_a, party_id_b, coalesce(valid_until, '9999-12-31'))
    where revoked_at is null;
comment on table ops.identity_overrides is
'One row per decision of a person that two records are one party, or are not; it survives every rerun.';
comment on column ops.identity_overrides.override_id is 'Identifier; link_rule override:<override_id> points here.';
comment on column ops.identity_overrides.kind is 'must_link: the same; cannot_link: never the same, which wins.';
comment on column ops.identity_overrides.party_id_a is 'core.parties; the smaller identifier of the pair.';
comment on column ops.identity_overrides.party_id_b is 'core.parties; the greater identifier of the pair.';
comment on column ops.identity_overrides.valid_until is 'Last as-of date on which it counts; NULL: no end.';
comment on column ops.identity_overrides.decided_by is 'Who decided.';
comment on column ops.identity_overrides.reason is 'Why. May hold personal data: only assay_ops reads it.';
comment on column ops.identity_overrides.decided_at is 'Wall clock.';
comment on column ops.identity_overrides.revoked_by is 'Who took it back.';
comment on column ops.identity_overrides.revoked_reason is 'Why it was taken back. Only assay_ops reads it.';
comment on column ops.identity_overrides.revoked_at is 'Wall clock; NULL: not taken back.';

create table if not exists ops.identity_ledger (
    ledger_id bigint generated by default as identity primary key,
    event text not null check (
        event in (
            'created', 'joined', 'merged', 'split', 'moved', 'retired', 'corrected', 'validity_changed',
            'override_decided', 'override_revoked', 'override_applied', 'override_expired', 'override_contradicted',
            'model_trained'
        )
    ),
    gr_id text,
    other_gr_id text,
    party_count bigint,
    cause text not null check (btrim(cause) <> ''),
    override_id bigint references ops.identity_overrides (override_id),
    model_version text,
    known_at timestamptz not null,
    recorded_at timestamptz not null default clock_timestamp(),
    constraint a_change_of_a_golden_record_names_it check (
        event like 'override%' or event = 'model_trained' or (gr_id is not null and party_count is not null)
    ),
    constraint an_override_event_names_it check (event not like 'override%' or override_id is not null)
);
create index if not exists identity_ledger_by_golden_record on ops.identity_ledger (gr_id);
create index if not exists identity_ledger_by_other_golden_record on ops.identity_ledger (other_gr_id);
create index if not exists identity_ledger_by_override on ops.identity_ledger (override_id, event);
comment on table ops.identity_ledger is
'What happened to golden record ids, and why: added to in the transaction of the change, never rewritten.';
comment on column ops.identity_ledger.ledger_id is 'Identifier; increases in the order of writing.';
comment on column ops.identity_ledger.event is
'created: new gr_id; joined: new records at an old gr_id; merged: other_gr_id went into gr_id; split: records left gr_id
for the new other_gr_id; moved: records left gr_id for other_gr_id, both stay or end by themselves; retired: gr_id holds
no record any more, other_gr_id holds most of them; corrected: the same gr_id by other evidence; validity_changed: other
days; override_*: what became of a decision; model_trained: a linkage model was trained.';
comment on column ops.identity_ledger.gr_id is 'Golden record.';
comment on column ops.identity_ledger.other_gr_id is 'The other golden record of the event, where it has one.';
comment on column ops.identity_ledger.party_count is 'Records that the event concerns.';
comment on column ops.identity_ledger.cause is
'Rule, override:<override_id>, linkage (of a split: the model no longer links them), new_records, source, or evidence_gone:
what linked them is no more.';
comment on column ops.identity_ledger.override_id is 'The decision behind it, where one is.';
comment on column ops.identity_ledger.model_version is 'Model behind it, where one is.';
comment on column ops.identity_ledger.known_at is 'Knowledge time of the change, as in ml.party_xref.';
comment on column ops.identity_ledger.recorded_at is 'Wall clock.';

create or replace function ops.refuse_rewriting()
returns trigger
language plpgsql
as $$
begin
    raise exception '%.% is only ever added to: % refused', tg_table_schema, tg_table_name, lower(tg_op)
        using errcode = 'insufficient_privilege';
end
$$;
create or replace trigger identity_ledger_is_append_only
before update or delete or truncate on ops.identity_ledger
for each statement execute function ops.refuse_rewriting();

create table if not exists ops.identity_review_queue (
    review_id bigint generated by default as identity primary key,
    review_key text not null unique,
    kind text not null check (
        kind in (
            'anchor_conflict', 'must_link_of_anchors', 'must_link_against_cannot_link', 'override_expired',
            'override_without_record'
        )
    ),
    party_id_a text not null,
    party_id_b text not null,
    rule_name text not null,
    override_id bigint references ops.identity_overrides (override_id),
    against_override_id bigint references ops.identity_overrides (override_id),
    review_status text not null check (review_status in ('open', 'closed')),
    first_seen_on date not null,
    last_seen_on date not null,
    closed_on date,
    constraint closed_when_it_says_when check ((review_status = 'closed') = (closed_on is not null))
);
create index if not exists identity_review_queue_open
    on ops.identity_review_queue (kind, first_seen_on) where review_status = 'open';
comment on table ops.identity_review_queue is
'One row per contradiction that the resolver met and a person should look at; closes by itself when it is gone.';
comment on column ops.identity_review_queue.review_id is 'Identifier.';
comment on column ops.identity_review_queue.review_key is 'Kind, pair and rule: the same contradiction is one row.';
comment on column ops.identity_review_queue.kind is
'anchor_conflict: evidence would join two anchor records; must_link_of_anchors: a decision would;
must_link_against_cannot_link: decisions contradict each other, directly or through a chain; override_expired: a decision
that ran out and would still make a difference; override_without_record: a decision about a record that is not there.';
comment on column ops.identity_review_queue.party_id_a is 'core.parties; the smaller identifier of the pair.';
comment on column ops.identity_review_queue.party_id_b is 'core.parties; the greater identifier of the pair.';
comment on column ops.identity_review_queue.rule_name is 'What would have linked or parted them.';
comment on column ops.identity_review_queue.override_id is 'The decision that was not followed, where it is one.';
comment on column ops.identity_review_queue.against_override_id is 'The decision that stood against it.';
comment on column ops.identity_review_queue.review_status is 'open or closed.';
comment on column ops.identity_review_queue.first_seen_on is 'As-of date of the first run that met it.';
comment on column ops.identity_review_queue.last_seen_on is 'As-of date of the latest run that met it.';
comment on column ops.identity_review_queue.closed_on is 'As-of date of the run that met it no more; NULL: open.';

-- The resolver reads decisions and never makes one; it adds to the ledger and keeps the queue.
grant usage on schema ops to assay_ml;
grant select (override_id, kind, party_id_a, party_id_b, valid_until, decided_at, revoked_at)
on ops.identity_overrides to assay_ml, assay_dbt;
grant select, insert on ops.identity_ledger to assay_ml;
grant usage on sequence ops.identity_ledger_ledger_id_seq to assay_ml;
grant select, insert, update on ops.identity_review_queue to assay_ml;
grant usage on sequence ops.identity_review_queue_review_id_seq to assay_ml;
grant select on ops.identity_ledger, ops.identity_review_queue to assay_dbt;

reset role;
