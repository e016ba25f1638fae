"""Parts of a table that hold each other honest: learn, stop the boosting, calibrate, test.

With a time, parts follow each other in time with a gap between any two, and test is the latest. Where people come
back (a group has rows in more than one period), the people are divided as well: a rotation holds some of them out and
learns from the others, until everybody in the last period has been tested once. Without a time, the parts are folds
stratified by outcome that keep groups whole, and rotate likewise where the table is small enough to afford it.

What is decided for a rotation (choice, calibration) is decided by the held-out people of the *other* rotations: many
more than one rotation could spare, and nobody decides about figures that he is part of.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.config import TrainingConfig, is_rare
from ml.delinquency.errors import OneClassError

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Days = NDArray[np.datetime64]

ROLES = ("learn", "stop", "calibrate", "test")
# Which parts have a period of their own, from the best to what a short history allows. Parts that share a period
# have different people in it.
_LAYOUTS: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("learn",), ("stop",), ("calibrate",), ("test",)),
    (("learn",), ("stop", "calibrate"), ("test",)),
    (("learn", "stop", "calibrate"), ("test",)),
)
# Folds of the people, or of the rows where there is no time.
FOLDS = 5
# Parts that rows which do not test are divided into, of which one stops the boosting, in the order they are tried.
_STOPPING = (2 * FOLDS, FOLDS, 3, 2)
# Values (rows times features) that all rotations together may learn from: some ten seconds on two cores. More
# values mean fewer rotations, and need fewer.
_VALUES = 8_000_000
# Sizes of the later parts that are tried, and the bad outcomes that calibrating and testing should have.
_SHRINK = (1.0, 0.75, 0.5)
_ENOUGH_BAD = (100, 30)


@dataclass(frozen=True)
class Split:
    """Row numbers of the four parts; no group that is learnt from or stops has rows in another one.

    In a rotation the people that calibrate are those that are tested: they calibrate the other rotations, see
    :meth:`Design.deciders`.
    """

    learn: Integers
    stop: Integers
    calibrate: Integers
    test: Integers

    def part(self, role: str) -> Integers:
        """Rows of a part by its name."""
        return np.asarray(getattr(self, role), dtype=np.intp)


@dataclass(frozen=True)
class Design:
    """Splits, and how they were made, in words and dates for the metadata.

    Attributes
    ----------
    splits : tuple of Split
        The test parts of two splits share no row.
    by_time : bool
        Whether the test is later than what was learnt from.
    periods : dict
        First and last day of each part, where by time.
    note : str
        How the parts were made, and why not by time where a time was given.
    rotates : bool
        Whether the splits decide for each other.
    """

    splits: tuple[Split, ...]
    by_time: bool
    periods: dict[str, list[str]]
    note: str
    rotates: bool = False

    @property
    def covers_all(self) -> bool:
        """Whether there are as many rotations as folds, so that every row was tested where there is no time."""
        return not self.by_time and len(self.splits) == FOLDS

    def deciders(self, at: int | None) -> tuple[int, ...]:
        """Splits whose calibration rows choose and calibrate for a split, or for the final model (None)."""
        if at is not None and not self.rotates:
            return (at,)
        return tuple(number for number in range(len(self.splits)) if number != at)


def design_parts(y: Floats, groups: Integers, days: Days | None, n_features: int, config: TrainingConfig) -> Design:
    """Divide the rows.

    Parameters
    ----------
    y, groups : ndarray of shape (n,)
        Outcome and person of each row.
    days : ndarray of shape (n,) or None
        Time of each row.
    n_features : int
        Decides with n how many rotations are affordable.
    config : TrainingConfig
        Shares of the parts, the gap, the seed.

    Raises
    ------
    OneClassError
        If a class has too few groups to have some in each part.
    """
    note = "no time given"
    affordable = _VALUES // (len(y) * n_features)
    if days is not None:
        least = config.min_class_count
        for enough, shrink, layout in _attempts(least):
            periods = _periods(days, layout, config, shrink)
            if periods is None:
                continue
            # A rotation by time learns from a third of the rows.
            count = int(np.clip(2 * affordable, 2, FOLDS))
            design = _by_time(y, groups, days, periods, layout, config, count)
            if _suffices(design, y, least, enough):
                return design
        span = int((days.max() - days.min()).astype(int))
        note = f"not by time: {span} days with gaps of {config.gap_days} leave parts with too few of an outcome"
    # So few defaults need every rotation, however many rows there are: a fold alone would hold a handful.
    count = FOLDS if is_rare(int(y.sum())) else int(np.clip(affordable, 1, FOLDS))
    folds = deal(y, groups, FOLDS, config.seed)
    splits = []
    for number in range(count):
        test = folds == number
        calibrate = test if count > 1 else folds == 1
        rest = np.flatnonzero(~test & ~calibrate)
        stops = _stopping(y[rest], groups[rest], number, config)
        splits.append(Split(rest[~stops], rest[stops], np.flatnonzero(calibrate), np.flatnonzero(test)))
    words = f"{note}; folds stratified by outcome, groups whole, {count} of {FOLDS} rotations"
    if count > 1:
        words += "; each is calibrated, and its model chosen, by the held-out rows of the others"
    design = Design(tuple(splits), False, {}, words, rotates=count > 1)
    _check_parts(design, y, groups)
    return design


def _stopping(y: Floats, groups: Integers, number: int, config: TrainingConfig) -> NDArray[np.bool_]:
    """Which of the rows that do not test stop the boosting of a rotation: a tenth of them, more where that has too few
    of an outcome, as with few and large groups."""
    dealt = [deal(y, groups, count, config.seed + 1) == number % count for count in _STOPPING]
    for least in (config.min_class_count, 1):
        for stops in dealt:
            if all(_has_both(y, np.flatnonzero(rows), least) for rows in (stops, ~stops)):
                return stops
    return dealt[0]


def _check_parts(design: Design, y: Floats, groups: Integers) -> None:
    """Refuse parts that lack an outcome."""
    for number, split in enumerate(design.splits):
        for role in ROLES:
            rows = split.part(role)
            if not _has_both(y, rows, 1):
                lacks = "bad" if not y[rows].sum() else "good"
                people = {word: len(np.unique(groups[y == value])) for value, word in ((1, "bad"), (0, "good"))}
                raise OneClassError(
                    f"part {role!r} of rotation {number + 1} has no {lacks} row: {len(rows)} of {len(y)} rows; groups "
                    f"with a bad row: {people['bad']}, with a good one: {people['good']}, and a group is never split. "
                    "Widen the data window, or give smaller groups"
                )


def _suffices(design: Design, y: Floats, least: int, enough: int) -> bool:
    """Whether every split can learn and stop, and there is enough to decide by and to test."""
    if not all(_has_both(y, split.part(role), least) for split in design.splits for role in ("learn", "stop")):
        return False
    for at in range(len(design.splits)):
        if not _has_both(y, np.concatenate([design.splits[n].calibrate for n in design.deciders(at)]), enough):
            return False
    return _has_both(y, np.concatenate([split.test for split in design.splits]), enough)


def _attempts(least: int) -> list[tuple[int, float, tuple[tuple[str, ...], ...]]]:
    """Outcomes needed, sizes and layouts in the order they are tried: periods of their own and full size first."""
    own = [(shrink, layout) for shrink in _SHRINK for layout in _LAYOUTS[:-1]]
    order = own + [(shrink, _LAYOUTS[-1]) for shrink in _SHRINK]
    return [(max(least, enough), *one) for enough in (*_ENOUGH_BAD, 0) for one in order]


def _periods(
    days: Days, layout: Sequence[Sequence[str]], config: TrainingConfig, shrink: float
) -> list[tuple[int, int]] | None:
    """First and last day (as numbers) of each period, from the last one backwards; None where there is no room."""
    numbers = days.astype("datetime64[D]").astype(int)
    distinct, rows = np.unique(numbers, return_counts=True)
    share = dict(zip(ROLES, config.part_shares, strict=True))
    wanted = [sum(share[role] for role in period) for period in layout]
    periods: list[tuple[int, int]] = []
    last = len(distinct) - 1
    for want in reversed(wanted[1:]):
        if last < 0:
            return None
        cumulated = np.cumsum(rows[last::-1]) / rows.sum()
        first = last - int(np.argmin(np.abs(cumulated - shrink * want)))
        periods.append((int(distinct[first]), int(distinct[last])))
        last = int(np.searchsorted(distinct, distinct[first] - max(config.gap_days, 1), side="right")) - 1
    # The gaps cost rows; learning must keep at least half of what it should have.
    if last < 0 or rows[: last + 1].sum() < 0.5 * wanted[0] * rows.sum():
        return None
    periods.append((int(distinct[0]), int(distinct[last])))
    return periods[::-1]


def _by_time(
    y: Floats,
    groups: Integers,
    days: Days,
    periods: list[tuple[int, int]],
    layout: Sequence[Sequence[str]],
    config: TrainingConfig,
    count: int,
) -> Design:
    """Splits whose parts lie in their periods, ``count`` of them where people come back."""
    period = _period_of(days, periods)
    placed = np.flatnonzero(period >= 0)
    pairs = np.unique(np.column_stack([groups[placed], period[placed]]), axis=0)
    dates = _dates(layout, periods)
    of_role = {role: period == at for at, roles in enumerate(layout) for role in roles}
    if len(pairs) == len(np.unique(pairs[:, 0])):
        chosen = _rows_of_one(y, groups, layout, config)
        only = Split(**{role: np.flatnonzero(of_role[role] & chosen[role]) for role in ROLES})
        return Design((only,), True, dates, _words(layout, 1, config))
    # Held-out people are new to the model from the day on which it may stop, gaps or not.
    dates["calibrate"] = [dates["stop"][0], dates["calibrate"][1]]
    first, last = (np.datetime64(day) for day in dates["calibrate"])
    of_role["calibrate"] = (days >= first) & (days <= last)
    people = deal(y, groups, FOLDS, config.seed)
    splits = []
    for number in range(count):
        held, stops = people == number, people == (number + 1) % FOLDS
        chosen = {"learn": ~held & ~stops, "stop": stops, "calibrate": held, "test": held}
        splits.append(Split(**{role: np.flatnonzero(of_role[role] & chosen[role]) for role in ROLES}))
    return Design(tuple(splits), True, dates, _words(layout, count, config), rotates=True)


def _rows_of_one(
    y: Floats, groups: Integers, layout: Sequence[Sequence[str]], config: TrainingConfig
) -> dict[str, NDArray[np.bool_]]:
    """Which rows of its period each part has, where nobody comes back: parts that share a period share its people."""
    chosen = {role: np.ones(len(y), dtype=bool) for role in ROLES}
    shared = next((roles for roles in layout if len(roles) > 1), ())
    if shared:
        tenths = deal(y, groups, 10, config.seed + 1)
        # Six, two and two tenths, or half and half.
        ends = (6, 8) if "learn" in shared else (0, 5)
        chosen |= {"stop": (tenths >= ends[0]) & (tenths < ends[1]), "calibrate": tenths >= ends[1]}
        if "learn" in shared:
            chosen["learn"] = tenths < ends[0]
    return chosen


def _period_of(days: Days, periods: list[tuple[int, int]]) -> Integers:
    numbers = days.astype("datetime64[D]").astype(int)
    period = np.full(len(days), -1, dtype=np.intp)
    for at, (first, last) in enumerate(periods):
        period[(numbers >= first) & (numbers <= last)] = at
    return period


def _dates(layout: Sequence[Sequence[str]], periods: list[tuple[int, int]]) -> dict[str, list[str]]:
    return {
        role: [str(np.datetime64(day, "D")) for day in period]
        for roles, period in zip(layout, periods, strict=True)
        for role in roles
    }


def _words(layout: Sequence[Sequence[str]], splits: int, config: TrainingConfig) -> str:
    words = f"by time, {len(layout)} periods with gaps of {config.gap_days} days"
    if any(len(roles) > 1 for roles in layout):
        words += "; parts that share a period have different people"
    if splits > 1:
        words += (
            f"; people come back, so {splits} rotations learn from three fifths of them, stop on one, and hold one "
            "out: tested in the last period by a model that does not know them, which was chosen and calibrated by the "
            "held-out people of the other rotations in the time between"
        )
    return words


def _has_both(y: Floats, rows: Integers, least: int) -> bool:
    bad = int(y[rows].sum())
    return bad >= least and len(rows) - bad >= least


def deal(y: Floats, groups: Integers, count: int, seed: int) -> Integers:
    """Fold of each row, shape (n,): groups are dealt like cards, those with the most defaults first.

    Each fold then has about as many defaults and rows as any other, and no group is split.
    """
    _, code = np.unique(groups, return_inverse=True)
    bad, rows = np.bincount(code, y), np.bincount(code)
    shuffled = np.random.default_rng(seed).permutation(len(rows))
    order = shuffled[np.lexsort((-rows[shuffled], -bad[shuffled]))]
    # There and back again: the first fold does not get the largest group of every round.
    place = np.arange(len(rows)) % (2 * count)
    fold = np.empty(len(rows), dtype=np.intp)
    fold[order] = np.minimum(place, 2 * count - 1 - place)
    return fold[code]
