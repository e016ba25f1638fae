"""A small population in the canonical input layer, written straight into ``core``: a test decides every row.

Tables and types come from the YAML beside each input model: a column added there is here too.
"""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import yaml

from orchestration.settings import DBT_PROJECT_DIR

INPUTS = DBT_PROJECT_DIR / "models" / "core" / "inputs"
AS_OF = dt.date(2026, 9, 30)
ZONE = "America/New_York"

Row = dict[str, Any]


def input_tables() -> dict[str, dict[str, str]]:
    """Column name to type, by input table."""
    tables = {}
    for path in sorted(INPUTS.glob("*.yml")):
        model = yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0]
        tables[model["name"]] = {column["name"]: column["data_type"] for column in model["columns"]}
    return tables


def create_inputs(connection: psycopg.Connection) -> None:
    """Empty input tables, owned by the role of ``connection``."""
    for name, columns in input_tables().items():
        definition = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(f"drop table if exists core.{name} cascade")
        connection.execute(f"create table core.{name} ({definition})")


def insert(connection: psycopg.Connection, table: str, rows: list[Row]) -> None:
    """Rows as given; columns that a row leaves out are NULL."""
    if not rows:
        return
    columns = sorted({column for row in rows for column in row})
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy core.{table} ({', '.join(columns)}) from stdin") as copy,
    ):
        for row in rows:
            copy.write_row([row.get(column) for column in columns])


def end_of(day: dt.date) -> dt.datetime:
    """When an event of ``day`` is known: at the end of it, business zone."""
    return pd.Timestamp(day + dt.timedelta(days=1)).tz_localize(ZONE).to_pydatetime()


def party(number: int, opened_on: dt.date, **more: Any) -> Row:
    """One customer record of source ``test``."""
    return {
        "party_id": f"test:customer:{number}",
        "source_system": "test",
        "source_record_id": str(number),
        "record_type": "customer",
        "party_type": "person",
        "valid_from": opened_on,
        "known_at": end_of(opened_on),
        "load_id": 1,
        **more,
    }


def account(number: int, opened_on: dt.date, **more: Any) -> Row:
    """One deposit account of source ``test``."""
    return {
        "account_id": f"test:account:{number}",
        "source_system": "test",
        "product_name": "Checking Account",
        "product_category": "DEPOSIT",
        "opened_on": opened_on,
        "currency": "USD",
        "valid_from": opened_on,
        "known_at": end_of(opened_on),
        "load_id": 1,
        **more,
    }


def holder(account_number: int, party_number: int, since: dt.date, **more: Any) -> Row:
    """The owner of an account."""
    return {
        "account_id": f"test:account:{account_number}",
        "party_id": f"test:customer:{party_number}",
        "holder_role": "owner",
        "valid_from": since,
        "known_at": end_of(since),
        "load_id": 1,
        **more,
    }


def transaction(key: object, account_number: int, day: dt.date, activity: str, amount: float, **more: Any) -> Row:
    """One booked transaction; credits are told from the activity."""
    credits = ("salary", "pension", "benefit", "transfer_in", "cash_deposit", "interest", "lending_app_in")
    return {
        "transaction_id": f"test:transaction:{key}",
        "source_system": "test",
        "account_id": f"test:account:{account_number}",
        "event_date": day,
        "direction": "credit" if activity in credits else "debit",
        "amount": amount,
        "currency": "USD",
        "reporting_amount": amount,
        "activity_type": activity,
        "is_booked": activity != "failed_debit",
        "row_hash": "1",
        "known_at": end_of(day),
        "load_id": 1,
        **more,
    }


def coverage(subject: str, first: dt.date, last: dt.date = dt.date(9999, 12, 31), scope: str = "*") -> Row:
    """What source ``test`` covers."""
    return {
        "source_system": "test",
        "subject": subject,
        "scope_id": scope,
        "covered_from": first,
        "covered_to": last,
        "known_at": end_of(first),
        "load_id": 1,
    }


SUBJECTS = (
    "transactions", "transaction_time", "channel", "merchant", "failed_debit", "lending_app", "gambling",
    "payments", "bureau", "contacts", "balances",
)  # fmt: skip


def random_transactions(
    account_number: int, first: dt.date, last: dt.date, rng: np.random.Generator, prefix: str = ""
) -> list[Row]:
    """A salary every two weeks and a few other bookings a week at any hour, with the running balance."""
    rows, balance = [], 500.0
    debits = (
        "card_payment",
        "cash_withdrawal",
        "household_bill",
        "gambling",
        "failed_debit",
        "lending_app_out",
        "own_transfer_out",
        "utility_bill",
        "insurance",
        "loan_payment",
        "transfer_out",
        "interest",
        "penalty_interest",
    )
    shares = [0.4, 0.15, 0.05, 0.06, 0.06, 0.06, 0.03, 0.05, 0.03, 0.03, 0.04, 0.02, 0.02]
    for offset in range((last - first).days + 1):
        day = first + dt.timedelta(days=offset)
        events = [("salary", round(float(rng.uniform(800, 1200)), 2))] if offset % 14 == 3 else []
        events += [
            (
                str(rng.choice(debits, p=shares)),
                round(float(rng.uniform(5, 150)), 2),
            )
            for _ in range(int(rng.poisson(0.8)))
        ]
        for position, (activity, amount) in enumerate(events):
            key = f"{prefix}{account_number}-{day:%Y%m%d}-{position}"
            row = transaction(key, account_number, day, activity, amount, sequence_number=len(rows))
            if row["is_booked"]:
                balance = round(balance + (amount if row["direction"] == "credit" else -amount), 2)
            channel = str(rng.choice(["Mobile", "ATM", "POS"]))
            hour = pd.Timedelta(hours=int(rng.integers(24)))
            event_at = (pd.Timestamp(day).tz_localize(ZONE) + hour).to_pydatetime()
            rows.append({**row, "balance_after_amount": balance, "channel": channel, "event_at": event_at})
    return rows


def write_links(connection: psycopg.Connection, parties: list[Row]) -> None:
    """Every party its own golden record, numbered as the party is."""
    rows = [
        (
            row["party_id"],
            f"GR{int(row['source_record_id']):010d}",
            "anchor",
            row["valid_from"],
            row["known_at"],
            row["known_at"],
        )
        for row in parties
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ml.party_xref (party_id, gr_id, link_rule, valid_from, known_at, recorded_at) "
            "values (%s, %s, %s, %s, %s, %s)",
            rows,
        )
