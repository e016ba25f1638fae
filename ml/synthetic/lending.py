"""Loans, their instalments and how they end.

Stress before the loan decides who stops paying; the outcome is read off the instalments, not drawn.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.synthetic.config import IntArray, SampleConfig

NET_SHARE_OF_INCOME = 0.74
DEFAULT_DAYS = 31  # an instalment unpaid for so long when the data end makes the loan a default
SCHEDULE_AHEAD_DAYS = 31  # instalments that fall due soon after the data end are already on the schedule

# Share of loans, principal in yearly incomes (low, high), terms in months, rate a year (low, high), purposes.
_PRODUCTS = pd.DataFrame(
    [
        ("Personal Loan", 0.62, 0.10, 0.45, (24, 36, 48), 8.9, 17.9, ("DEBTS", "RENOVATION", "MEDICAL")),
        ("Auto Loan", 0.28, 0.25, 0.60, (48, 60, 72), 4.9, 9.9, ("NEW_CAR", "USED_CAR", "USED_CAR")),
        ("Mortgage", 0.10, 2.00, 3.20, (240, 360, 360), 5.4, 7.2, ("HOME", "HOME", "REFINANCE")),
    ],
    columns=["product", "share", "low", "high", "terms", "rate_low", "rate_high", "purposes"],
)  # fmt: skip


@dataclass(frozen=True)
class Lending:
    """Loans, one row each; instalments, whose ``loan`` is a row of ``loans``; and the stress that follows."""

    loans: pd.DataFrame
    instalments: pd.DataFrame
    stress: np.ndarray


def make_lending(config: SampleConfig, people: pd.DataFrame, stress: np.ndarray) -> Lending:
    """Grant loans, decide who stops paying and let stress rise around the first missed instalment.

    ``people`` and ``stress`` come from ``make_people`` and ``make_stress`` and are not changed.
    """
    rng = config.rng("lending")
    loans = _grant(config, people, rng)
    loans["stops_at"] = _first_unpaid(config, people, loans, stress, rng)
    after = stress.copy()
    bad = loans.loc[loans["stops_at"] > 0]
    stop_day = _due_day(config, bad["granted_day"].to_numpy(), bad["stops_at"].to_numpy())
    stop_month = np.searchsorted(config.month_starts(), stop_day, side="right") - 1
    after[bad["person"]] += 0.35 * (np.arange(config.months) >= stop_month[:, None] - 1)
    after = np.clip(after, 0, 1)
    return Lending(loans, _make_instalments(config, loans, after, rng), after)


def _grant(config: SampleConfig, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    eligible = people.loc[(people["joined_day"] < 0) & (people["age"] > 20) & (people["age"] < 76), "person"].to_numpy()
    order = rng.permutation(eligible)
    count = min(round(config.people * config.borrower_share), len(order))
    starts = config.month_starts()
    known_until = starts[config.months - config.unknown_outcome_months]
    first = starts[config.first_loan_month]
    # The first month is thin: a full window of 91 days lies before the loans of the later ones.
    early, full = round(count * 0.03), starts[config.first_loan_month + 1]
    recent = round(count * 0.2)
    days = [rng.integers(first, full, early), rng.integers(full + 1, known_until, count - early - recent)]
    days.append(rng.integers(known_until, config.days - 3, recent))
    old = order[count : count + config.people // 10]
    person = np.concatenate([order[:count], old])
    product = rng.choice(3, size=len(person), p=_PRODUCTS["share"])
    product[count:] = rng.choice([1, 2], size=len(old), p=[0.4, 0.6])
    tenure = people["joined_day"].to_numpy()[old]
    granted = np.concatenate([*days, -1 - (rng.random(len(old)) * np.minimum(-tenure - 1, 800)).astype(np.int64)])

    terms = _PRODUCTS.iloc[product].reset_index(drop=True)
    pick = rng.integers(0, 3, len(person))
    term = np.stack(terms["terms"].map(np.array).to_list())[np.arange(len(person)), pick]
    purpose = np.stack(terms["purposes"].map(np.array).to_list())[np.arange(len(person)), pick]
    income = people["income"].to_numpy()[person]
    principal = np.maximum(np.round(income * rng.uniform(terms["low"], terms["high"]), -2), 1000)
    rate = np.round(rng.uniform(terms["rate_low"], terms["rate_high"]), 2)
    monthly = rate / 1200
    instalment = principal * monthly / (1 - (1 + monthly) ** -term)
    return pd.DataFrame(
        {
            "person": person,
            "product": terms["product"],
            "granted_day": granted,
            "principal": (principal * 100).astype(np.int64),
            "term": term,
            "rate": rate,
            "instalment": np.round(instalment * 100).astype(np.int64),
            "purpose": purpose,
            "auto_debit": rng.random(len(person)) < 0.8,
            "has_outcome": (granted >= 0) & (granted < known_until),
            "is_new": granted >= 0,
        }
    )


def _first_unpaid(
    config: SampleConfig,
    people: pd.DataFrame,
    loans: pd.DataFrame,
    stress: np.ndarray,
    rng: np.random.Generator,
) -> IntArray:
    """Number of the first instalment that is never paid; 0 where all are paid."""
    person, granted = loans["person"].to_numpy(), loans["granted_day"].to_numpy()
    month = np.searchsorted(config.month_starts(), np.maximum(granted - 1, 0), side="right") - 1
    window = np.maximum(month[:, None] - np.arange(3), 0)
    before = stress[person[:, None], window] @ np.array([0.4, 0.35, 0.25])
    net = people["income"].to_numpy()[person] * NET_SHARE_OF_INCOME / 12
    burden = loans["instalment"].to_numpy() / 100 / net
    propensity = 9.0 * before + 2.5 * np.clip(burden, 0, 0.5) + rng.logistic(0, 1.4, len(loans))
    new = loans["is_new"].to_numpy()
    threshold = np.quantile(propensity[loans["has_outcome"]], 1 - config.bad_share)
    # Only instalments due long enough before the end can show the default by then.
    limit = config.days - 1 - DEFAULT_DAYS
    numbers = np.arange(1, 13)
    due = _due_day(config, np.repeat(granted, 12), np.tile(numbers, len(loans))).reshape(-1, 12)
    showing = np.maximum((due <= limit).sum(axis=1), 1)
    stops = 1 + (rng.random(len(loans)) * np.minimum(showing, 5)).astype(np.int64)
    return np.where((propensity > threshold) & new, stops, 0)


def _due_day(config: SampleConfig, granted_day: IntArray, number: IntArray) -> IntArray:
    """Day of the ``number``-th instalment: that many months on, same day of the month, at most the 28th."""
    granted = config.dates(granted_day)
    month = granted.astype("datetime64[M]")
    day_of_month = np.minimum((granted - month.astype("datetime64[D]")).astype(np.int64), 27)
    due = (month + number).astype("datetime64[D]") + day_of_month
    return (due - np.datetime64(config.start, "D")).astype(np.int64)


def _make_instalments(
    config: SampleConfig, loans: pd.DataFrame, stress: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    last = config.days + SCHEDULE_AHEAD_DAYS
    ends = np.minimum((last - loans["granted_day"].to_numpy()) // 28 + 1, loans["term"].to_numpy())
    loan = np.repeat(np.arange(len(loans)), ends)
    number = np.arange(ends.sum()) - np.repeat(np.cumsum(ends) - ends, ends) + 1
    terms = loans.iloc[loan].reset_index(drop=True)
    due = _due_day(config, terms["granted_day"].to_numpy(), number)
    monthly = terms["rate"].to_numpy() / 1200
    term, principal = terms["term"].to_numpy(), terms["principal"].to_numpy()
    growth = (1 + monthly) ** term

    def owed_after(k: IntArray) -> IntArray:
        return np.round(principal * (growth - (1 + monthly) ** k) / (growth - 1)).astype(np.int64)

    month = np.clip(np.searchsorted(config.month_starts(), due, side="right") - 1, 0, config.months - 1)
    level = stress[terms["person"], month]
    is_late = rng.random(len(loan)) < 0.05 + 0.65 * level
    paid = due + np.where(
        is_late, rng.integers(1, 8, len(loan)) + (level * rng.integers(0, 18, len(loan))).astype(int), 0
    )
    stops = terms["stops_at"].to_numpy()
    is_paid = ((stops == 0) | (number < stops)) & (paid < config.days)
    frame = pd.DataFrame(
        {
            "loan": loan,
            "number": number,
            "due_day": due,
            "due": terms["instalment"],
            "principal_part": owed_after(number - 1) - owed_after(number),
            "owed_before": owed_after(number - 1),
            "paid_day": np.where(is_paid, paid, -1),
        }
    )
    # Before the data start there is nothing but the principal that is left.
    return frame[(due >= 0) & (due < last)].reset_index(drop=True)


def loans_table(
    lending: Lending, accounts: pd.DataFrame, loan_rows: IntArray, settle_rows: IntArray, config: SampleConfig
) -> pd.DataFrame:
    """Loans as delivered; the loan's number is the number of its account."""
    loans, number = lending.loans, accounts["account_no"].to_numpy()
    return pd.DataFrame(
        {
            "loan_account_no": number[loan_rows],
            "settlement_account_no": number[settle_rows],
            "granted_on": config.dates(loans["granted_day"].to_numpy()),
            "principal": loans["principal"],
            "term_months": loans["term"],
            "instalment": loans["instalment"],
            "interest_rate": loans["rate"],
            "purpose": loans["purpose"],
            "matures_on": config.dates(_due_day(config, loans["granted_day"].to_numpy(), loans["term"].to_numpy())),
        }
    ).sort_values("loan_account_no", ignore_index=True)


def instalments_table(lending: Lending, loan_numbers: IntArray, config: SampleConfig) -> pd.DataFrame:
    """Instalments as delivered: what falls due, and what was paid and when."""
    instalments = lending.instalments
    numbers = loan_numbers[instalments["loan"]]
    is_paid = (instalments["paid_day"] >= 0).to_numpy()
    return pd.DataFrame(
        {
            "instalment_id": numbers * 1000 + instalments["number"].to_numpy(),
            "loan_account_no": numbers,
            "instalment_no": instalments["number"],
            "due_date": config.dates(instalments["due_day"].to_numpy()),
            "amount_due": instalments["due"],
            "principal_due": instalments["principal_part"],
            "auto_debit": np.where(lending.loans["auto_debit"].to_numpy()[instalments["loan"]], "Y", "N"),
            "paid_date": pd.Series(config.dates(instalments["paid_day"].to_numpy())).where(is_paid),
            "amount_paid": instalments["due"].where(is_paid).astype("Int64"),
        }
    ).sort_values("instalment_id", ignore_index=True)


def outcomes_table(lending: Lending, loan_numbers: IntArray, config: SampleConfig) -> pd.DataFrame:
    """Status on the last day of the data, for the loans that have run long enough to have one."""
    unpaid = lending.instalments[lending.instalments["paid_day"] < 0]
    oldest = unpaid.groupby("loan")["due_day"].min().reindex(range(len(lending.loans)), fill_value=config.days)
    age = config.days - 1 - oldest.to_numpy()
    status = np.where(age >= DEFAULT_DAYS, "DEFAULT", np.where(age > 0, "ARREARS", "CURRENT"))
    table = pd.DataFrame(
        {"loan_account_no": loan_numbers, "status": status, "status_date": np.datetime64(config.until, "D")}
    )
    return table[lending.loans["has_outcome"].to_numpy()].sort_values("loan_account_no", ignore_index=True)
