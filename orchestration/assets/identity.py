"""Who is who: party records to ``ml.match_edges`` and ``ml.party_xref``."""

import time
from collections.abc import Iterator

import dagster as dg

from orchestration.assets.retries import TRANSIENT, only_transient_retries
from orchestration.partitions import run_as_of_date
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS
from orchestration.warehouse import Role

EDGES, XREF = dg.AssetKey(["ml", "match_edges"]), dg.AssetKey(["ml", "party_xref"])


@dg.multi_asset(
    name="identity",
    specs=[
        dg.AssetSpec(
            key,
            deps=[dg.AssetKey(["core", "parties"])],
            description=description,
            group_name="identity",
            owners=OWNERS["identity"],
            kinds={"python", "postgres"},
        )
        for key, description in (
            (
                EDGES,
                "Pairs of party records that a rule links, with the rule and the time the evidence was known.",
            ),
            (
                XREF,
                "Party record to golden record in two times; an id keeps its meaning for ever, ended rows stay, and "
                "every change stands in ops.identity_ledger.",
            ),
        )
    ],
    retry_policy=TRANSIENT,
)
def identity_assets(
    context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]
) -> Iterator[dg.MaterializeResult]:
    """Resolve all party records by the portfolio's rules and stewards' decisions, and carry the ids of the last run."""
    from ml import identity

    portfolio = runtime.settings.portfolio
    as_of_date = run_as_of_date(context, portfolio)
    started = time.perf_counter()
    with (
        only_transient_retries(),
        runtime.work.measure("identity"),
        runtime.exclusive("identity"),
        runtime.warehouse.connect(Role.ML) as connection,
    ):
        summary = identity.resolve_and_store(
            connection,
            portfolio,
            as_of_date=as_of_date,
            knowledge_cutoff=portfolio.knowledge_cutoff(as_of_date),
        )
    yield dg.MaterializeResult(
        asset_key=EDGES,
        metadata={
            "dagster/row_count": summary.edges,
            **{f"edges by {rule}": count for rule, count in summary.edges_by_rule.items()},
            "conflicts": summary.conflicts,
            "unknown_references": summary.unknown_references,
        },
    )
    yield dg.MaterializeResult(
        asset_key=XREF,
        metadata={
            # Of both tables: they are made together.
            "seconds": round(time.perf_counter() - started, 3),
            "dagster/row_count": summary.parties,
            "golden_records": summary.golden_records,
            "new_ids": summary.new_ids,
            "merges": summary.merges,
            "splits": summary.splits,
            "records_moved": summary.moved,
            "rows_corrected": summary.corrected,
            "retired_rows": summary.retired,
            "redirected_ids": summary.redirected_ids,
            "open_reviews": summary.open_reviews,
            "overrides_in_force": summary.overrides_in_force,
            "overrides_contradicted": summary.overrides_contradicted,
        },
    )
