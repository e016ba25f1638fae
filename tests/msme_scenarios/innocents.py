"""Honest businesses that look odd. Each function stages one variant; none is guilty of anything."""

import datetime as dt

from tests.msme_scenarios.books import END, RUPEE, Filing, Firm, Party, add_months, outsider
from tests.msme_scenarios.stage import LAKH, Member, Stage, in_order, punctual
from tests.msme_scenarios.trading import Amounts, Plan, cover_overdraft, deal, move, share_of, trade, turnover


def thin_margin_trader(stage: Stage) -> list[Member]:
    """Credit is 93 to 99 % of output tax each month; every purchase is in 2B and paid; the rest is paid in cash."""
    firm = stage.firm(stage.pick("Wholesale", "Retail", "Food", "Wholesale"), stage.pick(18, 12, 5, 28))
    sales = turnover(firm, stage.pick(8, 140, 25, 60) * LAKH)
    plan = Plan(
        sales,
        share_of(firm, sales, *stage.pick((0.932, 0.985), (0.955, 0.985), (0.94, 0.97), (0.932, 0.96))),
        b2b=stage.pick(0.85, 0.95, 0.4, 1.0),
        customers=12,
        terms_days=(8, 24),
        supplier_days=(10, 26),
    )
    trade(firm, plan)
    firm.file(punctual(firm))
    return [Member(firm)]


def exporter(stage: Stage) -> list[Member]:
    """Mostly zero-rated supplies: credit above output tax, no tax in cash, refunds of tax."""
    firm = stage.firm(stage.pick("Textiles", "Manufacturing", "Food", "Services"), stage.pick(5, 18, 12, 18))
    sales = turnover(firm, stage.pick(30, 290, 75, 12) * LAKH)
    plan = Plan(
        sales,
        share_of(firm, sales, 0.58, 0.72),
        b2b=stage.pick(0.12, 0.2, 0.25, 0.1),
        export=stage.pick(0.88, 0.8, 0.7, 0.9),
        input_rate=stage.pick(12, 18, 12, 18),
    )
    trade(firm, plan)
    filing = punctual(firm)
    filing.refunds_credit = True
    firm.file(filing)
    return [Member(firm)]


def cash_seller(stage: Stage) -> list[Member]:
    """Sells to consumers and spends most of the till in cash: 30 to 60 % of the takings reach the bank."""
    firm = stage.firm(
        stage.pick("Food", "Retail", "Retail", "Food"), stage.pick(5, 12, 18, 5), has_savings=stage.variant % 4 == 2
    )
    banked = stage.pick((0.30, 0.36), (0.45, 0.52), (0.54, 0.60), (0.38, 0.46))
    sales = turnover(firm, stage.pick(5, 14, 30, 9) * LAKH)
    bought = sum(banked) / 2 * 0.66
    plan = Plan(
        sales,
        share_of(firm, sales, bought * 0.93, bought * 1.07),
        b2b=stage.pick(0.0, 0.04, 0.02, 0.03),
        banked=banked,
        paid_in_cash=stage.pick(0.0, 0.2, 0.0, 0.0),
        orders=stage.pick((0, 3), (0, 0), (0, 0), (0, 2)),
        wages=0.02,
    )
    trade(firm, plan)
    if firm.has_savings:  # some of the till goes to the owner's own account
        for month in firm.months:
            firm.book(month.replace(day=12), "CASH_DEP", sales[month] // 20, credit=True, account="SAV")
    firm.file(punctual(firm))
    return [Member(firm)]


def honest_late_filer(stage: Stage) -> list[Member]:
    """Files 31 to 80 days late more often than not; what it files is right and paid."""
    firm = stage.firm(stage.pick("Services", "Construction", "Transport", "Retail"), stage.pick(18, 18, 12, 5))
    sales = turnover(firm, stage.pick(6, 55, 18, 11) * LAKH)
    trade(firm, Plan(sales, share_of(firm, sales, 0.5, 0.68), b2b=stage.pick(0.9, 1.0, 0.7, 0.3)))
    rng = firm.rng
    late = in_order(firm, lambda period: int(rng.integers(31, 81)) if rng.random() < 0.65 else int(rng.integers(0, 20)))
    firm.file(Filing(late_days=late))
    return [Member(firm)]


def seasonal_shop(stage: Stage) -> list[Member]:
    """A festival peak of three to five times an ordinary month; some stock up the month before."""
    firm = stage.firm(stage.pick("Retail", "Textiles", "Food", "Retail"), stage.pick(12, 5, 18, 18), has_savings=True)
    height = stage.pick(3.2, 4.9, 4.0, 3.6)
    season = {10: height, 11: height * stage.pick(1.0, 0.85, 1.0, 0.9), 12: height * stage.pick(0.95, 0.6, 0.4, 0.9)}
    sales = turnover(firm, stage.pick(4, 16, 9, 40) * LAKH, peak=lambda month: season.get(month.month, 1.0))
    bought = share_of(firm, sales, 0.62, 0.7)
    if stage.variant % 2 == 0:
        bought = {month: bought.get(add_months(month, 1), bought[firm.months[0]]) for month in firm.months}
    trade(firm, Plan(sales, bought, b2b=stage.pick(0.05, 0.15, 0.0, 0.1), orders=(0, 4), terms_days=(5, 20)))
    firm.file(punctual(firm))
    return [Member(firm)]


def fast_grower(stage: Stage) -> list[Member]:
    """Grows 3 to 6 % a month and buys ahead of its sales."""
    firm = stage.firm(stage.pick("Services", "Wholesale", "Manufacturing", "Food"), stage.pick(18, 12, 18, 5))
    sales = turnover(
        firm, stage.pick(3, 20, 9, 6) * LAKH, monthly_growth=stage.pick(0.05, 0.03, 0.06, 0.04), noise=0.06
    )
    bought = share_of(firm, sales, 0.6, 0.72)
    ahead = {month: bought.get(add_months(month, 1), bought[month]) for month in firm.months}
    trade(firm, Plan(sales, ahead, b2b=stage.pick(0.9, 0.7, 1.0, 0.4), claimed_late=0.05))
    firm.file(punctual(firm))
    return [Member(firm)]


def job_worker(stage: Stage) -> list[Member]:
    """Buys material from a principal and sells it back worked, 30 to 60 % dearer; both are honest firms of the pack."""
    sector, rate = stage.pick(("Textiles", 5), ("Manufacturing", 18), ("Textiles", 12), ("Manufacturing", 18))
    worker, principal = stage.firm(sector, rate), stage.firm(sector, rate)
    rng = worker.rng
    material = turnover(worker, stage.pick(5, 22, 10, 45) * LAKH, noise=0.15)
    added = stage.pick(0.32, 0.58, 0.45, 0.38)
    for month in worker.months:
        lots = int(rng.integers(2, 4))
        for lot in range(lots):
            worth = round(material[month] / lots * rng.uniform(0.8, 1.2))
            sent = worker.day_in(month, 1 + lot * 8, 8 + lot * 8)
            deal(principal, worker, sent, worth, pay_days=int(rng.integers(35, 60)))
            back = sent + dt.timedelta(days=int(rng.integers(9, 30)))
            done = round(worth * (1 + added) * rng.uniform(0.96, 1.04))
            first = round(done * rng.uniform(0.35, 0.65))
            deal(worker, principal, back, first, pay_days=int(rng.integers(15, 34)))
            deal(worker, principal, back + dt.timedelta(days=4), done - first, pay_days=int(rng.integers(15, 34)))
    others = share_of(worker, material, 0.3, 0.6)
    trade(worker, Plan(others, share_of(worker, others, 0.3, 0.5), b2b=1.0, invoices_a_month=(2, 5), wages=0.9))
    finished = {month: round(amount * (1 + added) * rng.uniform(1.6, 2.0)) for month, amount in material.items()}
    trade(principal, Plan(finished, share_of(principal, material, 0.9, 1.2), b2b=0.8, supplier_days=(10, 30)))
    for firm in (worker, principal):
        firm.file(punctual(firm))
    return [Member(worker), Member(principal, role="principal")]


def slow_payers(stage: Stage) -> list[Member]:
    """Customers pay 40 to 75 days after the due day; suppliers wait too, and are paid."""
    firm = stage.firm(stage.pick("Construction", "Manufacturing", "Services", "Transport"), stage.pick(18, 18, 12, 5))
    sales = turnover(firm, stage.pick(10, 70, 25, 6) * LAKH)
    plan = Plan(
        sales,
        share_of(firm, sales, 0.55, 0.7),
        b2b=1.0,
        terms_days=(70, 105),
        customers=stage.pick(4, 10, 7, 5),
        supplier_days=(40, 75),
        paid_from=stage.pick("OD", "CUR", "CUR", "OD"),
        reported_late=0.05,
    )
    trade(firm, plan)
    firm.file(punctual(firm))
    cover_overdraft(firm)
    return [Member(firm)]


def new_business(stage: Stage) -> list[Member]:
    """Began eight periods ago; its first customers on terms have not paid when it files its first returns."""
    firm = stage.firm(
        stage.pick("Services", "Retail", "Food", "Wholesale"), stage.pick(18, 12, 5, 18), new_since=dt.date(2025, 4, 1)
    )
    sales = turnover(firm, stage.pick(2, 6, 4, 30) * LAKH, monthly_growth=0.06, noise=0.12)
    plan = Plan(sales, share_of(firm, sales, 0.5, 0.75), b2b=stage.pick(1.0, 0.1, 0.0, 0.9), customers=4)
    trade(firm, plan)
    firm.file(punctual(firm))
    return [Member(firm)]


def wholesaler_with_related_party(stage: Stage) -> list[Member]:
    """Sells a quarter to two fifths to its owner's other firm at ordinary terms, and is paid."""
    sector, rate = stage.pick(("Wholesale", 12), ("Food", 5), ("Wholesale", 18), ("Textiles", 5))
    firm = stage.firm(sector, rate)
    shop = stage.firm("Retail", rate, owners=firm.owners)
    sales = turnover(firm, stage.pick(15, 50, 90, 25) * LAKH)
    related = share_of(firm, sales, *stage.pick((0.25, 0.3), (0.3, 0.4), (0.26, 0.34), (0.34, 0.4)))
    outside = {month: sales[month] - related[month] for month in firm.months}
    for month in firm.months:
        for n in range(4):
            deal(
                firm,
                shop,
                firm.day_in(month, 1 + 7 * n, 7 + 7 * n),
                related[month] // 4,
                int(firm.rng.integers(20, 40)),
            )
    trade(firm, Plan(outside, share_of(firm, sales, 0.8, 0.88), b2b=0.97))
    retail = {month: round(amount * shop.rng.uniform(1.35, 1.5)) for month, amount in related.items()}
    trade(shop, Plan(retail, share_of(shop, related, 0.08, 0.16), b2b=0.0, orders=(0, 3), suppliers=2))
    for each in (firm, shop):
        each.file(punctual(each))
    return [Member(firm), Member(shop, role="related")]


def loan_funded(stage: Stage) -> list[Member]:
    """Large loans, equipment bought with them, and money moved between its own accounts: none of it is turnover."""
    firm = stage.firm(stage.pick("Manufacturing", "Transport", "Food", "Construction"), stage.pick(18, 12, 5, 18))
    base = stage.pick(8, 20, 5, 60) * LAKH
    sales = turnover(firm, base)
    trade(firm, Plan(sales, share_of(firm, sales, 0.5, 0.62), b2b=stage.pick(0.8, 0.9, 0.5, 1.0), paid_from="OD"))
    rng = firm.rng
    elsewhere = Party(firm.name, firm.gstin, f"EXTOWN{firm.number:06d}")
    for n, month in enumerate(firm.periods):
        if n % stage.pick(5, 6, 4, 7) == 1:
            principal = round(base * rng.uniform(1.5, 3.0) / 1000) * 1000 * RUPEE
            day = firm.day_in(month)
            firm.borrow(day, principal, int(rng.choice([24, 36, 48])), int(rng.integers(1050, 1500)))
            paid = [(day + dt.timedelta(days=9), 1.0)]
            firm.buy(
                day + dt.timedelta(days=4),
                principal * min(firm.rate, 18) // 36,
                supplier=outsider(rng, "Machinery"),
                rate=18,
                paid=paid,
            )
        amount = round(base * rng.uniform(0.6, 1.4)) * RUPEE
        firm.book(firm.day_in(month, 3, 8), "OWN_IN", amount, credit=True, party=elsewhere)
        firm.book(firm.day_in(month, 12, 25), "OWN_OUT", amount, credit=False, party=elsewhere)
        move(firm, firm.day_in(month), round(base * rng.uniform(0.2, 0.6)) * RUPEE, "CUR", "OD")
        if n % 9 == 4:
            firm.book(firm.day_in(month), "CAPITAL_IN", base * RUPEE, credit=True)
            firm.book(firm.day_in(month), "FUND_REDEEM", base // 3 * RUPEE, credit=True)
    firm.file(punctual(firm))
    _settle_overdraft(firm)
    return [Member(firm)]


def refunds_trader(stage: Stage) -> list[Member]:
    """Sells at a distance; 30 to 42 % of the gross comes back, and its returns are net of that."""
    firm = stage.firm(stage.pick("Textiles", "Retail", "Textiles", "Retail"), stage.pick(5, 18, 12, 12))
    sales = turnover(firm, stage.pick(6, 18, 60, 10) * LAKH)
    plan = Plan(
        sales,
        share_of(firm, sales, 0.55, 0.68),
        b2b=stage.pick(0.0, 0.1, 0.05, 0.0),
        returned=stage.pick((0.38, 0.42), (0.30, 0.36), (0.34, 0.42), (0.36, 0.40)),
        orders=(1, 5),
    )
    suppliers = trade(firm, plan)
    for booking in [booking for booking in firm.bookings if booking.code == "SUPPLIER"][::12]:  # goods sent back
        day = booking.at.date() + dt.timedelta(days=5)
        firm.book(day, "REFUND_IN", booking.paise // 8, credit=True, party=booking.party or suppliers[0])
    firm.file(punctual(firm))
    return [Member(firm)]


def _settle_overdraft(firm: Firm) -> None:
    """Bring the overdraft back to nil at every end of a month, whichever way the money has to go."""
    flows: Amounts = {}
    for booking in firm.bookings:
        if booking.account == "OD" and booking.booked:
            month = booking.at.date().replace(day=1)
            flows[month] = flows.get(month, 0) + (booking.paise if booking.credit else -booking.paise)
    for month, flow in flows.items():
        day = min(add_months(month, 1) - dt.timedelta(days=1), END)
        move(firm, day, abs(flow), *(("OD", "CUR") if flow > 0 else ("CUR", "OD")))


INNOCENTS = (
    thin_margin_trader,
    exporter,
    cash_seller,
    honest_late_filer,
    seasonal_shop,
    fast_grower,
    job_worker,
    slow_payers,
    new_business,
    wholesaler_with_related_party,
    loan_funded,
    refunds_trader,
)
