"""The 104 features another way: one customer at a time, plain pandas, slow. Shares no code with the catalogue.

Works on bookings of one customer as rows of ``core.transactions`` (all of them known and on covered accounts), and
on pairs of due and paid instalments.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

WEEKS = 13
ZONE = "America/New_York"
Row = dict[str, Any]
MISSING = float("nan")


def weekly_signals(
    transactions: list[Row],
    as_of: dt.date,
    instalments: Sequence[Row] = (),
    covered: Sequence[bool] = (True,) * WEEKS,
    stated: Sequence[Row] = (),
    closed: Mapping[str, dt.date] | None = None,
) -> pd.DataFrame:
    """One row a week, the last one ending on ``as_of``; NaN where a week is not covered or there is nothing to say.

    Parameters
    ----------
    transactions : list of dict
        Bookings of the customer's deposit accounts up to ``as_of``, older ones for the opening balance.
    instalments : sequence of dict
        ``due_on`` and ``paid_on`` of paid instalments.
    covered : sequence of bool
        Of each of the thirteen weeks.
    stated : sequence of dict
        Stated balances up to ``as_of``: ``account_id``, ``balance_on``, ``balance_amount``.
    closed : mapping
        Closing day by ``account_id``.
    """
    frame = pd.DataFrame(transactions)
    frame["day"] = [91 - (as_of - day).days for day in frame["event_date"]]
    frame = frame[frame["day"] <= 91]
    frame["week"] = (frame["day"] - 1) // 7 + 1
    window = frame[frame["day"] >= 1]
    kind, amount, booked = window["activity_type"], window["reporting_amount"].astype(float), window["is_booked"]
    is_debit = booked & window["direction"].eq("debit")
    is_credit = booked & window["direction"].eq("credit")

    def by_week(
        mask: "pd.Series[bool]", values: "pd.Series[float] | None" = None, how: str = "sum"
    ) -> "pd.Series[float]":
        chosen = (pd.Series(1.0, index=window.index) if values is None else values)[mask]
        found = chosen.groupby(window["week"][mask]).agg(how)
        return found.reindex(range(1, WEEKS + 1), fill_value=0.0 if how == "sum" else MISSING).astype(float)

    if "event_at" in window:
        hour = pd.to_datetime(window["event_at"], utc=True).dt.tz_convert(ZONE).dt.hour
    else:
        hour = pd.Series(MISSING, index=window.index)
    weekday = pd.to_datetime(window["event_date"]).dt.day_of_week
    weeks = pd.DataFrame(index=range(1, WEEKS + 1))
    livelihood = kind.isin(["salary", "pension", "benefit", "transfer_in", "cash_deposit"])
    weeks["income"] = by_week(is_credit & livelihood, amount)
    weeks["salary"] = by_week(is_credit & kind.eq("salary"), amount)
    weeks["spending"] = by_week(is_debit & kind.ne("own_transfer_out"), amount)
    weeks["essential"] = by_week(is_debit & kind.isin(["household_bill", "utility_bill", "insurance"]), amount)
    weeks["discretionary"] = by_week(is_debit & kind.isin(["card_payment", "purchase", "gambling", "other"]), amount)
    weeks["interest"] = by_week(is_credit & kind.eq("interest"), amount)
    household = ["household_bill", "utility_bill", "insurance", "loan_payment", "transfer_out"]
    weeks["household"] = by_week(is_debit & kind.isin(household), amount)
    weeks["loan_payment"] = by_week(is_debit & kind.eq("loan_payment"), amount)
    weeks["failed"] = by_week(kind.eq("failed_debit"))
    penalties = by_week(booked & kind.eq("penalty_interest"))
    weeks["cash"] = by_week(is_debit & kind.eq("cash_withdrawal"), amount)
    weeks["transactions"] = by_week(booked)
    weeks["night"] = by_week(booked & ((hour >= 22) | (hour < 5)))
    weeks["weekend"] = by_week(booked & weekday.ge(5))
    weeks["digital"] = by_week(booked & window["channel"].isin(["Mobile", "Online"]))
    weeks["largest"] = by_week(is_debit, amount, "max")
    weeks["net"] = by_week(is_credit, amount) - by_week(is_debit, amount)
    weeks["gambling_txns"] = by_week(is_debit & kind.eq("gambling"))
    weeks["gambling"] = by_week(is_debit & kind.eq("gambling"), amount)
    apps = booked & kind.isin(["lending_app_in", "lending_app_out"])
    weeks["lending_txns"], weeks["lending"] = by_week(apps), by_week(apps, amount)
    late = pd.Series(MISSING, index=weeks.index)
    for pair in instalments:
        day = 91 - (as_of - pair["paid_on"]).days
        if 1 <= day <= 91:
            week, days = (day - 1) // 7 + 1, max(0, (pair["paid_on"] - pair["due_on"]).days)
            late[week] = days if np.isnan(late[week]) else max(late[week], days)
    weeks["instalment_delay"] = late
    weeks["end_balance"], weeks["low_balance"] = _balances(frame[frame["is_booked"]], as_of, stated, closed or {})

    is_covered = pd.Series(list(covered), index=weeks.index)
    weeks = weeks.where(is_covered, axis=0)
    weeks["salary_delay"] = _delay(by_week(is_credit & kind.eq("salary"), window["day"], "max").where(is_covered))
    weeks["utility_delay"] = _delay(by_week(is_debit & kind.eq("utility_bill"), window["day"], "max").where(is_covered))
    weeks[["salary_delay", "utility_delay"]] = weeks[["salary_delay", "utility_delay"]].where(is_covered, axis=0)
    weeks["salaried"] = (weeks["salary"] > 0).astype(float).where(is_covered)
    weeks["overdrawn"] = (weeks["low_balance"] < 0).astype(float).where(weeks["low_balance"].notna())
    weeks["hoarding"] = (weeks["cash"] > 0.5 * weeks["income"].mean()).astype(float).where(is_covered)
    weeks["spike"] = weeks["cash"] / (weeks["cash"].mean() or MISSING)
    signs = pd.DataFrame(
        {
            "failure": (penalties + weeks["failed"] > 0).where(is_covered),
            "overdrawn": weeks["overdrawn"],
            "hoarding": weeks["hoarding"],
            "gambling": (weeks["gambling_txns"] > 0).where(is_covered),
            "lending": (weeks["lending_txns"] > 0).where(is_covered),
            "net": (weeks["net"] < 0).where(is_covered),
        }
    ).astype(float)
    weeks["stress"] = 100 * signs.mean(axis=1)
    return weeks


def _delay(last_day: "pd.Series[float]") -> "pd.Series[float]":
    """Days since the last one at the end of each week, beyond the usual time between two."""
    days = last_day.dropna()
    if len(days) < 2:
        return pd.Series(MISSING, index=last_day.index)
    usual = (days.max() - days.min()) / (len(days) - 1)
    since = pd.Series(last_day.index * 7, index=last_day.index) - last_day.cummax().ffill()
    return (since - usual).clip(lower=0)


def _balances(
    booked: pd.DataFrame, as_of: dt.date, stated: Sequence[Row], closed: Mapping[str, dt.date]
) -> tuple["pd.Series[float]", "pd.Series[float]"]:
    """Closing balance at the end of each week and the lowest of its days, added up over accounts while they are open.

    A balance stated for a day is the one at its end, whatever was booked on it.
    """
    ends, lows = [], []
    for name, account in booked.groupby("account_id"):
        last = (
            account.sort_values(["day", "sequence_number"]).groupby("day")["balance_after_amount"].last().astype(float)
        )
        for row in stated:
            if row["account_id"] == name:
                last[91 - (as_of - row["balance_on"]).days] = float(row["balance_amount"])
        daily = last.reindex(range(min(0, int(last.index.min())), 92)).ffill()
        if name in closed:
            daily = daily[daily.index < 91 - (as_of - closed[name]).days]
        week = pd.Series((daily.index - 1) // 7 + 1, index=daily.index)
        ends.append(daily[daily.index % 7 == 0].set_axis(daily.index[daily.index % 7 == 0] // 7))
        lows.append(daily.groupby(week).min())
    weeks = range(1, WEEKS + 1)
    return (
        pd.concat(ends, axis=1).sum(axis=1, min_count=1).reindex(weeks),
        pd.concat(lows, axis=1).sum(axis=1, min_count=1).reindex(weeks),
    )


def _trend(values: "pd.Series[float]") -> float:
    known = values.dropna()
    return float(np.polyfit(known.index.to_numpy(float), known.to_numpy(), 1)[0]) if len(known) > 1 else MISSING


STATISTICS: dict[str, Callable[["pd.Series[float]"], float]] = {
    "mean": lambda values: values.mean(),
    "std": lambda values: values.std(ddof=0),
    "min": lambda values: values.min(),
    "max": lambda values: values.max(),
    "last": lambda values: values.iloc[-1],
    "trend": _trend,
}
# Features that are a statistic of one signal: prefix of the names, signal, statistics.
PLAIN = [
    ("income", "income", "std min last trend"), ("salary", "salary", "mean std max trend"),
    ("salary_delay_days", "salary_delay", "max last"), ("salary_credited_flag", "salaried", "mean"),
    ("end_balance", "end_balance", "mean std min last trend"), ("low_balance", "low_balance", "last trend"),
    ("spending", "spending", "std max last trend"), ("essential_spending", "essential", "mean trend"),
    ("discretionary_spending", "discretionary", "mean std max trend"),
    ("gambling_txns", "gambling_txns", "mean max std trend"), ("household_payment", "household", "std trend"),
    ("failed_autodebits", "failed", "mean max last trend"), ("instalment_delay_days", "instalment_delay", "mean max"),
    ("utility_payment_delay_days", "utility_delay", "mean max last"), ("cash_withdrawal", "cash", "std trend"),
    ("cash_hoarding_flag", "hoarding", "mean std"), ("atm_withdrawal_spike", "spike", "min max last"),
    ("transaction", "transactions", "std last trend"), ("late_night_txns", "night", "mean max"),
    ("weekend_txns", "weekend", "mean"), ("digital_txns", "digital", "mean trend"), ("largest_debit", "largest", "max"),
    ("lending_app_transfers", "lending_txns", "mean max std last trend"),
    ("overall_stress", "stress", "std max last trend"), ("net_flow", "net", "std last trend"),
    ("overdrawn_flag", "overdrawn", "mean last"),
]  # fmt: skip


def _over(above: float, below: float) -> float:
    return above / below if below != 0 else MISSING


def _score(*parts: float) -> float:
    known = [min(1.0, max(0.0, part)) for part in parts if not np.isnan(part)]
    return 100 * sum(known) / len(known) if known else MISSING


def customer_features(
    transactions: list[Row],
    as_of: dt.date,
    instalments: Sequence[Row] = (),
    covered: Sequence[bool] = (True,) * WEEKS,
    stated: Sequence[Row] = (),
    closed: Mapping[str, dt.date] | None = None,
) -> dict[str, float]:
    """All 104 by name; NaN where the table holds NULL. Parameters as of :func:`weekly_signals`."""
    weeks = weekly_signals(transactions, as_of, instalments, covered, stated, closed)
    found = {
        f"{prefix}_{statistic}": float(STATISTICS[statistic](weeks[signal]))
        for prefix, signal, statistics in PLAIN
        for statistic in statistics.split()
    }
    mean, std = weeks.mean(), weeks.std(ddof=0)
    change = {
        name: _over(weeks[name].iloc[9:].mean() - weeks[name].iloc[:9].mean(), mean[name])
        for name in ("income", "spending")
    }
    cash, gambling, lending = (_over(mean[name], mean["income"]) for name in ("cash", "gambling", "lending"))
    last, highest = weeks["end_balance"].iloc[-1], weeks["end_balance"].max()
    return found | {
        "income_weekly_mean_amount": mean["income"],
        "low_balance_weekly_mean_amount": mean["low_balance"],
        "low_balance_min_amount": weeks["low_balance"].min(),
        "interest_weekly_mean_amount": mean["interest"],
        "spending_weekly_mean_amount": mean["spending"],
        "household_payment_weekly_mean_amount": mean["household"],
        "cash_withdrawal_weekly_mean_amount": mean["cash"],
        "transaction_weekly_mean_count": mean["transactions"],
        "overall_stress_score": mean["stress"],
        "net_flow_weekly_mean_amount": mean["net"],
        "net_flow_min_amount": weeks["net"].min(),
        "income_weekly_cv_ratio": _over(std["income"], mean["income"]),
        "income_change_ratio": change["income"],
        "spending_weekly_cv_ratio": _over(std["spending"], mean["spending"]),
        "spending_change_ratio": change["spending"],
        "spending_to_income_ratio": _over(mean["spending"], mean["income"]),
        "cash_withdrawal_to_spending_ratio": _over(mean["cash"], mean["spending"]),
        "cash_withdrawal_to_income_ratio": cash,
        "gambling_to_income_ratio": gambling,
        "lending_app_to_income_ratio": lending,
        "essential_to_income_ratio": _over(mean["essential"], mean["income"]),
        "discretionary_to_spending_ratio": _over(mean["discretionary"], mean["spending"]),
        "loan_payment_to_income_ratio": _over(mean["loan_payment"], mean["income"]),
        "savings_rate_ratio": _over(mean["net"], mean["income"]),
        "emergency_fund_days": 7 * _over(last, mean["spending"]),
        "balance_to_income_ratio": _over(mean["end_balance"], mean["income"]),
        "balance_drawdown_ratio": (highest - last) / highest if highest > 0 else MISSING,
        "salary_delay_x_failed_autodebits": weeks["salary_delay"].max() * mean["failed"],
        "cash_stress_score": _score(cash, gambling, lending),
        "payment_stress_score": _score(
            mean["failed"], weeks["instalment_delay"].max() / 30, weeks["utility_delay"].max() / 30
        ),
        "income_stress_score": _score(
            weeks["salary_delay"].max() / 30,
            _over(std["income"], mean["income"]),
            -13 * _over(_trend(weeks["income"]), mean["income"]),
        ),
    }
