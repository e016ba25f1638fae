"""``assay run``: everything a day needs, in one process, with progress and a table at the end."""

import datetime as dt
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.errors import AssayError
from orchestration.runtime import Runtime
from orchestration.settings import Settings


def prepare_portfolio(runtime: Runtime, console: Console) -> None:
    """Warehouse, landing files of a generated portfolio, dbt manifest: each only if it is not there yet."""
    from orchestration.transformation.manifest import ensure_manifest
    from orchestration.warehouse import restore_bi_login

    settings = runtime.settings
    for folder in ("landing", "logs"):
        # Files of people: for the owner of this installation alone.
        (settings.home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    with console.status("warehouse: starting, applying migrations"):
        restore_bi_login(runtime.warehouse)
    if (
        settings.portfolio.generator is not None
        and settings.landing == settings.home / "landing" / settings.portfolio_name
    ):
        from ml.synthetic.manifest import read_manifest

        manifest = read_manifest(settings.landing)
        if manifest is None or manifest.until is None:
            with console.status(f"{settings.portfolio_name}: generating landing files"):
                _generate(settings)
    if not settings.landing.is_dir():
        raise AssayError(
            f"The landing folder {settings.landing} does not exist. "
            f"Name the folder with the files of portfolio {settings.portfolio_name!r}: LANDING=... or --landing ..."
        )
    with console.status("dbt: parsing the project"):
        ensure_manifest(settings)


def _generate(settings: Settings) -> None:
    """Landing files and truth of the portfolio's generator, until the portfolio's day."""
    until, truth = settings.portfolio.default_as_of_date(), settings.home / "truth" / settings.portfolio_name
    if settings.portfolio.generator == "msme":
        from ml.synthetic.businesses import BusinessConfig, write_businesses

        write_businesses(BusinessConfig(until=until), settings.landing, truth)
    else:
        from ml.synthetic.world import WorldConfig, write_world

        write_world(WorldConfig(people=settings.sample_people, until=until), settings.landing, truth)


def default_day(settings: Settings) -> dt.date:
    """The portfolio's business date; of a generated world that was continued beyond it, its last day."""
    day = settings.portfolio.default_as_of_date()
    if settings.portfolio.generator is None:
        return day
    from ml.synthetic.manifest import read_manifest

    manifest = read_manifest(settings.landing)
    return max(day, manifest.until) if manifest and manifest.until else day


def checked_date(settings: Settings, as_of_date: dt.date | None) -> dt.date:
    """The day to run: the given one if it is a partition of the portfolio, else the portfolio's own.

    Raises
    ------
    AssayError
        The day lies before the portfolio's first one or is not over yet.
    """
    portfolio = settings.portfolio
    day = as_of_date or default_day(settings)
    yesterday = dt.datetime.now(tz=ZoneInfo(portfolio.time_zone)).date() - dt.timedelta(days=1)
    if not portfolio.start_date <= day <= yesterday:
        raise AssayError(
            f"{day} is no business day of portfolio {portfolio.name}: expected {portfolio.start_date} to {yesterday}, "
            f"the last day that is over in {portfolio.time_zone}"
        )
    return day


def run_daily(
    settings: Settings,
    as_of_date: dt.date | None,
    console: Console,
    *,
    allow_older: bool = False,
    allow_collapse: bool = False,
) -> int:
    """Run the daily job in this process.

    Returns
    -------
    int
        Exit code: 0 when everything ran and gold is published.
    """
    started = time.perf_counter()
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")
    day = checked_date(settings, as_of_date)
    runtime = Runtime(settings, allow_older=allow_older, allow_collapse=allow_collapse)
    console.print(
        f"[bold]Assay[/bold] portfolio {settings.portfolio_name}, as of {day}, "
        f"files in {escape(str(settings.landing))}",
        soft_wrap=True,
    )
    prepare_portfolio(runtime, console)

    from orchestration.definitions import build_defs
    from orchestration.instance import CLI_TAGS, close_dead_runs, open_instance

    with console.status("dagster: loading the definitions"):
        job = build_defs(settings=settings, resource_overrides={"runtime": runtime}).resolve_job_def("daily")
        instance = open_instance(runtime)
    ready = time.perf_counter()
    # A second run of the portfolio waits for the first and then finds its work done.
    with instance, runtime.exclusive("run"):
        close_dead_runs(instance)
        result = job.execute_in_process(
            tags=CLI_TAGS,
            instance=instance,
            partition_key=day.isoformat(),
            run_config={"loggers": {"progress": {}}},
            raise_on_error=False,
        )
    finished = time.perf_counter()
    console.print(assets_table(result.all_events))
    total = finished - started
    console.print(
        f"{total:.1f} s in all: work {runtime.work.total:.1f} s, overhead {total - runtime.work.total:.1f} s "
        f"(start {ready - started:.1f} s, orchestration {finished - ready - runtime.work.total:.1f} s)"
    )
    for line in failed_checks(result.all_events):
        console.print(f"[yellow]failing check[/yellow] {escape(line)}", soft_wrap=True)
    if not result.success:
        for event in result.all_events:
            if event.event_type_value == "STEP_FAILURE":
                console.print(f"[red]{event.step_key}[/red]: {escape(failure_text(event))}")
        console.print("The run failed; gold is as it was. `assay status` tells more, and running again is safe.")
        return 1
    print_next_steps(settings, console)
    return 0


def failed_checks(events: Sequence[Any]) -> list[str]:
    """Checks of a run that did not hold, as ``asset: check``; ``assay status`` tells what they found."""
    evaluations = [event.event_specific_data for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    return sorted(f"{each.asset_key.to_user_string()}: {each.check_name}" for each in evaluations if not each.passed)


def failure_text(event: Any) -> str:
    """What a failed step says of itself, in one line."""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else "no message"


def assets_table(events: Sequence[Any]) -> Table:
    """Asset, rows, seconds, share of all assets' seconds and checks of one run, in the order of materialisation."""
    checks: dict[Any, list[bool]] = defaultdict(list)
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            evaluation = event.event_specific_data
            checks[evaluation.asset_key].append(evaluation.passed)
    table = Table(title=None, header_style="bold")
    for name, justify in (
        ("asset", "left"),
        ("rows", "right"),
        ("seconds", "right"),
        ("share", "right"),
        ("checks", "right"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    made = [event for event in events if event.event_type_value == "ASSET_MATERIALIZATION"]
    total = sum(asset_seconds(event) or 0.0 for event in made)
    for event in made:
        materialization = event.event_specific_data.materialization
        metadata = {name: getattr(value, "value", None) for name, value in materialization.metadata.items()}
        rows = next(
            (metadata[name] for name in ("dagster/row_count", "rows_accepted", "rows_written") if name in metadata),
            None,
        )
        seconds = asset_seconds(event)
        outcome = checks.get(materialization.asset_key, [])
        table.add_row(
            "/".join(materialization.asset_key.path),
            f"{rows:,}" if isinstance(rows, int) else "",
            f"{seconds:.2f}" if seconds is not None else "",
            f"{seconds / total:.1%}" if seconds is not None and total else "",
            f"{sum(outcome)}/{len(outcome)}" if outcome else "",
            style=None if all(outcome) else "yellow",
        )
    return table


def asset_seconds(event: Any) -> float | None:
    """Seconds that a materialisation says it took; None where it does not say."""
    metadata = event.event_specific_data.materialization.metadata
    found = metadata.get("seconds", metadata.get("Execution Duration"))
    value = getattr(found, "value", None)
    return float(value) if isinstance(value, int | float) else None


def print_next_steps(settings: Settings, console: Console) -> None:
    """What a user does next."""
    option = "" if settings.portfolio_name == "sample" else f" --portfolio {settings.portfolio_name}"
    make = "" if settings.portfolio_name == "sample" else f" PORTFOLIO={settings.portfolio_name}"
    console.print("\n[bold]Next[/bold]")
    console.print(f"  query gold      .venv/bin/assay psql{option} -c 'select * from publication'", soft_wrap=True)
    console.print(f"  see the graph   make ui{make}")
    console.print(f"  state           .venv/bin/assay status{option}")
    console.print("  own data        README, section Bring your own source")
