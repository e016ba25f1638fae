"""A contract that changes: what raw tables take up, and what needs a new version."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestration.ingestion import IngestionError
from orchestration.warehouse import Role

HEADER = "order_id,name,amount,paid_at\n"


def meta(shop: Any) -> dict[str, Any]:
    found: dict[str, Any] = shop.tables[0]["config"]["meta"]
    return found


def test_an_added_column_leaves_stored_rows_as_they_are(shop: Any, column_of: Callable[..., Any]) -> None:
    shop.put("orders_1.csv", HEADER + "1,a,1,\n")
    shop.ingest()
    before = shop.rows("select _row_hash, _loaded_at from raw.shop__orders")
    shop.tables[0]["columns"].insert(1, column_of("shop", "text", required=False))
    shop.put("orders_2.csv", "order_id,name,amount,shop\n1,a,1,\n2,b,2,Brno\n")
    results = {result.file: result for result in shop.ingest()}
    assert (results["orders_2.csv"].accepted, results["orders_2.csv"].duplicates) == (1, 1)
    assert shop.rows("select _row_hash, _loaded_at from raw.shop__orders where order_id = 1") == before
    assert shop.rows("select shop from raw.shop__orders order by order_id") == [(None,), ("Brno",)]


def test_a_table_from_before_the_days_of_deliveries_were_kept_keeps_them_from_now_on(shop: Any) -> None:
    shop.put("orders_2024-01-01.csv", HEADER + "1,a,1,\n")
    shop.ingest()
    with shop.warehouse.connect(Role.INGEST, autocommit=True) as connection:
        connection.execute("alter table raw.shop__orders drop column _delivered_days")
    shop.put("orders_2024-01-03.csv", HEADER + "1,a,1,\n")
    shop.ingest()
    assert shop.rows("select _delivered_days::text from raw.shop__orders") == [
        ("{[2024-01-01,2024-01-02),[2024-01-03,2024-01-04)}",)
    ]


def test_a_widened_column_keeps_its_rows(shop: Any) -> None:
    shop.put("orders_1.csv", HEADER + "1,a,1.50,\n")
    shop.ingest()
    before = shop.rows("select _row_hash from raw.shop__orders")
    shop.tables[0]["columns"][2]["data_type"] = "numeric(20,4)"
    shop.ingest()
    assert shop.rows("select amount::text, _row_hash from raw.shop__orders") == [("1.5000", before[0][0])]


def test_a_widened_column_under_a_view_says_what_to_do(shop: Any) -> None:
    shop.ingest()
    with shop.warehouse.connect(Role.DBT, autocommit=True) as connection:
        connection.execute("create view staging.stg_shop__orders as select amount from raw.shop__orders")
    shop.tables[0]["columns"][2]["data_type"] = "numeric(20,4)"
    with pytest.raises(IngestionError, match="Drop that view"):
        shop.ingest()


@pytest.mark.parametrize("change", ["type", "gone", "key", "not null"])
def test_any_other_change_needs_a_new_version(shop: Any, change: str) -> None:
    shop.put("orders_1.csv", HEADER + "1,7,1,\n")
    shop.put("stock_20240101.csv", "item,pieces\npen,3\n")
    shop.ingest()
    columns = shop.tables[0]["columns"]
    if change == "type":
        columns[1]["data_type"] = "integer"
    elif change == "gone":
        del columns[1]
    elif change == "key":
        meta(shop)["key"] = ["order_id", "name"]
    else:
        columns[1]["config"]["meta"]["nullable"] = False
    with pytest.raises(IngestionError, match="raise contract_version"):
        shop.ingest()
    meta(shop)["contract_version"] = 2
    results = {result.file: result.status for result in shop.ingest()}
    assert results["orders_1.csv"] == "loaded"
    assert shop.rows("select count(*) from raw.shop__orders__v1") == [(1,)]
    assert shop.rows("select count(*) from raw.shop__orders") == [(1,)]
    meta(shop)["contract_version"] = 1
    with pytest.raises(IngestionError, match="versions only go up"):
        shop.ingest()


def test_a_changed_reading_replaces_the_rows_of_the_file_and_keeps_when_they_were_known(shop: Any) -> None:
    shop.put("orders_1.csv", HEADER + "1,n/a,1,\n2,b,1,\n")
    shop.ingest()
    before = shop.rows("select distinct _loaded_at from raw.shop__orders")
    shop.tables[0]["columns"][1]["config"]["meta"]["sentinels"] = ["n/a"]
    shop.ingest()
    assert shop.rows("select order_id, name from raw.shop__orders order by 1") == [(1, None), (2, "b")]
    assert shop.rows("select distinct _loaded_at from raw.shop__orders") == before


def test_a_raw_table_that_vanished_is_not_taken_for_loaded(shop: Any) -> None:
    shop.put("orders_1.csv", HEADER + "1,a,1,\n")
    shop.ingest()
    with shop.warehouse.connect(Role.INGEST, autocommit=True) as connection:
        connection.execute("drop table raw.shop__orders")
    for _ in range(2):
        with pytest.raises(IngestionError, match="Restore the table"):
            shop.ingest()
