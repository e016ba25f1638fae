"""Opening a warehouse makes what is missing, once, and says what it may not make."""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from orchestration.settings import MIGRATIONS_DIR, Settings, load_settings
from orchestration.warehouse import (
    PortfolioMismatchError,
    ProvisioningError,
    Role,
    Warehouse,
    WarehouseError,
    open_warehouse,
    provisioning,
)
from orchestration.warehouse.migrations import applied_ids, migrate, migration_ids


def test_migrations_are_applied_once_and_in_order(warehouse: Warehouse) -> None:
    assert migrate(warehouse, MIGRATIONS_DIR) == []
    with warehouse.connect() as connection:
        assert applied_ids(connection) == set(migration_ids(MIGRATIONS_DIR))


def test_every_migration_can_run_again_without_changing_anything(warehouse: Warehouse) -> None:
    with warehouse.connect(Role.OPS) as connection:
        before = connection.execute("select * from ops.portfolio").fetchall()
    with warehouse.connect(autocommit=True) as connection:
        connection.execute("truncate migrations._yoyo_migration")
    assert migrate(warehouse, MIGRATIONS_DIR) == migration_ids(MIGRATIONS_DIR)
    with warehouse.connect(Role.OPS) as connection:
        assert connection.execute("select * from ops.portfolio").fetchall() == before


def test_a_failing_migration_leaves_nothing_of_itself(warehouse: Warehouse, tmp_path: Path) -> None:
    for path in MIGRATIONS_DIR.glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "0099.broken.sql").write_text("create table public.half (id int);\nselect 1 / 0;\n", encoding="utf-8")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(warehouse, tmp_path)
    with warehouse.connect() as connection:
        assert connection.execute("select to_regclass('public.half')").fetchone() == (None,)
        assert "0099.broken" not in applied_ids(connection)


def test_an_open_warehouse_opens_again_without_any_work(
    template_settings: Settings, template_warehouse: Warehouse
) -> None:
    assert open_warehouse(template_settings) == template_warehouse
    with template_warehouse.connect(autocommit=True) as connection:
        assert provisioning.missing_statements(connection, "") == []


def test_every_way_in_becomes_the_role_it_was_asked_for(warehouse: Warehouse) -> None:
    import sqlalchemy

    with warehouse.connect(Role.ML) as connection:
        connection.rollback()
        assert connection.execute("select current_user").fetchone() == ("assay_ml",)
    with warehouse.adbc(Role.INGEST) as adbc, adbc.cursor() as cursor:
        cursor.execute("select current_user::text")
        assert cursor.fetchone() == ("assay_ingest",)
    engine = sqlalchemy.create_engine(warehouse.sqlalchemy_url(Role.DBT))
    with engine.connect() as sqlalchemy_connection:
        assert sqlalchemy_connection.execute(sqlalchemy.text("select current_user")).scalar() == "assay_dbt"
    engine.dispose()
    with psycopg.connect(warehouse.dagster_url()) as dagster:
        assert dagster.execute("select current_database()").fetchone() == ("dagster_sample",)


def test_a_database_of_another_portfolio_is_refused(warehouse_settings: Settings) -> None:
    open_warehouse(warehouse_settings)
    other = warehouse_settings.model_copy(update={"portfolio_name": "eagle_bank"})
    with pytest.raises(PortfolioMismatchError, match="holds the portfolio 'sample', and 'eagle_bank' was asked for"):
        open_warehouse(other)


def test_a_portfolio_that_changed_its_currency_is_refused(warehouse: Warehouse, warehouse_settings: Settings) -> None:
    with warehouse.connect(Role.OPS) as connection:
        connection.execute("update ops.portfolio set currency = 'CZK'")
    with pytest.raises(PortfolioMismatchError, match="made for CZK"):
        open_warehouse(warehouse_settings)


def test_a_server_that_does_not_answer_is_named(server_home: Path) -> None:
    settings = load_settings(home=server_home, database_url="postgresql://me@127.0.0.1:1/nothing")
    with pytest.raises(WarehouseError, match=r"database 'nothing' on 127\.0\.0\.1:1 as 'me'"):
        open_warehouse(settings)


def test_an_old_server_is_refused(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provisioning, "MINIMUM_VERSION", 990000)
    with (
        warehouse.connect() as connection,
        pytest.raises(ProvisioningError, match="is PostgreSQL 18; Assay needs"),
    ):
        provisioning.check_version(connection, "here")


@pytest.fixture
def users_server(template_warehouse: Warehouse, server_home: Path) -> Iterator[Settings]:
    """A database whose login may create nothing on its server, and settings that name it."""
    name, login = f"theirs_{time.monotonic_ns()}", f"app_{time.monotonic_ns()}"
    admin = dataclasses.replace(template_warehouse, database="postgres").connect(autocommit=True)
    admin.execute(sql.SQL("create role {} login password 'secret'").format(sql.Identifier(login)))
    admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    admin.execute(sql.SQL("grant connect on database {} to {}").format(sql.Identifier(name), sql.Identifier(login)))
    yield load_settings(
        home=server_home,
        database_url=f"postgresql://{login}:secret@127.0.0.1:{template_warehouse.port}/{name}",
    )
    admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
    admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(f"{name}_dagster")))
    admin.execute(sql.SQL("drop role {}").format(sql.Identifier(login)))
    admin.close()


def statements(error: ProvisioningError) -> list[str]:
    return [line.strip() for line in str(error).splitlines() if line.startswith("  ")]


def test_a_login_without_rights_gets_the_list_for_the_administrator_and_then_works(
    users_server: Settings, template_warehouse: Warehouse
) -> None:
    assert users_server.database_url is not None
    database = users_server.database_url.rsplit("/", 1)[1]
    admin = dataclasses.replace(template_warehouse, database=database)
    with pytest.raises(ProvisioningError, match=r"may not create the database for Dagster's storage") as caught:
        open_warehouse(users_server)
    with admin.connect(autocommit=True) as connection:
        for statement in statements(caught.value):
            connection.execute(sql.SQL(statement))  # type: ignore[arg-type]
    with pytest.raises(ProvisioningError, match=f"may not set up the database {database}") as caught:
        open_warehouse(users_server)
    listed = statements(caught.value)
    assert any(statement.startswith('GRANT "assay_dbt" TO') for statement in listed)
    with admin.connect(autocommit=True) as connection:
        for statement in listed:
            connection.execute(sql.SQL(statement))  # type: ignore[arg-type]

    warehouse = open_warehouse(users_server)
    assert not warehouse.is_embedded
    assert open_warehouse(users_server) == warehouse
    for role in (Role.INGEST, Role.DBT, Role.ML, Role.OPS):
        with warehouse.connect(role) as connection:
            assert connection.execute("select current_user").fetchone() == (str(role),)
    with pytest.raises(WarehouseError, match=r"credentials\.json"):
        warehouse.bi_conninfo()
