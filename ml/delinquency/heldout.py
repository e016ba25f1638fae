"""Learning with parts held out: fit on one, stop on another, choose and calibrate on a third, measure on the last.

Whatever is decided for a split (candidate, link, challengers) is decided by the rows of ``Design.deciders``.

The figures belong to the procedure: the test part has decided nothing. The final model is fitted anew on all rows
with the settings and the number of trees that were found; see :func:`final_model`.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.choosing import Choice, choose
from ml.delinquency.config import HELD_OUT_CHALLENGERS, Candidate, Settings, TrainingConfig, TreeSettings
from ml.delinquency.paired import row_losses
from ml.delinquency.parts import Design
from ml.delinquency.table import Table
from ml.delinquency.trees import TreeMember, important_features
from ml.delinquency.validation import Link, Member, challengers_of, drawn_to_one, fit_link, fit_member

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Pairs = tuple[tuple[int, int], ...]

# More rows carry more trees: by the root of their ratio, and never more than this.
_MORE_TREES_AT_MOST = 1.5


@dataclass(frozen=True)
class Fitted:
    """One kind of member in one split: the member, and its log-odds in the parts that it has not learnt from."""

    member: Member
    calibrate: Floats
    test: Floats
    learn: Floats


@dataclass
class Measured:
    """All members in all splits.

    Attributes
    ----------
    fits : list of dict
        Settings to what was fitted, one dict a split.
    used : list of tuple
        Features that were not pruned, one tuple a split.
    """

    table: Table
    design: Design
    config: TrainingConfig
    candidates: tuple[Candidate, ...]
    alone: dict[str, list[Settings]]
    fits: list[dict[Settings, Fitted]] = field(default_factory=list)
    used: list[tuple[int, ...]] = field(default_factory=list)

    def raw(self, members: Sequence[Settings], split: int, part: str) -> Floats:
        """Mean log-odds of members in a part of a split, before calibration."""
        return np.asarray(np.mean([getattr(self.fits[split][member], part) for member in members], axis=0))

    def deciding_rows(self, at: int | None) -> Integers:
        """Rows that decide for a split, or for the final model (None)."""
        return np.concatenate([self.design.splits[number].calibrate for number in self.design.deciders(at)])

    def deciding_raw(self, members: Sequence[Settings], at: int | None) -> Floats:
        """Log-odds of :meth:`deciding_rows`, each by the split that holds the row out, before calibration."""
        return np.concatenate([self.raw(members, number, "calibrate") for number in self.design.deciders(at)])

    def link(self, members: Sequence[Settings], at: int | None) -> Link:
        """Calibration that the deciding rows teach."""
        return fit_link(self.deciding_raw(members, at)[None, :], self.table.y[self.deciding_rows(at)])

    def decided(self, members: Sequence[Settings], at: int | None) -> Floats:
        """Calibrated log-odds of the deciding rows."""
        link = self.link(members, at)
        return np.asarray(link.intercept + link.slope * self.deciding_raw(members, at))

    def calibrated(self, members: Sequence[Settings], split: int, part: str) -> Floats:
        """Calibrated log-odds in a part of a split."""
        link = self.link(members, split)
        return np.asarray(link.intercept + link.slope * self.raw(members, split, part))

    def rows(self, part: str) -> Integers:
        """Rows of a part, all splits in a row."""
        return np.concatenate([split.part(part) for split in self.design.splits])


def measure(table: Table, design: Design, config: TrainingConfig) -> Measured:
    """Fit every member in every split: trees in this thread, the others beside them."""
    candidates = config.candidates_for(len(table.y), table.n_bad)
    alone = challengers_of(candidates, HELD_OUT_CHALLENGERS)
    members = list(
        dict.fromkeys(
            [member for candidate in candidates for member in candidate.members]
            + [settings for several in alone.values() for settings in several]
        )
    )
    found = Measured(table, design, config, candidates, alone)
    trees = [member for member in members if isinstance(member, TreeSettings)]
    found.used = [_used(table, split.learn, trees, config) for split in design.splits]
    tasks = [(at, member) for at in range(len(design.splits)) for member in members]
    fitted = in_two_lanes(lambda task: fit_in(found, *task), tasks, lambda task: isinstance(task[1], TreeSettings))
    found.fits = [{} for _ in design.splits]
    for (at, member), one in zip(tasks, fitted, strict=True):
        found.fits[at][member] = one
    return found


def fit_in(found: Measured, at: int, settings: Settings, products: Pairs = ()) -> Fitted:
    """Fit one member on the learning part of a split."""
    table, split = found.table, found.design.splits[at]
    X, y = table.X, table.y
    member: Member
    if isinstance(settings, TreeSettings):
        member = TreeMember.fit(
            X[split.learn], y[split.learn], settings, table.signs, found.config.seed, table.levels,
            stop=(X[split.stop], y[split.stop]), used=found.used[at], products=products,
            groups=table.groups[split.learn],
        )  # fmt: skip
    else:
        # What has nothing to stop learns from those rows as well.
        rows = np.sort(np.r_[split.learn, split.stop])
        member = fit_member(X[rows], y[rows], settings, table.signs, found.config.seed, table.levels)
    return Fitted(member, *(member.log_odds(X[split.part(part)]) for part in ("calibrate", "test", "learn")))


def pick_candidate(found: Measured, at: int | None) -> Choice:
    """What the deciding rows of a split choose, or those of the final model (None)."""
    rows = found.deciding_rows(at)
    losses = {candidate.name: found.decided(candidate.members, at) for candidate in found.candidates}
    return choose(losses, found.table.y[rows], found.table.groups[rows], found.config.seed)


def strongest_alone(found: Measured, at: int | None) -> dict[str, Settings]:
    """The best settings of each kind by itself, by the deciding rows."""
    y = found.table.y[found.deciding_rows(at)]

    def loss(settings: Settings) -> float:
        return float(row_losses(y, found.decided((settings,), at)).mean())

    return {name: min(several, key=loss) for name, several in found.alone.items()}


def final_model(
    found: Measured, candidate: Candidate, products: dict[Settings, Pairs]
) -> tuple[tuple[Member, ...], Link]:
    """Fit the chosen candidate on all rows.

    The slope of the link is that of the held-out rows, see :func:`_final_link`. The intercept makes the mean
    probability the bad rate of all rows; with a time it is moved to the rate of the last part where that surely
    differs, for the next people resemble the latest more than the average.
    """
    table, config = found.table, found.config
    everything = np.arange(len(table.y))
    trees = [member for member in candidate.members if isinstance(member, TreeSettings)]
    used = _used(table, everything, trees, config)

    # The penalty grows with the rows, so that coefficients shrink as much as those that the link was learnt with.
    share = float(np.mean([len(split.learn) + len(split.stop) for split in found.design.splits])) / len(table.y)

    def fit(settings: Settings) -> Member:
        if not isinstance(settings, TreeSettings):
            settings = replace(settings, strength=settings.strength * share)
            return fit_member(table.X, table.y, settings, table.signs, config.seed, table.levels)
        return TreeMember.fit(
            table.X, table.y, settings, table.signs, config.seed, table.levels,
            rounds=_final_rounds(found, settings), used=used, products=products.get(settings, ()),
            groups=table.groups,
        )  # fmt: skip

    members = tuple(fit(settings) for settings in candidate.members)
    link = _final_link(found, candidate.members)
    told = np.mean([member.log_odds(table.X) for member in members], axis=0)
    intercept = _level(link.slope * told, float(table.y.mean()))
    if found.design.by_time:
        last = np.unique(found.rows("test"))
        probability = 1 / (1 + np.exp(-(intercept + link.slope * told[last])))
        observed, expected = float(table.y[last].sum()), float(probability.sum())
        error = float(np.sqrt((probability * (1 - probability)).sum()))
        if abs(observed - expected) > 1.96 * error and 0 < observed < len(last):
            intercept = _level(link.slope * told[last], observed / len(last))
    return members, Link(intercept, link.slope)


def _final_link(found: Measured, members: Sequence[Settings]) -> Link:
    """Calibration of the final model: that of all rotations, which hold everybody out and calibrate by them.

    A single calibration part has few bad rows. There the rows of the test calibrate too, for their figures are told
    already, and the slope is drawn to 1 by the standard error that is left.
    """
    if found.design.rotates:
        return found.link(members, None)
    rows = np.concatenate([found.deciding_rows(None), found.rows("test")])
    tests = [found.raw(members, at, "test") for at in range(len(found.design.splits))]
    raw = np.concatenate([found.deciding_raw(members, None), *tests])
    return drawn_to_one(fit_link(raw[None, :], found.table.y[rows]), raw)


def _level(log_odds: Floats, rate: float) -> float:
    """What must be added to log-odds so that their mean probability is a rate."""
    from scipy.optimize import brentq

    return float(brentq(lambda a: (1 / (1 + np.exp(-np.clip(log_odds + a, -700, 700)))).mean() - rate, -100.0, 100.0))


def _final_rounds(found: Measured, settings: TreeSettings) -> int:
    """Trees of the final fit: the median of the splits, more of them where there are more rows."""
    rounds = [fits[settings].member.rounds for fits in found.fits]  # type: ignore[union-attr]
    learnt = np.mean([len(split.learn) for split in found.design.splits])
    return max(
        1, round(float(np.median(rounds)) * min(_MORE_TREES_AT_MOST, float(np.sqrt(len(found.table.y) / learnt))))
    )


def _used(table: Table, rows: Integers, trees: Sequence[TreeSettings], config: TrainingConfig) -> tuple[int, ...]:
    if not trees or config.prune_below <= 0.0:
        return tuple(range(table.X.shape[1]))
    return important_features(
        table.X[rows], table.y[rows], trees[len(trees) // 2], table.signs, config.seed, table.levels,
        below=config.prune_below, groups=table.groups[rows],
    )  # fmt: skip


def in_two_lanes(work: Callable[[Any], Any], tasks: Sequence[Any], is_own: Callable[[Any], bool]) -> list[Any]:
    """Results in the order of the tasks; each is the same whatever runs beside it.

    Tasks that are ``is_own`` run in this thread, the others in one thread beside it. LightGBM trains in this one only:
    started from several threads of a pool it brought the process down once in some thousand fits (2026-11-28).
    """
    with ThreadPoolExecutor(1) as pool:
        beside = {at: pool.submit(work, task) for at, task in enumerate(tasks) if not is_own(task)}
        own = {at: work(task) for at, task in enumerate(tasks) if is_own(task)}
        return [own[at] if at in own else beside[at].result() for at in range(len(tasks))]
