"""``assay businesses``: generated small businesses as landing files, with progress and a table at the end."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from orchestration.cli.sample import written_table
from orchestration.errors import AssayError
from orchestration.settings import Settings

if TYPE_CHECKING:
    from ml.synthetic.businesses import BusinessConfig


def generate_businesses(
    settings: Settings, console: Console, *, landing: Path | None, truth: Path | None, **asked: Any
) -> None:
    """Write a set of businesses, or what became known since an earlier ``until``.

    Parameters
    ----------
    settings, console
        Of the installation; where to tell.
    landing, truth : Path, optional
        Folders; by default ``<home>/landing/msme`` and ``<home>/truth/msme``.
    **asked
        ``businesses``, ``seed``, ``until``; None for those of the set that is there, or the generator's own.

    Raises
    ------
    AssayError
        A setting is out of bounds, or the folder holds another set.
    """
    from ml.synthetic.businesses import write_businesses
    from ml.synthetic.manifest import WorldError

    landing = landing or settings.home / "landing" / settings.portfolio_name
    truth = truth or settings.home / "truth" / settings.portfolio_name
    try:
        config = business_config(landing, asked)
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} rows"), TimeElapsedColumn(),
            console=console, transient=True,
        ) as progress:  # fmt: skip
            task = progress.add_task(f"{config.businesses:,} businesses until {config.until}", total=None)
            written = write_businesses(
                config, landing, truth, on_delivery=lambda rows: progress.advance(task, rows.rows.num_rows)
            )
    except (WorldError, ValueError) as error:
        raise AssayError(str(error)) from error
    except OSError as error:
        raise AssayError(f"{error.filename}: {error.strerror}; check the folder and the space on its disk") from error
    if not written.rows:
        console.print(
            f"{escape(str(landing))} holds these businesses until {config.until} already; nothing to do.",
            soft_wrap=True,
        )
        return
    console.print(written_table(written))
    console.print(
        f"{config.businesses:,} businesses in {written.seconds:.1f} s; "
        f"landing {escape(str(landing))}, truth {escape(str(truth))}",
        soft_wrap=True,
    )


def business_config(landing: Path, asked: dict[str, Any]) -> "BusinessConfig":
    """What was asked for, completed by the set that is there."""
    from ml.synthetic.businesses import BusinessConfig
    from ml.synthetic.manifest import read_manifest

    manifest = read_manifest(landing)
    there: dict[str, Any] = {}
    if manifest is not None and manifest.identity.get("generator") == "businesses":
        there = {name: manifest.identity[name] for name in ("seed", "businesses", "periods")}
        there["first_period"] = dt.date.fromisoformat(str(manifest.identity["first_period"]))
        if manifest.until is not None:
            there["until"] = manifest.until
    given = {name: value for name, value in asked.items() if value is not None}
    return BusinessConfig(**(there | given))
