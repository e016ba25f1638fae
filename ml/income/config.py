"""Everything that decides a training and an inference besides the data."""

from dataclasses import asdict, dataclass
from typing import Any

# Changes when training changes in a way that neither data nor settings show.
REVISION = 1


@dataclass(frozen=True)
class IncomeConfig:
    """Settings; the defaults are what runs every day.

    Attributes
    ----------
    folds : int
        People are split by a hash of their household; each fold is told by models that have seen none of it.
    seed : int
        Same data and seed give the same bytes.
    strengths : tuple of float
        Ordinal candidates: weight of the data against the penalty; small is timid.
    tree_depth, tree_rounds, tree_rate, tree_min_rows
        The boosted candidate: shallow, so that contributions are exact and quick.
    min_declared, min_declared_a_band : int
        Fewest people to learn from, in all and in each band.
    min_alike : int
        Fewest people who declared, of those of whom the same kinds of things are known. Of somebody unlike all of them
        no calibrated probability can be told.
    min_confidence : float
        Below this probability of the likeliest band the answer is "unknown": it would be wrong more often than right.
    material_change : float
        Share of the declarations that must have changed (come, gone or moved to another band) for a training within
        the month.
    """

    folds: int = 5
    seed: int = 20260930
    strengths: tuple[float, ...] = (0.02, 0.2)
    tree_depth: int = 3
    tree_rounds: int = 120
    tree_rate: float = 0.08
    tree_min_rows: int = 15
    min_declared: int = 200
    min_declared_a_band: int = 20
    min_alike: int = 30
    min_confidence: float = 0.5
    material_change: float = 0.1

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, for the artifact."""
        return {**asdict(self), "strengths": list(self.strengths)}
