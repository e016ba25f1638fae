"""Four BI readers join two gold tables in a loop while 50 publications replace them.

Prints the reads, errors, mixed snapshots and the longest wait. Run it with the project's Python:
``.venv/bin/python tests/benchmarks/publication_readers.py [publications] [readers]``.
It uses a server of its own in a temporary folder.
"""

import datetime as dt
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg

from orchestration.publication import (
    ExpectedTable,
    Publication,
    audit,
    prepare_next,
    publication_lock,
    publish,
)
from orchestration.settings import load_settings
from orchestration.warehouse import Role, Warehouse, open_warehouse, stop_warehouse

CUSTOMERS = 20_000
FIRST_DAY = dt.date(2026, 1, 1)
TABLES = [
    ExpectedTable(
        "customers",
        (("customer_id", "integer"), ("segment", "text"), ("last_updated", "timestamptz")),
        primary_key=("customer_id",),
        is_required=True,
    ),
    ExpectedTable(
        "balances",
        (("customer_id", "integer"), ("balance", "numeric(18,2)"), ("last_updated", "timestamptz")),
        primary_key=("customer_id",),
        is_required=True,
    ),
    ExpectedTable(
        "publication",
        (("snapshot_date", "date"), ("knowledge_cutoff", "timestamptz"), ("data_cutoff", "timestamptz")),
        primary_key=("snapshot_date",),
        is_required=True,
    ),
]
# One statement, two tables: days differ within a row exactly when the statement saw two publications.
READ = """
    select count(*), count(*) filter (where c.last_updated <> b.last_updated)
    from gold.customers as c join gold.balances as b on b.customer_id = c.customer_id
    where c.customer_id between %s and %s
"""


class Reader(threading.Thread):
    """One dashboard that never stops asking."""

    def __init__(self, warehouse: Warehouse, stop: threading.Event) -> None:
        super().__init__()
        self._conninfo, self._stop_reading = warehouse.bi_conninfo(), stop
        self.waits: list[float] = []
        self.errors: list[str] = []
        self.mixed = 0
        self.incomplete = 0

    def run(self) -> None:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            while not self._stop_reading.is_set():
                began = time.perf_counter()
                try:
                    row = connection.execute(READ, (1, 500)).fetchone()
                except psycopg.Error as error:
                    self.errors.append(f"{type(error).__name__}: {error}")
                    continue
                finally:
                    self.waits.append(time.perf_counter() - began)
                assert row is not None
                self.incomplete += row[0] != 500
                self.mixed += row[1] > 0


def publish_day(warehouse: Warehouse, day: dt.date) -> Publication:
    """Build, audit and publish one day."""
    with publication_lock(warehouse):
        prepare_next(warehouse)
        with warehouse.connect(Role.DBT) as connection:
            for table, column, value in (
                ("customers", "segment text", "'segment ' || mod(i, 7)"),
                ("balances", "balance numeric(18,2)", "i"),
            ):
                connection.execute(
                    f"create table gold_next.{table} (customer_id int primary key, {column}, last_updated timestamptz)"
                )
                connection.execute(
                    f"insert into gold_next.{table} select i, {value}, %s::date from generate_series(1, %s) as i",
                    (day, CUSTOMERS),
                )
            connection.execute(
                "create table gold_next.publication "
                "(snapshot_date date, knowledge_cutoff timestamptz, data_cutoff timestamptz)"
            )
            connection.execute("insert into gold_next.publication values (%s, %s, %s)", (day, day, day))
        return publish(warehouse, audit(warehouse, TABLES, day))


def main(publications: int = 50, readers: int = 4) -> None:
    """Run it and print what was seen."""
    home = Path(tempfile.mkdtemp(prefix="assay-b-"))
    home.chmod(0o755)
    settings = load_settings(home=home, database_url=None, dagster_url=None)
    try:
        warehouse = open_warehouse(settings)
        publish_day(warehouse, FIRST_DAY)
        stop = threading.Event()
        threads = [Reader(warehouse, stop) for _ in range(readers)]
        for thread in threads:
            thread.start()
        began = time.perf_counter()
        done = [publish_day(warehouse, FIRST_DAY + dt.timedelta(days=i)) for i in range(1, publications + 1)]
        seconds = time.perf_counter() - began
        stop.set()
        for thread in threads:
            thread.join()
    finally:
        stop_warehouse(settings)
        shutil.rmtree(home)
    waits = [wait for thread in threads for wait in thread.waits]
    errors = [error for thread in threads for error in thread.errors]
    swaps = [publication.swap_wait_ms for publication in done]
    print(
        f"publications   {len(done)} in {seconds:.1f} s, swap {statistics.mean(swaps):.1f} ms mean, "
        f"{max(swaps):.1f} ms at most"
    )
    print(f"reads          {len(waits)} by {readers} readers")
    print(f"errors         {len(errors)}{f', first: {errors[0]}' if errors else ''}")
    print(f"mixed          {sum(thread.mixed for thread in threads)}")
    print(f"incomplete     {sum(thread.incomplete for thread in threads)}")
    print(f"read           {statistics.median(waits) * 1000:.1f} ms median, {max(waits) * 1000:.1f} ms at most")
    print(f"not dropped    {len(done[-1].not_dropped)} old schemas")
    if errors or any(thread.mixed or thread.incomplete for thread in threads):
        sys.exit("A reader saw an error or a mixed snapshot.")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
