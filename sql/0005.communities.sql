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
'Where the day''s partition put the person; an id lives on with most of its members.';
comment on column ml.communities.stability is 'Share of seeds that put the person there, 0 to 1.';
comment on column ml.communities.members_count is 'People of the community.';
comment on column ml.communities.computed_at is 'Wall clock.';

reset role;
