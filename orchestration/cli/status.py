"""``assay status``: what an operator looks at first. Counts, file names and reasons; never a person's data."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from orchestration.runtime import Runtime
from orchestration.settings import Settings
from orchestration.warehouse import Role

PUBLICATION = (
    "select snapshot_date, status, finished_at, row_counts from ops.publications "
    "where status in ('published', 'rolled_back') order by publication_id desc limit 1"
)
FAILED_PUBLICATION = (
    "select started_at, message from ops.publications where status = 'failed' and publication_id > coalesce((select "
    "max(publication_id) from ops.publications where status = 'published'), 0) order by publication_id desc limit 1"
)
LOADS = (
    "select source || '.' || table_name, count(*) filter (where status = 'loaded'), "
    "coalesce(sum(rows_read) filter (where status = 'loaded'), 0), coalesce(sum(rows_accepted), 0), "
    "coalesce(sum(rows_rejected) filter (where status = 'loaded'), 0), coalesce(sum(rows_duplicate), 0) "
    "from ops.loads group by 1 order by 1"
)
# A file that was mended and loaded under the same name is no longer news.
REFUSED = (
    "select r.status, r.source || '.' || r.table_name, r.file_name, r.message from ops.loads as r "
    "where r.status <> 'loaded' and not exists (select 1 from ops.loads as l where l.status = 'loaded' and "
    "(l.source, l.table_name, l.file_name) = (r.source, r.table_name, r.file_name) and l.load_id > r.load_id) "
    "order by r.load_id desc limit 20"
)
REJECTS = (
    "select source || '.' || table_name, reason_code, coalesce(column_name, ''), count(*) from ops.rejects "
    "group by 1, 2, 3 order by 4 desc limit 20"
)


def print_status(settings: Settings, console: Console) -> int:
    """Print last publication, row counts, loads and rejects, the last run, failing checks.

    Returns
    -------
    int
        0 when gold is published, the last run and publication succeeded and no check fails; else 1.
    """
    runtime = Runtime(settings)
    with runtime.warehouse.connect(Role.OPS) as connection:
        publication = connection.execute(PUBLICATION).fetchone()
        failed = connection.execute(FAILED_PUBLICATION).fetchone()
        loads = connection.execute(LOADS).fetchall()
        refused = connection.execute(REFUSED).fetchall()
        rejects = connection.execute(REJECTS).fetchall()
    console.print(f"[bold]portfolio {settings.portfolio_name}[/bold], database {settings.database_name}")
    if publication is None:
        console.print("gold: nothing published yet")
    else:
        snapshot, state, finished, counts = publication
        console.print(f"gold: snapshot of {snapshot}, {state} {finished:%Y-%m-%d %H:%M:%S %Z}")
        print_table(console, ("gold table", "rows"), sorted((counts or {}).items()))
    print_table(console, ("loads of", "files", "read", "accepted", "rejected", "duplicates"), loads)
    if rejects:
        print_table(console, ("rejects of", "reason", "column", "rows"), rejects)
    for status, table, file, message in refused:
        console.print(f"[yellow]{status}[/yellow] {escape(f'{table}: {file}: {message}')}", soft_wrap=True)
    if failed is not None:
        told = escape(f"at {failed[0]:%Y-%m-%d %H:%M:%S %Z}: {failed[1]}")
        console.print(f"[red]last publication failed[/red] {told}", soft_wrap=True)
    broken = last_run_problem(runtime)
    if broken is not None:
        console.print(f"[red]last run[/red] {escape(broken)}", soft_wrap=True)
    failing = failing_checks(runtime)
    for line in failing:
        console.print(f"[yellow]failing check[/yellow] {escape(line)}", soft_wrap=True)
    if not failing:
        console.print("no failing checks")
    return 0 if publication is not None and failed is None and broken is None and not failing else 1


def print_table(console: Console, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under heads; names are folded, never cut, and numbers stand right."""
    columns = [Column(heads[0], overflow="fold")]
    columns += [Column(head, justify="right" if head != "reason" else "left", overflow="fold") for head in heads[1:]]
    table = Table(*columns, header_style="bold")
    for row in rows:
        table.add_row(*(f"{int(str(cell)):,}" if str(cell).isdigit() else escape(str(cell)) for cell in row))
    console.print(table)


def last_run_problem(runtime: Runtime) -> str | None:
    """What the newest daily run failed of, or None where it succeeded or still runs."""
    import dagster as dg

    from orchestration.instance import open_instance

    with open_instance(runtime) as instance:
        runs = instance.get_run_records(dg.RunsFilter(job_name="daily"), limit=1)
        if not runs or runs[0].dagster_run.status not in (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED):
            return None
        run = runs[0].dagster_run
        steps = [
            f"{event.step_key}: {step_failure(event)}"
            for log in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
            if (event := log.dagster_event) is not None
        ]
        day = run.tags.get("dagster/partition", "no partition")
        return f"of {day} ended as {run.status.value}: " + ("; ".join(steps) or "its process ended before it did")


def step_failure(event: object) -> str:
    """What a failed step says of itself, in one line."""
    from orchestration.cli.daily import failure_text

    return failure_text(event)


def failing_checks(runtime: Runtime) -> list[str]:
    """Checks whose latest evaluation failed, as ``asset: check``."""
    import dagster as dg

    from orchestration.instance import open_instance

    with open_instance(runtime) as instance:
        seen: dict[tuple[str, str], bool] = {}
        records = instance.get_event_records(
            dg.EventRecordsFilter(event_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION), limit=5000
        )
        for record in records:  # newest first
            evaluation = record.event_log_entry.dagster_event.event_specific_data  # type: ignore[union-attr]
            key = (evaluation.asset_key.to_user_string(), evaluation.check_name)  # type: ignore[union-attr]
            seen.setdefault(key, evaluation.passed)  # type: ignore[union-attr]
    return [f"{asset}: {check}" for (asset, check), passed in sorted(seen.items()) if not passed]
