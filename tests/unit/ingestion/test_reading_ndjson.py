"""NDJSON files into rows: exact values, damaged lines, cut files, drifted keys."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.ingestion.checking import check_block
from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.reading import open_reader
from orchestration.ingestion.rows import StoppedFileError
from orchestration.ingestion.text_blocks import UnreadableFileError, file_sha256

COLUMNS = [
    {"name": "id", "data_type": "bigint", "nullable": False},
    {"name": "name", "data_type": "text"},
    {"name": "amount", "data_type": "numeric(12,2)", "required": False},
]


@pytest.fixture
def contract(contract_of: Callable[..., TableContract]) -> TableContract:
    return contract_of(COLUMNS, format={"type": "ndjson"})


@pytest.fixture
def read(tmp_path: Path, contract: TableContract) -> Callable[..., tuple[list[Any], list[Any], list[str]]]:
    """Rows as (line, values...), rejects as (line, reason, column), warnings."""

    def go(data: bytes, *, name: str = "orders.ndjson", block_bytes: int = 1 << 20) -> Any:
        path = tmp_path / name
        path.write_bytes(data)
        reader = open_reader(path, contract, file_sha256(path), block_bytes)
        rows: list[Any] = []
        rejects: list[Any] = []
        for block in reader:
            checked = check_block(contract, block)
            values = [checked.table.column(column.name).to_pylist() for column in contract.columns]
            rows += zip(checked.lines.tolist(), *values, strict=True)
            rejects += [(reject.line, reject.reason, reject.column) for reject in checked.rejects]
        return rows, sorted(rejects, key=repr), reader.warnings

    return go


def test_objects_become_rows_whatever_the_order_of_keys_and_blank_lines(read: Any) -> None:
    data = b'\xef\xbb\xbf{"id": 1, "name": "A", "amount": 1.50}\n\n{"amount": "2.25", "name": null, "id": "2"}'
    for block_bytes in (1, 7, 1000):
        rows, rejects, warnings = read(data, block_bytes=block_bytes)
        assert [(line, key, name, str(amount)) for line, key, name, amount in rows] == [
            (1, 1, "A", "1.50"),
            (3, 2, None, "2.25"),
        ]
        assert (rejects, warnings) == ([], [])


def test_numbers_keep_their_digits(read: Any) -> None:
    rows, rejects, _ = read(
        b'{"id": 9007199254740993, "name": 1.10}\n{"id": 2, "name": 12345678901234567890123}\n'
        b'{"id": 3, "name": "x", "amount": 0.125}\n'
    )
    assert [row[1:3] for row in rows] == [(9007199254740993, "1.10"), (2, "12345678901234567890123")]
    assert rejects == [(3, "precision", "amount")]


@pytest.mark.parametrize(
    ("line", "reason", "column"),
    [
        (b'{"id": 1, "name"', "invalid_json", None),
        (b'{"id": 1, "name": NaN}', "invalid_json", None),
        (b'{"id": 1} {"id": 2}', "invalid_json", None),
        (b"[" * 100_000, "invalid_json", None),
        (b"[1, 2]", "not_an_object", None),
        (b"null", "not_an_object", None),
        (b'{"id": 1, "id": 2}', "doubled_key", None),
        (b'{"id": {"value": 1}}', "type", "id"),
        (b'{"id": 1, "name": ["a"]}', "type", "name"),
        (b'{"id": true}', "type", "id"),
        (b'{"name": "no id"}', "not_null", "id"),
        (b'{"id": 1, "name": "a\\u0000b"}', "nul", "name"),
        (b'{"id": 1, "name": "a\\ud800"}', "encoding", "name"),
        (b'{"id": 1, "name": "\xff"}', "encoding", None),
    ],
)
def test_a_damaged_line_rejects_itself_only(read: Any, line: bytes, reason: str, column: str | None) -> None:
    rows, rejects, _ = read(b'{"id": 8, "name": "a"}\n' + line + b'\n{"id": 9, "name": "b"}\n')
    assert [row[:2] for row in rows] == [(1, 8), (3, 9)]
    assert rejects == [(2, reason, column)]


def test_a_file_cut_in_its_last_object_is_unreadable(read: Any) -> None:
    data = b'{"id": 1, "name": "a"}\n{"id": 2, "name": "b"}'
    for end in range(len(data) - 1, 24, -1):
        with pytest.raises(UnreadableFileError, match="truncated: line 2"):
            read(data[:end])
    assert len(read(data)[0]) == 2


def test_a_cut_gzip_is_unreadable(read: Any) -> None:
    data = gzip.compress(b'{"id": 1, "name": "a"}\n' * 100)
    assert len(read(data, name="orders.ndjson.gz")[0]) == 100
    with pytest.raises(UnreadableFileError, match="truncated"):
        read(data[:-9], name="orders.ndjson.gz")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_a_file_without_a_line_has_no_rows(read: Any, data: bytes) -> None:
    """As a CSV file of a header alone and a Parquet file of no rows; NDJSON has no other way to write none."""
    assert read(data) == ([], [], [])


def test_a_required_key_that_no_object_has_stops_the_file(read: Any) -> None:
    with pytest.raises(StoppedFileError, match="missing_column: no object of the file has name"):
        read(b'{"id": 1, "full_name": "Jana"}\n' * 3)


def test_unknown_keys_warn_once_and_are_not_read(read: Any) -> None:
    rows, _, warnings = read(b'{"id": 1, "name": "a", "secret": "x"}\n' * 3)
    assert len(rows) == 3
    assert warnings == ["unexpected_column: not loaded, unknown to the contract: 'secret'"]


def test_a_file_of_ever_new_keys_is_stopped(read: Any) -> None:
    with pytest.raises(StoppedFileError, match="unexpected_column"):
        read(b"".join(b'{"id": 1, "name": "a", "k%d": 1}\n' % number for number in range(2_000)))


def test_only_csv_has_a_delimiter(contract_of: Callable[..., TableContract]) -> None:
    with pytest.raises(ValueError, match="no delimiter for ndjson"):
        contract_of(COLUMNS, format={"type": "ndjson", "delimiter": ";"})


@pytest.mark.parametrize(
    "tail", ['{"id": 2, "name": "Jos\u00e9'.encode()[:-1], b'{"id": 2, "n' + b"\x00" * 9, b"\x00" * 9]
)
@pytest.mark.parametrize("block_bytes", [1, 1000])
def test_a_file_cut_inside_a_character_or_filled_with_zeros_is_unreadable(
    read: Any, tail: bytes, block_bytes: int
) -> None:
    with pytest.raises(UnreadableFileError, match="truncated: line 2"):
        read(b'{"id": 1, "name": "a"}\n' + tail, block_bytes=block_bytes)


def test_a_key_that_may_be_data_is_counted_and_not_shown(read: Any) -> None:
    _, _, warnings = read(b'{"id": 1, "name": "a", "jana@example.com": 3}\n')
    assert warnings == ["unexpected_column: not loaded, unknown to the contract: 1 whose names are no identifiers"]


def test_a_file_of_bad_lines_only_lacks_no_column(read: Any) -> None:
    """No object was read, so nobody can say which keys its objects would have."""
    rows, rejects, _ = read(b"nonsense\n[1]\n")
    assert not rows
    assert [reject[:2] for reject in rejects] == [(1, "invalid_json"), (2, "not_an_object")]


def test_a_boolean_is_its_json_word(read: Any) -> None:
    assert [row[2] for row in read(b'{"id": 1, "name": true}\n{"id": 2, "name": false}\n')[0]] == ["true", "false"]


def test_a_json_number_has_a_point_whatever_mark_the_texts_have(
    tmp_path: Path, contract_of: Callable[..., TableContract]
) -> None:
    contract = contract_of(
        [{"name": "n", "data_type": "numeric(9,2)", "decimal_mark": ","}, {"name": "t", "data_type": "text"}],
        format={"type": "ndjson"},
    )
    path = tmp_path / "orders.ndjson"
    path.write_text('{"n": 1.5, "t": 2.50}\n{"n": "1,5", "t": "2.50"}\n{"n": "1.5", "t": 3}\n')
    (block, *_) = open_reader(path, contract, file_sha256(path))
    checked = check_block(contract, block)
    assert [(str(row["n"]), row["t"]) for row in checked.table.to_pylist()] == [("1.50", "2.50"), ("1.50", "2.50")]
    assert [(reject.line, reject.column, reject.reason) for reject in checked.rejects] == [(3, "n", "type")]
