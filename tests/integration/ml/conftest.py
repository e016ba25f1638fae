"""Two versions of a model, one after the other champion."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ml import registry
from orchestration.warehouse import Role, Warehouse
from tests.integration.conftest import fresh_warehouse
from tests.integration.ml.lives import SLACK, trained
from tests.integration.ml.test_registry_and_scores import NAME, QUICK, create_features


@dataclass(frozen=True)
class Trained:
    """A database of trained versions, which others are copied from, and the versions' names."""

    warehouse: Warehouse
    versions: tuple[str, str]


@pytest.fixture(scope="session")
def trained_once(template_warehouse: Warehouse) -> Iterator[Trained]:
    """Two versions of the same loans: the first was champion, the second is. Nothing is written to it."""
    with fresh_warehouse(template_warehouse) as warehouse:
        with warehouse.connect(Role.DBT) as dbt:
            create_features(dbt, 150)
        with warehouse.connect(Role.ML) as connection:
            first, second = (str(trained(connection, config).version) for config in (QUICK, SLACK))
            registry.set_alias(connection, NAME, "champion", first, set_by="test")
            registry.set_alias(connection, NAME, "champion", second, set_by="test")
        yield Trained(warehouse, (first, second))


@pytest.fixture
def versions(trained_once: Trained) -> tuple[str, str]:
    """Who asks for the two versions has them in its ``warehouse``: the first was champion, the second is."""
    return trained_once.versions


@pytest.fixture
def warehouse(request: pytest.FixtureRequest, template_warehouse: Warehouse) -> Iterator[Warehouse]:
    """A fresh database for this test, empty or with the two versions."""
    source = template_warehouse
    if "versions" in request.fixturenames:
        source = request.getfixturevalue("trained_once").warehouse
    with fresh_warehouse(source) as copy:
        yield copy
