"""Whether a row lies within what a model was trained on. A score outside says so: nobody has seen how such rows end.

Belongs here: the rule, its figures as plain JSON types (they are kept with the model's metadata), and its use.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.frame import Floats, to_numbers

# The range of a feature that counts as seen, and the share of training rows that may be outside of too many ranges.
LOWER, UPPER = 0.005, 0.995
OUTSIDE_SHARE = 0.01
# So many widths of its range away from it, one feature alone is nothing that training has seen.
FAR = 3.0


@dataclass(frozen=True)
class Population:
    """What training has seen.

    A row is outside when its product was not among the training rows (where products are told), or when more of its
    features lie outside of their range (the 0.5 to 99.5 % quantiles of training) than in all but 1 % of the training
    rows. A missing feature lies in no range's outside: thin data have a status of their own.

    Attributes
    ----------
    features : tuple of str
        In order.
    low, high : tuple of float or None
        Range of each; None where training had no value.
    most_outside : int
        Features that may lie outside of their range.
    products : tuple of str or None
        Sorted; None where the training frame tells none.
    """

    features: tuple[str, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    most_outside: int
    products: tuple[str, ...] | None

    @classmethod
    def of(cls, frame: pd.DataFrame, features: Sequence[str], product: str | None = None) -> "Population":
        """What a training frame shows; ``product`` names its column of products, if it has one."""
        X = to_numbers(frame, features)
        seen = ~np.isnan(X).all(axis=0)
        bounds = np.full((2, X.shape[1]), np.nan)
        bounds[:, seen] = np.nanquantile(X[:, seen], [LOWER, UPPER], axis=0)
        counts = _outside(X, bounds).sum(axis=1)
        return cls(
            features=tuple(features),
            low=_plain(bounds[0]),
            high=_plain(bounds[1]),
            # The next greater count that occurred: a whole number of features, and at most 1 % of the rows above it.
            most_outside=int(np.quantile(counts, 1 - OUTSIDE_SHARE, method="higher")),
            products=None if product is None else tuple(sorted(frame[product].dropna().astype(str).unique())),
        )

    def is_outside(self, frame: pd.DataFrame, product: str | None = None) -> NDArray[np.bool_]:
        """Of each row of ``frame``, which has the features and the column ``product``, if products are told."""
        bounds = np.array([self.low, self.high], dtype=float)
        counts = _outside(to_numbers(frame, self.features), bounds).sum(axis=1)
        is_outside = np.asarray(counts > self.most_outside)
        if self.products is None:
            return is_outside
        return np.asarray(is_outside | ~frame[product].astype(str).isin(self.products).to_numpy())

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> "Population":
        """Read back what :meth:`to_dict` gave, also after it was JSON."""
        return cls(
            features=tuple(body["features"]),
            low=tuple(body["low"]),
            high=tuple(body["high"]),
            most_outside=int(body["most_outside"]),
            products=None if body["products"] is None else tuple(body["products"]),
        )


@dataclass(frozen=True)
class Ranges:
    """What training has seen of any table: :class:`Population` without products, in the numbers of the encoder.

    A row is outside as there, or where a feature lies several widths away from its range: a table of few features may
    have too few to count. A level that training did not know counts as a feature outside; levels have no range.
    """

    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    most_outside: int

    @classmethod
    def of(cls, X: Floats, levels: Sequence[int]) -> "Ranges":
        """What the training rows show; ``levels`` is the number of levels of each feature, 0 for a number."""
        has_range = ~np.isnan(X).all(axis=0) & (np.asarray(levels) == 0)
        bounds = np.full((2, X.shape[1]), np.nan)
        if has_range.any():
            bounds[:, has_range] = np.nanquantile(X[:, has_range], [LOWER, UPPER], axis=0)
        counts = _outside(X, bounds).sum(axis=1)
        most = int(np.quantile(counts, 1 - OUTSIDE_SHARE, method="higher"))
        return cls(_plain(bounds[0]), _plain(bounds[1]), most)

    def is_outside(self, X: Floats, is_new: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Of each row; ``is_new`` of shape (n, k) says which values are levels that training did not know."""
        low, high = np.array([self.low, self.high], dtype=float)
        counts = (_outside(X, np.array([low, high])) | is_new).sum(axis=1)
        width = FAR * (high - low)
        # Without a width (nearly all rows have one value) nothing is said of how far is far.
        is_far = _outside(X, np.array([low - width, high + width])) & (width > 0)
        return np.asarray((counts > self.most_outside) | is_far.any(axis=1))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"low": list(self.low), "high": list(self.high), "most_outside": self.most_outside}

    @classmethod
    def from_dict(cls, body: dict[str, Any]) -> "Ranges":
        """Read back what :meth:`to_dict` gave, also after it was JSON."""
        return cls(tuple(body["low"]), tuple(body["high"]), int(body["most_outside"]))


def _outside(values: Floats, bounds: Floats) -> NDArray[np.bool_]:
    # Comparisons with a missing value or an unknown bound are false: neither is outside.
    with np.errstate(invalid="ignore"):
        low, high = bounds
        return np.asarray((values < low) | (values > high))


def _plain(values: Floats) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else float(value) for value in values)
