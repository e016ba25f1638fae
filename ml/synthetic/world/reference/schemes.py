"""Benefit schemes and who may have them: both data, delivered once."""

import numpy as np
import pyarrow as pa

from ml.synthetic.columns import DAY, dates, days_column, money
from ml.synthetic.world.config import WorldConfig

CYCLES = ("MONTHLY", "QUARTERLY", "YEARLY", "ONE_TIME")
CYCLE_MONTHS = (1, 3, 12, 0)
# id, name, category, cycle, base and per-child amount in cents, for a household (head) or a person, take-up.
SCHEMES = (
    ("SCH_FOOD", "Food Support", "Food", 0, 16_000, 5_500, "household", 0.78),
    ("SCH_CHILD", "Child Allowance", "Child", 0, 0, 11_000, "household", 0.88),
    ("SCH_RENT", "Housing Support", "Housing", 0, 32_000, 2_500, "household", 0.62),
    ("SCH_ENERGY", "Winter Energy Help", "Energy", 2, 24_000, 2_000, "household", 0.66),
    ("SCH_SCHOOL", "School Start Grant", "Education", 2, 0, 9_000, "household", 0.71),
    ("SCH_DISABLED", "Disability Allowance", "Disability", 0, 46_000, 0, "person", 0.84),
    ("SCH_OLD", "Old Age Supplement", "Old Age", 0, 28_000, 0, "person", 0.80),
    ("SCH_JOB", "Job Seeker Support", "Unemployment", 0, 39_000, 2_000, "person", 0.74),
    ("SCH_HEALTH", "Health Cost Refund", "Health", 1, 13_500, 1_500, "person", 0.60),
)
SCHEME_IDS = tuple(row[0] for row in SCHEMES)
# scheme, attribute, operator, value, unit, description; all rules of a scheme must hold.
RULES = (
    ("SCH_FOOD", "household_income_per_head", "<=", "1500", "USD a month", "Household income a head"),
    ("SCH_CHILD", "children_under_18", ">=", "1", "children", "At least one child"),
    ("SCH_CHILD", "household_income_per_head", "<=", "2600", "USD a month", "Household income a head"),
    ("SCH_RENT", "household_income_per_head", "<=", "1250", "USD a month", "Household income a head"),
    ("SCH_ENERGY", "household_income_per_head", "<=", "1900", "USD a month", "Household income a head"),
    ("SCH_SCHOOL", "children_under_18", ">=", "1", "children", "At least one child"),
    ("SCH_SCHOOL", "household_income_per_head", "<=", "2000", "USD a month", "Household income a head"),
    ("SCH_DISABLED", "is_disabled", "=", "Y", "", "Registered disability"),
    ("SCH_DISABLED", "age", ">=", "18", "years", "Adults"),
    ("SCH_OLD", "age", ">=", "66", "years", "Pension age"),
    ("SCH_OLD", "household_income_per_head", "<=", "2900", "USD a month", "Household income a head"),
    ("SCH_JOB", "employment_status", "in", "Unemployed", "", "Without work"),
    ("SCH_JOB", "age", ">=", "21", "years", "Working age"),
    ("SCH_JOB", "age", "<=", "64", "years", "Working age"),
    ("SCH_HEALTH", "household_income_per_head", "<=", "2200", "USD a month", "Household income a head"),
    ("SCH_HEALTH", "age", ">=", "60", "years", "Older people"),
)
_YEARS_IN_FORCE = 4


def scheme_master(config: WorldConfig) -> pa.Table:
    """Schemes as delivered."""
    size, start = len(SCHEMES), config.start_day
    return pa.table(
        {
            "scheme_id": pa.array(SCHEME_IDS),
            "scheme_name": pa.array([row[1] for row in SCHEMES]),
            "category": pa.array([row[2] for row in SCHEMES]),
            "payment_cycle": pa.array([CYCLES[row[3]] for row in SCHEMES]),
            "base_amount": money(np.array([row[4] for row in SCHEMES])),
            "per_child_amount": money(np.array([row[5] for row in SCHEMES])),
            "valid_from": dates(np.full(size, start - _YEARS_IN_FORCE * 365)),
            "valid_to": dates(np.zeros(size, dtype=np.int64), missing=np.ones(size, dtype=np.bool_)),
            DAY: days_column(np.full(size, start)),
        }
    )


def scheme_rules(config: WorldConfig) -> pa.Table:
    """Rules as delivered."""
    size, start = len(RULES), config.start_day
    columns = list(zip(*RULES, strict=True))
    unit = [text or None for text in columns[4]]
    return pa.table(
        {
            "rule_id": pa.array([f"RULE_{number:03d}" for number in range(1, size + 1)]),
            "scheme_id": pa.array(columns[0]),
            "attribute": pa.array(columns[1]),
            "operator": pa.array(columns[2]),
            "value": pa.array(columns[3]),
            "unit": pa.array(unit, pa.string()),
            "valid_from": dates(np.full(size, start - _YEARS_IN_FORCE * 365)),
            "valid_to": dates(np.zeros(size, dtype=np.int64), missing=np.ones(size, dtype=np.bool_)),
            "description": pa.array(columns[5]),
            DAY: days_column(np.full(size, start)),
        }
    )
