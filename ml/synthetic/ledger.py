"""From legs to transactions with running balances, and month-end balances that add up to them."""

import numpy as np
import pandas as pd

from ml.synthetic.config import IntArray, SampleConfig
from ml.synthetic.lending import Lending

CARD_PRODUCTS = ["Credit Card", "Premium Credit Card"]


def book(config: SampleConfig, accounts: pd.DataFrame, all_legs: pd.DataFrame, joined_day: IntArray) -> pd.DataFrame:
    """Keep the legs within the data and after the customer joined, in the order of booking."""
    first = np.maximum(joined_day, 0)[all_legs["person"]]
    kept = all_legs[(all_legs["day"] >= first) & (all_legs["day"] < config.days)]
    order = ["day", "second", "account", "cents", "code", "merchant"]
    return kept.sort_values(order, kind="stable", ignore_index=True)


def opening_balances(
    config: SampleConfig,
    accounts: pd.DataFrame,
    booked: pd.DataFrame,
    people: pd.DataFrame,
    stress: np.ndarray,
) -> IntArray:
    """Balance in cents of each account before its first transaction; cards: minus what is owed.

    Accounts that open within the data start at 0 unless they would be overdrawn by more than the bank allows.
    """
    rng = config.rng("balances")
    owner = accounts["person"].to_numpy()
    net = people["income"].to_numpy()[owner] / 12 * 74
    ease = 1 - 0.85 * stress[owner, 0]
    months_of_pay = accounts["product"].map(
        {
            "Checking Account": 0.8,
            "Savings Account": 3.0,
            "Business Checking": 2.0,
            "Investment Account": 16.0,
        }
    )
    drawn = months_of_pay.fillna(0).to_numpy() * net * ease * rng.lognormal(0, 0.5, len(accounts))
    is_card = accounts["product"].isin(CARD_PRODUCTS).to_numpy()
    drawn = np.where(is_card, -net * rng.uniform(0.05, 0.6, len(accounts)) * (0.4 + 1.2 * stress[owner, 0]), drawn)
    drawn = np.where(accounts["opened_day"] >= 0, 0, np.round(drawn)).astype(np.int64)
    real = booked[booked["booked"]]
    running = real.groupby("account")["cents"].cumsum()
    lowest = running.groupby(real["account"]).min().reindex(range(len(accounts)), fill_value=0).to_numpy()
    total = real.groupby("account")["cents"].sum().reindex(range(len(accounts)), fill_value=0).to_numpy()
    allowed = np.where(accounts["product"] == "Checking Account", 60_000 * stress[owner].mean(axis=1), 0)
    floor = (-lowest - allowed).astype(np.int64)
    highest = running.groupby(real["account"]).max().reindex(range(len(accounts)), fill_value=0).to_numpy()
    # A card is never owed less than nothing; the other accounts are never overdrawn beyond what is allowed.
    return np.where(is_card, np.minimum(drawn, -np.maximum(highest, total)), np.maximum(drawn, floor))


def credit_limits(accounts: pd.DataFrame, booked: pd.DataFrame, opening: IntArray, people: pd.DataFrame) -> pd.Series:
    """Limits of cards in dollars: by income, and above what was ever owed; missing for other products."""
    running = booked["cents"].where(booked["booked"], 0).groupby(booked["account"]).cumsum()
    lowest = running.groupby(booked["account"]).min().reindex(range(len(accounts)), fill_value=0).to_numpy()
    peak = -(opening + np.minimum(lowest, 0)) / 100
    by_income = people["income"].to_numpy()[accounts["person"]] * 0.18
    limit = pd.Series(np.ceil(np.maximum(by_income, peak * 1.1) / 500) * 500, index=accounts.index)
    return limit.where(accounts["product"].isin(CARD_PRODUCTS))


def transactions_table(
    config: SampleConfig, accounts: pd.DataFrame, booked: pd.DataFrame, opening: IntArray
) -> pd.DataFrame:
    """Transactions as delivered."""
    moved = booked["cents"].where(booked["booked"], 0)
    after = moved.groupby(booked["account"]).cumsum() + opening[booked["account"]]
    sign = np.where(accounts["product"].isin(CARD_PRODUCTS), -1, 1)[booked["account"]]
    instant = config.dates(booked["day"].to_numpy()).astype("datetime64[s]") + booked["second"].to_numpy().astype(
        "timedelta64[s]"
    )

    def yes(column: str) -> np.ndarray:
        return np.where(booked[column], "Y", "N")

    return pd.DataFrame(
        {
            "txn_id": 10_000_001 + np.arange(len(booked)),
            "account_no": accounts["account_no"].to_numpy()[booked["account"]],
            "booked_at": instant,
            "dr_cr": np.where(booked["cents"] > 0, "C", "D"),
            "amount": booked["cents"].abs(),
            "currency": "USD",
            "txn_code": booked["code"].replace("LOAN_USE", "TRF_OUT"),
            "status": np.where(booked["booked"], "BOOKED", "RETURNED"),
            "channel_code": booked["channel"],
            "merchant_no": booked["merchant"].where(booked["merchant"] > 0).astype("Int64"),
            "abroad": yes("abroad"),
            "fraud": yes("fraud"),
            "standing_order": yes("standing"),
            "balance_after": after * sign,
        }
    )


def balances_table(
    config: SampleConfig,
    accounts: pd.DataFrame,
    booked: pd.DataFrame,
    opening: IntArray,
    lending: Lending,
    loan_rows: IntArray,
) -> pd.DataFrame:
    """Balances on the day before the data and at month ends; loans and cards: what is owed, positive."""
    starts, shape = config.month_starts(), (len(accounts), config.months)
    real = booked[booked["booked"]]
    month = np.searchsorted(starts, real["day"], side="right") - 1
    moved = np.bincount(real["account"].to_numpy() * config.months + month, real["cents"], np.prod(shape)).reshape(
        shape
    )
    start = opening.copy()

    paid = lending.instalments[lending.instalments["paid_day"] >= 0]
    month = np.searchsorted(starts, paid["paid_day"], side="right") - 1
    row = loan_rows[paid["loan"]]
    moved += np.bincount(row * config.months + month, paid["principal_part"], np.prod(shape)).reshape(shape)
    # What was left of an older loan when the data begin is what the first instalment in the data found.
    first = lending.instalments.groupby("loan")["owed_before"].first().reindex(range(len(loan_rows)))
    start[loan_rows] = -first.fillna(lending.loans["principal"]).astype(np.int64).to_numpy()

    cents = np.hstack([start[:, None], start[:, None] + np.cumsum(moved, axis=1).round().astype(np.int64)])
    owed = accounts["product"].isin([*CARD_PRODUCTS, "Mortgage", "Auto Loan", "Personal Loan"]).to_numpy()
    cents = np.where(owed[:, None], -cents, cents)
    day = starts - 1
    is_open = accounts["opened_day"].to_numpy()[:, None] <= day[None, :]
    account, column = np.nonzero(is_open)
    return pd.DataFrame(
        {
            "account_no": accounts["account_no"].to_numpy()[account],
            "balance_date": config.dates(day[column]),
            "balance": cents[account, column],
        }
    ).sort_values(["account_no", "balance_date"], ignore_index=True)
