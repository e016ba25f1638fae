"""Applications for loans (OCEN), as many made and approved as the profile says; the bank's own loans are among them."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.money.loans import Loans
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.profiles import drawn, figure
from ml.synthetic.businesses.reference import names

OWN = len(names.LENDERS)  # index of the bank itself
_DECIDED_AFTER = (2, 18)
_OF_BASE = (0.5, 4.0)


@dataclass(frozen=True)
class Applications:
    """One element an application; days are epoch days, amounts INR, interest percent a year."""

    business: IntArray
    applied_day: IntArray
    decided_day: IntArray
    lender: IntArray
    requested: IntArray
    approved: IntArray
    is_approved: BoolArray
    interest: FloatArray
    purpose: IntArray


def approvals(share: FloatArray, count: IntArray) -> IntArray:
    """Of so many applications so many are approved: the share, rounded, halves up."""
    return np.floor(share * count + 0.5 + 1e-9).astype(np.int64)


def make_applications(config: BusinessConfig, population: Population, loans: Loans) -> Applications:
    """Applications of a block."""
    rng = config.rng("applications", population.block)
    last = population.profiles.last
    number = drawn(rng, last, "applications")
    business = np.repeat(np.arange(population.count), number)
    count = len(business)
    place = np.arange(count) - np.repeat(np.cumsum(number) - number, number)
    is_approved = place < approvals(figure(last, "approval_share"), number)[business]
    last_day = int(config.month_starts[config.periods]) - _DECIDED_AFTER[1] - 1
    applied = rng.integers(config.start_day + 20, last_day, count)
    decided = applied + rng.integers(_DECIDED_AFTER[0], _DECIDED_AFTER[1] + 1, count)
    requested = np.round(population.base[business] * rng.uniform(*_OF_BASE, count) / 10_000).astype(np.int64) * 10_000
    requested = np.maximum(requested, 50_000)
    approved = np.round(requested * rng.uniform(0.7, 1.0, count) / 1_000).astype(np.int64) * 1_000
    interest = np.round(rng.uniform(11, 22, count), 2)
    lender = rng.integers(0, len(names.LENDERS), count)
    purpose = rng.integers(0, len(names.PURPOSES), count)

    # A loan of the bank granted in these years was asked for: it is one of the approved applications.
    granted = np.flatnonzero(loans.granted_day >= config.start_day + 30)
    nth = np.arange(len(granted)) - np.searchsorted(loans.business[granted], loans.business[granted])
    fits = nth < approvals(figure(last, "approval_share"), number)[loans.business[granted]]
    loan, at = granted[fits], (np.cumsum(number) - number)[loans.business[granted[fits]]] + nth[fits]
    decided[at] = loans.granted_day[loan] - rng.integers(1, 8, len(loan))
    applied[at] = decided[at] - rng.integers(3, 20, len(loan))
    approved[at] = loans.principal[loan]
    requested[at] = np.ceil(loans.principal[loan] * rng.uniform(1.0, 1.2, len(loan)) / 1_000).astype(np.int64) * 1_000
    interest[at], lender[at], purpose[at] = loans.interest[loan], OWN, loans.purpose[loan]
    return Applications(
        business, applied, decided, lender, requested, approved, is_approved, interest, purpose,
    )  # fmt: skip
