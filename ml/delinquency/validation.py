"""Nested cross-validation: outer folds measure, inner folds choose the candidate and calibrate it.

Everything learned (medians, bounds, coefficients, trees, link) is learned inside the fold; nothing here sees
a row that it is later judged on. Folds are stratified by outcome and never split a group (one customer's
rows).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.config import (
    DEFAULT_CHALLENGERS,
    Candidate,
    LogisticSettings,
    ScorecardSettings,
    Settings,
    TrainingConfig,
)
from ml.delinquency.errors import OneClassError
from ml.delinquency.logistic import LogisticMember
from ml.delinquency.scorecard import ScorecardMember
from ml.delinquency.trees import TreeMember
from ml.evaluate.calibration import log_loss

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Member = LogisticMember | TreeMember | ScorecardMember

# More than this turns log-odds of a tiny sample into certainties.
_STEEPEST_LINK = 20.0


@dataclass(frozen=True)
class Link:
    """``log-odds = intercept + slope * mean log-odds of the members`` (Platt's calibration, linear, so
    additive)."""

    intercept: float
    slope: float


@dataclass(frozen=True)
class Selection:
    """What the inner folds chose: the candidate, its link, and each candidate's calibrated log loss.

    ``challengers`` holds the best model of each kind by itself, with its link, to be measured beside the chosen one.
    """

    candidate: Candidate
    link: Link
    losses: dict[str, float]
    challengers: dict[str, tuple[Settings, Link]]


def fit_member(
    X: Floats,
    y: Floats,
    settings: Settings,
    signs: Sequence[int],
    seed: int,
    levels: Sequence[int] = (),
    groups: Integers | None = None,
) -> Member:
    """Fit one member on ``X`` (n, k), ``y`` (n,) and people ``groups`` (n,); ``levels`` is the number of levels of each
    feature."""
    if isinstance(settings, LogisticSettings):
        return LogisticMember.fit(X, y, settings, signs, seed, levels)
    if isinstance(settings, ScorecardSettings):
        return ScorecardMember.fit(X, y, settings, signs, seed, levels)
    return TreeMember.fit(X, y, settings, signs, seed, levels, groups=groups)


def challengers_of(candidates: Sequence[Candidate], defaults: Mapping[str, Settings]) -> dict[str, list[Settings]]:
    """Settings by kind of the candidates that are one model by itself; the default where a kind has none."""
    alone = [candidate.members[0] for candidate in candidates if len(candidate.members) == 1]
    return {
        name: [settings for settings in alone if settings.kind == default.kind] or [default]
        for name, default in defaults.items()
    }


def folds(y: Floats, groups: Integers, count: int, seed: int) -> Iterator[tuple[Integers, Integers]]:
    """Stratified folds that keep groups whole: (training rows, held-out rows).

    Raises
    ------
    OneClassError
        If a class has fewer groups than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    for value in (0, 1):
        found = len(np.unique(groups[y == value]))
        if found < count:
            raise OneClassError(
                f"{found} groups with outcome {value} for {count} folds; expected at least one a fold. "
                "Use fewer folds or a wider data window."
            )
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    yield from splitter.split(np.zeros((len(y), 1)), y.astype(int), groups)


def select(
    X: Floats,
    y: Floats,
    groups: Integers,
    signs: Sequence[int],
    config: TrainingConfig,
    seed: int,
    *,
    repeats: int = 1,
    levels: Sequence[int] = (),
    candidates: Sequence[Candidate] | None = None,
) -> Selection:
    """Choose the candidate with the lowest calibrated log loss in the inner folds.

    Log loss is chosen over AUC because it also punishes wrong probabilities and moves less with few bad rows.
    """
    candidates = candidates or config.candidates_for(len(y), int(y.sum()))
    beside = challengers_of(candidates, DEFAULT_CHALLENGERS)
    members = list(
        dict.fromkeys(
            [member for candidate in candidates for member in candidate.members]
            + [settings for alone in beside.values() for settings in alone]
        )
    )
    held_out = {member: np.zeros((repeats, len(y))) for member in members}
    for repeat in range(repeats):
        for train_rows, test_rows in folds(y, groups, config.inner_folds, seed + repeat):
            for member in members:
                fitted = fit_member(
                    X[train_rows], y[train_rows], member, signs, config.seed, levels, groups[train_rows]
                )
                held_out[member][repeat, test_rows] = fitted.log_odds(X[test_rows])
    best: tuple[float, Candidate, Link] | None = None
    losses: dict[str, float] = {}
    for candidate in candidates:
        raw = np.mean([held_out[member] for member in candidate.members], axis=0)
        link = fit_link(raw, y)
        loss = log_loss(y, probability_of(link.intercept + link.slope * raw))
        losses[candidate.name] = loss
        if best is None or loss < best[0]:
            best = (loss, candidate, link)
    assert best is not None
    links = {settings: fit_link(held_out[settings], y) for alone in beside.values() for settings in alone}

    def loss_alone(settings: Settings) -> float:
        link = links[settings]
        return log_loss(y, probability_of(link.intercept + link.slope * held_out[settings]))

    strongest = {name: min(alone, key=loss_alone) for name, alone in beside.items()}
    return Selection(
        best[1], best[2], losses, {name: (settings, links[settings]) for name, settings in strongest.items()}
    )


def fit_link(raw: Floats, y: Floats) -> Link:
    """Platt's calibration of out-of-fold log-odds, never turning the ranking round.

    ``raw`` has shape (repeats, n). The slope is drawn to 1 by a unit penalty, so that a few perfectly
    separated rows do not make it infinite.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    def objective(w: Floats) -> tuple[float, Floats]:
        z = w[0] + w[1] * raw
        residual = expit(z) - y
        loss = (np.logaddexp(0.0, z) - y * z).mean(axis=0).sum() + 0.5 * (w[1] - 1.0) ** 2
        gradient = [residual.mean(axis=0).sum(), (residual * raw).mean(axis=0).sum() + w[1] - 1.0]
        return float(loss), np.array(gradient)

    bounds = [(None, None), (0.0, _STEEPEST_LINK)]
    found = minimize(objective, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    return Link(float(found[0]), float(found[1]))


def drawn_to_one(link: Link, raw: Floats) -> Link:
    """A link whose slope is drawn to 1 by its own standard error ``e``: ``1 + (b - 1) * max(0, 1 - (e / (b - 1))^2)``.

    Log-odds of rows that were not learnt from are nearly right by themselves; a hundred bad rows tell a slope to within
    0.1 and would rather add noise. A slope that surely differs stays as it is. The positive-part estimator of James and
    Stein (1961), in one dimension the garrote of Breiman (1995). ``raw`` has shape (n,).
    """
    chance = probability_of(link.intercept + link.slope * raw)
    weight = chance * (1 - chance)
    total = max(float(weight.sum()), 1e-12)
    spread = float(weight @ (raw - weight @ raw / total) ** 2)
    off = link.slope - 1.0
    left = 0.0 if off == 0.0 or spread <= 0.0 else max(0.0, 1.0 - 1.0 / (spread * off**2))
    slope = 1.0 + off * left
    # At the middle of the rows nothing moves.
    return Link(link.intercept + (link.slope - slope) * float(weight @ raw) / total, slope)


def probability_of(log_odds: Floats) -> Floats:
    """Inverse of the log-odds."""
    from scipy.special import expit

    return np.asarray(expit(log_odds))


@dataclass(frozen=True)
class NestedResult:
    """Out-of-fold probabilities of shape (repeats, n), how often each candidate was chosen, and the probabilities of
    the challengers on the same rows."""

    probability: Floats
    chosen: dict[str, int]
    challengers: dict[str, Floats]


def nested_cross_validation(
    X: Floats,
    y: Floats,
    groups: Integers,
    signs: Sequence[int],
    config: TrainingConfig,
    levels: Sequence[int] = (),
) -> NestedResult:
    """Measure the whole procedure, choosing and calibrating included, on rows it has not seen."""
    candidates = config.candidates_for(len(y), int(y.sum()))
    repeats = config.repeats_for(*X.shape)
    probability = np.full((repeats, len(y)), np.nan)
    challengers = {name: np.full((repeats, len(y)), np.nan) for name in DEFAULT_CHALLENGERS}
    chosen = dict.fromkeys((candidate.name for candidate in candidates), 0)
    for repeat in range(repeats):
        for train_rows, test_rows in outer_folds(y, groups, config, repeat):
            X_in, y_in, groups_in = X[train_rows], y[train_rows], groups[train_rows]
            selection = select(
                X_in, y_in, groups_in, signs, config, config.seed + repeat, levels=levels, candidates=candidates
            )
            chosen[selection.candidate.name] += 1
            needed = dict.fromkeys(
                [*selection.candidate.members, *(settings for settings, _ in selection.challengers.values())]
            )
            raw_of = {
                settings: fit_member(X_in, y_in, settings, signs, config.seed, levels, groups_in).log_odds(X[test_rows])
                for settings in needed
            }
            raw = np.mean([raw_of[settings] for settings in selection.candidate.members], axis=0)
            link = selection.link
            probability[repeat, test_rows] = probability_of(link.intercept + link.slope * raw)
            for name, (settings, own) in selection.challengers.items():
                challengers[name][repeat, test_rows] = probability_of(own.intercept + own.slope * raw_of[settings])
    return NestedResult(probability, chosen, challengers)


def outer_folds(
    y: Floats, groups: Integers, config: TrainingConfig, repeat: int
) -> Iterator[tuple[Integers, Integers]]:
    """Outer folds of one repeat, so that a rival can be measured on the very same rows."""
    return folds(y, groups, config.outer_folds, config.seed + 1000 * (repeat + 1))
