"""``assay resolve``: files in, files out, and errors that name the file."""

import gzip

import pandas as pd
import pytest
from typer.testing import CliRunner

from orchestration.cli.app import app
from orchestration.errors import AssayError
from tests.unit.identity.linkage.made_up import people


@pytest.fixture
def records() -> pd.DataFrame:
    return people(60, seed=1).drop(columns="truth")


def _resolve(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["resolve", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_csv_gzip_parquet_and_other_delimiters_give_the_same(tmp_path, records: pd.DataFrame) -> None:
    records.to_csv(tmp_path / "a.csv", index=False)
    records.to_csv(tmp_path / "b.csv.gz", index=False, sep=";")
    records.to_parquet(tmp_path / "c.parquet", index=False)
    (tmp_path / "d.csv").write_bytes(records.to_csv(index=False, sep="\t").encode("latin-1"))
    results = []
    files = {"a.csv": "a.out.csv", "b.csv.gz": "b.out.parquet", "c.parquet": "c.out.csv.gz", "d.csv": "d.out.csv"}
    for name, out in files.items():
        told = _resolve(tmp_path / name, "--id", "id", "--out", tmp_path / out)
        assert "first_name" in told
        assert "given_name" in told
        assert f"{len(records)} records are" in told
        read = pd.read_parquet if out.endswith("parquet") else pd.read_csv
        results.append(read(tmp_path / out))
    assert list(results[0].columns) == ["id", "entity_id", "match_confidence"]
    assert sorted(results[0]["id"]) == sorted(records["id"])
    for other in results[1:]:
        pd.testing.assert_frame_equal(results[0], other, check_dtype=False, atol=1e-12)


def test_latin_1_is_read_where_a_file_is_no_utf_8(tmp_path, records: pd.DataFrame) -> None:
    records.loc[0, "last_name"] = "müller"
    (tmp_path / "a.csv").write_bytes(records.to_csv(index=False).encode("latin-1"))
    _resolve(tmp_path / "a.csv", "--id", "id", "--out", tmp_path / "out.csv")
    assert len(pd.read_csv(tmp_path / "out.csv")) == len(records)


def test_utf_16_long_fields_and_blanks_around_names_are_read(tmp_path, records: pd.DataFrame) -> None:
    records.loc[0, "last_name"] = "müller"
    records.loc[0, "address"] = "long street " * 15_000
    records = records.rename(columns={"id": "id "})
    files = {"a.csv": "utf-16", "b.txt": "utf-8"}
    for name, encoding in files.items():
        (tmp_path / name).write_bytes(records.to_csv(index=False, sep="\t").encode(encoding))
        _resolve(tmp_path / name, "--id", "id", "--out", tmp_path / f"{name}.out.csv")
    first, second = (pd.read_csv(tmp_path / f"{name}.out.csv") for name in files)
    assert len(first) == len(records)
    pd.testing.assert_frame_equal(first, second)


def test_records_that_were_compared_with_nobody_have_no_confidence(tmp_path, records: pd.DataFrame) -> None:
    records.loc[:4, [name for name in records if name != "id"]] = None
    records.to_csv(tmp_path / "a.csv", index=False)
    told = _resolve(tmp_path / "a.csv", "--id", "id", "--out", tmp_path / "o.csv")
    assert "5 records could not be compared with any other" in told
    assert pd.read_csv(tmp_path / "o.csv")["match_confidence"].isna().sum() == 5


def test_the_first_record_of_a_file_without_names_is_not_shown(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("17,Ann Lee\n18,Bo Do\n")
    with pytest.raises(AssayError, match="2 fields in the first line, 1 of which look like values") as error:
        _resolve(tmp_path / "a.csv", "--id", "id", "--out", tmp_path / "o.csv")
    assert "Ann" not in str(error.value)


def test_the_input_is_never_overwritten(tmp_path, records: pd.DataFrame) -> None:
    file = tmp_path / "a.csv"
    records.to_csv(file, index=False)
    before = file.read_bytes()
    with pytest.raises(AssayError, match="never overwritten"):
        _resolve(file, "--id", "id", "--out", tmp_path / "x" / ".." / "a.csv" if (tmp_path / "x").exists() else file)
    assert file.read_bytes() == before


def test_kinds_from_yaml_are_taken(tmp_path, records: pd.DataFrame) -> None:
    records.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "kinds.yml").write_text("columns: {postcode: ignore}")
    told = _resolve(tmp_path / "a.csv", "--id", "id", "--out", tmp_path / "o.csv", "--config", tmp_path / "kinds.yml")
    assert "column 'postcode' is ignored: declared" in told


@pytest.mark.parametrize(
    ("content", "id_column", "message"),
    [
        ("id,name\n1,a\n", "key", "no column 'key'.*id, name"),
        ("id,name\n1,a\n1,b\n", "id", "2 of 2 records share"),
        ("id,name\n,a\n2,b\n", "id", "1 of 2 records have no 'id'"),
        ("", "id", "is empty"),
        ('id,name\n1,"a\n', "id", "a.csv"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, content: str, id_column: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(AssayError, match=message):
        _resolve(tmp_path / "a.csv", "--id", id_column, "--out", tmp_path / "o.csv")


def test_unknown_suffixes_missing_files_and_broken_gzip_are_errors(tmp_path, records: pd.DataFrame) -> None:
    with pytest.raises(AssayError, match=r"a\.csv: No such file"):
        _resolve(tmp_path / "a.csv", "--id", "id", "--out", tmp_path / "o.csv")
    records.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(AssayError, match=r"o\.xlsx: the suffix"):
        _resolve(tmp_path / "a.csv", "--id", "id", "--out", tmp_path / "o.xlsx")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"id,name\n1,a\n")[:-9] + b"broken")
    with pytest.raises(AssayError, match=r"b\.csv\.gz"):
        _resolve(tmp_path / "b.csv.gz", "--id", "id", "--out", tmp_path / "o.csv")
