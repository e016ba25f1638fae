"""May these decisions be used: no group is surely and materially more often left out than everybody else."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.evaluate.gate import GateResult


@dataclass(frozen=True)
class FairnessConfig:
    """Limits of the gate. All are policy, for those to set who answer for the programme; dates say when and why.

    Attributes
    ----------
    min_group_size : int
        Smaller groups are counted and not judged. 100 (2026-11-28): below it the interval of a rate of one half is
        wider than 20 points, four times the limit.
    max_fnr_difference : float
        Most by which the false negative rate of a group may exceed everybody else's. 0.05 (2026-11-28): the three
        zones aim to decline one in ten of those in need; one in seven and a half in a group is half as many again.
    max_fpr_difference : float
        The same of the false positive rate. 0.10 (2026-11-28): twice as much, for a person let in is seen again.
    max_selection_difference : float or None
        The same of the selection rate, in both directions; None (2026-11-28): shown and not judged, because groups
        differ in need and equal shares would force unequal mistakes.
    unmeasured_fails : bool
        Whether a characteristic of which fewer than two groups are large enough fails ``fairness_measured``. Where it
        does not, the rule passes and says what was not measured.
    """

    min_group_size: int = 100
    max_fnr_difference: float = 0.05
    max_fpr_difference: float = 0.10
    max_selection_difference: float | None = None
    unmeasured_fails: bool = True

    def __post_init__(self) -> None:
        if self.min_group_size < 1:
            raise ValueError(f"min_group_size is {self.min_group_size}; expected 1 or more")
        for name in ("max_fnr_difference", "max_fpr_difference", "max_selection_difference"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise ValueError(f"{name} is {value}; expected above 0 and at most 1")


def fairness_gate(rates: pd.DataFrame, config: FairnessConfig | None = None) -> list[GateResult]:
    """Judge the table that :func:`ml.fairness.group_rates` gives.

    A rule fails where a group's difference to everybody else exceeds its limit and the whole interval of the difference
    lies above 0: a difference that chance explains blocks nothing, a sure one that is small does not either.

    Parameters
    ----------
    rates : pandas.DataFrame
        Made with the same ``min_group_size``.
    config : FairnessConfig, optional
        Its own defaults where not given.

    Returns
    -------
    list of GateResult
        False negatives first. A characteristic of which fewer than two groups are large enough fails its rule
        ``fairness_measured``: nothing is known of it, and nothing known is no pass unless ``unmeasured_fails`` is off.
    """
    config = config or FairnessConfig()
    results = []
    limits = [
        ("false_negative_rate", config.max_fnr_difference),
        ("false_positive_rate", config.max_fpr_difference),
        ("selection_rate", config.max_selection_difference),
    ]
    for rate, limit in limits:
        if limit is not None:
            results.append(_rule(rates[rates["is_large_enough"].astype(bool)], rate, limit))
    judged = rates.groupby("characteristic", sort=True)["is_large_enough"].sum()
    for name, groups in judged.items():
        if groups < 2:
            expected = f"at least 2 groups of {config.min_group_size} or more"
            results.append(
                GateResult("fairness_measured", not config.unmeasured_fails, f"{name}: {int(groups)} groups", expected)
            )
    return results


def _rule(rates: pd.DataFrame, rate: str, limit: float) -> GateResult:
    gap, low, high = (rates[f"{rate}_difference{suffix}"].to_numpy(float) for suffix in ("", "_low", "_high"))
    expected = f"at most {limit} above everybody else, or within chance"
    broken = (gap > limit) & (low > 0)
    if rate == "selection_rate":
        broken |= (-gap > limit) & (high < 0)
    sure = np.where(broken, np.abs(gap), np.nan) if broken.any() else gap
    if np.isnan(sure).all():
        return GateResult(f"fairness_{rate}", True, "no group large enough", expected)
    at = int(np.nanargmax(sure))
    worst = rates.iloc[at]
    said = f"{worst['characteristic']} {worst['group']}: {gap[at]:+.3f} [{low[at]:+.3f}, {high[at]:+.3f}]"
    return GateResult(f"fairness_{rate}", not bool(broken.any()), said, expected)
