-- Decisions remember the pieces of evidence that were looked at, and of which day gold showed them.
-- depends: 0004.alerts 0007.flag_decisions

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

reset role;
