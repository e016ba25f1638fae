"""dbt over a population of the test's own: rollup, golden records, profile and features, in a database of its
own."""

from collections.abc import Callable

import pytest

from tests.dbt import Dbt
from tests.integration.features.population import AS_OF

Build = Callable[..., None]
MODELS = ("core.rollups", "core.identity", "core.measures", "core.profile", "core.flags", "features")


@pytest.fixture(scope="module")
def build(module_dbt: Dbt) -> Build:
    """``build()`` runs the models for ``AS_OF``; ``build("--full-refresh")`` from nothing, ``models`` only some."""

    def run(*arguments: str, models: tuple[str, ...] = MODELS) -> None:
        module_dbt(AS_OF, "run", "--select", *models, *arguments)

    return run
