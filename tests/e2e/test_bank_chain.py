"""The chain on the real bank: the same graph, figures against its files, the notebook where the bank has the fields."""

import gzip
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from orchestration.definitions import build_defs
from tests.e2e.chain import Chain
from tests.e2e.notebook import NOTEBOOK_QUERIES

pytestmark = [pytest.mark.xdist_group("bank"), pytest.mark.real_data]

# The bank's files name no merchant: of these two charts there is nothing to tell, and nothing is invented.
CHARTS_OF_MERCHANTS = {"merchant_spending_sunburst", "merchant_category_treemap"}
BUILT = ("raw", "core", "features", "ml", "gold")


@pytest.fixture
def landing(bank: Chain) -> Path:
    return bank.settings.landing


def count(path: Path) -> int:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return len(pd.read_csv(file, sep=None, engine="python", dtype=str))


def test_every_asset_of_the_bank_is_materialised(bank: Chain) -> None:
    keys = build_defs(settings=bank.settings).resolve_asset_graph().materializable_asset_keys
    events = bank.instance.get_latest_materialization_events(list(keys))
    assert [key.to_user_string() for key, event in events.items() if event is None] == []


def test_every_row_of_the_bank_is_accounted_for(bank: Chain, landing: Path) -> None:
    loads = bank.query(
        "select file_name, rows_read, rows_accepted, rows_rejected, rows_duplicate from ops.loads "
        "where status = 'loaded'"
    )
    assert len(loads) == 13
    assert all(read == accepted + rejected + duplicate for _, read, accepted, rejected, duplicate in loads)
    read_by_file = {name: read for name, read, *_ in loads}
    for name in ("client.csv.gz", "loan.csv.gz", "account.csv.gz"):
        assert read_by_file[name] == count(landing / name)


def test_another_lenders_clients_are_not_loaded(bank: Chain) -> None:
    assert bank.query("select count(*) from ops.loads where file_name like 'luxury%'") == [(0,)]


def test_customers_are_the_owners_of_accounts_open_at_the_business_date(bank: Chain, landing: Path) -> None:
    accounts = pd.read_csv(landing / "account.csv.gz", dtype=str)
    open_accounts = set(accounts.loc[accounts["parseddate"] <= bank.day.isoformat(), "account_id"])
    holders = pd.read_csv(landing / "disposition.csv.gz", dtype=str)
    owners = holders[(holders["type"].str.upper() == "OWNER") & holders["account_id"].isin(open_accounts)]
    assert bank.query("select count(*) from core.golden_records where is_customer") == [
        (owners["client_id"].nunique(),)
    ]


def test_the_model_learns_from_the_354_loans_of_2017_and_2018(bank: Chain) -> None:
    ((rows, bad),) = bank.query(
        "select (metadata #>> '{data_window,rows}')::int, (metadata #>> '{data_window,bad}')::int from ml.models "
        "where status = 'champion'"
    )
    assert (rows, bad) == (354, 30)


def test_scores_of_earlier_loans_say_that_they_look_back(bank: Chain) -> None:
    rows = bank.query(
        "select is_retrospective, count(*) from gold.risk_scores where score_status = 'scored' group by 1"
    )
    assert [flag for flag, _ in rows] == [True]
    assert rows[0][1] > 20


def test_running_the_bank_again_changes_no_row(bank: Chain) -> None:
    before = bank.row_hashes(*BUILT)
    assert bank.run().success
    assert bank.row_hashes(*BUILT) == before


@pytest.mark.parametrize("chart", sorted(set(NOTEBOOK_QUERIES) - CHARTS_OF_MERCHANTS))
def test_query_of_the_notebook_has_rows_on_the_bank(bank_bi: psycopg.Connection, chart: str) -> None:
    assert bank_bi.execute(NOTEBOOK_QUERIES[chart]).fetchall(), f"{chart} has no rows"


@pytest.mark.parametrize("chart", sorted(CHARTS_OF_MERCHANTS))
def test_nothing_is_invented_about_merchants_that_the_bank_does_not_name(
    bank_bi: psycopg.Connection, chart: str
) -> None:
    assert bank_bi.execute(NOTEBOOK_QUERIES[chart]).fetchall() == []
