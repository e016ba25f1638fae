"""Labels and training features: what a day made of them stays, and nothing known later gets in."""

import datetime as dt

import pytest

from ml.features.catalogue import load_catalogue
from orchestration.warehouse import Warehouse
from tests.integration.features.population import end_of, insert
from tests.integration.predelinquency.borrowers import GRID, LAST, due, due_days, loan_id, paid, pays_late
from tests.integration.predelinquency.conftest import RunDay

LABELS = ("predelinquency_labels",)
CUSTOMERS = ("customer_features_half_1", "customer_features_half_2", "customer_features")
NEWEST = GRID[-1]
GOOD = 5  # a person who pays in time

Rows = list[tuple]


def rows(warehouse: Warehouse, table: str, where: str = "true") -> Rows:
    with warehouse.connect() as connection:
        columns = connection.execute(
            "select string_agg(quote_ident(column_name), ', ' order by column_name) from information_schema.columns "
            "where table_schema = 'features' and table_name = %s",
            (table,),
        ).fetchone()
        assert columns is not None
        return connection.execute(
            f"select {columns[0]} from features.{table} where {where} order by {columns[0]}"
        ).fetchall()


def label_of(warehouse: Warehouse, number: object, day: dt.date) -> list[bool]:
    with warehouse.connect() as connection:
        found = connection.execute(
            "select is_delinquent from features.predelinquency_labels where exposure_id = %s and as_of_date = %s",
            (loan_id(number), day),
        ).fetchall()
    return [value for (value,) in found]


@pytest.fixture(scope="module")
def lived(borrowers: Warehouse, run_day: RunDay) -> Warehouse:
    """Three days in their turn: two days of the grid matured before the first, one on the second, none on the third."""
    for day in (dt.date(2026, 9, 1), dt.date(2026, 9, 28), LAST):
        run_day(day)
    return borrowers


def test_a_day_adds_only_what_has_matured_and_a_table_from_nothing_is_the_same(
    lived: Warehouse, run_day: RunDay
) -> None:
    labels, features = rows(lived, "predelinquency_labels"), rows(lived, "training_features")
    with lived.connect() as connection:
        days = connection.execute(
            "select as_of_date, count(*), count(*) filter (where is_delinquent) from features.predelinquency_labels "
            "group by 1 order by 1"
        ).fetchall()
    assert [day for day, _, _ in days] == GRID
    assert all(late < everyone for _, everyone, late in days)
    run_day(LAST, "--full-refresh", select=(*LABELS, "training_features"))
    assert rows(lived, "predelinquency_labels") == labels
    assert rows(lived, "training_features") == features


def test_who_pays_ten_days_late_is_delinquent_and_who_is_past_due_on_the_day_has_no_label(lived: Warehouse) -> None:
    for number in (4, 5, 8, 9):
        for day in GRID[1:]:
            overdue = any(one <= day < one + dt.timedelta(days=10) for one in due_days(number))
            expected = [] if overdue and pays_late(number) else [pays_late(number)]
            assert label_of(lived, number, day) == expected, (number, day)


def test_training_features_are_those_of_the_customers_on_that_day(lived: Warehouse, run_day: RunDay) -> None:
    run_day(NEWEST, select=("core.identity", *CUSTOMERS))
    names = load_catalogue().names(used_by="predelinquency_30d")
    columns = ", ".join(names)
    with lived.connect() as connection:
        stored = {
            row[0]: row
            for row in connection.execute(
                f"select gr_id, covered_weeks_count, is_history_covered, {columns} from features.customer_features "
                "where as_of_date = %s",
                (NEWEST,),
            ).fetchall()
        }
        training = connection.execute(
            f"select gr_id, covered_weeks_count, is_history_covered, {columns} from features.training_features "
            "where as_of_date = %s",
            (NEWEST,),
        ).fetchall()
    assert len(training) > 40
    assert [row for row in training if row != stored[row[0]]] == []
    run_day(LAST, select=("core.identity",))


def test_what_became_known_after_a_labels_cut_off_changes_nothing(lived: Warehouse, run_day: RunDay) -> None:
    before = rows(lived, "predelinquency_labels")
    cut_off = end_of(NEWEST + dt.timedelta(days=35)) + dt.timedelta(hours=2)
    known = {"known_at": cut_off + dt.timedelta(seconds=1), "load_id": 50}
    with lived.connect("assay_dbt") as dbt:
        for number in range(1, 49):
            # Payments of what was unpaid, reversals of what was paid, other due days: all of it a second too late.
            for nth, day in enumerate(due_days(number)[:5]):
                insert(dbt, "payments_made", [paid(number, nth, day, row_hash="2", **known)])
                insert(dbt, "payments_due", [due(number, nth, day + dt.timedelta(days=40), row_hash="2", **known)])
        for table in ("payments_made", "payments_due"):
            dbt.execute(
                f"update core.{table} set superseded_at = %s where row_hash = '1' and known_at <= %s "
                f"and payment_id in (select payment_id from core.{table} where row_hash = '2')",
                (known["known_at"], cut_off),
            )
    run_day(LAST, select=LABELS)
    assert rows(lived, "predelinquency_labels") == before
    run_day(LAST, "--full-refresh", select=LABELS)
    assert rows(lived, "predelinquency_labels") == before


def test_a_file_that_came_late_corrects_its_days_as_if_it_had_come_in_time(lived: Warehouse, run_day: RunDay) -> None:
    late = next(n for n in (4, 8, 12, 16) if label_of(lived, n, GRID[3]) == [True])
    due_on = next(day for day in due_days(late) if day > GRID[3])
    before = rows(lived, "predelinquency_labels", f"as_of_date < '{GRID[3]}'")
    with lived.connect("assay_dbt") as dbt:
        nth = due_days(late).index(due_on)
        dbt.execute("delete from core.payments_made where payment_id = %s", (f"{loan_id(late)}:{nth}",))
        insert(dbt, "payments_made", [paid(late, nth, due_on + dt.timedelta(days=5), load_id=60)])
    run_day(LAST, select=LABELS)
    assert label_of(lived, late, GRID[3]) == [False]
    # Days of the grid whose cut-off lies before it are as they were.
    assert rows(lived, "predelinquency_labels", f"as_of_date < '{GRID[3]}'") == before
    corrected = rows(lived, "predelinquency_labels")
    run_day(LAST, "--full-refresh", select=LABELS)
    assert rows(lived, "predelinquency_labels") == corrected
