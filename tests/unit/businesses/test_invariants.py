"""What holds in every set of businesses: keys, references, balances, tax numbers, and one truth behind all sources."""

import numpy as np
import pandas as pd
import pytest

from orchestration.ingestion.contract import load_contracts
from tests.unit.businesses.conftest import SOURCES, Tables
from tests.unit.businesses.views import SALES, booked, declared_to_received, fraudulent, latest, profiles, returns

KEYS = {f"{source}.{each.name}": list(each.key) for source in SOURCES for each in load_contracts(source)}
REFERENCES = [
    *((name, "business_id", "msme_bank.businesses", "business_id") for name in KEYS if name.split(".")[1] not in (
        "businesses", "transactions", "payments_due", "payments_made")),
    ("msme_bank.accounts", "owner_id", "msme_bank.owners", "owner_id"),
    ("msme_bank.transactions", "account_no", "msme_bank.accounts", "account_no"),
    ("msme_bank.loans", "loan_account_no", "msme_bank.accounts", "account_no"),
    ("msme_bank.loans", "settlement_account_no", "msme_bank.accounts", "account_no"),
    ("msme_bank.payments_due", "loan_account_no", "msme_bank.loans", "loan_account_no"),
    ("msme_bank.payments_made", "payment_id", "msme_bank.payments_due", "payment_id"),
    ("gst_network.gst_returns", "gstin", "msme_bank.businesses", "gstin"),
]  # fmt: skip
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def valid_gstin(text: str) -> bool:
    """The official check, written apart from the generator's."""
    factor, total = 2, 0
    for character in reversed(text[:14]):
        digit = factor * ALPHABET.index(character)
        factor = 3 - factor
        total += digit // 36 + digit % 36
    return len(text) == 15 and text[13] == "Z" and text[14] == ALPHABET[(36 - total % 36) % 36]


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_unique_and_whole(businesses: Tables, name: str) -> None:
    rows = businesses[name]
    assert len(rows)
    assert not rows[KEYS[name]].isna().any().any()
    assert not rows.duplicated(KEYS[name]).any()


@pytest.mark.parametrize(("name", "column", "other", "key"), REFERENCES)
def test_every_reference_leads_somewhere(businesses: Tables, name: str, column: str, other: str, key: str) -> None:
    assert businesses[name][column].dropna().isin(businesses[other][key]).all()


def test_the_check_is_the_official_one() -> None:
    assert valid_gstin("27AAPFU0939F1ZV")
    assert not valid_gstin("27AAPFU0939F1ZW")


def test_gstins_hold_state_and_pan_and_a_valid_check_character(businesses: Tables) -> None:
    rows = businesses["msme_bank.businesses"].drop_duplicates("business_id")
    codes = {"MH": "27", "DL": "07", "KA": "29", "TN": "33", "GJ": "24", "UP": "09", "WB": "19", "RJ": "08", "TG": "36",
             "AP": "37",
             "KL": "32", "MP": "23", "HR": "06", "PB": "03", "BR": "10", "OD": "21", "AS": "18"}  # fmt: skip
    assert (rows["gstin"].str[:2] == rows["state"].map(codes)).all()
    assert (rows["gstin"].str[2:12] == rows["pan"]).all()
    assert rows["pan"].str.fullmatch(r"[A-Z]{3}[PFC][A-Z]\d{4}[A-Z]").all()
    assert rows["gstin"].is_unique
    others = businesses["gst_network.gst_invoices"]["counterparty_gstin"].drop_duplicates()
    assert all(map(valid_gstin, pd.concat([rows["gstin"], others[others != "-"]])))


def test_owners_are_one_to_three_people_and_a_proprietor_has_the_number_of_the_business(businesses: Tables) -> None:
    owners, firms = businesses["msme_bank.owners"], businesses["msme_bank.businesses"].drop_duplicates("business_id")
    count = owners.groupby("business_id")["owner_id"].nunique()
    assert count.between(1, 3).all()
    assert (owners.groupby("business_id")["share_pct"].sum() == 10_000).all()
    assert owners["pan"].str.fullmatch(r"[A-Z]{3}P[A-Z]\d{4}[A-Z]").all()
    assert (owners["pan"].str[4] == owners["last_name"].str[0]).all()
    for column in ("owner_id", "pan", "phone"):
        assert owners[column].is_unique
    assert not owners["phone"].isin(firms["phone"]).any()
    both = owners.merge(firms, on="business_id", suffixes=("", "_firm"))
    alone = both["constitution"] == "PROPRIETORSHIP"
    assert ((both["pan"] == both["pan_firm"]) == alone).all()
    savings = businesses["msme_bank.accounts"].query("product_code == 'SAV'")
    assert sorted(savings["owner_id"]) == sorted(owners["owner_id"])


def test_balances_add_up_in_the_order_of_the_bookings(businesses: Tables) -> None:
    rows = businesses["msme_bank.transactions"].sort_values("txn_id")
    moved = rows["amount"].where(rows["dr_cr"] == "C", -rows["amount"]).where(rows["status"] == "BOOKED", 0)
    step = rows["balance_after"].groupby(rows["account_no"]).diff()
    assert (step.dropna() == moved[step.notna()]).all()
    assert (rows["booked_at"].groupby(rows["account_no"]).diff().dropna() >= pd.Timedelta(0)).all()


def test_no_balance_falls_below_what_the_product_allows(businesses: Tables) -> None:
    accounts = businesses["msme_bank.accounts"].drop_duplicates("account_no").set_index("account_no")
    lowest = businesses["msme_bank.transactions"].groupby("account_no")["balance_after"].min()
    limit = accounts["credit_limit"].fillna(0).reindex(lowest.index)
    assert (lowest >= -limit).all()
    assert (accounts["credit_limit"].notna() == (accounts["product_code"] == "OD")).all()


def test_bookings_lie_within_the_days_delivered_and_are_15_to_60_or_so_a_month(businesses: Tables) -> None:
    rows = businesses["msme_bank.transactions"]
    assert rows["booked_at"].between("2022-12-01", "2025-12-31 23:59:59").all()
    count = booked(businesses).groupby(["business_id", "period"]).size()
    assert count.between(15, 66).all()
    assert count.quantile(0.99) <= 60
    assert count.groupby("business_id").size().eq(37).all()


def test_returns_agree_with_each_other_and_with_the_invoices_to_the_rupee(businesses: Tables) -> None:
    columns = ["taxable_value", "zero_rated_value", "exempt_value", "output_tax"]
    index = ["business_id", "period"]
    first, second = (returns(businesses, each).set_index(index)[columns] for each in ("GSTR-1", "GSTR-3B"))
    pd.testing.assert_frame_equal(first, second)
    invoices = businesses["gst_network.gst_invoices"]
    invoices = invoices.assign(exported=invoices["taxable_value"].where(invoices["supply_type"] == "EXP", 0))
    out = invoices[invoices["direction"] == "OUTWARD"].groupby(index)[["taxable_value", "tax_amount", "exported"]].sum()
    out = out.reindex(first.index)
    assert (out["taxable_value"] - out["exported"] == first["taxable_value"]).all()
    assert (out["exported"] == first["zero_rated_value"]).all()
    assert (out["tax_amount"] == first["output_tax"]).all()


def test_honest_credit_is_backed_by_invoices_and_fraudulent_credit_is_not(businesses: Tables) -> None:
    index = ["business_id", "period"]
    invoices = businesses["gst_network.gst_invoices"].query("direction == 'INWARD'")
    claimed = returns(businesses).set_index(index)["input_tax_credit"]
    backed = invoices.groupby(index)["tax_amount"].sum().reindex(claimed.index)
    fraud = pd.MultiIndex.from_frame(businesses["truth.gst_fraud"][index].astype({"period": "datetime64[s]"}))
    is_fraud = claimed.index.isin(fraud)
    assert (claimed == backed)[~is_fraud].all()
    unbacked = (claimed - backed)[is_fraud]
    assert (unbacked > 0).mean() > 0.95
    assert (unbacked / claimed[is_fraud] > 0.05).mean() > 0.8


def test_output_tax_is_paid_by_credit_and_cash_and_no_credit_is_used_twice(businesses: Tables) -> None:
    rows = returns(businesses)
    assert (rows["tax_paid_credit"] + rows["tax_paid_cash"] == rows["output_tax"]).all()
    left = (rows["input_tax_credit"] - rows["tax_paid_credit"]).groupby(rows["business_id"]).cumsum()
    assert (left >= 0).all()
    # Cash is paid only when no credit is left.
    assert (left[rows["tax_paid_cash"] > 0] == 0).mean() > 0.97


def test_cash_tax_is_booked_on_the_day_of_filing(businesses: Tables) -> None:
    rows = returns(businesses).query("tax_paid_cash > 0")
    told = sorted(zip(rows["business_id"], rows["filed_on"].dt.date, rows["tax_paid_cash"], strict=True))
    tax = booked(businesses).query("txn_code == 'TAX'")
    assert sorted(zip(tax["business_id"], tax["booked_at"].dt.date, tax["amount"], strict=True)) == told


def test_three_months_of_honest_returns_agree_with_the_bank(businesses: Tables) -> None:
    ratio = declared_to_received(businesses)
    honest = ratio[~ratio.index.isin(fraudulent(businesses))]
    assert ((honest >= 1 / 1.4) & (honest <= 1.4)).all().all()
    assert ((honest >= 0.8) & (honest <= 1.25)).mean().mean() > 0.998


def test_invoices_are_shown_when_their_return_is(businesses: Tables) -> None:
    rows = businesses["gst_network.gst_invoices"]
    out = rows[rows["direction"] == "OUTWARD"]
    filed = returns(businesses, "GSTR-1")[["business_id", "period", "filed_on"]]
    assert (out.merge(filed).eval("reported_on == filed_on")).all()
    inward = rows[rows["direction"] == "INWARD"]
    assert (inward["reported_on"] == inward["period"] + pd.offsets.MonthBegin(1) + pd.Timedelta(days=13)).all()
    assert (rows["invoice_date"].dt.to_period("M") == rows["period"].dt.to_period("M")).all()
    consumers = rows[rows["supply_type"] == "B2C"]
    assert not consumers.duplicated(["business_id", "period"]).any()
    assert consumers["counterparty_gstin"].eq("-").all()
    assert rows["invoice_no"].str.len().le(16).all()


def test_every_real_sale_to_a_firm_is_received_with_its_tax_and_no_fake_one(businesses: Tables) -> None:
    invoices = businesses["gst_network.gst_invoices"].query("direction == 'OUTWARD' and supply_type == 'B2B'")
    shells = set(businesses["truth.shells"]["shell_gstin"])
    is_fake = invoices["counterparty_gstin"].isin(shells)
    bank = booked(businesses)
    assert not bank["counterparty_gstin"].isin(shells).any()
    pairs = ["business_id", "counterparty_gstin", "gross"]
    real = invoices[~is_fake].assign(gross=invoices["taxable_value"] + invoices["tax_amount"])
    real = real.sort_values("invoice_date")
    real = real.assign(nth=real.groupby(pairs).cumcount())
    paid = bank[bank["txn_code"] == "SALE_B2B"].rename(columns={"amount": "gross"})
    paid = paid[paid["booked_at"] < "2026-01-01"].sort_values("booked_at")
    paid = paid.assign(nth=paid.groupby(pairs).cumcount())
    both = real.merge(paid[[*pairs, "nth", "booked_at"]], on=[*pairs, "nth"], how="left")
    assert both["booked_at"].isna().sum() == 0
    waited = (both["booked_at"].dt.normalize() - both["invoice_date"]).dt.days
    # An invoice of the month before the first, not shown, may by chance have had the same customer and amount.
    assert (~waited.between(0, 30)).sum() <= 3
    usual = waited[~both["business_id"].map(profiles(businesses)).eq("high_seasonality")]
    assert 7.5 <= usual.mean() <= 10.5
    assert (usual <= 20).mean() > 0.95


def test_fake_purchases_are_never_paid_and_real_ones_within_40_days(businesses: Tables) -> None:
    paid = booked(businesses).query("txn_code == 'SUPPLIER'")
    invoices = businesses["gst_network.gst_invoices"].query("direction == 'INWARD' and period < '2025-10-01'")
    shells = businesses["truth.shells"]["shell_gstin"]
    invoices = invoices[~invoices["counterparty_gstin"].isin(shells)]
    pairs = ["business_id", "counterparty_gstin", "amount"]
    bought = invoices.assign(amount=invoices["taxable_value"] + invoices["tax_amount"])
    both = bought[pairs].drop_duplicates().merge(paid[pairs].drop_duplicates(), how="left", indicator=True)
    assert (both["_merge"] == "both").all()


def test_own_transfers_drawings_and_trade_within_the_set_have_two_equal_sides(businesses: Tables) -> None:
    rows = businesses["msme_bank.transactions"]
    inside = rows[rows["counterparty_account_no"].isin(rows["account_no"])]
    debit, credit = inside[inside["dr_cr"] == "D"], inside[inside["dr_cr"] == "C"]
    key = ["booked_at", "amount", "account_no", "counterparty_account_no"]
    there = credit.rename(columns={"account_no": "counterparty_account_no", "counterparty_account_no": "account_no"})
    both = debit.merge(there, on=key, how="outer", indicator=True, suffixes=("", "_in"))
    assert (both["_merge"] == "both").all()
    pairs = set(zip(both["txn_code"], both["txn_code_in"], strict=True))
    assert pairs <= {("OWN_OUT", "OWN_IN"), ("DRAWINGS", "DRAWINGS"), ("SUPPLIER", "SALE_B2B")}
    for code in ("OWN_OUT", "OWN_IN", "DRAWINGS"):
        assert rows[rows["txn_code"] == code]["txn_id"].isin(inside["txn_id"]).all()


def test_instalments_paid_are_booked_and_failed_ones_are_paid_later(businesses: Tables) -> None:
    loans = businesses["msme_bank.loans"].set_index("loan_account_no")
    made = businesses["msme_bank.payments_made"].query("paid_date >= '2022-12-01'")
    account = made["loan_account_no"].map(loans["settlement_account_no"])
    told = sorted(zip(account, made["paid_date"].dt.date, made["amount_paid"], strict=True))
    bank = businesses["msme_bank.transactions"]
    emi = bank[bank["txn_code"] == "EMI"]
    assert sorted(zip(emi["account_no"], emi["booked_at"].dt.date, emi["amount"], strict=True)) == told
    due = businesses["msme_bank.payments_due"].merge(businesses["msme_bank.payments_made"], how="left")
    late = due[(due["due_date"] >= "2022-12-01") & (due["due_date"] <= "2025-12-31")]
    late = late[late["paid_date"].isna() | (late["paid_date"] > late["due_date"])]
    failed = bank[bank["txn_code"] == "DD_FAIL"]
    assert len(failed) == len(late)
    assert failed["status"].eq("FAILED").all()
    assert (bank["status"] == "FAILED").sum() == len(failed)
    new = loans[loans["granted_on"] >= "2022-12-01"]
    paid_out = bank[bank["txn_code"] == "LOAN_OUT"]
    assert sorted(zip(paid_out["account_no"], paid_out["amount"], strict=True)) == sorted(
        zip(new["settlement_account_no"], new["principal"], strict=True)
    )


def test_payments_into_funds_premiums_and_settled_orders_are_booked(businesses: Tables) -> None:
    bank = booked(businesses).groupby(["business_id", "txn_code"])["amount"].sum().unstack().fillna(0)
    funds = latest(businesses, "open_networks.mutual_funds", "portfolio_id", "statement_date")
    assert (funds.groupby("business_id")["invested_amount"].sum() == bank["FUND_SIP"]).all()
    policies = latest(businesses, "open_networks.policies", "policy_no")
    paid = bank["INSURANCE"].reindex(bank.index)
    assert (paid <= policies.groupby("business_id")["annual_premium"].sum() * 5).all()
    assert (paid > 0).mean() > 0.9
    orders = latest(businesses, "open_networks.ondc_orders", "order_id")
    delivered = orders[orders["status"] == "DELIVERED"].groupby("business_id")["order_value"].sum()
    assert (delivered == bank["SALE_ONDC"].reindex(delivered.index)).all()


def test_a_loan_granted_in_these_years_was_asked_for(businesses: Tables) -> None:
    loans = businesses["msme_bank.loans"].query("granted_on >= '2023-01-01'")
    approved = latest(businesses, "open_networks.ocen_applications", "application_id").query("status == 'APPROVED'")
    asked = loans.merge(
        approved, left_on=["business_id", "principal"], right_on=["business_id", "approved_amount"], how="left"
    )
    assert asked["application_id"].notna().mean() > 0.95
    assert (asked["updated_on"] < asked["granted_on"])[asked["application_id"].notna()].all()


def test_refunds_are_few(businesses: Tables) -> None:
    bank = booked(businesses).groupby(["business_id", "txn_code"])["amount"].sum().unstack().fillna(0)
    sold = bank[[code for code in SALES if code in bank]].sum(axis=1)
    assert (bank["REFUND_OUT"] / sold < 0.02).all()
    assert np.all(bank["REFUND_IN"] / sold < 0.02)


def test_consumers_pay_in_the_month_what_is_declared_and_orders_are_a_part_of_it(businesses: Tables) -> None:
    index = ["business_id", "period"]
    sold = businesses["gst_network.gst_invoices"].query("supply_type == 'B2C'").set_index(index)
    bank = booked(businesses)
    direct = bank[bank["txn_code"].isin(["SALE_RETAIL", "CASH_DEP"])].groupby(index)["amount"].sum()
    orders = latest(businesses, "open_networks.ondc_orders", "order_id").query("status == 'DELIVERED'")
    orders = orders.assign(period=orders["ordered_at"].dt.to_period("M").dt.to_timestamp())
    ordered = orders.groupby(index)["order_value"].sum().reindex(sold.index, fill_value=0)
    assert (sold["taxable_value"] + sold["tax_amount"] == direct.reindex(sold.index) + ordered).all()
