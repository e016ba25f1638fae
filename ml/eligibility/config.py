"""Settings of eligibility as data. Values only, no fitting."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ml.eligibility.piecewise import PiecewiseSettings
from ml.eligibility.policy import Merge, Policy
from ml.eligibility.thresholds import ThresholdTargets
from ml.evaluate.gate import GateConfig
from ml.fairness.gate import FairnessConfig

# Simplest first: a tie goes to the earlier one. The weaker penalties need rows, and only a table with many columns
# needs the stronger ones.
SMALL_TABLE_CANDIDATES: dict[str, PiecewiseSettings] = {
    "straight_0.01": PiecewiseSettings(0.01),
    "straight_0.1": PiecewiseSettings(0.1),
    "pieces_0.003": PiecewiseSettings(0.003, pieces=5),
    "pieces_0.01": PiecewiseSettings(0.01, pieces=5),
    "pieces_0.1": PiecewiseSettings(0.1, pieces=5),
}
LARGE_TABLE_CANDIDATES: dict[str, PiecewiseSettings] = {
    "straight_1": PiecewiseSettings(1.0),
    "pieces_0.1": PiecewiseSettings(0.1, pieces=5),
    "pieces_1": PiecewiseSettings(1.0, pieces=8),
}
_LARGE_ROWS = 5000


@dataclass(frozen=True)
class EligibilityConfig:
    """Everything that decides a training run besides the data.

    Attributes
    ----------
    policy : Policy, optional
        Facts of the table. Not given: the programme's (``SUPPORT_POLICY``) where the table has at least half of its
        columns, else a policy made of whatever columns there are, with ``signs`` and ``merges``.
    features : tuple of str, optional
        Columns to learn from, of any table. Not given: all that are neither id, target nor protected.
    signs : mapping of str to int
        Of any table: 1 where more of a column never lowers the probability of need, -1 where it never raises it.
    merges : tuple of Merge
        Of any table.
    group_columns : tuple of str
        Characteristics that fairness is measured on, besides columns whose names say that they are protected. The model
        sees neither.
    not_protected : tuple of str
        Columns that only look protected, by their names or their ranks, such as ``age_of_account``.
    household : str, optional
        Column whose rows stay together in every fold, such as several members of one household.
    grade : str, optional
        Column with the degree of need, of which the target is one cut (poor is "at most 2" of 1 to 4). It is learnt
        from as an outcome and never seen as a feature.
    positive_label : optional
        Label of the target that means "needs support", where it is not 1 or True.
    candidates : mapping of str to PiecewiseSettings, optional
        Settings to choose from by held-out log loss, simplest first.
    targets : ThresholdTargets
    fairness : FairnessConfig
    required_characteristics : tuple of str, optional
        Those that the gate wants measured: two groups of the minimum size at least. The others are judged where they
        can be, and shown. Not given: all.
    gate : GateConfig
    max_missing_share : float
        A row that lacks a larger share of the facts goes to review, whatever its probability.
    folds, seed, resamples : int
    min_class_count : int
        Fewest rows of each outcome.
    """

    policy: Policy | None = None
    features: tuple[str, ...] | None = None
    signs: Mapping[str, int] = field(default_factory=dict)
    merges: tuple[Merge, ...] = ()
    group_columns: tuple[str, ...] = ()
    not_protected: tuple[str, ...] = ()
    household: str | None = None
    grade: str | None = None
    positive_label: str | int | float | None = None
    candidates: Mapping[str, PiecewiseSettings] | None = None
    targets: ThresholdTargets = field(default_factory=ThresholdTargets)
    fairness: FairnessConfig = field(default_factory=FairnessConfig)
    required_characteristics: tuple[str, ...] | None = None
    gate: GateConfig = field(default_factory=GateConfig)
    max_missing_share: float = 0.5
    folds: int = 5
    seed: int = 20261128
    resamples: int = 300
    min_class_count: int = 10

    def __post_init__(self) -> None:
        if self.folds < 2 or self.min_class_count < self.folds:
            raise ValueError(
                f"folds {self.folds}, min_class_count {self.min_class_count}; expected 2 or more folds, and at least "
                "one row of each outcome a fold"
            )
        if wrong := {name: sign for name, sign in self.signs.items() if sign not in (-1, 0, 1)}:
            raise ValueError(f"signs {wrong}; expected 1, -1 or 0")

    def candidates_for(self, rows: int) -> dict[str, PiecewiseSettings]:
        """Settings to choose from on a table of so many rows."""
        if self.candidates is not None:
            return dict(self.candidates)
        return LARGE_TABLE_CANDIDATES if rows > _LARGE_ROWS else SMALL_TABLE_CANDIDATES

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, for the model's metadata."""
        return asdict(self)
