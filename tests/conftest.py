"""What every test gets: no setting of the caller's machine reaches it."""

import os

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one module that share a database on one worker, in the order of the module.

    Spread over workers each of them would build it anew, and see the other's tests in an order of chance.
    """
    for item in items:
        if "module_warehouse" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session", autouse=True)
def _environment_of_its_own() -> None:
    """Tests say themselves which installation they mean; ASSAY_ and libpq variables of the shell never do."""
    for name in list(os.environ):
        if name.startswith(("ASSAY_", "PG")):
            del os.environ[name]
    os.environ["DO_NOT_TRACK"] = "1"
