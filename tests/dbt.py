"""dbt in tests: run in the test's process as the product runs it, on a project that is parsed once a session."""

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from orchestration.settings import Settings
from orchestration.transformation.environment import run_environment
from orchestration.transformation.manifest import ensure_manifest, fingerprint
from orchestration.warehouse import Warehouse

# What parsing leaves, the marker last: whoever finds it finds the rest.
_FILES = ("manifest.json", "partial_parse.msgpack", "fingerprint")


@dataclass(frozen=True)
class Manifests:
    """Parsed projects of this session by their fingerprint, shared by its workers: parsing takes six seconds."""

    folder: Path

    def give(self, settings: Settings) -> None:
        """Put the portfolio's manifest where the product looks for it."""
        kept = self.folder / fingerprint(settings)
        with FileLock(self.folder / f"{kept.name}.lock"):
            if not (kept / _FILES[-1]).exists():
                ensure_manifest(settings)
                _copy(settings.dbt_target_dir, kept)
                return
        _copy(kept, settings.dbt_target_dir)


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(source / name, target / name)


@dataclass(frozen=True)
class Dbt:
    """dbt on one database; ``settings`` name it, and where the manifest lies."""

    warehouse: Warehouse
    settings: Settings

    def __call__(self, day: dt.date, command: str, *arguments: str) -> None:
        """Run one dbt command as of a day; fails with dbt's own messages."""
        from orchestration.transformation.runner import DbtRunner  # Dagster takes seconds, which no unit test needs

        variables = run_environment(self.settings, self.warehouse.dbt_env(), day)
        outcome = DbtRunner(self.settings).run([command, *arguments], variables)
        assert outcome.success, (outcome.error, outcome.failures())

    def compiled(self, model: str) -> str:
        """SQL of a model as the last run that had it made it."""
        return next((self.settings.dbt_target_dir / "compiled").rglob(f"{model}.sql")).read_text(encoding="utf-8")
