"""The two ways to learn: nested cross-validation for a few hundred rows, parts held out for many.

Both end with the same: members and link of the final model, figures of rows it had not seen, and those rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.config import Candidate, Settings, TrainingConfig
from ml.delinquency.ensemble import compare_ensemble, missing_libraries
from ml.delinquency.heldout import Measured, final_model, measure, pick_candidate, strongest_alone
from ml.delinquency.interactions import ablate, pairs_in
from ml.delinquency.parts import ROLES, design_parts
from ml.delinquency.table import Table
from ml.delinquency.trees import TreeMember
from ml.delinquency.validation import (
    Link,
    Member,
    fit_member,
    nested_cross_validation,
    probability_of,
    select,
)
from ml.evaluate.linked import LinkedPart, linked_calibration
from ml.evaluate.report import by_vintage, summarise

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]


@dataclass(frozen=True)
class Judged:
    """Rows that were judged by a model that had not seen them.

    Attributes
    ----------
    rows : ndarray of shape (m,)
        Row numbers of the table.
    probability : ndarray of shape (repeats, m)
    challengers : dict
        Name to probabilities of shape (m,).
    part : str
        ``test`` or ``out_of_fold``.
    """

    rows: Integers
    probability: Floats
    challengers: dict[str, Floats]
    part: str


@dataclass(frozen=True)
class Learnt:
    """The final model's parts, how it came about, and what it is worth."""

    algorithm: str
    members: tuple[Member, ...]
    link: Link
    judged: Judged
    training_probability: Floats
    metrics: dict[str, Any]
    design: dict[str, Any]
    remarks: dict[str, Any]


def learn_nested(table: Table, config: TrainingConfig) -> Learnt:
    """Measure by nested cross-validation, choose by the inner folds, fit on everything."""
    X, y, groups, signs, levels = table.X, table.y, table.groups, table.signs, table.levels
    candidates = config.candidates_for(len(y), table.n_bad)
    repeats = config.repeats_for(*X.shape)
    nested = nested_cross_validation(X, y, groups, signs, config, levels)
    selection = select(X, y, groups, signs, config, config.seed, repeats=repeats, levels=levels, candidates=candidates)
    members = tuple(fit_member(X, y, one, signs, config.seed, levels, groups) for one in selection.candidate.members)
    judged = Judged(
        np.arange(len(y)),
        nested.probability,
        {name: p.mean(axis=0) for name, p in nested.challengers.items()},
        "out_of_fold",
    )
    metrics = _metrics(table, judged, config) | {
        "chosen": {name: count for name, count in nested.chosen.items() if count},
        "final_losses": selection.losses,
        "repeats": repeats,
        "outer_folds": config.outer_folds,
        "inner_folds": config.inner_folds,
    }
    missing = missing_libraries()
    small = "not compared: too few rows for another choice"
    return Learnt(
        algorithm=selection.candidate.name,
        members=members,
        link=selection.link,
        judged=judged,
        training_probability=nested.probability.mean(axis=0),
        metrics=metrics,
        design={
            "kind": "nested cross-validation",
            "note": f"{repeats} repeats of {config.outer_folds} outer and {config.inner_folds} inner folds",
            "final_model": "fitted on all rows; link from the inner folds over all rows",
        },
        remarks={
            "choice": "the lowest calibrated log loss in the inner folds",
            "ensemble": {"status": "not installed" if missing else "not compared", "used": False, "missing": missing,
                         "reason": small},
            "interactions": {"tried": [], "used": False, "reason": small},
        },
    )  # fmt: skip


def learn_held_out(table: Table, config: TrainingConfig) -> Learnt:
    """Measure on rows that have decided nothing about their figures, choose on others, fit on everything."""
    design = design_parts(table.y, table.groups, table.days, table.X.shape[1], config)
    found = measure(table, design, config)
    ablation = ablate(found, pairs_in(table.names, config))
    by_name = {candidate.name: candidate for candidate in found.candidates}
    each = [by_name[pick_candidate(own, at).name] for at, own in enumerate(ablation.of_split)]
    alone = [strongest_alone(own, at) for at, own in enumerate(ablation.of_split)]
    choice = pick_candidate(ablation.final, None)
    judged, z, linked = _judged(ablation.of_split, each, alone)
    members, link = final_model(ablation.final, by_name[choice.name], ablation.products)
    counts = {name: sum(one.name == name for one in each) for name in by_name}
    metrics = _metrics(table, judged, config, linked) | {
        "chosen": {name: count for name, count in counts.items() if count},
        "final_losses": choice.losses,
        "repeats": 1,
    }
    first = ablation.of_split[0]
    return Learnt(
        algorithm=choice.name,
        members=members,
        link=link,
        judged=judged,
        training_probability=probability_of(first.calibrated(each[0].members, 0, "learn")),
        metrics=metrics,
        design={
            "kind": "parts held out",
            "note": design.note,
            "by_time": design.by_time,
            "gap_days": config.gap_days,
            "periods": design.periods,
            "rows": {role: [len(split.part(role)) for split in design.splits] for role in ROLES},
            "final_model": "members fitted on all rows with the settings and number of trees found; slope of the link "
            "from the rows held out"
            + ("" if design.rotates else " (calibrate and test), drawn to 1 by its standard error")
            + ", intercept set to the bad rate of all rows"
            + (", or of the last part where that surely differs" if design.by_time else ""),
        },
        remarks={
            "choice": choice.reason,
            "challengers": {
                name: _name_of(settings, found.candidates)
                for name, settings in strongest_alone(ablation.final, None).items()
            },
            "ensemble": compare_ensemble(first, alone[0]["lightgbm"], z[: len(design.splits[0].test)]),
            "interactions": ablation.report,
        },
    )


def _judged(
    views: Sequence[Measured], chosen: Sequence[Candidate], alone: Sequence[Mapping[str, Settings]]
) -> tuple[Judged, Floats, list[LinkedPart]]:
    """Test rows with the probabilities of what each split chose, their log-odds, and what their links rest on."""
    found = views[0]
    z = np.concatenate([own.calibrated(chosen[at].members, at, "test") for at, own in enumerate(views)])
    challengers = {
        name: probability_of(
            np.concatenate([own.calibrated((alone[at][name],), at, "test") for at, own in enumerate(views)])
        )
        for name in alone[0]
    }
    # Without a time every held-out row calibrates others: its noise is counted when it is judged.
    apart = found.design.by_time or not found.design.rotates
    linked = [
        LinkedPart(
            found.design.splits[at].test,
            own.raw(chosen[at].members, at, "test"),
            own.deciding_rows(at),
            own.deciding_raw(chosen[at].members, at),
        )
        for at, own in enumerate(views)
        if apart
    ]
    part = "out_of_fold" if found.design.covers_all else "test"
    return Judged(found.rows("test"), probability_of(z)[None, :], challengers, part), z, linked


def _name_of(settings: Settings, candidates: Sequence[Candidate]) -> str:
    alone = {one.members[0]: one.name for one in candidates if len(one.members) == 1}
    return alone.get(settings, f"{settings.kind} (default)")


def _metrics(table: Table, judged: Judged, config: TrainingConfig, linked: Sequence[LinkedPart] = ()) -> dict[str, Any]:
    y, groups = table.y[judged.rows], table.groups[judged.rows]
    options: dict[str, Any] = {"group": groups, "resamples": config.resamples, "seed": config.seed}
    vintages: list[dict[str, Any]] = []
    if table.days is not None:
        years = table.days[judged.rows].astype("datetime64[Y]").astype(str)
        vintages = records(by_vintage(y, judged.probability, years, **options))
    calibration = linked_calibration(table.y, linked, **(options | {"group": table.groups})) if linked else None
    return {
        "overall": summarise(y, judged.probability, calibration=calibration, **options),
        "by_vintage": vintages,
        "calibration_interval": "with the noise of the link"
        if linked
        else "link as it is: its rows are judged as well",
    }


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain JSON types; missing is None."""
    return [
        {str(key): (None if pd.isna(value) else value) for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def treatment_of(members: Sequence[Member], names: Sequence[str]) -> dict[str, Any]:
    """What the final trees do to values before they see them, in names, for the metadata."""
    trees = [member for member in members if isinstance(member, TreeMember)]
    if not trees:
        return {
            "pruned": [],
            "clipped_at": {},
            "missing_values": "a bin or column of their own where training had gaps, else the median or nothing",
        }
    tree = trees[0]
    used = range(len(names)) if tree.used is None else tree.used
    cap = np.full(len(names), np.inf) if tree.cap is None else tree.cap
    return {
        "pruned": [name for at, name in enumerate(names) if at not in set(used)],
        "clipped_at": {names[at]: float(cap[at]) for at in used if np.isfinite(cap[at])},
        "missing_values": {
            "learnt_direction": [names[at] for at in used if np.isnan(tree.fill[at])],
            "median": [names[at] for at in used if not np.isnan(tree.fill[at])],
        },
    }
