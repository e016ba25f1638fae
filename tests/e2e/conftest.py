"""The whole way of the data, run for real: one published sample and one published bank a test session.

All tests of one portfolio share its run, so they belong to one worker: each module is marked with its group.
"""

import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from ml.synthetic.businesses import BusinessConfig, write_businesses
from orchestration.cli.daily import prepare_portfolio
from orchestration.instance import open_instance
from orchestration.runtime import Runtime
from orchestration.settings import PROJECT_ROOT, load_settings
from orchestration.warehouse import stop_warehouse
from tests.dbt import Manifests
from tests.e2e.chain import TRAINING, Chain
from tests.msme_scenarios.boundaries import build_boundaries
from tests.msme_scenarios.landing import write_landing
from tests.msme_scenarios.lookalikes import build_lookalikes
from tests.msme_scenarios.pack import Pack, build_pack
from tests.servers import spare_the_disk

REAL_DATA = PROJECT_ROOT.parent / "shared" / "data"


def _chain(manifests: Manifests, name: str, **given: object) -> Iterator[Chain]:
    home = Path(tempfile.mkdtemp(prefix="assay-e-"))
    home.chmod(0o755)
    settings = load_settings(home=home, portfolio_name=name, **given)
    runtime = Runtime(settings, TRAINING)
    try:
        manifests.give(settings)
        spare_the_disk(runtime.warehouse)
        prepare_portfolio(runtime, Console(quiet=True))
        with open_instance(runtime) as instance:
            yield Chain(settings, runtime, instance)
    finally:
        stop_warehouse(settings)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def sample(manifests: Manifests) -> Iterator[Chain]:
    """The sample portfolio, run once for its business date."""
    # As `make run` makes it: fewer people have too few loans gone bad to train on, and groups too small to be judged.
    for chain in _chain(manifests, "sample", sample_people=2_000):
        result = chain.run()
        assert result.success, "\n".join(str(event) for event in result.all_events if event.is_failure)
        yield chain


@pytest.fixture(scope="session")
def bank(manifests: Manifests) -> Iterator[Chain]:
    """The real bank, run once; skipped where its files are not at hand."""
    landing = REAL_DATA / "eagle_bank"
    if not landing.is_dir():
        pytest.skip(f"real inputs are absent: {landing}")
    for chain in _chain(manifests, "eagle_bank", landing=landing):
        result = chain.run()
        assert result.success, "\n".join(str(event) for event in result.all_events if event.is_failure)
        yield chain


@pytest.fixture(scope="session")
def journey(manifests: Manifests) -> Iterator[Chain]:
    """The retailer's purchases, run once; skipped where its files are not at hand."""
    landing = REAL_DATA / "complete_journey"
    if not landing.is_dir():
        pytest.skip(f"real inputs are absent: {landing}")
    for chain in _chain(manifests, "complete_journey", landing=landing):
        result = chain.run()
        assert result.success, "\n".join(str(event) for event in result.all_events if event.is_failure)
        yield chain


@pytest.fixture(scope="session")
def scenario_pack() -> Pack:
    """The scenarios of small businesses; read only."""
    return build_pack()


@pytest.fixture(scope="session")
def msme(manifests: Manifests, scenario_pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """The default ten businesses beside the scenario pack and the boundary cases, run once."""
    landing, truth = tmp_path_factory.mktemp("msme") / "landing", tmp_path_factory.mktemp("msme_truth") / "truth"
    write_businesses(BusinessConfig(), landing, truth)
    # Files of other names beside the generated ones: all of the same days.
    write_landing(scenario_pack.frames, landing, dt.date(2025, 12, 30))
    write_landing(build_boundaries().frames, landing, dt.date(2025, 12, 29))
    write_landing(build_lookalikes()[0], landing, dt.date(2025, 12, 28))
    for chain in _chain(manifests, "msme", landing=landing):
        result = chain.run()
        assert result.success, "\n".join(str(event) for event in result.all_events if event.is_failure)
        yield chain


@pytest.fixture
def sample_bi(sample: Chain) -> Iterator[psycopg.Connection]:
    """A session of the BI login on the published sample."""
    with psycopg.connect(sample.runtime.warehouse.bi_conninfo(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def bank_bi(bank: Chain) -> Iterator[psycopg.Connection]:
    """A session of the BI login on the published bank."""
    with psycopg.connect(bank.runtime.warehouse.bi_conninfo(), autocommit=True) as connection:
        yield connection
