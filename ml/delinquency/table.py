"""A table ready to be learnt from: numbers, outcome, people, time, in one order of rows whatever the frame's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Table:
    """n rows of k features.

    Attributes
    ----------
    X : ndarray of shape (n, k)
        Missing is NaN.
    y : ndarray of shape (n,)
        1 is bad.
    groups : ndarray of shape (n,)
        Person of each row; each row by itself where none is given.
    days : ndarray of shape (n,) or None
        Time of each row.
    names : tuple of str
    signs : tuple of int
        Direction that each feature is held to: 1, -1, or 0 for none.
    levels : tuple of int
        Number of levels of each feature, 0 for a number.
    """

    X: Floats
    y: Floats
    groups: Integers
    days: Days | None
    names: tuple[str, ...]
    signs: tuple[int, ...]
    levels: tuple[int, ...]

    @property
    def n_bad(self) -> int:
        """Number of bad rows."""
        return int(self.y.sum())


def row_order(X: Floats, y: Floats, groups: Integers | None, days: Days | None) -> Integers:
    """One order of rows whatever the frame's: folds and trees depend on it, and a query promises none."""
    least = () if days is None else (days,)
    people = np.zeros(len(y)) if groups is None else groups
    return np.lexsort((*least, *X.T[::-1], y, people))
