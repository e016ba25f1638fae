"""dbt inside the process, its events as Dagster's.

A dbt process of its own costs about four seconds of start-up a stage, a call in this process a quarter of one; the
daily job has four stages. The events are dagster-dbt's own classes, so assets and checks look as they always do.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetExecutionContext,
    AssetObservation,
    Failure,
    Output,
)
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.settings import Settings
from orchestration.transformation.manifest import common_arguments, ensure_manifest, environment, uncollected
from orchestration.transformation.metrics import Measured, measure_models
from orchestration.transformation.translator import AssayTranslator
from orchestration.warehouse import Role, Warehouse

DbtEvent = Output[Any] | AssetCheckResult | AssetCheckEvaluation | AssetObservation


@dataclass(frozen=True)
class DbtNodeResult:
    """What became of one node: name, dbt's status, seconds of work, rows written where dbt knows them."""

    unique_id: str
    status: str
    seconds: float
    rows: int | None
    message: str | None


@dataclass
class DbtOutcome:
    """One dbt call: raw result events in order, the result of every node, and what built models say of themselves."""

    success: bool
    events: list[dict[str, Any]] = field(default_factory=list)
    nodes: list[DbtNodeResult] = field(default_factory=list)
    metrics: Measured = field(default_factory=dict)
    error: str | None = None
    seconds: float = 0.0

    @property
    def work_seconds(self) -> float:
        """Seconds between the first node's start and the last one's end; the rest of ``seconds`` is dbt's own."""
        starts = [event["data"]["node_info"]["node_started_at"] for event in self.events]
        ends = [event["data"]["node_info"]["node_finished_at"] for event in self.events]
        moments = [dt.datetime.fromisoformat(text) for text in (*starts, *ends) if text]
        return (max(moments) - min(moments)).total_seconds() if moments else 0.0

    def measure(self, warehouse: Warehouse, manifest: Mapping[str, Any]) -> None:
        """Take the metrics that the built models declare, while they are where dbt put them."""
        built = [node.unique_id for node in self.nodes if node.status == "success"]
        with warehouse.connect(Role.DBT) as connection:
            self.metrics = measure_models(connection, manifest, built)

    def failures(self) -> list[str]:
        """Failed nodes with dbt's message: names and counts, never rows."""
        bad = [node for node in self.nodes if node.status in ("error", "fail", "runtime error")]
        return [
            f"{node.unique_id.split('.')[-1 if node.unique_id.startswith('model') else 2]}: {node.message}"
            for node in bad
        ]


class DbtRunner:
    """Runs dbt commands for one portfolio.

    Parameters
    ----------
    settings : Settings
        Which portfolio, and where the target folder is.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(
        self,
        arguments: Sequence[str],
        variables: Mapping[str, str],
        on_node: Callable[[str, str], None] | None = None,
    ) -> DbtOutcome:
        """Run one dbt command in this process.

        Parameters
        ----------
        arguments : sequence of str
            For example ``["build", "--select", "path:models/gold"]``.
        variables : mapping
            ``run_environment(...)``.
        on_node : callable, optional
            Told the name and status of every finished node.
        """
        from dbt.cli.main import dbtRunner
        from dbt.contracts.graph.manifest import Manifest
        from dbt_common.events.functions import msg_to_dict

        ensure_manifest(self._settings)
        events: list[dict[str, Any]] = []

        def collect(message: Any) -> None:
            if message.info.name not in (
                "LogModelResult",
                "LogTestResult",
                "NodeFinished",
                "LogSnapshotResult",
                "LogSeedResult",
            ):
                return
            event = msg_to_dict(message)
            events.append(event)
            if on_node is not None and message.info.name == "NodeFinished":
                on_node(event["data"]["node_info"]["node_name"], event["data"]["node_info"]["node_status"])

        # A fresh copy each time: dbt writes into the manifest that it runs.
        packed = (self._settings.dbt_target_dir / "partial_parse.msgpack").read_bytes()
        with uncollected():
            manifest = Manifest.from_msgpack(packed)
            manifest.build_flat_graph()  # what macros see as `graph`; only parsing would build it
        started = time.perf_counter()
        with environment(variables):
            outcome = dbtRunner(manifest=manifest, callbacks=[collect]).invoke(
                [*arguments, *common_arguments(self._settings), "--quiet", "--no-print", "--no-write-json"]
            )
        result = DbtOutcome(success=outcome.success, events=events, seconds=time.perf_counter() - started)
        if outcome.exception is not None:
            result.error = str(outcome.exception)
        for node in getattr(outcome.result, "results", None) or []:
            rows = (node.adapter_response or {}).get("rows_affected")
            result.nodes.append(
                DbtNodeResult(node.node.unique_id, str(node.status), node.execution_time, rows, node.message)
            )
        return result


def to_dagster_events(
    outcome: DbtOutcome, manifest: Mapping[str, Any], context: AssetExecutionContext
) -> Iterator[DbtEvent]:
    """Materialisations and check results of one call, with rows, seconds and declared metrics as metadata."""
    rows = {node.unique_id: node.rows for node in outcome.nodes}
    translator = AssayTranslator()  # one for all events: it remembers the specs it has made
    for raw in outcome.events:
        message = DbtCoreCliEventMessage(raw_event=raw, event_history_metadata={})
        if not message.is_result_event:
            continue
        unique_id = raw["data"]["node_info"]["unique_id"]
        if unique_id.startswith("unit_test."):
            continue
        incremental = manifest["nodes"][unique_id]["config"].get("materialized") == "incremental"
        for event in message.to_default_asset_events(
            manifest=manifest, dagster_dbt_translator=translator, context=context, target_path=None
        ):
            count = rows.get(unique_id)
            # A view has none (-1); of an incremental model dbt tells what was written, not what is there.
            if isinstance(event, Output) and count is not None and count >= 0:
                name = "rows_written" if incremental else "dagster/row_count"
                event = event.with_metadata({**event.metadata, name: count})
            if isinstance(event, Output) and unique_id in outcome.metrics:
                event = event.with_metadata({**event.metadata, **outcome.metrics[unique_id]})
            yield event


def fail_unless_successful(outcome: DbtOutcome, stage: str) -> None:
    """Raise ``Failure`` with the failed nodes' names and messages; the events were yielded before."""
    if outcome.success:
        return
    failures = outcome.failures()
    raise Failure(
        description=f"dbt stage {stage!r} failed: " + ("; ".join(failures) or outcome.error or "unknown"),
        metadata={"failed_nodes": len(failures)},
        allow_retries=False,
    )
