"""Files late, in parts, repeated or in another order: the same rows; corrections cost what they touch."""

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.ingestion import ingest
from orchestration.warehouse import Warehouse
from tests.integration.conftest import fresh_warehouse

from .conftest import Bank, exchanged

pytestmark = pytest.mark.real_data

FACTS = ("transactions", "contacts", "account_daily_activity")

# Two bookings, each the only one of its day, as the bank would correct them: one moves back, one moves on.
CORRECTION = (
    '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"\n'
    '695250;2378;930120;"PRIJEM";"VKLAD";7269.00;7969.00;"";;\n'
    '695262;2378;930125;"PRIJEM";"VKLAD";49752.00;72160.00;"";;\n'
)


@pytest.fixture(scope="module")
def other_bank(bank: Bank, built_hashes: dict[str, object], empty_bank: Warehouse) -> Iterator[Bank]:
    """A second database, without data, in the place of the first one, whose content ``built_hashes`` keeps."""
    with fresh_warehouse(empty_bank) as warehouse, exchanged(bank.warehouse, warehouse):
        yield bank


@pytest.fixture(scope="module")
def shuffled(other_bank: Bank, bank_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    """The same files: first calls, borrowers and the later half of the transactions, then all of them."""
    first = tmp_path_factory.mktemp("first_landing")
    for name in ("crm_calls", "trans_preloan"):
        shutil.copy(bank_files / f"{name}.csv.gz", first)
    header, *lines = gzip.decompress((bank_files / "trans_1993_1994.csv.gz").read_bytes()).splitlines(keepends=True)
    (first / "trans_1993_1994.csv").write_bytes(header + b"".join(reversed(lines[len(lines) // 2 :])))
    ingest(other_bank.warehouse, "eagle_bank", first)
    # All else is built anew each time: what a run finds there does not matter to it.
    other_bank.dbt("run", select=[f"+{fact}" for fact in FACTS])
    ingest(other_bank.warehouse, "eagle_bank", bank_files)
    other_bank.dbt("run")
    return other_bank


def test_another_order_of_files_gives_the_same_rows(shuffled: Bank, built_hashes: dict[str, object]) -> None:
    assert shuffled.hashes() == built_hashes


def test_a_correction_replaces_the_old_day_and_touches_nothing_else(
    shuffled: Bank, bank_files: Path, tmp_path: Path
) -> None:
    before = shuffled.value("select max(load_id) from core.account_daily_activity")
    (tmp_path / "trans_1993_1994_2014-05-01.csv").write_text(CORRECTION)
    ingest(shuffled.warehouse, "eagle_bank", tmp_path)
    shuffled.dbt("run", select=FACTS)

    days = shuffled.rows(
        "select activity_date::text, credit_amount::float8, "
        "(visible_until at time zone 'America/New_York')::date::text, "
        f"load_id > {before} from core.account_daily_activity "
        "where account_id = 'eagle_bank:account:A00002378' "
        "and activity_date between '2013-01-02' and '2013-01-25' order by 1"
    )
    assert days == [
        # Moved back: what was booked on the 22nd never counted, and the day is gone, not left behind.
        ("2013-01-20", 7269.0, "9999-12-30", True),
        ("2013-01-23", 14440.0, "9999-12-30", False),
        # Moved on: it counted on the 24th until the 25th was over.
        ("2013-01-24", 49752.0, "2013-01-26", True),
        ("2013-01-25", 49752.0, "9999-12-30", True),
    ]
    touched = shuffled.rows(
        f"select (select count(*) from core.account_daily_activity where load_id > {before}), "
        f"(select count(*) from core.transactions where load_id > {before})"
    )
    assert touched == [(3, 4)]

    # The bank takes the first correction back: what it had said before holds again, from the day it says so.
    text = gzip.decompress((bank_files / "trans_1993_1994.csv.gz").read_bytes()).decode()
    taken_back = next(line for line in text.splitlines(keepends=True) if line.startswith("695250;"))
    (tmp_path / "trans_1993_1994_2014-06-01.csv").write_text(CORRECTION.splitlines(keepends=True)[0] + taken_back)
    ingest(shuffled.warehouse, "eagle_bank", tmp_path)
    shuffled.dbt("run", select=FACTS)
    assert shuffled.rows(
        "select activity_date::text, (known_at at time zone 'America/New_York')::date::text, "
        "(visible_until at time zone 'America/New_York')::date::text from core.account_daily_activity "
        "where account_id = 'eagle_bank:account:A00002378' and activity_date between '2013-01-02' and '2013-01-22' "
        "order by 1"
    ) == [("2013-01-20", "2013-01-21", "2014-06-02"), ("2013-01-22", "2014-06-02", "9999-12-30")]

    incremental = shuffled.hashes()
    shuffled.dbt("run", "--full-refresh", select=FACTS)
    assert shuffled.hashes() == incremental
