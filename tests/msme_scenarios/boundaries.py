"""One small business for each edge of an indicator, with what is expected of it written by hand beside it.

Each case has some months, by default January to April 2025, all alike: 100,000.00 of taxable supplies with
18,000.00 of tax, of which 9,000.00 is met by credit; 118,000.00 of receipts; filed on the due day. A case says
what is different, and expects one letter a month: for credit and lateness ``T``, ``F`` or ``-`` (NULL); for the
mismatch of turnover ``A`` (declared above bank), ``B`` (bank above declared), ``F`` or ``-``; ``.`` where there is
no GSTR-3B. The bank's days are 1 April 2024 to 31 December 2025.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tests.msme_scenarios.books import END, RUPEE, Firm, add_months, outsider, rows_of
from tests.msme_scenarios.landing import Frames, frame_of, write_landing

FIRST_TXN_ID = 8_000_000_001
BANK_FROM = dt.date(2024, 4, 1)
JANUARY = dt.date(2025, 1, 1)


class B(NamedTuple):
    """A booking; on the 15th of its month at noon unless ``at`` says else."""

    code: str
    rupees: str
    credit: bool = True
    account: str = "CUR"
    booked: bool = True
    at: str | None = None


@dataclass(frozen=True)
class Case:
    """What is different, and what is expected."""

    name: str
    itc: str = "FFFF"
    late: str = "FFFF"
    mismatch: str = "--FF"
    total: int = 0
    """True indicators of all periods."""
    affected: int = 0
    """Periods with at least one."""
    severity: str | None = None
    every: Mapping[str, Any] = field(default_factory=dict)
    """What is different in every month: figures of the return in rupees, ``days_late``, ``bookings``."""
    months: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """The same for one month, counted from 1; ``{"filed": False}`` leaves its returns out."""
    extra: Sequence[B] = ()
    """Bookings on top of the months' own; each needs ``at``."""
    first: dt.date = JANUARY


_PLAIN: dict[str, Any] = {
    "taxable_value": "100000.00",
    "zero_rated_value": "0.00",
    "exempt_value": "0.00",
    "output_tax": "18000.00",
    "input_tax_credit": "9000.00",
    "days_late": 0,
    "filed": True,
    "bookings": (B("SALE_B2B", "118000.00"),),
    "gstr_1": {},
}
# 140,000.00 declared and 100,000.00 received a month: 420,000.00 / 300,000.00 = 1.40 over three.
_AT_UPPER: dict[str, Any] = {"zero_rated_value": "22000.00", "bookings": (B("SALE_B2B", "100000.00"),)}
# 100,000.00 declared and 140,000.00 received a month: 300,000.00 / 420,000.00 = 1 / 1.40 over three.
_AT_LOWER: dict[str, Any] = {
    "taxable_value": "50000.00",
    "exempt_value": "41000.00",
    "output_tax": "9000.00",
    "input_tax_credit": "4500.00",
    "bookings": (B("SALE_B2B", "140000.00"),),
}
_NO_RECEIPTS = (
    B("LOAN_OUT", "118000.00"),
    B("OWN_IN", "118000.00"),
    B("REFUND_IN", "118000.00"),
    B("TAX_REFUND", "118000.00"),
    B("CAPITAL_IN", "118000.00"),
    B("INTEREST", "118000.00"),
    B("FUND_REDEEM", "118000.00"),
)
_ALL_THREE = {"input_tax_credit": "17500.00", "days_late": 45}


def _credit(rupees: str, output_tax: str = "18000.00") -> dict[int, dict[str, str]]:
    return {2: {"input_tax_credit": rupees, "output_tax": output_tax}}


CASES: tuple[Case, ...] = (
    Case("nothing is odd"),
    # -- input tax credit over output tax
    Case("credit is exactly 95.0 %", months=_credit("17100.00")),
    Case("credit is a paisa above 95 %", "FTFF", total=1, affected=1, severity="MEDIUM", months=_credit("17100.01")),
    Case(
        "credit is 95.004 %, 95.00 when rounded",
        "FTFF",
        total=1,
        affected=1,
        severity="MEDIUM",
        months=_credit("17100.72"),
    ),
    Case("credit is 95.1 %", "FTFF", total=1, affected=1, severity="MEDIUM", months=_credit("17118.00")),
    Case("credit is 94.9 %", months=_credit("17082.00")),
    Case("credit is a paisa below 95 %", months=_credit("17099.99")),
    Case("credit is exactly 95 % but binary fractions put it above", months=_credit("3.23", "3.40")),
    Case("credit is more than output tax", "FTFF", total=1, affected=1, severity="MEDIUM", months=_credit("25000.00")),
    Case("credit is nil", months=_credit("0.00")),
    Case(
        "output tax is nil, with credit",
        "F-FF",
        months={2: {"taxable_value": "0.00", "exempt_value": "118000.00", "output_tax": "0.00"}},
    ),
    Case(
        "output tax and credit are nil",
        "----",
        every={"taxable_value": "0.00", "exempt_value": "118000.00", "output_tax": "0.00", "input_tax_credit": "0.00"},
    ),
    Case(
        "output tax is a paisa, and so is credit",
        "FTFF",
        total=1,
        affected=1,
        severity="MEDIUM",
        months={
            2: {"taxable_value": "0.06", "exempt_value": "117999.93", "output_tax": "0.01", "input_tax_credit": "0.01"}
        },
    ),
    # -- lateness
    Case("filed 5 days before it is due", months={2: {"days_late": -5}}),
    Case("filed 1 day late", months={2: {"days_late": 1}}),
    Case("filed 29 days late", months={2: {"days_late": 29}}),
    Case("filed 30 days late", months={2: {"days_late": 30}}),
    Case("filed 31 days late", late="FTFF", total=1, affected=1, severity="MEDIUM", months={2: {"days_late": 31}}),
    Case("filed 75 days late", late="FTFF", total=1, affected=1, severity="MEDIUM", months={2: {"days_late": 75}}),
    Case(
        "GSTR-1 is late and twice as high, GSTR-3B is not",
        months={
            2: {"gstr_1": {"days_late": 60, "taxable_value": "200000.00", "output_tax": "36000.00"}},
            3: {"gstr_1": {"days_late": 60, "taxable_value": "200000.00", "output_tax": "36000.00"}},
        },
    ),
    # -- turnover against the bank: the upper edge
    Case("declared is exactly 1.40 x receipts", every=_AT_UPPER),
    Case(
        "declared is a paisa above 1.40 x",
        mismatch="--FA",
        total=1,
        affected=1,
        severity="MEDIUM",
        every=_AT_UPPER,
        months={4: {"exempt_value": "0.01"}},
    ),
    Case("declared is a paisa below 1.40 x", every=_AT_UPPER, months={3: {"zero_rated_value": "21999.99"}}),
    Case(
        "receipts are a paisa too low for 1.40 x",
        mismatch="--AA",
        total=2,
        affected=2,
        severity="MEDIUM",
        every=_AT_UPPER,
        months={2: {"bookings": (B("SALE_B2B", "99999.99"),)}},
    ),
    Case(
        "receipts are a paisa above what 1.40 x needs",
        every=_AT_UPPER,
        months={2: {"bookings": (B("SALE_B2B", "100000.01"),)}},
    ),
    # -- and the lower
    Case("receipts are exactly 1.40 x declared", every=_AT_LOWER),
    Case(
        "receipts are a paisa above 1.40 x declared",
        mismatch="--FB",
        total=1,
        affected=1,
        severity="MEDIUM",
        every=_AT_LOWER,
        months={4: {"bookings": (B("SALE_B2B", "140000.01"),)}},
    ),
    Case(
        "receipts are a paisa below 1.40 x declared",
        every=_AT_LOWER,
        months={4: {"bookings": (B("SALE_B2B", "139999.99"),)}},
    ),
    Case(
        "declared is a paisa too low for 1 / 1.40",
        mismatch="--FB",
        total=1,
        affected=1,
        severity="MEDIUM",
        every=_AT_LOWER,
        months={4: {"exempt_value": "40999.99"}},
    ),
    Case("declared is a paisa above what 1 / 1.40 needs", every=_AT_LOWER, months={4: {"exempt_value": "41000.01"}}),
    # -- what counts as a receipt
    Case("no receipts at all", mismatch="--AA", total=2, affected=2, severity="MEDIUM", every={"bookings": ()}),
    Case(
        "only money that is no receipt",
        mismatch="--AA",
        total=2,
        affected=2,
        severity="MEDIUM",
        every={"bookings": _NO_RECEIPTS},
    ),
    Case(
        "money that is no receipt on top of receipts", every={"bookings": (B("SALE_B2B", "118000.00"), *_NO_RECEIPTS)}
    ),
    Case(
        "every code of receipts",
        months={
            1: {"bookings": (B("SALE_RETAIL", "118000.00"),)},
            2: {"bookings": (B("SALE_EXPORT", "118000.00"),)},
            3: {"bookings": (B("SALE_ONDC", "118000.00"),)},
            4: {"bookings": (B("CASH_DEP", "118000.00"),)},
        },
    ),
    Case(
        "a debit under a code of sales takes nothing away",
        every={"bookings": (B("SALE_B2B", "118000.00"), B("SALE_B2B", "60000.00", credit=False))},
    ),
    Case(
        "refunds given are a paisa too many",
        mismatch="--FA",
        total=1,
        affected=1,
        severity="MEDIUM",
        every=_AT_UPPER,
        months={4: {"bookings": (B("SALE_B2B", "100000.00"), B("REFUND_OUT", "0.01", credit=False))}},
    ),
    Case(
        "refunds given bring receipts back to 1.40 x",
        every=_AT_LOWER,
        months={4: {"bookings": (B("SALE_B2B", "140000.01"), B("REFUND_OUT", "0.01", credit=False))}},
    ),
    Case(
        "refunds given exceed receipts",
        mismatch="--AA",
        total=2,
        affected=2,
        severity="MEDIUM",
        every={"bookings": (B("SALE_RETAIL", "50000.00"), B("REFUND_OUT", "60000.00", credit=False))},
    ),
    Case(
        "receipts on the owner's savings account",
        mismatch="--AA",
        total=2,
        affected=2,
        severity="MEDIUM",
        every={"bookings": (B("SALE_RETAIL", "118000.00", account="SAV"),)},
    ),
    Case(
        "refunds given from the owner's savings account",
        every=_AT_UPPER,
        extra=(B("REFUND_OUT", "500.00", credit=False, account="SAV", at="2025-03-10T12:00:00"),),
    ),
    Case("receipts on an overdraft", every={"bookings": (B("SALE_B2B", "118000.00", account="OD"),)}),
    Case(
        "receipts on two accounts",
        every={"bookings": (B("SALE_B2B", "59000.00", account="OD"), B("SALE_B2B", "59000.00"))},
    ),
    Case(
        "receipts that failed",
        mismatch="--AA",
        total=2,
        affected=2,
        severity="MEDIUM",
        every={"bookings": (B("SALE_B2B", "118000.00", booked=False),)},
    ),
    Case(
        "refunds given that failed",
        every=_AT_UPPER,
        extra=(B("REFUND_OUT", "500.00", credit=False, booked=False, at="2025-03-10T12:00:00"),),
    ),
    # -- the window
    Case(
        "the paisa comes in the last second of January",
        mismatch="--FA",
        total=1,
        affected=1,
        severity="MEDIUM",
        every=_AT_UPPER,
        months={2: {"bookings": (B("SALE_B2B", "99999.99"),)}},
        extra=(B("SALE_B2B", "0.01", at="2025-01-31T23:59:59"),),
    ),
    Case(
        "the paisa comes in the first second of February",
        every=_AT_UPPER,
        months={2: {"bookings": (B("SALE_B2B", "99999.99"),)}},
        extra=(B("SALE_B2B", "0.01", at="2025-02-01T00:00:00"),),
    ),
    Case(
        "the paisa comes in the last second of April",
        mismatch="--AF",
        total=1,
        affected=1,
        severity="MEDIUM",
        every=_AT_UPPER,
        months={2: {"bookings": (B("SALE_B2B", "99999.99"),)}},
        extra=(B("SALE_B2B", "0.01", at="2025-04-30T23:59:59"),),
    ),
    Case(
        "the paisa comes in the first second of May",
        mismatch="--AA",
        total=2,
        affected=2,
        severity="MEDIUM",
        every=_AT_UPPER,
        months={2: {"bookings": (B("SALE_B2B", "99999.99"),)}},
        extra=(B("SALE_B2B", "0.01", at="2025-05-01T00:00:00"),),
    ),
    Case("two returns make no window", "FF", "FF", "--", every={"bookings": ()}),
    Case(
        "the return of March is missing",
        "FF.FFF",
        "FF.FFF",
        "--.--A",
        total=1,
        affected=1,
        severity="MEDIUM",
        every={"bookings": ()},
        months={3: {"filed": False}},
    ),
    Case("two months lie before the bank's days", "FFFFFF", "FFFFFF", "----FF", first=dt.date(2024, 2, 1)),
    Case(
        "nil returns and receipts",
        "----",
        mismatch="--BB",
        total=2,
        affected=2,
        severity="MEDIUM",
        every={"taxable_value": "0.00", "output_tax": "0.00", "input_tax_credit": "0.00"},
    ),
    Case(
        "nil returns and nil receipts",
        "----",
        every={"taxable_value": "0.00", "output_tax": "0.00", "input_tax_credit": "0.00", "bookings": ()},
    ),
    Case(
        "nil returns and refunds given",
        "----",
        every={
            "taxable_value": "0.00",
            "output_tax": "0.00",
            "input_tax_credit": "0.00",
            "bookings": (B("REFUND_OUT", "500.00", credit=False),),
        },
    ),
    # -- severity
    Case(
        "five indicators in five periods",
        "TTTTTF",
        "FFFFFF",
        "--FFFF",
        total=5,
        affected=5,
        severity="MEDIUM",
        every={"input_tax_credit": "17500.00"},
        months={6: {"input_tax_credit": "9000.00"}},
    ),
    Case(
        "six indicators in six periods",
        "TTTTTT",
        "FFFFFF",
        "--FFFF",
        total=6,
        affected=6,
        severity="HIGH",
        every={"input_tax_credit": "17500.00"},
    ),
    Case(
        "five indicators in two periods",
        "FFTT",
        "FFTF",
        "--AA",
        total=5,
        affected=2,
        severity="MEDIUM",
        every={"bookings": ()},
        months={3: _ALL_THREE, 4: {"input_tax_credit": "17500.00"}},
    ),
    Case(
        "six indicators in two periods",
        "FFTT",
        "FFTT",
        "--AA",
        total=6,
        affected=2,
        severity="HIGH",
        every={"bookings": ()},
        months={3: _ALL_THREE, 4: _ALL_THREE},
    ),
)


@dataclass(frozen=True)
class BoundaryPack:
    """Landing frames by ``source.table``, the expected indicators by return, the expected verdict by business."""

    frames: Frames
    expected: pd.DataFrame
    expected_severity: pd.DataFrame


def build_boundaries() -> BoundaryPack:
    """All cases.

    Returns
    -------
    BoundaryPack
        ``expected`` has ``business_id, case, period, itc_ratio_high, late_filing, turnover_mismatch,
        mismatch_direction``; ``expected_severity`` has ``business_id, case, fraud_detected, fraud_severity,
        total_indicators, affected_periods``; both sorted by business (and period), as the reference is.
    """
    firms, expected, verdicts = [], [], []
    for number, case in enumerate(CASES, 1):
        firm = _firm(case, number)
        firms.append(firm)
        for n, letters in enumerate(zip(case.itc, case.late, case.mismatch, strict=True)):
            if "." in letters:
                continue
            itc, late, mismatch = letters
            expected.append(
                {
                    "business_id": firm.business_id,
                    "case": case.name,
                    "period": add_months(case.first, n),
                    "itc_ratio_high": {"T": True, "F": False, "-": None}[itc],
                    "late_filing": {"T": True, "F": False}[late],
                    "turnover_mismatch": {"A": True, "B": True, "F": False, "-": None}[mismatch],
                    "mismatch_direction": {"A": "declared_above_bank", "B": "bank_above_declared"}.get(mismatch),
                }
            )
        verdicts.append(
            {
                "business_id": firm.business_id,
                "case": case.name,
                "fraud_detected": case.severity is not None,
                "fraud_severity": case.severity,
                "total_indicators": case.total,
                "affected_periods": case.affected,
            }
        )
    rows = rows_of(firms, FIRST_TXN_ID)
    frame = pd.DataFrame(expected)
    for name in ("itc_ratio_high", "late_filing", "turnover_mismatch"):
        frame[name] = frame[name].astype("boolean")
    return BoundaryPack({name: frame_of(name, of) for name, of in rows.items()}, frame, pd.DataFrame(verdicts))


def write_boundaries(folder: Path) -> BoundaryPack:
    """Write the landing folder of the cases; give what is expected with it."""
    pack = build_boundaries()
    write_landing(pack.frames, folder)
    return pack


def _firm(case: Case, number: int) -> Firm:
    """The books of one case."""
    firm = Firm(number, "BND", np.random.default_rng([4, number]), "Retail", 18, BANK_FROM, is_new=True, lives=False)
    buyer, supplier = outsider(firm.rng), outsider(firm.rng)
    for day in (BANK_FROM, END):  # so that the bank's days are the same for all
        firm.book(day, "FEE", RUPEE, credit=False, at=dt.time(12))
    for n in range(len(case.itc)):
        month = add_months(case.first, n)
        facts = {**_PLAIN, **case.every, **case.months.get(n + 1, {})}
        due_1, due_3b = add_months(month, 1).replace(day=11), add_months(month, 1).replace(day=20)
        names = ("taxable_value", "zero_rated_value", "exempt_value", "output_tax")
        own = {name: paise(facts[name]) for name in names}
        credit = paise(facts["input_tax_credit"])
        used = min(credit, own["output_tax"])
        paid = {"input_tax_credit": credit, "tax_paid_credit": used, "tax_paid_cash": own["output_tax"] - used}
        filed_3b = due_3b + dt.timedelta(days=facts["days_late"])
        first = own | {name: paise(facts["gstr_1"][name]) for name in names if name in facts["gstr_1"]}
        late_1 = facts["gstr_1"].get("days_late", min(facts["days_late"], 0))
        if facts["filed"]:
            firm.add_return("GSTR-1", month, due_1, due_1 + dt.timedelta(days=late_1), first)
            firm.add_return("GSTR-3B", month, due_3b, filed_3b, own | paid)
            firm.book(filed_3b, "TAX", paid["tax_paid_cash"], credit=False, at=dt.time(12))
        middle = month.replace(day=15)
        if first["taxable_value"]:
            firm.sell(middle, first["taxable_value"], buyer=buyer, tax=first["output_tax"])
        if first["zero_rated_value"]:
            firm.sell(middle, first["zero_rated_value"], buyer=buyer, supply="EXP")
        if credit:
            firm.buy(middle, credit * 100 // 18, supplier=supplier, rate=18, tax=credit, paid=[(middle, 1.0)])
        for booking in facts["bookings"]:
            _book(firm, booking, dt.datetime.combine(middle, dt.time(12)))
    for booking in case.extra:
        if booking.at is None:
            raise ValueError(f"{case.name}: a booking of its own needs a time")
        _book(firm, booking, None)
    if number == 1:
        _fill_other_tables(firm)
    firm.close()
    return firm


def _fill_other_tables(firm: Firm) -> None:
    """One row of each table that no case is about: a file without rows is refused."""
    day, key = dt.date(2024, 6, 3), {"business_id": firm.business_id}
    firm.borrow(day, 200_000 * RUPEE, 24, 1200)
    fund = {"portfolio_id": "MFBND1", "fund_name": "Short Term Debt", "category": "DEBT", "started_on": day}
    worth = {"statement_date": dt.date(2025, 11, 30), "invested_amount": 5_000_000, "current_value": 5_200_000}
    policy = {"policy_no": "POBND1", "policy_type": "FIRE", "insurer": "United General", "status": "ACTIVE"}
    term = {"started_on": day, "ends_on": dt.date(2026, 6, 2), "coverage_amount": 90_000_000, "annual_premium": 500_000}
    asked = {"application_id": "OCBND1", "applied_on": day, "lender": "Setu Credit", "requested_amount": 9_000_000}
    order = {"order_id": "ONBND1", "ordered_at": dt.datetime(2024, 6, 3, 12), "items_count": 1, "order_value": 50_000}
    firm.documents["mutual_funds"].append(key | fund | worth)
    firm.documents["policies"].append(key | policy | term | {"updated_on": day})
    firm.documents["ocen_applications"].append(key | asked | {"updated_on": day, "status": "PENDING"})
    firm.orders.append(key | order | {"updated_on": day, "status": "CANCELLED"})


def _book(firm: Firm, booking: B, usual: dt.datetime | None) -> None:
    at = dt.datetime.fromisoformat(booking.at) if booking.at else usual
    assert at is not None
    firm.book(
        at.date(),
        booking.code,
        paise(booking.rupees),
        credit=booking.credit,
        account=booking.account,
        booked=booking.booked,
        at=at.time(),
    )


def paise(rupees: str) -> int:
    """Whole paise of an amount written with two decimals."""
    return int(Decimal(rupees) * RUPEE)
