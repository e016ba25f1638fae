"""``ml.delinquency.train`` beside plain LightGBM and logistic regression on the same folds, with paired intervals.

Made-up tables of several kinds, and the poverty data of Costa Rica (poor or not, grouped by household) where they
are there. Plain LightGBM has its own defaults and early stopping on a sixth of the training rows; the logistic
regression is scikit-learn's with medians, missing indicators, scaling and one-hot levels. Where a table has a time,
the last quarter is tested, else five folds are.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.benchmarks.default_tables import TABLES

# Larger tables have folds enough with two.
MANY_ROWS = 50_000
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDS = 5


def splits(
    frame: pd.DataFrame, time_column: str | None, group: str | None, folds: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Training and test rows."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if time_column is not None:
        cut = frame[time_column].quantile(0.75)
        yield np.flatnonzero(frame[time_column] < cut), np.flatnonzero(frame[time_column] >= cut)
        return
    kind = StratifiedKFold if group is None else StratifiedGroupKFold
    groups = None if group is None else frame[group]
    yield from kind(folds, shuffle=True, random_state=0).split(frame, frame["is_bad"].astype(int), groups)


def plain_lightgbm(train: pd.DataFrame, test: pd.DataFrame, y: np.ndarray) -> np.ndarray:
    """Defaults, category columns as they are, early stopping."""
    import lightgbm as lgb
    from sklearn.model_selection import train_test_split

    fit, stop = train_test_split(np.arange(len(train)), test_size=1 / 6, random_state=0, stratify=y)
    model = lgb.LGBMClassifier(n_estimators=1000, verbose=-1, n_jobs=1, random_state=0)
    callbacks = [lgb.early_stopping(30, verbose=False)]
    model.fit(train.iloc[fit], y[fit], eval_set=[(train.iloc[stop], y[stop])], callbacks=callbacks)
    return model.predict_proba(test)[:, 1]


def plain_logistic(train: pd.DataFrame, test: pd.DataFrame, y: np.ndarray) -> np.ndarray:
    """Imputation, scaling, one-hot."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [name for name in train if train[name].dtype != "category"]
    levels = [name for name in train if train[name].dtype == "category"]
    model = make_pipeline(
        ColumnTransformer(
            [
                (
                    "numbers",
                    make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
                    numbers,
                ),
                ("levels", OneHotEncoder(handle_unknown="ignore", min_frequency=10), levels),
            ]
        ),
        LogisticRegression(max_iter=2000),
    )
    return model.fit(train, y).predict_proba(test)[:, 1]


def for_rivals(frame: pd.DataFrame) -> pd.DataFrame:
    """What a plain pipeline would be given: percentages read, identifiers left out, text as categories."""
    rivals = {}
    for name, column in frame.items():
        if column.dtype.kind in "biuf":
            rivals[name] = column.astype(float)
        elif column.astype(str).str.endswith("%").all():
            rivals[name] = column.str.rstrip("%").astype(float)
        elif column.dtype.kind != "M" and column.nunique() < len(column) / 2:
            rivals[name] = column.astype("category")
    return pd.DataFrame(rivals)


def compare(
    frame: pd.DataFrame, time_column: str | None = None, group: str | None = None, folds: int = FOLDS
) -> dict[str, Any]:
    """Predictions of the three on the same test rows, and seconds that ours took."""
    from ml.delinquency import train

    frame = frame.reset_index(drop=True)
    plain = for_rivals(frame.drop(columns=[name for name in ("is_bad", time_column, group) if name]))
    y = frame["is_bad"].to_numpy(float)
    told = {name: np.full(len(frame), np.nan) for name in ("ours", "LightGBM", "logistic")}
    chosen, seconds = [], 0.0
    for fit, test in splits(frame, time_column, group, folds):
        started = time.perf_counter()
        model = train(frame.iloc[fit], "is_bad", time=time_column, group=group, model_name="benchmark")
        seconds += time.perf_counter() - started
        chosen.append(model.algorithm)
        told["ours"][test] = model.probability(model.numbers(frame.iloc[test]))
        told["LightGBM"][test] = plain_lightgbm(plain.iloc[fit], plain.iloc[test], y[fit])
        told["logistic"][test] = plain_logistic(plain.iloc[fit], plain.iloc[test], y[fit])
    tested = ~np.isnan(told["ours"])
    groups = np.arange(len(frame)) if group is None else pd.factorize(frame[group])[0]
    return {
        "y": y[tested],
        "groups": groups[tested],
        "told": {name: values[tested] for name, values in told.items()},
        "chosen": chosen,
        "seconds": seconds / len(chosen),
    }


def report(name: str, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines of the table: a row a rival."""
    from ml.delinquency.paired import loss_difference, row_losses
    from ml.evaluate import auc, auc_difference, calibration
    from ml.evaluate.calibration import log_odds

    y, groups, told = found["y"], found["groups"], found["told"]
    lines = []
    for rival in ("LightGBM", "logistic"):
        ranked = auc_difference(y, told["ours"], told[rival], group=groups, resamples=400)
        lost = loss_difference(row_losses(y, log_odds(told["ours"])), row_losses(y, log_odds(told[rival])), groups)
        lines.append(
            {
                "table": name,
                "rows": len(y),
                "bad": f"{y.mean():.3f}",
                "AUC": f"{auc(y, told['ours']).value:.4f}",
                "slope": f"{calibration(y, told['ours']).slope:.2f}",
                "rival": rival,
                "AUC - rival": f"{ranked.value:+.4f} [{ranked.low:+.4f}, {ranked.high:+.4f}]",
                "log loss - rival": f"{lost.value:+.5f} [{lost.low:+.5f}, {lost.high:+.5f}]",
                "verdict": "WORSE" if ranked.high < 0 or lost.is_surely_worse else "not worse",
                "chosen": ", ".join(sorted(set(found["chosen"]))),
                "s a fit": f"{found['seconds']:.1f}",
            }
        )
    return lines


def poverty() -> pd.DataFrame | None:
    """People of Costa Rica: poor (levels 1 to 3) or not, by household; None where the data are absent."""
    file = SHARED / "costa_rica_poverty" / "train.csv.gz"
    if not file.is_file():
        return None
    frame = pd.read_csv(file)
    frame["is_bad"] = frame["Target"] <= 3
    return frame.drop(columns=["Target", "Id"])


def borrowers(people: int) -> pd.DataFrame:
    """Exposures of a made-up world of so many people, every 28 days, with what the transactions of 13 weeks show."""
    from ml.synthetic.calendar import epoch_day
    from ml.synthetic.world.config import WorldConfig
    from ml.synthetic.world.timeline import make_timeline
    from tests.benchmarks.attainable_auc import exposures_of_people, observed

    config = WorldConfig(people=people)
    parts = []
    for block in range(config.blocks):
        timeline = make_timeline(config, block)
        weekly = observed(timeline, 12)
        first = epoch_day(config.start) + 7 * 13 - 1
        for day in range(first, first + 8 * 28, 28):
            X, bad, person = exposures_of_people(timeline, weekly, day)
            frame = pd.DataFrame(X, columns=[f"x{at:03d}" for at in range(X.shape[1])])
            when = np.datetime64(0, "D") + day
            parts.append(frame.assign(is_bad=bad, as_of=when, who=[f"{block}-{number}" for number in person]))
    return pd.concat(parts, ignore_index=True)


# Worlds, and whether they are judged in nested folds of people, as the sample's 2,000 are, or as their size has it: by
# time, where a fifth of the rows is tested.
WORLDS = ((2000, True), (4000, True), (6000, True), (4000, False), (6000, False), (12_000, False))


def slope_by_people(worlds: tuple[tuple[int, bool], ...] = WORLDS) -> None:
    """Print the width of the calibration slope's interval of worlds of several sizes; the goal is 0.20."""
    from ml.delinquency import train
    from ml.delinquency.predelinquency import default_config

    for people, in_folds in worlds:
        frame = borrowers(people)
        config = default_config()
        if in_folds:
            config = replace(config, held_out_above_bad=len(frame), held_out_above_rows=len(frame))
        started = time.perf_counter()
        model = train(frame, "is_bad", time="as_of", group="who", config=config, model_name="benchmark")
        told = model.metrics["overall"]
        low, high = told["calibration_slope_low"], told["calibration_slope_high"]
        print(
            f"{people:>6,} people, {frame['who'].nunique():,} borrowers, {len(frame):,} rows, "
            f"{int(frame['is_bad'].sum())} bad, {'nested folds' if in_folds else 'as by default'}, {model.algorithm}: "
            f"AUC {told['auc']:.3f}, slope {told['calibration_slope']:.2f} [{low:.2f}, {high:.2f}], "
            f"{high - low:.2f} wide (goal 0.20); judged {told['n']:,} rows, {told['n_bad']} bad; "
            f"{time.perf_counter() - started:.0f} s",
            flush=True,
        )


def main(*names: str) -> None:
    """Print a line for each table and rival."""
    lines: list[dict[str, Any]] = []
    for name, make in TABLES.items():
        if names and name not in names:
            continue
        frame = make(np.random.default_rng(20261128))
        lines += report(
            name,
            compare(
                frame, "granted_on" if "granted_on" in frame else None, folds=2 if len(frame) > MANY_ROWS else FOLDS
            ),
        )
        print(pd.DataFrame(lines[-2:]).to_string(index=False, header=len(lines) == 2), flush=True)
    if not names or "poverty" in names:
        frame = poverty()
        if frame is None:
            print("poverty: skipped, the data are not there")
        else:
            lines += report("poverty", compare(frame, group="idhogar"))
            print(pd.DataFrame(lines[-2:]).to_string(index=False, header=False), flush=True)
    if not names or "people" in names:
        slope_by_people()
    worse = [f"{line['table']} than {line['rival']}" for line in lines if line["verdict"] == "WORSE"]
    print(f"surely worse: {', '.join(worse) if worse else 'nowhere'}")


if __name__ == "__main__":
    main()
