"""Trade within the set: honest chains of supply, and rings of fraud that invoice each other in a circle."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.config import TRADE_WITHIN_FROM, BusinessConfig
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.profiles import CONCENTRATION, FRAUD, SEED_PROFILES
from ml.synthetic.businesses.trade.invoices import OUTWARD, RING, WITHIN, Invoices, invoice_days, invoices
from ml.synthetic.businesses.turnover import Turnover

_CHAIN = 4  # businesses that supply one another in a row; never back to the first, for that is what rings do
_CHAINED_SHARE = 0.3
_OF_SALES, _OF_CREDIT = 0.20, 0.25  # a link takes at most so much of the seller's sales to firms, the buyer's credit
_LEAST_INVOICE = 2_000
RING_SIZE = 3
_RING_SHARE = 0.5  # of the fraudulent businesses
_RING_OF_TURNOVER = 0.35  # of the smallest member's
_RING_SPREAD = 0.014  # amounts differ by less than three percent


@dataclass(frozen=True)
class Rings:
    """Rings of three: member ``p`` sells to member ``p + 1``, the last to the first.

    Attributes
    ----------
    members : array of int, shape (rings, 3)
        Businesses of the block.
    first_month : array of int
        Month in which the last member began.
    """

    members: IntArray
    first_month: IntArray


def make_links(
    config: BusinessConfig, population: Population, turnover: Turnover, terms: IntArray
) -> tuple[Invoices, IntArray]:
    """Invoices of honest businesses to others of the set, as sellers have them.

    Returns
    -------
    Invoices, array
        And what they take of each business's sales to firms, shape (businesses, months).
    """
    rng = config.rng("within", population.block)
    shape = turnover.true.shape
    last = population.profiles.last
    fitting = ~np.isin(last, (FRAUD, CONCENTRATION)) & ~population.is_exporter
    chosen = rng.permutation(np.flatnonzero(fitting & (rng.random(population.count) < _CHAINED_SHARE)))
    chains = chosen[: len(chosen) // _CHAIN * _CHAIN].reshape(-1, _CHAIN)
    if config.businesses < TRADE_WITHIN_FROM:
        chains = chains[:0]
    seller, buyer = chains[:, :-1].ravel(), chains[:, 1:].ravel()
    sales = turnover.true[seller] * population.b2b_share[seller, None] * _OF_SALES
    credit = turnover.true[buyer] * (population.rate_out * population.credit_ratio)[buyer, None] * _OF_CREDIT
    most = np.minimum(sales, credit / population.rate_out[seller, None])
    amount = np.floor(most * rng.uniform(0.6, 1.0, most.shape)).astype(np.int64)
    link, month = np.nonzero(amount >= _LEAST_INVOICE)
    taken = np.zeros(shape, dtype=np.int64)
    np.add.at(taken, (seller[link], month), amount[link, month])
    day = invoice_days(rng, config.month_starts, month)
    waits = np.clip(rng.gamma(2.0, terms[seller[link]] / 2), 0, 20).astype(np.int64)
    return (
        invoices(
            seller[link],
            OUTWARD,
            kind=WITHIN,
            party=buyer[link],
            month=month,
            day=day,
            due_day=day + 15,
            paid_day=day + waits,
            taxable=amount[link, month],
            rate=population.rate_out[seller[link]],
        ),
        taken,
    )


def make_rings(config: BusinessConfig, population: Population, turnover: Turnover) -> tuple[Invoices, Rings]:
    """Invoices in a circle with nearly equal amounts, paid one after the other within days."""
    rng = config.rng("rings", population.block)
    fraud = np.flatnonzero((population.profiles.last == FRAUD) & (population.number > len(SEED_PROFILES)))
    # Members have the same rate, or the money that goes round would not be nearly equal.
    rate = population.rate_out[fraud]
    fraud = rng.permutation(fraud[rate == 18])
    count = max(int(len(fraud) * _RING_SHARE) // RING_SIZE, min(1, len(fraud) // RING_SIZE))
    if config.businesses < TRADE_WITHIN_FROM:
        count = 0
    members = fraud[: count * RING_SIZE].reshape(-1, RING_SIZE)
    first = population.profiles.fraud_start[members].max(axis=1, initial=0)
    smallest = turnover.true[members].min(axis=1)  # (rings, months)
    months = np.arange(config.months)
    ring, month = np.nonzero(months[None, :] >= first[:, None])
    start = invoice_days(rng, config.month_starts, month)
    parts = []
    for place in range(RING_SIZE):
        seller, buyer = members[ring, place], members[ring, (place + 1) % RING_SIZE]
        spread = rng.uniform(1 - _RING_SPREAD, 1 + _RING_SPREAD, len(ring))
        day = start + (rng.random(len(ring)) < 0.4)
        parts.append(
            {
                "business": seller,
                "party": buyer,
                "month": month,
                "day": day,
                "due_day": day + 15,
                "paid_day": start + 1 + place,
                "taxable": np.floor(smallest[ring, month] * _RING_OF_TURNOVER * spread).astype(np.int64),
                "rate": population.rate_out[seller],
            }
        )
    columns: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return invoices(columns.pop("business"), OUTWARD, kind=RING, **columns), Rings(members, first)
