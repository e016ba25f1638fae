"""The four bands of yearly income and where a portfolio draws their bounds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BANDS = ("Low", "Medium", "High", "Very High")
UNKNOWN = "Unknown"


@dataclass(frozen=True)
class BandScale:
    """Bounds between the bands, in the portfolio's currency a year; a bound belongs to the band above it.

    Attributes
    ----------
    bounds : tuple of float
        One fewer than bands, rising.
    bands : tuple of str
        Names from the lowest; other sets of bands than the four are for evaluations on their own scale.
    """

    bounds: tuple[float, ...]
    bands: tuple[str, ...] = BANDS

    def __post_init__(self) -> None:
        if list(self.bounds) != sorted(set(self.bounds)) or len(self.bounds) != len(self.bands) - 1:
            raise ValueError(f"income bounds are {self.bounds}; expected {len(self.bands) - 1} rising amounts")

    def of(self, annual_income: ArrayLike) -> NDArray[np.int64]:
        """Number of the band (0 is the lowest) of each yearly income."""
        return np.searchsorted(np.asarray(self.bounds), np.asarray(annual_income, dtype=float), side="right")

    def number(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Number of the band by its name.

        Raises
        ------
        ValueError
            Naming what is no band.
        """
        known = {name: position for position, name in enumerate(self.bands)}
        if strange := sorted(set(names) - set(known)):
            raise ValueError(f"unknown income bands {strange[:5]}; expected {list(self.bands)}")
        return np.array([known[name] for name in names], dtype=np.int64)
