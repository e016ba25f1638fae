"""A source of two tables, its landing folder, and looks into the database."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

from orchestration.ingestion import LoadResult, ingest
from orchestration.warehouse import Role, Warehouse

LINEAGE = ("_file", "_line", "_sha256", "_loaded_at", "_load_id")


def column(name: str, data_type: str, **meta: Any) -> dict[str, Any]:
    return {"name": name, "data_type": data_type, "description": f"The {name}.", "config": {"meta": meta}}


def orders_table() -> dict[str, Any]:
    return {
        "name": "orders",
        "identifier": "shop__orders",
        "description": "One row an order and version.",
        "config": {
            "meta": {
                "contract_version": 1,
                "file_pattern": r"orders.*?(?:_(?P<delivered_on>\d{4}-\d{2}-\d{2}))?\.csv(?:\.gz)?",
                "delivery": "append",
                "key": ["order_id"],
                "reject_budget": 0.5,
            }
        },
        "columns": [
            column("order_id", "bigint"),
            column("name", "text", personal=True),
            column("amount", "numeric(12,2)"),
            column("paid_at", "timestamptz", required=False),
        ],
    }


def stock_table() -> dict[str, Any]:
    return {
        "name": "stock",
        "identifier": "shop__stock",
        "config": {
            "meta": {
                "contract_version": 1,
                "file_pattern": r"stock_(?P<snapshot_on>\d{8})\.csv",
                "delivery": "snapshot",
                "key": ["item"],
            }
        },
        "columns": [column("item", "text"), column("pieces", "integer")],
    }


@dataclass
class Shop:
    """A source, ``shop``, with the files that lie in its landing folder."""

    warehouse: Warehouse
    folder: Path
    tables: list[dict[str, Any]]
    block_bytes: int = 1 << 20
    source: str = "shop"

    @property
    def landing(self) -> Path:
        path = self.folder / ("landing" if self.source == "shop" else f"landing_{self.source}")
        path.mkdir(exist_ok=True)
        return path

    def put(self, name: str, data: str | bytes) -> Path:
        path = self.landing / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def write_contract(self) -> None:
        path = self.folder / "staging" / self.source / f"_{self.source}__sources.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        meta = {"meta": {"time_zone": "Europe/Prague", "currency": "CZK"}}
        source = {"name": self.source, "schema": "raw", "config": meta, "tables": self.tables}
        text = yaml.safe_dump({"version": 2, "sources": [source]}, sort_keys=False)
        if not path.exists() or path.read_text() != text:  # another thread may be reading it
            path.write_text(text)

    def ingest(self, **options: Any) -> list[LoadResult]:
        self.write_contract()
        options = {"block_bytes": self.block_bytes} | options
        return ingest(self.warehouse, self.source, self.landing, staging_dir=self.folder / "staging", **options)

    def rows(self, query: str | sql.Composable) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.warehouse.conninfo(Role.INGEST)) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type]

    def state(self, table: str = "shop__orders") -> list[tuple[Any, ...]]:
        """All rows without where and when they came from."""
        columns = self.rows(
            "select attname from pg_attribute join pg_class c on c.oid = attrelid "
            f"where relname = '{table}' and attnum > 0 and not attisdropped order by attname"
        )
        kept = [sql.Identifier(name) for (name,) in columns if name not in LINEAGE]
        return sorted(
            self.rows(sql.SQL("select {} from raw.{}").format(sql.SQL(", ").join(kept), sql.Identifier(table))),
            key=repr,
        )

    def loads(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "select file_name, status, rows_read, rows_accepted, rows_rejected, rows_duplicate "
            "from ops.loads order by load_id"
        )

    def rejects(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "select file_name, line_number, column_name, reason_code from ops.rejects order by file_name, line_number"
        )


@pytest.fixture
def shop(warehouse: Warehouse, tmp_path: Path) -> Shop:
    return Shop(warehouse, tmp_path, [orders_table(), stock_table()])


@pytest.fixture
def column_of() -> Callable[..., dict[str, Any]]:
    return column
