-- Decisions and accesses are only ever added to, and the login beside them is the session's, whatever was stated.
-- depends: 0004.alerts 0007.flag_decisions 0010.profile_access 0012.interventions 0013.model_life

set local role assay_ops;

create or replace function ops.state_the_login()
returns trigger
language plpgsql
as $$
begin
    new.database_login := session_user;
    return new;
end
$$;
comment on function ops.state_the_login() is 'Trigger: database_login is the login of the session.';

create or replace trigger profile_access_states_the_login
before insert on ops.profile_access
for each row execute function ops.state_the_login();

create or replace trigger interventions_state_the_login
before insert on ops.interventions
for each row execute function ops.state_the_login();

create or replace trigger model_events_state_the_login
before insert on ops.model_events
for each row execute function ops.state_the_login();

create or replace trigger profile_access_is_append_only
before update or delete or truncate on ops.profile_access
for each statement execute function ops.refuse_rewriting();

create or replace trigger flag_decisions_are_append_only
before update or delete or truncate on ops.flag_decisions
for each statement execute function ops.refuse_rewriting();

create or replace trigger alert_decisions_are_append_only
before update or delete or truncate on ops.alert_decisions
for each statement execute function ops.refuse_rewriting();

reset role;
