"""Versions of a record: the first entry, and one more on each day on which the system learns of a change."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.world.config import FAR


@dataclass(frozen=True)
class Versions:
    """One element each version, in order of record and day; no two versions of a record on one day.

    Attributes
    ----------
    record : array of int
        Row of the record.
    day : array of int
        When the system noted it.
    is_moved, is_renamed, is_dead : array of bool
        What the system knows by then.
    """

    record: IntArray
    day: IntArray
    is_moved: BoolArray
    is_renamed: BoolArray
    is_dead: BoolArray


def versions(first: IntArray, moved: IntArray, renamed: IntArray, died: IntArray) -> Versions:
    """Versions from the days on which a system notes things; ``FAR`` for never.

    What happened before the first entry is part of it. After the death is noted nothing more is.
    """
    changes = np.stack([np.maximum(moved, first), np.maximum(renamed, first), np.maximum(died, first)], axis=1)
    changes = np.where(np.stack([moved, renamed, died], axis=1) < FAR, changes, FAR)
    days = np.column_stack([first, changes])
    record, column = np.nonzero((days < FAR) & (days <= np.where(changes[:, 2] < FAR, changes[:, 2], FAR)[:, None]))
    day = days[record, column]
    record, day = np.unique(np.stack([record, day]), axis=1)
    known = changes[record] <= day[:, None]
    return Versions(record, day, known[:, 0], known[:, 1], known[:, 2])
