"""What only larger sets have: shares of profiles, moves, exporters, trade within the set, rings."""

import numpy as np
import pandas as pd

from ml.synthetic.businesses import FIGURES, PROFILES
from tests.unit.businesses.conftest import Tables
from tests.unit.businesses.views import booked, fraudulent, latest, profiles, returns, turnover


def test_further_businesses_have_all_profiles_and_the_counts_of_theirs(many: Tables) -> None:
    last = profiles(many)
    assert set(last) == set(PROFILES)
    assert list(last.index[[10, -1]]) == ["CUST_MSM_00011", "CUST_MSM_00620"]
    for table, key, name in (
        ("mutual_funds", "portfolio_id", "funds"),
        ("policies", "policy_no", "policies"),
        ("ocen_applications", "application_id", "applications"),
        ("ondc_orders", "order_id", "orders"),
    ):
        count = many[f"open_networks.{table}"].groupby("business_id")[key].nunique().reindex(last.index, fill_value=0)
        low, high = (
            last.map({PROFILES[each]: getattr(FIGURES[each], name)[end] for each in FIGURES}) for end in (0, 1)
        )
        assert (count >= low).all(), table
        assert (count <= high).all(), table
        assert (count > 0).all(), table


def test_fraudulent_businesses_have_a_policy_that_lapsed(many: Tables) -> None:
    lapsed = latest(many, "open_networks.policies", "policy_no").query("status == 'LAPSED'")
    assert fraudulent(many) <= set(lapsed["business_id"])


def test_about_15_percent_move_once_between_the_sixth_and_the_twelfth_month(many: Tables) -> None:
    rows = many["truth.profile_assignments"]
    moved = rows[rows["valid_to"].notna()]
    assert 0.11 <= len(moved) / 610 <= 0.19
    assert moved["business_id"].is_unique
    later = rows[rows["valid_from"] > "2022-12-01"]
    assert later["valid_from"].between("2023-06-01", "2023-12-01").all()
    both = moved.merge(later, on="business_id", suffixes=("", "_new"))
    assert (both["profile"] != both["profile_new"]).all()
    assert (both["valid_to"] + pd.Timedelta(days=1) == both["valid_from_new"]).all()


def test_growth_and_decline_show_in_the_last_24_months_also_after_a_move(many: Tables) -> None:
    last, sold = profiles(many), turnover(many).iloc[:, -24:]
    slope = pd.Series(np.polyfit(np.arange(24), np.log(sold.to_numpy()).T, 1)[0], sold.index)
    assert slope[last == "high_growth"].between(0.06, 0.072).all()
    assert slope[last == "declining"].between(-0.064, -0.051).all()
    assert slope[last == "stable_income"].abs().max() < 0.003
    seasonal = sold[last == "high_seasonality"]
    is_peak = sold.columns.month.isin([10, 11, 12])
    assert (seasonal.loc[:, is_peak].min(axis=1) / seasonal.loc[:, ~is_peak].mean(axis=1) > 3).all()


def test_exporters_are_few_zero_rated_and_get_credit_back(many: Tables) -> None:
    exporters = many["truth.businesses"].query("is_exporter")["business_id"]
    assert 5 <= len(exporters) <= 40
    rows = returns(many)
    assert (rows["zero_rated_value"] > 0).eq(rows["business_id"].isin(exporters)).all()
    bank = booked(many)
    assert set(bank[bank["txn_code"] == "SALE_EXPORT"]["business_id"]) == set(exporters)
    assert set(bank[bank["txn_code"] == "TAX_REFUND"]["business_id"]) == set(exporters)
    exported = many["gst_network.gst_invoices"].query("supply_type == 'EXP'")
    assert (exported["tax_amount"] == 0).all()
    assert exported["counterparty_gstin"].eq("-").all()


def test_trade_within_the_set_has_one_invoice_with_two_sides(many: Tables) -> None:
    rows = many["gst_network.gst_invoices"]
    firms = many["msme_bank.businesses"].drop_duplicates("business_id").set_index("gstin")["business_id"]
    inside = rows[rows["counterparty_gstin"].isin(firms.index)].assign(other=rows["counterparty_gstin"].map(firms))
    out, inward = inside[inside["direction"] == "OUTWARD"], inside[inside["direction"] == "INWARD"]
    same = ["invoice_no", "invoice_date", "taxable_value", "tax_amount"]
    both = out.merge(
        inward,
        left_on=["business_id", "other", *same],
        right_on=["other", "business_id", *same],
        how="outer",
        indicator=True,
    )
    assert (both["_merge"] == "both").all()
    assert len(out) > 500
    honest = ~out["business_id"].isin(fraudulent(many))
    edges = set(zip(out[honest]["business_id"], out[honest]["other"], strict=True))
    assert not any((buyer, seller) in edges for seller, buyer in edges)


def test_rings_of_three_invoice_in_a_circle_and_send_the_money_round_within_days(many: Tables) -> None:
    rings = many["truth.rings"]
    assert len(rings) >= 6
    assert rings.groupby("ring_id").size().eq(3).all()
    assert set(rings["business_id"]) <= fraudulent(many)
    gstin = many["msme_bank.businesses"].drop_duplicates("business_id").set_index("business_id")["gstin"]
    out = many["gst_network.gst_invoices"].query("direction == 'OUTWARD'")
    edges = rings.assign(counterparty_gstin=rings["buyer_id"].map(gstin))
    invoices = edges.merge(out, on=["business_id", "counterparty_gstin"])
    amounts = invoices.groupby(["ring_id", "period"])["taxable_value"].agg(["min", "max", "size"])
    assert (amounts["size"] == 3).all()
    assert (amounts["max"] / amounts["min"] < 1.03).all()
    paid = edges.merge(booked(many).query("txn_code == 'SALE_B2B'"), on=["business_id", "counterparty_gstin"])
    assert len(paid) == len(invoices) + 3 * rings["ring_id"].nunique()  # those of December 2025 are not declared yet
    days = paid.groupby(["ring_id", "period"])["booked_at"].agg(lambda at: (at.max() - at.min()).days)
    assert (days[days < 20] <= 3).all()
    assert (days < 20).mean() > 0.85  # a circle may begin in one month and end in the next


def test_fraud_among_further_businesses_is_what_the_truth_says(many: Tables) -> None:
    last = profiles(many)
    assert set(last[last == "fraud"].index) == fraudulent(many)
    rows = many["truth.gst_fraud"]
    assert rows["inflation_factor"].between(1.5, 2.5).all()
    kinds = set("|".join(rows["kinds"]).split("|"))
    assert kinds == {"INFLATED_TURNOVER", "UNBACKED_CREDIT", "SHELL_CREDIT", "LATE_FILING", "CIRCULAR_TRADE"}
    true = many["truth.turnover"].set_index(["business_id", "period"])["true_turnover"]
    declared = turnover(many).stack()
    factor = (declared / true.reindex(declared.index)).round(4)
    affected = factor.index.isin(pd.MultiIndex.from_frame(rows[["business_id", "period"]]))
    assert (factor[~affected] == 1).all()
    assert factor[affected].between(1.5, 2.5).all()
