"""How far two counted samples lie apart, and how far they would by chance alone.

``psi = sum over bins of (a - e) * ln(a / e)`` (Siddiqi 2006; of a feature it is called CSI), ``ks`` the largest
distance of the distribution functions at the bins' bounds, ``missing`` the difference of the shares without a value.

By chance two samples of one population give a PSI of about ``(bins - 1) * (1/n + 1/m)`` (Yurdakul 2018): PSI divided by
``1/n + 1/m`` is chi-squared with ``bins - 1`` degrees of freedom. KS exceeds ``sqrt(-ln(alpha / 2) / 2 * (1/n + 1/m))``
with probability alpha (Smirnov), and a difference of shares is normal.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.evaluate.stability import stability_of_counts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """Rows a bin, those without a value last, and the people behind them."""

    counts: Floats
    people: int


@dataclass(frozen=True)
class Distance:
    """One measure of the distance of two samples.

    Attributes
    ----------
    measure : str
        psi, ks or missing.
    value : float
    by_chance : float
        What it is expected to be for two samples of one population.
    limit : callable
        Value that chance alone exceeds with a given probability.
    """

    measure: str
    value: float
    by_chance: float
    limit: Callable[[float], float]

    @property
    def beyond_chance(self) -> float:
        """Value less what chance is expected to give, at least 0."""
        return max(0.0, self.value - self.by_chance)

    def is_beyond(self, chance: float, usual: float = 0.0) -> bool:
        """Whether the value, less what is usual, exceeds what chance gives with a probability of ``chance``."""
        return self.value - usual > self.limit(chance)


def distances(expected: Counted, actual: Counted, *, is_ordered: bool) -> Iterator[Distance]:
    """Of two samples in the same bins: psi, ks where bins have an order, missing. None where a sample is empty."""
    if min(expected.counts.sum(), actual.counts.sum()) == 0:
        return
    n, m = max(1, expected.people), max(1, actual.people)
    spread = 1 / n + 1 / m
    psi = stability_of_counts(expected.counts, actual.counts, n_expected=n, n_actual=m)
    degrees = max(1, psi.bins - 1)
    yield Distance("psi", psi.value, psi.by_chance, lambda chance: _chi_squared(degrees, chance) * spread)
    shares = expected.counts / expected.counts.sum(), actual.counts / actual.counts.sum()
    if is_ordered and min(expected.counts[:-1].sum(), actual.counts[:-1].sum()) > 0:
        curves = [np.cumsum(share[:-1]) / share[:-1].sum() for share in shares]
        value = float(np.abs(curves[0] - curves[1]).max())
        # People without a value are none of these samples.
        known = 1 / (n * shares[0][:-1].sum()) + 1 / (m * shares[1][:-1].sum())
        # The mean of Kolmogorov's distribution is sqrt(pi / 2) * ln 2.
        mean = math.sqrt(math.pi / 2) * math.log(2) * math.sqrt(known)
        yield Distance("ks", value, mean, lambda chance: math.sqrt(-math.log(chance / 2) / 2 * known))
    pooled = (shares[0][-1] * n + shares[1][-1] * m) / (n + m)
    deviation = math.sqrt(max(pooled * (1 - pooled), 0.0) * spread)
    missing = abs(float(shares[1][-1] - shares[0][-1]))
    yield Distance(
        "missing", missing, math.sqrt(2 / math.pi) * deviation, lambda chance: _normal(chance / 2) * deviation
    )


def _chi_squared(degrees: int, chance: float) -> float:
    from scipy.special import chdtri

    return float(chdtri(degrees, chance))


def _normal(chance: float) -> float:
    from scipy.special import ndtri

    return float(-ndtri(chance))
