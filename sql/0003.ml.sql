-- What Python works out: who is who, models, scores.
-- depends: 0001.schemas

set local role assay_ml;

create table if not exists ml.match_edges (
    party_id_a text not null,
    party_id_b text not null,
    rule_name text not null,
    match_probability double precision not null check (match_probability between 0 and 1),
    evidence_known_at timestamptz not null,
    created_at timestamptz not null default now(),
    primary key (party_id_a, party_id_b, rule_name),
    constraint a_pair_has_one_order check (party_id_a < party_id_b)
);
create index if not exists match_edges_by_b on ml.match_edges (party_id_b);
comment on table ml.match_edges is 'One row per pair of records and rule that links them.';
comment on column ml.match_edges.party_id_a is 'core.parties; the smaller identifier of the pair.';
comment on column ml.match_edges.party_id_b is 'core.parties; the greater identifier of the pair.';
comment on column ml.match_edges.rule_name is 'Rule of the portfolio, or the model that linked them.';
comment on column ml.match_edges.match_probability is '1 for an exact rule.';
comment on column ml.match_edges.evidence_known_at is 'When both records that prove it were known.';
comment on column ml.match_edges.created_at is 'Wall clock.';

create table if not exists ml.party_xref (
    party_id text not null,
    gr_id text not null,
    link_rule text not null,
    known_at timestamptz not null,
    recorded_at timestamptz not null,
    retired_at timestamptz,
    primary key (party_id, recorded_at),
    constraint retired_after_recorded check (retired_at >= recorded_at)
);
create unique index if not exists party_xref_current on ml.party_xref (party_id) where retired_at is null;
create index if not exists party_xref_by_golden_record on ml.party_xref (gr_id);
comment on table ml.party_xref is 'Which golden record a record belongs to, with its history.';
comment on column ml.party_xref.party_id is 'core.parties.';
comment on column ml.party_xref.gr_id is 'Golden record; never used again for somebody else.';
comment on column ml.party_xref.link_rule is 'Rule that put the record there.';
comment on column ml.party_xref.known_at is 'When the records that make the link were known.';
comment on column ml.party_xref.recorded_at is 'Wall clock: from when the row counts.';
comment on column ml.party_xref.retired_at is 'Wall clock: until when it counted; NULL: current.';

create table if not exists ml.models (
    model_name text not null,
    model_version text not null,
    status text not null check (status in ('candidate', 'champion', 'retired')),
    created_at timestamptz not null default now(),
    target text not null,
    algorithm text not null,
    artifact text not null,
    artifact_sha256 text not null check (artifact_sha256 ~ '^[0-9a-f]{64}$'),
    metadata jsonb not null,
    primary key (model_name, model_version)
);
create unique index if not exists models_one_champion on ml.models (model_name) where status = 'champion';
comment on table ml.models is 'One row per trained model version.';
comment on column ml.models.model_name is 'What it predicts for whom, such as origination_pd.';
comment on column ml.models.model_version is 'Version; never reused.';
comment on column ml.models.status is 'candidate, champion (at most one a name), retired.';
comment on column ml.models.created_at is 'Wall clock.';
comment on column ml.models.target is 'Definition of the outcome.';
comment on column ml.models.algorithm is 'Kind of model.';
comment on column ml.models.artifact is 'LightGBM text or JSON coefficients; never a pickle.';
comment on column ml.models.artifact_sha256 is 'Of artifact; checked before it is parsed.';
comment on column ml.models.metadata is
'Data window, feature schema, catalogue version, metrics, thresholds, seed.';

create table if not exists ml.model_aliases (
    model_name text not null,
    alias text not null,
    model_version text not null,
    set_at timestamptz not null default now(),
    set_by text not null,
    primary key (model_name, alias),
    foreign key (model_name, model_version) references ml.models (model_name, model_version)
);
comment on table ml.model_aliases is 'Names by which scoring finds a version.';
comment on column ml.model_aliases.model_name is 'ml.models.';
comment on column ml.model_aliases.alias is 'Such as champion.';
comment on column ml.model_aliases.model_version is 'ml.models.';
comment on column ml.model_aliases.set_at is 'Wall clock.';
comment on column ml.model_aliases.set_by is 'Who or what set it.';

create table if not exists ml.scores (
    model_name text not null,
    exposure_id text not null,
    gr_id text not null,
    as_of_date date not null,
    knowledge_cutoff timestamptz not null,
    model_version text not null,
    target text not null,
    horizon_days integer,
    score_status text not null check (score_status in ('scored', 'insufficient_data', 'not_applicable')),
    probability double precision check (probability between 0 and 1),
    risk_band text,
    is_retrospective boolean not null default false,
    reasons jsonb,
    scored_at timestamptz not null default now(),
    primary key (model_name, exposure_id, gr_id, as_of_date),
    foreign key (model_name, model_version) references ml.models (model_name, model_version),
    constraint a_score_is_there_when_scored check ((score_status = 'scored') = (probability is not null))
);
create index if not exists scores_by_day on ml.scores (as_of_date, model_name);
create index if not exists scores_by_golden_record on ml.scores (gr_id, as_of_date);
create index if not exists scores_by_version on ml.scores (model_name, model_version);
comment on table ml.scores is 'One row per model, exposure, golden record and as-of date.';
comment on column ml.scores.model_name is 'ml.models.';
comment on column ml.scores.exposure_id is 'What is at risk: a loan or an account.';
comment on column ml.scores.gr_id is 'Golden record at the time of scoring; never rewritten by a merge.';
comment on column ml.scores.as_of_date is 'The score says what was knowable at the end of this day.';
comment on column ml.scores.knowledge_cutoff is 'What was known by then counted.';
comment on column ml.scores.model_version is 'ml.models.';
comment on column ml.scores.target is 'Definition of the outcome.';
comment on column ml.scores.horizon_days is 'Days ahead; NULL where the target has no fixed horizon.';
comment on column ml.scores.score_status is
'scored; insufficient_data: outside the sources'' coverage; not_applicable: no exposure.';
comment on column ml.scores.probability is 'Calibrated probability of the target; only where scored.';
comment on column ml.scores.risk_band is 'Band of the probability.';
comment on column ml.scores.is_retrospective is
'True: the model has learnt from an outcome that became known after knowledge_cutoff; no forecast. Only where scored.';
comment on column ml.scores.reasons is 'Strongest reasons, in words.';
comment on column ml.scores.scored_at is 'Wall clock.';

reset role;
