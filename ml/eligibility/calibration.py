"""From log-odds to a probability that can be believed: Platt's line or isotonic steps, whichever holds out better."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.parts import deal
from ml.delinquency.validation import fit_link, probability_of
from ml.evaluate.calibration import log_loss

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

# Below this many rows isotonic steps follow noise (Niculescu-Mizil and Caruana 2005, section 5).
ISOTONIC_ROWS = 1000
_FOLDS = 5


@dataclass(frozen=True)
class Calibrator:
    """A rising function from raw log-odds to the probability.

    Attributes
    ----------
    kind : {"platt", "isotonic"}
    intercept, slope : float
        Platt's; 0 and 1 where isotonic.
    points, probabilities : ndarray
        Of the isotonic function, straight between its points; empty for Platt's.
    """

    kind: Literal["platt", "isotonic"]
    intercept: float = 0.0
    slope: float = 1.0
    points: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()

    def probability(self, raw: Floats) -> Floats:
        """Calibrated probability in the shape of ``raw``."""
        if self.kind == "isotonic":
            return np.interp(raw, self.points, self.probabilities)
        return probability_of(self.intercept + self.slope * raw)

    def least_raw(self, threshold: float) -> float:
        """Least raw log-odds whose probability reaches the threshold; infinite where none does."""
        low, high = -60.0, 60.0
        if float(self.probability(np.array([high]))[0]) < threshold:
            return float("inf")
        if float(self.probability(np.array([low]))[0]) >= threshold:
            return float("-inf")
        while (middle := (low + high) / 2) not in (low, high):
            if float(self.probability(np.array([middle]))[0]) >= threshold:
                high = middle
            else:
                low = middle
        return high

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        if self.kind == "platt":
            return {"kind": self.kind, "intercept": self.intercept, "slope": self.slope}
        return {"kind": self.kind, "points": list(self.points), "probabilities": list(self.probabilities)}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Calibrator":
        """Inverse of :meth:`to_dict`."""
        if stored["kind"] == "platt":
            return cls("platt", float(stored["intercept"]), float(stored["slope"]))
        if stored["kind"] != "isotonic":
            raise ValueError("a calibration that is neither platt nor isotonic")
        return cls("isotonic", points=tuple(stored["points"]), probabilities=tuple(stored["probabilities"]))


@dataclass(frozen=True)
class CalibrationChoice:
    """The chosen calibrator, probabilities of rows it has not seen, and both kinds' log loss on such rows."""

    calibrator: Calibrator
    held_out: Floats
    losses: dict[str, float]


def choose_calibrator(raw: Floats, y: Floats, groups: Integers, seed: int) -> CalibrationChoice:
    """Choose by log loss on folds that a calibrator has not seen; a tie and few rows go to Platt.

    Parameters
    ----------
    raw : ndarray of shape (n,)
        Log-odds of each row by a model that has not learnt from it.
    y, groups : ndarray of shape (n,)
        Outcome, and who belongs together.
    seed : int
        Deals the folds.
    """
    kinds = ("platt", "isotonic") if len(y) >= ISOTONIC_ROWS else ("platt",)
    fold = deal(y, groups, _FOLDS, seed)
    held_out = {kind: np.empty(len(y)) for kind in kinds}
    for number in range(_FOLDS):
        inside = fold == number
        for kind in kinds:
            held_out[kind][inside] = _fit(kind, raw[~inside], y[~inside]).probability(raw[inside])
    losses = {kind: log_loss(y, held_out[kind]) for kind in kinds}
    best = min(kinds, key=lambda kind: losses[kind])
    return CalibrationChoice(_fit(best, raw, y), held_out[best], losses)


def _fit(kind: str, raw: Floats, y: Floats) -> Calibrator:
    if kind == "platt":
        link = fit_link(raw[None, :], y)
        return Calibrator("platt", link.intercept, link.slope)
    from sklearn.isotonic import IsotonicRegression

    # Nobody is certain: an outcome that was never seen among n rows may still be one in 2 n.
    edge = 1 / (2 * len(y))
    fitted = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(raw, y)
    return Calibrator(
        "isotonic", points=tuple(fitted.X_thresholds_.tolist()), probabilities=tuple(fitted.y_thresholds_.tolist())
    )
