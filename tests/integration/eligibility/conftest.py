"""An agency with a trained champion, once a module; tests change it inside a transaction that is rolled back."""

import dataclasses
from collections.abc import Iterator

import psycopg
import pytest

from ml.eligibility import EligibilityConfig, PiecewiseSettings
from ml.eligibility.lifecycle import EligibilityOutcome, champion_or_train
from orchestration.warehouse import Role, Warehouse
from tests.integration.eligibility.registry import CUTOFF, DAY, write_world

QUICK = EligibilityConfig(
    candidates={"straight": PiecewiseSettings(0.1)}, resamples=50, required_characteristics=("sex", "age_band")
)
OTHER = dataclasses.replace(QUICK, candidates={"pieces": PiecewiseSettings(0.1, pieces=5)})


@dataclasses.dataclass
class Agency:
    """Its warehouse, and what the first training gave."""

    warehouse: Warehouse
    trained: EligibilityOutcome

    @property
    def version(self) -> str:
        assert self.trained.version is not None
        return self.trained.version


@pytest.fixture(scope="module")
def agency(module_warehouse: Warehouse) -> Agency:
    with module_warehouse.connect(Role.DBT) as dbt, module_warehouse.connect(Role.ML) as ml:
        write_world(dbt, ml)
    with module_warehouse.connect(Role.ML) as ml:
        return Agency(module_warehouse, champion_or_train(ml, DAY, CUTOFF, QUICK))


@pytest.fixture
def connection(agency: Agency) -> Iterator[psycopg.Connection]:
    """A session of the administrator, who may be any role, rolled back afterwards."""
    with agency.warehouse.connect() as session, session.transaction(force_rollback=True):
        yield session
