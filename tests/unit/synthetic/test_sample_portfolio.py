"""What the sample promises to those who build on it."""

import numpy as np
import pandas as pd
import pytest

from ml.synthetic import SampleConfig
from orchestration.ingestion.contract import load_contracts

Tables = dict[str, pd.DataFrame]
CARDS = ["Credit Card", "Premium Credit Card"]
OWED = [*CARDS, "Mortgage", "Auto Loan", "Personal Loan"]


def signed_movements(tables: Tables) -> pd.DataFrame:
    """Booked transactions with the change, in cents, of the balance as the bank writes it."""
    accounts = tables["accounts"][["account_no", "product", "opened_on"]]
    moved = tables["transactions"].query("status == 'BOOKED'").merge(accounts, on="account_no")
    sign = np.where(moved["dr_cr"] == "C", 1, -1) * np.where(moved["product"].isin(CARDS), -1, 1)
    return moved.assign(change=moved["amount"] * sign)


def test_month_end_balances_are_the_opening_balance_plus_all_transactions(tables: Tables) -> None:
    moved = signed_movements(tables)
    month_end = moved["booked_at"].dt.normalize() + pd.offsets.MonthEnd(0)
    change = moved.groupby(["account_no", month_end])["change"].sum().rename_axis(["account_no", "balance_date"])
    balances = tables["account_balances"].merge(tables["accounts"][["account_no", "product", "opened_on"]])
    balances = balances[~balances["product"].isin(["Mortgage", "Auto Loan", "Personal Loan"])]
    joined = balances.merge(change.rename("change").reset_index(), how="left").fillna({"change": 0})
    before = joined.groupby("account_no")["balance"].shift()
    later = before.notna()
    assert (joined["balance"][later] == before[later] + joined["change"][later]).all()
    assert joined.groupby("account_no")["change"].sum().abs().sum() > 0


def test_running_balance_of_every_transaction_follows_from_the_one_before(tables: Tables) -> None:
    moved = signed_movements(tables)
    before = moved.groupby("account_no")["balance_after"].shift()
    later = before.notna()
    assert (moved["balance_after"][later] == before[later] + moved["change"][later]).all()


def test_what_is_owed_on_a_loan_falls_by_the_principal_paid(tables: Tables, config: SampleConfig) -> None:
    loans, instalments = tables["loans"], tables["instalments"]
    paid = instalments[instalments["paid_date"].notna()].groupby("loan_account_no")["principal_due"].sum()
    new = loans[loans["granted_on"] >= pd.Timestamp(config.start)].set_index("loan_account_no")
    last = tables["account_balances"].query("balance_date == @config.until").set_index("account_no")["balance"]
    expected = new["principal"] - paid.reindex(new.index, fill_value=0)
    assert (last.reindex(new.index) == expected).all()


def test_nothing_is_owed_negatively_and_overdrafts_are_small(tables: Tables) -> None:
    balances = tables["account_balances"].merge(tables["accounts"][["account_no", "product"]])
    lowest = balances.groupby("product")["balance"].min()
    assert (lowest[OWED] >= 0).all()
    assert lowest["Checking Account"] >= -60_000
    assert (lowest[["Savings Account", "Investment Account", "Business Checking"]] >= 0).all()


@pytest.mark.parametrize("contract", load_contracts("sample"), ids=lambda contract: contract.name)
def test_contract_describes_what_is_generated(contract, tables: Tables) -> None:  # type: ignore[no-untyped-def]
    table = tables[contract.name]
    assert [column.header_name for column in contract.columns] == list(table.columns)
    assert not table.duplicated(list(contract.key)).any()
    for column in contract.columns:
        values = table[column.name].replace("", None)
        assert contract.is_nullable(column) or values.notna().all(), column.name
        if column.allowed is not None:
            assert set(values.dropna()) <= set(column.allowed), column.name


def test_every_table_has_a_contract_and_every_contract_a_table(tables: Tables) -> None:
    assert {contract.name for contract in load_contracts("sample")} == set(tables)


@pytest.mark.parametrize(
    ("table", "column", "parent", "key"),
    [
        ("customers", "district_no", "districts", "district_no"),
        ("accounts", "branch_district_no", "districts", "district_no"),
        ("account_holders", "account_no", "accounts", "account_no"),
        ("account_holders", "customer_no", "customers", "customer_no"),
        ("transactions", "account_no", "accounts", "account_no"),
        ("transactions", "merchant_no", "merchants", "merchant_no"),
        ("account_balances", "account_no", "accounts", "account_no"),
        ("loans", "loan_account_no", "accounts", "account_no"),
        ("loans", "settlement_account_no", "accounts", "account_no"),
        ("instalments", "loan_account_no", "loans", "loan_account_no"),
        ("loan_outcomes", "loan_account_no", "loans", "loan_account_no"),
        ("bureau", "customer_no", "customers", "customer_no"),
        ("crm_people", "customer_no", "customers", "customer_no"),
        ("crm_contacts", "crm_id", "crm_people", "crm_id"),
    ],
)
def test_every_reference_leads_somewhere(tables: Tables, table: str, column: str, parent: str, key: str) -> None:
    assert set(tables[table][column].dropna()) <= set(tables[parent][key])


def test_nothing_happens_before_the_account_opens_or_after_the_data_end(tables: Tables, config: SampleConfig) -> None:
    opened = tables["accounts"].set_index("account_no")["opened_on"]
    movements = tables["transactions"]
    day = movements["booked_at"].dt.normalize()
    assert (day >= movements["account_no"].map(opened)).all()
    assert day.min() == pd.Timestamp(config.start)
    assert day.max() == pd.Timestamp(config.until)
    balances = tables["account_balances"]
    assert (balances["balance_date"] >= balances["account_no"].map(opened)).all()
    since = tables["customers"].set_index("customer_no")["customer_since"]
    owners = tables["account_holders"].query("role == 'OWNER'").set_index("account_no")["customer_no"]
    assert (opened >= opened.index.to_series().map(owners).map(since)).all()
    reports = tables["bureau"]
    assert (reports["report_date"] >= reports["customer_no"].map(since)).all()
    assert (tables["instalments"]["paid_date"].dropna() <= pd.Timestamp(config.until)).all()


def test_every_own_transfer_has_its_other_side(tables: Tables) -> None:
    owners = tables["account_holders"].query("role == 'OWNER'").set_index("account_no")["customer_no"]
    moves = tables["transactions"].query("txn_code in ('OWN_IN', 'OWN_OUT')")
    moves = moves.assign(customer=moves["account_no"].map(owners), day=moves["booked_at"].dt.normalize())
    pairing = ["customer", "day", "booked_at", "amount"]
    out, into = (
        moves[moves["txn_code"] == code].sort_values(pairing).reset_index(drop=True) for code in ("OWN_OUT", "OWN_IN")
    )
    assert len(out) > 1_000
    pd.testing.assert_frame_equal(out[pairing], into[pairing])
    assert (out["account_no"] != into["account_no"]).all()
    assert (out["dr_cr"] == "D").all()
    assert (into["dr_cr"] == "C").all()
    paid_by_card = into["account_no"].isin(tables["accounts"].query("product in @CARDS")["account_no"])
    assert paid_by_card.any()


def test_what_a_business_takes_comes_from_others(tables: Tables) -> None:
    """A business lives on money from others; what its owner draws is an own transfer."""
    moves = tables["transactions"].merge(tables["accounts"][["account_no", "product"]], on="account_no")
    moves = moves[moves["product"] == "Business Checking"]
    assert set(moves.loc[moves["dr_cr"] == "C", "txn_code"]) == {"TRF_IN"}
    assert set(moves.loc[moves["dr_cr"] == "D", "txn_code"]) == {"TRF_OUT", "OWN_OUT"}


def test_enough_loans_end_well_and_badly_to_train_on(tables: Tables, config: SampleConfig) -> None:
    outcomes = tables["loan_outcomes"].merge(tables["loans"])
    bad = outcomes["status"] == "DEFAULT"
    assert bad.sum() >= 30
    assert (~bad).sum() >= 170
    assert 0.10 <= bad.mean() <= 0.18
    assert outcomes["granted_on"].max() < pd.Timestamp("2026-07-01")
    waiting = tables["loans"].query("granted_on >= '2026-07-01'")
    assert len(waiting) >= 40


def test_a_default_is_an_instalment_unpaid_for_more_than_thirty_days(tables: Tables, config: SampleConfig) -> None:
    instalments = tables["instalments"]
    overdue = pd.Timestamp(config.until) - pd.Timedelta(days=31)
    unpaid = instalments[instalments["paid_date"].isna() & (instalments["due_date"] <= overdue)]
    outcomes = tables["loan_outcomes"].set_index("loan_account_no")["status"]
    assert set(outcomes[outcomes == "DEFAULT"].index) == set(unpaid["loan_account_no"]) & set(outcomes.index)


def test_behaviour_before_the_loan_tells_who_will_default(tables: Tables) -> None:
    """Ranks, not a model: cash, gambling, lending apps and failed debits of the 91 days before the loan."""
    movements = tables["transactions"].merge(tables["merchants"], on="merchant_no", how="left")
    codes = ["CASH_WD", "DD_FAIL", "APPLOAN_IN"]
    signal = movements["txn_code"].isin(codes) | (movements["category"] == "Gambling")
    loans = tables["loan_outcomes"].merge(tables["loans"])
    seen = movements[signal].merge(loans, left_on="account_no", right_on="settlement_account_no")
    before = (seen["granted_on"] - seen["booked_at"].dt.normalize()).dt.days
    count = seen[before.between(1, 91)].groupby("loan_account_no").size()
    rank = loans["loan_account_no"].map(count).fillna(0).rank()
    bad = loans["status"] == "DEFAULT"
    auc = (rank[bad].sum() - bad.sum() * (bad.sum() + 1) / 2) / (bad.sum() * (~bad).sum())
    assert 0.70 <= auc <= 0.90


def test_cells_of_twenty_people_exist_for_the_dashboards(tables: Tables) -> None:
    people = tables["customers"]
    income = pd.cut(people["annual_income"], [0, 40_000, 75_000, 150_000, np.inf], right=False)
    age = (pd.Timestamp("2026-09-30") - people["birth_date"]).dt.days / 365.25
    group = pd.cut(age, [18, 25, 35, 45, 55, 65, 120], right=False)
    assert age.min() >= 18
    assert (people.groupby([people["segment"], group, income], observed=True).size() >= 20).sum() >= 4
    latest = tables["bureau"].sort_values("report_date").groupby("customer_no")["score"].last().astype(float)
    band = pd.cut(people["customer_no"].map(latest), [300, 580, 670, 740, 800, 851], right=False)
    assert (people.groupby([band, income, people["segment"]], observed=True).size() >= 20).sum() >= 4
    assert people["segment"].nunique() == 4


def test_crm_phones_are_unique_shared_or_unknown(tables: Tables) -> None:
    def digits(phone: pd.Series) -> pd.Series:
        return phone.str.replace(r"\D", "", regex=True).str[-10:]

    known = digits(tables["customers"]["phone"]).value_counts()
    anonymous = tables["crm_people"][tables["crm_people"]["customer_no"].isna()]
    holders = digits(anonymous["phone"]).map(known).fillna(0)
    assert (holders == 1).sum() >= 20
    assert (holders > 1).sum() >= 10
    assert (holders == 0).sum() >= 5


def test_transactions_have_hours_and_shares_as_described(tables: Tables) -> None:
    movements = tables["transactions"]
    assert movements["booked_at"].dt.hour.nunique() == 24
    assert 0.02 <= (movements["abroad"] == "Y").mean() <= 0.04
    assert 0.002 <= (movements["fraud"] == "Y").mean() <= 0.004
    assert set(movements["channel_code"]) == {"", "ATM", "BR", "WEB", "APP", "POS"}
    assert (movements.query("txn_code == 'DD_FAIL'")["status"] == "RETURNED").all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": 10},
        {"start": pd.Timestamp("2025-10-15").date()},
        {"until": pd.Timestamp("2025-12-31").date()},
    ],
)
def test_a_portfolio_that_would_mislead_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)) if "until" not in wrong else "months"):
        SampleConfig(**wrong)  # type: ignore[arg-type]
