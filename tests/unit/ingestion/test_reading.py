"""Files into rows and line numbers: quoting, encodings, damage, block borders."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion.contract import TableContract
from orchestration.ingestion.delimited import DelimitedReader
from orchestration.ingestion.rows import StoppedFileError
from orchestration.ingestion.text_blocks import UnreadableFileError, file_sha256

ContractOf = Callable[..., TableContract]
Read = tuple[list[tuple[int, ...]], list[tuple[Any, ...]]]


def read(path: Path, contract: TableContract, *, block_bytes: int = 1 << 20, lines: int = 1000) -> Read:
    """Rows as (line, values...) and rejects as (line, reason, column)."""
    rows: list[Any] = []
    rejects: list[Any] = []
    reader = DelimitedReader(path, contract, file_sha256(path), block_bytes, max_quoted_lines=lines)
    for block in reader:
        values = [block.columns[column.name].to_pylist() for column in contract.columns]
        rows += zip(block.lines.tolist(), *values, strict=True)
        rejects += [(reject.line, reject.reason, reject.column) for reject in block.rejects]
    return rows, sorted(rejects)


@pytest.fixture
def two_columns(contract_of: ContractOf) -> TableContract:
    return contract_of([{"name": "a", "data_type": "text"}, {"name": "b", "data_type": "text"}])


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def put(data: bytes, name: str = "orders.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return put


Write = Callable[..., Path]


def test_a_plain_file_gives_its_rows_with_their_lines(write: Write, two_columns: TableContract) -> None:
    rows, rejects = read(write(b"a,b\n1,x\n2,y\n"), two_columns)
    assert rows == [(2, "1", "x"), (3, "2", "y")]
    assert rejects == []


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_every_line_end_counts_as_one_line(write: Write, two_columns: TableContract, ending: bytes) -> None:
    data = ending.join([b"a,b", b"1,x", b"", b'2,"p', b'q"', b"3,z"])
    for block_bytes in (1, 2, 3, 7, 1000):
        rows, rejects = read(write(data), two_columns, block_bytes=block_bytes)
        inner = ending.decode()
        assert rows == [(2, "1", "x"), (4, "2", f"p{inner}q"), (6, "3", "z")]
        assert rejects == []


def test_the_columns_may_come_in_any_order(write: Write, two_columns: TableContract) -> None:
    assert read(write(b"b,a\nx,1\n"), two_columns)[0] == [(2, "1", "x")]


def test_an_unexpected_column_warns_and_is_not_read(write: Write, two_columns: TableContract) -> None:
    path = write(b"a,secret,b\n1,s,x\n")
    reader = DelimitedReader(path, two_columns, file_sha256(path))
    (block, *_) = reader
    assert block.columns["b"].to_pylist() == ["x"]
    assert reader.warnings == ["unexpected_column: not loaded, unknown to the contract: 'secret'"]


def test_a_missing_required_column_stops_without_telling_what_stands_there(
    write: Write, two_columns: TableContract
) -> None:
    with pytest.raises(StoppedFileError, match="missing_column: the header lacks b") as caught:
        read(write(b"a,Jana Novakova\n1,2\n"), two_columns)
    assert "Jana" not in str(caught.value)


def test_a_column_that_is_not_required_may_be_missing(write: Write, contract_of: ContractOf) -> None:
    contract = contract_of([{"name": "a", "data_type": "text"}, {"name": "b", "data_type": "text", "required": False}])
    path = write(b"a\n1\n")
    (block, *_) = DelimitedReader(path, contract, file_sha256(path))
    assert set(block.columns) == {"a"}


def test_a_doubled_header_name_stops(write: Write, two_columns: TableContract) -> None:
    with pytest.raises(StoppedFileError, match="doubled_column"):
        read(write(b"a,b,b\n1,2,3\n"), two_columns)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_unreadable(write: Write, two_columns: TableContract, data: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="empty"):
        read(write(data), two_columns)


@pytest.mark.parametrize("data", [b"a,b", b"a,b\n", b"\xef\xbb\xbfa,b\r\n"])
def test_a_file_with_a_header_only_has_no_rows(write: Write, two_columns: TableContract, data: bytes) -> None:
    for block_bytes in (1, 1000):
        assert read(write(data), two_columns, block_bytes=block_bytes) == ([], [])


def test_ragged_rows_tell_how_many_columns_they_have(write: Write, two_columns: TableContract) -> None:
    rows, rejects = read(write(b"a,b\n1,x\n2\n3,y,z\n4,w\n"), two_columns)
    assert rows == [(2, "1", "x"), (5, "4", "w")]
    assert rejects == [(3, "ragged", "(1 of 2 columns)"), (4, "ragged", "(3 of 2 columns)")]


def test_a_nul_rejects_its_row_only(write: Write, two_columns: TableContract) -> None:
    rows, rejects = read(write(b"a,b\n1,x\n2,\x00\x00y\n3,z\n"), two_columns)
    assert [row[0] for row in rows] == [2, 4]
    assert rejects == [(3, "nul", None)]


def test_undecodable_bytes_reject_their_record_only(write: Write, two_columns: TableContract) -> None:
    rows, rejects = read(write(b'a,b\n1,x\n2,\xe9\xff\n3,"p\n\xff"\n4,z\n'), two_columns)
    assert [row[0] for row in rows] == [2, 6]
    assert rejects == [(3, "encoding", None), (4, "encoding", None)]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1250", "utf-16", "utf-16-le", "utf-8-sig"])
def test_encodings_give_the_same_text(write: Write, contract_of: ContractOf, encoding: str) -> None:
    text = 'a,b\n1,"Müller\né"\n2,ö\n'
    contract = contract_of(
        [{"name": "a", "data_type": "text"}, {"name": "b", "data_type": "text"}],
        format={"encoding": encoding},
    )
    for block_bytes in (1, 3, 1000):
        rows, rejects = read(write(text.encode(encoding)), contract, block_bytes=block_bytes)
        assert rows == [(2, "1", "Müller\né"), (4, "2", "ö")]
        assert rejects == []


@pytest.mark.parametrize(("encoding", "bad"), [("cp1250", b"\x81"), ("utf-16-le", b"\x00\xdc")])
def test_undecodable_bytes_are_found_in_every_encoding(
    write: Write, contract_of: ContractOf, encoding: str, bad: bytes
) -> None:
    contract = contract_of([{"name": "a", "data_type": "text"}], format={"encoding": encoding})
    data = "a\nx\n".encode(encoding) + bad + "\ny\n".encode(encoding)
    rows, rejects = read(write(data), contract)
    assert rows == [(2, "x"), (4, "y")]
    assert rejects == [(3, "encoding", None)]


def test_a_wrong_utf16_file_says_so(write: Write, two_columns: TableContract) -> None:
    with pytest.raises(UnreadableFileError, match="UTF-16"):
        read(write("a,b\n1,x\n".encode("utf-16")), two_columns)


@pytest.mark.parametrize("block_bytes", [1, 5, 16, 1000])
def test_a_quote_that_never_closes_costs_one_line(write: Write, two_columns: TableContract, block_bytes: int) -> None:
    data = b'a,b\n1,x\n2,"open\n3,y\n4,"z"\n5,w\n'
    rows, rejects = read(write(data), two_columns, block_bytes=block_bytes)
    assert rows == [(2, "1", "x"), (4, "3", "y"), (5, "4", "z"), (6, "5", "w")]
    assert rejects == [(3, "unclosed_quote", None)]


@pytest.mark.parametrize("block_bytes", [1, 5, 1000])
def test_an_open_quote_at_the_end_of_the_file_costs_one_line(
    write: Write, two_columns: TableContract, block_bytes: int
) -> None:
    rows, rejects = read(write(b'a,b\n1,x\n2,"open\n3,y\n'), two_columns, block_bytes=block_bytes)
    assert rows == [(2, "1", "x"), (4, "3", "y")]
    assert rejects == [(3, "unclosed_quote", None)]


@pytest.mark.parametrize("block_bytes", [1, 64, 100_000])
def test_a_quoted_value_may_not_go_over_more_lines_than_allowed(
    write: Write, two_columns: TableContract, block_bytes: int
) -> None:
    long = b"\n".join(b"%d,v" % number for number in range(50))
    data = b'a,b\n1,"' + long + b'"\n2,x\n'
    assert len(read(write(data), two_columns, block_bytes=block_bytes)[0]) == 2
    rows, rejects = read(write(data), two_columns, block_bytes=block_bytes, lines=20)
    assert rejects[0] == (2, "unclosed_quote", None)
    assert rows[-1] == (52, "2", "x")
    assert len(rows) + len(rejects) == 51


@pytest.mark.parametrize("line", [b'2,5" pipe', b'2,"a"b', b'2, "a"', b'"x",y"'])
def test_a_quote_inside_a_value_rejects_the_row_and_nothing_else(
    write: Write, two_columns: TableContract, line: bytes
) -> None:
    for block_bytes in (1, 9, 1000):
        rows, rejects = read(write(b"a,b\n1,x\n" + line + b'\n3,"y\nz"\n'), two_columns, block_bytes=block_bytes)
        assert rows == [(2, "1", "x"), (4, "3", "y\nz")]
        assert rejects == [(3, "stray_quote", None)]


def test_many_stray_quotes_take_linear_time(write: Write, two_columns: TableContract) -> None:
    data = b"a,b\n" + b'1,5" x\n2,y\n' * 20_000
    rows, rejects = read(write(data), two_columns)
    assert (len(rows), len(rejects)) == (20_000, 20_000)


def test_without_quoting_a_quote_is_a_character(write: Write, contract_of: ContractOf) -> None:
    contract = contract_of(
        [{"name": "a", "data_type": "text"}, {"name": "b", "data_type": "text"}], format={"quote": None}
    )
    assert read(write(b'a,b\n"1,5" pipe\n'), contract)[0] == [(2, '"1', '5" pipe')]


def test_a_truncated_gzip_is_unreadable(write: Write, two_columns: TableContract) -> None:
    data = gzip.compress(b"a,b\n" + b"1,x\n" * 10_000)
    with pytest.raises(UnreadableFileError, match="truncated"):
        read(write(data[:-20], "orders.csv.gz"), two_columns)


def test_a_damaged_gzip_is_unreadable(write: Write, two_columns: TableContract) -> None:
    data = bytearray(gzip.compress(b"a,b\n" + b"1,x\n" * 10_000))
    data[-6] ^= 0xFF
    with pytest.raises(UnreadableFileError, match="damaged"):
        read(write(bytes(data)), two_columns)


def test_gzip_is_seen_from_the_file_and_a_false_name_is_told(write: Write, two_columns: TableContract) -> None:
    assert read(write(gzip.compress(b"a,b\n1,x\n"), "orders.txt"), two_columns)[0] == [(2, "1", "x")]
    with pytest.raises(UnreadableFileError, match="gz"):
        read(write(b"a,b\n1,x\n", "orders.gz"), two_columns)


def test_a_file_that_changes_while_it_is_read_is_unreadable(write: Write, two_columns: TableContract) -> None:
    path = write(b"a,b\n1,x\n")
    with pytest.raises(UnreadableFileError, match="changed"):
        list(DelimitedReader(path, two_columns, "0" * 64))


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=8)
_AWKWARD = st.text(st.sampled_from(list("\"';,\t|\r\n ab")), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(_TEXT | _AWKWARD, _TEXT | _AWKWARD, _AWKWARD), max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    quote=st.sampled_from("\"'"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-be"]),
    ending=st.sampled_from(["\n", "\r\n"]),
    is_gzip=st.booleans(),
    block_bytes=st.integers(1, 60),
)
def test_clean_files_read_as_the_csv_module_reads_them(
    tmp_path: Path,
    contract_of_session: ContractOf,
    rows: list[tuple[str, str, str]],
    delimiter: str,
    quote: str,
    quoting: Any,
    encoding: str,
    ending: str,
    is_gzip: bool,
    block_bytes: int,
) -> None:
    contract = contract_of_session(
        [{"name": name, "data_type": "text"} for name in "xyz"],
        format={"delimiter": delimiter, "quote": quote, "encoding": encoding},
    )
    out = io.StringIO(newline="")
    if any("\r" in value for row in rows for value in row):
        quoting = csv.QUOTE_ALL  # with LF as line end the csv module leaves a bare CR unquoted
    writer = csv.writer(out, delimiter=delimiter, quotechar=quote, quoting=quoting, lineterminator=ending)
    writer.writerow("xyz")
    writer.writerows(rows)
    data = out.getvalue().encode(encoding)
    path = tmp_path / "orders.csv"
    path.write_bytes(gzip.compress(data) if is_gzip else data)

    reference = csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=delimiter, quotechar=quote)
    expected, line = [], 1
    for record in reference:
        expected.append((line, *record))
        line = reference.line_num + 1
    assert read(path, contract, block_bytes=block_bytes) == (expected[1:], [])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"\x00", b"a", b"\xff", "é".encode()]), max_size=60),
    block_bytes=st.integers(1, 30),
)
def test_any_bytes_give_the_same_records_wherever_the_blocks_end(
    tmp_path: Path, contract_of_session: ContractOf, body: list[bytes], block_bytes: int
) -> None:
    contract = contract_of_session([{"name": "a", "data_type": "text"}, {"name": "b", "data_type": "text"}])
    path = tmp_path / "orders.csv"
    path.write_bytes(b"a,b\n" + b"".join(body))
    try:
        whole = read(path, contract, lines=3)
    except UnreadableFileError as error:
        assert not (b"a,b\n" + b"".join(body)).endswith((b"\n", b"\r"))
        with pytest.raises(UnreadableFileError, match=f"^{error}$"):
            read(path, contract, block_bytes=block_bytes, lines=3)
        return
    assert read(path, contract, block_bytes=block_bytes, lines=3) == whole
    lines = [row[0] for row in whole[0]] + [reject[0] for reject in whole[1]]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n1,x\n2",
        b'a,b\n1,x\n2,"Petr',
        b'a,b\n1,x\n2,"Petr\nPavel,z',
        "a,b\n1,x\n2,é".encode()[:-1],
        b"a,b\n1,x\n2,y\x00\x00\x00",
        b"a,b\n1,x\n\x00\x00\x00",
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 1000])
def test_a_file_cut_in_its_last_record_is_unreadable(
    write: Write, two_columns: TableContract, data: bytes, block_bytes: int
) -> None:
    with pytest.raises(UnreadableFileError, match="truncated: line 3"):
        read(write(data), two_columns, block_bytes=block_bytes)
    rows, rejects = read(write(data + b"\n"), two_columns, block_bytes=block_bytes)
    assert rows[0] == (2, "1", "x")
    assert rejects


def test_a_last_record_without_line_end_that_is_complete_is_one(write: Write, two_columns: TableContract) -> None:
    assert read(write(b"a,b\n1,x\n2,y"), two_columns)[0] == [(2, "1", "x"), (3, "2", "y")]
    rows, rejects = read(write(b"a,b\n1,x\n2,y,z"), two_columns)  # nothing is missing there
    assert (rows, rejects) == ([(2, "1", "x")], [(3, "ragged", "(3 of 2 columns)")])


def test_a_name_that_may_be_data_is_counted_and_not_shown(write: Write, two_columns: TableContract) -> None:
    path = write(b"a,b,extra,jana@example.com,Jana Novakova\n")
    reader = DelimitedReader(path, two_columns, file_sha256(path))
    list(reader)
    assert reader.warnings == ["unexpected_column: not loaded, unknown to the contract: 'extra' and 2 more"]
