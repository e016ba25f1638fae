"""Contracts as dbt's source YAML: reading and validating them.

The YAML is dbt's own file, so keys that only dbt reads (``data_tests``, ``tags``, ...) are accepted and
ignored; everything under ``config.meta`` is ours and closed. What the entries mean is in ``table_contract``.

``python -m orchestration.ingestion.contract <source>`` validates a source from the command line.
"""

import sys
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ValidationError

from orchestration.ingestion.table_contract import ColumnContract, ContractError, FileFormat, TableContract
from orchestration.portfolio import STAGING_DIR

__all__ = [
    "ColumnContract",
    "ContractError",
    "FileFormat",
    "TableContract",
    "contract_path",
    "load_contracts",
    "validate_source",
]


def contract_path(source: str, staging_dir: Path = STAGING_DIR) -> Path:
    """Where the contracts of a source are."""
    return staging_dir / source / f"_{source}__sources.yml"


def load_contracts(source: str, staging_dir: Path = STAGING_DIR) -> list[TableContract]:
    """Read and validate all contracts of one source.

    Returns
    -------
    list of TableContract
        In the order of the file.

    Raises
    ------
    ContractError
        The message names the file and, for each fault, its path in the YAML, the value seen and what is
        expected.
    """
    path = contract_path(source, staging_dir)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ContractError(f"{path}: there is no such file; a source keeps its contracts there") from error
    if "{{" in text or "{%" in text:
        raise ContractError(f"{path}: holds Jinja; a contract is plain YAML, as more than dbt reads it")
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ContractError(f"{path}: is no YAML: {error}") from error
    return _Reader(path).tables(document, source)


_M = TypeVar("_M", bound=BaseModel)


class _Reader:
    """Takes dbt's nesting apart and keeps all faults, so that the author sees them at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[str] = []

    def tables(self, document: Any, source: str) -> list[TableContract]:
        sources = self._list(document, "sources", "")
        found = [item for item in sources if isinstance(item, dict) and item.get("name") == source]
        if len(found) != 1:
            self.faults.append(f"sources: expected one source of name {source!r}, seen {len(found)}")
            raise self._error()
        where = f"sources[{source}]"
        entry = found[0]
        self._keys(entry, where, _SOURCE_KEYS)
        if entry.get("schema") != "raw":
            self.faults.append(f"{where}.schema: seen {entry.get('schema')!r}; expected 'raw'")
        meta = self._meta(entry, where)
        self._keys(meta, f"{where}.config.meta", {"time_zone", "currency"})
        time_zone = meta.get("time_zone")
        try:
            ZoneInfo(str(time_zone))
        except (ValueError, OSError, KeyError):
            self.faults.append(f"{where}.config.meta.time_zone: seen {time_zone!r}; expected a zone as Europe/Prague")
        contracts = [
            contract
            for table in self._list(entry, "tables", where)
            if (contract := self._table(table, source, str(time_zone), where)) is not None
        ]
        names = [contract.name for contract in contracts]
        self.faults += [
            f"{where}.tables[{name}]: is there twice" for name in sorted(set(names)) if names.count(name) > 1
        ]
        if self.faults:
            raise self._error()
        return contracts

    def _table(self, table: Any, source: str, time_zone: str, parent: str) -> TableContract | None:
        if not isinstance(table, dict) or "name" not in table:
            self.faults.append(f"{parent}.tables: seen an entry without a name; expected a mapping with one")
            return None
        where = f"{parent}.tables[{table['name']}]"
        self._keys(table, where, _TABLE_KEYS)
        columns = []
        for column in self._list(table, "columns", where):
            name = column.get("name", "?") if isinstance(column, dict) else "?"
            if not isinstance(column, dict):
                self.faults.append(f"{where}.columns: seen {column!r}; expected a mapping with name and data_type")
                continue
            self._keys(column, f"{where}.columns[{name}]", _COLUMN_KEYS)
            own = {key: column[key] for key in ("name", "data_type", "description") if key in column}
            meta = self._meta(column, f"{where}.columns[{name}]")
            model = self._validated(ColumnContract, {**meta, **own}, f"{where}.columns[{name}]", meta)
            if model is not None:
                columns.append(model)
        if not columns or len(columns) != len(self._list(table, "columns", where)):
            return None
        meta = self._meta(table, where)
        own = {
            "source": source,
            "name": table["name"],
            "identifier": table.get("identifier", ""),
            "description": table.get("description", ""),
            "time_zone": time_zone,
            "columns": columns,
        }
        return self._validated(TableContract, {**meta, **own}, where, meta)

    def _validated(self, model: type[_M], values: dict[str, Any], where: str, meta: Any) -> _M | None:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            for fault in error.errors():
                at = "".join(f".{part}" if isinstance(part, str) else f"[{part}]" for part in fault["loc"])
                if fault["loc"] and fault["loc"][0] in meta:
                    at = f".config.meta{at}"
                expected = fault["msg"].removeprefix("Value error, ")
                if fault["type"] == "extra_forbidden":
                    expected = f"one of {', '.join(sorted(set(model.model_fields) - _NOT_META))}"
                # The whole mapping says nothing to the reader; what is wrong in it stands in the message.
                seen = (
                    ""
                    if isinstance(fault["input"], dict) or fault["type"] == "missing"
                    else f"seen {fault['input']!r}; "
                )
                self.faults.append(f"{where}{at}: {seen}expected {expected}")
            return None

    def _meta(self, entry: dict[str, Any], where: str) -> dict[str, Any]:
        config = entry.get("config") or {}
        meta = config.get("meta") or {} if isinstance(config, dict) else None
        if not isinstance(meta, dict):
            self.faults.append(f"{where}.config.meta: seen {meta!r}; expected a mapping")
            return {}
        return meta

    def _list(self, entry: Any, key: str, where: str) -> list[Any]:
        value = entry.get(key) if isinstance(entry, dict) else None
        if not isinstance(value, list):
            self.faults.append(f"{where}{'.' if where else ''}{key}: seen {type(value).__name__}; expected a list")
            return []
        return value

    def _keys(self, entry: dict[str, Any], where: str, known: set[str]) -> None:
        self.faults += [
            f"{where}.{key}: seen an unknown key; expected one of {', '.join(sorted(known))}"
            for key in entry
            if key not in known
        ]

    def _error(self) -> ContractError:
        return ContractError(f"{self.path}: {len(self.faults)} fault(s)\n  " + "\n  ".join(self.faults))


_NOT_META = {"source", "name", "identifier", "description", "time_zone", "columns", "data_type"}
_DBT_KEYS = {"name", "description", "config", "tests", "data_tests", "tags", "meta", "quoting", "freshness"}
_SOURCE_KEYS = _DBT_KEYS - {"meta"} | {
    "schema",
    "database",
    "loader",
    "overrides",
    "tables",
    "loaded_at_field",
}
_TABLE_KEYS = _DBT_KEYS - {"meta"} | {"identifier", "columns", "loader", "external", "loaded_at_field"}
_COLUMN_KEYS = {
    "name",
    "data_type",
    "description",
    "config",
    "tests",
    "data_tests",
    "tags",
    "quote",
    "constraints",
}


def validate_source(source: str, staging_dir: Path = STAGING_DIR) -> str:
    """One line on a source whose contracts are good; raises ``ContractError`` with all faults else."""
    contracts = load_contracts(source, staging_dir)
    columns = sum(len(contract.columns) for contract in contracts)
    return f"{source}: {len(contracts)} contracts with {columns} columns are valid"


if __name__ == "__main__":
    for _source in sys.argv[1:]:
        sys.stdout.write(validate_source(_source) + "\n")
