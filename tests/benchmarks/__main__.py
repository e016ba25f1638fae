"""``make bench``: speed and memory, measured on this machine; never timed tests. Each part prints its own table."""

import argparse
import importlib
import time

from rich.console import Console

PARTS = (
    "definitions",
    "daily_job",
    "ingestion",
    "sample_world",
    "attainable_auc",
    "communities",
    "publication_readers",
    "complete_journey",
    "small_businesses",
    "flags",
    "features",
    "origination_bank",
    "default_models",
    "calibration_panels",
    "model_report",
    "predelinquency_days",
    "income_bands",
    "linkage",
    "linkage_speed",
    "tree_reasons",
    "eligibility",
    "model_watch",
)


def main() -> None:
    """Run all parts, or those that are named."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    console = Console(highlight=False)
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := sorted(set(chosen) - set(PARTS)):
        parser.error(f"unknown parts {unknown}; known: {', '.join(PARTS)}")
    for part in chosen:
        console.rule(part)
        started = time.perf_counter()
        module = importlib.import_module(f"tests.benchmarks.{part}")
        module.main()
        console.print(f"[dim]{part}: {time.perf_counter() - started:.0f} s[/dim]")


if __name__ == "__main__":
    main()
