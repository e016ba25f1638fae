"""Contracts for tests, made in code."""

from collections.abc import Callable
from typing import Any

import pytest

from orchestration.ingestion.contract import TableContract


def make_contract(columns: list[dict[str, Any]], **changes: Any) -> TableContract:
    values: dict[str, Any] = {
        "source": "shop",
        "name": "orders",
        "identifier": "shop__orders",
        "time_zone": "Europe/Prague",
        "contract_version": 1,
        "file_pattern": r"orders.*",
        "delivery": "append",
        "key": [],
        "columns": columns,
    }
    return TableContract.model_validate(values | changes)


@pytest.fixture
def contract_of() -> Callable[..., TableContract]:
    return make_contract


@pytest.fixture(scope="session")
def contract_of_session() -> Callable[..., TableContract]:
    """The same for property tests, whose examples share one fixture."""
    return make_contract
