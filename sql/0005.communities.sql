-- Communities: groups of people on the graph of relationships and money, with ids that stay.
-- depends: 0003.ml

set local role assay_ml;

create table if not exists ml.communities (
    gr_id text not null,
    as_of_date date not null,
    cluster_id text,
    community_id text not null,
    stability double precision not null check (stability between 0 and 1),
    members_count integer not null check (members_count > 0),
    links_hash bigint not null,
    computed_at timestamptz not null default now(),
    primary key (as_of_date, gr_id),
    constraint a_cluster_is_the_community check (cluster_id is null or cluster_id = community_id)
);
create index if not exists communities_by_community on ml.communities (as_of_date, community_id);
comment on table ml.communities is
'One row per golden record with at least one link, and as-of date: the community it belongs to.';
comment on column ml.communities.gr_id is 'Golden record at the time; never rewritten by a merge.';
comment on column ml.communities.as_of_date is 'Links valid at the end of this day and known by its cut-off.';
comment on column ml.communities.cluster_id is
'The community, where the person''s place in it is stable over seeds; NULL: it is not.';
comment on column ml.communities.community_id is
'Where the day''s partition put the person: day of birth and first member; an id lives on with most of its members.';
comment on column ml.communities.stability is
'Share of fresh runs, each with a seed of its own, that put the person there, 0 to 1; of the last day its links changed.';
comment on column ml.communities.members_count is 'People of the community.';
comment on column ml.communities.links_hash is
'Of the person''s links and their weights: what has not changed the next day is not worked out again.';
comment on column ml.communities.computed_at is 'Wall clock.';

create table if not exists ml.community_ledger (
    as_of_date date not null,
    community_id text not null,
    event text not null check (event in ('born', 'split', 'merged', 'died')),
    other_community_id text,
    members_count integer not null check (members_count > 0),
    shared_count integer not null check (shared_count between 0 and members_count),
    recorded_at timestamptz not null default now(),
    primary key (as_of_date, community_id),
    constraint a_split_and_a_merge_have_two_sides check (
        (event in ('split', 'merged')) = (other_community_id is not null)
    )
);
create index if not exists community_ledger_by_community on ml.community_ledger (community_id);
comment on table ml.community_ledger is
'One row per community that began or ended, and as-of date. Growth and shrinking stand in ml.communities.';
comment on column ml.community_ledger.as_of_date is 'Day of the event, against the run before it (ml.community_runs).';
comment on column ml.community_ledger.community_id is 'Which began or ended.';
comment on column ml.community_ledger.event is
'born; split: most of its people come from the other; merged: most of its people are in the other; died: nobody is linked.';
comment on column ml.community_ledger.other_community_id is 'Where its people came from (split) or are (merged).';
comment on column ml.community_ledger.members_count is 'People; on the last day of a community that ended.';
comment on column ml.community_ledger.shared_count is 'People it has in common with the other.';
comment on column ml.community_ledger.recorded_at is 'Wall clock.';

create table if not exists ml.community_runs (
    as_of_date date primary key,
    previous_as_of_date date,
    scale double precision check (scale > 0),
    scale_links_count bigint not null check (scale_links_count >= 0),
    settings jsonb not null,
    report jsonb not null,
    computed_at timestamptz not null default now(),
    constraint the_day_before_is_before check (previous_as_of_date < as_of_date)
);
comment on table ml.community_runs is 'One row per as-of date for which communities were worked out, empty graphs too.';
comment on column ml.community_runs.as_of_date is 'Day.';
comment on column ml.community_runs.previous_as_of_date is 'Run whose communities it carried on; NULL for the first.';
comment on column ml.community_runs.scale is
'Scale of communities; kept from run to run until the graph outgrows it. NULL where there were no links.';
comment on column ml.community_runs.scale_links_count is 'Links on the day the scale was chosen.';
comment on column ml.community_runs.settings is 'Seeds, margin, weights of links.';
comment on column ml.community_runs.report is 'Counts, modularity, agreement with the day before.';
comment on column ml.community_runs.computed_at is 'Wall clock.';

reset role;
