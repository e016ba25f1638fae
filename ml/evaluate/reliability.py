"""How often a told probability came true: the reliability curve and the expected calibration error."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ml.evaluate.discrimination import check_outcome
from ml.evaluate.resampling import Floats, Integers

_Z = 1.959963984540054


def equal_bins(probability: Floats, bins: int) -> Integers:
    """Number of each row's bin of about equal counts, rising with the probability.

    Cut at quantiles, so that equal probabilities share a bin: which rows came first must not make a curve.
    """
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.searchsorted(edges, probability, side="right")


def reliability_curve(target: ArrayLike, probability: ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """One row a bin of about equal counts: ``bin, n, n_bad, told, observed, observed_low, observed_high``.

    Parameters
    ----------
    target : array_like of shape (n,)
        1 for bad, 0 for good.
    probability : array_like of shape (n,)
        Predicted probability of bad.
    bins : int
        At most; fewer where many rows share a probability.

    Returns
    -------
    pandas.DataFrame
        ``told`` is the mean probability, ``observed`` the share of bads with its 95 % interval (Wilson 1927).
    """
    y, repeats = check_outcome(target, probability)
    p = repeats.mean(axis=0)
    frame = pd.DataFrame({"bin": pd.factorize(equal_bins(p, bins), sort=True)[0] + 1, "y": y, "p": p})
    table = frame.groupby("bin").agg(n=("y", "size"), n_bad=("y", "sum"), told=("p", "mean"), observed=("y", "mean"))
    low, high = wilson(table["observed"].to_numpy(), table["n"].to_numpy(dtype=float))
    table = table.assign(n_bad=table["n_bad"].astype(int), observed_low=low, observed_high=high)
    return table.reset_index()


def expected_calibration_error(target: ArrayLike, probability: ArrayLike, *, bins: int = 10) -> float:
    """Mean over rows of |probability told - share of bads| of their bin (Naeini et al. 2015), bins of equal counts."""
    curve = reliability_curve(target, probability, bins=bins)
    return float((curve["n"] * (curve["told"] - curve["observed"]).abs()).sum() / curve["n"].sum())


def wilson(share: Floats, n: Floats) -> tuple[Floats, Floats]:
    """95 % interval of a share of ``n`` (Wilson 1927)."""
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
