"""Communities on the graph of relationships and money: ``core`` to ``ml.communities``."""

import time

import dagster as dg

from orchestration.assets.retries import TRANSIENT, only_transient_retries
from orchestration.partitions import run_as_of_date
from orchestration.pictures import picture
from orchestration.runtime import Runtime
from orchestration.transformation.translator import OWNERS
from orchestration.warehouse import Role

COMMUNITIES = dg.AssetKey(["ml", "communities"])


@dg.asset(
    key=COMMUNITIES,
    deps=[dg.AssetKey(["core", "gr_relationships"]), dg.AssetKey(["core", "money_flows"])],
    description="Golden record to community by Leiden, ids carried from the day before; the ledger beside it.",
    group_name="network",
    owners=OWNERS["network"],
    kinds={"python", "postgres"},
    retry_policy=TRANSIENT,
)
def communities_asset(context: dg.AssetExecutionContext, runtime: dg.ResourceParam[Runtime]) -> dg.MaterializeResult:
    """Work out the communities of the run's day and carry the ids of the day before."""
    from ml import network

    started = time.perf_counter()
    as_of_date = run_as_of_date(context, runtime.settings.portfolio)
    with (
        only_transient_retries(),
        runtime.work.measure("communities"),
        runtime.exclusive("communities"),
        runtime.warehouse.connect(Role.ML) as connection,
    ):
        summary = network.detect_and_store(connection, as_of_date)
    report = summary.report
    figures = {
        "links": report.links,
        "components": report.components,
        "communities": report.communities,
        "unassigned": report.unassigned,
        "largest": report.largest,
        "looked_at": report.looked_at,
        "born": report.born,
        "splits": report.split,
        "merges": report.merged,
        "died": report.died,
        "mean_stability": report.mean_stability,
        "modularity": report.modularity,
        "fresh_modularity": report.fresh_modularity,
        "agreement_with_day_before": report.agreement_with_day_before,
    }
    return dg.MaterializeResult(
        asset_key=COMMUNITIES,
        metadata={
            "dagster/row_count": report.people,
            "seconds": round(time.perf_counter() - started, 3),
            "as_of_date": as_of_date.isoformat(),
            "day_before": str(summary.previous_as_of_date or "none"),
            # What an empty graph or the first day does not have stays away: a NULL draws no line over time.
            **{name: value for name, value in figures.items() if value is not None},
            "sizes": picture(network.size_histogram(summary.sizes), "Communities by number of people"),
        },
    )
