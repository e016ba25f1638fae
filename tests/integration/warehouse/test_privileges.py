"""One writer per schema, and a BI login that reads gold and does nothing else."""

import psycopg
import pytest
from psycopg import sql

from orchestration.warehouse import Role, Warehouse
from orchestration.warehouse.roles import WRITERS

SCHEMAS = ("raw", "staging", "core", "features", "gold", "ml", "ops", "public", "migrations")
OWNED = {
    Role.INGEST: {"raw"},
    Role.DBT: {"staging", "core", "features", "gold"},
    Role.ML: {"ml"},
    Role.OPS: {"ops"},
}
READS = {
    Role.INGEST: {"raw"},
    Role.DBT: {"raw", "staging", "core", "features", "gold", "ml"},
    Role.ML: {"staging", "core", "features", "ml"},
    Role.OPS: {"raw", "staging", "core", "features", "gold", "ml", "ops"},
    Role.BI: {"gold"},
}
DATA_SCHEMAS = ("raw", "staging", "core", "features", "gold", "ml", "ops")


@pytest.fixture(scope="module")
def stocked(module_warehouse: Warehouse) -> Warehouse:
    """Every data schema holds one table that its owner made after the migrations."""
    for role, schemas in OWNED.items():
        with module_warehouse.connect(role) as connection:
            for schema in schemas:
                table = sql.Identifier(schema, "thing")
                connection.execute(sql.SQL("create table {} (id int)").format(table))
                connection.execute(sql.SQL("insert into {} values (1)").format(table))
    return module_warehouse


def session(warehouse: Warehouse, role: Role) -> psycopg.Connection:
    if role is Role.BI:
        connection = psycopg.connect(warehouse.bi_conninfo(), autocommit=True)
        connection.execute("set default_transaction_read_only = off")
        return connection
    return warehouse.connect(role, autocommit=True)


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("role", list(Role))
def test_a_role_creates_tables_only_in_its_own_schemas(stocked: Warehouse, role: Role, schema: str) -> None:
    statement = sql.SQL("create table {} (id int)").format(sql.Identifier(schema, f"by_{role}"))
    with session(stocked, role) as connection:
        if schema in OWNED.get(role, set()):
            connection.execute(statement)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("schema", DATA_SCHEMAS)
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    "change", ["insert into {} values (2)", "update {} set id = 3", "delete from {}", "truncate {}"]
)
def test_a_role_changes_rows_only_in_its_own_schemas(stocked: Warehouse, role: Role, schema: str, change: str) -> None:
    statement = sql.SQL(change).format(sql.Identifier(schema, "thing"))
    with session(stocked, role) as connection:
        if schema in OWNED.get(role, set()):
            connection.execute(statement)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.parametrize("schema", DATA_SCHEMAS)
@pytest.mark.parametrize("role", list(Role))
def test_a_role_reads_what_it_needs_without_a_grant_for_each_table(stocked: Warehouse, role: Role, schema: str) -> None:
    statement = sql.SQL("select * from {}").format(sql.Identifier(schema, "thing"))
    with session(stocked, role) as connection:
        if schema in READS[role]:
            connection.execute(statement)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_only_ingestion_and_operations_read_a_rejected_record(stocked: Warehouse) -> None:
    for role in (Role.INGEST, Role.OPS):
        with session(stocked, role) as connection:
            connection.execute("select record from ops.rejects")
    for role in (Role.DBT, Role.ML, Role.BI):
        with session(stocked, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select record from ops.rejects")
    with session(stocked, Role.DBT) as connection:
        connection.execute("select source, reason_code, count(*) from ops.rejects group by 1, 2")


def test_ingestion_adds_to_the_log_of_loads_and_never_rewrites_it(stocked: Warehouse) -> None:
    with session(stocked, Role.INGEST) as connection:
        row = connection.execute("select nextval('ops.loads_load_id_seq')").fetchone()
        assert row is not None
        connection.execute(
            "insert into ops.loads (load_id, source, table_name, file_name, sha256, contract_hash, status) "
            "values (%s, 's', 't', 'f', 'x', 'y', 'loaded')",
            row,
        )
        for statement in ("update ops.loads set status = 'stopped'", "delete from ops.loads"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_load_whose_rows_do_not_add_up_is_refused(warehouse: Warehouse) -> None:
    with warehouse.connect(Role.INGEST) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "insert into ops.loads (source, table_name, file_name, sha256, contract_hash, status, rows_read) "
            "values ('s', 't', 'f', 'x', 'y', 'loaded', 3)"
        )


def test_bi_starts_in_gold_read_only_and_with_time_limits(bi_connection: psycopg.Connection) -> None:
    row = bi_connection.execute(
        "select current_user, current_setting('search_path'), "
        "current_setting('default_transaction_read_only'), "
        "current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
    ).fetchone()
    assert row == ("assay_bi", "gold", "on", "1min", "1min")


def test_bi_names_gold_tables_without_the_schema(stocked: Warehouse) -> None:
    with psycopg.connect(stocked.bi_conninfo()) as connection:
        assert connection.execute("select count(*) >= 0 from thing").fetchone() == (True,)


@pytest.mark.parametrize(
    "statement",
    [
        "create table t (id int)",
        "create temporary table t (id int)",
        "create schema mine",
        "select lo_create(0)",
        "select pg_advisory_lock(1)",
        "create function gold.f() returns int language sql as 'select 1'",
        "create role mine",
        "copy (select 1) to program 'true'",
        "select pg_read_file('postgresql.conf')",
        *(f"set role {role}" for role in WRITERS),
        "set role postgres",
        "set session authorization postgres",
    ],
)
def test_bi_can_do_nothing_but_read_even_with_read_only_switched_off(
    bi_connection: psycopg.Connection, statement: str
) -> None:
    bi_connection.execute("set default_transaction_read_only = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bi_connection.execute(statement)


def test_bi_is_stopped_when_a_statement_takes_too_long(bi_connection: psycopg.Connection) -> None:
    bi_connection.execute("set statement_timeout = '50ms'")
    with pytest.raises(psycopg.errors.QueryCanceled):
        bi_connection.execute("select pg_sleep(5)")


@pytest.mark.parametrize("database", ["postgres", "template1", "dagster_sample"])
def test_bi_may_not_enter_other_databases_of_the_server(warehouse: Warehouse, database: str) -> None:
    url = warehouse.bi_conninfo().replace(f"/{warehouse.database}", f"/{database}")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_tcp_lets_nobody_in_without_the_password(warehouse: Warehouse, password: str) -> None:
    for user in ("assay_bi", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host="127.0.0.1",
                port=warehouse.port,
                user=user,
                password=password or None,
                dbname=warehouse.database,
            )
