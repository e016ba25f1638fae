"""Sixty days of the sample's world after a training, through the real chain: what is told of clean days, of planted
drift, and what a rollback changes.

The world is generated until the training day and run; then it is continued, loaded, and features, scores and monitoring
of the days in between are made by the backfill job, as an operator would. Nothing is trained meanwhile: the reference
grows old, which is harder than what happens. Changes are planted on the last day, in a transaction that is rolled back:
the day is scored and watched as any day is.
"""

import datetime as dt
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
from rich.console import Console

from ml import registry
from ml.delinquency.decision import DecisionSettings
from ml.delinquency.monitoring import watch_day
from ml.delinquency.predelinquency import MODEL_NAME, champion_or_train, score_day
from ml.delinquency.watched import rows_of_day
from ml.drift import Reference, compare
from ml.registry.kinds import kind_of
from ml.registry.promotion import promote
from ml.synthetic.manifest import read_manifest
from ml.synthetic.world import WorldConfig, write_world
from orchestration.cli.daily import prepare_portfolio
from orchestration.cli.models import roll_back
from orchestration.definitions import build_defs
from orchestration.instance import open_instance
from orchestration.runtime import Runtime
from orchestration.settings import Settings, load_settings
from orchestration.warehouse import Role, stop_warehouse
from tests.e2e.chain import Chain

PEOPLE = 2_000
TRAINED, CLEAN_DAYS = dt.date(2026, 9, 28), 60
LAST = TRAINED + dt.timedelta(days=CLEAN_DAYS)
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# Made by the backfill, or not at all: a training on the last day would know what the watched days brought.
LATER = ("features", "scores", "gold")


def main(console: Console) -> None:
    """Build the world in a folder of its own and print the three."""
    home = Path(tempfile.mkdtemp(prefix="assay-w-"))
    home.chmod(0o755)
    settings = load_settings(home=home, portfolio_name="sample", database_url=None, dagster_url=None)
    try:
        started = time.perf_counter()
        watch_sixty_days(Runtime(settings))
        console.print(f"  {PEOPLE:,} people, {CLEAN_DAYS} days made in {time.perf_counter() - started:.0f} s")
        tell(Runtime(settings), console)
    finally:
        stop_warehouse(settings)


def tell(runtime: Runtime, console: Console) -> None:
    """Print what a watched world shows."""
    clean_days(runtime, console)
    planted(runtime, console)
    rollback_line(runtime, console)


def watch_sixty_days(runtime: Runtime) -> None:
    """Train as of ``TRAINED``, then load, score and watch sixty days."""
    settings = runtime.settings
    continue_until(settings, TRAINED)
    prepare_portfolio(runtime, Console(quiet=True))
    defs = build_defs(settings=settings, resource_overrides={"runtime": runtime})
    daily, backfill = (defs.resolve_job_def(name) for name in ("daily", "backfill_features_and_scores"))
    graph = defs.resolve_asset_graph()
    everything = set(graph.materializable_asset_keys)
    groups = {name: set(dg.AssetSelection.groups(name).resolve(graph)) for name in LATER}
    first = TRAINED + dt.timedelta(days=1)
    with open_instance(runtime) as instance:
        run = {"instance": instance, "run_config": QUIET}
        once = sorted(everything - groups["gold"])
        daily.execute_in_process(**run, partition_key=str(TRAINED), asset_selection=once)
        continue_until(settings, LAST)
        loaded = sorted(everything - set().union(*groups.values()))
        daily.execute_in_process(**run, partition_key=str(LAST), asset_selection=loaded)
        span = {"dagster/asset_partition_range_start": str(first), "dagster/asset_partition_range_end": str(LAST)}
        backfill.execute_in_process(**run, tags=span)


def continue_until(settings: Settings, day: dt.date) -> None:
    """Landing files of the world up to a day; no file of the past changes."""
    manifest = read_manifest(settings.landing)
    if manifest is None or manifest.until is None or manifest.until < day:
        truth = settings.home / "truth" / settings.portfolio_name
        write_world(WorldConfig(people=PEOPLE, until=day), settings.landing, truth)


def clean_days(runtime: Runtime, console: Console) -> None:
    """Alerts and warnings of the sixty days, and what matured outcomes say of what was expected."""
    with runtime.warehouse.connect() as connection:
        levels = connection.execute(
            "select model_name, count(*), count(*) filter (where level = 'alert'), "
            "count(*) filter (where level = 'warn'), count(distinct as_of_date) from ml.model_monitoring "
            "where as_of_date > %s and measure not like '%%_realised' group by 1 order by 1",
            (TRAINED,),
        ).fetchall()
        warned = connection.execute(
            "select subject, count(*) from ml.model_monitoring where as_of_date > %s and level = 'warn' "
            "group by 1 order by 2 desc, 1",
            (TRAINED,),
        ).fetchall()
        performance = connection.execute(
            "select r.as_of_date, r.measure, r.value, r.reference_value, r.level, r.rows_actual "
            "from ml.model_monitoring as r where r.measure like '%%_realised' and r.as_of_date > %s order by 1, 2",
            (TRAINED,),
        ).fetchall()
    for name, looks, alerts, warnings, days in levels:
        console.print(f"  {name}: {alerts} alerts and {warnings} warnings in {days} clean days ({looks:,} looks)")
    console.print(f"    warned of: {', '.join(f'{subject} {n} times' for subject, n in warned) or 'nothing'}")
    for day, measure, value, said, level, rows in performance:
        console.print(f"    {day} {measure} {value:.3f}, estimated {said:.3f} before ({rows} rows, {level})")


@contextmanager
def undone(runtime: Runtime) -> Iterator[psycopg.Connection[Any]]:
    """A session that may do everything and leaves nothing behind."""
    with runtime.warehouse.connect() as connection:
        try:
            yield connection
        finally:
            connection.rollback()


def planted(runtime: Runtime, console: Console) -> None:
    """Each feature shifted by half a standard deviation; then a feature, a product and a source at once."""
    portfolio = runtime.settings.portfolio
    decision = DecisionSettings(**portfolio.prevention.model_dump()) if portfolio.prevention else None
    with undone(runtime) as connection:
        _, model = registry.load(connection, MODEL_NAME)
        frame = rows_of_day(connection, model, LAST)
        reference = Reference.from_dict(model.metadata["reference"])
        spreads = ", ".join(f"stddev({name}::float8)" for name in model.features)
        ((*found_spreads,),) = connection.execute(f"select {spreads} from features.training_features").fetchall()
        spread = {name: 0.5 * float(value or 0) for name, value in zip(model.features, found_spreads, strict=True)}
        named: Counter[str] = Counter()
        others: Counter[str] = Counter()
        for name in model.features:
            moved = frame.assign(**{name: frame[name] + spread[name]})
            score = model.probability(model.numbers(moved[list(model.features)]))
            loud = compare(reference, moved, score=score, group=moved["gr_id"]).query("level != 'ok'")
            own = set(loud.loc[loud["subject"] == name, "level"])
            named["alert" if "alert" in own else "warning" if own else "not named"] += 1
            others.update(set(loud["subject"]) - {name})
        console.print(
            f"  one feature shifted by half a deviation, {len(frame)} rows of {frame['gr_id'].nunique()} people, "
            f"{len(model.features)} features in turn: {dict(named)}; named besides: {dict(others) or 'nothing'}"
        )
        levels = reference.features["product_name"]
        counts = dict(zip(levels.levels, levels.counts, strict=False))
        # The rarest of which enough people are expected to miss it.
        share = 20 / frame["gr_id"].nunique()
        product = min((name for name in counts if counts[name] / levels.rows >= share), key=lambda name: counts[name])
        shifted = "income_mean" if "income_mean" in spread else model.features[0]
        connection.execute(
            f"update features.customer_features set {shifted} = {shifted} + %s where as_of_date = %s",
            (spread[shifted], LAST),
        )
        connection.execute(
            "delete from features.exposures where as_of_date = %s and product_name = %s", (LAST, product)
        )
        late = connection.execute(
            "update core.coverage set covered_to = %s where subject = 'payments' and covered_to >= %s "
            "returning source_system",
            (LAST - dt.timedelta(days=3), LAST - dt.timedelta(days=3)),
        ).fetchall()
        score_day(connection, LAST, decision)
        found = watch_day(connection, MODEL_NAME, LAST, portfolio.knowledge_cutoff(LAST))
        console.print(
            f"  at once: {shifted} shifted, {product} vanished, {len(late)} coverages of payments three days late: "
            f"alerts {found.named('alert')}, warnings {found.named('warn')}"
        )


def rollback_line(runtime: Runtime, console: Console) -> None:
    """Seconds from the command to a day scored by the version before, and what changed besides."""
    portfolio = runtime.settings.portfolio
    decision = DecisionSettings(**portfolio.prevention.model_dump()) if portfolio.prevention else None
    schemas = ("ml", "core", "features", "gold")
    chain = Chain(runtime.settings, runtime, dg.DagsterInstance.ephemeral())

    def scored() -> float:
        started = time.perf_counter()
        with runtime.warehouse.connect(Role.ML) as connection:
            score_day(connection, LAST, decision)
        return time.perf_counter() - started

    with runtime.warehouse.connect(Role.ML) as connection:
        champion = registry.lookup.alias_version(connection, MODEL_NAME)
        newer = champion_or_train(connection, portfolio.knowledge_cutoff(LAST), asked="to go back from").version
        if newer is None or newer == champion:
            console.print("  rollback: not measured, there is no second version")
            return
        kind = kind_of(MODEL_NAME)
        verdict = kind.judge(connection, newer, LAST)
        promote(connection, kind, newer, verdict, by="benchmark", why="to go back from", override=True)
        registry.set_alias(connection, MODEL_NAME, "champion", str(champion), set_by="benchmark")
    scored()
    before = chain.row_hashes(*schemas)
    with runtime.warehouse.connect(Role.ML) as connection:
        registry.set_alias(connection, MODEL_NAME, "champion", newer, set_by="benchmark")
    scored()
    by_newer = chain.row_hashes(*schemas)
    started = time.perf_counter()
    left, now = roll_back(runtime.settings, MODEL_NAME, "benchmark", "measured", Console(quiet=True))
    moving, scoring = time.perf_counter() - started, scored()
    after = chain.row_hashes(*schemas)
    console.print(
        f"  rollback {left} -> {now} {moving:.2f} s, the day's scores by it {scoring:.2f} s (goal 10 s together); "
        f"of {len(after)} tables of {', '.join(schemas)} differ from before: {changed(before, after) or 'none'}; the "
        f"newer version had changed {changed(before, by_newer)}"
    )


def changed(before: Any, after: Any) -> list[str]:
    """Tables whose rows differ."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


if __name__ == "__main__":
    main(Console(highlight=False, soft_wrap=True))
