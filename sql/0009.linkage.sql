-- Linkage: which versions of records a model has compared, and the pairs it found.
-- depends: 0003.ml

set local role assay_ml;

create table if not exists ml.linkage_versions (
    party_id text not null,
    valid_from date not null,
    content_hash text not null,
    model_version text not null,
    primary key (party_id, valid_from)
);
comment on table ml.linkage_versions is
'One row per version of a record that the linkage model has compared with all others: what need not be compared again.';
comment on column ml.linkage_versions.party_id is 'core.parties.';
comment on column ml.linkage_versions.valid_from is 'core.parties; the version''s first day.';
comment on column ml.linkage_versions.content_hash is 'Of the columns compared.';
comment on column ml.linkage_versions.model_version is 'ml.models, model identity_linkage.';

create table if not exists ml.linkage_edges (
    party_id_a text not null,
    party_id_b text not null,
    match_probability double precision not null check (match_probability between 0 and 1),
    evidence_known_at timestamptz not null,
    model_version text not null,
    primary key (party_id_a, party_id_b),
    constraint a_pair_has_one_order check (party_id_a < party_id_b)
);
create index if not exists linkage_edges_by_b on ml.linkage_edges (party_id_b);
comment on table ml.linkage_edges is
'One row per pair of records that may be one party: candidates of the linkage model, before decisions and conflicts.';
comment on column ml.linkage_edges.party_id_a is 'core.parties; the smaller identifier of the pair.';
comment on column ml.linkage_edges.party_id_b is 'core.parties; the greater identifier of the pair.';
comment on column ml.linkage_edges.match_probability is 'Highest among the pairs of their versions.';
comment on column ml.linkage_edges.evidence_known_at is
'When the first two versions were known that match, or else the two that match best.';
comment on column ml.linkage_edges.model_version is 'ml.models, model identity_linkage.';

reset role;
