"""Two versions of a model, one after the other champion."""

import pytest

from ml import registry
from orchestration.warehouse import Role, Warehouse
from tests.integration.ml.lives import SLACK, trained
from tests.integration.ml.test_registry_and_scores import NAME, QUICK, create_features


@pytest.fixture
def versions(warehouse: Warehouse) -> tuple[str, str]:
    """Two versions of the same loans: the first was champion, the second is."""
    with warehouse.connect(Role.DBT) as dbt:
        create_features(dbt, 150)
    with warehouse.connect(Role.ML) as connection:
        first, second = (str(trained(connection, config).version) for config in (QUICK, SLACK))
        registry.set_alias(connection, NAME, "champion", first, set_by="test")
        registry.set_alias(connection, NAME, "champion", second, set_by="test")
    return first, second
