"""Every headline figure with its 95 % interval, measured on the same resamples in one pass.

A row's weight in a resample is how often its group was drawn. With the rows in order of the score, ranking figures
are cumulative sums of weights; losses are a product of weights and errors; calibration is a weighted fit of two
numbers. Nothing loops over rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ml.evaluate.calibration import log_odds
from ml.evaluate.discrimination import check_outcome
from ml.evaluate.refit import Recalibration
from ml.evaluate.reliability import equal_bins
from ml.evaluate.resampling import (
    Floats,
    Integers,
    Interval,
    group_codes,
    percentile_interval,
    reflected_interval,
    resampled_weights,
)

# Shares of rows flagged at which recall is reported.
FLAGGED_SHARES = (0.05, 0.10)


@dataclass(frozen=True)
class _Ranked:
    """Outcomes and one score in falling order of the score."""

    y: Floats
    p: Floats
    order: Integers
    starts: Integers  # where a new value begins: rows of one value share a place

    @classmethod
    def of(cls, y: Floats, p: Floats) -> "_Ranked":
        """Sort outcomes and score."""
        order = np.argsort(-p, kind="stable")
        falling = p[order]
        return cls(y[order], falling, order, np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]]))

    def counts(self, weights: Floats) -> tuple[Floats, Floats]:
        """Bads and goods by distinct score from the riskiest on: two arrays ``(b, distinct)``.

        ``weights`` (b, n) are in the order of this score.
        """
        bad = weights * self.y
        good = weights - bad
        if len(self.starts) == len(self.y):
            return bad, good
        return np.add.reduceat(bad, self.starts, axis=1), np.add.reduceat(good, self.starts, axis=1)


def _auc(bad: Floats, good: Floats, bad_above: Floats) -> Floats:
    """AUC of each resample: share of pairs in which the bad lies above the good; ties count half."""
    pairs = np.einsum("ij,ij->i", good, bad_above) - 0.5 * np.einsum("ij,ij->i", good, bad)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(pairs / (bad_above[:, -1] * good.sum(axis=1)))


def _ks(bad: Floats, rows: Floats) -> Floats:
    """Largest distance between the cumulated shares of bads and goods, from cumulated bads and rows."""
    n_bad, n_rows = bad[:, -1:], rows[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        # bad / B - good / G = (bad - rows B / N) N / (B G)
        distance = np.abs(bad - rows * (n_bad / n_rows)).max(axis=1)
        return np.asarray(distance * (n_rows / (n_bad * (n_rows - n_bad)))[:, 0])


def _recall(bad: Floats, rows: Floats, share: float) -> Floats:
    """Share of the bads among the riskiest ``share`` of rows, from cumulated figures; equal scores count evenly."""
    wanted = share * rows[:, -1]
    at = np.array([np.searchsorted(row, want) for row, want in zip(rows, wanted, strict=True)])
    each = np.arange(len(rows))
    rows_before, bad_before = np.where(at > 0, rows[each, at - 1], 0.0), np.where(at > 0, bad[each, at - 1], 0.0)
    part = (wanted - rows_before) / (rows[each, at] - rows_before)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((bad_before + part * (bad[each, at] - bad_before)) / bad[:, -1])


def intervals(
    target: ArrayLike,
    probability: ArrayLike,
    *,
    group: Sequence[object] | ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
    bins: int = 10,
) -> dict[str, Interval]:
    """Headline figures of one set of probabilities, each with its 95 % interval.

    Parameters
    ----------
    target : array_like of shape (n,)
        1 for bad, 0 for good.
    probability : array_like of shape (n,)
        Predicted probability of bad.
    group : array_like of shape (n,), optional
        Rows of one person share a value and are drawn together; every row by itself where not given.
    resamples, seed : int
        The same seed gives the same intervals.
    bins : int
        Bins of the calibration error, of about equal numbers of rows.

    Returns
    -------
    dict of str to Interval
        ``auc, gini, ks, brier, brier_skill, ece, calibration_slope, calibration_intercept, recall_at_5_pct,
        precision_at_5_pct, recall_at_10_pct, precision_at_10_pct``. Percentile intervals; that of ``ece`` is the
        basic one (see ``resampling.reflected_interval``).

    Raises
    ------
    ValueError
        As ``discrimination.check_outcome``; also where several repeats are given.
    """
    y, repeats = check_outcome(target, probability)
    if len(repeats) != 1:
        raise ValueError(f"probability has {len(repeats)} repeats; expected one, such as their mean")
    codes = group_codes(group, len(y))
    ranked = _Ranked.of(y, repeats[0])
    y, p = ranked.y, ranked.p
    refit = Recalibration(y, log_odds(p))
    of_bin = equal_bins(p, bins)
    starts = np.flatnonzero(np.r_[True, of_bin[1:] != of_bin[:-1]])
    columns = np.stack([np.ones(len(y)), y, (p - y) ** 2], axis=1)

    def measure(weights: Floats) -> dict[str, Floats]:
        bad, good = ranked.counts(weights)
        bad_above = np.cumsum(bad, axis=1)
        rows_above = np.cumsum(bad + good, axis=1)
        auc = _auc(bad, good, bad_above)
        count, bads, squared = (weights @ columns).T
        rate = bads / count
        # Each bin's |probability told - outcome|, weighted by its rows: the rows cancel.
        gaps = np.add.reduceat(weights * (p - y), starts, axis=1)
        found = {
            "auc": auc,
            "gini": 2 * auc - 1,
            "ks": _ks(bad_above, rows_above),
            "brier": squared / count,
            "ece": np.abs(gaps).sum(axis=1) / count,
            "calibration_slope": refit.slope(weights),
            "calibration_intercept": refit.intercept(weights),
        }
        with np.errstate(invalid="ignore", divide="ignore"):
            found["brier_skill"] = 1 - found["brier"] / (rate * (1 - rate))
        for share in FLAGGED_SHARES:
            recall = _recall(bad_above, rows_above, share)
            found[f"recall_at_{share:.0%}".replace("%", "_pct")] = recall
            found[f"precision_at_{share:.0%}".replace("%", "_pct")] = recall * rate / share
        return found

    values = {name: float(found[0]) for name, found in measure(np.ones((1, len(y)))).items()}
    blocks = [measure(weights) for weights in resampled_weights(codes[ranked.order], resamples=resamples, seed=seed)]
    draws = {name: np.concatenate([block[name] for block in blocks]) for name in values}
    # A resample of one class has neither ranking nor calibration.
    draws = {name: np.where(np.isfinite(draws["auc"]), drawn, np.nan) for name, drawn in draws.items()}
    names = ["auc", "gini", "ks", "brier", "brier_skill", "ece", "calibration_slope", "calibration_intercept"]
    names += [name for name in values if name not in names]
    kind = {"ece": reflected_interval}
    return {name: kind.get(name, percentile_interval)(values[name], draws[name]) for name in names}


def calibration_intervals(
    target: ArrayLike,
    probability: ArrayLike,
    *,
    group: Sequence[object] | ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Interval, Interval]:
    """Calibration slope and intercept with their intervals; several repeats ``(repeats, n)`` give their mean."""
    y, repeats = check_outcome(target, probability)
    refits = [Recalibration(y, log_odds(row)) for row in repeats]

    def measure(weights: Floats) -> Floats:
        bad = weights @ y
        one_class = (bad == 0) | (bad == weights.sum(axis=1))
        found = np.mean([[refit.slope(weights), refit.intercept(weights)] for refit in refits], axis=0)
        return np.where(one_class, np.nan, found)

    slope, intercept = measure(np.ones((1, len(y))))[:, 0]
    codes = group_codes(group, len(y))
    drawn = np.concatenate([measure(w) for w in resampled_weights(codes, resamples=resamples, seed=seed)], axis=1)
    return percentile_interval(float(slope), drawn[0]), percentile_interval(float(intercept), drawn[1])


def auc_differences(
    target: ArrayLike,
    probability: ArrayLike,
    challengers: Mapping[str, ArrayLike],
    *,
    group: Sequence[object] | ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Interval]:
    """AUC minus the AUC of each challenger, paired: all are seen on the same resampled people.

    Parameters
    ----------
    target, probability, group, resamples, seed
        As in :func:`intervals`.
    challengers : mapping of str to array_like of shape (n,)
        Scores of the same rows.
    """
    y, ours = check_outcome(target, probability)
    codes = group_codes(group, len(y))
    scores = [_Ranked.of(y, ours[0]), *(_Ranked.of(y, check_outcome(y, score)[1][0]) for score in challengers.values())]

    def measure(weights: Floats) -> Floats:
        found = []
        for score in scores:
            bad, good = score.counts(np.take(weights, score.order, axis=1))
            found.append(_auc(bad, good, np.cumsum(bad, axis=1)))
        return np.stack(found)

    value = measure(np.ones((1, len(y))))[:, 0]
    drawn = np.concatenate([measure(w) for w in resampled_weights(codes, resamples=resamples, seed=seed)], axis=1)
    return {
        name: percentile_interval(float(value[0] - value[at]), drawn[0] - drawn[at])
        for at, name in enumerate(challengers, start=1)
    }
