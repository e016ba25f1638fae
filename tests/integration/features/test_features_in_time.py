"""Features hold what was known at their cut-off, and agree with a second computation in pandas."""

import datetime as dt

import numpy as np
import pandas as pd
import psycopg
import pytest
from psycopg.rows import dict_row

from ml.features import load_catalogue
from orchestration.warehouse import Warehouse
from tests.integration.features.conftest import Build
from tests.integration.features.joint_accounts import (
    ACCOUNTS,
    BORROWED,
    BORROWER,
    HALF_KNOWN,
    PEOPLE,
    SOMEBODY,
    joint_accounts,
    owner_on,
)
from tests.integration.features.population import (
    AS_OF,
    SUBJECTS,
    Row,
    account,
    coverage,
    create_inputs,
    end_of,
    holder,
    insert,
    party,
    random_transactions,
    transaction,
    write_links,
)
from tests.integration.features.reference import customer_features

OPENED = dt.date(2026, 1, 5)
LONG_AGO = dt.date(2024, 1, 5)
FIRST = dt.date(2026, 4, 1)
GRANTED = dt.date(2026, 8, 20)
DAY = dt.timedelta(days=1)
MOVED = AS_OF - 60 * DAY
# The portfolio's cut-off: the next day at 02:00 in New York.
CUTOFF = pd.Timestamp(AS_OF + DAY).tz_localize("America/New_York") + pd.Timedelta(hours=2)
# Customer 4 opened its account five weeks before the as-of date; customer 5's source does not cover it.
LATE, UNCOVERED = 4, 5
# The second account of customer 1; customer 2's loan, with its instalments paid on time, late, early and not at all.
SECOND, LOAN = 6, 7
# Customer 11: days of an account became known in two parts, and the bank states its balances as well; two more accounts
# were closed, one within the window, one a year before.
STATED, CLOSED, LONG_CLOSED = 11, 12, 13
CLOSED_ON = {CLOSED: AS_OF - 40 * DAY, LONG_CLOSED: AS_OF - 365 * DAY}


def base_transactions() -> list[Row]:
    rng = np.random.default_rng(7)
    rows = [row for number in (1, 2, 3) for row in random_transactions(number, FIRST, AS_OF, rng)]
    rows += random_transactions(LATE, AS_OF - 34 * DAY, AS_OF, rng)
    rows += random_transactions(UNCOVERED, FIRST, AS_OF, rng)
    rows += in_two_parts(random_transactions(STATED, FIRST, AS_OF, rng))
    # The bank goes on booking fees on an account that it has closed: they are no balance of anybody's.
    rows += random_transactions(CLOSED, FIRST, CLOSED_ON[CLOSED] + 5 * DAY, rng)
    rows += random_transactions(LONG_CLOSED, CLOSED_ON[LONG_CLOSED] - 60 * DAY, CLOSED_ON[LONG_CLOSED], rng)
    # Customer 1 has a second account, opened long before the window and quiet in many of its weeks.
    return rows + [
        {**row, "balance_after_amount": row["balance_after_amount"] - 400}
        for row in random_transactions(SECOND, FIRST, AS_OF, rng, "second-")
        if row["event_date"].day in (1, 2, 20)
    ]


def in_two_parts(rows: list[Row]) -> list[Row]:
    """The last booking of a day with several becomes known two days later; until then the day ended deep in the red."""
    days = [row["event_date"] for row in rows]
    last = {day: max(n for n, other in enumerate(days) if other == day) for day in days if days.count(day) > 1}
    for day, n in last.items():
        rows[n]["known_at"] = end_of(day + 2 * DAY)
        for row in rows[:n]:
            if row["event_date"] == day:
                row["balance_after_amount"] -= 50_000
    return rows


def stated_balances() -> list[Row]:
    """Before the window, on days with bookings and without, on the last day; one was stated wrongly at first."""
    days = {150: 70.0, 80: 800.0, 61: -20.0, 60: 300.5, 33: 410.0, 0: 250.0}
    about = {"account_id": f"test:account:{STATED}", "row_hash": "1", "load_id": 1}
    return [
        {**about, "balance_on": day, "balance_amount": amount, "known_at": end_of(day)}
        for day, amount in ((AS_OF - ago * DAY, amount) for ago, amount in days.items())
    ]


def instalments() -> list[tuple[dt.date, dt.date | None]]:
    """Due day and day of payment."""
    first = AS_OF - 100 * DAY
    delays = (0, 0, 4, -2, 12, 1, 0, None)
    due = [first + 12 * number * DAY for number in range(len(delays))]
    return [(day, None if late is None else day + late * DAY) for day, late in zip(due, delays, strict=True)]


def insert_instalments(
    connection: psycopg.Connection, *, key: str = "", known_at: object = None, shift: int = 0
) -> None:
    """Instalments of customer 2's loan, all in ``shift`` days more than they were paid."""
    about = {"source_system": "test", "loan_id": f"test:account:{LOAN}", "row_hash": f"1{key}", "load_id": 1}
    due, made = [], []
    for number, (due_on, paid_on) in enumerate(instalments()):
        keys = {**about, "payment_id": f"{key}{number}"}
        due.append({**keys, "due_on": due_on, "due_amount": 50, "known_at": known_at or end_of(due_on - 30 * DAY)})
        if paid_on is not None:
            paid = paid_on + shift * DAY
            made.append({**keys, "paid_on": paid, "paid_amount": 50, "known_at": known_at or end_of(paid)})
    insert(connection, "payments_due", due)
    insert(connection, "payments_made", made)


def loan(number: int) -> Row:
    return {
        "loan_id": f"test:loan:{number}",
        "source_system": "test",
        "settlement_account_id": f"test:account:{number}",
        "granted_on": GRANTED,
        "principal_amount": 6000,
        "term_months": 12,
        "instalment_amount": 520,
        "matures_on": GRANTED.replace(year=2027),
        "known_at": end_of(GRANTED),
        "load_id": 1,
    }


def insert_joint_accounts(connection: psycopg.Connection) -> list[Row]:
    """Accounts of several owners, a loan paid from each, one loan of its own borrower; returns the people."""
    people = [party(number, OPENED, birth_date=dt.date(1990, 1, 1)) for number in PEOPLE]
    accounts, holders, transactions = joint_accounts(OPENED)
    own = {"account_id": BORROWED, "product_category": "LOAN"}
    insert(connection, "parties", people)
    insert(connection, "accounts", [*accounts, account(0, GRANTED, **own)])
    insert(connection, "account_holders", [*holders, holder(0, BORROWER, GRANTED, account_id=BORROWED)])
    insert(connection, "transactions", transactions)
    scopes = [row["account_id"] for row in accounts]
    insert(connection, "coverage", [coverage(subject, OPENED, scope=s) for subject in SUBJECTS for s in scopes])
    insert(connection, "loans", [loan(number) for number in ACCOUNTS])
    return people


@pytest.fixture(scope="module")
def built(module_warehouse: Warehouse, build: Build) -> Warehouse:
    opened = {number: AS_OF - 34 * DAY if number == LATE else OPENED for number in range(1, 6)}
    parties = [party(number, day, birth_date=dt.date(1990, 1, 1)) for number, day in opened.items()]
    with module_warehouse.connect("assay_dbt") as connection:
        create_inputs(connection)
        insert(connection, "parties", parties)
        insert(connection, "accounts", [account(number, day) for number, day in opened.items()])
        insert(connection, "accounts", [account(SECOND, OPENED), account(LOAN, OPENED, product_category="LOAN")])
        insert(connection, "account_holders", [holder(number, number, day) for number, day in opened.items()])
        # The second account was customer 3's before: it counts for who has it, with all its days.
        moved = {"valid_to": MOVED}
        insert(connection, "account_holders", [holder(SECOND, 3, OPENED, **moved), holder(SECOND, 1, MOVED)])
        insert(connection, "account_holders", [holder(LOAN, 2, OPENED)])
        insert_closed_and_stated(connection)
        insert_instalments(connection)
        insert(connection, "transactions", base_transactions())
        covered = [
            coverage(subject, OPENED, scope=f"test:account:{number}")
            for subject in SUBJECTS
            for number in (1, 2, 3, LATE, SECOND, STATED, CLOSED, LONG_CLOSED)
        ]
        insert(connection, "coverage", covered)
        insert(connection, "loans", [loan(2), loan(3)])
        people = insert_joint_accounts(connection)
    with module_warehouse.connect("assay_ml") as connection:
        write_links(connection, [*parties, *people, party(STATED, LONG_AGO)])
    build("--full-refresh")
    return module_warehouse


def insert_closed_and_stated(connection: psycopg.Connection) -> None:
    """Customer 11's accounts."""
    numbers = (STATED, CLOSED, LONG_CLOSED)
    insert(connection, "parties", [party(STATED, LONG_AGO, birth_date=dt.date(1990, 1, 1))])
    insert(connection, "accounts", [account(number, LONG_AGO) for number in numbers])
    for number, day in CLOSED_ON.items():
        noted = {"valid_from": day, "closed_on": day, "known_at": end_of(day), "load_id": 2}
        insert(connection, "accounts", [{**account(number, LONG_AGO), **noted}])
    insert(connection, "account_holders", [holder(number, STATED, LONG_AGO) for number in numbers])
    wrong = {"balance_on": AS_OF - 33 * DAY, "balance_amount": -9999, "row_hash": "0"}
    corrected = {"known_at": end_of(AS_OF - 33 * DAY), "superseded_at": end_of(AS_OF - 30 * DAY)}
    right = [
        {**row, "known_at": corrected["superseded_at"]} if row["balance_on"] == wrong["balance_on"] else row
        for row in stated_balances()
    ]
    insert(connection, "account_balances", [*right, {**right[0], **wrong, **corrected}])


def rows_of(warehouse: Warehouse, table: str, key: str) -> dict[str, Row]:
    with warehouse.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return {row[key]: row for row in cursor.execute(f"select * from {table}").fetchall()}


def history_reference(transactions: list[Row], as_of: dt.date) -> dict[str, float]:
    """Features of a loan by another way: a frame of days, plain pandas; one account."""
    frame = pd.DataFrame(transactions)
    frame = frame[frame["event_date"] <= as_of]
    days = pd.date_range(frame["event_date"].min(), as_of)
    by_day = pd.to_datetime(frame["event_date"])
    booked = frame["is_booked"]
    is_income = frame["activity_type"].isin(["salary", "pension", "benefit", "transfer_in", "cash_deposit"])

    def daily(mask: pd.Series, values: pd.Series) -> pd.Series:
        return values[mask].groupby(by_day[mask]).sum().reindex(days, fill_value=0.0)

    ones = pd.Series(1.0, index=frame.index)
    income = daily(booked & is_income, frame["amount"])
    own = frame["activity_type"].eq("own_transfer_out")
    spending = daily(booked & frame["direction"].eq("debit") & ~own, frame["amount"])
    cash = daily(booked & frame["activity_type"].eq("cash_withdrawal"), frame["amount"])
    failed = daily(frame["activity_type"].isin(["failed_debit", "penalty_interest"]), ones)
    gambling = daily(booked & frame["activity_type"].eq("gambling"), ones)
    count = daily(booked, ones)
    last = frame[booked].sort_values("sequence_number").groupby(by_day[booked])["balance_after_amount"].last()
    balance = last.reindex(days).ffill()

    def weekly(series: pd.Series, how: str = "sum") -> np.ndarray:
        window = series.iloc[-91:].to_numpy().reshape(13, 7)
        return getattr(window, how)(axis=1)

    weeks, cash_weeks, balance_weeks = weekly(income), weekly(cash), weekly(balance, "mean")
    yardstick = 7 * income.sum() / len(days)
    hoarding = (cash_weeks > 0.5 * weeks.mean()).astype(float)
    return {
        "income_weekly_mean_amount": weeks.mean(),
        "income_weekly_cv_ratio": weeks.std() / weeks.mean(),
        "income_change_ratio": (weeks[9:].mean() - weeks[:9].mean()) / weeks.mean(),
        "balance_weekly_mean_amount": balance_weeks.mean(),
        "balance_weekly_cv_ratio": balance_weeks.std() / max(balance_weeks.mean(), yardstick),
        "low_balance_min_amount": weekly(balance, "min").min(),
        "low_balance_recent_amount": weekly(balance, "min")[9:].mean(),
        "payment_failure_count": weekly(failed).sum(),
        "cash_withdrawal_weekly_mean_amount": cash_weeks.mean(),
        "cash_hoarding_flag_mean": hoarding.mean(),
        "cash_hoarding_flag_std": hoarding.std(),
        "atm_withdrawal_spike_max": cash_weeks.max() / cash_weeks.mean(),
        "gambling_txns_max": weekly(gambling).max(),
        "transaction_weekly_mean_count": weekly(count).mean(),
        "spending_to_income_ratio": weekly(spending).mean() / weeks.mean(),
        "low_balance_days": float((balance.iloc[-91:] < yardstick).sum()),
        "lifetime_balance_mean_amount": balance.mean(),
        "lifetime_balance_cv_ratio": balance.std(ddof=0) / max(balance.mean(), yardstick),
        "lifetime_low_balance_ratio": float((balance < yardstick).mean()),
        "lifetime_income_weekly_mean_amount": yardstick,
    }


def of_account(number: int) -> list[Row]:
    return [row for row in base_transactions() if row["account_id"] == f"test:account:{number}"]


def paid_of(number: int) -> list[Row]:
    """Paid instalments of a customer."""
    return [{"due_on": due, "paid_on": paid} for due, paid in instalments() if paid is not None and number == 2]


@pytest.mark.parametrize("number", [1, 2, 3, LATE, STATED])
def test_all_104_features_agree_with_pandas(built: Warehouse, number: int) -> None:
    found = rows_of(built, "features.customer_features", "gr_id")[f"GR{number:010d}"]
    names = load_catalogue().names(used_by="predelinquency_30d")
    covered = [number != LATE or week > 8 for week in range(1, 14)]
    others = {1: (SECOND,), STATED: (CLOSED, LONG_CLOSED)}.get(number, ())
    transactions = [row for one in (number, *others) for row in of_account(one)]
    closed = {f"test:account:{one}": day for one, day in CLOSED_ON.items()}
    expected = customer_features(transactions, AS_OF, paid_of(number), covered, stated_balances(), closed)
    assert sorted(expected) == sorted(names)
    values = {name: np.nan if found[name] is None else found[name] for name in names}
    assert values == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def test_the_last_balance_of_the_features_is_the_balance_of_the_profile(built: Warehouse) -> None:
    features = rows_of(built, "features.customer_features", "gr_id")
    profiles = rows_of(built, "core.profile_360", "gr_id")
    last = {gr_id: row["end_balance_last"] for gr_id, row in features.items() if row["end_balance_last"] is not None}
    assert last == {gr_id: pytest.approx(float(profiles[gr_id]["deposit_balance_amount"])) for gr_id in last}
    assert last[f"GR{STATED:010d}"] == 250


@pytest.mark.parametrize("number", [2, 3])
def test_a_loan_has_the_same_features_as_of_the_day_before(built: Warehouse, number: int) -> None:
    found = rows_of(built, "features.origination_features", "loan_id")[f"test:loan:{number}"]
    expected = history_reference(of_account(number), GRANTED - DAY)
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    same = customer_features(of_account(number), GRANTED - DAY)
    shared = [name for name in load_catalogue().names(used_by="origination_pd") if name in same]
    assert len(shared) > 20
    assert {name: found[name] for name in shared} == pytest.approx({name: same[name] for name in shared}, nan_ok=True)
    income = expected["lifetime_income_weekly_mean_amount"] * 30.4375 / 7
    assert found["instalment_to_income_ratio"] == pytest.approx(520 / income)
    assert found["as_of_date"] == GRANTED - DAY
    assert found["knowledge_cutoff"] == pd.Timestamp(GRANTED).tz_localize("America/New_York") + pd.Timedelta(hours=2)


def test_outside_coverage_features_are_missing_and_not_zero(built: Warehouse) -> None:
    features = rows_of(built, "features.customer_features", "gr_id")
    uncovered = features[f"GR{UNCOVERED:010d}"]
    keys = {"gr_id", "as_of_date", "knowledge_cutoff", "covered_weeks_count", "is_history_covered"}
    assert {value for name, value in uncovered.items() if name not in keys} == {None}
    assert uncovered["covered_weeks_count"] == 0
    late = features[f"GR{LATE:010d}"]
    assert late["covered_weeks_count"] == 5
    assert late["transaction_weekly_mean_count"] == pytest.approx(sum(row["is_booked"] for row in of_account(LATE)) / 5)
    profile = rows_of(built, "core.profile_360", "gr_id")
    assert profile[f"GR{UNCOVERED:010d}"]["transactions_90d_count"] is None
    assert profile[f"GR{LATE:010d}"]["transactions_90d_count"] > 0


def test_money_counts_once_for_the_one_owner_of_the_day(built: Warehouse) -> None:
    accounts, holders, transactions = joint_accounts(OPENED)
    names = [row["account_id"] for row in accounts]
    with built.connect() as connection:
        found = connection.execute(
            "select account_id, activity_date, party_id, credit_amount + debit_amount from core.account_daily_activity "
            "where account_id = any(%s)",
            (names,),
        ).fetchall()
        owned = dict(connection.execute("select account_id, owner_party_id from core.owned_accounts").fetchall())
    booked = [row for row in transactions if row["is_booked"]]
    assert float(sum(row[3] for row in found)) == pytest.approx(sum(row["amount"] for row in booked))
    assert [row[2] for row in found] == [owner_on(holders, account_id, day) for account_id, day, *_ in found]
    # Without a record of the first owner the next one is who is known.
    half_known = {f"test:account:{HALF_KNOWN}": f"test:customer:{SOMEBODY}"}
    expected = {name: owner_on(holders, name, AS_OF) for name in names} | half_known
    assert {name: owned[name] for name in names} == expected

    counted = pd.Series([expected[row["account_id"]] for row in booked]).value_counts()
    features = rows_of(built, "features.customer_features", "gr_id")
    profiles = rows_of(built, "core.profile_360", "gr_id")
    for person in PEOPLE:
        count = counted.get(f"test:customer:{person}", 0)
        features_of = features[f"GR{person:010d}"]
        assert features_of["transaction_weekly_mean_count"] * 13 == pytest.approx(count)
        assert profiles[f"GR{person:010d}"]["transactions_90d_count"] == count


def test_a_loan_is_its_borrowers_else_his_whose_account_pays_it_the_day_before(built: Warehouse) -> None:
    _, holders, _ = joint_accounts(OPENED)
    loans = rows_of(built, "features.origination_features", "loan_id")
    people = {f"test:customer:{person}": f"GR{person:010d}" for person in PEOPLE}
    before = GRANTED - DAY
    owners = {f"test:loan:{n}": owner_on(holders, f"test:account:{n}", before, before) for n in ACCOUNTS}
    borrower = f"test:customer:{BORROWER}"
    assert owners[BORROWED] != borrower
    expected = {name: people[owner or ""] for name, owner in (owners | {BORROWED: borrower}).items()}
    assert {name: loans[name]["gr_id"] for name in expected} == expected
    assert rows_of(built, "features.exposures", "exposure_id")[BORROWED]["gr_id"] == expected[BORROWED]


def test_who_owns_an_account_together_is_a_joint_holder(built: Warehouse) -> None:
    _, holders, _ = joint_accounts(OPENED)
    now = [row for row in holders if row["valid_from"] <= AS_OF and (row["valid_to"] or AS_OF + DAY) > AS_OF]
    pairs = {
        (one["party_id"], other["party_id"])
        for one in now
        for other in now
        if one["account_id"] == other["account_id"] and one["holder_role"] == "owner" and one is not other
    }
    known = {f"test:customer:{person}": f"GR{person:010d}" for person in PEOPLE}
    expected = {tuple(sorted((known[a], known[b]))) for a, b in pairs if {a, b} <= set(known)}
    with built.connect() as connection:
        found = connection.execute(
            "select gr_id_from, gr_id_to from core.gr_relationships where relationship_type = 'joint_account_holder'"
        ).fetchall()
    assert set(found) == expected
    assert len(found) == len(expected) > 5


def test_a_second_run_changes_nothing(built: Warehouse, build: Build) -> None:
    before = rows_of(built, "features.customer_features", "gr_id")
    loans = rows_of(built, "features.origination_features", "loan_id")
    build()
    assert rows_of(built, "features.customer_features", "gr_id") == before
    assert rows_of(built, "features.origination_features", "loan_id") == loans


def test_what_comes_after_the_day_or_is_known_later_changes_nothing(built: Warehouse, build: Build) -> None:
    features = rows_of(built, "features.customer_features", "gr_id")
    loans = rows_of(built, "features.origination_features", "loan_id")
    profiles = rows_of(built, "core.profile_360", "gr_id")
    golden = rows_of(built, "core.golden_records", "gr_id")
    rng = np.random.default_rng(99)
    tomorrow, later = AS_OF + DAY, CUTOFF + pd.Timedelta(seconds=1)

    after = [row for n in range(1, 6) for row in random_transactions(n, tomorrow, AS_OF + 60 * DAY, rng, "after-")]
    known_later = [
        {**row, "known_at": later} for n in range(1, 6) for row in random_transactions(n, FIRST, AS_OF, rng, "late-")
    ]
    # Corrections: the versions of today end after the cut-off, other amounts take their place.
    corrected = [
        {**row, "row_hash": "2", "amount": 9999, "reporting_amount": 9999, "known_at": later}
        for row in base_transactions()
    ]
    with built.connect("assay_dbt") as connection:
        connection.execute("update core.transactions set superseded_at = %s", (later,))
        insert(connection, "transactions", after + known_later + corrected)
        version = {"valid_from": AS_OF, "known_at": later, "load_id": 2}
        insert(connection, "parties", [{**party(1, OPENED), **version, "death_date": AS_OF}, party(9, tomorrow)])
        insert(connection, "accounts", [{**account(1, OPENED), **version, "closed_on": AS_OF}])
        insert(connection, "accounts", [account(9, tomorrow)])
        insert(connection, "account_holders", [holder(9, 1, tomorrow)])
        # Customer 3's account becomes customer 1's, as everybody but the bank knew.
        insert(connection, "account_holders", [holder(3, 1, AS_OF, known_at=later)])
        ended = (AS_OF, "test:account:3", "test:customer:3")
        connection.execute(
            "update core.account_holders set valid_to = %s where account_id = %s and party_id = %s", ended
        )
        insert(connection, "coverage", [{**coverage("transactions", OPENED), "known_at": later}])
        insert_instalments(connection, key="late", known_at=later, shift=40)
        # Of today's payments another day becomes known later.
        connection.execute("update core.payments_made set superseded_at = %s where known_at < %s", (later, later))
        fact = {"row_hash": "1", "known_at": later, "load_id": 2}
        balance = {"account_id": "test:account:1", "balance_amount": 1, **fact}
        insert(connection, "account_balances", [{**balance, "balance_on": AS_OF}])
        insert(
            connection,
            "account_balances",
            [{**balance, "balance_on": tomorrow, "known_at": end_of(tomorrow)}],
        )
        about = {"source_system": "test", "party_id": "test:customer:1", **fact}
        insert(connection, "bureau_reports", [{**about, "reported_on": AS_OF, "credit_score": 300}])
        contact = {"contact_id": "late", "contact_type": "complaint", "contact_date": AS_OF}
        insert(connection, "contacts", [{**about, **contact, "satisfaction_score": 1}])
    with built.connect("assay_ml") as connection:
        write_links(connection, [party(9, tomorrow)])
    build("--full-refresh")
    assert rows_of(built, "features.customer_features", "gr_id") == features
    loans_now = rows_of(built, "features.origination_features", "loan_id")
    # The watermark says which loads were looked at, and moves with them; nothing else may.
    assert {key: {**row, "load_id": None} for key, row in loans_now.items()} == {
        key: {**row, "load_id": None} for key, row in loans.items()
    }
    assert rows_of(built, "core.profile_360", "gr_id") == profiles
    assert rows_of(built, "core.golden_records", "gr_id") == golden


def test_a_correction_known_by_the_cutoff_does_change_features(built: Warehouse, build: Build) -> None:
    """The counterpart of the test above: without it a query that reads nothing would pass."""
    before = rows_of(built, "features.customer_features", "gr_id")["GR0000000001"]
    with built.connect("assay_dbt") as connection:
        salary = transaction("known", 1, AS_OF, "salary", 12345, known_at=CUTOFF, sequence_number=10**6)
        insert(connection, "transactions", [{**salary, "balance_after_amount": 20000}])
    build("--full-refresh")
    now = rows_of(built, "features.customer_features", "gr_id")["GR0000000001"]
    assert now["income_weekly_mean_amount"] == pytest.approx(before["income_weekly_mean_amount"] + 12345 / 13)


def test_days_go_with_an_owner_that_is_corrected(built: Warehouse, build: Build) -> None:
    _, holders, _ = joint_accounts(OPENED)
    names = [f"test:account:{number}" for number in ACCOUNTS]
    days = "select account_id, activity_date, party_id, credit_amount + debit_amount from core.account_daily_activity"
    with built.connect("assay_dbt") as connection:
        before = sum(row[3] for row in connection.execute(days).fetchall())
        for name in names:
            row = next(row for row in holders if row["account_id"] == name)
            row |= {"valid_from": AS_OF - 20 * DAY, "valid_to": None}
            connection.execute(
                "update core.account_holders set valid_from = %(valid_from)s, valid_to = null "
                "where account_id = %(account_id)s and party_id = %(party_id)s",
                row,
            )
    build(models=("core.rollups",))
    with built.connect() as connection:
        found = connection.execute(days).fetchall()
    joint = [row for row in found if row[0] in names]
    assert [row[2] for row in joint] == [owner_on(holders, name, day) for name, day, *_ in joint]
    assert {row[2] is None for row in joint} == {True, False}
    assert sum(row[3] for row in found) == before


def test_a_stated_balance_of_a_new_load_reaches_the_day_without_a_full_build(built: Warehouse, build: Build) -> None:
    about = {
        "account_id": "test:account:2",
        "row_hash": "1",
        "balance_on": AS_OF,
        "balance_amount": 321.5,
        "load_id": 9,
    }
    with built.connect("assay_dbt") as connection:
        insert(connection, "account_balances", [{**about, "known_at": end_of(AS_OF)}])
    build()
    assert rows_of(built, "features.customer_features", "gr_id")["GR0000000002"]["end_balance_last"] == 321.5
