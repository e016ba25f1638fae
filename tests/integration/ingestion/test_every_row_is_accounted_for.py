"""Over generated files: read = accepted + rejected + duplicates, and plain Python accepts the same rows."""

import csv
import gzip
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion import ingest
from orchestration.warehouse import Role, Warehouse

_NAMES = st.text(st.sampled_from(list("ab \n\r,;\"'é")), max_size=6)
_ROWS = st.lists(
    st.tuples(
        st.integers(1, 6).map(str) | st.sampled_from(["", "x"]),
        _NAMES,
        st.sampled_from(["1", "1.0", "1.00", "2.5", "", "1.234", "one"]),
    ),
    max_size=12,
)


def expected_counts(rows: list[tuple[str, str, str]]) -> tuple[int, int, int, set[Any]]:
    """Accepted, rejected, duplicates and the accepted rows, one by one and without any of our code."""
    good, rejected = [], 0
    for number, name, amount in rows:
        if not number.isdigit() or amount in ("1.234", "one"):
            rejected += 1
        else:
            good.append((int(number), name.strip() or None, Decimal(amount) if amount else None))
    contents: dict[int, set[Any]] = {}
    for row in good:
        contents.setdefault(row[0], set()).add(row)
    kept = [row for row in good if len(contents[row[0]]) == 1]
    accepted = set(kept)
    return len(accepted), rejected + len(good) - len(kept), len(kept) - len(accepted), accepted


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=_ROWS,
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "cp1250", "utf-16"]),
    ending=st.sampled_from(["\n", "\r\n"]),
    is_gzip=st.booleans(),
    block_bytes=st.integers(1, 80),
)
def test_every_row_is_accepted_rejected_or_a_duplicate(
    module_warehouse: Warehouse,
    tmp_path: Path,
    rows: list[tuple[str, str, str]],
    delimiter: str,
    encoding: str,
    ending: str,
    is_gzip: bool,
    block_bytes: int,
) -> None:
    columns = [("number", "bigint"), ("name", "text"), ("amount", "numeric(9,2)")]
    meta = {
        "contract_version": 1,
        "file_pattern": "f",
        "delivery": "append",
        "key": ["number"],
        "reject_budget": 1.0,
        "format": {"delimiter": delimiter, "encoding": encoding},
    }
    table = {
        "name": "t",
        "identifier": "gen__t",
        "config": {"meta": meta},
        "columns": [{"name": name, "data_type": kind} for name, kind in columns],
    }
    source = {"name": "gen", "schema": "raw", "config": {"meta": {"time_zone": "UTC"}}, "tables": [table]}
    (tmp_path / "gen").mkdir(exist_ok=True)
    text = yaml.safe_dump({"version": 2, "sources": [source]})
    (tmp_path / "gen" / "_gen__sources.yml").write_text(text)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerow([name for name, _ in columns])
    writer.writerows(rows)
    data = out.getvalue().encode(encoding)
    landing = tmp_path / "landing"
    landing.mkdir(exist_ok=True)
    (landing / "f").write_bytes(gzip.compress(data) if is_gzip else data)
    with module_warehouse.connect(autocommit=True) as connection:
        connection.execute("drop table if exists raw.gen__t")
        connection.execute("delete from ops.rejects")
        connection.execute("delete from ops.loads")

    (result,) = ingest(module_warehouse, "gen", landing, staging_dir=tmp_path, block_bytes=block_bytes)

    accepted, rejected, duplicates, content = expected_counts(rows)
    assert result.read == len(rows) == result.accepted + result.rejected + result.duplicates
    assert (result.accepted, result.rejected, result.duplicates) == (accepted, rejected, duplicates)
    with module_warehouse.connect(Role.INGEST) as connection:
        assert set(connection.execute("select number, name, amount from raw.gen__t").fetchall()) == content
        logged = connection.execute("select count(*) from ops.rejects").fetchone()
    assert logged == (rejected,)
