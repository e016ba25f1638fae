"""The books of one small business: what it sells, buys, books and files, in whole paise.

A firm records; what it does, and why, is told by ``trading``, ``innocents`` and ``frauds``. ``rows_of`` turns the
books into rows of the landing files: only what the bank and the network know at the end of ``END``.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

END = dt.date(2025, 12, 31)
LAST_PERIOD = dt.date(2025, 11, 1)
WARM_UP_MONTHS = 4
RUPEE = 100

Payments = Sequence[tuple[dt.date, float]]
"""Days of payment with their shares of the invoice; shares that add up to less than 1 leave it open."""

_CHANNELS = {
    "SALE_B2B": "NEFT",
    "SALE_RETAIL": "UPI",
    "SALE_EXPORT": "RTGS",
    "SALE_ONDC": "NEFT",
    "CASH_DEP": "BR",
    "CASH_WD": "ATM",
    "REFUND_OUT": "UPI",
    "REFUND_IN": "NEFT",
    "SUPPLIER": "NEFT",
    "LOAN_OUT": "RTGS",
}
_STATES = {
    "MH": ("27", "Pune", "411001"),
    "GJ": ("24", "Surat", "395003"),
    "KA": ("29", "Hubballi", "580020"),
    "TN": ("33", "Tiruppur", "641601"),
    "DL": ("07", "Delhi", "110006"),
    "UP": ("09", "Kanpur", "208001"),
    "RJ": ("08", "Jaipur", "302003"),
    "WB": ("19", "Howrah", "711101"),
}
_NAMES = {
    "F": ("Asha", "Kavita", "Meena", "Rekha", "Lata", "Nirmala", "Farida", "Geeta", "Shalini", "Usha"),
    "M": ("Ramesh", "Suresh", "Imran", "Vijay", "Anil", "Prakash", "Joseph", "Harish", "Mohan", "Dinesh"),
}
_FAMILIES = ("Patil", "Shah", "Gowda", "Iyer", "Khan", "Verma", "Mehta", "Bose", "Rathore", "Naidu", "Thomas", "Joshi")
_FIRST_WORDS = ("Shree", "Om", "New", "Royal", "Sai", "Bharat", "Modern", "Unique", "Jai", "Star", "Green", "Deccan")
_TRADES = {
    "Retail": "Stores",
    "Wholesale": "Trading Co",
    "Manufacturing": "Industries",
    "Food": "Foods",
    "Textiles": "Textiles",
    "Services": "Services",
    "Transport": "Logistics",
    "Construction": "Infra",
}
_LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Party:
    """The other side of an invoice or a booking."""

    name: str
    gstin: str | None
    account_no: str


@dataclass(frozen=True)
class Owner:
    """A person who owns businesses; none exists."""

    owner_id: str
    first_name: str
    last_name: str
    sex: str
    birth_date: dt.date
    pan: str
    phone: str


@dataclass
class Invoice:
    """One invoice as the firm sees it; ``claimed_in`` is the month whose GSTR-3B takes the credit."""

    direction: str
    number: str
    party: Party | None
    supply: str
    day: dt.date
    due: dt.date | None
    taxable: int
    tax: int
    period: dt.date
    claimed_in: dt.date


@dataclass
class Booking:
    """One booking, before it has a number and a balance."""

    account: str
    at: dt.datetime
    credit: bool
    paise: int
    code: str
    channel: str | None
    party: Party | None
    booked: bool = True


@dataclass
class Filing:
    """How a firm files; each function is given the first day of the period."""

    late_days: Callable[[dt.date], int]
    claim: Callable[[dt.date, int, int], int] = lambda period, output, supported: supported
    """(period, output tax, credit that 2B supports) -> credit claimed, paise."""
    declared_share: Callable[[dt.date], float] = lambda period: 1.0
    """Share of the GSTR-1 that the GSTR-3B owns up to."""
    refunds_credit: bool = False
    """Whether credit left over is paid out, as to an exporter."""


@dataclass
class Firm:
    """A business, its owners and its books."""

    number: int
    prefix: str
    rng: np.random.Generator
    sector: str
    rate: int
    first_period: dt.date
    is_new: bool = False
    owners: list[Owner] = field(default_factory=list)
    has_savings: bool = False
    invoices: list[Invoice] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    returns: list[dict[str, Any]] = field(default_factory=list)
    loans: list[dict[str, Any]] = field(default_factory=list)
    payments_due: list[dict[str, Any]] = field(default_factory=list)
    payments_made: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    overdraft_limit: int | None = None
    documents: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"mutual_funds": [], "policies": [], "ocen_applications": []}
    )
    lives: bool = True
    """Whether the owner draws, saves and insures at closing; a boundary case does nothing of its own."""

    def __post_init__(self) -> None:
        rng = self.rng
        self.business_id = f"CUST_{self.prefix}_{self.number:03d}"
        self.constitution = str(rng.choice(["PROPRIETORSHIP", "PARTNERSHIP", "PRIVATE_LIMITED"], p=[0.5, 0.2, 0.3]))
        self.state = str(rng.choice(list(_STATES)))
        entity = {"PROPRIETORSHIP": "P", "PARTNERSHIP": "F", "PRIVATE_LIMITED": "C"}[self.constitution]
        self.pan = pan(rng, entity)
        self.gstin = gstin(_STATES[self.state][0], self.pan)
        self.name = f"{rng.choice(_FIRST_WORDS)} {rng.choice(_FAMILIES)} {_TRADES[self.sector]} {self.number:03d}"
        self.since = (
            self.first_period if self.is_new else self.first_period - dt.timedelta(days=int(rng.integers(400, 4000)))
        )
        if not self.owners:
            people = 1 if self.constitution == "PROPRIETORSHIP" else 2
            self.owners = [owner(rng, f"OWN_{self.prefix}_{self.number:03d}_{n}") for n in range(1, people + 1)]
        self._numbers = {"OUTWARD": 0, "INWARD": 0}

    # -- who and when

    def account_no(self, account: str) -> str:
        """Number of the firm's account CUR, OD, SAV, or TL1, TL2 and so on."""
        kind = account.rstrip("0123456789")
        code = {"CUR": "1", "OD": "2", "SAV": "3", "TL": "4"}[kind]
        return f"{self.prefix}{code}{self.number:05d}{account[len(kind) :] or '0'}"

    @property
    def party(self) -> Party:
        """The firm as others see it."""
        return Party(self.name, self.gstin, self.account_no("CUR"))

    @property
    def months(self) -> list[dt.date]:
        """Months of trade: some before the first period, unless the firm is new, until the last bank day."""
        start = self.first_period if self.is_new else add_months(self.first_period, -WARM_UP_MONTHS)
        return months_between(start, END)

    @property
    def periods(self) -> list[dt.date]:
        """Months for which returns are due and come into the files."""
        return months_between(self.first_period, LAST_PERIOD)

    def day_in(self, month: dt.date, first: int = 1, last: int = 28) -> dt.date:
        """A day of the month, chance decides."""
        return month.replace(day=int(self.rng.integers(first, last + 1)))

    # -- money

    def book(
        self,
        day: dt.date,
        code: str,
        paise: int,
        *,
        credit: bool,
        party: Party | None = None,
        channel: str | None = None,
        account: str = "CUR",
        booked: bool = True,
        at: dt.time | None = None,
    ) -> None:
        """Book on an account, if the day lies within the bank's days."""
        if paise <= 0 or not self.first_period <= day <= END:
            return
        at = at or dt.time(int(self.rng.integers(9, 19)), int(self.rng.integers(60)), int(self.rng.integers(60)))
        stamp = dt.datetime.combine(day, at)
        channel = channel or _CHANNELS.get(code, "NEFT")
        self.bookings.append(Booking(account, stamp, credit, int(paise), code, channel, party, booked))

    def borrow(self, day: dt.date, principal: int, months: int, rate_hundredths: int) -> None:
        """Take a loan; instalments are announced 30 days ahead and all paid."""
        number = self.account_no(f"TL{len(self.loans) + 1}")
        monthly = rate_hundredths / 10_000 / 12
        instalment = round(principal * monthly / (1 - (1 + monthly) ** -months))
        dues = [add_months(day.replace(day=min(day.day, 28)), n) for n in range(1, months + 1)]
        self.loans.append(
            {
                "loan_account_no": number,
                "business_id": self.business_id,
                "settlement_account_no": self.account_no("CUR"),
                "granted_on": day,
                "principal": principal,
                "term_months": months,
                "instalment": instalment,
                "interest_rate": rate_hundredths,
                "purpose": "Equipment",
                "matures_on": dues[-1],
            }
        )
        self.book(day, "LOAN_OUT", principal, credit=True, party=Party("Loan account", None, number))
        for n, due in enumerate(dues, 1):
            announced = max(day, due - dt.timedelta(days=30))
            payment = {"payment_id": f"{number}-{n:03d}", "loan_account_no": number}
            if announced <= END:
                self.payments_due.append(
                    {**payment, "due_date": due, "amount_due": instalment, "announced_on": announced}
                )
            if due <= END:
                self.payments_made.append({**payment, "paid_date": due, "amount_paid": instalment})
                self.book(due, "EMI", instalment, credit=False, party=Party("Loan account", None, number))

    # -- invoices

    def sell(
        self,
        day: dt.date,
        taxable: int,
        *,
        buyer: Party | None = None,
        supply: str = "B2B",
        paid: Payments = (),
        due: dt.date | None = None,
        tax: int | None = None,
    ) -> Invoice:
        """Issue an invoice; the buyer's payments are booked."""
        if tax is None:
            tax = 0 if supply == "EXP" else tax_on(taxable, self.rate)
        self._numbers["OUTWARD"] += 1
        month = day.replace(day=1)
        prefix = {"B2B": "INV", "B2C": "B2C", "EXP": "EXP"}[supply]
        number = f"{prefix}/{self.number:03d}/{self._numbers['OUTWARD']:05d}"
        invoice = Invoice("OUTWARD", number, buyer, supply, day, due, taxable, tax, month, month)
        self.invoices.append(invoice)
        code = "SALE_EXPORT" if supply == "EXP" else "SALE_B2B"
        payer = Party("Overseas buyer", None, buyer.account_no) if supply == "EXP" and buyer else buyer
        for at, amount in split(taxable + tax, paid):
            self.book(at, code, amount, credit=True, party=payer)
            if self.rng.random() < 0.01:
                self.book(at, code, amount, credit=True, party=payer, booked=False)
        return invoice

    def buy(
        self,
        day: dt.date,
        taxable: int,
        *,
        supplier: Party,
        rate: int,
        paid: Payments = (),
        due: dt.date | None = None,
        number: str | None = None,
        account: str = "CUR",
        reported_months_late: int = 0,
        claimed_months_late: int = 0,
        tax: int | None = None,
    ) -> Invoice:
        """Take an invoice of a supplier, whose return shows it in 2B; its payments are booked."""
        self._numbers["INWARD"] += 1
        number = number or f"P/{self._numbers['INWARD']:05d}"
        period = add_months(day.replace(day=1), reported_months_late)
        claimed = add_months(period, claimed_months_late)
        tax = tax_on(taxable, rate) if tax is None else tax
        invoice = Invoice("INWARD", number, supplier, "B2B", day, due, taxable, tax, period, claimed)
        self.invoices.append(invoice)
        for at, amount in split(taxable + invoice.tax, paid):
            self.book(at, "SUPPLIER", amount, credit=False, party=supplier, account=account)
        return invoice

    # -- returns

    def output(self, period: dt.date) -> dict[str, int]:
        """Supplies of a month by the invoices."""
        mine = [invoice for invoice in self.invoices if invoice.direction == "OUTWARD" and invoice.period == period]
        return {
            "taxable_value": sum(invoice.taxable for invoice in mine if invoice.supply != "EXP"),
            "zero_rated_value": sum(invoice.taxable for invoice in mine if invoice.supply == "EXP"),
            "exempt_value": 0,
            "output_tax": sum(invoice.tax for invoice in mine),
        }

    def supported_credit(self, period: dt.date) -> int:
        """Tax on the purchases whose credit belongs to the month."""
        return sum(
            invoice.tax for invoice in self.invoices if invoice.direction == "INWARD" and invoice.claimed_in == period
        )

    def file(self, filing: Filing) -> None:
        """File GSTR-1 and GSTR-3B of every period, pay the tax left over, and leave out what is not yet filed."""
        ledger = 0
        for period in self.periods:
            supplies = self.output(period)
            late = filing.late_days(period)
            due_1, due_3b = add_months(period, 1).replace(day=11), add_months(period, 1).replace(day=20)
            filed_3b = due_3b + dt.timedelta(days=late)
            filed_1 = min(filed_3b, due_1 + dt.timedelta(days=late if late > 0 else -int(self.rng.integers(0, 4))))
            share = filing.declared_share(period)
            declared = {name: round(value * share) for name, value in supplies.items()}
            output = declared["output_tax"]
            claimed = filing.claim(period, output, self.supported_credit(period))
            ledger += claimed
            used = min(ledger, output)
            ledger -= used
            self.add_return("GSTR-1", period, due_1, filed_1, supplies)
            self.add_return(
                "GSTR-3B",
                period,
                due_3b,
                filed_3b,
                declared | {"input_tax_credit": claimed, "tax_paid_credit": used, "tax_paid_cash": output - used},
            )
            self.book(filed_3b, "TAX", output - used, credit=False)
            if late > 0:
                self.book(filed_3b, "FEE", min(late, 40) * 50 * RUPEE, credit=False)
            if filing.refunds_credit and ledger > 0:
                self.book(
                    filed_3b + dt.timedelta(days=int(self.rng.integers(25, 60))), "TAX_REFUND", ledger, credit=True
                )
                ledger = 0

    def add_return(
        self, kind: str, period: dt.date, due: dt.date, filed: dt.date, figures: dict[str, int | None]
    ) -> None:
        """Add a return, if it was filed by the last day; paise."""
        if filed <= END:
            self.returns.append(
                {
                    "return_id": f"AR{self.prefix}{self.number:05d}{period:%Y%m}{'1' if kind == 'GSTR-1' else '3'}",
                    "business_id": self.business_id,
                    "gstin": self.gstin,
                    "return_type": kind,
                    "period": period,
                    "due_date": due,
                    "filed_on": filed,
                    **figures,
                }
            )

    # -- closing

    def close(self) -> None:
        """Let the owner draw what is left over, and give the accounts what they need to stay within their limits."""
        self.opening = {"CUR": 0, "OD": 0, "SAV": 0}
        if self.lives:
            self._take_documents()
            self._draw()
        for account in {booking.account for booking in self.bookings} - {"OD"}:
            low = self._lowest(account)
            need = max(0, -low) + int(self.rng.integers(20_000, 90_000)) * RUPEE
            if account == "CUR" and self.is_new:
                self.book(self.first_period, "CAPITAL_IN", need, credit=True, at=dt.time(8, 0))
            else:
                self.opening[account] = need
        if any(booking.account == "OD" for booking in self.bookings):
            low = self._lowest("OD")
            self.overdraft_limit = (max(0, -low) // (100_000 * RUPEE) + 1) * 100_000 * RUPEE

    def _take_documents(self) -> None:
        """A few funds, policies and applications, their payments booked; they say nothing of fraud."""
        rng = self.rng
        key = f"{self.prefix}{self.number:05d}"
        for n in range(int(rng.integers(0, 3))):
            monthly = int(rng.integers(2, 12)) * 500 * RUPEE
            invested = monthly * len(self.periods)
            for period in self.periods:
                self.book(period.replace(day=7), "FUND_SIP", monthly, credit=False)
            self.documents["mutual_funds"].append(
                {
                    "portfolio_id": f"MF{key}{n}",
                    "business_id": self.business_id,
                    "statement_date": dt.date(2025, 11, 30),
                    "fund_name": str(rng.choice(["Bluechip Growth", "Short Term Debt", "Balanced Advantage"])),
                    "category": str(rng.choice(["EQUITY", "DEBT", "HYBRID"])),
                    "invested_amount": invested,
                    "current_value": int(invested * rng.uniform(0.9, 1.3)),
                    "started_on": self.first_period.replace(day=7),
                }
            )
        for n in range(int(rng.integers(0, 3))):
            started = self.day_in(dt.date(2025, int(rng.integers(5, 11)), 1))
            premium = int(rng.integers(8, 60)) * 500 * RUPEE
            self.book(started, "INSURANCE", premium, credit=False)
            self.documents["policies"].append(
                {
                    "policy_no": f"PO{key}{n}",
                    "business_id": self.business_id,
                    "updated_on": started,
                    "policy_type": str(rng.choice(["FIRE", "STOCK", "LIABILITY", "KEYMAN"])),
                    "insurer": str(rng.choice(["United General", "National Mutual"])),
                    "coverage_amount": premium * 80,
                    "annual_premium": premium,
                    "started_on": started,
                    "ends_on": started + dt.timedelta(days=364),
                    "status": "ACTIVE",
                }
            )
        if rng.random() < 0.4:
            applied = self.day_in(dt.date(2025, int(rng.integers(4, 11)), 1))
            asked = int(rng.integers(2, 20)) * 100_000 * RUPEE
            is_approved = bool(rng.random() < 0.5)
            row = {
                "application_id": f"OC{key}",
                "business_id": self.business_id,
                "applied_on": applied,
                "lender": str(rng.choice(["Udaan Finance", "Setu Credit"])),
                "requested_amount": asked,
                "purpose": "Working capital",
            }
            decided = {"approved_amount": asked * 8 // 10, "interest_rate": 1450} if is_approved else {}
            decided |= {"updated_on": applied + dt.timedelta(days=6)}
            decided |= {"status": "APPROVED" if is_approved else "REJECTED"}
            pending = {"updated_on": applied, "status": "PENDING"}
            self.documents["ocen_applications"] += [row | pending, row | decided]

    def _lowest(self, account: str) -> int:
        balance = lowest = 0
        for booking in sorted((b for b in self.bookings if b.account == account and b.booked), key=lambda b: b.at):
            balance += booking.paise if booking.credit else -booking.paise
            lowest = min(lowest, balance)
        return lowest

    def _draw(self) -> None:
        flows: dict[dt.date, int] = {}
        outflow = 0
        for booking in self.bookings:
            if booking.account == "CUR" and booking.booked:
                month = booking.at.date().replace(day=1)
                flows[month] = flows.get(month, 0) + (booking.paise if booking.credit else -booking.paise)
                outflow += 0 if booking.credit else booking.paise
        months = months_between(self.first_period, END)
        reserve = outflow // (3 * len(months))
        balance = 0 if self.is_new else reserve
        for month in months:
            balance += flows.get(month, 0)
            drawn = (balance - reserve) * 7 // 10
            if drawn > 1000 * RUPEE:
                drawn -= drawn % (100 * RUPEE)
                day = min(add_months(month, 1) - dt.timedelta(days=1), END)
                party = None
                if self.has_savings:
                    party = Party("Owner", None, self.account_no("SAV"))
                    self.book(day, "OWN_IN", drawn, credit=True, account="SAV", party=self.party, at=dt.time(19, 31))
                self.book(day, "DRAWINGS", drawn, credit=False, party=party, at=dt.time(19, 30))
                balance -= drawn


def rows_of(firms: Sequence[Firm], first_txn_id: int) -> dict[str, list[dict[str, Any]]]:
    """Rows of all thirteen tables for firms whose books are closed.

    Parameters
    ----------
    firms
        Closed.
    first_txn_id : int
        Number of the first booking; packs that share a database need ranges of their own.
    """
    rows: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in (
            "msme_bank.businesses",
            "msme_bank.owners",
            "msme_bank.accounts",
            "msme_bank.transactions",
            "msme_bank.loans",
            "msme_bank.payments_due",
            "msme_bank.payments_made",
            "gst_network.gst_returns",
            "gst_network.gst_invoices",
            "open_networks.mutual_funds",
            "open_networks.policies",
            "open_networks.ocen_applications",
            "open_networks.ondc_orders",
        )
    }
    booked: list[tuple[dt.datetime, Firm, Booking]] = []
    for firm in firms:
        rows["msme_bank.businesses"].append(_business(firm))
        rows["msme_bank.owners"] += _owners(firm)
        rows["msme_bank.accounts"] += _accounts(firm)
        rows["msme_bank.loans"] += firm.loans
        rows["msme_bank.payments_due"] += firm.payments_due
        rows["msme_bank.payments_made"] += firm.payments_made
        rows["gst_network.gst_returns"] += firm.returns
        rows["gst_network.gst_invoices"] += _invoices(firm)
        rows["open_networks.ondc_orders"] += firm.orders
        for table, documents in firm.documents.items():
            rows[f"open_networks.{table}"] += documents
        booked += [(booking.at, firm, booking) for booking in firm.bookings]
    booked.sort(key=lambda item: item[0])
    balances: dict[str, int] = {}
    for number, (_, firm, booking) in enumerate(booked, first_txn_id):
        account = firm.account_no(booking.account)
        balance = balances.setdefault(account, firm.opening.get(booking.account, 0))
        if booking.booked:
            balance += booking.paise if booking.credit else -booking.paise
            balances[account] = balance
        party = booking.party
        rows["msme_bank.transactions"].append(
            {
                "txn_id": number,
                "account_no": account,
                "booked_at": booking.at,
                "dr_cr": "C" if booking.credit else "D",
                "amount": booking.paise,
                "currency": "INR",
                "txn_code": booking.code,
                "channel_code": booking.channel,
                "counterparty_account_no": party.account_no if party else None,
                "counterparty_name": party.name if party else None,
                "counterparty_gstin": party.gstin if party else None,
                "status": "BOOKED" if booking.booked else "FAILED",
                "balance_after": balance,
            }
        )
    return rows


def _business(firm: Firm) -> dict[str, Any]:
    _, city, postcode = _STATES[firm.state]
    return {
        "business_id": firm.business_id,
        "updated_on": firm.since,
        "business_name": firm.name,
        "gstin": firm.gstin,
        "pan": firm.pan,
        "sector": firm.sector,
        "constitution": firm.constitution,
        "incorporated_on": firm.since - dt.timedelta(days=20),
        "customer_since": firm.since,
        "phone": f"+91-80{firm.number:04d}{int(firm.pan[5:9]):04d}",
        "email": f"office@{firm.prefix.lower()}{firm.number:03d}.example",
        "address": f"{firm.number} Market Road",
        "postcode": postcode,
        "city": city,
        "state": firm.state,
    }


def _owners(firm: Firm) -> list[dict[str, Any]]:
    role = {"PROPRIETORSHIP": "PROPRIETOR", "PARTNERSHIP": "PARTNER", "PRIVATE_LIMITED": "DIRECTOR"}[firm.constitution]
    _, city, postcode = _STATES[firm.state]
    return [
        {
            "owner_id": person.owner_id,
            "business_id": firm.business_id,
            "updated_on": firm.since,
            "role": role,
            "share_pct": 10_000 // len(firm.owners),
            "first_name": person.first_name,
            "last_name": person.last_name,
            "sex": person.sex,
            "birth_date": person.birth_date,
            "pan": person.pan,
            "phone": person.phone,
            "email": f"{person.first_name}.{person.last_name}.{person.owner_id}@post.example".lower(),
            "address": f"{firm.number} Station Road",
            "postcode": postcode,
            "city": city,
            "state": firm.state,
            "since": firm.since,
        }
        for person in firm.owners
    ]


def _accounts(firm: Firm) -> list[dict[str, Any]]:
    used = {"CUR"} | {booking.account for booking in firm.bookings}
    rows: list[dict[str, Any]] = [
        {
            "account_no": firm.account_no(account),
            "updated_on": firm.since,
            "business_id": firm.business_id,
            "owner_id": firm.owners[0].owner_id if account == "SAV" else None,
            "product_code": account,
            "opened_on": firm.since,
            "currency": "INR",
            "credit_limit": firm.overdraft_limit if account == "OD" else None,
        }
        for account in ("CUR", "OD", "SAV")
        if account in used
    ]
    return rows + [
        {
            "account_no": loan["loan_account_no"],
            "updated_on": loan["granted_on"],
            "business_id": firm.business_id,
            "product_code": "TL",
            "opened_on": loan["granted_on"],
            "currency": "INR",
        }
        for loan in firm.loans
    ]


def _invoices(firm: Firm) -> list[dict[str, Any]]:
    filed = {row["period"]: row["filed_on"] for row in firm.returns if row["return_type"] == "GSTR-1"}
    rows = []
    for invoice in firm.invoices:
        is_out = invoice.direction == "OUTWARD"
        reported = filed.get(invoice.period) if is_out else add_months(invoice.period, 1).replace(day=14)
        if reported is None or reported > END or invoice.period < firm.first_period:
            continue
        named = invoice.party if invoice.supply == "B2B" else None
        rows.append(
            {
                "business_id": firm.business_id,
                "direction": invoice.direction,
                "invoice_no": invoice.number,
                "counterparty_gstin": named.gstin if named else "-",
                "counterparty_name": named.name if named else None,
                "return_type": "GSTR-1" if is_out else "GSTR-2B",
                "period": invoice.period,
                "reported_on": reported,
                "invoice_date": invoice.day,
                "due_date": invoice.due,
                "supply_type": invoice.supply,
                "taxable_value": invoice.taxable,
                "tax_amount": invoice.tax,
            }
        )
    return rows


def split(total: int, paid: Payments) -> list[tuple[dt.date, int]]:
    """Shares of an amount in whole paise; shares that add up to 1 leave nothing over."""
    parts, given, shares = [], 0, 0.0
    for day, share in paid:
        shares += share
        upto = total if abs(shares - 1) < 1e-9 else round(total * shares)
        parts.append((day, upto - given))
        given = upto
    return parts


def tax_on(taxable: int, rate: int) -> int:
    """Tax at a rate in percent, rounded to the paisa."""
    return (taxable * rate + 50) // 100


def add_months(day: dt.date, count: int) -> dt.date:
    """The same day (of 1 to 28) some months later."""
    number = day.year * 12 + day.month - 1 + count
    return day.replace(year=number // 12, month=number % 12 + 1)


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """First days of the months from one day's to another's, both included."""
    count = (last.year - first.year) * 12 + last.month - first.month
    return [add_months(first.replace(day=1), n) for n in range(count + 1)]


def pan(rng: np.random.Generator, entity: str) -> str:
    """A permanent account number: three letters, the kind of holder, a letter, four digits, a letter."""
    letters = "".join(rng.choice(_LETTERS, 5))
    return f"{letters[:3]}{entity}{letters[3]}{int(rng.integers(1, 10_000)):04d}{letters[4]}"


def gstin(state_code: str, holder: str) -> str:
    """A GSTIN with its check character (weights 1 and 2 in base 36, digits of the products added up)."""
    body = f"{state_code}{holder}1Z"
    total = 0
    for place, character in enumerate(body):
        product = _BASE36.index(character) * (place % 2 + 1)
        total += product // 36 + product % 36
    return body + _BASE36[-total % 36]


def owner(rng: np.random.Generator, owner_id: str) -> Owner:
    """A person."""
    sex = str(rng.choice(["F", "M"]))
    born = dt.date(int(rng.integers(1958, 1995)), int(rng.integers(1, 13)), int(rng.integers(1, 29)))
    phone = f"+91-9{int(rng.integers(10**8, 10**9))}"
    names = str(rng.choice(_NAMES[sex])), str(rng.choice(_FAMILIES))
    return Owner(owner_id, *names, sex, born, pan(rng, "P"), phone)


def outsider(rng: np.random.Generator, trade: str = "Traders") -> Party:
    """A business outside the pack."""
    name = f"{rng.choice(_FIRST_WORDS)} {rng.choice(_FAMILIES)} {trade} {int(rng.integers(100, 999))}"
    state_code = _STATES[str(rng.choice(list(_STATES)))][0]
    return Party(name, gstin(state_code, pan(rng, "C")), f"EXT{int(rng.integers(10**11, 10**12))}")
