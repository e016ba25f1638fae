"""Which candidate is taken: the lowest log loss, or a simpler one that is as good."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.delinquency.paired import loss_difference, row_losses

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

# A simpler model may lose this share of the best one's log loss, if the data can't tell the two apart. 0.1 %
# (2026-11-28) is half a standard error on 30,000 rows: less than anybody could show on rows of their own.
SIMPLER_MAY_LOSE = 0.001


@dataclass(frozen=True)
class Choice:
    """Name of the candidate, mean log loss of each candidate, and why it is this one."""

    name: str
    losses: dict[str, float]
    reason: str


def choose(log_odds: Mapping[str, Floats], y: Floats, groups: Integers, seed: int) -> Choice:
    """Choose among calibrated log-odds (n,) of the same rows, given simplest first."""
    losses = {name: row_losses(y, z) for name, z in log_odds.items()}
    means = {name: float(loss.mean()) for name, loss in losses.items()}
    best = min(means, key=lambda name: means[name])
    for name, loss in losses.items():
        if name == best:
            break
        if means[name] - means[best] > SIMPLER_MAY_LOSE * means[best]:
            continue
        found = loss_difference(loss, losses[best], groups, seed=seed)
        if not found.is_surely_worse:
            return Choice(
                name, means, f"the simplest within noise of {best}: log loss {found.value:+.5f} "
                f"[{found.low:+.5f}, {found.high:+.5f}]",
            )  # fmt: skip
    return Choice(best, means, "the lowest log loss")
