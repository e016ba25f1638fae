"""Inferred income bands: how right and how sure, of people whose declaration the model has not seen.

Two populations, each from its landing files through the project's own evidence: 10,000 generated people, against what
they declared and against their true income; and the households of Complete Journey that told their income, in the
portfolio's bands and in their own twelve. Beside each: the commonest band, and a plain ordinal model.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import psycopg
from rich.console import Console

from ml.evaluate.bands import intervals, summarise_bands
from ml.income import UNKNOWN, BandScale, Evidence, IncomeConfig, infer
from ml.income.model import fold_of
from ml.income.store import read_declared, read_evidence
from ml.income.training import OutOfFold, cross_fit
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.population import make_population
from orchestration.cli.daily import prepare_portfolio
from orchestration.definitions import build_defs
from orchestration.instance import open_instance
from orchestration.runtime import Runtime
from orchestration.settings import PROJECT_ROOT, load_settings
from orchestration.warehouse import Role, stop_warehouse

PEOPLE = 10_000
JOURNEY = PROJECT_ROOT.parent / "shared" / "data" / "complete_journey"
PLAIN = "ordinal_0.2"
NAMES = ("accuracy", "within_one", "macro_f1", "brier_skill")
REPEATS = 3


@contextmanager
def built(name: str, **given: Any) -> Iterator[Runtime]:
    """A portfolio of its own whose evidence of the business date is built."""
    home = Path(tempfile.mkdtemp(prefix="assay-b-"))
    home.chmod(0o755)
    settings = load_settings(home=home, portfolio_name=name, **given)
    runtime = Runtime(settings)
    try:
        prepare_portfolio(runtime, Console(quiet=True))
        defs = build_defs(settings=settings, resource_overrides={"runtime": runtime})
        wanted = dg.AssetSelection.assets("ml/income_bands").upstream().required_multi_asset_neighbors()
        with open_instance(runtime) as instance:
            done = defs.resolve_job_def("daily").execute_in_process(
                instance=instance,
                partition_key=settings.portfolio.default_as_of_date().isoformat(),
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                asset_selection=sorted(wanted.resolve(defs.resolve_asset_graph())),
            )
        if not done.success:
            raise RuntimeError(f"the evidence of {name} was not built")
        yield runtime
    finally:
        stop_warehouse(settings)
        shutil.rmtree(home)


def show(label: str, band: np.ndarray, told: np.ndarray) -> None:
    """One row: measures with 95 % intervals over people."""
    found = intervals(band, told, names=NAMES, resamples=500)
    cells = [f"{value:.3f} [{low:.3f}, {high:.3f}]" for value, low, high in found.values()]
    print(f"  {label:<34}" + "  ".join(cells) + f"  {summarise_bands(band, told)['ece']:.3f}")


def head(title: str) -> None:
    """Title and names of the columns."""
    print(f"{title}\n  {'':<34}" + "  ".join(f"{name:<20}" for name in NAMES) + "  ece")


def compare(title: str, band: np.ndarray, told: OutOfFold) -> None:
    """The model beside the majority and the plain ordinal model."""
    head(title)
    shares = np.bincount(band, minlength=told.chosen.shape[1]) / len(band)
    show("commonest band, shares as told", band, np.tile(shares, (len(band), 1)))
    show(f"plain ordinal ({PLAIN})", band, told.by_candidate[PLAIN])
    show("Assay (chosen by other folds)", band, told.chosen)


def true_incomes(connection: psycopg.Connection[Any], config: WorldConfig, truth: Path) -> pd.Series:
    """True yearly income by golden record, of people whose records lie in one golden record only."""
    blocks = [make_population(config, block) for block in range(config.blocks)]
    person = np.concatenate([block.first_person + np.arange(block.people) for block in blocks])
    income = pd.Series(np.concatenate([block.income_cents for block in blocks]) / 100, index=person)
    records = pd.concat(pd.read_parquet(path) for path in sorted(truth.glob("**/records*.parquet")))
    xref = pd.DataFrame(
        connection.execute("select party_id, gr_id from ml.party_xref where retired_at is null").fetchall(),
        columns=["party_id", "gr_id"],
    )
    parts = xref["party_id"].str.split(":", expand=True)
    joined = xref.assign(source=parts[0], record_no=pd.to_numeric(parts[2])).merge(records, on=["source", "record_no"])
    people = joined.groupby("gr_id")["person"].agg(["nunique", "first"])
    return people.loc[people["nunique"] == 1, "first"].map(income)


def sample() -> None:
    """Generated people: against declarations not seen, and against the truth."""
    with built("sample", sample_people=PEOPLE) as runtime:
        portfolio, settings = runtime.settings.portfolio, runtime.settings
        scale = BandScale(tuple(float(bound) for bound in portfolio.income_bracket_bounds))
        with runtime.warehouse.connect() as connection:
            evidence = read_evidence(connection, portfolio.default_as_of_date())
            declared = read_declared(connection)
            truth = true_incomes(connection, WorldConfig(people=PEOPLE), settings.home / "truth" / "sample")
    config = IncomeConfig()
    learnt = evidence.rows(evidence.frame.index.get_indexer(pd.Index(declared["gr_id"])))
    fold = fold_of(declared["family_id"].fillna(declared["gr_id"]).tolist(), config.folds)
    band = scale.number(declared["declared_band"].tolist())
    model, told = cross_fit(learnt, band, fold, scale, config)
    compare(
        f"{PEOPLE:,} generated people, {len(band):,} declared an income: against the declaration not seen", band, told
    )
    true = truth.reindex(declared["gr_id"])
    has_truth = true.notna().to_numpy()
    of_truth = scale.of(true[has_truth].to_numpy())
    unseen = OutOfFold(told.chosen[has_truth], {PLAIN: told.by_candidate[PLAIN][has_truth]})
    compare("The same people: against their true income", of_truth, unseen)
    print(f"  {'what they declare themselves':<34}{(band[has_truth] == of_truth).mean():.3f} accuracy")
    all_folds = pd.Series(fold, index=declared["gr_id"]).reindex(evidence.frame.index).fillna(-1).to_numpy(np.int64)
    bands = infer(evidence, model, all_folds, scale=scale, currency=portfolio.currency, config=config)
    adult = (evidence.frame["age"] >= 18) & (evidence.frame["status"] == "active")
    has_band = bands["income_band"] != UNKNOWN
    both = has_band & truth.reindex(bands.index).notna()
    off = np.abs(
        scale.number(bands.loc[both, "income_band"].tolist()) - scale.of(truth.reindex(bands.index)[both].to_numpy())
    )
    print(
        f"As told: {has_band[adult].mean():.1%} of active adults have a band; {(off == 0).mean():.1%} of all told are "
        f"right and {(off <= 1).mean():.1%} within one band of the truth, at a mean confidence of "
        f"{bands.loc[both, 'confidence'].mean():.1%}"
    )


def journey() -> None:
    """Real households: repeated cross-fitting in the portfolio's bands and in their own."""
    if not JOURNEY.is_dir():
        print(f"skipped: {JOURNEY} is absent")
        return
    with built("complete_journey", landing=JOURNEY) as runtime:
        portfolio = runtime.settings.portfolio
        with runtime.warehouse.connect(Role.ML) as connection:
            evidence = read_evidence(connection, portfolio.default_as_of_date())
            rows = connection.execute(
                "select gr_id, declared_income_from_amount::float8 from core.golden_records "
                "where declared_income_from_amount is not null order by gr_id"
            ).fetchall()
    ids, lowest = [row[0] for row in rows], np.array([row[1] for row in rows])
    learnt = evidence.rows(evidence.frame.index.get_indexer(ids))
    own = tuple(float(bound) for bound in np.unique(lowest[lowest > 0]))
    for title, bounds in (
        ("the portfolio's four bands", tuple(float(bound) for bound in portfolio.income_bracket_bounds)),
        (f"their own {len(own) + 1} bands", own),
    ):
        names = tuple(f"from {bound:g}" for bound in (0.0, *bounds))
        scale, band = BandScale(bounds, names), np.searchsorted(bounds, lowest, side="right")
        repeats = [_repeat(learnt, ids, band, scale, number) for number in range(REPEATS)]
        title = f"Complete Journey, {len(ids)} households, {title}: the first of {REPEATS} cross-fittings"
        compare(title, band, repeats[0])
        single = [summarise_bands(band, told.chosen) for told in repeats]
        print(
            "  over the cross-fittings: "
            + ", ".join(
                f"{name} {min(s[name] for s in single):.3f} to {max(s[name] for s in single):.3f}" for name in NAMES
            )
        )


def _repeat(learnt: Evidence, ids: list[str], band: np.ndarray, scale: BandScale, number: int) -> OutOfFold:
    """One cross-fitting, its folds stratified by band and drawn by a hash of the repeat and the household."""
    keys = [hashlib.sha256(f"{number}:{name}".encode()).hexdigest() for name in ids]
    order, fold = np.lexsort((keys, band)), np.zeros(len(ids), dtype=np.int64)
    config = IncomeConfig(seed=20260930 + number, min_declared_a_band=1)
    fold[order] = np.arange(len(ids)) % config.folds
    return cross_fit(learnt, band, fold, scale, config)[1]


def main() -> None:
    """Print both."""
    sample()
    journey()


if __name__ == "__main__":
    main()
