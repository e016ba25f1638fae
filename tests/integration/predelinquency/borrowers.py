"""Borrowers in the canonical input layer: people with a loan each and an instalment a month, a quarter of them late."""

import datetime as dt
from typing import Any

import numpy as np
import psycopg

from tests.integration.features.population import (
    SUBJECTS,
    account,
    coverage,
    create_inputs,
    end_of,
    holder,
    insert,
    party,
    random_transactions,
    write_links,
)

PEOPLE = 48
FIRST, GRANTED, LAST = dt.date(2026, 4, 1), dt.date(2026, 4, 15), dt.date(2026, 9, 30)
ANNOUNCED_AHEAD = dt.timedelta(days=60)
# Days of the grid with labels by LAST; of these the last three have nine covered weeks behind them.
GRID = [dt.date(2026, 5, 4), dt.date(2026, 6, 1), dt.date(2026, 6, 29), dt.date(2026, 7, 27), dt.date(2026, 8, 24)]
OVERDUE, THIN, NEW_PRODUCT = 1, 2, 3

Row = dict[str, Any]


def pays_late(number: int) -> bool:
    """Every fourth person pays every instalment ten days late."""
    return number % 4 == 0


def loan_id(number: object) -> str:
    """Id of a person's loan, and of its account."""
    return f"test:loan:{number}"


def due_days(number: int) -> list[dt.date]:
    """Due days of a person's instalments, May 2026 to April 2027."""
    day = 5 + number % 20
    return [dt.date(2026 + (month > 12), (month - 1) % 12 + 1, day) for month in range(5, 17)]


def due(number: object, nth: int, due_on: dt.date, granted: dt.date = GRANTED, **more: Any) -> Row:
    """An instalment as announced."""
    return {
        "payment_id": f"{loan_id(number)}:{nth}",
        "source_system": "test",
        "loan_id": loan_id(number),
        "due_on": due_on,
        "due_amount": 100,
        "row_hash": "1",
        "known_at": end_of(max(granted, due_on - ANNOUNCED_AHEAD)),
        "load_id": 1,
        **more,
    }


def paid(number: object, nth: int, paid_on: dt.date, **more: Any) -> Row:
    """A payment, known at the end of its day."""
    return {
        "payment_id": f"{loan_id(number)}:{nth}",
        "source_system": "test",
        "loan_id": loan_id(number),
        "paid_on": paid_on,
        "paid_amount": 100,
        "row_hash": "1",
        "known_at": end_of(paid_on),
        "load_id": 1,
        **more,
    }


def loan(number: object, granted: dt.date, product: str) -> tuple[Row, Row]:
    """A loan of 1,200 over a year, and its account."""
    terms = {"principal_amount": 1200, "term_months": 12, "instalment_amount": 100, "load_id": 1}
    row = {
        "loan_id": loan_id(number),
        "source_system": "test",
        "granted_on": granted,
        "matures_on": granted.replace(year=granted.year + 1),
        "known_at": end_of(granted),
        **terms,
    }
    own = account(0, granted, account_id=loan_id(number), product_name=product, product_category="LOAN")
    return row, own


def write_world(dbt: psycopg.Connection, ml: psycopg.Connection) -> None:
    """Everything that a bank knows by the end of ``LAST``."""
    create_inputs(dbt)
    parties = [party(number, FIRST) for number in range(1, PEOPLE + 1)]
    insert(dbt, "parties", parties)
    write_links(ml, parties)
    insert(dbt, "accounts", [account(number, FIRST) for number in range(1, PEOPLE + 1)])
    insert(dbt, "account_holders", [holder(number, number, FIRST) for number in range(1, PEOPLE + 1)])
    loans = [(number, number, GRANTED, "Personal Loan") for number in range(1, PEOPLE + 1)]
    loans.append(("new", NEW_PRODUCT, dt.date(2026, 9, 15), "Boat Loan"))
    for number, owner, granted, product in loans:
        row, own = loan(number, granted, product)
        insert(dbt, "loans", [row])
        insert(dbt, "accounts", [own])
        insert(dbt, "account_holders", [holder(0, owner, granted, account_id=own["account_id"])])
    insert(dbt, "payments_due", [due("new", 1, dt.date(2026, 10, 15), dt.date(2026, 9, 15))])
    for number in range(1, PEOPLE + 1):
        days = due_days(number)
        insert(
            dbt,
            "payments_due",
            [row for n, day in enumerate(days) if (row := due(number, n, day))["known_at"] <= end_of(LAST)],
        )
        delay = dt.timedelta(days=10 if pays_late(number) else 0)
        insert(
            dbt,
            "payments_made",
            [
                paid(number, nth, day + delay)
                for nth, day in enumerate(days)
                if day + delay <= LAST and not (number == OVERDUE and day.month == 9)
            ],
        )
        covered_from = dt.date(2026, 9, 1) if number == THIN else FIRST
        scopes = [coverage(subject, covered_from, scope=f"test:account:{number}") for subject in SUBJECTS]
        insert(dbt, "coverage", scopes)
        rng = np.random.default_rng(number)
        insert(dbt, "transactions", random_transactions(number, FIRST, LAST, rng))
    insert(dbt, "coverage", [coverage("payments", FIRST)])
