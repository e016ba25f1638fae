"""Quarterly reports of a credit bureau; some people have a thin file without a score."""

from typing import Protocol

import numpy as np
import pyarrow as pa

from ml.synthetic.calendar import month_start
from ml.synthetic.columns import DAY, dates, days_column, money, numbers, rates
from ml.synthetic.world.accounts import Accounts
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.population import Population
from ml.synthetic.world.stress import Stress

_THIN_SHARE = 0.04
_LOOKBACK_DAYS = 150  # stress that the bureau's figures still show


class Debtors(Protocol):
    """What the bureau looks at: a part of the timeline, so that applications can ask before there is a whole one."""

    @property
    def config(self) -> WorldConfig:
        """Of the world."""

    @property
    def population(self) -> Population:
        """Of the block."""

    @property
    def accounts(self) -> Accounts:
        """With the loans."""

    @property
    def stress(self) -> Stress:
        """Of the people."""


def bureau_reports(timeline: Debtors, month: int) -> pa.Table:
    """Reports of a month: a third of the customers, in its first half."""
    population, block = timeline.population, timeline.population.block
    taste, rng = timeline.config.rng("bureau", block), timeline.config.rng("bureau", block, month)
    n = population.people
    skill, thin, debt_share = taste.normal(0, 1, n), taste.random(n) < _THIN_SHARE, taste.lognormal(-2.6, 0.8, n)
    first = int(month_start(month))
    turn = (population.first_person + np.arange(n)) % 3 == month % 3
    day = first + (np.arange(n) * 37 + month) % 14
    person = np.flatnonzero(
        turn & population.in_bank & (population.customer_since <= day) & (population.death_day > day)
    )
    size, day = len(person), day[person]
    past = timeline.stress.level(np.arange(first - _LOOKBACK_DAYS, first, 10))[person]
    level = 0.5 * past.max(axis=1) + 0.5 * past[:, -5:].mean(axis=1)
    income = np.maximum(population.income_cents[person] / 100, 9_000)
    age = population.age_on(first)[person]
    score = 700 + 44 * skill[person] + 32 * np.log(income / 55_000) - 120 * level + 0.5 * (age - 45)
    score = np.clip(np.round(score + rng.normal(0, 14, size)), 300, 850).astype(np.int64)
    grants = timeline.accounts.grants
    paid = grants.paid_before(first)
    running = grants.granted_day < first
    owed = np.bincount(grants.person, grants.owed_cents(np.arange(len(paid)), paid) * running, n)[person]
    late = rng.poisson(0.2 + 2.2 * level)
    return pa.table(
        {
            "customer_no": numbers(population.customer_no[person]),
            "report_date": dates(day),
            "score": numbers(score, missing=thin[person]),
            "total_debt": money(
                np.round(owed + income * 100 * debt_share[person] * rng.uniform(0.9, 1.1, size)).astype(np.int64)
            ),
            "utilization_pct": rates(np.clip(22 + 45 * level - 5 * skill[person] + rng.normal(0, 12, size), 0, 120)),
            "accounts_past_due": numbers(rng.poisson(0.05 + 0.7 * level**1.5)),
            "late_payments_24m": numbers(late),
            "missed_payments_24m": numbers(rng.binomial(late, 0.3)),
            DAY: days_column(day),
        }
    )
