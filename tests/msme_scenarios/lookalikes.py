"""Firms that a review found out: honest ones that looked like frauds, and a fraud and a defaulter that looked clean.

Written after the rules were first built, so apart from the pack.
"""

import datetime as dt

import numpy as np

from tests.msme_scenarios.books import RUPEE, Firm, rows_of
from tests.msme_scenarios.landing import Frames, frame_of
from tests.msme_scenarios.stage import LAKH, Stage, punctual
from tests.msme_scenarios.trading import Plan, deal, share_of, trade, turnover

_FIRST = dt.date(2023, 10, 1)
_FIRST_TRANSACTION = 9_000_000_001


def build_lookalikes(variants: int = 2) -> tuple[Frames, dict[str, list[str]]]:
    """Frames of the firms, and their ids by kind of firm."""
    firms: list[Firm] = []
    ids: dict[str, list[str]] = {}

    def firm(name: str, variant: int, lakh: float = 20) -> Firm:
        stage = Stage(variant, np.random.default_rng([7, len(firms) + 1]), 501 + len(firms))
        made = stage.firm("Wholesale", 18)
        made.first_period = _FIRST
        sales = turnover(made, lakh * LAKH)
        trade(made, Plan(sales, share_of(made, sales, 0.6, 0.7), b2b=0.9))
        firms.append(made)
        ids.setdefault(name, []).append(made.business_id)
        return made

    for variant in range(variants):
        two_banks = firm("two_banks", variant)
        traded = {
            each.party.account_no for each in two_banks.bookings if each.party and each.code in ("SALE_B2B", "SUPPLIER")
        }
        elsewhere = set(sorted(traded)[::2])
        two_banks.bookings = [
            each
            for each in two_banks.bookings
            if not (each.party and each.code in ("SALE_B2B", "SUPPLIER") and each.party.account_no in elsewhere)
        ]
        in_cash = firm("cash_wholesaler", variant)
        rng = np.random.default_rng(variant)
        for each in in_cash.bookings:
            if each.code in ("SALE_B2B", "SUPPLIER") and rng.random() < 0.5:
                each.code, each.channel = ("CASH_DEP", "BR") if each.code == "SALE_B2B" else ("CASH_WD", "ATM")
                each.party = None
        one, other = firm("reciprocal", variant), firm("reciprocal", variant)
        for month in one.months:
            for week in range(2):
                for seller, buyer, day in ((one, other, 5 + 10 * week), (other, one, 7 + 10 * week)):
                    value = round(3 * LAKH * RUPEE * one.rng.uniform(0.97, 1.03))
                    deal(seller, buyer, month.replace(day=day), value, pay_days=int(one.rng.integers(20, 30)))
        stopped = firm("stopped_filing", variant)
        ring = [firm("staggered_ring", variant, 10) for _ in range(3)]
        for month in ring[0].months:
            at = (12 * month.year + month.month) % 3
            deal(ring[at], ring[(at + 1) % 3], month.replace(day=4), 40 * LAKH * RUPEE, pay_days=3)
        branches = firm("two_gstins", variant)
        for made in (two_banks, in_cash, one, other, stopped, *ring, branches):
            made.file(punctual(made))
        stopped.returns = [each for each in stopped.returns if each["period"] <= dt.date(2024, 11, 1)]
        branches.returns += [
            {**each, "gstin": each["gstin"][:-2] + "Q9", "return_id": each["return_id"] + "Q"}
            for each in branches.returns
        ]
    for made in firms:
        made.close()
    rows = rows_of(firms, _FIRST_TRANSACTION)
    return {name: frame_of(name, listed) for name, listed in rows.items()}, ids
