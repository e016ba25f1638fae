"""Products of two features: kept only where a paired comparison says that trees are better with them.

Trees find interactions by themselves; a product is worth its place only where a shallow tree would need many
splits for it. What a product adds is told of its two features, half each, so reasons stay those of the features.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ml.delinquency.config import Settings, TrainingConfig, TreeSettings
from ml.delinquency.heldout import Measured, Pairs, fit_in
from ml.delinquency.paired import LossDifference, loss_difference, row_losses

# What the engine's description multiplies, by the beginning of the names; the first of each that the table has.
KNOWN_PAIRS = (
    ("salary_delay", "failed_autodebit"),
    ("salary_delay", "autodebit_fail"),
    ("overall_stress", "cash_hoarding_flag"),
    ("lending_app", "gambling"),
    ("savings_drawdown", "salary_delay"),
    ("discretionary", "savings"),
)


def pairs_in(names: Sequence[str], config: TrainingConfig) -> Pairs:
    """Positions of the pairs to try: those of the settings, or the engine's as far as the table has them."""
    if config.interactions is not None:
        unknown = sorted({name for pair in config.interactions for name in pair} - set(names))
        if unknown:
            raise ValueError(f"interactions name {unknown}, which are no features; there are {list(names)[:10]}")
        return tuple((names.index(first), names.index(second)) for first, second in config.interactions)
    found = []
    for pair in KNOWN_PAIRS:
        first, second = (
            next((at for at, name in enumerate(names) if name.startswith(stem) and _is_plain(name)), None)
            for stem in pair
        )
        if first is not None and second is not None:
            found.append((first, second))
    return tuple(dict.fromkeys(found))


def _is_plain(name: str) -> bool:
    return not name.endswith(("_std", "_min", "_trend"))


@dataclass(frozen=True)
class Ablation:
    """What each split, and the final model, decide about products.

    Attributes
    ----------
    of_split : tuple of Measured
        The members that a split works with: with products where its deciding rows say so.
    final : Measured
    products : dict
        Tree settings to the pairs that the final model keeps; empty where products do not earn their place.
    report : dict
        For the metadata.
    """

    of_split: tuple[Measured, ...]
    final: Measured
    products: dict[Settings, Pairs]
    report: dict[str, Any]


def ablate(found: Measured, pairs: Pairs) -> Ablation:
    """Fit the trees with the products, too, and keep those where they are surely better on the deciding rows.

    Every split decides for itself, so that its test rows have no say; the final model decides by all of them.
    """
    names, splits = found.table.names, range(len(found.fits))
    report: dict[str, Any] = {"tried": [[names[a], names[b]] for a, b in pairs], "used": False}
    trees = [settings for settings in found.fits[0] if isinstance(settings, TreeSettings)]
    if not pairs or not trees:
        reason = "no pairs of the engine in this table" if not pairs else "no trees to try"
        return Ablation((found,) * len(splits), found, {}, report | {"reason": reason})
    settings = next((one for one in trees if one.depth == 3), trees[0])
    richer = replace(found, fits=[{**found.fits[at], settings: fit_in(found, at, settings, pairs)} for at in splits])

    def gained(at: int | None) -> LossDifference:
        rows = found.deciding_rows(at)
        y, groups = found.table.y[rows], found.table.groups[rows]
        with_them, without = (row_losses(y, one.decided((settings,), at)) for one in (richer, found))
        return loss_difference(with_them, without, groups, seed=found.config.seed)

    own = [gained(at).is_surely_better for at in splits]
    difference = gained(None)
    used = difference.is_surely_better
    report |= {
        "log_loss_with_minus_without": difference.to_dict(),
        "used": used,
        "used_in_splits": sum(own),
        "reason": f"{'surely' if used else 'not surely'} better on the choosing rows",
    }
    views = tuple(richer if better else found for better in own)
    return Ablation(views, richer if used else found, {settings: pairs} if used else {}, report)
