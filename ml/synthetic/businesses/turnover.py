"""True turnover by business and month: base x the profile's curve x noise. Returns and money both follow from it."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import FloatArray, IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.profiles import DECLINING, GROWTH, PROFILES, SEASONALITY, STABLE

# First and last period of the two curves, as shares of the base: the seed document's.
_GROWS, _DECLINES = (0.3, 3.0), (1.5, 0.2)
_PEAK_MONTHS = (10, 11, 12)
# Three to five times the base and three to five times the other months' mean.
_PEAK, _OFF_PEAK = (3.1, 4.5), (0.8, 1.1)
_NOISE_OF_CURVES, _NOISE_OF_STABLE = 0.045, 0.037
_NOISE, _NOISE_BOUNDS = 0.15, (0.65, 1.45)


@dataclass(frozen=True)
class Turnover:
    """INR without tax, shape (businesses, months).

    Attributes
    ----------
    level : array of float
        What the business counts on: base and trend, neither season nor noise.
    true : array of int
        Whole rupees truly sold.
    """

    level: FloatArray
    true: IntArray


def make_turnover(config: BusinessConfig, population: Population) -> Turnover:
    """Draw the turnover of a block; a business that moves goes on from the level it had."""
    rng = config.rng("turnover", population.block)
    profile = population.profiles.monthly()
    shape = profile.shape
    slope, start = np.zeros(len(PROFILES)), np.zeros(len(PROFILES))
    for each, (first, last) in ((GROWTH, _GROWS), (DECLINING, _DECLINES)):
        start[each], slope[each] = np.log(first), np.log(last / first) / (config.periods - 1)
    steps = np.cumsum(slope[profile], axis=1) - slope[profile]
    level = population.base[:, None] * np.exp(start[profile[:, :1]] + steps)

    is_peak = np.isin(config.calendar_month(), _PEAK_MONTHS)
    season = np.where(is_peak, rng.uniform(*_PEAK, shape), rng.uniform(*_OFF_PEAK, shape))
    noise = np.clip(np.exp(rng.normal(0, _NOISE, shape)), *_NOISE_BOUNDS)
    flat = rng.uniform(-1, 1, shape)
    noise = np.where((profile == GROWTH) | (profile == DECLINING), 1 + _NOISE_OF_CURVES * flat, noise)
    noise = np.where(profile == STABLE, 1 + _NOISE_OF_STABLE * flat, noise)
    noise = np.where(profile == SEASONALITY, season, noise)
    return Turnover(level=level, true=np.round(level * noise).astype(np.int64))
