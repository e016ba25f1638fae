"""The scenario pack and the boundary cases hold together, and the reference agrees with what was written by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.msme_scenarios import reference
from tests.msme_scenarios.boundaries import CASES, BoundaryPack, build_boundaries, write_boundaries
from tests.msme_scenarios.frauds import FRAUDS
from tests.msme_scenarios.innocents import INNOCENTS
from tests.msme_scenarios.landing import Frames, contracts, read_landing, write_landing
from tests.msme_scenarios.pack import Pack, build_pack
from tests.msme_scenarios.stage import KINDS

LAST_DAY = pd.Timestamp("2025-12-31")
NULLABLE = pd.BooleanDtype()


@pytest.fixture(scope="module")
def pack() -> Pack:
    return build_pack()


@pytest.fixture(scope="module")
def boundaries() -> BoundaryPack:
    return build_boundaries()


@pytest.fixture(scope="module", params=["pack", "boundaries"])
def frames(request: pytest.FixtureRequest) -> Frames:
    found: Frames = request.getfixturevalue(request.param).frames
    return found


@pytest.fixture(scope="module")
def found(pack: Pack) -> pd.DataFrame:
    return reference.indicators(pack.frames).merge(pack.truth, on="business_id")


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Text, floats and time stamps of pandas, for arithmetic that need not be exact to the paisa."""
    out = {}
    for name in frame.columns:
        kind = str(frame[name].dtype)
        if "decimal" in kind:
            out[name] = frame[name].astype(float)
        elif "date" in kind or "timestamp" in kind:
            out[name] = pd.to_datetime(frame[name].astype(object))
        else:
            out[name] = frame[name].astype(object)
    return pd.DataFrame(out)


# -- the files


def test_files_read_back_by_the_contracts_without_a_reject(frames: Frames, tmp_path: Path) -> None:
    written = write_landing(frames, tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in written) == sorted(
        f"{contract.source}/{contract.name}_2025-12-31.{contract.format.type}" for contract in contracts().values()
    )
    for name, frame in read_landing(tmp_path).items():
        pd.testing.assert_frame_equal(frame, frames[name], obj=name)


def test_keys_are_unique_and_not_null(frames: Frames) -> None:
    for name, contract in contracts().items():
        key = frames[name][list(contract.key)]
        assert not key.isna().any().any(), name
        assert not key.duplicated().any(), name


def test_every_account_business_and_loan_named_is_there(frames: Frames) -> None:
    businesses = set(frames["msme_bank.businesses"]["business_id"])
    for name, frame in frames.items():
        if "business_id" in frame.columns:
            assert set(frame["business_id"]) <= businesses, name
    accounts = frames["msme_bank.accounts"]
    assert set(frames["msme_bank.transactions"]["account_no"]) <= set(accounts["account_no"])
    assert set(frames["msme_bank.loans"]["loan_account_no"]) <= set(accounts["account_no"])
    assert set(frames["msme_bank.payments_made"]["payment_id"]) <= set(frames["msme_bank.payments_due"]["payment_id"])
    owners = frames["msme_bank.owners"]
    assert set(accounts["owner_id"].dropna()) <= set(owners["owner_id"])
    assert set(owners["business_id"]) == businesses


def test_nothing_is_known_before_it_happens_or_after_the_last_day(frames: Frames) -> None:
    returns, invoices = frames["gst_network.gst_returns"], frames["gst_network.gst_invoices"]
    assert pd.to_datetime(returns["filed_on"]).max() <= LAST_DAY
    assert pd.to_datetime(invoices["reported_on"]).max() <= LAST_DAY
    assert (pd.to_datetime(invoices["reported_on"]) > pd.to_datetime(invoices["invoice_date"])).all()
    booked = pd.to_datetime(frames["msme_bank.transactions"]["booked_at"])
    assert booked.max().normalize() == LAST_DAY
    accounts = frames["msme_bank.accounts"].set_index("account_no")["opened_on"]
    opened = pd.to_datetime(frames["msme_bank.transactions"]["account_no"].map(accounts).astype(object))
    assert (booked >= opened).all()


def test_balances_add_up(frames: Frames) -> None:
    booked = frames["msme_bank.transactions"].sort_values(["account_no", "txn_id"])
    assert booked["booked_at"].groupby(booked["account_no"]).is_monotonic_increasing.all()
    paise = reference._paise(booked["amount"])
    moved = paise.where((booked["dr_cr"] == "C").astype(bool), -paise)
    moved = moved.where((booked["status"] == "BOOKED").astype(bool), 0)
    balance = reference._paise(booked["balance_after"])
    before = balance.groupby(booked["account_no"]).shift()
    assert (balance - before == moved)[before.notna()].all()


def test_accounts_stay_within_their_limits(frames: Frames) -> None:
    booked = plain(frames["msme_bank.transactions"])
    accounts = plain(frames["msme_bank.accounts"])
    lowest = accounts.set_index("account_no").join(booked.groupby("account_no")["balance_after"].min(), how="inner")
    assert (lowest["balance_after"] >= -lowest["credit_limit"].fillna(0.0)).all()


def test_numbers_of_identity_are_well_formed_and_of_one_business_each(frames: Frames) -> None:
    businesses = frames["msme_bank.businesses"]
    assert businesses["gstin"].str.fullmatch(r"\d{2}[A-Z]{5}\d{4}[A-Z]1Z[0-9A-Z]").all()
    assert not businesses["gstin"].duplicated().any()
    assert not businesses["pan"].duplicated().any()
    people = frames["msme_bank.owners"].drop_duplicates("owner_id")
    assert not people["pan"].duplicated().any()


def test_check_character_of_a_known_number() -> None:
    from tests.msme_scenarios.books import gstin

    assert gstin("27", "AAPFU0939F") == "27AAPFU0939F1ZV"


# -- the reference, against expectations written by hand


def test_reference_gives_what_was_written_by_hand(boundaries: BoundaryPack) -> None:
    columns = ["itc_ratio_high", "late_filing", "turnover_mismatch", "mismatch_direction"]
    seen = reference.indicators(boundaries.frames).set_index(["business_id", "period"])[columns]
    expected = boundaries.expected.set_index(["business_id", "period"])
    assert list(seen.index) == list(expected.index)
    wrong = [
        (row["case"], str(key[1]), name, expected.at[key, name], seen.at[key, name])
        for key, row in expected.iterrows()
        for name in columns
        if repr(_none(expected.at[key, name])) != repr(_none(seen.at[key, name]))
    ]
    assert wrong == []


def test_verdict_gives_what_was_written_by_hand(boundaries: BoundaryPack) -> None:
    seen = reference.severity(reference.indicators(boundaries.frames))
    expected = boundaries.expected_severity
    assert [[_none(value) for value in row] for row in seen.itertuples(index=False)] == [
        [_none(value) for value in row] for row in expected.drop(columns="case").itertuples(index=False)
    ]


def test_hand_written_totals_agree_with_hand_written_letters() -> None:
    for case in CASES:
        rows = [[letter in "TAB" for letter in row] for row in zip(case.itc, case.late, case.mismatch, strict=True)]
        assert (sum(map(sum, rows)), sum(map(any, rows))) == (case.total, case.affected), case.name


def test_case_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_reference_does_not_care_about_files_or_order_of_rows(boundaries: BoundaryPack, tmp_path: Path) -> None:
    write_boundaries(tmp_path)
    shuffled = {name: frame.sample(frac=1, random_state=4) for name, frame in read_landing(tmp_path).items()}
    pd.testing.assert_frame_equal(reference.indicators(shuffled), reference.indicators(boundaries.frames))


# -- the scenarios are what they say


def test_every_scenario_has_four_variants_and_its_kinds(pack: Pack) -> None:
    truth = pack.truth
    assert truth.groupby("scenario")["variant"].nunique().eq(4).all()
    assert set(truth["scenario"]) == {scenario.__name__ for scenario in (*INNOCENTS, *FRAUDS)}
    assert truth["kinds"].map(len).eq(0).equals(truth["is_innocent"])
    assert truth.loc[~truth["is_innocent"], "kinds"].map(len).ge(2).groupby(truth["scenario"]).any().all()
    assert set().union(*truth["kinds"]) == set(KINDS)
    assert set(truth["business_id"]) == set(pack.frames["msme_bank.businesses"]["business_id"])


def test_the_same_seed_gives_the_same_pack_and_another_seed_another(pack: Pack) -> None:
    again, other = build_pack(), build_pack(seed=1, variants=1)
    for name, frame in pack.frames.items():
        pd.testing.assert_frame_equal(again.frames[name], frame)
    one = pack.truth["business_id"][0]
    assert set(other.frames["msme_bank.businesses"]["gstin"]).isdisjoint(pack.frames["msme_bank.businesses"]["gstin"])
    assert one == "CUST_SCN_001"


def test_periods_are_24_to_30_but_for_a_new_business(found: pd.DataFrame) -> None:
    periods = found.groupby(["scenario", "business_id"])["period"].agg(["min", "max", "size"]).reset_index()
    for scenario, group in periods.groupby("scenario"):
        first = pd.to_datetime(group["min"])
        months = (2025 - first.dt.year) * 12 + 11 - first.dt.month + 1
        expected = (8, 8) if scenario == "new_business" else (24, 30)
        assert months.between(*expected).all(), scenario
    # Who files late has not filed everything by the last day; the others have.
    punctual = periods[~periods["scenario"].isin(["honest_late_filer", "inflated_turnover"])]
    assert (pd.to_datetime(punctual["max"]) == pd.Timestamp("2025-11-01")).all()


@pytest.mark.parametrize(
    ("scenario", "itc", "late", "mismatch"),
    [
        ("thin_margin_trader", (0.3, 1.0), (0, 0), (0, 0)),
        ("exporter", (1.0, 1.0), (0, 0), (0, 0.1)),
        ("cash_seller", (0, 0), (0, 0), (1.0, 1.0)),
        ("honest_late_filer", (0, 0), (0.5, 0.9), (0, 0)),
        ("seasonal_shop", (0, 0.15), (0, 0), (0, 0)),
        ("fast_grower", (0, 0.1), (0, 0), (0, 0.05)),
        ("job_worker", (0, 0.25), (0, 0), (0, 0.1)),
        ("slow_payers", (0, 0.05), (0, 0), (0, 0.05)),
        ("new_business", (0, 0.3), (0, 0), (0, 0.4)),
        ("wholesaler_with_related_party", (0, 0.05), (0, 0), (0, 0)),
        ("loan_funded", (0, 0.35), (0, 0), (0, 0)),
        ("refunds_trader", (0, 0), (0, 0), (0, 0)),
    ],
)
def test_an_innocent_shows_what_its_way_of_trade_explains_and_nothing_else(
    found: pd.DataFrame,
    scenario: str,
    itc: tuple[float, float],
    late: tuple[float, float],
    mismatch: tuple[float, float],
) -> None:
    mine = found[found["scenario"] == scenario].groupby("business_id")
    for name, (low, high) in {"itc_ratio_high": itc, "late_filing": late, "turnover_mismatch": mismatch}.items():
        share = mine[name].mean()
        assert share.between(low, high).all(), f"{name}: {share.to_dict()}"


def test_innocents_claim_what_2b_supports_and_pay_for_what_they_buy(pack: Pack) -> None:
    innocent = set(pack.truth.loc[pack.truth["is_innocent"], "business_id"])
    claims, supported, gaps = _credit(pack.frames)
    unsupported = ((claims - supported) / claims).fillna(0)
    assert unsupported[unsupported.index.isin(innocent)].max() < 0.01
    assert gaps[gaps.index.isin(innocent)].max() == 0
    unpaid = _unpaid(pack.frames)
    cash = pack.truth.query("scenario == 'cash_seller'")["business_id"]
    assert unpaid[unpaid.index.isin(innocent - set(cash))].max() < 0.01
    assert unpaid[list(cash)].max() < 0.25  # one pays a fifth out of the till


def test_frauds_show_the_evidence_they_are_said_to(pack: Pack, found: pd.DataFrame) -> None:
    truth = pack.truth.set_index("business_id")
    claims, supported, gaps = _credit(pack.frames)
    since = {business: pd.Timestamp(day) for business, day in truth["fraud_from"].dropna().items()}
    unsupported, unpaid = ((claims - supported) / claims).fillna(0), _unpaid(pack.frames)
    has = {kind: truth["kinds"].map(lambda kinds, kind=kind: kind in kinds) for kind in KINDS}
    assert unsupported[has["unsupported_credit"]].min() > 0.08
    assert unsupported[~has["unsupported_credit"]].max() < 0.01
    assert unpaid[has["unpaid_purchases"]].min() > 0.15
    assert gaps[has["gstr1_3b_gap"]].between(0.1, 0.6).all()
    assert gaps[~has["gstr1_3b_gap"]].max() == 0
    guilty = found[found["business_id"].map(has["inflated_turnover"])]
    later = guilty[pd.to_datetime(guilty["period"]) >= guilty["business_id"].map(since) + pd.DateOffset(months=2)]
    assert later.groupby("business_id")["turnover_mismatch"].mean().min() > 0.9
    assert (later["mismatch_direction"].dropna() == "declared_above_bank").all()
    returns = plain(pack.frames["gst_network.gst_returns"]).query("return_type == 'GSTR-3B'")
    returns = returns[returns["business_id"].map(has["nil_cash_tax"])]
    returns = returns[returns["period"] >= returns["business_id"].map(since)]
    sums = returns.groupby("business_id")[["tax_paid_cash", "output_tax", "taxable_value"]].mean()
    assert (sums["tax_paid_cash"] < 0.01 * sums["output_tax"]).all()
    assert (sums["taxable_value"] > 6_000_000).all()


def test_money_runs_round_a_ring_in_five_days_with_nearly_equal_invoices(pack: Pack) -> None:
    rings = pack.truth.query("scenario == 'circular_ring'")
    gstins = pack.frames["msme_bank.businesses"].set_index("business_id")["gstin"]
    invoices = plain(pack.frames["gst_network.gst_invoices"]).query("direction == 'OUTWARD'")
    booked = plain(pack.frames["msme_bank.transactions"]).query("txn_code == 'SUPPLIER'")
    for _, ring in rings.groupby("variant"):
        of_ring = {gstins[business] for business in ring["business_id"]}
        mine = invoices[
            invoices["business_id"].isin(ring["business_id"]) & invoices["counterparty_gstin"].isin(of_ring)
        ]
        sums = mine.groupby(["period", "business_id"])["taxable_value"].sum().unstack()
        assert sums.shape[1] == 3
        assert (sums.max(axis=1) / sums.min(axis=1)).max() < 1.05
        accounts = pack.frames["msme_bank.accounts"]
        own = accounts[accounts["business_id"].isin(ring["business_id"])]["account_no"]
        paid = booked[booked["account_no"].isin(own) & booked["counterparty_gstin"].isin(of_ring)]
        paid = paid.sort_values("booked_at").reset_index(drop=True)
        laps = paid.groupby(np.arange(len(paid)) // 3)
        assert (laps["booked_at"].max() - laps["booked_at"].min()).max() <= pd.Timedelta(days=5)
        assert laps["account_no"].nunique().iloc[:-1].eq(3).all()


def test_a_round_tripper_gets_its_money_back_within_a_week(pack: Pack) -> None:
    ids = pack.truth.query("scenario == 'round_tripper'")["business_id"]
    accounts = pack.frames["msme_bank.accounts"]
    booked = plain(pack.frames["msme_bank.transactions"])
    for business in ids:
        own = booked[booked["account_no"].isin(accounts.loc[accounts["business_id"] == business, "account_no"])]
        both = own.groupby("counterparty_account_no")["txn_code"].agg(set)
        shells = both[both.map(lambda codes: {"SUPPLIER", "SALE_B2B"} <= codes)].index
        assert len(shells) == 1
        trips = own[own["counterparty_account_no"].isin(shells) & (own["status"] == "BOOKED")]
        sent, back = (trips[trips["dr_cr"] == side]["amount"].sum() for side in "DC")
        assert 0.96 < back / sent <= 1.0


def test_a_job_worker_and_its_principal_pay_each_other_different_amounts(pack: Pack) -> None:
    gstins = pack.frames["msme_bank.businesses"].set_index("business_id")["gstin"]
    invoices = plain(pack.frames["gst_network.gst_invoices"]).query("direction == 'OUTWARD'")
    for _, pair in pack.truth.query("scenario == 'job_worker'").groupby("variant"):
        worker, principal = (pair.loc[pair["role"] == role, "business_id"].item() for role in ("main", "principal"))
        one = invoices[(invoices["business_id"] == worker) & (invoices["counterparty_gstin"] == gstins[principal])][
            "taxable_value"
        ]
        other = invoices[(invoices["business_id"] == principal) & (invoices["counterparty_gstin"] == gstins[worker])][
            "taxable_value"
        ]
        assert 1.25 < one.sum() / other.sum() < 1.65


def test_a_deal_within_the_pack_stands_in_both_books(pack: Pack) -> None:
    invoices = plain(pack.frames["gst_network.gst_invoices"])
    ids = pack.frames["msme_bank.businesses"].set_index("gstin")["business_id"]
    inside = invoices[invoices["counterparty_gstin"].isin(ids.index)].copy()
    inside["other_id"] = inside["counterparty_gstin"].map(ids)
    columns = ["invoice_no", "taxable_value", "tax_amount", "invoice_date"]
    sold = inside[inside["direction"] == "OUTWARD"].rename(columns={"business_id": "seller", "other_id": "buyer"})
    bought = inside[inside["direction"] == "INWARD"].rename(columns={"business_id": "buyer", "other_id": "seller"})
    keys = ["seller", "buyer", *columns]
    assert len(sold) > 1000
    assert sorted(sold[keys].itertuples(index=False)) == sorted(bought[keys].itertuples(index=False))


def test_gstr_1_is_the_sum_of_the_invoices_it_reports(pack: Pack) -> None:
    invoices = plain(pack.frames["gst_network.gst_invoices"]).query("return_type == 'GSTR-1'")
    returns = plain(pack.frames["gst_network.gst_returns"]).query("return_type == 'GSTR-1'")
    sums = invoices.groupby(["business_id", "period"])["tax_amount"].sum()
    joined = returns.set_index(["business_id", "period"])["output_tax"]
    assert np.allclose(joined, sums.reindex(joined.index).fillna(0), atol=0.005)


def test_output_tax_is_paid_by_credit_and_cash_and_the_cash_leaves_the_bank(pack: Pack) -> None:
    returns = plain(pack.frames["gst_network.gst_returns"]).query("return_type == 'GSTR-3B'")
    paid = returns["tax_paid_credit"] + returns["tax_paid_cash"]
    assert np.allclose(paid, returns["output_tax"], atol=0.005)
    accounts = pack.frames["msme_bank.accounts"].set_index("account_no")["business_id"]
    booked = plain(pack.frames["msme_bank.transactions"]).query("txn_code == 'TAX'")
    debits = booked.groupby(booked["account_no"].map(accounts))["amount"].sum()
    cash = returns.groupby("business_id")["tax_paid_cash"].sum()
    assert np.allclose(cash, debits.reindex(cash.index).fillna(0), atol=0.01)


def _credit(frames: Frames) -> tuple[pd.Series, pd.Series, pd.Series]:
    """By business: credit claimed, tax in 2B of the same months, and the excess of GSTR-1 over GSTR-3B."""
    returns, invoices = plain(frames["gst_network.gst_returns"]), plain(frames["gst_network.gst_invoices"])
    main = returns[returns["return_type"] == "GSTR-3B"]
    claims = main.groupby("business_id")["input_tax_credit"].sum()
    keys = pd.MultiIndex.from_frame(main[["business_id", "period"]])
    inward = invoices[invoices["direction"] == "INWARD"]
    inward = inward[pd.MultiIndex.from_frame(inward[["business_id", "period"]]).isin(keys)]
    supported = inward.groupby("business_id")["tax_amount"].sum()
    both = returns.pivot_table(index=["business_id", "period"], columns="return_type", values="output_tax").dropna()
    sums = both.groupby("business_id").sum()
    return claims, supported, sums["GSTR-1"] / sums["GSTR-3B"] - 1


def _unpaid(frames: Frames) -> pd.Series:
    """Share of the purchases of all but the last 90 days that no supplier was paid for, by business."""
    invoices, booked = plain(frames["gst_network.gst_invoices"]), plain(frames["msme_bank.transactions"])
    accounts = frames["msme_bank.accounts"].set_index("account_no")["business_id"]
    inward = invoices[
        (invoices["direction"] == "INWARD") & (invoices["invoice_date"] < LAST_DAY - pd.Timedelta(days=90))
    ]
    bought = (inward["taxable_value"] + inward["tax_amount"]).groupby(
        [inward["business_id"], inward["counterparty_gstin"]]
    )
    paid = booked[(booked["txn_code"] == "SUPPLIER") & (booked["status"] == "BOOKED")]
    debits = paid.groupby([paid["account_no"].map(accounts), "counterparty_gstin"])["amount"].sum()
    debits.index = debits.index.set_names(["business_id", "counterparty_gstin"])
    bought = bought.sum()
    open_ = (bought - debits.reindex(bought.index).fillna(0)).clip(lower=0).groupby("business_id").sum()
    return open_ / bought.groupby("business_id").sum()


def _none(value: object) -> object:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value
