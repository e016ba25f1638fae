"""Report and card of a default model at 30,000 rows: time, and against drawing and measuring one resample at a time."""

import dataclasses
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from ml.delinquency import Candidate, LogisticSettings, TrainedModel, TrainingConfig, train
from ml.delinquency.card import card_markdown, write_card
from ml.delinquency.report import ReportConfig, build_report
from ml.evaluate.calibration import calibration
from ml.evaluate.intervals import intervals

ROWS, PEOPLE, RESAMPLES = 30_000, 20_000, 500
# The plain way is measured on so many resamples and multiplied up.
PLAIN_RESAMPLES = 10


def made_outcomes(rows: int = ROWS) -> pd.DataFrame:
    """Outcomes as training leaves them behind, of a calibrated model with three challengers."""
    generator = np.random.default_rng(20140331)
    z = generator.normal(-3, 1.2, rows)

    def told(noise: float) -> np.ndarray:
        return 1 / (1 + np.exp(-(z + generator.normal(0, noise, rows))))

    return pd.DataFrame(
        {
            "target": (generator.random(rows) < 1 / (1 + np.exp(-z))).astype(int),
            "probability": told(0.05),
            "time": pd.Timestamp("2017-01-31") + pd.to_timedelta(30 * generator.integers(0, 12, rows), unit="D"),
            "group": [f"GR{person:010d}" for person in generator.integers(0, PEOPLE, rows)],
            "part": "test",
            "probability_scorecard": told(0.5),
            "probability_logistic": told(0.3),
            "probability_lightgbm": told(0.1),
        }
    )


class _Outcomes(TrainedModel):
    """A trained model that carries made outcomes."""

    outcomes: pd.DataFrame
    training_probability: np.ndarray


def model_with(outcomes: pd.DataFrame) -> TrainedModel:
    """A small trained model, so that the card has something to tell, with the outcomes made above."""
    generator = np.random.default_rng(1)
    frame = pd.DataFrame({"stress": generator.normal(size=300)})
    frame["is_bad"] = generator.random(300) < 1 / (1 + np.exp(1 - frame["stress"]))
    config = TrainingConfig(
        candidates=(Candidate("logistic", (LogisticSettings(0.1),)),), repeats=1, outer_folds=3, inner_folds=2
    )
    model = train(frame, "is_bad", features=["stress"], config=config, model_name="predelinquency_30d")
    held = {field.name: getattr(model, field.name) for field in dataclasses.fields(TrainedModel)}
    carrying = _Outcomes(**held)
    object.__setattr__(carrying, "outcomes", outcomes)
    object.__setattr__(
        carrying, "training_probability", outcomes["probability"].sample(frac=1, random_state=1).to_numpy()
    )
    return carrying


def plain_seconds(outcomes: pd.DataFrame) -> float:
    """Seconds a resample where people are drawn and measured one resample at a time, by scikit-learn and SciPy."""
    rows_of = outcomes.groupby("group").indices
    people = list(rows_of)
    y, p = outcomes["target"].to_numpy(), outcomes["probability"].to_numpy()
    generator = np.random.default_rng(0)
    started = time.perf_counter()
    for _ in range(PLAIN_RESAMPLES):
        drawn = np.concatenate([rows_of[people[at]] for at in generator.integers(0, len(people), len(people))])
        roc_auc_score(y[drawn], p[drawn])
        calibration(y[drawn], p[drawn])
    return (time.perf_counter() - started) / PLAIN_RESAMPLES


def main() -> None:
    """Headline intervals, the whole report, the card."""
    outcomes = made_outcomes()
    model = model_with(outcomes)
    generator = np.random.default_rng(2)
    segments = {"region": generator.choice(["north", "south", "west"], ROWS), "age": generator.integers(18, 80, ROWS)}
    y, p, group = outcomes["target"], outcomes["probability"], outcomes["group"]
    intervals(y[:100], p[:100], resamples=5)  # imports
    started = time.perf_counter()
    found = intervals(y, p, group=group, resamples=RESAMPLES)
    headline = time.perf_counter() - started
    plain = plain_seconds(outcomes) * RESAMPLES
    print(f"{ROWS:,} rows of {outcomes['group'].nunique():,} people, {int(y.sum()):,} defaults, {RESAMPLES} resamples")
    print(f"  12 headline figures with intervals        {headline:6.2f} s   AUC {found['auc']}")
    print(f"  AUC and slope one resample at a time      {plain:6.2f} s   {plain / headline:.0f} times as long")
    started = time.perf_counter()
    report = build_report(
        model,
        segments=segments,
        amounts=generator.lognormal(8, 1, ROWS),
        config=ReportConfig(resamples=RESAMPLES),
    )
    whole = time.perf_counter() - started
    parts = ", ".join(f"{name} {len(table)}" for name, table in report.tables.items())
    print(f"  whole report (at most 8 s)                {whole:6.2f} s   rows: {parts}")
    with tempfile.TemporaryDirectory() as folder:
        card_markdown(report, model)  # matplotlib's import and fonts
        started = time.perf_counter()
        write_card(report, model, Path(folder))
        text = card_markdown(report, model)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
    print(
        f"  card with pictures, as files and inline   {time.perf_counter() - started:6.2f} s   "
        f"{size / 1000:,.0f} kB of files, {len(text) / 1000:,.0f} kB inline"
    )


if __name__ == "__main__":
    main()
