"""``assay sample``: a generated world as landing files, begun or continued, with progress and a table at the end."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from orchestration.errors import AssayError
from orchestration.settings import Settings

if TYPE_CHECKING:
    from ml.synthetic.world import WorldConfig, Written


def given_date(option: str, text: str | None) -> dt.date | None:
    """A date of the command line; None where it was not given.

    Raises
    ------
    typer.BadParameter
        It is no date.
    """
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} is {text!r}; expected a day as YYYY-MM-DD") from None


def generate_sample(
    settings: Settings, console: Console, *, landing: Path | None, truth: Path | None, **asked: Any
) -> None:
    """Write or continue the world.

    Parameters
    ----------
    settings, console
        Of the installation; where to tell.
    landing, truth : Path, optional
        Folders; by default ``<home>/landing/sample`` and ``<home>/truth/sample``.
    **asked
        ``people``, ``start``, ``until``, ``seed``, ``default_rate``; None for those of the world that is there, or the
        generator's own.

    Raises
    ------
    AssayError
        A setting is out of bounds, or the folder holds another world.
    """
    from ml.synthetic.world import WorldError, write_world

    landing = landing or settings.home / "landing" / settings.portfolio_name
    truth = truth or settings.home / "truth" / settings.portfolio_name
    try:
        config = world_config(landing, asked)
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,} rows"), TimeElapsedColumn(),
            console=console, transient=True,
        ) as progress:  # fmt: skip
            task = progress.add_task(f"{config.people:,} people until {config.until}", total=None)
            written = write_world(
                config, landing, truth, on_delivery=lambda rows: progress.advance(task, rows.rows.num_rows)
            )
    except (WorldError, ValueError) as error:
        raise AssayError(str(error)) from error
    except OSError as error:
        raise AssayError(f"{error.filename}: {error.strerror}; check the folder and the space on its disk") from error
    if not written.rows:
        console.print(f"{escape(str(landing))} holds this world until {config.until} already; nothing to do.")
        return
    console.print(written_table(written))
    booked = written.rows.get("core_banking.transactions", 0)
    console.print(
        f"{written.seconds:.1f} s, {booked / max(written.seconds, 1e-9):,.0f} transactions/s; "
        f"landing {escape(str(landing))}, truth {escape(str(truth))}",
        soft_wrap=True,
    )


def world_config(landing: Path, asked: dict[str, Any]) -> "WorldConfig":
    """What was asked for, completed by the world that is there."""
    from ml.synthetic.world import WorldConfig, read_manifest

    manifest = read_manifest(landing)
    there: dict[str, Any] = {}
    if manifest is not None:
        there = {name: value for name, value in manifest.identity.items() if name != "generator_version"}
        there["start"] = dt.date.fromisoformat(str(there["start"]))
        if asked.get("until") is None and manifest.until is not None:
            raise AssayError(f"{landing} holds a world until {manifest.until}: say with --until how far to continue it")
    given = {name: value for name, value in asked.items() if value is not None}
    return WorldConfig(**(there | given))


def written_table(written: "Written") -> Table:
    """Rows, files and size by table."""
    table = Table(header_style="bold")
    for name, justify in (("table", "left"), ("rows", "right"), ("files", "right"), ("MB", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for name in sorted(written.rows):
        table.add_row(
            name, f"{written.rows[name]:,}", str(written.files[name]), f"{written.size_bytes[name] / 1e6:,.1f}"
        )
    return table
