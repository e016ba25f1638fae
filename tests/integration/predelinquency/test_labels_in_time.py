"""Labels and training features: what a day made of them stays, and nothing known later gets in."""

import datetime as dt

import pytest

from ml.features.catalogue import load_catalogue
from orchestration.warehouse import Warehouse
from tests.integration.features.population import coverage, end_of, holder, insert, transaction
from tests.integration.predelinquency.borrowers import (
    GRID,
    LAST,
    due,
    due_days,
    loan,
    loan_id,
    paid,
    pays_late,
)
from tests.integration.predelinquency.conftest import RunDay

LABELS = ("predelinquency_grid", "predelinquency_labels")
DAYS = (*LABELS, "training_features")
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
    run_day(LAST, "--full-refresh", select=DAYS)
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


def written(warehouse: Warehouse) -> dict[str, Rows]:
    """Which transaction wrote the rows of each day, and how often the inputs of the days changed."""
    with warehouse.connect() as connection:
        return {
            table: connection.execute(
                f"select as_of_date, {what} from features.{table} group by 1, 2 order by 1, 2"
            ).fetchall()
            for table, what in (
                ("predelinquency_labels", "xmin::text"),
                ("training_features", "xmin::text"),
                ("predelinquency_grid", "inputs_no"),
            )
        }


def test_a_days_news_recompute_no_day_of_the_grid_not_even_one_without_a_borrower(
    lived: Warehouse, run_day: RunDay
) -> None:
    run_day(LAST, select=("core.rollups", "account_day_signals", *DAYS))
    before = written(lived)
    with lived.connect("assay_dbt") as dbt:
        news = {"load_id": 70, "known_at": end_of(LAST)}
        insert(dbt, "transactions", [transaction("news", GOOD, LAST, "salary", 900, **news)])
        insert(dbt, "payments_made", [paid(GOOD, 6, LAST, **news)])
        insert(dbt, "payments_due", [due(GOOD, 50, LAST + dt.timedelta(days=30), **news)])
        row, own = loan("today", LAST, "Personal Loan")
        insert(dbt, "loans", [{**row, "load_id": 70}])
        insert(dbt, "accounts", [{**own, "load_id": 70}])
        insert(dbt, "account_holders", [holder(0, GOOD, LAST, account_id=own["account_id"], load_id=70)])
        # One delivery more: coverage reaches a day further.
        dbt.execute("update core.coverage set covered_to = %s, load_id = 70", (LAST,))
    run_day(LAST, select=("core.rollups", "account_day_signals", *DAYS))
    assert written(lived) == before
    with lived.connect() as connection:
        undone = connection.execute(
            "select count(*) filter (where labels_inputs is distinct from inputs_no::text), "
            "count(*) filter (where features_inputs is null), count(*) from features.predelinquency_grid"
        ).fetchone()
    assert undone == (0, 0, 26)


def test_a_corrected_register_changes_the_days_that_it_speaks_of(lived: Warehouse, run_day: RunDay) -> None:
    # An ordinary run: the test before may have ended with one from nothing, whose SQL compares with nothing.
    run_day(LAST, select=("predelinquency_grid",))
    grid = run_day.compiled("predelinquency_grid")

    def changed_by(statement: str, key: str = loan_id(7)) -> list[dt.date]:
        """Days of the grid that the next run would work out anew; the statement is taken back."""
        with lived.connect("assay_dbt") as dbt:
            count = dbt.execute(statement, (key,)).rowcount
            found = dbt.execute(
                f"with now as ({grid}) select as_of_date from now "
                "inner join features.predelinquency_grid as before using (as_of_date) "
                "where now.inputs_no > before.inputs_no and as_of_date >= %s order by 1",
                (GRID[0],),
            ).fetchall()
            dbt.rollback()
        assert count == 1
        return [day for (day,) in found]

    loans = "update core.loans set {} where loan_id = %s"
    accounts = "update core.accounts set {} where account_id = %s"
    owners = "update core.account_holders set {} where account_id = %s"
    version, owner = (
        f"insert into core.{table} select (jsonb_populate_record({table}, '{{}}')).* "
        f"from core.{table} where account_id = %s"
        for table in ("accounts", "account_holders")
    )
    today = f'{{"valid_from": "{LAST}", "known_at": "2026-10-01", "party_id": "test:customer:9"}}'
    later = "known_at = '2026-07-02 00:00-04'"
    assert changed_by(loans.format(f"granted_on = '2026-07-01', {later}")) == GRID
    assert changed_by(accounts.format(f"valid_from = '2026-07-01', opened_on = '2026-07-01', {later}")) == GRID
    assert changed_by(owners.format(f"valid_from = '2026-07-01', {later}")) == GRID
    assert changed_by(owners.format(f"valid_from = '2026-07-01', {later}"), "test:account:14") == GRID
    assert changed_by(accounts.format("product_name = 'Home Loan'")) == GRID
    # A fact with a day of its own: on the days before, nothing has changed. A label looks 35 days ahead.
    assert changed_by(owners.format("valid_to = '2026-07-01'")) == GRID[3:]
    assert changed_by(accounts.format("deleted_on = '2026-07-01'")) == GRID[3:]
    assert changed_by(accounts.format("closed_on = '2026-07-01'")) == GRID[1:]
    assert changed_by(version.replace("{}", '{"valid_from": "2026-09-20", "known_at": "2026-09-21"}')) == GRID[4:]
    # What is delivered again, or becomes of a contract today.
    assert changed_by(loans.format("load_id = 75")) == []
    assert changed_by(owners.format(f"valid_to = '{LAST}', load_id = 75")) == []
    assert changed_by(accounts.format(f"deleted_on = '{LAST}', closed_on = '{LAST}', load_id = 75")) == []
    assert changed_by(version.replace("{}", today)) == []
    assert changed_by(owner.replace("{}", today)) == []


def move_days_later(warehouse: Warehouse) -> None:
    """Corrections of what keeps one row a key: loan 7, account of loan 13, owners of loan 10 and account 14."""
    granted, opened, since = dt.date(2026, 6, 20), dt.date(2026, 6, 15), dt.date(2026, 7, 1)
    with warehouse.connect("assay_dbt") as dbt:
        dbt.execute(
            "update core.loans set granted_on = %s, known_at = %s, load_id = 80 where loan_id = %s",
            (granted, end_of(granted), loan_id(7)),
        )
        dbt.execute(
            "update core.accounts set valid_from = %s, opened_on = %s, known_at = %s, load_id = 80 "
            "where account_id = %s",
            (opened, opened, end_of(opened), loan_id(13)),
        )
        for account in (loan_id(10), "test:account:14"):
            dbt.execute(
                "update core.account_holders set valid_from = %s, known_at = %s, load_id = 80 where account_id = %s",
                (since, end_of(since), account),
            )


def test_whatever_came_late_its_days_are_as_if_it_had_come_in_time(lived: Warehouse, run_day: RunDay) -> None:
    before = {table: rows(lived, table) for table in ("predelinquency_labels", "training_features")}
    booked_on, granted = GRID[3] - dt.timedelta(days=3), GRID[2] - dt.timedelta(days=5)
    with lived.connect("assay_dbt") as dbt:
        insert(dbt, "transactions", [transaction("late", GOOD, booked_on, "salary", 12345, load_id=80)])
    assert [label_of(lived, number, GRID[1]) for number in (7, 10, 13)] == [[False]] * 3
    move_days_later(lived)
    run_day(LAST, select=("core.rollups", "account_day_signals", *DAYS))
    untouched = written(lived)
    # The days that a former row had fed, too: labels of 1 June, 29 June and 27 July.
    assert [[label_of(lived, number, day) for day in GRID[1:4]] for number in (7, 10, 13)] == [
        [[], [False], [False]],
        [[], [], [False]],
        [[], [False], [False]],
    ]
    with lived.connect() as connection:
        income = connection.execute(
            "select income_last from features.training_features where gr_id = %s and as_of_date = %s",
            (f"GR{GOOD:010d}", GRID[3]),
        ).fetchone()
    assert income is not None
    assert income[0] >= 12345
    with lived.connect("assay_dbt") as dbt:
        row, own = loan("late", granted, "Personal Loan")
        insert(dbt, "loans", [{**row, "load_id": 80}])
        insert(dbt, "accounts", [{**own, "load_id": 80}])
        insert(dbt, "account_holders", [holder(0, 9, granted, account_id=own["account_id"], load_id=80)])
        insert(dbt, "payments_due", [due("late", 1, GRID[3] + dt.timedelta(days=9), granted, load_id=80)])
        balance = {"account_id": loan_id(6), "balance_on": NEWEST, "balance_amount": 17, "row_hash": "1"}
        insert(dbt, "account_balances", [{**balance, "known_at": end_of(NEWEST), "load_id": 80}])
        # A file that was taken out again: nobody knows any more what was paid from then to 20 July.
        dbt.execute(
            "update core.coverage set covered_to = %s, load_id = 80 where scope_id = '*'", (dt.date(2026, 6, 10),)
        )
        insert(dbt, "coverage", [{**coverage("payments", dt.date(2026, 7, 20), LAST), "load_id": 80}])
    run_day(LAST, select=DAYS)
    now = {table: rows(lived, table) for table in before}
    assert label_of(lived, GOOD, GRID[1]) == []
    assert label_of(lived, "late", GRID[3]) == [True]
    with lived.connect() as connection:
        amount = connection.execute(
            "select exposure_amount from features.predelinquency_labels where exposure_id = %s and as_of_date = %s",
            (loan_id(6), NEWEST),
        ).fetchone()
    assert amount == (17,)
    first = [one for one in untouched["training_features"] if one[0] == GRID[0]]
    assert [one for one in written(lived)["training_features"] if one[0] == GRID[0]] == first
    run_day(LAST, "--full-refresh", select=DAYS)
    assert {table: rows(lived, table) for table in before} == now
    assert now["predelinquency_labels"] != before["predelinquency_labels"]
