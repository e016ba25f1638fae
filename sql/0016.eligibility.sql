-- Eligibility: the day's decision of every open application, and what people do with it: reviews, overrides, appeals.
-- depends: 0013.model_life 0014.audit_trails 0015.model_artifacts

set local role assay_ml;

create table if not exists ml.eligibility_decisions (
    eid text not null,
    as_of_date date not null,
    gr_id text not null,
    scheme_id text not null,
    knowledge_cutoff timestamptz not null,
    model_name text not null,
    model_version text,
    rule_version text,
    score_status text not null check (score_status in ('scored', 'insufficient_data', 'not_applicable')),
    probability double precision check (probability between 0 and 1),
    decision text check (decision in ('APPROVE', 'REVIEW', 'SOFT_DECLINE')),
    approve_threshold double precision check (approve_threshold between 0 and 1),
    review_threshold double precision check (review_threshold between 0 and 1),
    reasons jsonb not null,
    missing_evidence jsonb not null,
    would_change jsonb not null,
    is_retrospective boolean not null default false,
    decided_at timestamptz not null default now(),
    primary key (eid, as_of_date),
    foreign key (model_name, model_version) references ml.models (model_name, model_version),
    constraint a_probability_is_there_when_scored check ((score_status = 'scored') = (probability is not null)),
    constraint what_is_scored_has_a_decision check (score_status <> 'scored' or decision is not null),
    constraint what_is_scored_says_by_what check (
        (score_status <> 'scored') or (num_nulls(model_version, rule_version, approve_threshold, review_threshold) = 0)
    ),
    -- What is not known declines nobody and approves nobody; who has died is no case for a model.
    constraint insufficient_data_go_to_a_person check (
        score_status <> 'insufficient_data' or decision is not distinct from 'REVIEW'
    ),
    constraint not_applicable_is_not_decided check (score_status <> 'not_applicable' or decision is null),
    constraint review_is_not_above_approve check (review_threshold <= approve_threshold)
);
create index if not exists eligibility_decisions_by_day on ml.eligibility_decisions (as_of_date);
create index if not exists eligibility_decisions_by_golden_record on ml.eligibility_decisions (gr_id, as_of_date);
create index if not exists eligibility_decisions_by_version on ml.eligibility_decisions (model_name, model_version);
comment on table ml.eligibility_decisions is
'One row per application that was open at the end of a day, and that day: what the model decided, and why.';
comment on column ml.eligibility_decisions.eid is 'core.eligibility_applications.';
comment on column ml.eligibility_decisions.as_of_date is 'The decision says what was knowable at the end of this day.';
comment on column ml.eligibility_decisions.gr_id is
'Golden record of the applicant at that time; never rewritten by a merge.';
comment on column ml.eligibility_decisions.scheme_id is 'Scheme applied for.';
comment on column ml.eligibility_decisions.knowledge_cutoff is 'What was known by then counted.';
comment on column ml.eligibility_decisions.model_name is 'ml.models.';
comment on column ml.eligibility_decisions.model_version is 'ml.models; NULL where no version decided.';
comment on column ml.eligibility_decisions.rule_version is
'Policy, thresholds and least evidence by which the probability became a decision; NULL where no version decided.';
comment on column ml.eligibility_decisions.score_status is
'scored; insufficient_data: no model, or too few facts are known: a person decides; not_applicable: the applicant died';
comment on column ml.eligibility_decisions.probability is 'Calibrated probability of need; only where scored.';
comment on column ml.eligibility_decisions.decision is
'APPROVE, REVIEW or SOFT_DECLINE; REVIEW where data are insufficient; NULL where not applicable.';
comment on column ml.eligibility_decisions.approve_threshold is 'Least probability to approve; NULL without a model.';
comment on column ml.eligibility_decisions.review_threshold is 'Least probability to review; NULL without a model.';
comment on column ml.eligibility_decisions.reasons is 'Strongest reasons, in words.';
comment on column ml.eligibility_decisions.missing_evidence is
'Facts that are not known or contradict each other, and what would show them.';
comment on column ml.eligibility_decisions.would_change is
'Recorded facts which alone, if wrong, would change the decision, and what would correct them.';
comment on column ml.eligibility_decisions.is_retrospective is
'True: the version has learnt from an outcome that became known after knowledge_cutoff: replaces no other decision.';
comment on column ml.eligibility_decisions.decided_at is 'Wall clock.';

set local role assay_ops;

create table if not exists ops.eligibility_reviews (
    eid text primary key,
    as_of_date date not null,
    gr_id text not null,
    decision text not null check (decision in ('APPROVE', 'SOFT_DECLINE')),
    model_version text not null,
    drawn_at timestamptz not null default clock_timestamp()
);
comment on table ops.eligibility_reviews is
'One row per application that chance chose, for a person to look at what the model decided; only ever added to.';
comment on column ops.eligibility_reviews.eid is 'core.eligibility_applications.';
comment on column ops.eligibility_reviews.as_of_date is 'First day on which it was drawn.';
comment on column ops.eligibility_reviews.gr_id is 'Golden record then.';
comment on column ops.eligibility_reviews.decision is 'What the model had decided.';
comment on column ops.eligibility_reviews.model_version is 'The version that had.';
comment on column ops.eligibility_reviews.drawn_at is 'Wall clock.';

create table if not exists ops.eligibility_review_outcomes (
    outcome_id bigint generated by default as identity primary key,
    eid text not null references ops.eligibility_reviews (eid),
    as_of_date date not null,
    is_eligible boolean not null,
    decided_by text not null check (btrim(decided_by) <> ''),
    reason text not null check (btrim(reason) <> ''),
    database_login text not null default session_user,
    recorded_at timestamptz not null default clock_timestamp()
);
create index if not exists eligibility_review_outcomes_by_eid on ops.eligibility_review_outcomes (eid, outcome_id);
comment on table ops.eligibility_review_outcomes is
'One row per result of a review; the newest counts, and trainings of later days learn from it. Only ever added to.';
comment on column ops.eligibility_review_outcomes.outcome_id is 'Identifier, in the order of the results.';
comment on column ops.eligibility_review_outcomes.eid is 'ops.eligibility_reviews.';
comment on column ops.eligibility_review_outcomes.as_of_date is
'Newest day decided when the result was given: it is known from the next day on.';
comment on column ops.eligibility_review_outcomes.is_eligible is 'Needs support.';
comment on column ops.eligibility_review_outcomes.decided_by is 'Who looked at it.';
comment on column ops.eligibility_review_outcomes.reason is 'Why.';
comment on column ops.eligibility_review_outcomes.database_login is 'Login of the session, which nobody chooses.';
comment on column ops.eligibility_review_outcomes.recorded_at is 'Wall clock.';

create table if not exists ops.eligibility_overrides (
    override_id bigint generated by default as identity primary key,
    eid text not null,
    as_of_date date not null,
    model_version text,
    model_decision text,
    final_decision text check (final_decision in ('APPROVE', 'REVIEW', 'SOFT_DECLINE')),
    decision text check (decision in ('APPROVE', 'REVIEW', 'SOFT_DECLINE')),
    appeal_state text check (appeal_state in ('filed', 'upheld', 'rejected')),
    decided_by text not null check (btrim(decided_by) <> ''),
    reason text not null check (btrim(reason) <> ''),
    database_login text not null default session_user,
    recorded_at timestamptz not null default clock_timestamp(),
    constraint either_a_decision_or_an_appeal check (num_nulls(decision, appeal_state) = 1)
);
create index if not exists eligibility_overrides_by_eid on ops.eligibility_overrides (eid, override_id);
comment on table ops.eligibility_overrides is
'One row per decision of a person in place of the model''s, and per step of an appeal; the newest of each counts. Only
ever added to.';
comment on column ops.eligibility_overrides.override_id is 'Identifier, in the order of events.';
comment on column ops.eligibility_overrides.eid is 'ml.eligibility_decisions.';
comment on column ops.eligibility_overrides.as_of_date is 'Day of the model''s decision that the person saw.';
comment on column ops.eligibility_overrides.model_version is 'Version that had decided; NULL: none had.';
comment on column ops.eligibility_overrides.model_decision is 'What it had decided; NULL: nothing.';
comment on column ops.eligibility_overrides.final_decision is
'What was in force until then, a person''s or the model''s; where an appeal is filed, what it is against.';
comment on column ops.eligibility_overrides.decision is 'The person''s decision; NULL: the row is a step of an appeal.';
comment on column ops.eligibility_overrides.appeal_state is
'filed; upheld: the appellant is right; rejected: the decision stands. NULL: the row is a decision.';
comment on column ops.eligibility_overrides.decided_by is 'Who.';
comment on column ops.eligibility_overrides.reason is 'Why; of an appeal what it says.';
comment on column ops.eligibility_overrides.database_login is 'Login of the session, which nobody chooses.';
comment on column ops.eligibility_overrides.recorded_at is 'Wall clock.';

do $$
declare
    tbl text;
begin
    foreach tbl in array array['eligibility_reviews', 'eligibility_review_outcomes', 'eligibility_overrides'] loop
        execute format(
            'create or replace trigger %1$s_are_append_only before update or delete or truncate on ops.%1$s '
            'for each statement execute function ops.refuse_rewriting()', tbl
        );
        execute format('grant select on ops.%s to assay_dbt, assay_ml', tbl);
    end loop;
    foreach tbl in array array['eligibility_review_outcomes', 'eligibility_overrides'] loop
        execute format(
            'create or replace trigger %1$s_state_the_login before insert on ops.%1$s '
            'for each row execute function ops.state_the_login()', tbl
        );
    end loop;
end
$$;
-- Scoring draws the sample.
grant insert on ops.eligibility_reviews to assay_ml;

reset role;
