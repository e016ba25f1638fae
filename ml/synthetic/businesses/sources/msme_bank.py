"""The bank's tables: businesses, owners, accounts, transactions, loans and their instalments."""

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.businesses.money.book import CHANNELS, CODES
from ml.synthetic.businesses.parties import LOAN_ACCOUNTS, NOBODY, account_numbers_of
from ml.synthetic.businesses.population import CONSTITUTIONS
from ml.synthetic.businesses.reference import names, places
from ml.synthetic.businesses.reference.sectors import SECTORS
from ml.synthetic.businesses.timeline import Timeline
from ml.synthetic.columns import DAY, codes, dates, days_column, money, numbers, rates, texts, timestamps

_ROLES = ("PROPRIETOR", "PARTNER", "DIRECTOR")
_PRODUCTS = ("CUR", "OD", "SAV", "TL")
_BLOCK_IDS = 1_000_000_000  # bookings of a block have numbers of their own


def businesses(timeline: Timeline) -> pa.Table:
    """A first version of each business, and one more of those that moved house."""
    population, ids = timeline.population, timeline.identities
    first, moved = np.arange(population.count), np.flatnonzero(ids.moved_day)
    row = np.concatenate([first, moved])
    later = np.arange(len(row)) >= len(first)
    noted = np.where(later, ids.moved_day[row], population.customer_since[row])
    city = population.city[row]
    return pa.table(
        {
            "business_id": texts(ids.business_id[row]),
            "updated_on": dates(noted),
            "business_name": texts(ids.name[row]),
            "gstin": texts(ids.gstin[row]),
            "pan": texts(ids.pan[row]),
            "sector": codes(population.sector[row], SECTORS),
            "constitution": codes(population.constitution[row], CONSTITUTIONS),
            "incorporated_on": dates(population.incorporated_day[row]),
            "customer_since": dates(population.customer_since[row]),
            "phone": texts(np.where(later, ids.moved_phone[row], ids.phone[row])),
            "email": texts(ids.email[row]),
            "address": texts(np.where(later, ids.moved_address[row], ids.address[row])),
            "postcode": texts(np.where(later, ids.moved_postcode[row], ids.postcode[row])),
            "city": texts(places.CITY[city]),
            "state": texts(places.STATE[city]),
            DAY: days_column(noted),
        }
    )


def owners(timeline: Timeline) -> pa.Table:
    """One row an owner; shares add up to 100 percent."""
    population, ids = timeline.population, timeline.identities
    business = population.owner_business
    noted = population.customer_since[business]
    # In hundredths of a percent; what does not divide is the first one's.
    count = population.owners[business]
    share = 10_000 // count + np.where(population.owner_place == 0, 10_000 % count, 0)
    city = population.city[business]
    return pa.table(
        {
            "owner_id": texts(ids.owner_id),
            "business_id": texts(ids.business_id[business]),
            "updated_on": dates(noted),
            "role": codes(population.constitution[business], _ROLES),
            "share_pct": rates(share / 100),
            "first_name": texts(ids.owner_first_name),
            "last_name": texts(ids.owner_last_name),
            "sex": codes(ids.owner_female.astype(np.int64), ["M", "F"]),
            "birth_date": dates(ids.owner_birth_day),
            "pan": texts(ids.owner_pan),
            "phone": texts(ids.owner_phone),
            "email": texts(ids.owner_email),
            "address": texts(ids.owner_address),
            "postcode": texts(ids.owner_postcode),
            "city": texts(places.CITY[city]),
            "state": texts(places.STATE[city]),
            "since": dates(ids.owner_since),
            DAY: days_column(noted),
        }
    )


def accounts(timeline: Timeline) -> pa.Table:
    """Main accounts, owners' savings, loans; a loan paid back has one row more, on the day it closed."""
    population, parties, loans = timeline.population, timeline.parties, timeline.loans
    n, owner = population.count, population.owner_business
    limit = timeline.openings.limit
    closed_day = _closed_day(timeline)
    closes = np.flatnonzero(closed_day)
    loan = np.concatenate([np.arange(len(loans.business)), closes])
    is_close = np.arange(len(loan)) >= len(loans.business)
    business = np.concatenate([np.arange(n), owner, loans.business[loan]])
    product = np.concatenate([np.where(limit > 0, 1, 0), np.full(len(owner), 2), np.full(len(loan), 3)])
    opened = np.where(product == 3, 0, population.customer_since[business])
    opened[-len(loan) or len(opened) :] = loans.granted_day[loan]
    closed = np.zeros(len(business), dtype=np.int64)
    closed[len(business) - len(loan) :] = np.where(is_close, closed_day[loan], 0)
    noted = np.where(closed > 0, closed, opened)
    owner_id = np.full(len(business), None, dtype=object)
    owner_id[n : n + len(owner)] = timeline.identities.owner_id
    credit = np.zeros(len(business), dtype=np.int64)
    credit[:n] = limit
    numbers_of = np.concatenate([parties.account_no[: n + len(owner)], loan_account_no(timeline, loan)])
    return pa.table(
        {
            "account_no": texts(numbers_of),
            "updated_on": dates(noted),
            "business_id": texts(timeline.identities.business_id[business]),
            "owner_id": texts(owner_id),
            "product_code": codes(product, _PRODUCTS),
            "opened_on": dates(opened),
            "closed_on": dates(closed, missing=closed == 0),
            "currency": codes(np.zeros(len(business), dtype=np.int64), ["INR"]),
            "credit_limit": money(credit, missing=credit == 0),
            DAY: days_column(noted),
        }
    )


def transactions(timeline: Timeline) -> pa.Table:
    """Every booking; numbers follow time."""
    parties, bookings = timeline.parties, timeline.ledger.bookings
    count = len(bookings.account)
    nobody = bookings.party == NOBODY
    # Owners and landlords are no businesses, so the bank tells no name of theirs.
    return pa.table(
        {
            "txn_id": numbers(timeline.population.block * _BLOCK_IDS + np.arange(count) + 1),
            "account_no": _taken(parties.account_no, bookings.account, np.zeros(count, dtype=bool)),
            "booked_at": timestamps(bookings.day, bookings.second),
            "dr_cr": codes(bookings.is_credit.astype(np.int64), ["D", "C"]),
            "amount": money(bookings.cents),
            "currency": codes(np.zeros(count, dtype=np.int64), ["INR"]),
            "txn_code": codes(bookings.code, CODES),
            "channel_code": codes(np.maximum(bookings.channel, 0), CHANNELS, missing=bookings.channel < 0),
            "counterparty_account_no": _taken(parties.account_no, bookings.party, nobody),
            "counterparty_name": _taken(parties.name, bookings.party, nobody),
            "counterparty_gstin": _taken(parties.gstin, bookings.party, nobody),
            "status": codes(bookings.failed.astype(np.int64), ["BOOKED", "FAILED"]),
            "balance_after": money(timeline.ledger.balance_after),
            DAY: days_column(bookings.day),
        }
    )


def loans(timeline: Timeline) -> pa.Table:
    """One row a loan."""
    loans_ = timeline.loans
    return pa.table(
        {
            "loan_account_no": texts(loan_account_no(timeline, np.arange(len(loans_.business)))),
            "business_id": texts(timeline.identities.business_id[loans_.business]),
            "settlement_account_no": texts(timeline.parties.account_no[loans_.business]),
            "granted_on": dates(loans_.granted_day),
            "principal": money(loans_.principal * 100),
            "term_months": numbers(loans_.term),
            "instalment": money(loans_.instalment),
            "interest_rate": rates(loans_.interest),
            "purpose": codes(loans_.purpose, list(names.PURPOSES)),
            "matures_on": dates(loans_.matures_day),
            DAY: days_column(loans_.granted_day),
        }
    )


def payments_due(timeline: Timeline) -> pa.Table:
    """Instalments from their announcement on."""
    loans_ = timeline.loans
    return pa.table(
        {
            "payment_id": texts(_payment_id(timeline)),
            "loan_account_no": texts(loan_account_no(timeline, loans_.due_loan)),
            "due_date": dates(loans_.due_day),
            "amount_due": money(loans_.instalment[loans_.due_loan]),
            "announced_on": dates(loans_.announced_day),
            DAY: days_column(loans_.announced_day),
        }
    )


def payments_made(timeline: Timeline) -> pa.Table:
    """Instalments paid within the horizon."""
    loans_ = timeline.loans
    paid = np.flatnonzero(loans_.paid_day < timeline.config.horizon_day)
    return pa.table(
        {
            "payment_id": texts(_payment_id(timeline)[paid]),
            "loan_account_no": texts(loan_account_no(timeline, loans_.due_loan[paid])),
            "paid_date": dates(loans_.paid_day[paid]),
            "amount_paid": money(loans_.instalment[loans_.due_loan[paid]]),
            DAY: days_column(loans_.paid_day[paid]),
        }
    )


def loan_account_no(timeline: Timeline, loan: IntArray) -> np.ndarray:
    """Account numbers of loans by index."""
    return account_numbers_of(timeline.config, timeline.population.block, LOAN_ACCOUNTS + loan)


def _closed_day(timeline: Timeline) -> IntArray:
    """Day on which each loan was paid back; 0 where that lies beyond the horizon."""
    loans_ = timeline.loans
    last = loans_.due_number == loans_.term[loans_.due_loan]
    closed = np.zeros(len(loans_.business), dtype=np.int64)
    closed[loans_.due_loan[last]] = loans_.paid_day[last]
    return np.where(closed < timeline.config.horizon_day, closed, 0)


def _payment_id(timeline: Timeline) -> np.ndarray:
    loans_ = timeline.loans
    number = np.char.mod("-%03d", loans_.due_number).astype(object)
    return loan_account_no(timeline, loans_.due_loan) + number


def _taken(values: np.ndarray, indices: IntArray, missing: BoolArray) -> pa.Array:
    """Strings by index, without a Python object for every row."""
    return pa.array(values, pa.string()).take(pa.array(np.where(missing, 0, indices), pa.int64(), mask=missing))
