"""What gold has to hold, read from the dbt manifest: the models' YAML is the one home of names and types."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from orchestration.publication.schemas import NEXT


@dataclasses.dataclass(frozen=True)
class ExpectedTable:
    """One table that a publication must have.

    Attributes
    ----------
    name : str
        Name in gold.
    columns : tuple of (str, str)
        Names and types, in order.
    primary_key : tuple of str
        Columns that name one row; empty where the model states none.
    is_required : bool
        Whether it must have rows (``config.meta.rows_required`` of the model).
    must_not_vanish : tuple of str
        Columns whose values may not become NULL in most rows from one publication to the next
        (``config.meta.must_not_vanish`` of the column).
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    primary_key: tuple[str, ...] = ()
    is_required: bool = False
    must_not_vanish: tuple[str, ...] = ()


def expected_tables(manifest: Mapping[str, Any]) -> list[ExpectedTable]:
    """The models of a parsed ``manifest.json`` that are built into ``gold_next``, by name."""
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == NEXT]
    return sorted((_expected(node) for node in nodes), key=lambda table: table.name)


def _expected(node: Mapping[str, Any]) -> ExpectedTable:
    columns = node["columns"].values()
    stated = [rule["columns"] for rule in node.get("constraints", []) if rule["type"] == "primary_key"]
    marked = [
        column["name"]
        for column in columns
        if any(rule["type"] == "primary_key" for rule in column.get("constraints", []))
    ]
    return ExpectedTable(
        name=node.get("alias") or node["name"],
        columns=tuple((column["name"], column["data_type"] or "") for column in columns),
        primary_key=tuple(stated[0]) if stated else tuple(marked),
        is_required=bool(node["config"].get("meta", {}).get("rows_required", False)),
        must_not_vanish=tuple(
            column["name"]
            for column in columns
            if {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}.get("must_not_vanish", False)
        ),
    )
