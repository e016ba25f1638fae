"""What holds in every world, whatever its seed and size."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

KEYS = {
    "core_banking.districts": ["district_no"],
    "core_banking.products": ["product_code"],
    "core_banking.merchants": ["merchant_no"],
    "core_banking.customers": ["customer_no", "updated_on"],
    "core_banking.accounts": ["account_no", "updated_on"],
    "core_banking.account_holders": ["account_no", "customer_no", "role"],
    "core_banking.transactions": ["txn_id"],
    "core_banking.daily_balances": ["account_no", "balance_date"],
    "core_banking.loans": ["loan_account_no"],
    "core_banking.payments_due": ["payment_id"],
    "core_banking.payments_made": ["payment_id"],
    "core_banking.loan_outcomes": ["loan_account_no", "status_date"],
    "core_banking.bureau_reports": ["customer_no", "report_date"],
    "crm.persons": ["crm_id", "updated_on"],
    "crm.contacts": ["contact_id"],
    "benefit_registry.households": ["household_no", "updated_on"],
    "benefit_registry.beneficiaries": ["beneficiary_no", "updated_on"],
    "benefit_registry.deaths": ["death_no"],
    "benefit_registry.scheme_master": ["scheme_id"],
    "benefit_registry.scheme_rules": ["rule_id"],
    "benefit_registry.benefit_events": ["event_id"],
    "benefit_registry.applications": ["eid", "updated_on"],
}
REFERENCES = [
    ("core_banking.account_holders", "account_no", "core_banking.accounts", "account_no"),
    ("core_banking.account_holders", "customer_no", "core_banking.customers", "customer_no"),
    ("core_banking.accounts", "product_code", "core_banking.products", "product_code"),
    ("core_banking.customers", "district_no", "core_banking.districts", "district_no"),
    ("core_banking.transactions", "account_no", "core_banking.accounts", "account_no"),
    ("core_banking.transactions", "merchant_no", "core_banking.merchants", "merchant_no"),
    ("core_banking.daily_balances", "account_no", "core_banking.accounts", "account_no"),
    ("core_banking.loans", "loan_account_no", "core_banking.accounts", "account_no"),
    ("core_banking.loans", "settlement_account_no", "core_banking.accounts", "account_no"),
    ("core_banking.payments_due", "loan_account_no", "core_banking.loans", "loan_account_no"),
    ("core_banking.payments_made", "payment_id", "core_banking.payments_due", "payment_id"),
    ("core_banking.loan_outcomes", "loan_account_no", "core_banking.loans", "loan_account_no"),
    ("core_banking.bureau_reports", "customer_no", "core_banking.customers", "customer_no"),
    ("crm.persons", "customer_no", "core_banking.customers", "customer_no"),
    ("crm.contacts", "crm_id", "crm.persons", "crm_id"),
    ("benefit_registry.beneficiaries", "household_no", "benefit_registry.households", "household_no"),
    ("benefit_registry.beneficiaries", "payment_account_no", "core_banking.accounts", "account_no"),
    ("benefit_registry.deaths", "beneficiary_no", "benefit_registry.beneficiaries", "beneficiary_no"),
    ("benefit_registry.benefit_events", "beneficiary_no", "benefit_registry.beneficiaries", "beneficiary_no"),
    ("benefit_registry.benefit_events", "account_no", "core_banking.accounts", "account_no"),
    ("benefit_registry.benefit_events", "scheme_id", "benefit_registry.scheme_master", "scheme_id"),
    ("benefit_registry.scheme_rules", "scheme_id", "benefit_registry.scheme_master", "scheme_id"),
    ("benefit_registry.applications", "beneficiary_no", "benefit_registry.beneficiaries", "beneficiary_no"),
    ("truth.fraud", "txn_id", "core_banking.transactions", "txn_id"),
]


# What a few people may not have had yet on a few days; every other table is there from the first day on.
MAY_LACK = ("truth.fraud", "crm.contacts", "core_banking.bureau_reports")
FEW_PEOPLE = 400


def table(world: dict[str, pd.DataFrame], name: str) -> pd.DataFrame:
    if name in MAY_LACK and name not in world and len(world["truth.people"]) <= FEW_PEOPLE:
        pytest.skip(f"a world this small has no {name}")
    return world[name]


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_unique_and_whole(world: Any, name: str) -> None:
    rows = table(world, name)
    assert not rows[KEYS[name]].isna().any().any()
    assert not rows.duplicated(KEYS[name]).any()


@pytest.mark.parametrize(("name", "column", "other", "key"), REFERENCES)
def test_every_reference_leads_somewhere(world: Any, name: str, column: str, other: str, key: str) -> None:
    values = table(world, name)[column].dropna()
    assert values.isin(table(world, other)[key]).all()


def owners(world: Any) -> pd.Series:
    holders = world["core_banking.account_holders"]
    return holders[holders["role"] == "OWNER"].set_index("account_no")["customer_no"]


def deaths_of_customers(world: Any) -> pd.Series:
    records = world["truth.records"]
    bank = records[records["source"] == "core_banking"].set_index("record_no")["person"]
    died = world["truth.people"].set_index("person")["death_date"]
    return bank.map(died)


def test_balances_add_up_to_the_booked_transactions(world: Any) -> None:
    booked = world["core_banking.transactions"]
    booked = booked[booked["status"] == "BOOKED"]
    product = world["core_banking.accounts"].drop_duplicates("account_no").set_index("account_no")["product_code"]
    owed = booked["account_no"].map(product).isin(["CRD", "PRC"])
    cents = (booked["amount"].astype(float) * 100).round().astype(int)
    signed = cents.where((booked["dr_cr"] == "C") != owed, -cents)
    moved = signed.groupby([booked["account_no"], booked["booked_at"].dt.normalize()]).sum()
    balances = world["core_banking.daily_balances"].sort_values(["account_no", "balance_date"])
    balances = balances[~balances["account_no"].map(product).isin(["MTG", "AUT", "PER"])]
    stated = (balances["balance"].astype(float) * 100).round().astype(int)
    change = stated.groupby(balances["account_no"]).diff()
    opened = world["core_banking.accounts"].drop_duplicates("account_no").set_index("account_no")["opened_on"]
    is_first = change.isna()
    # The first rows are the balances of the day before the world starts, of all accounts that were there.
    is_new = balances["account_no"].map(opened) > balances["balance_date"].min()
    change = change.where(~(is_first & is_new), stated)
    index = pd.MultiIndex.from_arrays([balances["account_no"], balances["balance_date"]])
    assert (
        change[~is_first | is_new].to_numpy() == moved.reindex(index).fillna(0)[(~is_first | is_new).to_numpy()]
    ).all()
    # Every booking shows in a balance.
    assert moved[moved != 0].index.isin(index).all()


def test_the_balance_after_a_transaction_is_the_day_s_balance_after_the_last_one(world: Any) -> None:
    transactions = world["core_banking.transactions"].sort_values("txn_id")
    day = transactions["booked_at"].dt.normalize()
    last = transactions[transactions["status"] == "BOOKED"].groupby(["account_no", day])["balance_after"].last()
    stated = world["core_banking.daily_balances"].set_index(["account_no", "balance_date"])["balance"]
    assert (last.astype(float) == stated.loc[last.index].astype(float)).all()


def test_nothing_happens_before_an_account_opens_or_after_it_closes(world: Any) -> None:
    accounts = world["core_banking.accounts"]
    opened = accounts.groupby("account_no")["opened_on"].min()
    closed = accounts.groupby("account_no")["closed_on"].max()
    rows = world["core_banking.transactions"]
    day = rows["booked_at"].dt.normalize()
    assert (day >= rows["account_no"].map(opened)).all()
    assert not (day > rows["account_no"].map(closed)).any()


def test_nobody_acts_after_death(world: Any) -> None:
    died = owners(world).map(deaths_of_customers(world))
    rows = world["core_banking.transactions"]
    late = rows[rows["booked_at"].dt.normalize() >= rows["account_no"].map(died)]
    # Benefits may come as long as the agency does not know, or are paid to somebody else's account; cash is what
    # somebody draws with the card of the dead, both only in cases of the truth.
    anomalies = table(world, "truth.anomalies")["account_no"].dropna()
    assert set(late["txn_code"]) <= {"BENEFIT", "CASH_WD", "HOUSING"}
    drawn = late[late["txn_code"] != "BENEFIT"]
    assert drawn["account_no"].isin(anomalies).all()
    paid = world["core_banking.payments_made"].merge(world["core_banking.loans"], on="loan_account_no")
    assert not (paid["paid_date"] >= paid["settlement_account_no"].map(died)).any()


def test_every_transfer_within_the_bank_has_two_sides(world: Any) -> None:
    rows = world["core_banking.transactions"]
    own = rows[rows["txn_code"].isin(["OWN_IN", "OWN_OUT"])]
    totals = own.groupby("txn_code", observed=True)["amount"].sum()
    assert totals.get("OWN_IN", 0) == totals.get("OWN_OUT", 0)
    assert own["counterparty_account_no"].isin(world["core_banking.accounts"]["account_no"]).all()


def test_a_payment_is_made_once_and_after_the_loan_was_granted(world: Any) -> None:
    due = world["core_banking.payments_due"].merge(world["core_banking.loans"], on="loan_account_no")
    assert (due["due_date"] > due["granted_on"]).all()
    paid = world["core_banking.payments_made"].merge(due[["payment_id", "due_date"]], on="payment_id")
    assert (paid["paid_date"] >= paid["due_date"]).all()


def test_benefits_follow_registration_and_applications_are_decided_once(world: Any) -> None:
    since = world["benefit_registry.beneficiaries"].groupby("beneficiary_no")["registered_on"].min()
    events = table(world, "benefit_registry.benefit_events")
    assert (events["paid_on"] > events["beneficiary_no"].map(since)).all()
    asked = table(world, "benefit_registry.applications")
    assert (asked["eligible"].isna() == asked["decided_on"].isna()).all()
    assert (asked.groupby("eid")["decided_on"].count() <= 1).all()


def test_every_benefit_credit_has_its_benefit_event(world: Any) -> None:
    rows = world["core_banking.transactions"]
    credits = rows.loc[rows["txn_code"] == "BENEFIT"]
    assert (credits["dr_cr"] == "C").all()
    events = table(world, "benefit_registry.benefit_events")
    events = events[(events["status"] == "PAID") & (events["payment_mode"] == "BANK")]
    credited = Counter(zip(credits["account_no"], credits["booked_at"].dt.normalize(), credits["amount"], strict=True))
    paid = Counter(zip(events["account_no"], events["paid_on"], events["amount"], strict=True))
    assert credited == paid


def test_the_unemployed_are_paid_by_the_state_and_not_by_the_registry(world: Any) -> None:
    rows = world["core_banking.transactions"]
    paid = rows[rows["txn_code"] == "UNEMP"]
    customers = world["core_banking.customers"].drop_duplicates("customer_no").set_index("customer_no")["occupation"]
    assert set(paid["account_no"].map(owners(world)).map(customers)) <= {"Unemployed"}
    assert len(paid) or len(world["truth.people"]) <= FEW_PEOPLE


def test_hours_and_weekdays_are_those_of_people(world: Any) -> None:
    rows = world["core_banking.transactions"]
    shopping = rows[rows["channel_code"] == "POS"]["booked_at"]
    if len(shopping) < 2_000:
        pytest.skip("too few purchases to tell")
    by_hour = shopping.dt.hour.value_counts(normalize=True)
    assert by_hour.loc[[11, 12, 17, 18]].sum() > 5 * by_hour.reindex([2, 3, 4, 5], fill_value=0).sum()
    by_day = shopping.dt.day_of_week.value_counts()
    assert by_day[5] > by_day[0]


def test_seeds_differ_and_the_same_seed_repeats(world_of: Any) -> None:
    from ml.synthetic.world import WorldConfig, generate

    until = pd.Timestamp(2025, 10, 31).date()
    first, again, other = (generate(WorldConfig(seed=seed, people=300, until=until)) for seed in (3, 3, 4))
    assert first.keys() == again.keys()
    assert all(first[name].equals(again[name]) for name in first)
    assert not first["core_banking.transactions"].equals(other["core_banking.transactions"])


def test_amounts_have_no_sign_and_no_gap(world: Any) -> None:
    rows = world["core_banking.transactions"]
    assert (rows["amount"].astype(float) > 0).all()
    assert np.isfinite(rows["balance_after"].astype(float)).all()
