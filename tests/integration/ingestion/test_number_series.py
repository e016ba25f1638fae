"""A number that two sources give to two things: the first keeps it, the other is told, and nothing is replaced."""

import copy
from typing import Any

import pytest

from orchestration.ingestion import IngestionError
from orchestration.warehouse import Warehouse
from tests.integration.ingestion.conftest import Shop, orders_table

HEADER = "order_id,name,amount\n"


def numbered(source: str, **meta: Any) -> list[dict[str, Any]]:
    """The table ``orders`` of a source; with ``number_series`` in ``meta`` of its number."""
    table = copy.deepcopy(orders_table())
    table["identifier"] = f"{source}__orders"
    table["columns"][0]["config"]["meta"] |= meta
    return [table]


@pytest.fixture
def market(shop: Shop, warehouse: Warehouse) -> Shop:
    """A second source beside ``shop``, whose orders are numbered in the same series."""
    shop.tables = numbered("shop", number_series="order")
    return Shop(warehouse, shop.folder, numbered("market", number_series="order"), source="market")


def test_the_first_source_keeps_a_number_and_the_other_row_is_refused_with_its_line(shop: Shop, market: Shop) -> None:
    shop.put("orders.csv", HEADER + "1,Jana,10\n2,Petr,20\n")
    shop.ingest()
    kept = shop.state()
    market.put("orders_m.csv", HEADER + '7,"Eva\nNova",1\n2,Adam,99\n8,Ivan,1\n9,Olga,1\n')
    (result,) = market.ingest()
    assert (result.status, result.read, result.accepted, result.rejected) == ("loaded", 4, 3, 1)
    assert market.rejects() == [("orders_m.csv", 4, "order_id", "number_taken")]
    assert market.rows("select record from ops.rejects") == [("2,Adam,99",)]
    assert [row[0] for row in market.rows("select order_id from raw.market__orders order by 1")] == [7, 8, 9]
    assert shop.state() == kept

    (told,) = result.warnings
    words = ("orders_m.csv, column order_id: 1 rows, the first in line 4", "shop.orders had first", "its name before")
    assert all(part in told for part in words)
    assert "Adam" not in told
    assert market.rows("select message from ops.loads where table_name = 'orders' and source = 'market'") == [(told,)]
    # A later word of the first source on its number is a version as ever, and so is the other's on one of its own.
    shop.put("orders_2.csv", HEADER + "2,Petr,21\n")
    market.put("orders_m2.csv", HEADER + "7,Eva Nova,2\n")
    assert [result.accepted for result in shop.ingest() if result.status == "loaded"] == [1]
    assert [result.accepted for result in market.ingest() if result.status == "loaded"] == [1]


def test_a_file_that_mostly_repeats_another_sources_numbers_is_stopped_and_says_what_to_do(
    shop: Shop, market: Shop
) -> None:
    shop.put("orders.csv", HEADER + "1,Jana,10\n2,Petr,20\n")
    shop.ingest()
    market.put("orders_m.csv", HEADER + "1,Adam,1\n2,Eva,1\n")
    with pytest.raises(IngestionError, match=r"number_taken in order_id: 2, first in line 2.*its name before"):
        market.ingest()
    assert market.rows("select count(*) from raw.market__orders") == [(0,)]


def test_numbers_of_no_series_are_each_sources_own(shop: Shop, market: Shop) -> None:
    market.tables = numbered("market")
    for source in (shop, market):
        source.put("orders.csv", HEADER + "1,Jana,10\n")
        assert [result.accepted for result in source.ingest()] == [1]
