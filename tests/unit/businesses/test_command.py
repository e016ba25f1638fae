"""``assay businesses`` and the portfolio ``msme``: what a user types, and what ``assay run`` generates by itself."""

import datetime as dt
from pathlib import Path

import pytest
from rich.console import Console

from ml.synthetic.manifest import read_manifest
from orchestration.cli.businesses import business_config, generate_businesses
from orchestration.cli.daily import _generate, default_day
from orchestration.errors import AssayError
from orchestration.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path, portfolio_name="msme", landing=None)


def generated(settings: Settings, **asked: object) -> str:
    console = Console(record=True, width=200)
    generate_businesses(settings, console, **{"landing": None, "truth": None, **asked})  # type: ignore[arg-type]
    return console.export_text()


def test_the_command_writes_the_set_once_and_keeps_to_it(settings: Settings) -> None:
    told = generated(settings, businesses=12, seed=3, until=dt.date(2025, 6, 30))
    assert "msme_bank.transactions" in told
    assert "12 businesses in" in told
    landing = settings.home / "landing" / "msme"
    assert (landing / "msme_bank" / "transactions_2025-06-30.parquet").is_file()
    assert (settings.home / "truth" / "msme" / "gst_fraud_2025-06-30.parquet").is_file()
    assert "nothing to do" in generated(settings)
    assert business_config(landing, {"until": dt.date(2025, 7, 1)}).businesses == 12
    with pytest.raises(AssayError, match="seed 3 there, 4 asked for"):
        generated(settings, seed=4)
    with pytest.raises(AssayError, match="expected 1 to"):
        generated(settings, businesses=0)


def test_the_portfolio_generates_the_default_ten_until_its_business_date(settings: Settings) -> None:
    _generate(settings)
    manifest = read_manifest(settings.landing)
    assert manifest is not None
    assert manifest.identity["businesses"] == 10
    assert manifest.until == settings.portfolio.business_date == dt.date(2025, 12, 31)
    assert default_day(settings) == dt.date(2025, 12, 31)
