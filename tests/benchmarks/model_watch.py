"""Watching a model: planted drift named within a day, sixty clean days without an alert, time to go back.

Made up first: 104 features of a few hundred to ten thousand people, skewed, with gaps and zeros, some of them swinging
with the day of the month as pay does; people keep their level from day to day. The training window has ten days, 28
days apart. Then the same on the sample's own world, through the real chain, see ``watched_days``.
"""

import datetime as dt
import time

import numpy as np
import pandas as pd
from rich.console import Console

from ml.drift import Reference, compare, late_sources, reference_of
from tests.benchmarks import watched_days

FEATURES, TRAINING_DAYS, CLEAN_DAYS = 104, 10, 60
SIZES = (300, 2_000, 10_000)
SOURCES = ("bank transactions", "bank payments", "bank bureau", "crm contacts")


class World:
    """People with lasting levels; ``day(n)`` is what is seen of them on the n-th day."""

    def __init__(self, people: int, seed: int = 1) -> None:
        self.people, self.seed = people, seed
        rng = np.random.default_rng(seed)
        self.level = rng.normal(size=(people, FEATURES))
        products = ["Personal Loan", "Car Loan", "Mortgage", "Boat Loan"]
        self.product = rng.choice(products, people, p=[0.5, 0.3, 0.15, 0.05])

    def day(self, number: int) -> pd.DataFrame:
        """One row a person."""
        rng = np.random.default_rng([self.seed, 10_000 + number])
        X = 0.7 * self.level + 0.7 * rng.normal(size=self.level.shape)
        # Ten features of the last week: high in the days after pay.
        X[:, :10] += 1.2 * ((number % 30) < 7)
        X[:, 10:40] = np.exp(X[:, 10:40])
        X[:, 40:60] = np.maximum(X[:, 40:60], 0)
        X[:, 60:80][rng.random((self.people, 20)) < 0.15] = np.nan
        frame = pd.DataFrame(X, columns=[f"f{at:03d}" for at in range(FEATURES)])
        return frame.assign(product_name=self.product, score=1 / (1 + np.exp(2.5 - X[:, 80:90].sum(axis=1) / 3)))


def learnt(world: World) -> tuple[Reference, pd.DataFrame]:
    """What the training window leaves behind, and its rows."""
    days = [world.day(-28 * back) for back in range(1, TRAINING_DAYS + 1)]
    frame = pd.concat(days, ignore_index=True)
    on = np.repeat(np.array([dt.date(2026, 1, 5) - dt.timedelta(days=28 * back) for back in range(TRAINING_DAYS)]),
                   world.people)  # fmt: skip
    who = np.tile(np.arange(world.people), TRAINING_DAYS)
    score = frame.pop("score")
    return reference_of(frame, time=on, group=who, score=score, score_time=on, score_group=who), frame


def watched(reference: Reference, frame: pd.DataFrame) -> pd.DataFrame:
    """A day against the window."""
    return compare(reference, frame.drop(columns="score"), score=frame["score"])


def drift_table(console: Console) -> None:
    """Clean days and planted changes by number of people."""
    console.print(f"{FEATURES} features, a category and the score; {CLEAN_DAYS} clean days; then one change a day")
    for people in SIZES:
        world = World(people)
        started = time.perf_counter()
        reference, training = learnt(world)
        making = time.perf_counter() - started
        started = time.perf_counter()
        clean = pd.concat([watched(reference, world.day(number)) for number in range(CLEAN_DAYS)])
        seconds = (time.perf_counter() - started) / CLEAN_DAYS
        counts = clean["level"].value_counts()
        # Every feature in turn, except those that swing with pay day anyway.
        alone, among = 0, 0
        names = [f"f{at:03d}" for at in range(10, FEATURES)]
        for name in names:
            now = world.day(CLEAN_DAYS + 1)
            now[name] += 0.5 * training[name].std()
            loud = set(watched(reference, now).query("level != 'ok'")["subject"])
            among += name in loud
            alone += loud == {name}
        lost = world.day(CLEAN_DAYS + 1)
        gone = watched(reference, lost[lost["product_name"] != "Boat Loan"]).query("level == 'alert'")["subject"]
        before = {source: [0] * 28 for source in SOURCES}
        late = late_sources({source: int(source == "bank bureau") for source in SOURCES}, before)
        console.print(
            f"  {people:>6,} people: {counts.get('alert', 0)} alerts and {counts.get('warn', 0)} warnings in "
            f"{CLEAN_DAYS} clean days ({len(clean):,} looks); half a deviation named {among} of {len(names)} "
            f"(alone {alone}); vanished: {', '.join(gone) or 'not named'}; late: "
            f"{', '.join(late[late['level'] == 'alert']['subject'])}; reference {making:.2f} s, a day {seconds:.3f} s"
        )


def main() -> None:
    """Print the tables."""
    console = Console(highlight=False, soft_wrap=True)
    drift_table(console)
    watched_days.main(console)


if __name__ == "__main__":
    main()
