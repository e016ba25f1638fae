"""What every test gets: no setting of the caller's machine reaches it."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def _environment_of_its_own() -> None:
    """Tests say themselves which installation they mean; ASSAY_ and libpq variables of the shell never do."""
    for name in list(os.environ):
        if name.startswith(("ASSAY_", "PG")):
            del os.environ[name]
    os.environ["DO_NOT_TRACK"] = "1"
