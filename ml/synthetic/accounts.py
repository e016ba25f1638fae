"""Which accounts people hold. Loan accounts come from lending."""

import numpy as np
import pandas as pd

from ml.synthetic.config import SampleConfig
from ml.synthetic.people import customer_numbers

# Share of each segment that holds the product; the first account of everyone is a checking account.
_HOLDINGS = pd.DataFrame(
    {
        "Business Checking": [0.00, 0.00, 0.00, 1.00],
        "Savings Account": [0.62, 0.80, 0.85, 0.50],
        "Credit Card": [0.55, 0.60, 0.20, 0.45],
        "Premium Credit Card": [0.00, 0.30, 0.75, 0.15],
        "Investment Account": [0.08, 0.45, 0.75, 0.25],
    },
    index=["Mass Market", "Affluent", "Premium", "Business"],
)
_SECOND_HOLDER_SHARE = 0.5  # of checking accounts of couples: the other one may use it


def make_accounts(config: SampleConfig, people: pd.DataFrame) -> pd.DataFrame:
    """Deposit, investment and card accounts: one row each with owner, product and opening day."""
    rng = config.rng("accounts")
    holds = rng.random((config.people, _HOLDINGS.shape[1])) < _HOLDINGS.loc[people["segment"]].to_numpy()
    person, product = np.nonzero(holds)
    owner = np.concatenate([people["person"].to_numpy(), person])
    name = np.concatenate([np.repeat("Checking Account", config.people), np.array(_HOLDINGS.columns)[product]])
    joined = people["joined_day"].to_numpy()[owner]
    first = np.arange(len(owner)) < config.people
    # Who joins within the data opens all accounts that day; the others opened theirs before the data start.
    later = np.where(joined < 0, np.ceil(joined * rng.random(len(owner))).astype(np.int64) - 1, joined)
    accounts = pd.DataFrame({"person": owner, "product": name, "opened_day": np.where(first, joined, later)})
    return accounts.sort_values(["person", "opened_day", "product"], kind="stable", ignore_index=True)


def number_accounts(accounts: pd.DataFrame) -> pd.DataFrame:
    """Give account numbers: in order of owner, without gaps that would tell anything."""
    numbered = accounts.sort_values(["person", "opened_day", "product"], kind="stable", ignore_index=True)
    numbered["account_no"] = 5_000_000 + 7 * np.arange(1, len(numbered) + 1)
    return numbered


def accounts_table(accounts: pd.DataFrame, people: pd.DataFrame, config: SampleConfig) -> pd.DataFrame:
    """Accounts as delivered."""
    district = people["district_no"].to_numpy()[accounts["person"]]
    return pd.DataFrame(
        {
            "account_no": accounts["account_no"],
            "product": accounts["product"],
            "opened_on": config.dates(accounts["opened_day"].to_numpy()),
            "closed_on": pd.Series(pd.NaT, index=accounts.index),
            "currency": "USD",
            "credit_limit": accounts["credit_limit"],
            "branch_district_no": district,
            "statement_cycle": np.where(accounts["product"].str.contains("Business"), "WEEKLY", "MONTHLY"),
        }
    )


def holders_table(accounts: pd.DataFrame, people: pd.DataFrame, config: SampleConfig) -> pd.DataFrame:
    """Owners, and the other half of some couples as user of the checking account."""
    rng = config.rng("holders")
    second = people.loc[people["member"] == 1, ["person", "household", "joined_day"]]
    head = people.loc[people["member"] == 0, ["person", "household"]]
    couple = head.merge(second, on="household", suffixes=("", "_other"))
    shared = couple[rng.random(len(couple)) < _SECOND_HOLDER_SHARE]
    checking = accounts.loc[accounts["product"] == "Checking Account"].merge(shared, on="person")
    owners = accounts[["account_no", "person", "opened_day"]].assign(role="OWNER")
    users = pd.DataFrame(
        {
            "account_no": checking["account_no"],
            "person": checking["person_other"],
            "opened_day": np.maximum(checking["opened_day"], checking["joined_day"]),
            "role": "AUTHORISED",
        }
    )
    both = pd.concat([owners, users]).sort_values(["account_no", "role"], ascending=[True, False], kind="stable")
    return pd.DataFrame(
        {
            "account_no": both["account_no"],
            "customer_no": customer_numbers(both["person"]),
            "role": both["role"],
            "since": config.dates(both["opened_day"].to_numpy()),
        }
    ).reset_index(drop=True)
