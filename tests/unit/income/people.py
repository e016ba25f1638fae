"""People made up for the tests: what they earn, what is seen of it, what they declare."""

import numpy as np
import pandas as pd

from ml.income import BandScale, IncomeConfig

SCALE = BandScale((40_000.0, 75_000.0, 150_000.0))
# Small and quick; what is tested does not depend on how much is learnt.
QUICK = IncomeConfig(folds=3, strengths=(0.2,), tree_rounds=15, min_declared=100, min_declared_a_band=5, min_alike=20)


def people(n: int = 600, seed: int = 1, start: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """A frame of evidence as the warehouse has it, and the band of each; two to a household."""
    rng = np.random.default_rng(seed)
    income = rng.lognormal(np.log(65_000), 0.6, n)
    seen = rng.random(n) < 0.8
    occupation = np.where(income > 110_000, "Manager", np.where(income > 50_000, "Teacher", "Clerk"))
    swapped = rng.random(n) < 0.2
    occupation = np.where(swapped, rng.permutation(occupation), occupation).astype(object)
    salary = np.round(income * 0.74 / 12 * rng.lognormal(0, 0.1, n), 2)
    frame = pd.DataFrame(
        {
            "family_id": [f"F{(start + i) // 2:05d}" for i in range(n)],
            "party_type": "person",
            "status": "active",
            "age": rng.integers(20, 65, n),
            "age_group": "35-44",
            "occupation": occupation,
            "employment_status": None,
            "is_activity_covered": seen,
            "salary_monthly_amount": np.where(seen, salary, np.nan),
            "pension_monthly_amount": np.where(seen, 0.0, np.nan),
            "income_monthly_amount": np.where(seen, salary + 50, np.nan),
            "spending_monthly_amount": np.where(seen, np.round(salary * rng.uniform(0.5, 0.9, n), 2), np.nan),
            "household_members_count": 2,
        },
        index=pd.Index([f"GR{start + i:010d}" for i in range(n)], name="gr_id"),
    )
    return frame, SCALE.of(income)
