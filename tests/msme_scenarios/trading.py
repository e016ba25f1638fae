"""Ordinary trade of a firm, month by month: customers who pay on terms, takings of a shop, suppliers who are paid.

Nothing here is fraudulent; ``frauds`` adds to it.
"""

import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.msme_scenarios.books import END, RUPEE, Firm, Party, add_months, outsider, tax_on

Amounts = dict[dt.date, int]
"""Paise by first day of the month."""


@dataclass
class Plan:
    """What a firm trades; shares are of turnover without tax."""

    turnover: Amounts
    purchases: Amounts
    b2b: float = 0.6
    export: float = 0.0
    terms_days: tuple[int, int] = (12, 35)
    customers: int = 8
    invoices_a_month: tuple[int, int] = (6, 12)
    banked: tuple[float, float] = (0.97, 1.0)
    """Range of the share of a month's takings from consumers that reaches the bank."""
    returned: tuple[float, float] = (0.0, 0.0)
    """Range of the share of a month's gross sales to consumers that is given back."""
    orders: tuple[int, int] = (0, 0)
    """Range of ONDC orders a month."""
    suppliers: int = 5
    input_rate: int | None = None
    supplier_days: tuple[int, int] = (15, 40)
    paid_from: str = "CUR"
    paid_in_cash: float = 0.0
    """Share of the purchases that is paid out of the till."""
    reported_late: float = 0.0
    claimed_late: float = 0.0
    wages: float = 0.4
    """Share of the margin that goes to the staff through the bank."""


def turnover(
    firm: Firm,
    base_rupees: float,
    *,
    noise: float = 0.08,
    monthly_growth: float = 0.0,
    peak: Callable[[dt.date], float] = lambda month: 1.0,
) -> Amounts:
    """Monthly turnover without tax: a base, growth, a season and chance."""
    return {
        month: round(
            base_rupees * RUPEE * (1 + monthly_growth) ** n * peak(month) * float(np.exp(firm.rng.normal(0, noise)))
        )
        for n, month in enumerate(firm.months)
    }


def share_of(firm: Firm, amounts: Amounts, low: float, high: float) -> Amounts:
    """Each month's amount times a share from a range."""
    return {month: round(amount * firm.rng.uniform(low, high)) for month, amount in amounts.items()}


def trade(firm: Firm, plan: Plan) -> list[Party]:
    """Record the whole plan; give the suppliers."""
    rng = firm.rng
    buyers = [outsider(rng, "Enterprises") for _ in range(plan.customers)]
    suppliers = [outsider(rng, "Suppliers") for _ in range(plan.suppliers)]
    for month in firm.months:
        total = plan.turnover[month]
        exported, invoiced = round(total * plan.export), round(total * plan.b2b)
        sell_on_terms(firm, month, invoiced, buyers, plan.terms_days, plan.invoices_a_month)
        if exported:
            sell_on_terms(firm, month, exported, buyers[:3], (25, 55), (2, 5), supply="EXP")
        if total - exported - invoiced > 0:
            _sell_to_consumers(firm, month, total - exported - invoiced, plan)
        _buy(firm, month, suppliers, plan)
        _run(firm, month, plan)
    return suppliers


def sell_on_terms(
    firm: Firm,
    month: dt.date,
    taxable: int,
    buyers: list[Party],
    days: tuple[int, int],
    invoices: tuple[int, int],
    supply: str = "B2B",
) -> None:
    """Invoices of one month to regular customers, each paid in full some days later."""
    rng = firm.rng
    for part in parts(rng, taxable, int(rng.integers(invoices[0], invoices[1] + 1))):
        day = firm.day_in(month)
        paid_on = day + dt.timedelta(days=int(rng.integers(days[0], days[1] + 1)))
        due = day + dt.timedelta(days=30)
        firm.sell(day, part, buyer=buyers[int(rng.integers(len(buyers)))], supply=supply, paid=[(paid_on, 1)], due=due)


def deal(seller: Firm, buyer: Firm, day: dt.date, taxable: int, pay_days: int | None, rate: int | None = None) -> None:
    """A sale between two firms of the pack, in the books of both; unpaid where ``pay_days`` is None."""
    due = day + dt.timedelta(days=30)
    tax = tax_on(taxable, seller.rate if rate is None else rate)
    invoice = seller.sell(day, taxable, buyer=buyer.party, due=due, tax=tax)
    buyer.buy(day, taxable, supplier=seller.party, rate=0, due=due, number=invoice.number, tax=tax)
    if pay_days is not None:
        paid_on = day + dt.timedelta(days=pay_days)
        at = dt.time(int(seller.rng.integers(10, 18)), int(seller.rng.integers(60)))
        buyer.book(paid_on, "SUPPLIER", taxable + tax, credit=False, party=seller.party, at=at)
        seller.book(paid_on, "SALE_B2B", taxable + tax, credit=True, party=buyer.party, at=at)


def parts(rng: np.random.Generator, total: int, count: int) -> list[int]:
    """Uneven parts of a positive amount, whole paise, that add up to it."""
    cuts = np.cumsum(rng.dirichlet(np.full(count, 4.0)))[:-1]
    edges = [0, *(round(total * float(cut)) for cut in cuts), total]
    return [b - a for a, b in itertools.pairwise(edges) if b > a]


def _sell_to_consumers(firm: Firm, month: dt.date, net: int, plan: Plan) -> None:
    """One row a month in GSTR-1, net of returns; takings and refunds day by day."""
    rng = firm.rng
    tax = tax_on(net, firm.rate)
    last = add_months(month, 1) - dt.timedelta(days=1)
    firm.sell(last, net, supply="B2C", tax=tax)
    back = rng.uniform(*plan.returned)
    gross = round((net + tax) / (1 - back))
    ordered = _take_orders(firm, month, plan, limit=(net + tax) // 3)
    banked = round((gross - ordered) * rng.uniform(*plan.banked))
    in_cash = round(banked * rng.uniform(0.2, 0.45))
    for amount in parts(rng, banked - in_cash, 12):
        firm.book(firm.day_in(month, 1, last.day), "SALE_RETAIL", amount, credit=True, channel="UPI")
    for amount in parts(rng, in_cash, 4):
        firm.book(firm.day_in(month, 1, last.day), "CASH_DEP", amount, credit=True)
    if back:
        for amount in parts(rng, gross - net - tax, 8):
            firm.book(firm.day_in(month, 1, last.day), "REFUND_OUT", amount, credit=False)


def _take_orders(firm: Firm, month: dt.date, plan: Plan, limit: int) -> int:
    """ONDC orders of a month, settled a week later; their value with tax, which stays within a limit."""
    rng = firm.rng
    total = 0
    for _ in range(int(rng.integers(plan.orders[0], plan.orders[1] + 1))):
        value = int(rng.integers(300, 6000)) * RUPEE
        day = firm.day_in(month, 1, 20)
        if total + value > limit or day < firm.first_period:
            continue
        total += value
        order = {
            "order_id": f"ON{firm.prefix}{firm.number:05d}{len(firm.orders):05d}",
            "business_id": firm.business_id,
            "ordered_at": dt.datetime.combine(day, dt.time(int(rng.integers(9, 22)), int(rng.integers(60)))),
            "buyer_app": str(rng.choice(["Paytm", "Magicpin", "Mystore"])),
            "category": firm.sector,
            "items_count": int(rng.integers(1, 6)),
            "order_value": value,
        }
        delivered = day + dt.timedelta(days=3)
        firm.orders.append(order | {"updated_on": day, "status": "CREATED"})
        firm.orders.append(order | {"updated_on": delivered, "status": "DELIVERED"})
        firm.book(delivered + dt.timedelta(days=4), "SALE_ONDC", value, credit=True)
    return total


def _buy(firm: Firm, month: dt.date, suppliers: list[Party], plan: Plan) -> None:
    rng = firm.rng
    rate = firm.rate if plan.input_rate is None else plan.input_rate
    if plan.purchases[month] <= 0:
        return
    for part in parts(rng, plan.purchases[month], int(rng.integers(4, 9))):
        day = firm.day_in(month)
        first = day + dt.timedelta(days=int(rng.integers(plan.supplier_days[0], plan.supplier_days[1] + 1)))
        banked = 1 - plan.paid_in_cash
        paid = [(first, banked)]
        if rng.random() < 0.2:
            paid = [(first, banked * 0.6), (first + dt.timedelta(days=10), banked * 0.4)]
        firm.buy(
            day,
            part,
            supplier=suppliers[int(rng.integers(len(suppliers)))],
            rate=rate,
            paid=paid,
            due=day + dt.timedelta(days=30),
            account=plan.paid_from,
            reported_months_late=int(rng.random() < plan.reported_late),
            claimed_months_late=int(rng.random() < plan.claimed_late),
        )


def _run(firm: Firm, month: dt.date, plan: Plan) -> None:
    """Wages, rent, light, and what an overdraft paid out."""
    rng = firm.rng
    typical = sum(plan.turnover.values()) / len(plan.turnover)
    bought = sum(plan.purchases.values()) / len(plan.purchases)
    margin = max(typical - bought, typical * 0.02)
    firm.book(month.replace(day=2), "PAYROLL", round(margin * plan.wages * rng.uniform(0.95, 1.05)), credit=False)
    landlord = Party("Landlord", None, f"EXTRENT{firm.prefix}{firm.number}")
    firm.book(month.replace(day=4), "RENT", round(margin * 0.08), credit=False, party=landlord)
    firm.book(month.replace(day=9), "UTILITY", round(margin * 0.03 * rng.uniform(0.8, 1.2)), credit=False)
    if month.month % 3 == 0:
        firm.book(month.replace(day=28), "FEE", 590 * RUPEE, credit=False)


def cover_overdraft(firm: Firm) -> None:
    """Move each month's payments from the overdraft out of the current account: own transfers, no trade."""
    spent: Amounts = {}
    for booking in firm.bookings:
        if booking.account == "OD" and booking.booked:
            month = booking.at.date().replace(day=1)
            spent[month] = spent.get(month, 0) + (-booking.paise if booking.credit else booking.paise)
    for month, amount in spent.items():
        move(firm, min(add_months(month, 1) - dt.timedelta(days=1), END), amount, "CUR", "OD")


def move(firm: Firm, day: dt.date, paise: int, out_of: str, into: str) -> None:
    """A transfer between the firm's own accounts."""
    at = dt.time(18, 45)
    there = Party(firm.name, firm.gstin, firm.account_no(into))
    here = Party(firm.name, firm.gstin, firm.account_no(out_of))
    firm.book(day, "OWN_OUT", paise, credit=False, account=out_of, party=there, at=at)
    firm.book(day, "OWN_IN", paise, credit=True, account=into, party=here, at=at)
