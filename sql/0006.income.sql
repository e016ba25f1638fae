-- Income bands as inferred, day by day.
-- depends: 0003.ml

set local role assay_ml;

create table if not exists ml.income_bands (
    gr_id text not null,
    as_of_date date not null,
    income_band text not null,
    confidence double precision check (confidence between 0 and 1),
    method text not null,
    evidence jsonb not null,
    probabilities jsonb,
    model_version text,
    inferred_at timestamptz not null default now(),
    primary key (as_of_date, gr_id),
    constraint unknown_has_no_confidence check (income_band <> 'Unknown' or confidence is null)
);
comment on table ml.income_bands is 'One row per golden record and as-of date: the income band inferred.';
comment on column ml.income_bands.gr_id is 'Golden record at the time; never rewritten by a merge.';
comment on column ml.income_bands.as_of_date is 'From what had happened by the end of this day and was known by its cut-off.';
comment on column ml.income_bands.income_band is 'Low, Medium, High, Very High, or Unknown where evidence is thin.';
comment on column ml.income_bands.confidence is 'Calibrated probability of the band; NULL where it is unknown, or no declaration is there to calibrate by.';
comment on column ml.income_bands.method is 'How it was inferred, or why it was not.';
comment on column ml.income_bands.evidence is
'Main evidence, strongest first: concept, words, value, effect, contribution to the log-odds.';
comment on column ml.income_bands.probabilities is
'Calibrated probability of every band; NULL where no model was asked.';
comment on column ml.income_bands.model_version is 'ml.models; NULL where no model was used.';
comment on column ml.income_bands.inferred_at is 'Wall clock.';

create table if not exists ml.income_trainings (
    as_of_date date primary key,
    model_version text not null,
    recipe text not null,
    declared_count integer not null,
    is_used boolean not null,
    trained_at timestamptz not null default now()
);
comment on table ml.income_trainings is 'One row per day on which the income model was trained; later days use the latest one.';
comment on column ml.income_trainings.as_of_date is 'From what was declared and seen by the end of this day.';
comment on column ml.income_trainings.model_version is 'ml.models, model income_band.';
comment on column ml.income_trainings.recipe is 'Hash of settings, bounds and kinds of evidence; another one needs a training.';
comment on column ml.income_trainings.declared_count is 'People learnt from.';
comment on column ml.income_trainings.is_used is 'False where the model tells less than the shares of the bands do.';
comment on column ml.income_trainings.trained_at is 'Wall clock.';

create table if not exists ml.income_learnt (
    as_of_date date not null references ml.income_trainings (as_of_date) on delete cascade,
    gr_id text not null,
    fold smallint not null,
    declared_band text not null,
    primary key (as_of_date, gr_id)
);
comment on table ml.income_learnt is 'Whose declaration a training learnt from, so that it never tells him of himself.';
comment on column ml.income_learnt.as_of_date is 'ml.income_trainings.';
comment on column ml.income_learnt.gr_id is 'Golden record at the time.';
comment on column ml.income_learnt.fold is 'Fold whose predictor has not seen the person or the household.';
comment on column ml.income_learnt.declared_band is 'Band declared then.';

reset role;
