"""The 104 features of 30,000 people for one day: warm, beside pandas a customer, and with ten times the history.

People, accounts and bookings are generated set-based in the database. The way of the seed, customer by customer, is the
plain reference of the tests; it is timed on a sample of customers, reading included, and scaled to all. Times of dbt
are those that dbt itself states of the models, all their statements included.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from orchestration.settings import DBT_PROJECT_DIR, Settings, load_settings
from orchestration.transformation.environment import run_environment
from orchestration.warehouse import Warehouse, open_warehouse, stop_warehouse
from tests.integration.features.population import AS_OF, SUBJECTS, create_inputs
from tests.integration.features.reference import customer_features

PEOPLE = 30_000
SAMPLE = 100
REPEATS = 3
WINDOW_DAYS = 91

PEOPLE_SQL = """
    insert into core.account_holders (account_id, party_id, holder_role, valid_from, known_at, load_id)
    select 'test:account:' || n, 'test:customer:' || (n - 1) %% %(people)s + 1, 'owner', date '2020-01-01',
        timestamptz '2020-01-02', 1
    from generate_series(1, %(people)s * 112 / 100) as n;
    insert into core.accounts (account_id, source_system, product_name, product_category, opened_on, currency,
        valid_from, known_at, load_id)
    select account_id, 'test', 'Checking Account', 'DEPOSIT', valid_from, 'USD', valid_from, known_at, 1
    from core.account_holders;
    insert into core.coverage (source_system, subject, scope_id, covered_from, covered_to, known_at, load_id)
    select 'test', subject, '*', date '2020-01-01', date '9999-12-31', timestamptz '2020-01-02', 1
    from unnest(%(subjects)s::text[]) as subject;
    create table core.golden_records as
    select 'GR' || lpad(n::text, 10, '0') as gr_id, true as is_customer from generate_series(1, %(people)s) as n;
"""
LINKS_SQL = """
    insert into ml.party_xref (party_id, gr_id, link_rule, valid_from, known_at, recorded_at)
    select 'test:customer:' || n, 'GR' || lpad(n::text, 10, '0'), 'anchor', date '2020-01-01',
        timestamptz '2020-01-02', timestamptz '2020-01-02'
    from generate_series(1, %(people)s) as n
"""
# As dense as the sample's world (61 bookings on 39 days, a person in 91 days; 1.12 accounts, 2026-11-28): some
# twenty bookings a month on a first account, two on a second; pay and a utility bill every month.
BOOKINGS_SQL = """
    select setseed(0.5);
    create temporary table days as
    select 'test:account:' || n as account_id, n, day::date as day,
        random() < case when n <= %(people)s then 0.42 else 0.042 end as is_busy
    from generate_series(1, %(people)s * 112 / 100) as n,
        generate_series(%(as_of)s::date - 90, %(as_of)s::date, interval '1 day') as day;
    insert into core.transactions (transaction_id, source_system, account_id, event_date, event_at, sequence_number,
        direction, amount, currency, reporting_amount, activity_type, is_booked, channel, balance_after_amount,
        row_hash, known_at, load_id)
    select row_number() over (), 'test', account_id, day, day + interval '1 hour' * floor(random() * 24), slot,
        case when kind in ('salary', 'transfer_in', 'lending_app_in') then 'credit' else 'debit' end,
        amount, 'USD', amount, kind, kind <> 'failed_debit',
        (array['ATM', 'Mobile', 'POS', 'Online'])[1 + floor(random() * 4)::int],
        round((random() * 5000 - 500)::numeric, 2), '1', (day + 1)::timestamptz, 1
    from (
        select account_id, day, slot, round((5 + random() * 150)::numeric, 2) as amount,
            case
                when slot = 0 then 'salary' when slot = 4 then 'utility_bill'
                else (array['card_payment', 'card_payment', 'card_payment', 'cash_withdrawal', 'transfer_out',
                    'household_bill', 'transfer_in', 'gambling', 'failed_debit', 'lending_app_in'])
                    [1 + floor(random() * 10)::int]
            end as kind
        from days, generate_series(0, 4) as slot
        where
            (slot between 1 and 3 and is_busy and random() < 0.5)
            or (n <= %(people)s and slot = 0 and extract(day from day) = 1 + n %% 28)
            or (n <= %(people)s and slot = 4 and extract(day from day) = 1 + n %% 27)
    ) as bookings
"""
# The window's own days once more before it, again and again.
HISTORY_SQL = """
    insert into features.account_day_signals ({columns})
    select {shifted} from features.account_day_signals, generate_series(1, 9) as copy_no
"""


def main(people: int = PEOPLE) -> None:
    """Print the table."""
    home = Path(tempfile.mkdtemp(prefix="assay-b-"))
    home.chmod(0o755)
    settings = load_settings(home=home, portfolio_name="sample", database_url=None, dagster_url=None)
    warehouse = open_warehouse(settings)
    try:
        bookings = generate(warehouse, people)
        print(f"{people:,} people, {bookings:,} bookings in {WINDOW_DAYS} days")
        written = dbt(settings, warehouse, home, "core.rollups", "account_day_signals")
        print(f"written once: account_day_signals of {WINDOW_DAYS} days in {written['account_day_signals']:.1f} s")
        short = measured(settings, warehouse, home)
        print(f"customer_features, one day, warm: {describe(short)}")
        seconds = per_customer_seconds(warehouse)
        scaled = seconds * people
        print(
            f"per customer in pandas: {1000 * seconds:.1f} ms each on {SAMPLE} customers, scaled to {people:,}: "
            f"{scaled:,.0f} s, {scaled / statistics.median(short):,.0f} times as long"
        )
        rows = lengthen_history(warehouse)
        long = measured(settings, warehouse, home)
        print(
            f"with ten times the history ({rows:,} rows of account_day_signals): {describe(long)}, "
            f"{statistics.median(long) / statistics.median(short):.2f} times as long"
        )
    finally:
        stop_warehouse(settings)
        shutil.rmtree(home)


def generate(warehouse: Warehouse, people: int) -> int:
    """Write the population into the input tables; return the bookings."""
    values = {"people": people, "subjects": list(SUBJECTS), "as_of": AS_OF}
    with warehouse.connect("assay_dbt") as connection:
        create_inputs(connection)
        # Client-side parameters: several statements at once.
        cursor = psycopg.ClientCursor(connection)
        cursor.execute(PEOPLE_SQL, values)
        cursor.execute(BOOKINGS_SQL, values)
        for table, columns in (
            ("transactions", "account_id, event_date"),
            ("transactions", "load_id"),
            ("account_balances", "account_id, balance_on"),
            ("payments_made", "payment_id"),
        ):
            connection.execute(f"create index on core.{table} ({columns})")
        bookings = connection.execute("select count(*) from core.transactions").fetchone()
    with warehouse.connect("assay_ml") as connection:
        psycopg.ClientCursor(connection).execute(LINKS_SQL, values)
    with warehouse.connect(autocommit=True) as connection:
        connection.execute("vacuum analyze")
    return int(bookings[0]) if bookings else 0


def lengthen_history(warehouse: Warehouse) -> int:
    """Nine more windows of days before the first; return the rows there are then."""
    with warehouse.connect("assay_dbt") as connection:
        found = connection.execute("select * from features.account_day_signals limit 0").description or []
        columns = [column.name for column in found]
        shifted = {
            "activity_date": f"activity_date - {WINDOW_DAYS} * copy_no",
            "known_at": f"known_at - interval '{WINDOW_DAYS} days' * copy_no",
        }
        connection.execute(
            HISTORY_SQL.format(
                columns=", ".join(columns), shifted=", ".join(shifted.get(column, column) for column in columns)
            )
        )
    with warehouse.connect(autocommit=True) as connection:
        connection.execute("vacuum analyze features.account_day_signals")
        count = connection.execute("select count(*) from features.account_day_signals").fetchone()
    return int(count[0]) if count else 0


def measured(settings: Settings, warehouse: Warehouse, home: Path) -> list[float]:
    """Seconds of the model, run after run, without the first."""
    runs = [
        dbt(settings, warehouse, home, "customer_features_half_1", "customer_features_half_2", "customer_features")
        for _ in range(REPEATS + 1)
    ]
    return [
        run["customer_features"] + max(run["customer_features_half_1"], run["customer_features_half_2"])
        for run in runs[1:]
    ]


def describe(seconds: list[float]) -> str:
    """Median and span."""
    return f"{statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f} in {len(seconds)} runs)"


def dbt(settings: Settings, warehouse: Warehouse, home: Path, *models: str) -> dict[str, float]:
    """Run models and return the seconds that dbt states of each."""
    target = home / "dbt_target"
    command = [
        str(Path(sys.executable).with_name("dbt")), "run", "--quiet", "--select", *models,
        "--project-dir", str(DBT_PROJECT_DIR), "--target-path", str(target), "--log-path", str(target),
    ]  # fmt: skip
    variables = run_environment(settings, warehouse.dbt_env(), AS_OF)
    done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"dbt failed: {done.stdout[-3000:]}")
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    return {result["unique_id"].split(".")[-1]: float(result["execution_time"]) for result in results}


def per_customer_seconds(warehouse: Warehouse) -> float:
    """Seconds a customer, as the seed does it: read one customer's bookings, compute its features in pandas."""
    from psycopg.rows import dict_row

    with warehouse.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        started = time.perf_counter()
        for number in range(1, SAMPLE + 1):
            rows: list[dict[str, Any]] = cursor.execute(
                "select t.* from core.transactions as t join core.account_holders as h using (account_id) "
                "where h.party_id = %s and t.event_date > %s::date - %s",
                (f"test:customer:{number}", AS_OF, WINDOW_DAYS),
            ).fetchall()
            for row in rows:
                row["reporting_amount"] = float(row["reporting_amount"])
                row["balance_after_amount"] = float(row["balance_after_amount"])
            customer_features(rows, AS_OF)
        return (time.perf_counter() - started) / SAMPLE


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
