"""Small businesses: fraud told from innocence on the scenario pack, profiles given back for 1,000 generated businesses.

The pack was written apart from the generator and the SQL; ``cycle_ratio`` and its three months were set after a look at
its job workers, everything else before. Truth is read here only, beside the warehouse.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psycopg
import pyarrow.parquet as pq

from ml.synthetic.businesses import BusinessConfig, write_businesses
from orchestration.settings import load_settings
from orchestration.warehouse import open_warehouse, stop_warehouse
from tests.msme_scenarios.pack import write_pack
from tests.msme_scenarios.stage import KINDS

ASSAY = str(Path(sys.executable).parent / "assay")


def main(businesses: int = 1_000) -> None:
    """Print both parts."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        truth = write_pack(Path(folder) / "pack").set_index("business_id")
        found = run(Path(folder) / "pack", "select * from msme_gst_summary").set_index("business_id").loc[truth.index]
        scenarios(truth, found)
        landing, told = Path(folder) / "landing", Path(folder) / "truth"
        started = time.perf_counter()
        written = write_businesses(BusinessConfig(businesses=businesses), landing, told)
        booked = written.rows["msme_bank.transactions"]
        print(f"{businesses:,} businesses generated: {booked:,} bookings, {time.perf_counter() - started:.1f} s")
        profiles(told, run(landing, "select business_id, inferred_profile from msme_profiles"))


def run(landing: Path, query: str) -> pd.DataFrame:
    """Run the day on a server of its own and ask gold as BI does."""
    home = Path(tempfile.mkdtemp(prefix="assay-b-"))
    home.chmod(0o755)
    settings = load_settings(home=home, portfolio_name="msme", landing=landing, database_url=None, dagster_url=None)
    environment = {**os.environ, "ASSAY_HOME": str(home), "ASSAY_PORTFOLIO": "msme", "COLUMNS": "200"}
    try:
        arguments = [ASSAY, "run", "--landing", str(landing)]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
        print(next(line for line in done.stdout.splitlines() if " in all: work " in line))
        with psycopg.connect(open_warehouse(settings).bi_conninfo()) as connection:
            cursor = connection.execute(query)
            return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or []])
    finally:
        stop_warehouse(settings)
        shutil.rmtree(home)


def scenarios(truth: pd.DataFrame, found: pd.DataFrame) -> None:
    """Precision and recall per kind of evidence, and the risk of every scenario."""
    told = found["evidence_kinds"].fillna("").str.split(",").map(set)
    print(f"{'kind of evidence':20} {'true':>5} {'found':>6} {'precision':>10} {'recall':>7}")
    for kind in sorted(KINDS):
        true = truth["kinds"].map(lambda kinds, kind=kind: kind in kinds)
        # What the pack's author would argue either way counts neither way.
        arguable = truth["arguable_kinds"].map(lambda kinds, kind=kind: kind in kinds)
        seen = told.map(lambda kinds, kind=kind: kind in kinds) & ~arguable
        both = (true & seen).sum()
        precision = both / seen.sum() if seen.sum() else float("nan")
        print(f"{kind:20} {true.sum():5} {seen.sum():6} {precision:10.2f} {both / true.sum():7.2f}")
    risk = pd.crosstab([truth["is_innocent"], truth["scenario"]], found["fraud_risk"])
    print(risk.to_string())
    innocent_high = (truth["is_innocent"] & (found["fraud_risk"] == "HIGH")).sum()
    fraud_high = (~truth["is_innocent"] & (found["fraud_risk"] == "HIGH")).sum()
    print(
        f"HIGH fraud risk: {innocent_high} of {truth['is_innocent'].sum()} innocent businesses, "
        f"{fraud_high} of {(~truth['is_innocent']).sum()} fraudulent ones"
    )


def profiles(told: Path, found: pd.DataFrame) -> None:
    """The table of inferred against assigned profiles; the one that holds at the end counts."""
    files = sorted(told.glob("profile_assignments_*.parquet"))
    assigned = pd.concat([pq.read_table(path).to_pandas() for path in files]).sort_values("valid_from")
    latest = assigned.groupby("business_id")["profile"].last()
    inferred = found.set_index("business_id")["inferred_profile"].reindex(latest.index).fillna("none")
    print(pd.crosstab(latest.rename("assigned"), inferred.rename("inferred")).to_string())
    print(f"inferred as assigned: {(latest == inferred).mean():.1%} of {len(latest):,} businesses (goal 90 %)")


if __name__ == "__main__":
    main()
