"""Settings of training as data: candidates, folds, bands. Values only, no fitting."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class LogisticSettings:
    """L2 logistic regression on winsorised, standardised features.

    Attributes
    ----------
    strength : float
        Inverse of the penalty as in scikit-learn's ``C``: the objective is ``strength * sum of losses + |w|^2
        / 2``.
    winsor : float
        Values beyond this quantile and its mirror are pulled in to it, by training quantiles.
    """

    strength: float
    winsor: float = 0.02
    kind: Literal["logistic"] = "logistic"


@dataclass(frozen=True)
class TreeSettings:
    """Shallow gradient-boosted trees (LightGBM), strongly regularised.

    Depth 2 to 3: on the bank's 354 loans deeper trees gained nothing, and exact contributions cost seconds,
    not minutes, for 30,000 rows.
    """

    depth: int
    learning_rate: float = 0.06
    rounds: int = 150
    min_rows_in_leaf: int = 5
    min_hessian_in_leaf: float = 0.5
    penalty: float = 5.0
    feature_fraction: float = 0.3
    row_fraction: float = 0.7
    kind: Literal["trees"] = "trees"


Settings = LogisticSettings | TreeSettings


@dataclass(frozen=True)
class Candidate:
    """One model that may be chosen: the plain mean of its members' log-odds."""

    name: str
    members: tuple[Settings, ...]


_LOGISTIC = {strength: LogisticSettings(strength) for strength in (0.01, 0.03, 0.1)}
_TREES = {depth: TreeSettings(depth) for depth in (2, 3)}

# Simplest first: a tie goes to the earlier one.
DEFAULT_CANDIDATES: tuple[Candidate, ...] = (
    *(Candidate(f"logistic_{strength}", (settings,)) for strength, settings in _LOGISTIC.items()),
    *(Candidate(f"trees_{depth}", (settings,)) for depth, settings in _TREES.items()),
    *(Candidate(f"average_logistic_{strength}_trees_2", (_LOGISTIC[strength], _TREES[2])) for strength in (0.01, 0.03)),
)

# (upper bound of the probability, band); the last band has no bound. Set 2026-11-22 around the bank's bad
# rate of 8.5 %: Low is well below it, Medium about it, High two to four times it. They are stored with each
# model.
DEFAULT_BANDS: tuple[tuple[float, str], ...] = (
    (0.05, "Low"),
    (0.15, "Medium"),
    (0.35, "High"),
    (1.0, "Critical"),
)


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a training run besides the data.

    Attributes
    ----------
    candidates : tuple of Candidate
        Models to choose from, by the inner folds alone.
    repeats, outer_folds, inner_folds : int
        Nested cross-validation: outer folds measure, inner folds choose and calibrate.
    seed : int
        Same data and seed give the same bytes.
    use_expected_signs : bool
        Hold coefficients and trees to the direction the catalogue expects, so that no reason contradicts
        sense.
    bands : tuple of (float, str)
        Rising upper bounds of the probability with their band; the last bound is 1.
    max_missing_share : float
        A row that lacks a larger share of the features training had values of is not scored:
        ``insufficient_data``.
    min_class_count : int
        Fewest good and fewest bad rows (and groups) to train on.
    resamples : int
        Bootstrap resamples of the reported intervals.
    """

    candidates: tuple[Candidate, ...] = DEFAULT_CANDIDATES
    repeats: int = 10
    outer_folds: int = 5
    inner_folds: int = 4
    seed: int = 20140331
    use_expected_signs: bool = True
    bands: tuple[tuple[float, str], ...] = field(default=DEFAULT_BANDS)
    max_missing_share: float = 0.5
    min_class_count: int = 10
    resamples: int = 2000

    def __post_init__(self) -> None:
        bounds = [bound for bound, _ in self.bands]
        if not bounds or bounds != sorted(set(bounds)) or bounds[-1] != 1.0 or bounds[0] <= 0.0:
            raise ValueError(f"bands have the bounds {bounds}; expected rising bounds above 0 that end with 1.0")
        if not self.candidates:
            raise ValueError("no candidates given; expected at least one")
        if self.repeats < 1 or self.outer_folds < 2 or self.inner_folds < 2:
            raise ValueError(
                f"repeats {self.repeats}, outer_folds {self.outer_folds}, inner_folds {self.inner_folds}; "
                "expected at least 1, 2 and 2"
            )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, for the model's metadata."""
        return asdict(self)
