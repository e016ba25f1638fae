"""A real PostgreSQL for the tests: one embedded server a worker process, one fresh migrated database a test.

``warehouse`` is a database of the test's own; ``warehouse_settings`` are settings that ``open_warehouse``
opens it with. ``module_warehouse`` and ``module_warehouse_settings`` are the same, shared by the tests of one
module; ``module_dbt`` runs dbt there.
"""

import contextlib
import dataclasses
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from orchestration.settings import Settings, load_settings
from orchestration.warehouse import Warehouse, open_warehouse, stop_warehouse
from orchestration.warehouse.provisioning import provision
from tests.dbt import Dbt, Manifests
from tests.servers import spare_the_disk

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    """ASSAY_HOME of this worker's server. Short, because a socket's path holds 107 bytes, and open to its
    account.
    """
    home = Path(tempfile.mkdtemp(prefix="assay-t-"))
    home.chmod(0o755)
    yield home
    stop_warehouse(load_settings(home=home))
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def template_settings(server_home: Path) -> Settings:
    """Settings of the database that the others are copied from. Nothing is written to it."""
    return load_settings(home=server_home)


@pytest.fixture(scope="session")
def template_warehouse(template_settings: Settings) -> Warehouse:
    """A migrated, empty database of the portfolio ``sample``."""
    warehouse = open_warehouse(template_settings)
    spare_the_disk(warehouse)
    return warehouse


@contextlib.contextmanager
def fresh_warehouse(template: Warehouse, name: str | None = None) -> Iterator[Warehouse]:
    """A copy of the empty migrated database; dropped afterwards, its sessions ended."""
    copy = dataclasses.replace(template, database=name or f"test_{os.getpid()}_{next(_numbers)}")
    names = {"copy": sql.Identifier(copy.database), "template": sql.Identifier(template.database)}
    with dataclasses.replace(template, database="postgres").connect(autocommit=True) as admin:
        admin.execute(sql.SQL("create database {copy} template {template}").format(**names))
        try:
            with copy.connect(autocommit=True) as connection:
                provision(connection, bi_password="")
            yield copy
        finally:
            admin.execute(sql.SQL("drop database {copy} with (force)").format(**names))


def settings_for(warehouse: Warehouse, template: Warehouse, home: Path) -> Settings:
    """Settings that name ``warehouse`` as a server of the user's."""
    return load_settings(home=home, database_url=warehouse.url(), dagster_url=template.dagster_url())


@pytest.fixture
def warehouse(template_warehouse: Warehouse) -> Iterator[Warehouse]:
    """A fresh migrated database for this test."""
    with fresh_warehouse(template_warehouse) as copy:
        yield copy


@pytest.fixture
def warehouse_settings(warehouse: Warehouse, template_warehouse: Warehouse, server_home: Path) -> Settings:
    """Settings whose ``open_warehouse`` is this test's ``warehouse``."""
    return settings_for(warehouse, template_warehouse, server_home)


@pytest.fixture(scope="module")
def module_warehouse(template_warehouse: Warehouse) -> Iterator[Warehouse]:
    """A fresh migrated database for the tests of one module."""
    # One name for all modules, which follow each other: dbt's manifest holds it, so all of them share one.
    with fresh_warehouse(template_warehouse, "test_module") as copy:
        yield copy


@pytest.fixture(scope="module")
def module_warehouse_settings(
    module_warehouse: Warehouse, template_warehouse: Warehouse, server_home: Path
) -> Settings:
    """Settings whose ``open_warehouse`` is the module's ``module_warehouse``."""
    return settings_for(module_warehouse, template_warehouse, server_home)


@pytest.fixture(scope="module")
def module_dbt(module_warehouse: Warehouse, module_warehouse_settings: Settings, manifests: Manifests) -> Dbt:
    """dbt on the module's database."""
    manifests.give(module_warehouse_settings)
    return Dbt(module_warehouse, module_warehouse_settings)


@pytest.fixture
def bi_connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A session of the BI login, over TCP with its password."""
    with psycopg.connect(warehouse.bi_conninfo(), autocommit=True) as connection:
        yield connection
