"""How good probabilities of ordered bands are: right band, neighbouring band, calibration, skill.

The counterpart of the other modules for more than two outcomes. Pure functions on arrays: ``band`` holds numbers from
0, ``probability`` one row of probabilities a person.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bands = NDArray[np.int64]
_EDGE = 1e-12


@dataclass(frozen=True)
class Reliability:
    """One bin of a reliability curve: people, mean probability of their likeliest band, share where it was right."""

    count: int
    told: float
    right: float


def accuracy(band: Bands, probability: Floats) -> float:
    """Share whose likeliest band is theirs."""
    return float((probability.argmax(axis=1) == band).mean())


def within_one(band: Bands, probability: Floats) -> float:
    """Share whose likeliest band is theirs or a neighbour of it."""
    return float((np.abs(probability.argmax(axis=1) - band) <= 1).mean())


def macro_f1(band: Bands, probability: Floats) -> float:
    """Mean over the bands that occur of F1 = 2 hits / (told + true)."""
    told = probability.argmax(axis=1)
    scores = [2 * ((told == k) & (band == k)).sum() / ((told == k).sum() + (band == k).sum()) for k in np.unique(band)]
    return float(np.mean(scores))


def log_losses(band: Bands, probability: Floats) -> Floats:
    """Negative log of the probability told of the true band, for each person (nats)."""
    return np.asarray(-np.log(np.clip(probability[np.arange(len(band)), band], _EDGE, 1.0)))


def brier_score(band: Bands, probability: Floats) -> float:
    """Sum over the bands of squared errors, mean over people (Brier 1950); 0 is perfect, 2 the worst."""
    hit = np.zeros_like(probability)
    hit[np.arange(len(band)), band] = 1.0
    return float(((probability - hit) ** 2).sum(axis=1).mean())


def brier_skill(band: Bands, probability: Floats) -> float:
    """1 - Brier score / Brier score of telling everybody the shares of the bands; above 0 is better than that."""
    shares = np.bincount(band, minlength=probability.shape[1]) / len(band)
    base = brier_score(band, np.tile(shares, (len(band), 1)))
    return float(1.0 - brier_score(band, probability) / base) if base > 0 else 0.0


def reliability(band: Bands, probability: Floats, bins: int = 10) -> list[Reliability]:
    """Reliability of the likeliest band's probability, in bins of about equal numbers of people, rising."""
    told = probability.max(axis=1)
    right = (probability.argmax(axis=1) == band).astype(float)
    # By quantiles, so that equal probabilities share a bin: which rows came first must not make a curve.
    edges = np.unique(np.quantile(told, np.linspace(0, 1, bins + 1)[1:-1]))
    bin_of = np.searchsorted(edges, told, side="right")
    parts = [bin_of == number for number in np.unique(bin_of)]
    return [Reliability(int(part.sum()), float(told[part].mean()), float(right[part].mean())) for part in parts]


def expected_calibration_error(band: Bands, probability: Floats, bins: int = 10) -> float:
    """Mean over people of |probability told - share right| of their bin, of the likeliest band (Guo et al. 2017).

    Bins of equal numbers. Of n people a perfect model has about ``sqrt(2 bins p (1 - p) / (pi n))`` by chance alone.
    """
    found = reliability(band, probability, bins)
    return float(sum(part.count * abs(part.told - part.right) for part in found) / len(band))


MEASURES: dict[str, Callable[[Bands, Floats], float]] = {
    "accuracy": accuracy,
    "within_one": within_one,
    "macro_f1": macro_f1,
    "log_loss": lambda band, probability: float(log_losses(band, probability).mean()),
    "brier_score": brier_score,
    "brier_skill": brier_skill,
    "ece": expected_calibration_error,
}


def summarise_bands(band: Bands, probability: Floats) -> dict[str, float]:
    """All measures of people whose band is known."""
    return {name: measure(band, probability) for name, measure in MEASURES.items()}


def intervals(
    band: Bands, probability: Floats, *, names: tuple[str, ...], resamples: int = 1000, seed: int = 0
) -> dict[str, tuple[float, float, float]]:
    """Value and 95 % bootstrap interval of the measures named; people are resampled.

    The calibration error of a resample holds its own noise and lies above the value; it has no interval.
    """
    rng, n = np.random.default_rng(seed), len(band)
    drawn = [rng.integers(0, n, n) for _ in range(resamples)]
    found = {}
    for name in names:
        measure = MEASURES[name]
        low, high = np.quantile([measure(band[rows], probability[rows]) for rows in drawn], [0.025, 0.975])
        found[name] = (measure(band, probability), float(low), float(high))
    return found
