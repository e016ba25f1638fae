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
    """``log-odds of y = offset + design @ beta``; ``design`` has shape (n, 1) or (n, 2)."""

    def __init__(self, y: Floats, offset: Floats, design: Floats) -> None:
        self._y, self._offset, self._design = y, offset, design
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
        size = self._design.shape[1]
        linear = weights @ self._first
        return self._iterate(weights, self._start + _step(linear[:, :size], linear[:, size:]))

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
            step = _step((part * (self._y - chance)) @ self._design, (part * (chance * (1 - chance))) @ self._products)
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
