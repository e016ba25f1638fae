"""What a scenario is given and what it hands back."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from tests.msme_scenarios.books import LAST_PERIOD, Filing, Firm, Owner, add_months

LAKH = 100_000
T = TypeVar("T")
KINDS = (
    "inflated_turnover",
    "unsupported_credit",
    "unpaid_purchases",
    "circular_trading",
    "round_tripping",
    "nil_cash_tax",
    "gstr1_3b_gap",
)


@dataclass
class Stage:
    """One variant of one scenario: chance of its own, and firms numbered on."""

    variant: int
    rng: np.random.Generator
    next_number: int
    first_period: dt.date = field(init=False)

    def __post_init__(self) -> None:
        self.first_period = add_months(LAST_PERIOD, -int(self.rng.integers(23, 30)))

    def pick(self, *choices: T) -> T:
        """Choose by the variant, so that few variants already differ."""
        return choices[self.variant % len(choices)]

    def firm(
        self,
        sector: str,
        rate: int,
        *,
        owners: list[Owner] | None = None,
        has_savings: bool = False,
        new_since: dt.date | None = None,
    ) -> Firm:
        """Found a firm."""
        number, self.next_number = self.next_number, self.next_number + 1
        return Firm(
            number=number,
            prefix="SCN",
            rng=np.random.default_rng(self.rng.integers(2**62)),
            sector=sector,
            rate=rate,
            first_period=new_since or self.first_period,
            is_new=new_since is not None,
            owners=list(owners or []),
            has_savings=has_savings,
        )

    def fraud_start(self, firm: Firm) -> dt.date:
        """Every second variant was honest for its first third."""
        return firm.periods[0] if self.variant % 2 == 0 else firm.periods[len(firm.periods) // 3]


@dataclass(frozen=True)
class Member:
    """A firm of a scenario, its books not yet closed, and the truth about it."""

    firm: Firm
    role: str = "main"
    kinds: frozenset[str] = frozenset()
    arguable_kinds: frozenset[str] = frozenset()
    fraud_from: dt.date | None = None


def punctual(firm: Firm) -> Filing:
    """Files up to four days early, now and then a few days late; claims what 2B supports."""
    rng = firm.rng
    return Filing(late_days=lambda period: int(rng.integers(1, 9)) if rng.random() < 0.05 else -int(rng.integers(0, 5)))


def in_order(firm: Firm, draw: Callable[[dt.date], int]) -> Callable[[dt.date], int]:
    """Days late by period, such that no return is filed before the one of the month before it."""
    late: dict[dt.date, int] = {}
    floor = -10
    for period in firm.periods:
        late[period] = max(draw(period), floor)
        due = add_months(period, 1).replace(day=20)
        floor = late[period] - (add_months(due, 1) - due).days
    return late.__getitem__
