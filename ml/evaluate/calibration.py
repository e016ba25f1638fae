"""Is a probability of 5 % right five times in a hundred: Brier score and skill, calibration slope and
intercept."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ml.evaluate.discrimination import Floats, check_outcome

# Probabilities of exactly 0 or 1 have no log-odds; this is far below anything a model here can say.
_EDGE = 1e-12


@dataclass(frozen=True)
class Calibration:
    """Cox's calibration: ``log-odds of the outcome = intercept + slope * predicted log-odds``.

    Attributes
    ----------
    slope : float
        1 is right; below 1 the predictions are too extreme (overfitting), above 1 too timid.
    intercept : float
        Calibration in the large, with the slope held at 1: 0 is right, above 0 the risk is understated.
    """

    slope: float
    intercept: float


def log_odds(probability: ArrayLike) -> Floats:
    """Log-odds of a probability, clipped at 1e-12 from the edges."""
    p = np.clip(np.asarray(probability, dtype=float), _EDGE, 1 - _EDGE)
    return np.asarray(np.log(p) - np.log1p(-p))


def brier_score(target: ArrayLike, probability: ArrayLike) -> float:
    """Mean squared error of the probability; mean over repeats."""
    y, p = check_outcome(target, probability)
    return float(((p - y) ** 2).mean())


def brier_skill(target: ArrayLike, probability: ArrayLike) -> float:
    """1 - Brier score / Brier score of saying the base rate to everyone; above 0 is better than that."""
    y, p = check_outcome(target, probability)
    rate = y.mean()
    return float(1.0 - ((p - y) ** 2).mean() / (rate * (1.0 - rate)))


def log_loss(target: ArrayLike, probability: ArrayLike) -> float:
    """Mean negative log-likelihood (nats); mean over repeats."""
    y, p = check_outcome(target, probability)
    z = log_odds(p)
    return float((np.logaddexp(0.0, z) - y * z).mean())


def calibration(target: ArrayLike, probability: ArrayLike) -> Calibration:
    """Calibration slope and intercept by maximum likelihood; mean over repeats.

    Parameters
    ----------
    target : array_like of shape (n,)
        1 for bad, 0 for good.
    probability : array_like of shape (n,) or (repeats, n)
        Predicted probabilities of bad.

    References
    ----------
    Cox (1958); Van Calster et al. (2019), BMC Medicine 17:230.
    """
    y, p = check_outcome(target, probability)
    fits = [(_slope(y, z), _intercept(y, z)) for z in log_odds(p)]
    slope, intercept = np.mean(fits, axis=0)
    return Calibration(float(slope), float(intercept))


def _slope(y: Floats, z: Floats) -> float:
    from scipy.optimize import minimize

    if np.ptp(z) < _EDGE:
        return 0.0  # one probability for everyone: nothing to be right or wrong about between rows

    def objective(w: Floats) -> tuple[float, Floats]:
        linear = w[0] + w[1] * z
        residual = 1 / (1 + np.exp(-linear)) - y
        loss = (np.logaddexp(0.0, linear) - y * linear).mean()
        return float(loss), np.array([residual.mean(), (residual * z).mean()])

    # Bounds: perfectly separated rows would send the slope to infinity.
    bounds = [(None, None), (-20.0, 20.0)]
    return float(minimize(objective, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=bounds).x[1])


def _intercept(y: Floats, z: Floats) -> float:
    from scipy.optimize import brentq

    return float(brentq(lambda a: (1 / (1 + np.exp(-(z + a))) - y).mean(), -60.0, 60.0))
