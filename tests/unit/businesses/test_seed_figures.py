"""Every figure of the seed document (``004``), on the delivered tables of the default ten."""

import numpy as np
import pandas as pd
import pytest

from tests.unit.businesses.conftest import Tables
from tests.unit.businesses.views import booked, declared_to_received, latest, profiles, receipts, returns, turnover

PROFILES = {
    "CUST_MSM_00001": "baseline",
    "CUST_MSM_00002": "high_seasonality",
    "CUST_MSM_00003": "high_debt",
    "CUST_MSM_00004": "high_growth",
    "CUST_MSM_00005": "stable_income",
    "CUST_MSM_00006": "fraud",
    "CUST_MSM_00007": "declining",
    "CUST_MSM_00008": "customer_concentration",
    "CUST_MSM_00009": "high_growth",
    "CUST_MSM_00010": "high_seasonality",
}
OTHERS = ("baseline", "high_seasonality", "high_debt", "customer_concentration")
FUNDS = {
    "high_growth": (3, 6, 0.15, 0.45),
    "stable_income": (3, 6, 0.15, 0.45),
    "declining": (1, 3, -0.10, 0.05),
    "fraud": (4, 7, -0.20, -0.05),
    **dict.fromkeys(OTHERS, (2, 4, 0.05, 0.20)),
}
POLICIES = {
    "high_growth": (3, 5, 1_000_000, 5_000_000),
    "declining": (1, 2, 200_000, 800_000),
    "fraud": (3, 5, 3_000_000, 10_000_000),
    **dict.fromkeys((*OTHERS, "stable_income"), (1, 3, 500_000, 2_000_000)),
}
APPLICATIONS = {
    "high_debt": (5, 10, 0.4),
    "declining": (3, 6, 0.3),
    "fraud": (4, 8, 0.2),
    "high_growth": (2, 5, 0.8),
    **dict.fromkeys(("baseline", "high_seasonality", "customer_concentration", "stable_income"), (1, 4, 0.6)),
}
ORDERS = {
    "high_growth": (20, 40),
    "declining": (5, 15),
    "fraud": (15, 30),
    **dict.fromkeys((*OTHERS, "stable_income"), (10, 25)),
}


def test_the_ten_have_the_profiles_of_the_seed_document(ten: Tables) -> None:
    assert profiles(ten).to_dict() == PROFILES
    assert set(ten["msme_bank.businesses"]["business_id"]) == set(PROFILES)


@pytest.mark.parametrize("return_type", ["GSTR-1", "GSTR-3B"])
def test_every_business_filed_36_monthly_returns_of_each_type(ten: Tables, return_type: str) -> None:
    rows = returns(ten, return_type)
    expected = list(pd.date_range("2022-12-01", "2025-11-01", freq="MS"))
    assert all(list(each) == expected for _, each in rows.groupby("business_id")["period"])
    assert rows["business_id"].nunique() == 10


def test_growing_turnover_goes_from_30_to_300_percent_month_by_month(ten: Tables) -> None:
    base = ten["truth.businesses"].set_index("business_id")["base_turnover"].astype(float) * 100
    for business in ("CUST_MSM_00004", "CUST_MSM_00009"):
        share = turnover(ten).loc[business].to_numpy() / base[business]
        curve = 0.3 * 10 ** (np.arange(36) / 35)
        assert np.abs(share / curve - 1).max() <= 0.05
    assert 90_000_00 <= turnover(ten).loc["CUST_MSM_00004"].iloc[0] <= 100_000_00  # the seed's example: 94,993


def test_declining_turnover_goes_from_150_to_20_percent(ten: Tables) -> None:
    base = float(ten["truth.businesses"].set_index("business_id")["base_turnover"]["CUST_MSM_00007"]) * 100
    share = turnover(ten).loc["CUST_MSM_00007"].to_numpy() / base
    curve = 1.5 * (0.2 / 1.5) ** (np.arange(36) / 35)
    assert np.abs(share / curve - 1).max() <= 0.05
    # The seed's example: 1,061,939 in the first month.
    assert turnover(ten).loc["CUST_MSM_00007"].iloc[0] == pytest.approx(1_061_939_00, rel=0.05)


@pytest.mark.parametrize("business", ["CUST_MSM_00002", "CUST_MSM_00010"])
def test_festival_months_sell_three_to_five_times_as_much(ten: Tables, business: str) -> None:
    sold = turnover(ten).loc[business]
    is_peak = sold.index.month.isin([10, 11, 12])
    usual = sold[~is_peak].mean()
    assert (sold[is_peak] / usual).between(3, 5).all()
    assert (sold[~is_peak] / usual).between(0.6, 1.4).all()


def test_stable_turnover_stays_within_five_percent(ten: Tables) -> None:
    sold = turnover(ten).loc["CUST_MSM_00005"]
    assert np.abs(sold / sold.mean() - 1).max() <= 0.05


def test_turnover_of_the_other_profiles_varies_by_about_15_percent(ten: Tables) -> None:
    for business in ("CUST_MSM_00001", "CUST_MSM_00003", "CUST_MSM_00008"):
        sold = turnover(ten).loc[business]
        assert 0.09 <= sold.std() / sold.mean() <= 0.22


def test_fraud_declares_one_and_a_half_to_two_and_a_half_times_the_true_turnover(ten: Tables) -> None:
    fraud = ten["truth.gst_fraud"].set_index("period")["inflation_factor"]
    assert list(fraud.index.astype("datetime64[s]")) == list(pd.date_range("2023-05-01", "2025-11-01", freq="MS"))
    assert len(fraud) == 31  # of 36, as in the seed document
    assert fraud.between(1.5, 2.5).all()
    true = ten["truth.turnover"].query("business_id == 'CUST_MSM_00006'").set_index("period")["true_turnover"]
    declared = turnover(ten).loc["CUST_MSM_00006"]
    factor = declared / (true.astype(float) * 100).set_axis(pd.DatetimeIndex(true.index)).reindex(declared.index)
    assert factor[:5].round(6).eq(1).all()
    assert np.allclose(factor[5:], fraud, atol=1e-3)


def test_the_bank_shows_what_fraud_declared_too_much(ten: Tables) -> None:
    ratio = declared_to_received(ten).loc["CUST_MSM_00006"]
    assert ratio[:3].between(0.8, 1.25).all()  # before it begins
    assert (ratio[5:] > 1.4).all()  # three months of fraud
    assert (ratio[5:] < 2.8).all()


def test_fraud_claims_over_95_percent_of_output_tax_and_nobody_else_does(ten: Tables) -> None:
    rows = returns(ten)
    ratio = (rows["input_tax_credit"] / rows["output_tax"]).set_axis(
        pd.MultiIndex.from_frame(rows[["business_id", "period"]])
    )
    affected = ratio["CUST_MSM_00006"][5:]
    assert affected.between(0.95, 1.06, inclusive="neither").all()
    honest = ratio.drop(index=[("CUST_MSM_00006", period) for period in affected.index])
    assert honest.between(0.55, 0.85).all()


def test_about_a_third_of_the_fraudulent_returns_are_filed_more_than_30_days_late(ten: Tables) -> None:
    rows = returns(ten).query("business_id == 'CUST_MSM_00006'")
    days = (rows["filed_on"] - rows["due_date"]).dt.days
    assert 8 <= (days > 30).sum() <= 13
    assert days[days > 30].between(31, 75).all()
    assert rows["filed_on"].max() <= pd.Timestamp("2025-12-31")


def test_honest_returns_are_rarely_late(ten: Tables) -> None:
    rows = ten["gst_network.gst_returns"].query("business_id != 'CUST_MSM_00006'")
    days = (rows["filed_on"] - rows["due_date"]).dt.days
    assert days.between(-6, 45).all()
    assert (days > 8).mean() <= 0.06
    due = rows["due_date"] - rows["period"].apply(lambda first: first + pd.offsets.MonthBegin(1))
    assert set(due.dt.days[rows["return_type"] == "GSTR-1"]) == {10}
    assert set(due.dt.days[rows["return_type"] == "GSTR-3B"]) == {19}


def test_fund_portfolios_and_their_returns_are_the_profiles(ten: Tables) -> None:
    last = latest(ten, "open_networks.mutual_funds", "portfolio_id", "statement_date")
    for business, profile in PROFILES.items():
        funds = last[last["business_id"] == business]
        low, high, worst, best = FUNDS[profile]
        assert low <= len(funds) <= high
        assert (funds["current_value"] / funds["invested_amount"] - 1).between(worst, best).all()


def test_policies_and_sums_insured_are_the_profiles(ten: Tables) -> None:
    last = latest(ten, "open_networks.policies", "policy_no")
    for business, profile in PROFILES.items():
        policies = last[last["business_id"] == business]
        low, high, least, most = POLICIES[profile]
        assert low <= len(policies) <= high
        assert policies["coverage_amount"].between(least * 100, most * 100).all()
    assert (last[last["business_id"] == "CUST_MSM_00006"]["status"] == "LAPSED").any()


def test_applications_and_the_share_approved_are_the_profiles(ten: Tables) -> None:
    last = latest(ten, "open_networks.ocen_applications", "application_id")
    assert last["status"].isin(["APPROVED", "REJECTED"]).all()
    for business, profile in PROFILES.items():
        asked = last[last["business_id"] == business]
        low, high, share = APPLICATIONS[profile]
        assert low <= len(asked) <= high
        assert (asked["status"] == "APPROVED").sum() == int(share * len(asked) + 0.5 + 1e-9)
    approved = last["status"] == "APPROVED"
    assert (last["approved_amount"].notna() == approved).all()
    assert (last["approved_amount"] <= last["requested_amount"])[approved].all()


def test_orders_are_the_profiles(ten: Tables) -> None:
    last = latest(ten, "open_networks.ondc_orders", "order_id")
    for business, profile in PROFILES.items():
        low, high = ORDERS[profile]
        assert low <= (last["business_id"] == business).sum() <= high


def test_no_business_has_a_zero_count(ten: Tables) -> None:
    for name, rows in ten.items():
        if not name.startswith("truth.") and "business_id" in rows and "loan" not in name:
            assert rows["business_id"].nunique() == 10, name


def test_an_indebted_business_pays_about_35_percent_of_its_receipts_in_instalments(ten: Tables) -> None:
    loans = ten["msme_bank.loans"].query("business_id == 'CUST_MSM_00003'")
    assert 2 <= len(loans) <= 4
    rows = booked(ten).query("business_id == 'CUST_MSM_00003' and period < '2025-12-01'")
    paid = rows[rows["txn_code"] == "EMI"]["amount"].sum()
    received = receipts(ten, pd.Index(sorted(rows["period"].unique()))).loc["CUST_MSM_00003"].sum()
    assert 0.30 <= paid / received <= 0.40


def test_one_customer_takes_60_to_70_percent_of_concentrated_sales_to_firms(ten: Tables) -> None:
    rows = ten["gst_network.gst_invoices"].query("direction == 'OUTWARD' and supply_type == 'B2B'")
    value = rows.groupby(["business_id", "counterparty_gstin"])["taxable_value"].sum()
    share = (value / value.groupby("business_id").transform("sum")).groupby("business_id").max()
    assert 0.60 <= share["CUST_MSM_00008"] <= 0.70
    assert (share.drop(["CUST_MSM_00008", "CUST_MSM_00006"]) < 0.4).all()
    monthly = (
        rows[rows["business_id"] == "CUST_MSM_00008"].groupby(["period", "counterparty_gstin"])["taxable_value"].sum()
    )
    assert (monthly.groupby("period").max() / monthly.groupby("period").sum()).between(0.59, 0.71).all()


def test_firms_bought_from_are_a_stable_set_of_8_to_15_customers(ten: Tables) -> None:
    rows = ten["gst_network.gst_invoices"].query("direction == 'OUTWARD' and supply_type == 'B2B'")
    customers = rows.groupby("business_id")["counterparty_gstin"].nunique()
    assert customers.drop("CUST_MSM_00006").between(8, 15).all()
    assert 11 <= customers["CUST_MSM_00006"] <= 19  # and three or four shells
    assert len(ten["truth.shells"]) in (3, 4)
