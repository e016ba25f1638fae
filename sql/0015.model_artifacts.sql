-- What people read of a model's version, kept with it; trainings among the events of a model.
-- depends: 0013.model_life

set local role assay_ml;

create table if not exists ml.model_artifacts (
    model_name text not null,
    model_version text not null,
    name text not null check (name ~ '^[a-z0-9_]+[.][a-z]+$'),  -- noqa: RF04
    content text not null,  -- noqa: RF04
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    created_at timestamptz not null default now(),
    primary key (model_name, model_version, name),
    foreign key (model_name, model_version) references ml.models (model_name, model_version)
);
comment on table ml.model_artifacts is
'One row per file of a version that people and tools read; the model itself is ml.models.artifact.';
comment on column ml.model_artifacts.model_name is 'ml.models.';
comment on column ml.model_artifacts.model_version is 'ml.models.';
comment on column ml.model_artifacts.name is 'feature_meta.json, metrics.json or report.md.';
comment on column ml.model_artifacts.content is 'The file, UTF-8.';
comment on column ml.model_artifacts.sha256 is 'Of content; checked before it is handed out.';
comment on column ml.model_artifacts.created_at is 'Wall clock.';

set local role assay_ops;

alter table ops.model_events drop constraint if exists model_events_action_check;
alter table ops.model_events add constraint model_events_action_check
check (action in ('promoted', 'rolled_back', 'refused', 'drift_alert', 'trained'));
comment on column ops.model_events.action is
'promoted: the alias points at to_version now; rolled_back: at the one before; refused: from_version could not be used
and to_version scored instead; drift_alert: what from_version sees has moved; trained: to_version was trained while
from_version was champion.';

reset role;
