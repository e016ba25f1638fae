"""Is the calibration slope that training reports of a panel right, and its interval honest: many made-up panels.

People with rows on several days, a gap between parts, an outcome that depends on the person as well. The truth is the
slope of the final model on 40,000 rows of other people; a calibrated procedure reports 1 on average, and 95 in 100 of
its intervals contain 1.
"""

import sys
import time

import numpy as np
import pandas as pd

GRID, STEP_DAYS, GAP_DAYS = 12, 28, 35
FEATURES = 12
SIZES = (400, 1000, 2000)
PANELS = 8
FRESH = 40_000


def panel(generator: np.random.Generator, people: int, rows: int) -> pd.DataFrame:
    """Rows of people on days of the grid: half of a feature stays with the person, half comes and goes."""
    who = np.sort(generator.integers(0, people, rows))
    stays = generator.normal(size=(people, FEATURES))[who]
    X = np.sqrt(0.5) * stays + np.sqrt(0.5) * generator.normal(size=(rows, FEATURES))
    z = -2.3 + X @ np.r_[0.7, -0.5, 0.4, 0.3, np.zeros(FEATURES - 4)] + 0.4 * np.maximum(X[:, 0], 0) * (X[:, 1] < 0)
    z += 0.5 * generator.normal(size=people)[who]
    frame = pd.DataFrame(X, columns=[f"x{at:02d}" for at in range(FEATURES)])
    day = generator.integers(0, GRID, rows)
    frame["as_of"] = pd.Timestamp("2025-01-06") + pd.to_timedelta(STEP_DAYS * day, unit="D")
    frame["who"] = who
    frame["is_bad"] = generator.random(rows) < 1 / (1 + np.exp(-z))
    return frame


def one(seed: int, people: int, *, with_time: bool) -> dict[str, float]:
    """Reported slope with its interval, and the truth."""
    from ml.delinquency import TrainingConfig, train
    from ml.evaluate import calibration

    generator = np.random.default_rng([seed, people])
    frame = panel(generator, people, 8 * people)
    features = [name for name in frame if name.startswith("x")]
    config = TrainingConfig(gap_days=GAP_DAYS, resamples=400, held_out_above_bad=0)
    model = train(frame, "is_bad", time="as_of" if with_time else None, group="who", features=features, config=config)
    fresh = panel(np.random.default_rng([seed, people, 1]), FRESH, FRESH)
    truth = calibration(fresh["is_bad"].to_numpy(float), model.probability(fresh[features].to_numpy(float))).slope
    told = model.metrics["overall"]
    return {
        "people": people,
        "slope": told["calibration_slope"],
        "low": told["calibration_slope_low"],
        "high": told["calibration_slope_high"],
        "true": truth,
    }


def main(panels: int = PANELS, sizes: tuple[int, ...] = SIZES) -> None:
    """Print a line for each size, with and without a time."""
    for with_time in (True, False):
        for people in sizes:
            started = time.perf_counter()
            found = pd.DataFrame([one(seed, people, with_time=with_time) for seed in range(panels)])
            contains = (found["low"] <= 1) & (found["high"] >= 1)
            true_inside = (found["low"] <= found["true"]) & (found["true"] <= found["high"])
            print(
                f"{people:>5} people {'by time' if with_time else 'no time'}: slope reported "
                f"{found['slope'].mean():.3f} (sd {found['slope'].std():.3f}), of other people "
                f"{found['true'].mean():.3f} (sd {found['true'].std():.3f}); interval "
                f"{(found['high'] - found['low']).mean():.2f} wide, contains 1 in {contains.sum()} and the truth in "
                f"{true_inside.sum()} of {panels}; {(time.perf_counter() - started) / panels:.1f} s each",
                flush=True,
            )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
