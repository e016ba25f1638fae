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
    constraint unknown_has_no_confidence check ((income_band = 'Unknown') = (confidence is null))
);
comment on table ml.income_bands is 'One row per golden record and as-of date: the income band inferred.';
comment on column ml.income_bands.gr_id is 'Golden record at the time; never rewritten by a merge.';
comment on column ml.income_bands.as_of_date is 'From what had happened by the end of this day and was known by its cut-off.';
comment on column ml.income_bands.income_band is 'Low, Medium, High, Very High, or Unknown where evidence is thin.';
comment on column ml.income_bands.confidence is 'Calibrated probability of the band; NULL where it is unknown.';
comment on column ml.income_bands.method is 'How it was inferred, or why it was not.';
comment on column ml.income_bands.evidence is 'Main evidence, strongest first.';
comment on column ml.income_bands.probabilities is 'Calibrated probability of every band.';
comment on column ml.income_bands.model_version is 'ml.models; NULL where no model was used.';
comment on column ml.income_bands.inferred_at is 'Wall clock.';

reset role;
