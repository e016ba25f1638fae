"""Quarterly credit bureau reports; some people have a thin file without a score."""

import numpy as np
import pandas as pd

from ml.synthetic.config import SampleConfig
from ml.synthetic.people import customer_numbers


def bureau_table(config: SampleConfig, people: pd.DataFrame, stress: np.ndarray, debt: np.ndarray) -> pd.DataFrame:
    """Reports as delivered, one a person and quarter in its first half month.

    ``debt`` is what each person owes this bank, in dollars; the bureau also sees debt elsewhere.
    """
    rng = config.rng("bureau")
    quarters = np.arange(0, config.months, 3)
    person, month = np.repeat(np.arange(config.people), len(quarters)), np.tile(quarters, config.people)
    size = len(person)
    level = (stress[person, month] + stress[person, np.maximum(month - 1, 0)]) / 2
    skill = rng.normal(0, 1, config.people)[person]
    income = people["income"].to_numpy()[person]
    score = (
        704 + 46 * skill + 30 * np.log(income / 60_000) - 190 * level + 0.5 * (people["age"].to_numpy()[person] - 45)
    )
    thin = (rng.random(config.people) < 0.04)[person]
    late = rng.poisson(0.15 + 3.5 * level)
    table = pd.DataFrame(
        {
            "customer_no": customer_numbers(pd.Series(person)),
            "report_date": config.dates(config.month_starts()[month] + rng.integers(0, 15, size)),
            "score": pd.Series(np.clip(np.round(score + rng.normal(0, 6, size)), 300, 850))
            .where(~thin)
            .astype("Int64"),
            "total_debt": np.round((debt[person] + income * rng.lognormal(-2.6, 0.8, size)) * 100).astype(np.int64),
            "utilization_pct": np.round(np.clip(18 + 75 * level - 4 * skill + rng.normal(0, 8, size), 0, 120), 1),
            "accounts_past_due": rng.poisson(1.1 * level**1.5),
            "late_payments_24m": late,
            "missed_payments_24m": rng.binomial(late, 0.3),
        }
    )
    inside = table["report_date"] <= pd.Timestamp(config.until)
    joined = pd.Series(config.dates(people["joined_day"].to_numpy()))[person].reset_index(drop=True)
    return table[inside & (table["report_date"] >= joined)].reset_index(drop=True)
