"""NDJSON and Parquet files into a real database, with the guarantees of CSV."""

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.ingestion import IngestionError

GOOD = [
    {"order_id": 1, "name": "Jana", "amount": "10.50", "paid_at": "2024-07-01 12:00"},
    {"order_id": 2, "name": "Petr", "amount": None, "paid_at": None},
]


def ndjson(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def parquet(rows: list[dict[str, Any]]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({name: pa.array([row.get(name) for row in rows]) for name in rows[0]}), stream)
    return stream.getvalue()


@pytest.fixture(params=["ndjson", "parquet"])
def orders(request: pytest.FixtureRequest, shop: Any) -> Any:
    """The shop with orders in one of the formats, and ``put_rows`` and ``put_bytes`` for its files."""
    kind = request.param
    meta = shop.tables[0]["config"]["meta"]
    meta["format"] = {"type": kind}
    meta["file_pattern"] = rf"orders.*?(?:_(?P<delivered_on>\d{{4}}-\d{{2}}-\d{{2}}))?\.{kind}"
    shop.encode = {"ndjson": ndjson, "parquet": parquet}[kind]
    shop.put_rows = lambda name, rows: shop.put(f"{name}.{kind}", shop.encode(rows))
    shop.put_bytes = lambda name, data: shop.put(f"{name}.{kind}", data)
    return shop


def test_rows_are_loaded_once_with_their_lineage(orders: Any) -> None:
    orders.put_rows("orders_2024-07-02", GOOD)
    for expected in ("loaded", "unchanged"):
        assert [result.status for result in orders.ingest(tables=["orders"])] == [expected]
        assert orders.rows(
            "select order_id, name, amount::text, (paid_at at time zone 'UTC')::text, _line, _delivered_on::text "
            "from raw.shop__orders order by 1"
        ) == [
            (1, "Jana", "10.50", "2024-07-01 10:00:00", 1, "2024-07-02"),
            (2, "Petr", None, None, 2, "2024-07-02"),
        ]


def test_bad_rows_and_conflicting_keys_are_kept_as_rejects_and_add_up(orders: Any) -> None:
    bad = {"order_id": 3, "name": "Karel", "amount": "1.999", "paid_at": None}
    twice = {"order_id": 1, "name": "Another", "amount": None, "paid_at": None}
    orders.put_rows("orders", [*GOOD, bad, twice, GOOD[1], {**GOOD[1], "order_id": 4}, {**GOOD[1], "order_id": 5}])
    (result,) = orders.ingest(tables=["orders"])
    assert (result.read, result.accepted, result.rejected, result.duplicates) == (7, 3, 3, 1)
    assert [row[1:] for row in orders.rejects()] == [
        (1, "order_id", "key_conflict"),
        (3, "amount", "precision"),
        (4, "order_id", "key_conflict"),
    ]
    records = orders.rows("select record from ops.rejects order by line_number")
    assert [json.loads(record)["name"] for (record,) in records] == ["Jana", "Karel", "Another"]


def test_a_cut_file_is_quarantined_and_the_others_go_on(orders: Any) -> None:
    orders.put_bytes("orders_a", orders.encode(GOOD)[:-9])
    orders.put_rows("orders_b", GOOD)
    results = orders.ingest(tables=["orders"])
    assert [result.status for result in results] == ["quarantined", "loaded"]
    assert orders.rows("select count(*) from raw.shop__orders") == [(2,)]
    assert [row[1] for row in orders.loads()] == ["quarantined", "loaded"]


def test_a_drifted_schema_stops_the_file_and_leaves_what_was_there(orders: Any) -> None:
    orders.put_rows("orders_a", GOOD)
    orders.put_rows("orders_b", [{"number": 7, "name": "Eva", "amount": "1"}])
    with pytest.raises(IngestionError, match="missing_column") as caught:
        orders.ingest(tables=["orders"])
    assert "Eva" not in str(caught.value)
    assert orders.rows("select count(*) from raw.shop__orders") == [(2,)]


def test_more_bad_rows_than_the_budget_allows_load_nothing(orders: Any) -> None:
    rows = [{"order_id": number, "name": "x", "amount": "a lot" if number % 2 else "1"} for number in range(9)]
    orders.put_rows("orders", [*rows, {"order_id": 9, "name": "x", "amount": "a lot"}, {**rows[1], "order_id": 11}])
    with pytest.raises(IngestionError, match="reject_budget: 6 of 11"):
        orders.ingest(tables=["orders"])
    assert orders.rows("select count(*) from raw.shop__orders") == [(0,)]
    assert orders.rows("select count(*) from ops.rejects") == [(6,)]


def test_no_rows_load_none_in_every_format(shop: Any) -> None:
    stream = io.BytesIO()
    schema = {"order_id": pa.int64(), "name": pa.string(), "amount": pa.string()}
    pq.write_table(pa.table({name: pa.array([], kind) for name, kind in schema.items()}), stream)
    for kind, data in (("csv", b"order_id,name,amount\n"), ("ndjson", b""), ("parquet", stream.getvalue())):
        meta = shop.tables[0]["config"]["meta"]
        meta["format"], meta["file_pattern"] = {"type": kind}, rf"orders.*\.{kind}"
        shop.put(f"orders.{kind}", data)
        (result,) = [one for one in shop.ingest(tables=["orders"]) if one.file == f"orders.{kind}"]
        assert (result.status, result.read, result.message) == ("loaded", 0, "")
