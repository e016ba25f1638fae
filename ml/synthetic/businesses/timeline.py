"""All that is decided about a block, made part by part in the order of cause and effect."""

from dataclasses import dataclass

import numpy as np

from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.identities import Identities, make_identities
from ml.synthetic.businesses.money.balancing import Openings, book_balancing, make_openings
from ml.synthetic.businesses.money.book import Book
from ml.synthetic.businesses.money.costs import book_loans, book_networks, book_running_costs, book_tax
from ml.synthetic.businesses.money.ledger import Ledger, close_book
from ml.synthetic.businesses.money.loans import Loans, make_loans
from ml.synthetic.businesses.money.receipts import book_consumers, book_invoices, book_orders, book_returned_goods
from ml.synthetic.businesses.networks.applications import Applications, make_applications
from ml.synthetic.businesses.networks.funds import Funds, make_funds
from ml.synthetic.businesses.networks.orders import Orders, make_orders
from ml.synthetic.businesses.networks.policies import Policies, make_policies
from ml.synthetic.businesses.parties import Parties, make_parties
from ml.synthetic.businesses.population import Population, make_population
from ml.synthetic.businesses.trade.fraud import Deceit, fake_purchases, fake_sales, make_deceit
from ml.synthetic.businesses.trade.invoices import (
    B2C,
    FAKE,
    INWARD,
    RING,
    WITHIN,
    Invoices,
    joined,
    mirrored,
    numbered,
    of_the_month_before,
)
from ml.synthetic.businesses.trade.purchases import make_purchases
from ml.synthetic.businesses.trade.returns import Returns, claimed_credit, make_returns, sold_by_month
from ml.synthetic.businesses.trade.sales import make_sales
from ml.synthetic.businesses.trade.within import Rings, make_links, make_rings
from ml.synthetic.businesses.turnover import Turnover, make_turnover


@dataclass(frozen=True)
class Timeline:
    """One block: a pure function of the set's identity and the block's number, never of ``until``."""

    config: BusinessConfig
    population: Population
    identities: Identities
    parties: Parties
    turnover: Turnover
    deceit: Deceit
    rings: Rings
    invoices: Invoices
    returns: Returns
    loans: Loans
    funds: Funds
    policies: Policies
    applications: Applications
    orders: Orders
    openings: Openings
    ledger: Ledger


def make_timeline(config: BusinessConfig, block: int) -> Timeline:
    """Build the parts of a block."""
    population = make_population(config, block)
    identities = make_identities(config, population)
    parties = make_parties(config, population, identities)
    turnover = make_turnover(config, population)
    deceit = make_deceit(config, population)
    traded, rings = _trade(config, population, parties, turnover, deceit)
    returns = make_returns(config, population, deceit, traded)
    consumers = traded.where(traded.supply == B2C)
    to_consumers = consumers.monthly(consumers.gross, turnover.true.shape)
    loans = make_loans(config, population, turnover)
    funds, policies = make_funds(config, population, turnover), make_policies(config, population)
    orders = make_orders(config, population, to_consumers)
    openings = make_openings(config, population, turnover)

    book = Book(config.horizon_day, config.rng("hours", block))
    book_invoices(book, joined([traded, of_the_month_before(traded, config.start_day)]))
    book_orders(config, book, block, orders)
    book_consumers(config, book, population, to_consumers, orders)
    bought = traded.where((traded.direction == INWARD) & (traded.kind != FAKE))
    book_returned_goods(config, book, population, parties, bought.monthly(bought.gross, turnover.true.shape))
    book_running_costs(config, book, population, parties, turnover)
    book_tax(config, book, block, returns)
    book_loans(config, book, block, parties, loans)
    book_networks(book, funds, policies)
    book_balancing(config, book, population, parties, turnover, openings)
    return Timeline(
        config=config,
        population=population,
        identities=identities,
        parties=parties,
        turnover=turnover,
        deceit=deceit,
        rings=rings,
        invoices=traded,
        returns=returns,
        loans=loans,
        funds=funds,
        policies=policies,
        applications=make_applications(config, population, loans),
        orders=orders,
        openings=openings,
        ledger=close_book(book, openings),
    )


def _trade(
    config: BusinessConfig, population: Population, parties: Parties, turnover: Turnover, deceit: Deceit
) -> tuple[Invoices, Rings]:
    """All invoices of a block, numbered, both directions."""
    shape = turnover.true.shape
    within, taken = make_links(config, population, turnover, population.terms_days)
    circles, rings = make_rings(config, population, turnover)
    sales = make_sales(config, population, parties, turnover, taken)
    fakes = fake_sales(config, population, parties, turnover, deceit, circles.monthly(circles.taxable, shape))
    outward = numbered(joined([sales, within, circles, fakes]))
    _, _, output_tax = sold_by_month(outward, shape)
    both_sides = mirrored(outward.where(np.isin(outward.kind, (WITHIN, RING))))
    honest = both_sides.where(both_sides.kind != RING)
    purchases = make_purchases(config, population, parties, turnover, honest.monthly(honest.tax, shape))
    inward = joined([both_sides, purchases])
    backed = inward.monthly(inward.tax, shape)
    shells = fake_purchases(config, population, parties, deceit, claimed_credit(deceit, output_tax, backed) - backed)
    return joined([outward, inward, shells]), rings
