"""From the columns of a checked table to the features of the model, and what each column contributed.

Belongs here: merges. A merged pair is one feature of the model; its contribution is shared by Shapley's formula, which
for two columns takes four looks at the feature's line.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.delinquency.encoding import Encoder
from ml.delinquency.errors import FeatureError
from ml.eligibility.errors import EligibilityInputError
from ml.eligibility.piecewise import PiecewiseMember
from ml.eligibility.policy import Policy
from ml.eligibility.reading import check_facts, numeric_where_possible
from ml.explain.additive import Contributions

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """A feature of the model: one column, or a pair that counts as one.

    Attributes
    ----------
    name : str
    columns : tuple of int
        Positions among the policy's facts.
    sign, levels : int
    """

    name: str
    columns: tuple[int, ...]
    sign: int
    levels: int


def features_of(policy: Policy) -> tuple[Feature, ...]:
    """Features in the order of their first column."""
    found: dict[str, Feature] = {}
    for at, fact in enumerate(policy.facts):
        merge = policy.merge_of(fact.name)
        name = merge.name if merge else fact.name
        columns = (*found[name].columns, at) if name in found else (at,)
        found[name] = Feature(name, columns, fact.sign, len(fact.levels) if fact.kind == "level" else 0)
    return tuple(found.values())


def column_numbers(frame: pd.DataFrame, policy: Policy, encoder: Encoder | None, source: str) -> Floats:
    """Values of the policy's columns, shape (n, k): levels as their positions, missing as NaN.

    Raises
    ------
    EligibilityInputError
        If a column is absent or a value is not allowed.
    """
    if encoder is not None:
        numbers = [c.name for c in encoder.columns if c.kind in ("number", "flag") and c.name in frame.columns]
        try:
            return encoder.numbers(frame.assign(**{name: numeric_where_possible(frame[name]) for name in numbers}))
        except FeatureError as error:
            raise EligibilityInputError(source, str(error), "the columns and types of the training table") from error
    checked = check_facts(frame, policy, source)
    X = np.empty((len(frame), len(policy.facts)))
    for at, fact in enumerate(policy.facts):
        values = checked[fact.name]
        if fact.kind == "level":
            codes = pd.Index(fact.levels).get_indexer(pd.Index(values.astype(object))).astype(float)
            X[:, at] = np.where(codes < 0, np.nan, codes)
        else:
            X[:, at] = values.to_numpy(float)
    return X


def merged(X: Floats, features: tuple[Feature, ...]) -> Floats:
    """Features of shape (n, m) from columns of shape (n, k)."""
    return np.stack([merged_one(*(X[:, at] for at in feature.columns)) for feature in features], axis=1)


def merged_one(first: Floats, second: Floats | None = None) -> Floats:
    """Mean of what is known of a pair; a column by itself stays."""
    if second is None:
        return first
    mean = 0.5 * (first + second)
    return np.where(np.isnan(first), second, np.where(np.isnan(second), first, mean))


def cautious_contributions(
    member: PiecewiseMember, features: tuple[Feature, ...], policy: Policy, X: Floats, usual: Floats
) -> tuple[Floats, Floats]:
    """What features with gaps contribute to an approval, and to a decline: shape (n, m) each, equal where all is known.

    An approval counts each missing column as what speaks least for support: nobody is approved for leaving it out. A
    decline counts a missing feature as the usual one where its gap would count less: nobody is declined for the gap.
    """
    low, high = np.empty((len(X), len(features))), np.empty((len(X), len(features)))
    for at, feature in enumerate(features):
        low[:, at], high[:, at] = cautious_contribution(
            member, at, feature, policy, X[:, feature.columns], usual[list(feature.columns)]
        )
    return low, high


def cautious_contribution(
    member: PiecewiseMember, at: int, feature: Feature, policy: Policy, values: Floats, usual: Floats
) -> tuple[Floats, Floats]:
    """Of one feature: see :func:`cautious_contributions`; ``values`` of shape (n, 1 or 2), ``usual`` of (1 or 2,)."""
    low = member.contribution(at, merged_one(*values.T))
    gaps = np.isnan(values)
    some = gaps.any(axis=1)
    if not some.any():
        return low, low
    high = low.copy()
    nothing = gaps.all(axis=1)
    at_usual = float(member.contribution(at, merged_one(*usual[:, None]))[0])
    high[nothing] = np.maximum(high[nothing], at_usual)
    low[some] = member.least(at)
    floor = half_floor(feature, policy)
    if floor is not None:
        half = some & ~nothing
        low[half] = member.contribution(at, 0.5 * (np.nansum(values[half], axis=1) + floor))
    return low, high


def half_floor(feature: Feature, policy: Policy) -> float | None:
    """Least value of the missing one of a pair, where less of it speaks less for support; None where no end is known.

    Such a pair's mean can't fall below the half of the known value and of this one.
    """
    floors = {policy.facts[at].minimum for at in feature.columns}
    return floors.pop() if len(feature.columns) == 2 and feature.sign > 0 and len(floors) == 1 else None


def column_contributions(
    member: PiecewiseMember, features: tuple[Feature, ...], X: Floats, usual: Floats, slope: float, intercept: float
) -> Contributions:
    """What each column adds beyond its usual value, shape (n, k), in log-odds; the base is the usual row's.

    Parameters
    ----------
    member, features
        The model, and the columns of its features.
    X : ndarray of shape (n, k)
        Columns of the rows.
    usual : ndarray of shape (k,)
        Their usual values.
    slope, intercept : float
        Of Platt's calibration, so that contributions sum to the calibrated log-odds; 1 and 0 for raw ones.
    """
    values = np.zeros(X.shape)
    base = member.intercept
    for at, feature in enumerate(features):
        first = feature.columns[0]
        if len(feature.columns) == 1:
            start = float(member.contribution(at, usual[[first]])[0])
            values[:, first] = member.contribution(at, X[:, first]) - start
        else:
            second = feature.columns[1]
            a, b = X[:, first], X[:, second]
            usual_a, usual_b = usual[[first]], usual[[second]]
            start = float(member.contribution(at, merged_one(usual_a, usual_b))[0])
            both = member.contribution(at, merged_one(a, b))
            only_a = member.contribution(at, merged_one(a, usual_b))
            only_b = member.contribution(at, merged_one(usual_a, b))
            values[:, first] = 0.5 * (both - only_b + only_a - start)
            values[:, second] = 0.5 * (both - only_a + only_b - start)
        base += start
    values *= slope
    return Contributions(values, intercept + slope * base)
