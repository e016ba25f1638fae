"""What every test gets: no setting of the caller's machine reaches it."""

import gc
import os

import pytest

from tests.dbt import Manifests


def pytest_collection_finish() -> None:
    """Let garbage collection look less often, and not at what was imported: that took a fifth of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


# Folders whose tests share dear things for the whole session: two workers would make them twice.
SHARING = ("tests/integration/eagle_bank/", "tests/unit/businesses/", "tests/unit/world/")
# Long groups begin first, or one worker waits for the other at the end; what is left is small.
ORDER = ("sample", "bank", "msme", "journey", "tests/e2e/", "tests/integration/", "tests/")


def group_of(item: pytest.Item) -> str:
    """Whose worker the test runs on: its own mark, else its file, so that no fixture of a module is made twice."""
    mark = item.get_closest_marker("xdist_group")
    if mark is not None:
        return str(mark.args[0])
    file = item.nodeid.partition("::")[0]
    return next((folder for folder in SHARING if file.startswith(folder)), file)


# First: xdist reads the groups in this hook, and would not see those that come after it.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test its group, and the groups their order, which ``--no-loadscope-reorder`` keeps."""
    groups = {item: group_of(item) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: next(n for n, start in enumerate(ORDER) if groups[item].startswith(start)))


@pytest.fixture(scope="session", autouse=True)
def _environment_of_its_own() -> None:
    """Tests say themselves which installation they mean; ASSAY_ and libpq variables of the shell never do."""
    for name in list(os.environ):
        if name.startswith(("ASSAY_", "PG")):
            del os.environ[name]
    os.environ["DO_NOT_TRACK"] = "1"


@pytest.fixture(scope="session")
def manifests(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Manifests:
    """dbt manifests that all workers of the session share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "dbt_manifests"
    folder.mkdir(exist_ok=True)
    return Manifests(folder)
