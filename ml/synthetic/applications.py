"""Made-up applications for support with known need: the columns of the eligibility service, sex, age and district.

Need falls with income and assets, rises with dependants, debt and being out of work; the rest is chance. Declared and
observed income, and debt and liabilities, measure the same with errors of their own.
"""

import numpy as np
import pandas as pd

_STATUS = ("Employed", "Self-Employed", "Unemployed")


def make_applications(rows: int, seed: int, *, missing_share: float = 0.03) -> pd.DataFrame:
    """Applications with ``eligible`` and the protected columns ``sex``, ``age`` and ``district``.

    Parameters
    ----------
    rows, seed : int
        The same seed gives the same applications.
    missing_share : float
        Of the values of each fact, employment and household aside.
    """
    generator = np.random.default_rng(seed)
    status = generator.choice(3, rows, p=[0.55, 0.2, 0.25])
    income = np.exp(generator.normal(8.7, 0.55, rows)) * np.array([1.15, 0.95, 0.35])[status]
    family = 1 + generator.poisson(2.6, rows)
    declared = income * np.exp(generator.normal(-0.05, 0.15, rows))
    observed = income * np.exp(generator.normal(0.0, 0.12, rows))
    expenses = income**0.8 * 5.0 * (0.8 + 0.08 * family) * np.exp(generator.normal(0, 0.2, rows))
    assets = income * np.exp(generator.normal(2.0, 1.0, rows))
    debt = np.where(generator.random(rows) < 0.25, 0.0, income * np.exp(generator.normal(1.3, 0.8, rows)))
    liabilities = debt * np.exp(generator.normal(-0.15, 0.2, rows))
    score = np.clip(560 + 60 * np.log(income / 6000) - 25 * np.log1p(debt / income)
                    + generator.normal(0, 55, rows), 300, 850)  # fmt: skip
    z = (
        -0.9 - 2.6 * np.log(income / 5500) + 0.55 * (family - 3.6) + 0.5 * np.log1p(debt / 8000)
        - 0.45 * np.log(assets / 40_000) + 0.9 * (status == 2) - 0.006 * (score - 580)
        + 1.2 * np.log(expenses / (income**0.8 * 5.5))
    )  # fmt: skip
    frame = pd.DataFrame(
        {
            "eid": [f"784{number:012d}" for number in generator.permutation(rows)],
            "declared_monthly_income": declared.round(),
            "family_size": family,
            "employment_status": np.array(_STATUS, dtype=object)[status],
            "avg_monthly_income": observed.round(),
            "avg_monthly_expenses": expenses.round(),
            "credit_score": score.round(),
            "total_debt": debt.round(),
            "asset_value": assets.round(),
            "liabilities_value": liabilities.round(),
            "eligible": (generator.random(rows) < 1 / (1 + np.exp(-1.0 * z))).astype(int),
            "sex": np.array(["female", "male"], dtype=object)[generator.integers(0, 2, rows)],
            "age": generator.integers(18, 85, rows),
            "district": np.array(["north", "south", "east", "west"], dtype=object)[generator.integers(0, 4, rows)],
        }
    )
    for name in ("declared_monthly_income", "avg_monthly_income", "avg_monthly_expenses", "credit_score",
                 "total_debt", "asset_value", "liabilities_value"):  # fmt: skip
        frame.loc[generator.random(rows) < missing_share, name] = np.nan
    return frame
