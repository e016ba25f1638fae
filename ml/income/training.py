"""Training: cross-fitted, so that nobody's own declaration, nor one of his household, informs what is told of him.

With folds 0 to K-1 a model is fitted without each fold, without each pair of folds, and on all. What is told of fold f
comes from the model without f; its calibration and the choice among candidates from the models without f and g, by what
those tell of the people of g. So everything that is told of f is a function of the declarations of others.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.evaluate.bands import log_losses, reliability, summarise_bands
from ml.income.bands import BandScale
from ml.income.calibration import BandLink
from ml.income.config import IncomeConfig
from ml.income.errors import TooFewDeclaredError
from ml.income.evidence import Evidence
from ml.income.model import IncomeModel, Member, Predictor
from ml.income.ordinal import OrdinalMember
from ml.income.trees import TreesMember

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class OutOfFold:
    """What was told of each person learnt from by predictors that had not seen him: probabilities, shape (n, bands).

    Attributes
    ----------
    chosen : ndarray
        By the candidate that the other folds chose.
    by_candidate : dict
        By each candidate.
    """

    chosen: Floats
    by_candidate: dict[str, Floats]


def candidates_of(config: IncomeConfig) -> dict[str, tuple[str, ...]]:
    """Candidates by name with their members, the simplest first."""
    ordinal = {f"ordinal_{strength:g}": (f"ordinal_{strength:g}",) for strength in config.strengths}
    return {**ordinal, "trees": ("trees",), "ordinal_and_trees": (list(ordinal)[-1], "trees")}


def train(
    evidence: Evidence, band: Numbers, fold: Numbers, scale: BandScale, config: IncomeConfig | None = None
) -> IncomeModel:
    """Learn bands from those who declared.

    Parameters
    ----------
    evidence : Evidence
        Of n people who declared.
    band : ndarray of shape (n,)
        Number of the declared band.
    fold : ndarray of shape (n,)
        0 to ``config.folds - 1``; people of one household share one (``fold_of``).
    scale : BandScale
        The bands.
    config : IncomeConfig, optional
        What runs every day, where not given.

    Returns
    -------
    IncomeModel
        Its metadata hold ``metrics`` of people whom the predictors had not seen (chosen, majority, each candidate),
        ``reliability`` and ``chosen_by_fold``.

    Raises
    ------
    TooFewDeclaredError
        Fewer than ``min_declared`` people, or than ``min_declared_a_band`` in a band.
    """
    return cross_fit(evidence, band, fold, scale, config or IncomeConfig())[0]


def cross_fit(
    evidence: Evidence, band: Numbers, fold: Numbers, scale: BandScale, config: IncomeConfig
) -> tuple[IncomeModel, OutOfFold]:
    """As :func:`train`, with what was told of each person by predictors that had not seen him."""
    # Loaded before the limit is set: it holds only for libraries that are there already.
    import scipy.optimize  # noqa: F401
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

    # One thread: how many there are decides the last digits of the model, and matrices this small gain nothing from
    # more; beside other work two threads took twice the processor time of one (2026-11-28).
    with threadpool_limits(limits=1, user_api="blas"):
        return _cross_fit(evidence, band, fold, scale, config)


def _cross_fit(
    evidence: Evidence, band: Numbers, fold: Numbers, scale: BandScale, config: IncomeConfig
) -> tuple[IncomeModel, OutOfFold]:
    bands = len(scale.bands)
    counts = np.bincount(band, minlength=bands)
    if len(band) < config.min_declared or counts.min() < config.min_declared_a_band:
        raise TooFewDeclaredError(
            f"{len(band)} people have declared an income, {counts.tolist()} by band; expected {config.min_declared} "
            f"or more, and {config.min_declared_a_band} in each band"
        )
    candidates, folds = candidates_of(config), range(config.folds)
    kinds = sorted({kind for members in candidates.values() for kind in members})
    without: dict[tuple[int, ...], dict[str, Member]] = {}
    for left_out in [(), *((f,) for f in folds), *combinations(folds, 2)]:
        rows = ~np.isin(fold, left_out)
        learnt = evidence.rows(rows)
        without[left_out] = {kind: _fit(kind, learnt, band[rows], bands, config) for kind in kinds}

    by_fold, told = [], np.zeros((len(band), bands))
    told_by: dict[str, Floats] = {name: np.zeros((len(band), bands)) for name in candidates}
    for f in folds:
        others = fold != f
        raw = _raw(candidates, evidence, fold, {g: without[tuple(sorted((f, g)))] for g in folds if g != f})
        name, links = _choose(candidates, {key: values[others] for key, values in raw.items()}, band[others])
        predictors = {key: _predictor(key, candidates[key], without[(f,)], links[key]) for key in candidates}
        if not others.all():
            mine = evidence.rows(fold == f)
            for key, predictor in predictors.items():
                told_by[key][fold == f] = predictor.probabilities(mine)
            told[fold == f] = told_by[name][fold == f]
        by_fold.append(predictors[name])
    raw = _raw(candidates, evidence, fold, {f: without[(f,)] for f in folds})
    name, links = _choose(candidates, raw, band)
    patterns, people = np.unique(evidence.pattern(), return_counts=True)
    model = IncomeModel(
        scale=scale,
        concepts=tuple(concept.name for concept in evidence.concepts),
        by_fold=tuple(by_fold),
        of_all=_predictor(name, candidates[name], without[()], links[name]),
        alike={str(pattern): int(count) for pattern, count in zip(patterns, people, strict=True)},
        config=config.to_dict(),
        metadata=_told(band, told, told_by, by_fold),
    )
    return model, OutOfFold(told, told_by)


def _fit(kind: str, evidence: Evidence, band: Numbers, bands: int, config: IncomeConfig) -> Member:
    if kind == "trees":
        return TreesMember.fit(evidence, band, bands, config)
    return OrdinalMember.fit(evidence, band, bands, float(kind.removeprefix("ordinal_")))


def _predictor(name: str, kinds: tuple[str, ...], members: dict[str, Member], link: BandLink) -> Predictor:
    return Predictor(name, tuple(members[kind] for kind in kinds), link)


def _raw(
    candidates: dict[str, tuple[str, ...]], evidence: Evidence, fold: Numbers, unseen: dict[int, dict[str, Member]]
) -> dict[str, Floats]:
    """Raw log-odds of each candidate: people of fold g by the members given for g, which have not seen them."""
    raw: dict[str, Floats] = {}
    for g, members in unseen.items():
        mine = fold == g
        if not mine.any():
            continue
        people = evidence.rows(mine)
        single = {kind: member.log_odds(people) for kind, member in members.items()}
        for name, kinds in candidates.items():
            mean = np.mean([single[kind] for kind in kinds], axis=0)
            raw.setdefault(name, np.zeros((len(fold), mean.shape[1])))[mine] = mean
    return raw


def _choose(
    candidates: dict[str, tuple[str, ...]], raw: dict[str, Floats], band: Numbers
) -> tuple[str, dict[str, BandLink]]:
    """Candidate with the lowest log-loss; a later one must beat the best before it by more than a standard error."""
    links = {name: BandLink.fit(raw[name], band) for name in candidates}
    best, best_losses = "", np.zeros(0)
    for name in candidates:
        losses = log_losses(band, links[name].probabilities(raw[name]))
        gain = best_losses - losses if best else np.zeros(0)
        if not best or gain.mean() > gain.std() / np.sqrt(len(gain)):
            best, best_losses = name, losses
    return best, links


def _told(band: Numbers, told: Floats, told_by: dict[str, Floats], by_fold: list[Predictor]) -> dict[str, Any]:
    shares = np.bincount(band, minlength=told.shape[1]) / len(band)
    return {
        "declared": len(band),
        "declared_by_band": np.bincount(band, minlength=told.shape[1]).tolist(),
        "chosen_by_fold": [predictor.candidate for predictor in by_fold],
        "metrics": {
            "chosen": summarise_bands(band, told),
            "majority": summarise_bands(band, np.tile(shares, (len(band), 1))),
            "candidates": {name: summarise_bands(band, values) for name, values in told_by.items()},
        },
        "reliability": [vars(part) for part in reliability(band, told)],
    }


def out_of_fold(model: IncomeModel, evidence: Evidence, fold: Numbers) -> Floats:
    """Probabilities of people by the predictor of their own fold, shape (n, bands)."""
    told = np.zeros((len(fold), len(model.scale.bands)))
    for f in np.unique(fold).tolist():
        told[fold == f] = model.by_fold[f].probabilities(evidence.rows(fold == f))
    return told
