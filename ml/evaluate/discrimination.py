"""Does the score rank bad before good: AUC with its interval, paired differences, Gini, KS.

Repeated cross-validation gives several predictions a row. Every function here takes them as the rows of a
``(repeats, n)`` array and reports the mean over the repeats; the interval says how it would change with other
*customers*, which is what a reader wants to know, so rows (or whole groups) are resampled and repeats are
not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ml.evaluate.resampling import Floats, group_codes, resampled_weights


@dataclass(frozen=True)
class AucEstimate:
    """An AUC with its 95 % interval and the counts behind it."""

    value: float
    low: float
    high: float
    n: int
    n_bad: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class AucDifference:
    """AUC of one score minus AUC of another on the same rows, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def is_not_worse(self) -> bool:
        """True where the interval does not lie below zero as a whole."""
        return self.high >= 0.0

    def __str__(self) -> str:
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


def check_outcome(target: ArrayLike, score: ArrayLike) -> tuple[Floats, Floats]:
    """Return ``target`` as 0/1 floats ``(n,)`` and ``score`` as ``(repeats, n)``.

    Raises
    ------
    ValueError
        If shapes differ, a value is missing or not finite, or only one class is present.
    """
    y = np.asarray(target, dtype=float)
    p = np.atleast_2d(np.asarray(score, dtype=float))
    if y.ndim != 1 or p.ndim != 2 or p.shape[1] != len(y):
        raise ValueError(f"target has shape {y.shape}, score {p.shape}; expected (n,) and (n,) or (repeats, n)")
    if not np.isfinite(p).all():
        raise ValueError(
            f"score holds {int((~np.isfinite(p)).sum())} values that are missing or infinite; expected none"
        )
    found = set(np.unique(y).tolist())
    if not found <= {0.0, 1.0}:
        raise ValueError(f"target holds {sorted(found)[:5]}; expected 0 and 1 only")
    if len(found) < 2:
        raise ValueError(
            f"target holds one class only ({sorted(found)}, {len(y)} rows); ranking needs both outcomes. "
            "Widen the data window or choose another vintage."
        )
    return y, p


def auc(target: ArrayLike, score: ArrayLike) -> AucEstimate:
    """Area under the ROC curve with DeLong's 95 % interval, on the logit scale so that it stays in 0..1.

    Parameters
    ----------
    target : array_like of shape (n,)
        1 for bad, 0 for good.
    score : array_like of shape (n,) or (repeats, n)
        Higher means riskier. Several rows are repeats of one cross-validation; their mean AUC is reported.

    Returns
    -------
    AucEstimate

    Raises
    ------
    ValueError
        See :func:`check_outcome`.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), Biometrics 44; fast form by Sun and Xu (2014). The interval on the
    logit scale follows Pepe (2003), section 5.2. Rows are taken as independent: for several rows a customer
    use :func:`bootstrap_auc` with ``group``.
    """
    y, p = check_outcome(target, score)
    bad_placement, good_placement = _placements(y, p)
    value = float(bad_placement.mean())
    variance = _mean_variance(bad_placement) + _mean_variance(good_placement)
    low, high = _logit_interval(value, variance)
    return AucEstimate(value, low, high, len(y), int(y.sum()))


def _placements(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    """For each bad the share of goods it outranks, for each good that of bads above it; mean over repeats."""
    from scipy.stats import rankdata

    bad, good = y == 1, y == 0
    overall = rankdata(p, axis=1)
    n_bad, n_good = int(bad.sum()), int(good.sum())
    above_good = (overall[:, bad] - rankdata(p[:, bad], axis=1)) / n_good
    below_bad = 1.0 - (overall[:, good] - rankdata(p[:, good], axis=1)) / n_bad
    return above_good.mean(axis=0), below_bad.mean(axis=0)


def _mean_variance(values: Floats) -> float:
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else float("inf")


def _logit_interval(value: float, variance: float) -> tuple[float, float]:
    if not np.isfinite(variance):
        return 0.0, 1.0
    if value in (0.0, 1.0) or variance == 0.0:
        # Perfect separation has no logit: the data cannot say how far from it the truth may lie.
        return value, value
    centre = np.log(value / (1 - value))
    half = 1.959963984540054 * np.sqrt(variance) / (value * (1 - value))
    return float(1 / (1 + np.exp(-(centre - half)))), float(1 / (1 + np.exp(-(centre + half))))


def bootstrap_auc(
    target: ArrayLike,
    score: ArrayLike,
    *,
    group: Sequence[object] | ArrayLike | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> AucEstimate:
    """AUC with a percentile bootstrap interval that resamples whole groups.

    Parameters
    ----------
    target, score
        As in :func:`auc`.
    group : array_like of shape (n,), optional
        Rows of one customer share a value and are drawn together. Default: every row by itself.
    resamples, seed : int
        Number of resamples and the seed; the same seed gives the same interval.
    """
    y, p = check_outcome(target, score)
    draws = _bootstrap(y, [p], group, resamples, seed)[0]
    low, high = np.quantile(draws, [0.025, 0.975])
    value = float(_placements(y, p)[0].mean())
    return AucEstimate(value, float(low), float(high), len(y), int(y.sum()))


def auc_difference(
    target: ArrayLike,
    score: ArrayLike,
    reference: ArrayLike,
    *,
    group: Sequence[object] | ArrayLike | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> AucDifference:
    """Paired bootstrap of AUC(score) - AUC(reference): both are seen on the same resampled customers."""
    y, ours = check_outcome(target, score)
    _, theirs = check_outcome(target, reference)
    first, second = _bootstrap(y, [ours, theirs], group, resamples, seed)
    value = float(_placements(y, ours)[0].mean() - _placements(y, theirs)[0].mean())
    low, high = np.quantile(first - second, [0.025, 0.975])
    return AucDifference(value, float(low), float(high))


def _bootstrap(
    y: Floats, scores: list[Floats], group: Sequence[object] | ArrayLike | None, resamples: int, seed: int
) -> list[Floats]:
    """AUC of each score on the same resamples; a resample that drew one class only is left out."""
    results: list[list[Floats]] = [[] for _ in scores]
    for weights in resampled_weights(group_codes(group, len(y)), resamples=resamples, seed=seed):
        usable = weights[((weights @ y) > 0) & ((weights @ (1 - y)) > 0)]
        for result, p in zip(results, scores, strict=True):
            result.append(np.mean([_weighted_auc(y, row, usable) for row in p], axis=0))
    return [np.concatenate(result) for result in results]


def _weighted_auc(y: Floats, p: Floats, weights: Floats) -> Floats:
    """AUC under each row of ``weights`` ``(b, n)``; ties count half."""
    order = np.argsort(p, kind="stable")
    sorted_p = p[order]
    starts = np.flatnonzero(np.r_[True, sorted_p[1:] != sorted_p[:-1]])
    w = weights[:, order]
    bad = np.add.reduceat(w * y[order], starts, axis=1)
    good = np.add.reduceat(w * (1 - y[order]), starts, axis=1)
    below = np.cumsum(good, axis=1) - good
    pairs: Floats = (bad * (below + 0.5 * good)).sum(axis=1) / (bad.sum(axis=1) * good.sum(axis=1))
    return pairs


def gini(target: ArrayLike, score: ArrayLike) -> float:
    """Gini coefficient (accuracy ratio), ``2 AUC - 1``."""
    return 2.0 * auc(target, score).value - 1.0


def ks_statistic(target: ArrayLike, score: ArrayLike) -> float:
    """Kolmogorov-Smirnov distance between the scores of good and bad; mean over repeats."""
    from scipy.stats import ks_2samp

    y, p = check_outcome(target, score)
    return float(np.mean([ks_2samp(row[y == 1], row[y == 0], method="asymp").statistic for row in p]))
