"""People whose records tests add to."""

import pytest

from orchestration.warehouse import Warehouse
from tests.integration.identity.people import EARLY, LATE, add, create


@pytest.fixture
def parties(warehouse: Warehouse) -> Warehouse:
    """Two clients, a caller with the telephone of one, a caller without any known one."""
    create(warehouse)
    add(warehouse, ("c1", "client", None, "1", EARLY), ("c2", "client", None, "2", EARLY))
    add(warehouse, ("e1", "caller", None, "1", LATE), ("e2", "caller", None, "9", LATE))
    return warehouse
