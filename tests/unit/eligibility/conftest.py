"""Made-up applications and one model of them for all tests."""

import pandas as pd
import pytest

from ml.eligibility import EligibilityConfig, EligibilityModel, PiecewiseSettings, train
from ml.synthetic.applications import make_applications

QUICK = {"pieces": PiecewiseSettings(0.1, pieces=5)}


def quick(**changes: object) -> EligibilityConfig:
    return EligibilityConfig(**{"candidates": QUICK, "resamples": 50, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def applications() -> pd.DataFrame:
    return make_applications(4000, 11)


@pytest.fixture(scope="session")
def model(applications: pd.DataFrame) -> EligibilityModel:
    return train(applications, config=quick())


@pytest.fixture
def unemployed() -> dict[str, object]:
    """The seed's example of a scored application."""
    return {
        "eid": "784198765432104", "declared_monthly_income": 2500, "family_size": 6, "employment_status": "Unemployed",
        "avg_monthly_income": 2200, "avg_monthly_expenses": 2800, "credit_score": 510, "total_debt": 18000,
        "asset_value": 10000, "liabilities_value": 12000,
    }  # fmt: skip


@pytest.fixture
def well_off() -> dict[str, object]:
    return {
        "eid": "784198765432105", "declared_monthly_income": 25000, "family_size": 2, "employment_status": "Employed",
        "avg_monthly_income": 26000, "avg_monthly_expenses": 9000, "credit_score": 790, "total_debt": 5000,
        "asset_value": 400_000, "liabilities_value": 4000,
    }  # fmt: skip


@pytest.fixture
def moderate() -> dict[str, object]:
    return {
        "eid": "784198765432106", "declared_monthly_income": 5300, "family_size": 4, "employment_status": "Employed",
        "avg_monthly_income": 5500, "avg_monthly_expenses": 5200, "credit_score": 580, "total_debt": 15000,
        "asset_value": 40_000, "liabilities_value": 13000,
    }  # fmt: skip
