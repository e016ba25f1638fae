-- Decisions remember the pieces of evidence that were looked at, and of which day gold showed them.
-- Beside it, the words of the identity ledger for ids whose last record is gone.
-- depends: 0004.alerts 0007.flag_decisions 0008.identity

set local role assay_ops;

alter table ops.flag_decisions add column if not exists evidence_keys text[];
alter table ops.flag_decisions add column if not exists as_of_date date;
comment on column ops.flag_decisions.evidence_keys is
'Keys of the pieces that were looked at, as gold showed them: any other piece is new evidence. NULL: decided before keys
were kept; then later days than evidence_until are, and more pieces than evidence_count.';
comment on column ops.flag_decisions.as_of_date is
'As-of day that gold showed; an earlier day does not know the decision. NULL: decided before it was kept.';

alter table ops.alert_decisions add column if not exists evidence_keys text[];
alter table ops.alert_decisions add column if not exists as_of_date date;
comment on column ops.alert_decisions.evidence_keys is
'Periods that were looked at, as gold showed them: any other one is new evidence. NULL: decided before they were kept;
then later periods than evidence_until are.';
comment on column ops.alert_decisions.as_of_date is
'As-of day that gold showed; an earlier day does not know the decision. NULL: decided before it was kept.';

comment on column ops.identity_ledger.event is
'created: new gr_id; joined: new records at an old gr_id; merged: other_gr_id went into gr_id; split: records left gr_id
for the new other_gr_id; moved: records left gr_id for other_gr_id, both stay or end by themselves; retired: gr_id holds
no record any more, other_gr_id holds most of them, or nobody where the source has ended them all; corrected: the same
gr_id by other evidence; validity_changed: other days; override_*: what became of a decision; model_trained: a linkage
model was trained.';
comment on column ops.identity_ledger.cause is
'Rule, override:<override_id>, linkage (of a split: the model no longer links them), new_records, source, evidence_gone:
what linked them is no more, or records_gone: the source has ended the last one; one that returns has its id again.';

reset role;
