"""Calibration slope and intercept of every resample: weighted logistic fits of two numbers, all at once.

Newton's method started at the fit of all rows. There the gradient and curvature are linear in the weights, so the
first step of all resamples is one matrix product; at 30,000 rows one or two more steps bring it within 1e-6.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Newton squares the error: after a step of this size about its square, 1e-6, is left.
_TOLERANCE = 1e-3
_STEPS = 30
# Perfectly separated rows would send the slope to infinity; the same bound as ``calibration``.
_STEEPEST = 20.0
_EDGE = 1e-12
_ENOUGH_FOR_ONE_STEP = 1000


class Recalibration:
    """Calibration slope and intercept of one set of predictions under any weights of its rows.

    Parameters
    ----------
    y : array of shape (n,)
        0 and 1.
    z : array of shape (n,)
        Predicted log-odds.
    """

    def __init__(self, y: Floats, z: Floats) -> None:
        self._varies = bool(np.ptp(z) >= _EDGE)
        centred = np.stack([np.ones_like(z), z - z.mean()], axis=1)
        self._slope = _LogisticFit(y, np.zeros_like(z), centred)
        self._intercept = _LogisticFit(y, z, np.ones((len(z), 1)))

    def slope(self, weights: Floats) -> Floats:
        """``b`` of ``log-odds of y = a + b z`` under each row of ``weights`` (b, n).

        Within +-20; 0 where all predictions are the same, and there is nothing to be right or wrong about.
        """
        return self._slope.fit(weights)[:, 1] if self._varies else np.zeros(len(weights))

    def intercept(self, weights: Floats) -> Floats:
        """Calibration in the large, ``a`` of ``log-odds of y = a + z``, under each row of ``weights`` (b, n)."""
        return self._intercept.fit(weights)[:, 0]


class _LogisticFit:
    """``log-odds of y = offset + design @ beta``; ``design`` has shape (n, 1) or (n, 2).

    ``pull`` draws the second number to 1: half of it times the squared distance is added to the loss.
    """

    def __init__(self, y: Floats, offset: Floats, design: Floats, *, pull: float = 0.0) -> None:
        self._y, self._offset, self._design, self._pull = y, offset, design, pull
        size = design.shape[1]
        self._products = np.stack([design[:, i] * design[:, j] for i in range(size) for j in range(size)], axis=1)
        start = self._iterate(np.ones((1, len(y))), np.zeros((1, size)))
        self._start = start
        chance = 1 / (1 + np.exp(-(offset + design @ start[0])))
        self._first = np.concatenate(
            [(y - chance)[:, None] * design, (chance * (1 - chance))[:, None] * self._products], axis=1
        )

    def fit(self, weights: Floats) -> Floats:
        """Coefficients under each row of weights, shape (b, size)."""
        return self._iterate(weights, self.one_step(weights))

    def one_step(self, weights: Floats) -> Floats:
        """Coefficients after one Newton step from those of all rows: a single matrix product."""
        size = self._design.shape[1]
        linear = weights @ self._first
        return self._start + self._pulled_step(np.broadcast_to(self._start, (len(weights), size)), linear)

    def _pulled_step(self, beta: Floats, sums: Floats) -> Floats:
        """Newton's step at ``beta`` of gradient and curvature side by side in ``sums``."""
        size = beta.shape[1]
        gradient, hessian = sums[:, :size], sums[:, size:]
        if self._pull:
            gradient, hessian = gradient.copy(), hessian.copy()
            gradient[:, 1] -= self._pull * (beta[:, 1] - 1.0)
            hessian[:, -1] += self._pull
        return _step(gradient, hessian)

    def _iterate(self, weights: Floats, beta: Floats) -> Floats:
        beta = np.clip(beta, -_STEEPEST, _STEEPEST)
        moving = np.arange(len(weights))
        for _ in range(_STEPS):
            part = weights if len(moving) == len(weights) else weights[moving]
            chance = beta[moving] @ self._design.T
            chance += self._offset
            np.negative(chance, out=chance)
            np.exp(chance, out=chance)
            chance += 1.0
            np.reciprocal(chance, out=chance)
            gradient, hessian = (
                (part * (self._y - chance)) @ self._design,
                (part * (chance * (1 - chance))) @ self._products,
            )
            step = self._pulled_step(beta[moving], np.hstack([gradient, hessian]))
            beta[moving] = np.clip(beta[moving] + step, -_STEEPEST, _STEEPEST)
            moving = moving[np.abs(step).max(axis=1) > _TOLERANCE]
            if len(moving) == 0:
                break
        return beta


def _step(gradient: Floats, hessian: Floats) -> Floats:
    """Newton's step, cut to 2 in any number so that few bads do not overshoot."""
    size = gradient.shape[1]
    # A whisker of ridge keeps a resample of one class or one value from dividing by zero.
    matrix = hessian.reshape(-1, size, size) + _EDGE * np.eye(size)
    step = np.linalg.solve(matrix, gradient[:, :, None])[:, :, 0]
    return np.asarray(step * np.minimum(1.0, 2.0 / np.maximum(np.abs(step).max(axis=1, keepdims=True), _EDGE)))


class LinkFit:
    """``log-odds of y = a + b raw`` under any weights of the rows.

    ``b`` is drawn to 1 by a unit penalty and never below 0, as ``ml.delinquency.validation.fit_link`` does it.

    With more than a thousand of the rarer outcome one step from the fit of all rows is exact to a thousandth of its
    own noise.
    """

    def __init__(self, raw: Floats, y: Floats) -> None:
        self._centre = float(raw.mean())
        design = np.stack([np.ones_like(raw), raw - self._centre], axis=1)
        self._fit = _LogisticFit(y, np.zeros_like(raw), design, pull=1.0)
        self._is_exact = min(y.sum(), len(y) - y.sum()) <= _ENOUGH_FOR_ONE_STEP

    def fit(self, weights: Floats) -> Floats:
        """Intercept and slope under each row of ``weights`` (b, n), shape (b, 2)."""
        beta = self._fit.fit(weights) if self._is_exact else self._fit.one_step(weights)
        slope = np.maximum(beta[:, 1], 0.0)
        return np.stack([beta[:, 0] - slope * self._centre, slope], axis=1)


def slopes_and_intercepts(y: Floats, z: Floats, weights: Floats) -> Floats:
    """Calibration slope, and intercept at slope 1, of resamples that each have predictions of their own.

    Parameters
    ----------
    y : array of shape (n,)
        0 and 1.
    z, weights : array of shape (b, n)
        Predicted log-odds and weight of each row in each resample.

    Returns
    -------
    array of shape (2, b)
        Missing where a resample holds one outcome only.
    """
    bad, rows = weights @ y, weights.sum(axis=1)
    intercept = np.zeros((len(z), 1))
    beta = np.tile([0.0, 1.0], (len(z), 1))
    for _ in range(_STEPS):
        chance = _chance(z + intercept)
        part = weights * (chance * (1 - chance))
        step = _step((bad - np.einsum("ij,ij->i", weights, chance))[:, None], part.sum(axis=1)[:, None])
        intercept = np.clip(intercept + step, -_STEEPEST, _STEEPEST)
        if np.abs(step).max() < _TOLERANCE:
            break
    beta[:, :1] = intercept
    centre = z.mean(axis=1, keepdims=True)
    centred = z - centre
    beta[:, :1] += centre
    for _ in range(_STEPS):
        chance = _chance(beta[:, :1] + beta[:, 1:] * centred)
        residual = weights * (y - chance)
        gradient = np.stack([residual.sum(axis=1), np.einsum("ij,ij->i", residual, centred)], axis=1)
        curve = weights * (chance * (1 - chance))
        curved = curve * centred
        across = curved.sum(axis=1)
        hessian = np.stack([curve.sum(axis=1), across, across, np.einsum("ij,ij->i", curved, centred)], axis=1)
        step = _step(gradient, hessian)
        beta = np.clip(beta + step, -_STEEPEST, _STEEPEST)
        if np.abs(step).max() < _TOLERANCE:
            break
    slope = np.where(np.ptp(z, axis=1) < _EDGE, 0.0, beta[:, 1])
    found = np.stack([slope, intercept[:, 0]])
    return np.where((bad == 0) | (bad == rows), np.nan, found)


def _chance(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-z)))
