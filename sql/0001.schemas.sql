-- Schemas, their owners, and who reads them. Roles and privileges on the database itself are not here: they live in
-- the server's shared catalogues (orchestration/warehouse/provisioning.py).

create schema if not exists raw authorization assay_ingest;
create schema if not exists staging authorization assay_dbt;
create schema if not exists core authorization assay_dbt;
create schema if not exists features authorization assay_dbt;
create schema if not exists gold authorization assay_dbt;
create schema if not exists ml authorization assay_ml;
create schema if not exists ops authorization assay_ops;

comment on schema raw is
'Files as received: typed by contract, with file, line and load. Written by assay_ingest.';
comment on schema staging is 'One source mapped to the canonical input layer. Written by assay_dbt.';
comment on schema core is 'Sources united, golden records and profiles. Written by assay_dbt.';
comment on schema features is 'Point-in-time features by as-of date. Written by assay_dbt.';
comment on schema gold is
'The latest publication, the only schema BI reads. Replaced as a whole by assay_dbt.';
comment on schema ml is 'What Python works out: links, models, scores. Written by assay_ml.';
comment on schema ops is
'Loads, rejects, publications, audits. Written by assay_ops, loads and rejects by assay_ingest.';
comment on schema migrations is 'Which files of sql/ were applied.';

-- Nothing is shared through public: BI would reach it.
revoke all on schema public from public;

grant usage on schema migrations to assay_ops;
grant select on all tables in schema migrations to assay_ops;

-- What a role creates, its readers may read, without anyone having to remember a grant.
set local role assay_ingest;
grant usage on schema raw to assay_dbt, assay_ops;
alter default privileges in schema raw grant select on tables to assay_dbt, assay_ops;

set local role assay_dbt;
grant usage on schema staging, core, features to assay_ml, assay_ops;
alter default privileges in schema staging grant select on tables to assay_ml, assay_ops;
alter default privileges in schema core grant select on tables to assay_ml, assay_ops;
alter default privileges in schema features grant select on tables to assay_ml, assay_ops;
grant usage on schema gold to assay_bi, assay_ops;
alter default privileges in schema gold grant select on tables to assay_bi, assay_ops;

set local role assay_ml;
grant usage on schema ml to assay_dbt, assay_ops;
alter default privileges in schema ml grant select on tables to assay_dbt, assay_ops;

-- In ops each table says who reads it: some of them hold what a person's record said.
set local role assay_ops;
grant usage on schema ops to assay_ingest, assay_dbt;

reset role;

-- Every login may call these by default: large objects would let BI write, advisory locks would let it hold up a
-- publication. Only a superuser can take that away; on a server of the user's an administrator may run this block.
do $$
declare
    routine regprocedure;
begin
    if (select rolsuper from pg_roles where rolname = current_user) then
        for routine in
            select oid::regprocedure from pg_proc
            where pronamespace = 'pg_catalog'::regnamespace
              and (proname like 'pg_advisory%' or proname like 'pg_try_advisory%'
                   or proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite'))
        loop
            execute format('revoke execute on function %s from public', routine);
            execute format('grant execute on function %s to assay_ingest, assay_dbt, assay_ml, assay_ops', routine);
        end loop;
    end if;
end
$$;
