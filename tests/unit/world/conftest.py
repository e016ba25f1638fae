"""Worlds for tests, made once for each seed and size."""

import datetime as dt
from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest

from ml.synthetic.world import WorldConfig, generate

World = dict[str, pd.DataFrame]


@cache
def make_world(seed: int, people: int, until: dt.date) -> World:
    tables = generate(WorldConfig(seed=seed, people=people, start=dt.date(2025, 10, 1), until=until))
    return {name: table.to_pandas(date_as_object=False) for name, table in tables.items()}


@pytest.fixture(scope="session")
def world_of() -> Callable[[int, int, dt.date], World]:
    return make_world


@pytest.fixture(
    scope="session",
    params=[(1, 50, dt.date(2026, 9, 30)), (20260930, 500, dt.date(2026, 9, 30)), (7, 6_000, dt.date(2025, 12, 14))],
    ids=lambda given: f"seed-{given[0]}-people-{given[1]}",
)
def world(request: pytest.FixtureRequest) -> World:
    """Worlds of several seeds and sizes; the largest one has two blocks and ends within a month."""
    return make_world(*request.param)
