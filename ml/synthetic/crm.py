"""The CRM: its own people with its own numbers, and their contacts.

Some of its people carry the bank's customer number, others only a phone, which may be unique, shared within a
household, or unknown to the bank.
"""

import numpy as np
import pandas as pd

from ml.synthetic.config import SampleConfig
from ml.synthetic.legs import seconds_of_day
from ml.synthetic.people import customer_numbers

_NUMBERED_SHARE = 0.6
_STRANGER_SHARE = 0.04  # people of the CRM whom the bank does not know
_TOPICS = np.array(["CARD", "FEES", "LOGIN", "LOAN", "TRANSFER", "ACCOUNT_OPENING", "FRAUD", "RATES"])
_TYPES = np.array(["CALL", "SERVICE", "COMPLAINT", "REVIEW"])
_CHANNELS = np.array(["Phone", "Chat", "Email", "Branch", "App"])


def crm_tables(
    config: SampleConfig, people: pd.DataFrame, stress: np.ndarray, accounts: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People and contacts of the CRM as delivered."""
    rng = config.rng("crm")
    n = config.people
    # Some have two records: one from the branch with the customer number, one from the phone line.
    person = np.concatenate([rng.permutation(n)[: round(0.8 * n)], rng.permutation(n)[: round(0.08 * n)]])
    records = people.iloc[person].reset_index(drop=True)
    numbered = rng.random(len(records)) < _NUMBERED_SHARE
    stranger = ~numbered & (rng.random(len(records)) < _STRANGER_SHARE / (1 - _NUMBERED_SHARE))
    count = rng.poisson(1.7 + 3.0 * stress[person].mean(axis=1))
    row = np.repeat(np.arange(len(records)), count)
    first = np.maximum(records["joined_day"].to_numpy(), 0)[row]
    day = first + (rng.random(len(row)) * (config.days - first)).astype(np.int64)

    month = np.searchsorted(config.month_starts(), day, side="right") - 1
    level = stress[person[row], month]
    weights = np.stack([0.42 + 0 * level, 0.28 + 0 * level, 0.12 + 0.4 * level, 0.18 + 0 * level], axis=1)
    kind = (rng.random(len(row))[:, None] * weights.sum(axis=1, keepdims=True) > np.cumsum(weights, axis=1)).sum(axis=1)
    complaint, review = kind == 2, kind == 3
    mood = np.clip(np.round(4.1 - 1.6 * complaint - 1.2 * level + rng.normal(0, 0.8, len(row))), 1, 5)
    rated = review | (rng.random(len(row)) < 0.55)
    channel = np.where(review, "App", _CHANNELS[rng.choice(5, len(row), p=[0.5, 0.18, 0.14, 0.1, 0.08])])
    product = _product_of(accounts, n, rng)[person[row]]
    spoken = np.isin(channel, ["Phone", "Branch"])
    contacts = pd.DataFrame(
        {
            "row": row,
            "contacted_at": config.dates(day).astype("datetime64[s]")
            + seconds_of_day(rng, len(row), "office").astype("timedelta64[s]"),
            "contact_type": _TYPES[kind],
            "channel": channel,
            "product": pd.Series(product).where(rng.random(len(row)) < 0.85),
            "topic": rng.choice(_TOPICS, len(row)),
            "resolution": np.where(
                review, "NONE", np.where(rng.random(len(row)) < 0.85 - 0.3 * complaint, "RESOLVED", "OPEN")
            ),
            "satisfaction": pd.Series(mood).where(rated).astype("Int64"),
            "duration_seconds": pd.Series(rng.gamma(2.5, 140, len(row)).astype(np.int64) + 20)
            .where(spoken)
            .astype("Int64"),
        }
    ).sort_values(["contacted_at", "row"], ignore_index=True)
    used = np.unique(row)
    # Record numbers in the order of the first contact, as a CRM gives them.
    order = contacts.drop_duplicates("row")["row"].to_numpy()
    number = np.zeros(len(records), dtype=np.int64)
    number[order] = 700_001 + np.arange(len(order))
    contacts.insert(0, "contact_id", 900_001 + np.arange(len(contacts)))
    contacts.insert(1, "crm_id", number[contacts.pop("row").to_numpy()])
    created = contacts.groupby("crm_id")["contacted_at"].min().dt.normalize()

    phone = records["phone"].to_numpy().copy()
    phone[stranger] = "900" + pd.Series(rng.integers(1_000_000, 9_999_999, stranger.sum())).astype(str)
    digits = pd.Series(phone)
    initial = rng.random(len(records)) < 0.4
    name = np.where(initial, records["first_name"].str[:1] + ".", records["first_name"]) + " " + records["last_name"]
    crm_people = pd.DataFrame(
        {
            "crm_id": number,
            "full_name": name,
            "phone": "(" + digits.str[:3] + ") " + digits.str[3:6] + "-" + digits.str[6:],
            "customer_no": customer_numbers(records["person"]).where(numbered).astype("Int64"),
        }
    ).iloc[used]
    crm_people["created_on"] = crm_people["crm_id"].map(created)
    return crm_people.sort_values("crm_id", ignore_index=True), contacts


def _product_of(accounts: pd.DataFrame, people: int, rng: np.random.Generator) -> np.ndarray:
    """One product of each person, drawn among those held before the data started or at joining."""
    held = accounts[(accounts["product"] == "Checking Account") | (accounts["opened_day"] < 0)]
    shuffled = held.iloc[rng.permutation(len(held))].drop_duplicates("person")
    return shuffled.set_index("person")["product"].reindex(range(people)).to_numpy()
