"""Fraud on paper: sales to shells that nobody pays, and purchases from them that exist for their credit."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.arrays import BoolArray, FloatArray, IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.parties import MOST_SHELLS, NOBODY, Parties
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.trade.invoices import (
    FAKE,
    INWARD,
    OUTWARD,
    UNPAID,
    Invoices,
    invoice_days,
    invoices,
    split,
)
from ml.synthetic.businesses.turnover import Turnover

_INFLATION = (1.52, 2.48)  # declared over true turnover; what is split falls short by a few rupees
_SLOTS = 6  # fake invoices a month at most
_CREDIT = (0.955, 1.05)  # claimed over output tax
_SHELL_CREDIT = (0.3, 0.5)  # of the credit that no real purchase backs
_LEAST_INVOICE = 500


@dataclass(frozen=True)
class Deceit:
    """What fraudulent businesses mean to declare, shape (businesses, months).

    Attributes
    ----------
    is_fraud : array of bool
    inflation : array of float
        Declared over true turnover; 1 where there is no fraud.
    credit_ratio : array of float
        Credit claimed over output tax.
    """

    is_fraud: BoolArray
    inflation: FloatArray
    credit_ratio: FloatArray


def make_deceit(config: BusinessConfig, population: Population) -> Deceit:
    """Draw how far returns are from the truth."""
    rng = config.rng("deceit", population.block)
    is_fraud = population.profiles.is_fraud()
    shape = (population.count, config.months)
    inflation = np.where(is_fraud, rng.uniform(*_INFLATION, size=shape), 1.0)
    return Deceit(is_fraud, inflation, rng.uniform(*_CREDIT, size=shape))


def fake_sales(
    config: BusinessConfig,
    population: Population,
    parties: Parties,
    turnover: Turnover,
    deceit: Deceit,
    in_rings: IntArray,
) -> Invoices:
    """Invoices to shells that bring turnover up to what is declared, less what rings invoice (INR)."""
    rng = config.rng("fake sales", population.block)
    missing = np.where(deceit.is_fraud, (deceit.inflation - 1) * turnover.true - in_rings, 0).astype(np.int64)
    assert (missing >= 0).all()
    return _with_shells(config, rng, population, parties, missing, population.rate_out, OUTWARD)


def fake_purchases(
    config: BusinessConfig, population: Population, parties: Parties, deceit: Deceit, unbacked: IntArray
) -> Invoices:
    """Invoices from shells for a part of the credit (paise) that no real purchase backs."""
    rng = config.rng("fake purchases", population.block)
    part = rng.uniform(*_SHELL_CREDIT, unbacked.shape)
    total = np.where(deceit.is_fraud, np.maximum(unbacked, 0) * part / population.rate_in[:, None], 0)
    return _with_shells(config, rng, population, parties, total.astype(np.int64), population.rate_in, INWARD)


def _with_shells(
    config: BusinessConfig,
    rng: np.random.Generator,
    population: Population,
    parties: Parties,
    total: IntArray,
    rate: IntArray,
    direction: int,
) -> Invoices:
    n, months = total.shape
    weight = rng.dirichlet(np.full(_SLOTS, 3.0), (n, months)) * (rng.random((n, months, _SLOTS)) < 0.8)
    weight[:, :, 0] += 0.05
    amounts = split(total, weight, _LEAST_INVOICE)
    business, month, slot = np.nonzero(amounts)
    count = np.count_nonzero(parties.shells != NOBODY, axis=1)[business]
    # The shells take turns, so that each of them is met.
    shell = (slot + month) % np.maximum(count, 1)
    assert (shell < MOST_SHELLS).all()
    day = invoice_days(rng, config.month_starts, month)
    return invoices(
        business,
        direction,
        kind=FAKE,
        party=parties.shells[business, shell],
        month=month,
        day=day,
        due_day=day + 30,
        paid_day=np.full(len(day), UNPAID),
        taxable=amounts[business, month, slot],
        rate=rate[business],
        number=1_000_000 + np.arange(len(day)),
    )
