"""Selection, false negatives and false positives of every group, each with an interval, and beside everybody else's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

UNKNOWN = "Unknown"
# The false negative rate first: who is wrongly left out has nobody else to turn to.
RATES = ("false_negative_rate", "false_positive_rate", "selection_rate")


def group_rates(
    target: ArrayLike,
    selected: ArrayLike,
    groups: pd.DataFrame | Mapping[str, Sequence[object]],
    *,
    min_group_size: int = 100,
    people: ArrayLike | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row a group of each column, the false negative rate first.

    Parameters
    ----------
    target : array_like of shape (n,)
        1 where the outcome is really there (needs support), else 0.
    selected : array_like of shape (n,)
        1 where the decision selects.
    groups : pandas.DataFrame or mapping of str to sequence
        A column a characteristic, n labels each; missing ones become ``Unknown``.
    min_group_size : int
        People. Smaller groups have their count only: their rates would be noise, and come close to telling of a person.
    people : array_like of shape (n,), optional
        Person or household of each row; without it each row is one. Rows of one person tell less than as many people
        would: a rate counts as if it were of so many rows as have the spread that it shows between people.
    confidence : float
        Of the intervals; closer to 1 where many groups are judged at once.

    Returns
    -------
    pandas.DataFrame
        ``characteristic, group, n, n_people, n_target, is_large_enough`` and of each rate ``<rate>, <rate>_low,
        <rate>_high`` (Wilson, 95 % where not said otherwise), ``<rate>_difference`` to everybody else of the
        characteristic with ``_difference_low`` and ``_difference_high`` (Newcombe's hybrid of two Wilson intervals). A
        rate without anybody to measure it on is missing.

    Raises
    ------
    ValueError
        If lengths differ, or target or selection holds anything but 0 and 1.

    References
    ----------
    Rates by fairlearn's ``MetricFrame``. Wilson (1927), JASA 22; Newcombe (1998), Statistics in Medicine 17, method 10.
    Rows as many as a clustered sample is worth: Korn and Graubard (1998), Survey Methodology 24.
    """
    return _with_rates(_measure(target, selected, groups, people), min_group_size, confidence)


@dataclass(frozen=True)
class _Measured:
    """What the groups of one characteristic show, whatever is asked of it: arrays of shape (groups,)."""

    characteristic: str
    groups: list[str]
    rows: Integers
    people: Integers
    targets: Floats
    rates: dict[str, Floats]
    of: dict[str, Floats]
    worth: dict[str, Floats]


def _measure(
    target: ArrayLike,
    selected: ArrayLike,
    groups: pd.DataFrame | Mapping[str, Sequence[object]],
    people: ArrayLike | None,
) -> list[_Measured]:
    from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate, selection_rate

    y, chosen = _zero_or_one(target, "target"), _zero_or_one(selected, "selected")
    labels = pd.DataFrame({str(name): np.asarray(values, dtype=object) for name, values in groups.items()})
    if len(y) != len(chosen) or (len(labels.columns) and len(labels) != len(y)):
        raise ValueError(f"target has {len(y)} rows, selected {len(chosen)}, groups {len(labels)}; expected the same")
    who = np.arange(len(y)) if people is None else pd.factorize(np.asarray(people))[0]
    if len(who) != len(y):
        raise ValueError(f"people has {len(who)} rows for {len(y)}; expected the same")
    # People of one row each are worth as many rows as they are, to the last digit.
    is_clustered = len(np.unique(who)) < len(who)
    if len(y) == 0:
        return []
    measures = {
        "false_negative_rate": false_negative_rate,
        "false_positive_rate": false_positive_rate,
        "selection_rate": selection_rate,
    }
    found = []
    for name in labels.columns:
        label = labels[name].where(labels[name].notna(), UNKNOWN).astype(str)
        # Rows that are alike are one row with a weight: a table of a million rows is as quick as one of four a group.
        cells = pd.DataFrame({"group": label, "y": y, "chosen": chosen}).value_counts(sort=False).reset_index(name="n")
        weight = {"sample_weight": cells["n"]}
        rates = (
            MetricFrame(
                metrics=measures,
                y_true=cells["y"],
                y_pred=cells["chosen"],
                sensitive_features=cells["group"],
                sample_params=dict.fromkeys(measures, weight),
            )
            .by_group.rename_axis("group")
            .sort_index()
        )
        cells["y"] *= cells["n"]
        counts = cells.groupby("group")[["y", "n"]].sum().set_axis(["sum", "count"], axis=1).loc[rates.index]
        of = {
            "false_negative_rate": counts["sum"].to_numpy(float),
            "false_positive_rate": (counts["count"] - counts["sum"]).to_numpy(float),
            "selection_rate": counts["count"].to_numpy(float),
        }
        codes = pd.Index(rates.index).get_indexer(label)
        heads = np.bincount(np.unique(np.column_stack([codes, who]), axis=0)[:, 0], minlength=len(rates))
        counted = {"false_negative_rate": y == 1, "false_positive_rate": y == 0, "selection_rate": np.ones(len(y)) == 1}
        events = {"false_negative_rate": 1 - chosen, "false_positive_rate": chosen, "selection_rate": chosen}
        worth = of
        if is_clustered:
            worth = {
                rate: _worth(events[rate][rows], codes[rows], who[rows], len(rates)) for rate, rows in counted.items()
            }
        found.append(
            _Measured(
                characteristic=name,
                groups=rates.index.astype(str).tolist(),
                rows=counts["count"].to_numpy(int),
                people=heads,
                targets=counts["sum"].to_numpy(float),
                rates={rate: rates[rate].to_numpy(float) for rate in RATES},
                of=of,
                worth=worth,
            )
        )
    return found


def _with_rates(measured: list[_Measured], min_group_size: int, confidence: float) -> pd.DataFrame:
    z = _quantile(confidence)
    if not measured:
        return pd.DataFrame(columns=_columns()).astype({"is_large_enough": bool})
    tables = []
    for one in measured:
        enough = one.people >= min_group_size
        table = pd.DataFrame(
            {
                "characteristic": one.characteristic,
                "group": one.groups,
                "n": one.rows,
                "n_people": one.people,
                "n_target": np.where(enough, one.targets, np.nan),
                "is_large_enough": enough,
            }
        )
        for rate in RATES:
            parts = _with_intervals(one.rates[rate], one.of[rate], one.worth[rate], z)
            for suffix, values in parts.items():
                table[f"{rate}{suffix}"] = np.where(enough, values, np.nan)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def rates_of_many(
    target: ArrayLike,
    selected: ArrayLike,
    groups: pd.DataFrame | Mapping[str, Sequence[object]],
    *,
    min_group_size: int = 100,
    people: ArrayLike | None = None,
) -> pd.DataFrame:
    """Rates to judge by: intervals as wide as so many groups that are looked at need (Bonferroni).

    A rule looks at the worst of all groups. With intervals of 95 % each, of 15 groups that differ by nothing one would
    fail in a third of the trainings; so widened, all of them together fail as rarely as one would. See
    :func:`group_rates`.
    """
    measured = _measure(target, selected, groups, people)
    many = max(1, sum(int((one.people >= min_group_size).sum()) for one in measured))
    return _with_rates(measured, min_group_size, confidence=1 - 0.05 / many)


def wilson_interval(events: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Interval of a share, 95 % where not said otherwise, shape (n,) each; missing where there is no trial."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.asarray(events, dtype=float) / np.asarray(trials, dtype=float)
    return _wilson(share, np.asarray(trials, dtype=float), _quantile(confidence))


def _wilson(p: Floats, n: Floats, z: float) -> tuple[Floats, Floats]:
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.clip(middle - half, 0.0, 1.0), np.clip(middle + half, 0.0, 1.0)


def _quantile(confidence: float) -> float:
    from scipy.special import ndtri

    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}; expected between 0 and 1")
    return float(ndtri((1 + confidence) / 2))


def _worth(events: Integers, groups: Integers, who: Integers, size: int) -> Floats:
    """Independent rows that the rows of each group are worth: rows whose binomial spread is that between people."""
    pairs, code = np.unique(np.column_stack([groups, who]), axis=0, return_inverse=True)
    of, hits = np.bincount(code.ravel()).astype(float), np.bincount(code.ravel(), events)
    group = pairs[:, 0] if len(pairs) else np.zeros(0, dtype=np.intp)
    n, total, heads = (np.bincount(group, weights, minlength=size) for weights in (of, hits, np.ones(len(group))))
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = total / n
        spread = np.bincount(group, (hits - rate[group] * of) ** 2, minlength=size) / n**2 * heads / (heads - 1)
        worth = rate * (1 - rate) / spread
    # A rate of 0 or 1 shows no spread: as many rows as people. Nor are rows worth more than they are.
    return np.asarray(np.where(np.isfinite(worth) & (spread > 0), np.clip(worth, 1.0, n), heads))


def _with_intervals(rate: Floats, of: Floats, worth: Floats, z: float) -> dict[str, Floats]:
    rate = np.where(of > 0, rate, np.nan)
    events = np.nan_to_num(rate) * of
    low, high = _wilson(rate, worth, z)
    rest, rest_events = of.sum() - of, events.sum() - events
    with np.errstate(invalid="ignore", divide="ignore"):
        others = rest_events / rest
        rest_low, rest_high = _wilson(others, worth.sum() - worth, z)
        gap = rate - others
        down = gap - np.sqrt((rate - low) ** 2 + (rest_high - others) ** 2)
        up = gap + np.sqrt((high - rate) ** 2 + (others - rest_low) ** 2)
    return {
        "": rate, "_low": low, "_high": high, "_difference": gap, "_difference_low": down, "_difference_high": up,
    }  # fmt: skip


def _zero_or_one(values: ArrayLike, name: str) -> NDArray[np.intp]:
    found: Any = np.asarray(values, dtype=float)
    if found.ndim != 1 or not np.isin(found, (0.0, 1.0)).all():
        raise ValueError(f"{name} has shape {found.shape} and must hold 0 and 1 only")
    return found.astype(np.intp)


def _columns() -> list[str]:
    suffixes = ("", "_low", "_high", "_difference", "_difference_low", "_difference_high")
    head = ["characteristic", "group", "n", "n_people", "n_target", "is_large_enough"]
    return head + [f"{rate}{suffix}" for rate in RATES for suffix in suffixes]
