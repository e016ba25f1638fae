"""May these decisions be used: no group is surely and materially more often left out than everybody else."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.evaluate.gate import GateResult
from ml.fairness.rates import UNKNOWN


@dataclass(frozen=True)
class FairnessConfig:
    """Limits of the gate. All are policy, for those to set who answer for the programme; dates say when and why.

    Attributes
    ----------
    min_group_size : int
        Smaller groups are counted and not judged. 100 (2026-11-28): below it the interval of a rate of one half is
        wider than 20 points, four times the limit.
    min_group_outcomes : int
        People in need that a group must have for its false negative rate to count as measured, and people not in need
        for its false positive rate. 30 (2026-11-28): of 30 who are all found, one in nine might still be overlooked.
    max_fnr_difference : float
        Most by which the false negative rate of a group may exceed everybody else's. 0.05 (2026-11-28): the three
        zones aim to decline one in ten of those in need; one in seven and a half in a group is half as many again.
    max_fpr_difference : float
        The same of the false positive rate. 0.10 (2026-11-28): twice as much, for a person let in is seen again.
    max_selection_difference : float or None
        The same of the selection rate, in both directions; None (2026-11-28): shown and not judged, because groups
        differ in need and equal shares would force unequal mistakes.
    unmeasured_fails : bool
        Whether a characteristic that was not measured fails ``fairness_measured``. Where it does not, the rule passes
        and says what was not measured.
    """

    min_group_size: int = 100
    min_group_outcomes: int = 30
    max_fnr_difference: float = 0.05
    max_fpr_difference: float = 0.10
    max_selection_difference: float | None = None
    unmeasured_fails: bool = True

    def __post_init__(self) -> None:
        for name in ("min_group_size", "min_group_outcomes"):
            if (least := getattr(self, name)) < 1:
                raise ValueError(f"{name} is {least}; expected 1 or more")
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
        :func:`fairness_rules`, and :func:`fairness_measured` of all characteristics.
    """
    config = config or FairnessConfig()
    return [*fairness_rules(rates, config), *fairness_measured(rates, config)]


def fairness_rules(rates: pd.DataFrame, config: FairnessConfig) -> list[GateResult]:
    """A verdict a rate, false negatives first."""
    results = []
    limits = [
        ("false_negative_rate", config.max_fnr_difference),
        ("false_positive_rate", config.max_fpr_difference),
        ("selection_rate", config.max_selection_difference),
    ]
    for rate, limit in limits:
        if limit is not None:
            results.append(_rule(rates[rates["is_large_enough"].astype(bool)], rate, limit))
    return results


def fairness_measured(
    rates: pd.DataFrame, config: FairnessConfig, required: Collection[str] | None = None
) -> list[GateResult]:
    """Say which characteristics are not measured; nothing where all are.

    Measured is a characteristic with two groups of people who are known to belong to them (``Unknown`` is none) and who
    are many enough, each with ``min_group_outcomes`` in need, and two such groups with as many not in need. Nothing
    known is no pass: a required one fails.

    Parameters
    ----------
    rates : pandas.DataFrame
        Of :func:`ml.fairness.group_rates`.
    config : FairnessConfig
        Limits.
    required : collection of str, optional
        Those that must be measured, absent ones included; all of the table where not given.
    """
    least = config.min_group_outcomes
    names = sorted(rates["characteristic"].unique())
    required = set(names if required is None else required) if config.unmeasured_fails else set()
    known = rates[rates["is_large_enough"].astype(bool) & (rates["group"] != UNKNOWN)]
    short = dict.fromkeys(sorted(required - set(names)), "no column")
    for name in names:
        groups = known[known["characteristic"] == name]
        needy = groups["n_target"].to_numpy(float)
        in_need, not_in_need = int((needy >= least).sum()), int((groups["n"].to_numpy(float) - needy >= least).sum())
        if min(in_need, not_in_need) < 2:
            short[name] = f"{len(groups)} groups, {in_need} with enough in need, {not_in_need} with enough not in need"
    if not short:
        return []
    told = "; ".join(f"{name}: {why}" + ("" if name in required else " (not required)") for name, why in short.items())
    expected = (
        f"at least 2 known groups of {config.min_group_size} or more, with {least} or more in need and not in need"
    )
    return [GateResult("fairness_measured", required.isdisjoint(short), told, expected)]


def _rule(rates: pd.DataFrame, rate: str, limit: float) -> GateResult:
    gap, low, high = (rates[f"{rate}_difference{suffix}"].to_numpy(float) for suffix in ("", "_low", "_high"))
    expected = f"at most {limit} above everybody else, or within chance"
    broken = (gap > limit) & (low > 0)
    if rate == "selection_rate":
        broken |= (-gap > limit) & (high < 0)
    sure = np.where(broken, np.abs(gap), np.nan) if broken.any() else gap
    if np.isnan(sure).all():
        said = "no group large enough" if rates.empty else "no other group to compare with"
        return GateResult(f"fairness_{rate}", True, said, expected)
    at = int(np.nanargmax(sure))
    worst = rates.iloc[at]
    said = f"{worst['characteristic']} {worst['group']}: {gap[at]:+.3f} [{low[at]:+.3f}, {high[at]:+.3f}]"
    return GateResult(f"fairness_{rate}", not bool(broken.any()), said, expected)
