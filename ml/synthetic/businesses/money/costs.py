"""What a business pays beside its suppliers: people, rent, energy, tax, premiums, funds, loans, its owner."""

import numpy as np

from ml.synthetic.arrays import FloatArray, IntArray
from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.money.book import Book
from ml.synthetic.businesses.money.loans import Loans
from ml.synthetic.businesses.networks.funds import Funds
from ml.synthetic.businesses.networks.policies import Policies
from ml.synthetic.businesses.parties import Parties
from ml.synthetic.businesses.population import Population
from ml.synthetic.businesses.profiles import figure
from ml.synthetic.businesses.trade.returns import Returns
from ml.synthetic.businesses.turnover import Turnover

# Of what turnover leaves after purchases and instalments.
_PAYROLL, _RENT, _ENERGY, _TELEPHONE, _CASH, _DRAWINGS = 0.36, 0.10, 0.035, 0.008, 0.015, 0.12
_LEAST_LEFT = 0.06
_FEE = (150, 450)  # INR a month
_EQUIPMENT = (0.85, 0.95)  # of a loan goes into second-hand equipment of unregistered sellers, without tax or credit
_REFUND_AFTER = (30, 60)  # days after the return that asks for it


def what_is_left(population: Population) -> FloatArray:
    """Share of turnover left after purchases and instalments, one element a business."""
    purchases = population.credit_ratio * population.rate_out / population.rate_in
    instalments = figure(population.profiles.last, "instalments_share") * (1 + population.rate_out / 100)
    return np.maximum(1 - purchases - instalments, _LEAST_LEFT)


def book_running_costs(
    config: BusinessConfig, book: Book, population: Population, parties: Parties, turnover: Turnover
) -> None:
    """Costs that come every month."""
    rng = config.rng("running costs", population.block)
    n, months = turnover.level.shape
    business, month = (values.ravel() for values in np.indices((n, months)))
    start = config.month_starts[month]
    left = what_is_left(population)
    flow = (turnover.level * left[:, None]).ravel()

    def paise(rupees: FloatArray, step: int = 1) -> IntArray:
        return np.round(rupees / step).astype(np.int64) * step * 100

    def around(spread: float) -> FloatArray:
        return rng.uniform(1 - spread, 1 + spread, n * months)

    book.add(
        "PAYROLL", business, start + rng.integers(25, 28, n * months), paise(flow * _PAYROLL * around(0.05), 10),
        credit=False, channel="NEFT",
    )  # fmt: skip
    rent = (turnover.level[:, :1].clip(max=population.base[:, None]) * left[:, None] * _RENT).ravel()[business]
    book.add(
        "RENT", business, start + rng.integers(1, 5, n)[business], paise(rent * 1.05 ** (month // 12), 100),
        credit=False, channel="NEFT", party=parties.landlords + business,
    )  # fmt: skip
    for share, day in ((_ENERGY, 11), (_TELEPHONE, 7)):
        when = start + rng.integers(day, day + 6, n * months)
        book.add("UTILITY", business, when, paise(flow * share * around(0.15)), credit=False, channel="UPI")
    book.add(
        "CASH_WD", business, start + rng.integers(5, 25, n * months), paise(flow * _CASH * around(0.3), 500),
        credit=False, channel="ATM",
    )  # fmt: skip
    fee = rng.integers(*_FEE, n * months) * 100
    book.add("FEE", business, config.month_starts[month + 1] - 1, fee, credit=False, second=22 * 3_600)
    drawings = paise(flow * _DRAWINGS * around(0.1), 100)
    to = parties.savings + population.first_owner[business]
    day = start + 5 + rng.integers(0, 4, n)[business]
    book.move("DRAWINGS", "DRAWINGS", business, to, day, drawings)
    book_living(config, book, population, "living", to, day, drawings)


def book_living(
    config: BusinessConfig, book: Book, population: Population, purpose: str, savings: IntArray, day: IntArray,
    drawings: IntArray,
) -> None:  # fmt: skip
    """Owners take a part of what they drew out of their savings as cash, later: savings never run dry."""
    rng = config.rng(purpose, population.block)
    part = np.floor(drawings * rng.uniform(0.4, 0.8, len(day)) / 50_000).astype(np.int64) * 50_000
    book.add("CASH_WD", savings, day + rng.integers(2, 18, len(day)), part, credit=False, channel="ATM")


def book_tax(config: BusinessConfig, book: Book, block: int, returns: Returns) -> None:
    """Cash tax on the day of filing; exporters get unused credit back."""
    rng = config.rng("tax", block)
    business, month = np.nonzero(returns.paid_cash)
    book.add(
        "TAX", business, returns.filed_3b[business, month], returns.paid_cash[business, month],
        credit=False, channel="NEFT",
    )  # fmt: skip
    business, month = np.nonzero(returns.refund)
    day = returns.filed_3b[business, month] + rng.integers(*_REFUND_AFTER, len(month))
    book.add("TAX_REFUND", business, day, returns.refund[business, month], credit=True, channel="NEFT")


def book_loans(config: BusinessConfig, book: Book, block: int, parties: Parties, loans: Loans) -> None:
    """Loans paid out and spent on equipment; instalments, with the debits that failed."""
    rng = config.rng("loan money", block)
    business, principal = loans.business, loans.principal * 100
    new = loans.granted_day >= config.start_day
    book.add("LOAN_OUT", business[new], loans.granted_day[new], principal[new], credit=True, channel="NEFT")
    spent = np.floor(principal * rng.uniform(*_EQUIPMENT, len(principal)) / 100_000).astype(np.int64) * 100_000
    book.add(
        "SUPPLIER", business[new], (loans.granted_day + rng.integers(2, 9, len(principal)))[new], spent[new],
        credit=False, channel="TRANSFER", party=parties.sellers + business[new],
    )  # fmt: skip
    payer, cents = business[loans.due_loan], loans.instalment[loans.due_loan]
    seen, tried = loans.paid_day >= config.start_day, loans.fails & (loans.due_day >= config.start_day)
    book.add("EMI", payer[seen], loans.paid_day[seen], cents[seen], credit=False, channel=None)
    book.add("DD_FAIL", payer[tried], loans.due_day[tried], cents[tried], credit=False, failed=True)


def book_networks(book: Book, funds: Funds, policies: Policies) -> None:
    """Payments into funds and premiums, as the funds and policies say."""
    book.add(
        "FUND_SIP", funds.business[funds.paid_portfolio], funds.paid_day, funds.payment[funds.paid_portfolio] * 100,
        credit=False, channel="NEFT",
    )  # fmt: skip
    book.add(
        "INSURANCE", policies.business[policies.paid_policy], policies.paid_day,
        policies.premium[policies.paid_policy] * 100, credit=False, channel="APP",
    )  # fmt: skip
