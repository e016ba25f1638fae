"""Is one set of probabilities better than another on the same rows: paired difference of log loss, people whole."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True)
class LossDifference:
    """Mean log loss of the first minus that of the second (nats a row), with a 95 % bootstrap interval by group."""

    value: float
    low: float
    high: float

    @property
    def is_surely_worse(self) -> bool:
        """Whether the interval lies above 0: the first loses more."""
        return self.low > 0.0

    @property
    def is_surely_better(self) -> bool:
        """Whether the interval lies below 0."""
        return self.high < 0.0

    def to_dict(self) -> dict[str, float]:
        """As plain JSON types."""
        return asdict(self)


def row_losses(y: Floats, log_odds: Floats) -> Floats:
    """Negative log-likelihood of each row (nats), shape (n,)."""
    return np.asarray(np.logaddexp(0.0, log_odds) - y * log_odds)


def loss_difference(
    first: Floats, second: Floats, groups: Integers, *, resamples: int = 1000, seed: int = 0
) -> LossDifference:
    """Compare the losses of the same rows.

    Parameters
    ----------
    first, second : ndarray of shape (n,)
        Loss of each row, see :func:`row_losses`.
    groups : ndarray of shape (n,)
        Rows of one group are drawn together.
    resamples, seed : int
        Bootstrap; the same seed gives the same interval.
    """
    _, code = np.unique(groups, return_inverse=True)
    sums = np.bincount(code, first - second)
    rows = np.bincount(code).astype(float)
    generator = np.random.default_rng(seed)
    # Above 2,000 people the bootstrap of a mean is normal with the spread of its people: no need to draw it.
    value = float(sums.sum() / rows.sum())
    if len(rows) > 2000:
        spread = 1.959963984540054 * float(np.sqrt(((sums - value * rows) ** 2).sum())) / float(rows.sum())
        return LossDifference(value, value - spread, value + spread)
    drawn = generator.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=resamples)
    means = (drawn @ sums) / (drawn @ rows)
    low, high = np.quantile(means, [0.025, 0.975])
    return LossDifference(value, float(low), float(high))
