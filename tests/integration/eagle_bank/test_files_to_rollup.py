"""The bank's files from raw to the daily rollup, against figures worked out from the files by pandas."""

from pathlib import Path

import pandas as pd
import pytest

from orchestration.ingestion import LoadResult, ingest, raw_row_counts

from .conftest import Bank

pytestmark = pytest.mark.real_data
CREDIT = ("PRIJEM", "credit")


def read(folder: Path, name: str, sep: str = ",") -> pd.DataFrame:
    (path,) = folder.glob(f"{name}.csv*")
    return pd.read_csv(path, sep=sep, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def bookings(bank_files: Path) -> pd.DataFrame:
    frame = pd.concat([read(bank_files, name, ";") for name in ("trans_1993_1994", "trans_preloan")])
    frame["cents"] = (frame["amount"].astype(float) * 100).round().astype(int)
    frame["signed"] = frame["cents"].where(frame["type"].isin(CREDIT), -frame["cents"])
    return frame


def test_every_row_of_every_file_is_loaded_and_none_refused(
    new_bank: Bank, loads: list[LoadResult], bank_files: Path
) -> None:
    rows = {load.table: load.accepted for load in loads if load.table}
    expected = {
        name: len(read(bank_files, name, ";" if name.startswith(("trans", "district_census")) else ","))
        for name in rows
    }
    assert rows == expected
    assert raw_row_counts(new_bank.warehouse, "eagle_bank") == expected
    assert sum(load.rejected for load in loads) == 0
    assert sum(expected.values()) == 130_661


def test_the_other_lenders_file_is_left_alone(loads: list[LoadResult]) -> None:
    assert [load.file for load in loads if load.status == "unmatched"] == ["luxury_loan.csv.gz"]


def test_entities_have_the_rows_of_the_files(bank: Bank, bank_files: Path) -> None:
    calls, events = read(bank_files, "crm_calls"), read(bank_files, "crm_events")
    parties = dict(bank.rows("select record_type, count(*) from core.parties group by record_type"))
    assert parties == {
        "client": len(read(bank_files, "client")),
        "complainant": len(events),
        "caller": calls.loc[calls["complaint_id"] == "NO_COMPLAINT", "phonefinal"].nunique(),
    }
    accounts = dict(bank.rows("select product_category, count(*) from core.accounts group by product_category"))
    assert accounts == {
        "DEPOSIT": len(read(bank_files, "account")),
        "CREDIT": len(read(bank_files, "card")),
        "LOAN": len(read(bank_files, "loan")),
    }
    contacts = dict(bank.rows("select contact_type, count(*) from core.contacts group by contact_type"))
    assert contacts == {
        "complaint": len(events),
        "call": (calls["complaint_id"] == "NO_COMPLAINT").sum(),
        "review": len(read(bank_files, "crm_reviews")),
    }
    assert (
        bank.value("select count(*) from core.accounts where product_category <> 'LOAN' and closed_on is not null") == 0
    )


def test_a_complaint_by_telephone_and_its_call_are_one_contact(bank: Bank, bank_files: Path) -> None:
    calls, events = read(bank_files, "crm_calls"), read(bank_files, "crm_events")
    calls["day"] = pd.to_datetime(calls["date_received"])
    events["day"] = pd.to_datetime(events["date_received"], format="%d-%m-%Y")
    pairs = events.merge(calls, on=["complaint_id", "day"], suffixes=("", "_call"))
    # Each call that names a complaint is the only one of it and of its day.
    assert len(pairs) == pairs["complaint_id"].nunique() == (calls["complaint_id"] != "NO_COMPLAINT").sum() == 2504
    assert set(pairs["submitted_via"]) == {"Phone"}

    found = pd.DataFrame(
        bank.rows(
            "select right(contact_id, 9), channel, contact_date::text, "
            "to_char(contact_at at time zone 'America/New_York', 'HH24:MI:SS'), duration_seconds "
            "from core.contacts where contact_type = 'complaint' and contact_at is not null"
        ),
        columns=["complaint_id", "channel", "day", "time", "seconds"],
    ).set_index("complaint_id")
    expected = pd.DataFrame(
        {
            "channel": "Phone",
            "day": pairs["day"].dt.strftime("%Y-%m-%d").to_numpy(),
            "time": pairs["ser_start"].str[-8:].to_numpy(),
            "seconds": pairs["service_seconds"].astype(float).astype(int).to_numpy(),
        },
        index=pd.Index(pairs["complaint_id"], name="complaint_id"),
    )
    pd.testing.assert_frame_equal(found.sort_index(), expected.sort_index(), check_dtype=False)
    by_channel = dict(
        bank.rows("select channel, count(*) from core.contacts where contact_type = 'complaint' group by channel")
    )
    assert by_channel == events["submitted_via"].value_counts().to_dict()


def test_each_account_has_one_owner(bank: Bank, bank_files: Path) -> None:
    owners = bank.rows(
        "select count(*), count(distinct account_id), (select count(*) from core.accounts) "
        "from core.account_holders where holder_role = 'owner'"
    )
    assert owners == [(6074, 6074, 6074)]
    disposition = read(bank_files, "disposition")
    users = bank.value("select count(*) from core.account_holders where holder_role = 'user'")
    assert users == (disposition["type"] == "User").sum()


def test_a_transaction_counts_once_and_money_adds_up_for_each_account(bank: Bank, bookings: pd.DataFrame) -> None:
    expected = bookings.groupby(bookings["account_id"].astype(int))["signed"].agg(["size", "sum"])
    for query in (
        "select right(account_id, 8)::int, count(*), "
        "(sum(case direction when 'credit' then reporting_amount else -reporting_amount end) * 100)::bigint "
        "from core.transactions group by account_id",
        "select right(account_id, 8)::int, sum(transaction_count)::bigint, "
        "(sum(credit_amount - debit_amount) * 100)::bigint "
        "from core.account_daily_activity group by account_id",
    ):
        found = pd.DataFrame(bank.rows(query), columns=["account_id", "size", "sum"]).set_index("account_id")
        pd.testing.assert_frame_equal(found.sort_index(), expected, check_dtype=False, check_names=False)
    assert len(bookings) == bookings["trans_id"].nunique() == 79_302


def test_closing_balances_follow_from_the_day_before(bank: Bank) -> None:
    gaps = bank.rows(
        """
        with days as (
            select
                activity_date,
                lag(closing_balance_amount, 1, 0) over (partition by account_id order by activity_date)
                + credit_amount - debit_amount - closing_balance_amount as gap
            from core.account_daily_activity
        )
        select activity_date, count(*) from days where abs(gap) > 0.20 group by activity_date
        """
    )
    # The bank rounds to 0.10. The file was cut on its last day before the interest of 28 accounts.
    assert [(day.isoformat(), count) for day, count in gaps] == [("2014-03-31", 28)]


def test_dates_are_twenty_years_later_and_known_at_the_end_of_the_day(bank: Bank, bookings: pd.DataFrame) -> None:
    shifted = pd.to_datetime(bookings["date"], format="%y%m%d") + pd.DateOffset(years=20)
    assert bank.rows("select min(event_date), max(event_date), count(event_at) from core.transactions") == [
        (shifted.min().date(), shifted.max().date(), 0)
    ]
    elsewhen = bank.value(
        "select count(*) from core.transactions where superseded_at is not null "
        "or known_at <> ((event_date + 1)::timestamp at time zone 'America/New_York')"
    )
    assert elsewhen == 0


def test_loans_outcomes_and_coverage_agree_with_the_files(bank: Bank, bank_files: Path) -> None:
    loan = read(bank_files, "loan")
    assert bank.rows("select count(*), count(*) filter (where is_bad) from core.outcomes") == [
        (len(loan), loan["status"].isin(["B", "D"]).sum())
    ]
    finished = bank.value(
        "select count(*) from core.loans join core.outcomes on exposure_id = loan_id "
        "where (outcome_code in ('A', 'B')) <> (matures_on <= outcome_on)"
    )
    assert finished == 0
    by_end = bank.rows(
        "select covered_to = '2014-03-31', count(*) from core.coverage "
        "where subject = 'transactions' group by 1 order by 1"
    )
    assert by_end == [(False, 354), (True, 1229)]
    outside = bank.value(
        "select count(*) from core.transactions t where not exists (select 1 from core.coverage c "
        "where c.subject = 'transactions' and c.scope_id = t.account_id "
        "and t.event_date between c.covered_from and c.covered_to)"
    )
    assert outside == 0


def test_running_again_changes_nothing(bank: Bank, bank_files: Path) -> None:
    before = bank.hashes()
    again = ingest(bank.warehouse, "eagle_bank", bank_files)
    assert {load.status for load in again} == {"unchanged", "unmatched"}
    bank.dbt("run")
    assert bank.hashes() == before
