"""Whether what an artifact holds fits together: a checksum says that nobody changed it, not that it can decide."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.delinquency.errors import ArtifactError

if TYPE_CHECKING:
    from ml.eligibility.model import EligibilityModel


def check_sound(model: "EligibilityModel") -> None:
    """Refuse a model whose parts do not fit its policy, or whose numbers mean nothing.

    Raises
    ------
    ArtifactError
        Naming the first part that is wrong, what it holds and what is expected.
    """
    for what, found, expected in _faults(model):
        raise ArtifactError(f"the artifact's {what} is {found}; expected {expected}. Train anew.")


def _faults(model: "EligibilityModel") -> Iterator[tuple[str, str, str]]:
    columns, features, member = model.policy.facts, model.features, model.member
    sizes: list[tuple[str, Sequence[Any] | Any, int]] = [
        ("usual", model.usual, len(columns)),
        ("plausible", model.plausible, len(features)),
        ("knots", member.knots, len(features)),
        ("heights", member.heights, len(features)),
        ("missing", member.missing, len(features)),
    ]
    for what, part, size in sizes:
        if len(part) != size:
            yield what, f"of {len(part)} entries", f"{size}, as many as the policy has"
    for feature, knots, heights in zip(features, member.knots, member.heights, strict=False):
        points = feature.levels or len(knots)
        if len(heights) != points or (feature.levels and len(knots)) or len(knots) == 1:
            yield f"line of {feature.name}", f"of {len(knots)} knots and {len(heights)} heights", "a height a point"
        if not (np.isfinite(heights).all() and np.isfinite(knots).all() and (np.diff(knots) > 0).all()):
            yield f"line of {feature.name}", "no line", "finite numbers, the knots rising"
    for fact, usual in zip(columns, model.usual, strict=False):
        if usual is not None and not (0 <= usual < len(fact.levels) if fact.kind == "level" else np.isfinite(usual)):
            yield f"usual value of {fact.name}", str(usual), "a number, or the place of a level"
    if not (np.isfinite(member.missing).all() and np.isfinite(member.intercept)):
        yield "missing or intercept", "not finite", "finite numbers"
    at = model.thresholds
    if not 0 <= at.review <= at.approve <= 1:
        yield "thresholds", f"approve {at.approve}, review {at.review}", "0 <= review <= approve <= 1"
    if not 0 <= model.max_missing_share <= 1:
        yield "max_missing_share", str(model.max_missing_share), "0 to 1"
    if model.encoder is not None and model.encoder.names != model.columns:
        yield "encoder", f"of {len(model.encoder.names)} columns", "the columns of the policy"
    yield from _calibration_faults(model)


def _calibration_faults(model: "EligibilityModel") -> Iterator[tuple[str, str, str]]:
    made = model.calibrator
    if made.kind == "isotonic":
        points, told = np.array(made.points), np.array(made.probabilities)
        fits = len(points) == len(told) > 0 and (np.diff(points) >= 0).all() and (np.diff(told) >= 0).all()
        if not (fits and np.isfinite(points).all() and told.min() >= 0 and told.max() <= 1):
            yield "calibration", f"of {len(points)} points", "rising probabilities of rising points"
    elif not np.isfinite([made.intercept, made.slope]).all():
        yield "calibration", f"intercept {made.intercept}, slope {made.slope}", "finite numbers"
