"""Who is who: party records to ``ml.match_edges`` and ``ml.party_xref``."""

import time
from collections.abc import Iterator

import dagster as dg

from orchestration.assets.retries import TRANSIENT, only_transient_retries
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
                "Party record to golden record; an id keeps its meaning for ever, retired rows keep the history.",
            ),
        )
    ],
    retry_policy=TRANSIENT,
)
def identity_assets(
    context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]
) -> Iterator[dg.MaterializeResult]:
    """Resolve all party records by the portfolio's rules and carry the ids of the last run."""
    from ml import identity

    started = time.perf_counter()
    with (
        only_transient_retries(),
        runtime.work.measure("identity"),
        runtime.exclusive("identity"),
        runtime.warehouse.connect(Role.ML) as connection,
    ):
        summary = identity.resolve_and_store(connection, runtime.settings.portfolio)
    yield dg.MaterializeResult(
        asset_key=EDGES,
        metadata={"dagster/row_count": summary.edges, "conflicts": summary.conflicts},
    )
    yield dg.MaterializeResult(
        asset_key=XREF,
        metadata={
            # Of both tables: they are made together.
            "seconds": round(time.perf_counter() - started, 3),
            "dagster/row_count": summary.parties,
            "golden_records": summary.golden_records,
            "new_ids": summary.new_ids,
            "retired_rows": summary.retired,
        },
    )
