"""From raw log-odds of lying above each bound to calibrated probabilities of the bands."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Pull towards "leave it as it is", in people: a bound that few lie above moves little.
_PRIOR = 5.0
# No band is told to be impossible: a share of one in five hundred of it stays with the others.
_FLOOR = 0.002


@dataclass(frozen=True)
class BandLink:
    """``calibrated log-odds = intercept + slope * raw``, one pair a bound (Platt scaling of each).

    Attributes
    ----------
    intercept, slope : tuple of float
        One a bound, from the lowest.
    """

    intercept: tuple[float, ...]
    slope: tuple[float, ...]

    @classmethod
    def fit(cls, raw: Floats, band: NDArray[np.int64]) -> "BandLink":
        """Fit on log-odds of people whom the model has not seen.

        Parameters
        ----------
        raw : ndarray of shape (n, bands - 1)
            Raw log-odds of lying above each bound.
        band : ndarray of shape (n,)
            Number of the true band.
        """
        from scipy.optimize import minimize

        intercepts, slopes = [], []
        for bound in range(raw.shape[1]):
            z, above = raw[:, bound], (band > bound).astype(float)

            def objective(w: Floats, z: Floats = z, above: Floats = above) -> tuple[float, Floats]:
                linear = w[0] + w[1] * z
                error = 1 / (1 + np.exp(-linear)) - above
                pull = w - np.array([0.0, 1.0])
                loss = (np.logaddexp(0.0, linear) - above * linear).sum() + _PRIOR * pull @ pull / 2
                return float(loss), np.array([error.sum(), error @ z]) + _PRIOR * pull

            # A slope below zero would turn the evidence round.
            found = minimize(
                objective, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=[(None, None), (0.0, 10.0)]
            ).x
            intercepts.append(float(found[0]))
            slopes.append(float(found[1]))
        return cls(tuple(intercepts), tuple(slopes))

    def log_odds(self, raw: Floats) -> Floats:
        """Calibrated log-odds of lying above each bound."""
        return np.asarray(np.asarray(self.intercept) + np.asarray(self.slope) * raw)

    def probabilities(self, raw: Floats) -> Floats:
        """Probabilities of the bands, shape (n, bands): rows add up to 1, none is 0."""
        above = 1 / (1 + np.exp(-np.clip(self.log_odds(raw), -35, 35)))
        # Nobody lies above a higher bound more often than above a lower one.
        above = np.minimum.accumulate(above, axis=1)
        edged = np.column_stack([np.ones(len(above)), above, np.zeros(len(above))])
        probability = edged[:, :-1] - edged[:, 1:]
        return np.asarray((1 - _FLOOR) * probability + _FLOOR / probability.shape[1])
