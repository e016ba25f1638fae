"""``assay status``: what an operator looks at first. Counts and names only."""

from rich.console import Console
from rich.table import Table

from orchestration.runtime import Runtime
from orchestration.settings import Settings
from orchestration.warehouse import Role


def print_status(settings: Settings, console: Console) -> int:
    """Print last publication, row counts, loads and rejects, failing checks.

    Returns
    -------
    int
        0 when gold is published and no check fails, else 1.
    """
    runtime = Runtime(settings)
    with runtime.warehouse.connect(Role.OPS) as connection:
        publication = connection.execute(
            "select snapshot_date, status, finished_at, row_counts from ops.publications "
            "where status in ('published', 'rolled_back') order by publication_id desc limit 1"
        ).fetchone()
        failed = connection.execute(
            "select started_at, message from ops.publications "
            "where status = 'failed' and publication_id > "
            "coalesce((select max(publication_id) from ops.publications where status = 'published'), 0) "
            "order by publication_id desc limit 1"
        ).fetchone()
        loads = connection.execute(
            "select source, table_name, count(*) filter (where status = 'loaded'), "
            "count(*) filter (where status <> 'loaded'), "
            "coalesce(sum(rows_read), 0), coalesce(sum(rows_accepted), 0), "
            "coalesce(sum(rows_rejected), 0), coalesce(sum(rows_duplicate), 0) "
            "from ops.loads group by source, table_name order by source, table_name"
        ).fetchall()
        reasons = connection.execute(
            "select source, table_name, reason_code, column_name, count(*) from ops.rejects "
            "group by 1, 2, 3, 4 order by 5 desc limit 20"
        ).fetchall()
    console.print(f"[bold]portfolio {settings.portfolio_name}[/bold], database {settings.database_name}")
    if publication is None:
        console.print("gold: nothing published yet")
    else:
        snapshot, state, finished, counts = publication
        console.print(f"gold: snapshot of {snapshot}, {state} {finished:%Y-%m-%d %H:%M:%S %Z}")
        table = Table("gold table", "rows", header_style="bold")
        for name, rows in sorted((counts or {}).items()):
            table.add_row(name, f"{rows:,}")
        console.print(table)
    if failed is not None:
        console.print(f"[red]last publication failed[/red] at {failed[0]:%Y-%m-%d %H:%M:%S %Z}: {failed[1]}")
    table = Table("loads of", "files", "not loaded", "read", "accepted", "rejected", "duplicates", header_style="bold")
    for source, name, good, bad, *counts in loads:
        table.add_row(f"{source}.{name}", str(good), str(bad), *(f"{count:,}" for count in counts))
    console.print(table)
    if reasons:
        table = Table("rejects of", "reason", "column", "rows", header_style="bold")
        for source, name, reason, column, rows in reasons:
            table.add_row(f"{source}.{name}", reason, column or "", f"{rows:,}")
        console.print(table)
    failing = failing_checks(runtime)
    for line in failing:
        console.print(f"[yellow]failing check[/yellow] {line}")
    if not failing:
        console.print("no failing checks")
    return 0 if publication is not None and failed is None and not failing else 1


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
