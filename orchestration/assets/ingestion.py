"""Landing files to ``raw``: one asset per contract table, one step per source."""

from collections.abc import Iterator

import dagster as dg

from orchestration.assets.retries import TRANSIENT, only_transient_retries
from orchestration.ingestion import IngestionError, LoadResult, ingest
from orchestration.ingestion.contract import TableContract, load_contracts
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS

CHECK = "files_sound"


def raw_key(contract: TableContract) -> dg.AssetKey:
    """Key of a raw table: the same as dbt's source gets from the translator."""
    return dg.AssetKey(["raw", contract.identifier])


def table_events(contract: TableContract, results: list[LoadResult]) -> Iterator[dg.MaterializeResult]:
    """Materialisation and check of one table from what became of its files; counts only."""
    loaded = [result for result in results if result.status in ("loaded", "unchanged")]
    stopped = [result for result in results if result.status == "stopped"]
    quarantined = [result for result in results if result.status == "quarantined"]
    warnings = [warning for result in results for warning in result.warnings]
    counts = {
        name: sum(getattr(result, name) for result in results)
        for name in ("read", "accepted", "rejected", "duplicates")
    }
    yield dg.MaterializeResult(
        asset_key=raw_key(contract),
        metadata={
            **{f"rows_{name}": count for name, count in counts.items()},
            "files_loaded": sum(result.status == "loaded" for result in results),
            "files_unchanged": len(loaded) - sum(result.status == "loaded" for result in results),
            "files_quarantined": len(quarantined),
            "files_stopped": len(stopped),
            "seconds": round(sum(result.seconds for result in results), 3),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=CHECK,
                asset_key=raw_key(contract),
                passed=not (stopped or quarantined or counts["rejected"] or warnings),
                # A stopped load leaves raw without its file: downstream would score on a hole.
                severity=dg.AssetCheckSeverity.ERROR if stopped else dg.AssetCheckSeverity.WARN,
                metadata={
                    "rejected_rows": counts["rejected"],
                    "quarantined_files": len(quarantined),
                    "stopped_files": len(stopped),
                    "warnings": dg.MetadataValue.md("\n".join(f"- {text}" for text in warnings) or "none"),
                },
            )
        ],
    )


def ingestion_assets(source: str) -> dg.AssetsDefinition:
    """All raw tables of one source as one step that loads what is new in the landing folder."""
    contracts = load_contracts(source)

    @dg.multi_asset(
        name=f"ingest_{source}",
        specs=[
            dg.AssetSpec(
                key=raw_key(contract),
                description=contract.description,
                group_name="raw",
                owners=OWNERS["raw"],
                kinds={"postgres", "csv"},
                metadata={"contract_version": contract.contract_version, "delivery": contract.delivery},
                skippable=True,
            )
            for contract in contracts
        ],
        check_specs=[
            dg.AssetCheckSpec(
                name=CHECK,
                asset=raw_key(contract),
                description="No file was stopped or quarantined, no row rejected, no column unexpected.",
            )
            for contract in contracts
        ],
        can_subset=True,
        retry_policy=TRANSIENT,
    )
    def ingest_source(
        context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]
    ) -> Iterator[dg.MaterializeResult]:
        wanted = [contract for contract in contracts if raw_key(contract) in context.selected_asset_keys]
        stopped: IngestionError | None = None
        with only_transient_retries(), runtime.work.measure(f"ingest_{source}"):
            try:
                results = ingest(
                    runtime.warehouse,
                    source,
                    runtime.settings.landing,
                    tables=[contract.name for contract in wanted],
                )
            except IngestionError as error:
                stopped, results = error, error.results
        for contract in wanted:
            yield from table_events(contract, [result for result in results if result.table == contract.name])
        if stopped is not None:
            raise dg.Failure(description=str(stopped), allow_retries=False)

    return ingest_source
