"""Landing files into a real database: what is loaded, refused, repeated and written down."""

import gzip
import itertools
import random
import string
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from orchestration.ingestion import IngestionError, checking, raw_row_counts, staging
from orchestration.warehouse import Role

HEADER = "order_id,name,amount,paid_at\n"
FIRST = HEADER + '1,Jana,10.50,2024-07-01 12:00\n2,"Petr\nPavel",,\n'


def by_file(results: list[Any]) -> dict[str | None, Any]:
    return {result.file: result for result in results}


def test_a_file_becomes_typed_rows_with_their_lineage(shop: Any) -> None:
    shop.put("orders_2024-07-02.csv", FIRST)
    result = by_file(shop.ingest())["orders_2024-07-02.csv"]
    assert (result.status, result.read, result.accepted) == ("loaded", 2, 2)
    rows = shop.rows(
        "select order_id, name, amount::text, paid_at at time zone 'UTC', _file, _line, length(_sha256), "
        "_delivered_on::text, _loaded_at is not null, _load_id = (select max(load_id) from ops.loads) "
        "from raw.shop__orders order by order_id"
    )
    assert [(*row[:3], str(row[3]), *row[4:]) for row in rows] == [
        (1, "Jana", "10.50", "2024-07-01 10:00:00", "orders_2024-07-02.csv", 2, 64, "2024-07-02", True, True),
        (2, "Petr\nPavel", None, "None", "orders_2024-07-02.csv", 3, 64, "2024-07-02", True, True),
    ]


def test_tables_exist_and_say_so_when_no_file_came(shop: Any) -> None:
    results = shop.ingest()
    assert [(result.table, result.status) for result in results] == [
        ("orders", "no_file"),
        ("stock", "no_file"),
    ]
    assert raw_row_counts(shop.warehouse, "shop", shop.folder / "staging") == {"orders": 0, "stock": 0}
    comment = shop.rows(
        "select obj_description('raw.shop__orders'::regclass), col_description('raw.shop__orders'::regclass, 2)"
    )
    assert comment == [("One row an order and version.\ncontract_version: 1", "The name.")]


def test_a_second_load_changes_nothing(shop: Any) -> None:
    shop.put("orders.csv", FIRST)
    shop.put("orders_bad.csv.gz", gzip.compress(FIRST.encode())[:-9])
    shop.ingest()
    before = shop.state(), shop.loads(), shop.rows("select * from raw.shop__orders order by 1")
    results = by_file(shop.ingest())
    assert results["orders.csv"].status == "unchanged"
    assert results["orders_bad.csv.gz"].status == "quarantined"
    assert (shop.state(), shop.loads(), shop.rows("select * from raw.shop__orders order by 1")) == before


def test_every_order_of_files_gives_the_same_state(shop: Any) -> None:
    files = {
        "orders_b_2024-01-01.csv": HEADER + "1,a,1,\n2,b,2,\n",
        "orders_a_2024-01-02.csv": HEADER + "1,a,1.0,\n2,b,3,\n",
        "orders_c_2024-01-03.csv.gz": "name,order_id,amount\na,1,1\nc,3,\n",
        "orders.csv": HEADER + "1,a,1,\n",
    }
    states = []
    for order in itertools.islice(itertools.permutations(files), 0, 24, 5):
        with shop.warehouse.connect(Role.INGEST, autocommit=True) as connection:
            connection.execute("drop table if exists raw.shop__orders, raw.shop__stock")
        with shop.warehouse.connect(autocommit=True) as connection:
            connection.execute("delete from ops.rejects")
            connection.execute("delete from ops.loads")
        for path in shop.landing.iterdir():
            path.unlink()
        for name in order:
            text = files[name].encode()
            shop.put(name, gzip.compress(text) if name.endswith(".gz") else text)
            shop.ingest()
        shop.ingest()
        states.append(shop.state())
    assert len(states[0]) == 4
    assert all(state == states[0] for state in states)


def test_rows_that_come_again_are_duplicates_and_changed_ones_new_versions(shop: Any) -> None:
    shop.put("orders_1.csv", HEADER + "1,a,1,\n1,a,1.00,\n2,b,2,\n")
    shop.put("orders_2.csv", HEADER + "1,a,1,\n2,b,2.50,\n3,c,3,\n")
    results = by_file(shop.ingest())
    counts = {name: (r.read, r.accepted, r.rejected, r.duplicates) for name, r in results.items() if name}
    assert counts == {"orders_1.csv": (3, 2, 0, 1), "orders_2.csv": (3, 2, 0, 1)}
    assert shop.rows("select order_id, count(*) from raw.shop__orders group by 1 order by 1") == [
        (1, 1),
        (2, 2),
        (3, 1),
    ]


def test_of_a_row_that_goes_and_comes_back_all_days_are_kept_in_every_order_of_files(
    shop: Any, column_of: Callable[..., Any]
) -> None:
    contents = {None: "1", 1: "1", 2: "2", 3: "1", 4: "1", 6: "1"}
    files = {
        f"orders{'' if day is None else f'_2024-01-0{day}'}.csv": f"{HEADER}1,a,{amount},\n{10 + (day or 0)},b,1,\n"
        for day, amount in contents.items()
    }
    states = []
    for order in (list(files), list(reversed(files)), sorted(files, key=lambda name: name[::-1])):
        with shop.warehouse.connect(Role.INGEST, autocommit=True) as connection:
            connection.execute("drop table if exists raw.shop__orders")
        with shop.warehouse.connect(autocommit=True) as connection:
            connection.execute("delete from ops.loads")
        for path in shop.landing.iterdir():
            path.unlink()
        for name in order:
            shop.put(name, files[name])
            shop.ingest()
        states.append(
            shop.rows(
                "select amount::int, _delivered_on::text, _delivered_days::text from raw.shop__orders "
                "where order_id = 1 order by 1"
            )
        )
    assert states[0] == [
        (
            1,
            "2024-01-06",
            "{[0001-01-01,0001-01-02),[2024-01-01,2024-01-02),[2024-01-03,2024-01-05),[2024-01-06,2024-01-07)}",
        ),
        (2, "2024-01-02", None),
    ]
    assert states[1:] == states[:1] * 2
    before = shop.state()
    shop.tables[0]["columns"].append(column_of("note", "text", required=False))  # all files are read again
    assert {result.status for result in shop.ingest() if result.table == "orders"} == {"loaded"}
    assert shop.rows("select count(*), count(note) from raw.shop__orders") == [(len(before), 0)]
    assert shop.rows("select _delivered_days::text from raw.shop__orders where order_id = 1 order by amount")[0] == (
        states[0][0][2],
    )


def test_the_same_rows_every_day_stay_as_they_are_and_take_one_range_of_days(shop: Any) -> None:
    for day in range(1, 29):
        shop.put(f"orders_2024-02-{day:02}.csv", HEADER + "1,a,1,\n2,b,2,\n")
    shop.ingest()
    assert shop.rows("select order_id, _delivered_days::text from raw.shop__orders order by 1") == [
        (1, "{[2024-02-01,2024-02-29)}"),
        (2, "{[2024-02-01,2024-02-29)}"),
    ]


def test_one_key_with_two_contents_in_one_file_is_refused_row_by_row(shop: Any) -> None:
    shop.put("orders.csv", HEADER + '1,a,1,\n2,x,2,\n3,c,3,\n2,"y\nz",2,\n4,d,4,\n')
    result = by_file(shop.ingest())["orders.csv"]
    assert (result.read, result.accepted, result.rejected, result.duplicates) == (5, 3, 2, 0)
    assert shop.rejects() == [
        ("orders.csv", 3, "order_id", "key_conflict"),
        ("orders.csv", 5, "order_id", "key_conflict"),
    ]
    assert shop.rows("select record from ops.rejects order by line_number") == [("2,x,2,",), ('2,"y\nz",2,',)]


def test_bad_rows_are_kept_aside_with_line_column_and_reason(shop: Any) -> None:
    shop.put(
        "orders.csv",
        HEADER.encode() + b'1,ok,1,\n2,b\n,no key,1,\nx,bad key,1,\n3,amount,1.234,\n4,\x00,1,\n5,\xff,1,\n6,"open,1,\n'
        b"7,time,1,2024-02-30 10:00\n" + b"".join(b"%d,fill,1,\n" % number for number in range(10, 20)),
    )
    result = by_file(shop.ingest())["orders.csv"]
    assert (result.read, result.accepted, result.rejected) == (19, 11, 8)
    assert [reject[1:] for reject in shop.rejects()] == [
        (3, "(2 of 4 columns)", "ragged"),
        (4, "order_id", "not_null"),
        (5, "order_id", "type"),
        (6, "amount", "precision"),
        (7, None, "nul"),
        (8, None, "encoding"),
        (9, None, "unclosed_quote"),
        (10, "paid_at", "type"),
    ]


def test_over_the_budget_nothing_is_loaded_a_trace_stays_and_the_others_go_on(shop: Any) -> None:
    shop.put("orders_1.csv", HEADER + "1,Jana Novakova,1,\nx,Secret Name,1,\ny,Other Person,zz,\n")
    shop.put("orders_2.csv", HEADER + "5,e,5,\n")
    shop.put("stock_20240101.csv", "item,pieces\npen,3\n")
    with pytest.raises(IngestionError, match=r"orders_1\.csv: reject_budget: 2 of 3 rows") as caught:
        shop.ingest()
    results = by_file(caught.value.results)
    assert {name: result.status for name, result in results.items()} == {
        "orders_1.csv": "stopped",
        "orders_2.csv": "loaded",
        "stock_20240101.csv": "loaded",
    }
    assert shop.rows("select order_id from raw.shop__orders") == [(5,)]
    assert ("orders_1.csv", "stopped", 3, 0, 2, 0) in shop.loads()
    assert [reject[:2] for reject in shop.rejects()] == [("orders_1.csv", 3), ("orders_1.csv", 4)]
    told = str(caught.value) + repr(caught.value.results) + repr(shop.rows("select message from ops.loads"))
    for personal in ("Jana", "Secret", "Other", "zz"):
        assert personal not in told


def test_a_stopped_file_stops_again_without_another_trace_until_its_contract_changes(shop: Any) -> None:
    shop.put("orders.csv", HEADER + "x,a,1,\n")
    for _ in range(2):
        with pytest.raises(IngestionError):
            shop.ingest()
    assert len(shop.loads()) == 1
    shop.tables[0]["config"]["meta"]["reject_budget"] = 1.0
    assert by_file(shop.ingest())["orders.csv"].status == "loaded"


def test_a_missing_required_column_stops_and_an_unexpected_one_warns(shop: Any) -> None:
    shop.put("orders_1.csv", "order_id,name\n1,a\n")
    shop.put("orders_2.csv", "order_id,name,amount,extra\n1,a,1,x\n")
    with pytest.raises(IngestionError, match="missing_column: the header lacks amount") as caught:
        shop.ingest()
    results = by_file(caught.value.results)
    assert results["orders_2.csv"].warnings == ("unexpected_column: not loaded, unknown to the contract: 'extra'",)
    assert shop.rows("select status, message from ops.loads order by file_name")[1] == (
        "loaded",
        "unexpected_column: not loaded, unknown to the contract: 'extra'",
    )


def test_an_unreadable_file_is_quarantined_and_the_others_go_on(shop: Any) -> None:
    data = gzip.compress((HEADER + "".join(f"{n},n{n},1,\n" for n in range(5000))).encode())
    shop.put("orders_1.csv.gz", data[: len(data) // 2])
    shop.put("orders_2.csv", HEADER + "1,a,1,\n")
    shop.block_bytes = 1000
    results = by_file(shop.ingest())
    assert results["orders_1.csv.gz"].status == "quarantined"
    assert "truncated" in results["orders_1.csv.gz"].message
    assert shop.rows("select order_id from raw.shop__orders") == [(1,)]


def test_files_that_no_contract_or_two_contracts_ask_for_are_told(shop: Any) -> None:
    shop.put("readme.txt", "hello")
    shop.put(".hidden", "x")
    assert [(r.file, r.status) for r in shop.ingest() if r.file] == [("readme.txt", "unmatched")]
    shop.tables[1]["config"]["meta"]["file_pattern"] = r"(?:orders|stock)_(?P<snapshot_on>.*)\.csv"
    shop.put("orders_2024-01-01.csv", FIRST)
    with pytest.raises(IngestionError, match="contracts of orders, stock all match"):
        shop.ingest()


def test_a_name_that_no_contract_asks_for_is_told_whatever_tables_are_selected(shop: Any) -> None:
    shop.put("oders.csv", FIRST)
    shop.put("stock_20240101.csv", "item,pieces\npen,3\n")
    results = shop.ingest(tables=["orders"])
    assert [(r.file, r.status) for r in results] == [("oders.csv", "unmatched"), (None, "no_file")]


def test_a_number_without_end_and_a_key_too_large_for_the_index_cost_their_row_only(
    shop: Any, column_of: Callable[..., Any]
) -> None:
    keys = [f"k{number}" for number in range(7)]
    meta = {"contract_version": 1, "file_pattern": r"wide.*\.csv", "delivery": "append", "key": keys}
    columns = [column_of(name, "text") for name in keys]
    shop.tables.append({"name": "wide", "identifier": "shop__wide", "config": {"meta": meta}, "columns": columns})
    meta["reject_budget"] = 0.5
    # Random letters: PostgreSQL compresses what it puts into an index.
    words = ["".join(random.Random(n).choices(string.ascii_letters + string.digits, k=499)) for n in range(7)]
    rows = [keys, words, [*words[:4], "a", "b", "c"]]
    shop.put("wide.csv", "".join(",".join(row) + "\n" for row in rows))
    shop.put("orders_1.csv", HEADER + "1,a,1,\n" + "9" * 5_000 + ",b,1,\n")
    shop.put("orders_2.csv", HEADER + "2,a,1,\n")
    results = by_file(shop.ingest())
    assert {name: (r.status, r.accepted, r.rejected) for name, r in results.items() if name} == {
        "wide.csv": ("loaded", 1, 1),
        "orders_1.csv": ("loaded", 1, 1),
        "orders_2.csv": ("loaded", 1, 0),
    }
    assert shop.rejects() == [("orders_1.csv", 3, "order_id", "range"), ("wide.csv", 2, "k4", "range")]


def test_a_row_that_the_server_has_no_room_for_stops_its_file_and_the_others_go_on(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the bounds of keys ever be too wide."""
    monkeypatch.setattr(checking, "MAX_KEY_BYTES", 10_000)
    monkeypatch.setattr(checking, "MAX_ROW_KEY_BYTES", 10_000)
    word = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=6_000))
    shop.put("stock_20240101.csv", f"item,pieces\n{word},3\n")
    shop.put("stock_20240102.csv", "item,pieces\npen,3\n")
    with pytest.raises(IngestionError, match="SQLSTATE 54000") as caught:
        shop.ingest()
    assert by_file(caught.value.results)["stock_20240102.csv"].status == "loaded"
    assert word not in str(caught.value)


def test_a_file_that_memory_does_not_suffice_for_is_quarantined_and_tried_again(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(*_: Any) -> Any:
        raise pa.ArrowMemoryError("malloc of size 123 failed")

    shop.put("orders.csv", FIRST)
    with monkeypatch.context() as patched:
        patched.setattr(staging, "check_block", too_much)
        result = by_file(shop.ingest())["orders.csv"]
    assert (result.status, result.accepted) == ("quarantined", 0)
    assert "memory" in result.message
    assert by_file(shop.ingest())["orders.csv"].status == "loaded"


def test_each_snapshot_is_stored_also_when_nothing_changed(shop: Any) -> None:
    shop.put("stock_20240101.csv", "item,pieces\npen,3\nink,1\n")
    shop.put("stock_20240102.csv", "item,pieces\npen,3\nink,1\n")
    results = by_file(shop.ingest())
    assert results["stock_20240102.csv"].accepted == 2
    assert len(shop.state("shop__stock")) == 4


def test_names_and_values_with_sql_in_them_are_harmless(shop: Any, column_of: Callable[..., Any]) -> None:
    evil = "x'); drop table raw.shop__orders; --\"%s{}"
    shop.tables[0]["columns"].append(column_of(evil, "text", required=False))
    shop.tables[0]["description"] = evil
    quoted = '"' + evil.replace('"', '""') + '"'
    shop.put(f"orders{evil.replace('/', '')}.csv", f"order_id,name,amount,{quoted}\n1,{quoted},1,{quoted}\n")
    results = shop.ingest()
    assert [result.status for result in results if result.table == "orders"] == ["loaded"]
    assert shop.rows("select name from raw.shop__orders") == [(evil,)]
    assert shop.rows("select _file from raw.shop__orders") == [(f"orders{evil}.csv",)]


def test_awkward_text_arrives_as_it_stands(shop: Any) -> None:
    values = ["\\.", "\\N", "NULL", "a\\tb", "tab\there", "Žluťoučký 🐎", 'say "hi"', "a,b", "=1+1"]
    lines = [f'{number},"{value.replace(chr(34), chr(34) * 2)}",1,' for number, value in enumerate(values)]
    shop.put("orders.csv", HEADER + "\n".join(lines))
    shop.ingest()
    assert [row[0] for row in shop.rows("select name from raw.shop__orders order by order_id")] == values


def test_two_at_once_give_one_state(shop: Any) -> None:
    shop.put("orders_1.csv", HEADER + "".join(f"{n},n{n},1,\n" for n in range(3000)))
    shop.put("orders_2.csv", HEADER + "".join(f"{n},n{n},1,\n" for n in range(2000, 5000)))
    shop.write_contract()
    outcomes: list[Any] = []
    threads = [threading.Thread(target=lambda: outcomes.append(shop.ingest())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(result.status for outcome in outcomes for result in outcome if result.file)
    assert statuses == ["loaded", "loaded", "unchanged", "unchanged"]
    assert shop.rows("select count(*) from raw.shop__orders") == [(5000,)]


def test_the_size_of_the_blocks_makes_no_difference(shop: Any) -> None:
    shop.tables[0]["config"]["meta"]["reject_budget"] = 1.0
    body = "".join(f'{n},"Jan\n{n}",{n}.5,\nbad{n},x,1,\n{n},"Jan\n{n}",{n}.5,\n' for n in range(60))
    shop.put("orders_1.csv", HEADER + body)
    shop.ingest()
    state, rejects = shop.state(), [reject[1:] for reject in shop.rejects()]
    with shop.warehouse.connect(autocommit=True) as connection:
        connection.execute("delete from ops.rejects")
        connection.execute("delete from ops.loads")
        connection.execute("truncate raw.shop__orders")
    shop.block_bytes = 37
    shop.ingest()
    assert (shop.state(), [reject[1:] for reject in shop.rejects()]) == (state, rejects)


def test_the_log_of_loads_is_closed_to_the_role_of_dbt_where_records_stand(shop: Any) -> None:
    shop.put("orders.csv", HEADER + "x,a,1,\n1,b,1,\n")
    shop.ingest()
    with shop.warehouse.connect(Role.DBT) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select record from ops.rejects")


def test_row_hashes_do_not_depend_on_the_settings_of_the_database(shop: Any) -> None:
    shop.put("orders_1.csv", HEADER + "1,a,1.5,2024-07-01 12:00\n")
    shop.ingest()
    with shop.warehouse.connect(autocommit=True) as connection:
        for setting in ("datestyle = 'German'", "timezone = 'Asia/Tokyo'", "extra_float_digits = -15"):
            connection.execute(f"alter database {shop.warehouse.database} set {setting}")
    shop.put("orders_2.csv", HEADER + "1,a,1.50,2024-07-01T10:00:00Z\n")
    assert by_file(shop.ingest())["orders_2.csv"].duplicates == 1


def test_comments_follow_the_contract(shop: Any) -> None:
    shop.ingest()
    shop.tables[0]["columns"][1]["description"] = "Who ordered."
    shop.ingest()
    assert shop.rows("select col_description('raw.shop__orders'::regclass, 2)") == [("Who ordered.",)]


def test_reading_contracts_brings_no_heavy_library_along() -> None:
    code = "import sys, orchestration.ingestion; print({'pyarrow', 'numpy', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
