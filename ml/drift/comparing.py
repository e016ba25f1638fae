"""A later day against the training window: one row a feature and measure, with its level.

The level follows from what is left of a distance after chance and what periods of the training window differ by anyway:
``warn`` from 0.10, ``alert`` from 0.25 (Siddiqi 2006), and only where the distance is surely more than chance.
Besides, a category that vanished is an alert by itself, however small its share was.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.drift.distances import Counted, Distance, distances
from ml.drift.reference import Binned, Reference

WARN_FROM, ALERT_FROM = 0.10, 0.25
# What chance may exceed, by level (2026-11-28). A hundred features, three measures and sixty days are 18,000 looks: a
# false alert in one of fifty such series, two false warnings in each where days have a few hundred people; with more
# the bounds above decide by themselves. Half a standard deviation is named from about 300 people a day on.
SURE = {"warn": 1e-4, "alert": 1e-6}
# -ln(1e-6) people expected and none found: as unlikely as a false alert.
EXPECTED_OF_A_VANISHED = 14

# What a row of a comparison says; "subject" is a feature, "score", or what is delivered.
COLUMNS = (
    "subject_kind", "subject", "measure", "value", "reference_value", "by_chance", "usual_value", "level",
    "rows_reference", "rows_actual",
)  # fmt: skip
Row = dict[str, Any]


def compare(
    reference: Reference,
    frame: pd.DataFrame,
    *,
    score: ArrayLike | None = None,
    group: ArrayLike | None = None,
) -> pd.DataFrame:
    """Hold a day against the training window.

    Parameters
    ----------
    reference : Reference
        Of the model's version.
    frame : pandas.DataFrame of n rows
        The reference's features and categories among its columns; the rows that were scored.
    score : array_like of shape (n,), optional
        Their probabilities.
    group : array_like of shape (n,), optional
        Their people; without it each row is one.

    Returns
    -------
    pandas.DataFrame
        ``COLUMNS``. Measures of a feature are ``csi``, ``ks``, ``missing_rate`` and, of a category, ``new_level_share``
        and a ``vanished`` row a level that is gone; of the score ``psi`` and ``ks``. Values are as measured;
        ``by_chance`` and ``usual_value`` are what the level leaves out of account.

    Raises
    ------
    ValueError
        If the frame lacks a feature.
    """
    if absent := [name for name in reference.features if name not in frame.columns]:
        raise ValueError(f"the day's frame lacks {len(absent)} features of the reference: {absent[:5]}")
    rows: list[Row] = []
    if len(frame):
        people = len(frame) if group is None else int(pd.Series(np.asarray(group)).nunique())
        for name, before in reference.features.items():
            rows += _feature(name, before, frame[name], people)
        if score is not None and reference.score is not None:
            rows += _score(reference.score, np.asarray(score, dtype=float), people)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def alerts(found: pd.DataFrame, level: str = "alert") -> pd.DataFrame:
    """Rows of a level, the largest distance first."""
    return found[found["level"] == level].sort_values("value", ascending=False, ignore_index=True)


def level_of(distance: Distance, usual: float) -> str:
    """``ok``, ``warn`` or ``alert``."""
    left = distance.beyond_chance - usual
    if left >= ALERT_FROM and distance.is_beyond(SURE["alert"], usual):
        return "alert"
    return "warn" if left >= WARN_FROM and distance.is_beyond(SURE["warn"], usual) else "ok"


def _feature(name: str, before: Binned, values: "pd.Series[Any]", people: int) -> Iterator[Row]:
    names = {"psi": "csi", "ks": "ks", "missing": "missing_rate"}
    expected, actual = _counted(before, values, people)
    shares = expected.counts[-1] / expected.counts.sum(), actual.counts[-1] / actual.counts.sum()
    unseen = 0.0
    if before.levels:
        # New levels stand behind the missing ones, where training had none of them.
        unseen = float(actual.counts[-1] / actual.counts.sum())
        shares = before.counts[-1] / before.rows, float(actual.counts[-2] / actual.counts.sum())
        expected, actual = (Counted(_missing_last(one.counts), one.people) for one in (expected, actual))
    for distance in distances(expected, actual, is_ordered=not before.levels):
        usual = before.usual.get(distance.measure, 0.0)
        is_share = distance.measure == "missing"
        yield _row(
            "feature", name, names[distance.measure], distance, usual, before, len(values),
            value=float(shares[1]) if is_share else distance.value, reference=float(shares[0]) if is_share else None,
        )  # fmt: skip
    if before.levels:
        level = "warn" if unseen >= WARN_FROM else "ok"
        yield _plain("feature", name, "new_level_share", unseen, 0.0, level, before.rows, len(values))
        yield from _vanished(name, before, values, people)


def _vanished(name: str, before: Binned, values: "pd.Series[Any]", people: int) -> Iterator[Row]:
    found = np.bincount(before.codes(values), minlength=len(before.levels) + 2)
    for at, level in enumerate(before.levels):
        share = before.counts[at] / before.rows
        if found[at] == 0 and share * people >= EXPECTED_OF_A_VANISHED and level not in before.absent_periods:
            yield _plain("feature", f"{name}: {level}", "vanished", 0.0, share, "alert", before.rows, len(values))


def _score(before: Binned, score: NDArray[np.float64], people: int) -> Iterator[Row]:
    expected, actual = _counted(before, score, people)
    for distance in distances(expected, actual, is_ordered=True):
        if distance.measure != "missing":
            usual = before.usual.get(distance.measure, 0.0)
            yield _row("score", "score", distance.measure, distance, usual, before, len(score), value=distance.value)


def _counted(before: Binned, values: Any, people: int) -> tuple[Counted, Counted]:
    size = len(before.counts) + (1 if before.levels else 0)
    actual = np.bincount(before.codes(values), minlength=size).astype(float)
    expected = np.pad(np.array(before.counts, dtype=float), (0, size - len(before.counts)))
    return Counted(expected, before.people), Counted(actual, people)


def _missing_last(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([counts[:-2], counts[-1:], counts[-2:-1]])


def _row(
    kind: str, subject: str, measure: str, distance: Distance, usual: float, before: Binned, rows: int,
    *, value: float, reference: float | None = None,
) -> Row:  # fmt: skip
    return {
        **_plain(kind, subject, measure, value, reference, level_of(distance, usual), before.rows, rows),
        "by_chance": distance.by_chance,
        "usual_value": usual,
    }


def _plain(
    kind: str, subject: str, measure: str, value: float, reference: float | None, level: str, before: int, now: int
) -> Row:
    return {
        "subject_kind": kind,
        "subject": subject,
        "measure": measure,
        "value": float(value),
        "reference_value": reference,
        "by_chance": None,
        "usual_value": None,
        "level": level,
        "rows_reference": before,
        "rows_actual": now,
    }
