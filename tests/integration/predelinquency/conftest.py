"""dbt over borrowers of the test's own, for any day, in a database of its own."""

import dataclasses
import datetime as dt

import pytest

from orchestration.warehouse import Warehouse
from tests.dbt import Dbt
from tests.integration.predelinquency.borrowers import write_world

MODELS = ("core.rollups", "core.identity", "features")


@dataclasses.dataclass(frozen=True)
class RunDay:
    """``run_day(day)`` builds the models as of a day; further arguments go to dbt."""

    dbt: Dbt

    def __call__(self, day: dt.date, *arguments: str, select: tuple[str, ...] = MODELS) -> None:
        self.dbt(day, "run", "--select", *select, *arguments)

    def compiled(self, model: str) -> str:
        """SQL of a model as the last run that had it made it."""
        return self.dbt.compiled(model)


@pytest.fixture(scope="module")
def run_day(module_dbt: Dbt) -> RunDay:
    """dbt on the module's database."""
    return RunDay(module_dbt)


@pytest.fixture(scope="module")
def borrowers(module_warehouse: Warehouse) -> Warehouse:
    """The database with everything that the bank knows, nothing built yet."""
    with module_warehouse.connect("assay_dbt") as dbt, module_warehouse.connect("assay_ml") as ml:
        write_world(dbt, ml)
    return module_warehouse
