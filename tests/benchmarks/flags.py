"""Flags against the injected truth of worlds that no threshold was chosen on: precision, recall, innocents flagged.

The thresholds of ``dbt_project/macros/flags.sql`` were chosen on seed 11. Truth is read here only.
"""

import datetime as dt
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console

from ml.synthetic.world import WorldConfig, write_world
from orchestration.cli.daily import prepare_portfolio
from orchestration.definitions import build_defs
from orchestration.instance import open_instance
from orchestration.runtime import Runtime
from orchestration.settings import Settings, load_settings
from orchestration.warehouse import stop_warehouse

HELD_OUT_SEEDS = (101, 102, 103)
PEOPLE = 3_000

# What each rule can't see; the YAML beside the models says more.
BLIND_SPOTS = {
    "account_shared_across_households": "two households; accounts of another bank under other numbers",
    "cash_out_within_48h": "withdrawals elsewhere; cash that had lain there before; one or two payments",
    "concentration_in_family": "families registered as two households; six schemes by right",
    "declared_vs_observed_income": "pay on an account of another bank; pay in cash; the first three months",
    "dormant_account_woken_by_benefit": "accounts asleep for less than a covered quarter; emptied slowly",
    "duplicate_benefit_in_cycle": "one person under two records that nobody linked; two agencies",
    "eligible_by_rule_and_unpaid": "who never was paid (a gap of person_benefits); yearly schemes",
    "household_change_before_cut_off": "who has not left yet; stays over sixty days",
    "paid_after_death": "deaths that no source has registered by the cut-off, or under no number",
    "phone_shared_across_households": "two households; numbers written in another way",
    "ring_of_newly_linked_applicants": "rings without a common telephone or account; slower than a week",
}


@dataclass(frozen=True)
class World:
    """What one run of the pipeline found, and the truth: golden records by number, flags, cases, registered people."""

    gr_of: dict[int, str]
    flags: pd.DataFrame
    cases: pd.DataFrame


def main() -> None:
    """Print the table over all held-out seeds."""
    worlds = []
    for seed in HELD_OUT_SEEDS:
        started = time.perf_counter()
        worlds.append(found_in(seed))
        print(
            f"seed {seed}: {PEOPLE:,} people, {len(set(worlds[-1].gr_of.values())):,} golden records registered, "
            f"{len(worlds[-1].flags):,} flags, {time.perf_counter() - started:.0f} s"
        )
    print_table(worlds)


def found_in(seed: int) -> World:
    """Generate a world, run its days up to the flags and read both sides."""
    home = Path(tempfile.mkdtemp(prefix="assay-b-"))
    home.chmod(0o755)
    landing, truth = home / "landing" / "sample", home / "truth" / "sample"
    for folder in (landing, truth):
        folder.parent.mkdir(parents=True)
    write_world(WorldConfig(seed=seed, people=PEOPLE), landing, truth)
    settings = load_settings(home=home, portfolio_name="sample", landing=landing, database_url=None, dagster_url=None)
    try:
        run_until_flags(settings)
        return read_world(settings, truth)
    finally:
        stop_warehouse(settings)
        shutil.rmtree(home)


def run_until_flags(settings: Settings) -> None:
    """Everything that the flags come from; features, scores and gold are not needed."""
    runtime = Runtime(settings)
    prepare_portfolio(runtime, Console(quiet=True))
    day = settings.portfolio.default_as_of_date()
    with open_instance(runtime) as instance:
        defs = build_defs(settings=settings, resource_overrides={"runtime": runtime})
        graph = defs.resolve_asset_graph()
        wanted = sorted(
            key for key in graph.executable_asset_keys
            if graph.get(key).group_name not in ("features", "scores", "gold")
        )  # fmt: skip
        result = defs.resolve_job_def("daily").execute_in_process(
            instance=instance,
            partition_key=day.isoformat(),
            asset_selection=wanted,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
    if not result.success:
        failed = [event.step_key for event in result.all_events if event.is_step_failure]
        raise RuntimeError(f"The run of {day} failed in {failed}")


def read_world(settings: Settings, truth: Path, day: dt.date | None = None) -> World:
    """Flags of the warehouse, whatever became of them, and the cases that had shown by the day."""
    day = day or settings.portfolio.default_as_of_date()
    with Runtime(settings).warehouse.connect() as connection:
        records = connection.execute(
            "select source_record_id::bigint, gr_id from core.party_xref_current join "
            "(select distinct party_id, source_record_id from core.parties where record_type = 'beneficiary') as known "
            "using (party_id)"
        ).fetchall()
        flags = connection.execute("select gr_id, flag_type, flag_status from core.analytics_flags").fetchall()
    cases = pd.concat([pd.read_parquet(path) for path in sorted(truth.glob("anomalies_*.parquet"))])
    return World(
        gr_of=dict(records),
        flags=pd.DataFrame(flags, columns=["gr_id", "flag_type", "flag_status"]),
        cases=cases[pd.to_datetime(cases["day"]).dt.date <= day],
    )


def confusion(world: World, kind: str) -> dict[str, int]:
    """People flagged rightly and wrongly, cases found, innocent cases with somebody flagged.

    A golden record counts as injected when any person of the case belongs to it.
    """
    flagged = set(world.flags.loc[world.flags["flag_type"] == kind, "gr_id"])
    cases = world.cases[world.cases["kind"] == kind]
    people = {
        injected: [{world.gr_of.get(int(number)) for number in several} for several in part["beneficiary_nos"]]
        for injected, part in ((flag, cases[cases["is_injected"] == flag]) for flag in (True, False))
    }
    injected = set().union(*people[True]) if people[True] else set()
    elsewhere = world.cases[world.cases["is_injected"] & (world.cases["kind"] != kind)]
    others = {world.gr_of.get(int(number)) for several in elsewhere["beneficiary_nos"] for number in several}
    return {
        "cases": len(people[True]),
        "found": sum(bool(several & flagged) for several in people[True]),
        "innocent": len(people[False]),
        "innocent_flagged": sum(bool(several & (flagged - injected)) for several in people[False]),
        "people": len(injected),
        "flagged": len(flagged),
        "rightly": len(flagged & injected),
        "of_another_kind": len((flagged - injected) & others),
    }


def print_table(worlds: list[World]) -> None:
    """One row per type, the worlds added up."""
    base = sum(len(set(world.gr_of.values())) for world in worlds)
    print(f"{base:,} golden records of registered people; recall of cases, precision of people flagged")
    print(
        f"{'type':34} {'cases':>6} {'found':>6} {'recall':>7} {'people':>7} {'flagged':>8} {'precision':>10} "
        f"{'other kind':>11} {'innocent':>9} {'flagged':>8}"
    )
    for kind in sorted(BLIND_SPOTS):
        parts = [confusion(world, kind) for world in worlds]
        total = {name: sum(part[name] for part in parts) for name in parts[0]}
        recall = total["found"] / total["cases"] if total["cases"] else float("nan")
        precision = total["rightly"] / total["flagged"] if total["flagged"] else float("nan")
        print(
            f"{kind:34} {total['cases']:6} {total['found']:6} {recall:7.2f} {total['people']:7} {total['flagged']:8} "
            f"{precision:10.2f} {total['of_another_kind']:11} {total['innocent']:9} {total['innocent_flagged']:8}"
        )
    print("other kind: flagged people who are injected cases of another type. What the rules can't see:")
    for kind, words in sorted(BLIND_SPOTS.items()):
        print(f"  {kind}: {words}")


if __name__ == "__main__":
    main()
