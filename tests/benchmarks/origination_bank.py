"""How well ``origination_pd`` ranks the real bank's 354 loans of 2017-18, beside a plain forest in the same
folds.

Reads the features that the warehouse holds; run ``make run PORTFOLIO=eagle_bank LANDING=<folder>`` before.
"""

import sys
import time
from typing import Any

import pandas as pd

# The loans whose whole history before the grant was delivered; earlier ones have a window at best.
FIRST_GRANT = "2017-01-01"


def read_loans(connection: Any, features: list[str]) -> pd.DataFrame:
    """Features, reference columns and outcome of the bank's loans, one row each."""
    from psycopg import sql

    from ml.delinquency.benchmark import REFERENCE_AGGREGATES

    columns = [*features, *REFERENCE_AGGREGATES]
    chosen = sql.SQL(", ").join(
        sql.SQL("f.{}::float8 as {}").format(sql.Identifier(name), sql.Identifier(name)) for name in columns
    )
    query = sql.SQL(
        "select f.loan_id, f.gr_id, f.granted_on, o.is_bad, {columns} "
        "from features.origination_features as f "
        "inner join features.origination_outcomes as o on f.loan_id = o.loan_id "
        "where f.granted_on >= %s and f.is_history_covered order by f.loan_id"
    ).format(columns=chosen)
    with connection.cursor() as cursor:
        cursor.execute(query, (FIRST_GRANT,))
        names = [column.name for column in cursor.description]
        return pd.DataFrame(cursor.fetchall(), columns=names)


def main(repeats: int = 10) -> None:
    """Print AUC [95 %] overall and by vintage of ours, the forest and the date, and the paired difference."""
    from ml.features import load_catalogue
    from orchestration.settings import load_settings
    from orchestration.warehouse import Role, open_warehouse

    settings = load_settings(ASSAY_PORTFOLIO="eagle_bank")
    catalogue = load_catalogue()
    features = catalogue.names(used_by="origination_pd")
    with open_warehouse(settings).connect(Role.ML) as connection:
        present = connection.execute(
            "select to_regclass('features.origination_features'), to_regclass('features.origination_outcomes')"
        ).fetchone()
        frame = read_loans(connection, features) if present and all(present) else pd.DataFrame()
    if frame.empty:
        print(
            "skipped: the warehouse holds no loans of the portfolio eagle_bank. "
            "Run `make run PORTFOLIO=eagle_bank LANDING=<folder with its files>` first.",
            file=sys.stderr,
        )
        return
    report(frame, features, catalogue, repeats)


def report(frame: pd.DataFrame, features: list[str], catalogue: Any, repeats: int) -> None:
    """Compare on a frame that is already here, and print."""
    from ml.delinquency import TrainingConfig
    from ml.delinquency.benchmark import compare

    started = time.perf_counter()
    print(
        f"{len(frame)} loans, {int(frame['is_bad'].sum())} bad; nested cross-validation, {repeats} repeats; "
        "AUC [95 % by bootstrap over customers]"
    )
    found = compare(frame, features=features, catalogue=catalogue, config=TrainingConfig(repeats=repeats))
    print(found)
    overall = found.metrics["overall"]
    print(
        f"ours: Brier skill {overall['brier_skill']:.3f}, "
        f"calibration slope {overall['calibration_slope']:.2f}, "
        f"intercept {overall['calibration_intercept']:+.2f}, KS {overall['ks']:.2f}; "
        f"chosen in the outer folds: {found.metrics['chosen']}"
    )
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
