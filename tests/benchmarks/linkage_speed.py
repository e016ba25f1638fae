"""Speed of linkage on a million records, the cost of an increment, and plain Splink with the same rules and levels.

Each measurement is a process of its own. The machine may be shared, so CPU seconds stand beside those of the clock.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_RECORDS = 1_000_000
_SPLINK_RECORDS = 200_000  # plain Splink is measured beside our own on fewer records


def main(records: int = _RECORDS, beside: int = _SPLINK_RECORDS) -> None:
    """Print all parts."""
    for part, count in (("full", records), ("splink", beside)):
        subprocess.run([sys.executable, "-m", "tests.benchmarks.linkage_speed", part, str(count)], check=True)


def _timed(what: str, work: Callable[[], T]) -> tuple[T, float]:
    clock, cpu = time.perf_counter(), time.process_time()
    made = work()
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{what}: {clock:.1f} s, {cpu:.1f} CPU s, peak {peak:.2f} GB", flush=True)
    return made, cpu


def full(count: int) -> None:
    """A full run, then an increment of 1 %."""
    from ml.identity.linkage import resolve
    from tests.benchmarks.linkage import pairwise
    from tests.benchmarks.linkage_people import people

    records, person = people(count)
    linkage, cpu = _timed(
        f"{count:,} records (goal for 1,000,000: 120 s, 6 GB)", lambda: resolve(records, id_column="id")
    )
    precision, recall = pairwise(linkage.entities, dict(zip(records["id"], person, strict=True)))
    print(
        f"  F1 {2 * precision * recall / (precision + recall):.4f}, {len(linkage.edges):,} edges, "
        f"{sum(linkage.report.pairs_by_rule.values()):,} pairs of {len(linkage.report.pairs_by_rule)} rules"
    )
    changed = records.iloc[np.random.default_rng(3).choice(count, count // 100, replace=False)].copy()
    changed["last_name"] = changed["last_name"].fillna("brown").str[::-1]
    _, part = _timed("  increment of 1 %", lambda: linkage.update(changed))
    print(f"  an increment is {part / cpu:.1%} of a full run's CPU (goal: 5 %)")


def splink(count: int) -> None:
    """Plain Splink: the same cleaned columns, rules and levels, its own training, prediction and clusters."""
    from splink import DuckDBAPI, Linker, SettingsCreator
    from splink.blocking_rule_library import CustomRule
    from splink.comparison_library import CustomComparison

    from ml.identity.linkage import LinkageConfig, blocking_keys, resolve
    from ml.identity.linkage.store import Store
    from tests.benchmarks.linkage_people import people

    records, _ = people(count)
    linkage, own = _timed(f"assay, {count:,} records", lambda: resolve(records, id_column="id"))
    model = linkage.model
    store = Store(LinkageConfig(), "id")
    store.load(records, model)
    atoms = blocking_keys.atoms_of(model.comparisons)
    keys = [blocking_keys.key_table([atoms[name] for name in rule.atoms]) for rule in model.rules]
    single = [
        (rule, sql)
        for rule, sql in zip(model.rules, keys, strict=True)
        if not any(atoms[name].is_list for name in rule.atoms)
    ]
    for i, (_, sql) in enumerate(single):
        store.con.execute(
            f"CREATE OR REPLACE TABLE record AS SELECT t.*, k.key AS key_{i} FROM record t LEFT "
            f"JOIN ({sql}) k USING (rid)"
        )
    rules = [CustomRule(f"l.key_{i} = r.key_{i}", sql_dialect="duckdb") for i in range(len(single))]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="rid",
        comparisons=[CustomComparison(**one.splink()) for one in model.comparisons],
        blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )

    def run() -> object:
        linker = Linker(DuckDBAPI(connection=store.con).register("record"), settings)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
        for rule in rules[:2]:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        predicted = linker.inference.predict(threshold_match_probability=0.5)
        return linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, 0.5)

    label = f"plain Splink, {count:,} cleaned records, {len(rules)} of the {len(keys)} rules (those on single values)"
    _, plain = _timed(label, run)
    print(f"  assay takes {own / plain:.2f} of plain Splink's CPU, cleaning and all rules included")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("full", "splink"))
    parser.add_argument("count", type=int)
    given = parser.parse_args()
    {"full": full, "splink": splink}[given.part](given.count)
