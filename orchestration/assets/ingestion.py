"""Landing files to ``raw``: one asset per contract table, one step per source."""

import re
from collections.abc import Callable, Iterator

import dagster as dg

from orchestration.assets.retries import TRANSIENT, only_transient_retries
from orchestration.ingestion import IngestionError, LoadResult, ingest
from orchestration.ingestion.contract import TableContract, load_contracts
from orchestration.portfolio import Portfolio
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS
from orchestration.warehouse import Role

CHECK = "files_sound"
# Told by the source's first table: it is about the folder, not about one table.
FOLDER_CHECK = "landing_folder_is_as_expected"


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


def folder_check(
    contract: TableContract, results: list[LoadResult], ever_loaded: set[str], is_known: Callable[[str], bool]
) -> dg.AssetCheckResult:
    """Names that no contract asks for, and tables that never had a file: a misspelt name looks like both."""
    strange = sorted(
        f"{result.file}: {result.message}"
        for result in results
        if result.status == "unmatched" and not is_known(str(result.file))
    )
    missing = sorted(
        str(result.table) for result in results if result.status == "no_file" and result.table not in ever_loaded
    )
    return dg.AssetCheckResult(
        check_name=FOLDER_CHECK,
        asset_key=raw_key(contract),
        passed=not (strange or missing),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "unexpected_names": dg.MetadataValue.md("\n".join(f"- `{name}`" for name in strange) or "none"),
            "tables_without_a_file": dg.MetadataValue.md("\n".join(f"- {name}" for name in missing) or "none"),
        },
    )


def known_elsewhere(portfolio: Portfolio, source: str) -> Callable[[str], bool]:
    """Whether a file's name belongs to another source of the portfolio, or is ignored by it."""
    others = [contract for name in portfolio.sources if name != source for contract in load_contracts(name)]
    ignored = [re.compile(pattern) for pattern in portfolio.ignored_files]

    def is_known(name: str) -> bool:
        return any(pattern.fullmatch(name) for pattern in ignored) or any(other.matches(name) for other in others)

    return is_known


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
                kinds={"postgres", contract.format.type},
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
        ]
        + [
            dg.AssetCheckSpec(
                name=FOLDER_CHECK,
                asset=raw_key(contracts[0]),
                description="Every name in the folder belongs to a contract, every table had a file at least once.",
            )
        ],
        can_subset=True,
        retry_policy=TRANSIENT,
    )
    def ingest_source(
        context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        wanted = [contract for contract in contracts if raw_key(contract) in context.selected_asset_keys]
        stopped: IngestionError | None = None
        with only_transient_retries(), runtime.work.measure(f"ingest_{source}"):
            try:
                results = ingest(
                    runtime.warehouse,
                    source,
                    runtime.settings.landing_of(source),
                    tables=[contract.name for contract in wanted],
                )
            except IngestionError as error:
                stopped, results = error, error.results
        for contract in wanted:
            yield from table_events(contract, [result for result in results if result.table == contract.name])
        if contracts[0] in wanted:
            with runtime.warehouse.connect(Role.OPS) as connection:
                rows = connection.execute(
                    "select distinct table_name from ops.loads where source = %s and status = 'loaded'", (source,)
                ).fetchall()
            yield folder_check(
                contracts[0],
                results,
                {name for (name,) in rows},
                known_elsewhere(runtime.settings.portfolio, source),
            )
        if stopped is not None:
            raise dg.Failure(description=str(stopped), allow_retries=False)

    return ingest_source
