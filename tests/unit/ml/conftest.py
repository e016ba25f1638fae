"""A small portfolio with known drivers, and models trained on it once for all tests."""

import numpy as np
import pandas as pd
import pytest

from ml.delinquency import Candidate, LogisticSettings, TrainingConfig, TreeSettings, train
from ml.delinquency.encoding import Encoder, learn_encoder

FEATURES = ["stress", "income", "noise", "gappy", "constant", "empty"]
CATALOGUE = {
    "stress": {"name": "stress", "expected_sign": "+", "unit": "ratio",
               "reason_text": "Stress: {value} (usually {usual})"},
    "income": {"name": "income", "expected_sign": "-", "unit": "amount",
               "reason_text": "Income: {value} (usually {usual})"},
    "noise": {"name": "noise", "expected_sign": "0", "unit": "count"},
    "gappy": {"name": "gappy", "expected_sign": "+", "unit": "days", "reason_text": "Gap of {value}"},
}  # fmt: skip

LOGISTIC = Candidate("logistic", (LogisticSettings(0.1),))
TREES = Candidate("trees", (TreeSettings(2, rounds=20),))
AVERAGE = Candidate("average", (LogisticSettings(0.1), TreeSettings(2, rounds=20)))


def make_frame(n: int = 240, seed: int = 5) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "stress": generator.normal(size=n),
            "income": generator.lognormal(8, 0.5, n),
            "noise": generator.poisson(2, n),
            "gappy": np.where(generator.random(n) < 0.3, np.nan, generator.integers(0, 30, n)),
            "constant": 1.0,
            "empty": np.nan,
        }
    )
    z = -1.6 + 1.5 * frame["stress"] - 1.0 * (np.log(frame["income"]) - 8) + 0.8 * frame["gappy"].isna()
    frame["is_bad"] = generator.random(n) < 1 / (1 + np.exp(-z))
    frame["granted_on"] = pd.Timestamp("2017-03-01") + pd.to_timedelta(generator.integers(0, 600, n), unit="D")
    frame["gr_id"] = [f"gr{i // 2:04d}" for i in range(n)]
    return frame


def quick(*candidates: Candidate, **changes: object) -> TrainingConfig:
    return TrainingConfig(
        candidates=candidates,
        repeats=1,
        outer_folds=3,
        inner_folds=2,
        resamples=100,
        **changes,  # type: ignore[arg-type]
    )


def fit(frame: pd.DataFrame, *candidates: Candidate, **changes: object):
    return train(
        frame,
        "is_bad",
        features=FEATURES,
        time="granted_on",
        group="gr_id",
        catalogue=CATALOGUE,
        config=quick(*candidates, **changes),
    )


def kinds(frame: pd.DataFrame, day: str = "2019-06-01") -> tuple[dict[str, str], Encoder]:
    """What each column of a frame is found to be, by name."""
    days = np.full(len(frame), np.datetime64(day))
    encoder = learn_encoder(frame, list(frame), numeric=frozenset(), keep=False, days=days)
    return {column.name: column.kind for column in encoder.columns}, encoder


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return make_frame()


@pytest.fixture(scope="session", params=["logistic", "trees", "average"])
def model(request, frame):
    return fit(frame, {"logistic": LOGISTIC, "trees": TREES, "average": AVERAGE}[request.param])


@pytest.fixture(scope="session")
def average(frame):
    return fit(frame, AVERAGE)
