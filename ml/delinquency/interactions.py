"""Products of two features: kept only where a paired comparison says that trees are better with them.

Trees find interactions by themselves; a product is worth its place only where a shallow tree would need many
splits for it. What a product adds is told of its two features, half each, so reasons stay those of the features.
"""

from collections.abc import Sequence
from typing import Any

from ml.delinquency.config import Settings, TrainingConfig, TreeSettings
from ml.delinquency.heldout import Measured, Pairs, fit_in
from ml.delinquency.paired import loss_difference, row_losses

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


def ablate(found: Measured, pairs: Pairs) -> tuple[dict[Settings, Pairs], dict[str, Any]]:
    """Fit the trees with the products, too, and keep those where they are surely better on the calibration rows.

    Returns
    -------
    dict
        Tree settings to the pairs they keep; empty where products do not earn their place. ``found`` then holds the
        trees with products.
    dict
        The comparison for the metadata.
    """
    names = found.table.names
    report: dict[str, Any] = {"tried": [[names[a], names[b]] for a, b in pairs], "used": False}
    trees = [settings for settings in found.fits[0] if isinstance(settings, TreeSettings)]
    if not pairs or not trees:
        return {}, report | {"reason": "no pairs of the engine in this table" if not pairs else "no trees to try"}
    settings = next((one for one in trees if one.depth == 3), trees[0])
    rows = found.rows("calibrate")
    y, groups = found.table.y[rows], found.table.groups[rows]
    without = row_losses(y, found.pooled((settings,), "calibrate"))
    before = [dict(fits) for fits in found.fits]
    fitted = [fit_in(found, at, settings, pairs) for at in range(len(found.fits))]
    for fits, one in zip(found.fits, fitted, strict=True):
        fits[settings] = one
    difference = loss_difference(
        row_losses(y, found.pooled((settings,), "calibrate")), without, groups, seed=found.config.seed
    )
    report["log_loss_with_minus_without"] = difference.to_dict()
    if not difference.is_surely_better:
        found.fits = before
        return {}, report | {"reason": "not surely better on the choosing rows"}
    return {settings: pairs}, report | {"used": True, "reason": "surely better on the choosing rows"}
