"""Fraudulent businesses. Each has a real trade that is honest, and a fraud on top of it from ``fraud_from`` on."""

import datetime as dt

from tests.msme_scenarios.books import Firm, Party, outsider, tax_on
from tests.msme_scenarios.stage import LAKH, Member, Stage, in_order, punctual
from tests.msme_scenarios.trading import Plan, deal, parts, share_of, trade, turnover


def inflated_turnover(stage: Stage) -> list[Member]:
    """Declares 1.6 to 2.5 times its sales to shells that never pay, and credit to go with it.

    The credit has no purchases in 2B behind it, or purchases from shells that are never paid, or some of each.
    """
    firm = stage.firm(stage.pick("Wholesale", "Manufacturing", "Services", "Textiles"), stage.pick(18, 18, 12, 5))
    start = stage.fraud_start(firm)
    sales = turnover(firm, stage.pick(7, 24, 12, 16) * LAKH)
    trade(firm, Plan(sales, share_of(firm, sales, 0.6, 0.72), b2b=stage.pick(0.8, 0.9, 0.95, 0.7)))
    shells = [outsider(firm.rng, "Impex") for _ in range(4)]
    papers = [outsider(firm.rng, "Commodities") for _ in range(3)]
    on_paper = stage.pick(0.0, 1.0, 0.5, 0.0)
    claimed: dict[dt.date, int] = {}
    for period in [period for period in firm.periods if period >= start]:
        fake = round(
            sales[period] * (firm.rng.uniform(*stage.pick((1.6, 2.0), (1.9, 2.5), (1.7, 2.2), (1.8, 2.4))) - 1)
        )
        for part in parts(firm.rng, fake, int(firm.rng.integers(4, 8))):
            day = firm.day_in(period)
            firm.sell(day, part, buyer=shells[int(firm.rng.integers(4))], due=day + dt.timedelta(days=30))
        wanted = round(firm.output(period)["output_tax"] * firm.rng.uniform(0.955, 0.985))
        lacking = wanted - firm.supported_credit(period)
        _paper_purchases(firm, period, papers, round(lacking * on_paper))
        claimed[period] = wanted
    filing = punctual(firm)
    filing.claim = lambda period, output, supported: max(claimed.get(period, supported), supported)
    if stage.variant % 3 == 0:
        filing.late_days = in_order(firm, lambda period: int(firm.rng.integers(20, 75)) if period >= start else 0)
    firm.file(filing)
    kinds = {"inflated_turnover"}
    kinds |= {"unsupported_credit"} if on_paper < 1 else set()
    kinds |= {"unpaid_purchases"} if on_paper > 0 else set()
    return [Member(firm, kinds=frozenset(kinds), arguable_kinds=frozenset({"nil_cash_tax"}), fraud_from=start)]


def fake_input_credit(stage: Stage) -> list[Member]:
    """Claims credit far above the tax on its purchases in 2B, and so pays nothing in cash at a high turnover."""
    firm = stage.firm(stage.pick("Services", "Construction", "Manufacturing", "Wholesale"), stage.pick(18, 18, 12, 28))
    start = stage.fraud_start(firm)
    sales = turnover(firm, stage.pick(75, 140, 90, 220) * LAKH)
    trade(firm, Plan(sales, share_of(firm, sales, *stage.pick((0.4, 0.5), (0.5, 0.6), (0.45, 0.55), (0.35, 0.5)))))
    filing = punctual(firm)
    filing.claim = lambda period, output, supported: (
        round(output * firm.rng.uniform(1.0, 1.04)) if period >= start else supported
    )
    firm.file(filing)
    return [Member(firm, kinds=frozenset({"unsupported_credit", "nil_cash_tax"}), fraud_from=start)]


def paper_purchases(stage: Stage) -> list[Member]:
    """Invoices of shells fill its 2B and are never paid; almost no tax is paid in cash."""
    firm = stage.firm(stage.pick("Manufacturing", "Wholesale", "Construction", "Textiles"), stage.pick(18, 28, 18, 12))
    start = stage.fraud_start(firm)
    sales = turnover(firm, stage.pick(80, 130, 200, 95) * LAKH)
    trade(firm, Plan(sales, share_of(firm, sales, *stage.pick((0.4, 0.5), (0.5, 0.6), (0.45, 0.6), (0.42, 0.5)))))
    shells = [outsider(firm.rng, "Scrap and Metals") for _ in range(stage.pick(2, 4, 3, 5))]
    for period in [period for period in firm.periods if period >= start]:
        wanted = round(firm.output(period)["output_tax"] * firm.rng.uniform(*stage.pick((0.995, 1.0), (1.0, 1.005))))
        _paper_purchases(firm, period, shells, wanted - firm.supported_credit(period))
    firm.file(punctual(firm))
    return [Member(firm, kinds=frozenset({"unpaid_purchases", "nil_cash_tax"}), fraud_from=start)]


def circular_ring(stage: Stage) -> list[Member]:
    """Three firms invoice each other round and round for nearly the same amount; the money runs round in 5 days."""
    rate = stage.pick(18, 5, 12, 28)
    ring = [stage.firm(sector, rate) for sector in ("Wholesale", stage.pick("Manufacturing", "Textiles"), "Wholesale")]
    start = stage.fraud_start(ring[0])
    base = stage.pick(9, 30, 16, 70) * LAKH
    for firm in ring:
        sales = turnover(firm, base * firm.rng.uniform(0.7, 1.3))
        trade(firm, Plan(sales, share_of(firm, sales, 0.55, 0.7), b2b=0.85))
    rng = ring[0].rng
    amounts = turnover(ring[0], base * stage.pick(0.9, 1.4, 0.7, 1.1), noise=0.2)
    rounds = stage.pick(1, 2, 3, 1)
    for month in [month for month in ring[0].months if month >= start]:
        for n in range(rounds):
            paid = ring[0].day_in(month, 3 + 8 * n, 5 + 8 * n)
            for step, (buyer, seller) in enumerate(((0, 2), (2, 1), (1, 0))):
                worth = round(amounts[month] / rounds * rng.uniform(0.988, 1.012))
                invoiced = max(month, paid - dt.timedelta(days=int(rng.integers(1, 9))))
                day = paid + dt.timedelta(days=step * 2 - (1 if step and rng.random() < 0.5 else 0))
                deal(ring[seller], ring[buyer], invoiced, worth, pay_days=(day - invoiced).days)
    for firm in ring:
        firm.file(punctual(firm))
    kinds = frozenset({"circular_trading", "round_tripping"})
    arguable = frozenset({"inflated_turnover"})
    return [Member(firm, f"ring_{n}", kinds, arguable, start) for n, firm in enumerate(ring, 1)]


def round_tripper(stage: Stage) -> list[Member]:
    """Sends money to a shell and takes about the same back within a week as sales, with invoices to match.

    In every second variant the shell invoices what it is paid, so that the two trade in a circle; in the others
    the tax on the sales is met with credit that nothing supports.
    """
    firm = stage.firm(stage.pick("Services", "Wholesale", "Manufacturing", "Food"), stage.pick(18, 12, 18, 5))
    start = stage.fraud_start(firm)
    sales = turnover(firm, stage.pick(10, 35, 18, 8) * LAKH)
    trade(firm, Plan(sales, share_of(firm, sales, 0.5, 0.65), b2b=stage.pick(0.7, 0.8, 0.9, 0.6)))
    shell = outsider(firm.rng, "Ventures")
    is_circle = stage.variant % 2 == 1
    volume = stage.pick(0.6, 0.8, 0.5, 0.7)
    faked: dict[dt.date, int] = {}
    for month in [month for month in firm.months if month >= start]:
        for amount in parts(firm.rng, round(sales[month] * volume), int(firm.rng.integers(2, 5))):
            sent = firm.day_in(month, 1, 20)
            back = sent + dt.timedelta(days=int(firm.rng.integers(2, 8)))
            returned = round(amount * firm.rng.uniform(0.97, 1.0))
            if is_circle:
                firm.buy(sent, amount, supplier=shell, rate=firm.rate, paid=[(sent, 1.0)], due=sent)
            else:
                total = amount + tax_on(amount, firm.rate)
                firm.book(sent, "SUPPLIER", total, credit=False, party=shell)
            invoice = firm.sell(back, returned, buyer=shell, paid=[(back, 1.0)], due=back)
            faked[month] = faked.get(month, 0) + invoice.tax
    filing = punctual(firm)
    if not is_circle:
        filing.claim = lambda period, output, supported: supported + round(faked.get(period, 0) * 0.9)
    firm.file(filing)
    kinds = {"round_tripping", "circular_trading" if is_circle else "unsupported_credit"}
    return [Member(firm, kinds=frozenset(kinds), arguable_kinds=frozenset({"inflated_turnover"}), fraud_from=start)]


def sales_suppressor(stage: Stage) -> list[Member]:
    """Collects tax that its GSTR-1 shows and its GSTR-3B does not: 20 to 60 % above; and claims too much credit."""
    firm = stage.firm(stage.pick("Retail", "Manufacturing", "Wholesale", "Services"), stage.pick(12, 18, 28, 18))
    start = stage.fraud_start(firm)
    sales = turnover(firm, stage.pick(9, 40, 20, 110) * LAKH)
    trade(firm, Plan(sales, share_of(firm, sales, 0.42, 0.5), b2b=stage.pick(0.5, 0.9, 0.8, 1.0)))
    gaps = {
        period: firm.rng.uniform(*stage.pick((0.2, 0.35), (0.4, 0.6), (0.3, 0.45), (0.22, 0.5)))
        for period in firm.periods
    }
    filing = punctual(firm)
    filing.declared_share = lambda period: 1 / (1 + gaps[period]) if period >= start else 1.0
    filing.claim = lambda period, output, supported: (
        max(round(output * firm.rng.uniform(0.86, 0.92)), round(supported * 1.2)) if period >= start else supported
    )
    firm.file(filing)
    return [Member(firm, kinds=frozenset({"gstr1_3b_gap", "unsupported_credit"}), fraud_from=start)]


def _paper_purchases(firm: Firm, period: dt.date, shells: list[Party], tax: int) -> None:
    """Invoices of shells that carry a tax and are never paid."""
    if tax <= 0:
        return
    for part in parts(firm.rng, tax, int(firm.rng.integers(3, 7))):
        day = firm.day_in(period)
        shell = shells[int(firm.rng.integers(len(shells)))]
        firm.buy(
            day,
            part * 100 // firm.rate,
            supplier=shell,
            rate=firm.rate,
            due=day + dt.timedelta(days=30),
        )


FRAUDS = (inflated_turnover, fake_input_credit, paper_purchases, circular_ring, round_tripper, sales_suppressor)
