"""The hidden cause: episodes of financial stress, and when each of its signs begins to show.

A person's days are an alternating renewal process of calm and stress. Nothing here is ever delivered; behaviour
(``ledger``) and missed instalments (``lending``) follow it, each sign some weeks after the onset, so that what can be
observed comes before what is to be predicted.
"""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.world.config import FAR, HORIZON_YEARS, WorldConfig
from ml.synthetic.world.grants import Grants
from ml.synthetic.world.population import Population

# Weeks after the onset in which a sign begins; before, stressed and calm people behave alike.
SIGNAL_WEEKS = {
    "atm": 1,
    "salary_delay": 1,
    "hoarding": 2,
    "gambling": 2,
    "utility_delay": 3,
    "lending_app": 3,
    "failed_debit": 4,
    "missed_instalment": 6,
}
RAMP_DAYS = 28  # from the first sign to its full strength
_FADE_DAYS = 21
_EPISODES = 13  # at most, in the years of the horizon
_WARM_UP_DAYS = 365  # so that some are under stress on the first day
# Episodes a person and year at a default rate of 5 %, before personal propensity; found by measuring.
_EPISODES_A_YEAR = 0.495
_RATE_POWER = 1.22  # more than 1: the more default, the sooner the worst payers have left
# Factor on them, by years since the start. A loan taken under stress goes bad while it is young, and the loans of the
# first day are few: 41 % of the first year's exposures were granted within 200 days, 18 % of the fifth year's; and the
# worst payers leave. Without more stress among the others the default rate would fall by a quarter in five years.
# Measured over 20,000 people, two seeds, rates of 3, 5 and 8 %: each year within a tenth of the rate asked for.
_FACTOR_YEARS, _FACTORS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0), (1.0, 1.3, 1.45, 1.55, 1.65, 1.75)
_BORROWING_SHARE = 0.10  # of the loans at a default rate of 5 %: taken under stress
_BEFORE_GRANT, _BORROWER_DAYS = (50, 88), (170, 240)  # days from the onset to the grant; length of such an episode
_LEADING_SHARE = 0.62  # of episodes: those in which instalments are missed, not only delayed


@dataclass(frozen=True)
class Stress:
    """Episodes of one block, sorted by person and onset.

    Attributes
    ----------
    person : array of int
        Local person.
    onset_day, end_day : array of int
        First day, and first day after; two episodes of a person never overlap.
    peak : array of float
        Strength, 0 to 1.
    leads_to_default : array of bool
        Whether instalments due in it (from ``SIGNAL_WEEKS['missed_instalment']`` on) tend to be missed.
    people : int
        People of the block.
    """

    person: IntArray
    onset_day: IntArray
    end_day: IntArray
    peak: FloatArray
    leads_to_default: BoolArray
    people: int

    def level(self, days: IntArray, signal: str | None = None) -> FloatArray:
        """Strength of stress, or of one of its signs.

        Parameters
        ----------
        days : array of int, shape (d,)
            Epoch days.
        signal : str, optional
            Key of ``SIGNAL_WEEKS``; without it the strength from the onset on.

        Returns
        -------
        array of float, shape (people, d)
            0 to 1; exactly 0 outside episodes and before the sign's weeks are over.
        """
        days = np.asarray(days)
        result = np.zeros((self.people, len(days)))
        near = np.flatnonzero((self.onset_day <= days.max()) & (self.end_day > days.min()))
        np.maximum.at(result, self.person[near], self._strength(near[:, None], days, signal))
        return result

    def level_at(self, person: IntArray, day: IntArray, signal: str | None = None) -> FloatArray:
        """Strength for pairs of person and day."""
        result = np.zeros(len(person))
        first = np.searchsorted(self.person, person)
        for step in range(_EPISODES):
            row = np.minimum(first + step, max(len(self.person) - 1, 0))
            mine = np.flatnonzero(self.person[row] == person) if len(self.person) else np.empty(0, np.int64)
            result[mine] = np.maximum(result[mine], self._strength(row[mine], day[mine], signal))
        return result

    def is_leading_at(self, person: IntArray, day: IntArray) -> BoolArray:
        """Whether an episode that leads to missed instalments runs on these days."""
        leading = self.leads_to_default
        only = Stress(
            person=self.person[leading],
            onset_day=self.onset_day[leading],
            end_day=self.end_day[leading],
            peak=np.ones(int(leading.sum())),
            leads_to_default=leading[leading],
            people=self.people,
        )
        result: BoolArray = only.level_at(person, day) > 0
        return result

    def _strength(self, rows: IntArray, days: IntArray, signal: str | None) -> FloatArray:
        start = self.onset_day[rows] + (7 * SIGNAL_WEEKS[signal] if signal else 0)
        end = self.end_day[rows]
        rise = (days - start + 1) / RAMP_DAYS
        fall = (end - days) / _FADE_DAYS
        return self.peak[rows] * np.clip(np.minimum(rise, fall), 0, 1)


def make_stress(config: WorldConfig, population: Population, grants: Grants) -> Stress:
    """Episodes of all adults of the block; their number grows with ``config.default_rate``.

    Some loans are taken because money is short already: their borrowers' stress began weeks before the grant.
    """
    rng = config.rng("stress", population.block)
    n = len(population.birth_day)
    income = np.maximum(population.income_cents / 100, 8_000)
    age = population.age_on(config.start_day)
    weight = np.exp(-0.45 * np.log(income / 55_000)) * np.where(age < 35, 1.3, np.where(age > 65, 0.6, 1.0))
    weight *= np.where(population.employment == 1, 1.25, 1.0) * rng.lognormal(-0.18, 0.6, n)
    yearly = (
        _EPISODES_A_YEAR
        * (config.default_rate / 0.05) ** _RATE_POWER
        * np.clip(weight, 0.1, 4.0)
        * (population.income_cents > 0)
    )
    gaps = rng.exponential(1.0, (n, _EPISODES - 1)) * 365 / np.maximum(yearly, 1e-9)[:, None]
    length = rng.integers(10 * 7, 20 * 7, (n, _EPISODES - 1))
    onset = config.start_day + _onsets(gaps, length)
    peak = rng.uniform(0.45, 1.0, (n, _EPISODES - 1))
    leads = rng.random((n, _EPISODES - 1)) < _LEADING_SHARE
    person, column = np.nonzero(onset < np.minimum(config.horizon_day, population.death_day)[:, None])
    first = onset[person, column].astype(np.int64)
    last, peaks, leading = first + length[person, column], peak[person, column], leads[person, column]

    # Borrowing under stress, at most once for a person; what would overlap with it does not happen.
    loan = np.flatnonzero(rng.random(len(grants.person)) < _BORROWING_SHARE * config.default_rate / 0.05)
    loan = loan[np.unique(grants.person[loan], return_index=True)[1]]
    begin = np.full(n, FAR)
    begin[grants.person[loan]] = grants.granted_day[loan] - rng.integers(*_BEFORE_GRANT, len(loan))
    end = begin + rng.integers(*_BORROWER_DAYS, n)
    apart = (last + 14 < begin[person]) | (first > end[person] + 14)
    borrower = grants.person[loan]
    person = np.concatenate([person[apart], borrower])
    first, last = np.concatenate([first[apart], begin[borrower]]), np.concatenate([last[apart], end[borrower]])
    peaks = np.concatenate([peaks[apart], rng.uniform(0.6, 1.0, len(loan))])
    leading = np.concatenate([leading[apart], np.ones(len(loan), dtype=np.bool_)])
    order = np.lexsort((first, person))
    return Stress(person[order], first[order], last[order], peaks[order], leading[order], n)


def _onsets(gaps: FloatArray, length: IntArray) -> FloatArray:
    """Days since the start on which episodes begin.

    Parameters
    ----------
    gaps : array of float, shape (people, episodes)
        Days of calm before each episode if the factor on the episodes a year were 1 all the time.
    length : array of int, shape (people, episodes)
        Days of each.

    Returns
    -------
    array of float, shape (people, episodes)
        Far beyond the horizon for what does not happen.
    """
    days = np.arange(-_WARM_UP_DAYS, 365.25 * HORIZON_YEARS + 1)
    # Calm runs out on a clock that goes faster in years with more stress.
    clock = np.cumsum(np.interp(days / 365.25, _FACTOR_YEARS, _FACTORS))
    onset, end = np.empty(gaps.shape), np.full(len(gaps), days[0])
    for column in range(gaps.shape[1]):
        onset[:, column] = np.interp(np.interp(end, days, clock) + gaps[:, column], clock, days, right=FAR)
        end = onset[:, column] + length[:, column]
    return onset
