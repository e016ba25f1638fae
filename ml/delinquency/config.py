"""Settings of training as data: candidates, folds, bands. Values only, no fitting."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
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
class ScorecardSettings:
    """Weight-of-evidence scorecard: bins, a logarithm of odds a bin, a logistic regression without negative weights.

    Attributes
    ----------
    strength : float
        Inverse of the penalty, as in ``LogisticSettings``.
    max_bins : int
        Bins of a number at most; gaps have one of their own.
    min_bin_share : float
        Smallest share of the training rows in a bin.
    min_gain : float
        Neighbouring bins are one unless telling them apart raises twice the log-likelihood by this much. 6.6 is the
        99 % point of chi-squared with one degree of freedom.
    smoothing : float
        Rows at the base rate that each bin is given in advance.
    """

    strength: float = 1.0
    max_bins: int = 8
    min_bin_share: float = 0.02
    min_gain: float = 6.6
    smoothing: float = 10.0
    kind: Literal["scorecard"] = "scorecard"


@dataclass(frozen=True)
class TreeSettings:
    """Shallow gradient-boosted trees (LightGBM), strongly regularised.

    Depth 2 to 3: on the bank's 354 loans deeper trees gained nothing, and exact contributions cost seconds,
    not minutes, for 30,000 rows.

    Attributes
    ----------
    rounds : int
        Trees; with ``patience`` the most there may be.
    patience : int
        Boosting stops when the log loss of the stopping part has not fallen for so many trees; 0: it never does.
    clip : float or None
        Values above this quantile of the training rows count as the quantile, where the tail says nothing of its own.
    """

    depth: int
    learning_rate: float = 0.06
    rounds: int = 150
    min_rows_in_leaf: int = 5
    min_hessian_in_leaf: float = 0.5
    penalty: float = 5.0
    feature_fraction: float = 0.3
    row_fraction: float = 0.7
    patience: int = 0
    clip: float | None = None
    kind: Literal["trees"] = "trees"


Settings = LogisticSettings | TreeSettings | ScorecardSettings


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

# Beyond some 500 rows there is more to tell than the bank's few loans can.
SMALL_TABLE_CANDIDATES: tuple[Candidate, ...] = (
    Candidate("scorecard", (ScorecardSettings(0.3),)),
    *(Candidate(f"logistic_{strength}", (LogisticSettings(strength),)) for strength in (0.01, 0.1, 1.0)),
    *(Candidate(f"trees_{depth}", (settings,)) for depth, settings in _TREES.items()),
    Candidate("average_logistic_0.1_trees_3", (_LOGISTIC[0.1], _TREES[3])),
    Candidate("average_scorecard_trees_3", (ScorecardSettings(0.3), _TREES[3])),
)


def _stopped(depth: int) -> TreeSettings:
    # Rate and share of features measured on tables like those of tests.benchmarks (2026-11-28): of four settings these
    # lost least on most tables, at depths 3 and 4.
    return TreeSettings(
        depth,
        learning_rate=0.04,
        rounds=1500,
        min_rows_in_leaf=20,
        min_hessian_in_leaf=1.0,
        penalty=2.0,
        feature_fraction=0.8,
        row_fraction=0.8,
        patience=50,
        clip=0.99,
    )


# Many rows carry their tails: pulling 2 % of them in cost a linear table 0.001 of AUC (2026-11-28).
_FREE_LOGISTIC = LogisticSettings(1.0, winsor=0.001)

# Simplest first: within noise the earlier one is taken.
HELD_OUT_CANDIDATES: tuple[Candidate, ...] = (
    Candidate("scorecard", (ScorecardSettings(),)),
    Candidate("logistic_0.01", (LogisticSettings(0.01),)),
    # Between the two for many levels: a level's effect then varies by about 1.
    Candidate("logistic_0.1", (LogisticSettings(0.1, winsor=0.001),)),
    Candidate("logistic_1.0", (_FREE_LOGISTIC,)),
    *(Candidate(f"trees_{depth}", (_stopped(depth),)) for depth in (2, 3, 4)),
    Candidate("average_trees_3_trees_4", (_stopped(3), _stopped(4))),
    Candidate("average_scorecard_trees_3", (ScorecardSettings(), _stopped(3))),
    Candidate("average_logistic_1.0_trees_3", (_FREE_LOGISTIC, _stopped(3))),
)

# Below this many defaults in a large table, trees have nothing to stop on and a choice among many is a lottery
# (2026-11-28).
RARE_BAD = 100
RARE_CANDIDATES: tuple[Candidate, ...] = (
    *(Candidate(f"logistic_{strength}", (LogisticSettings(strength),)) for strength in (0.01, 0.1, 1.0)),
    Candidate("scorecard", (ScorecardSettings(0.3),)),
)


def is_rare(n_bad: int) -> bool:
    """Whether a table has too few defaults for anything but a few strongly penalised models."""
    return n_bad < RARE_BAD


# Measured beside the chosen model on the same rows, by the names that reports know. Where candidates have a model
# of the kind by itself, it is that one.
DEFAULT_CHALLENGERS: dict[str, Settings] = {
    "scorecard": ScorecardSettings(0.3),
    "logistic": _LOGISTIC[0.1],
    "lightgbm": _TREES[2],
}
HELD_OUT_CHALLENGERS: dict[str, Settings] = {
    "scorecard": ScorecardSettings(),
    "logistic": _FREE_LOGISTIC,
    "lightgbm": _stopped(3),
}

# The nested design repeats itself the less often the more rows, and values, it has; up to this many it does as told.
NESTED_ROWS = 500
NESTED_VALUES = 60_000

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
    candidates : tuple of Candidate, optional
        Models to choose from, simplest first. Not given: those that suit the size of the table, see
        :meth:`candidates_for`.
    repeats, outer_folds, inner_folds : int
        Nested cross-validation: outer folds measure, inner folds choose and calibrate. Above 500 rows it is repeated
        less often, in proportion.
    held_out_above_bad, held_out_above_rows : int
        A table with more defaults or more rows has parts held out instead, see ``ml.delinquency.parts``.
    part_shares : tuple of float
        Shares of the rows in the parts that learn, stop the boosting, calibrate, and test.
    gap_days : int
        Days between two parts by time, at least the horizon of the outcome with its maturity, so that no outcome of
        one part overlaps the features of the next.
    bad_label : str or number, optional
        The label of the target that means bad, where it is not 1, True, "bad", "default" or "yes".
    interactions : tuple of (str, str), optional
        Pairs of features whose product is tried. Not given: the engine's pairs that the table holds.
    prune_below : float
        Features with a smaller share of the trees' total gain take no part in them.
    seed : int
        Same data and seed give the same bytes.
    use_expected_signs : bool
        Hold coefficients and trees to the direction the catalogue expects of means, greatest and last values, so
        that no reason contradicts sense; deviations, least values and trends are free.
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

    candidates: tuple[Candidate, ...] | None = None
    repeats: int = 10
    outer_folds: int = 5
    inner_folds: int = 4
    seed: int = 20140331
    use_expected_signs: bool = True
    bands: tuple[tuple[float, str], ...] = field(default=DEFAULT_BANDS)
    max_missing_share: float = 0.5
    min_class_count: int = 10
    resamples: int = 2000
    held_out_above_bad: int = 300
    held_out_above_rows: int = 5000
    part_shares: tuple[float, float, float, float] = (0.55, 0.1, 0.15, 0.2)
    gap_days: int = 0
    bad_label: str | int | float | None = None
    interactions: tuple[tuple[str, str], ...] | None = None
    prune_below: float = 0.001

    def __post_init__(self) -> None:
        bounds = [bound for bound, _ in self.bands]
        if not bounds or bounds != sorted(set(bounds)) or bounds[-1] != 1.0 or bounds[0] <= 0.0:
            raise ValueError(f"bands have the bounds {bounds}; expected rising bounds above 0 that end with 1.0")
        if self.candidates is not None and not self.candidates:
            raise ValueError("no candidates given; expected at least one")
        if len(self.part_shares) != 4 or min(self.part_shares) <= 0 or abs(sum(self.part_shares) - 1) > 1e-9:
            raise ValueError(f"part_shares are {self.part_shares}; expected four shares above 0 that sum to 1")
        if self.gap_days < 0:
            raise ValueError(f"gap_days is {self.gap_days}; expected 0 or more")
        if self.repeats < 1 or self.outer_folds < 2 or self.inner_folds < 2:
            raise ValueError(
                f"repeats {self.repeats}, outer_folds {self.outer_folds}, inner_folds {self.inner_folds}; "
                "expected at least 1, 2 and 2"
            )

    @classmethod
    def of(cls, given: "TrainingConfig | Mapping[str, Any] | None") -> "TrainingConfig":
        """Settings as they are, by their names, or the defaults.

        Raises
        ------
        TypeError
            If they are neither, or a name is unknown.
        """
        if given is None or isinstance(given, cls):
            return given or cls()
        if not isinstance(given, Mapping):
            raise TypeError(f"config is a {type(given).__name__}; expected a TrainingConfig or a mapping of settings")
        names = [one.name for one in fields(cls)]
        if unknown := [name for name in given if name not in names]:
            raise TypeError(f"config names {unknown}; known are {names}")
        return cls(**given)

    def is_held_out(self, n: int, n_bad: int) -> bool:
        """Whether a table is large enough to hold parts out once."""
        return n_bad > self.held_out_above_bad or n > self.held_out_above_rows

    def candidates_for(self, n: int, n_bad: int) -> tuple[Candidate, ...]:
        """Models to choose from on a table of ``n`` rows."""
        if self.candidates is not None:
            return self.candidates
        if self.is_held_out(n, n_bad):
            return RARE_CANDIDATES if is_rare(n_bad) else HELD_OUT_CANDIDATES
        return DEFAULT_CANDIDATES if n <= NESTED_ROWS else SMALL_TABLE_CANDIDATES

    def repeats_for(self, n: int, n_features: int) -> int:
        """Repeats of the nested cross-validation on ``n`` rows of so many features."""
        share = min(1.0, NESTED_ROWS / n, NESTED_VALUES / (n * n_features))
        return max(1, round(self.repeats * share))

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, for the model's metadata."""
        return asdict(self)
