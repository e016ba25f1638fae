"""The indicators of a return, from their definitions, in pandas and whole paise: what the warehouse must equal.

Definitions, one row per GSTR-3B of a business and period m:

- ``itc_ratio_high``: input_tax_credit / output_tax > 0.95, strictly; NULL where output_tax = 0.
- ``late_filing``: filed_on - due_date > 30 days.
- ``turnover_mismatch``: over the calendar months m-2..m, for all three of which there is a GSTR-3B and which lie
  within the bank's days: declared = taxable + zero rated + exempt + output tax; receipts = booked credits of
  sales and cash deposits less booked debits of REFUND_OUT, on current accounts and overdrafts of the business.
  A mismatch where declared > 1.40 x receipts (``declared_above_bank``) or receipts > 1.40 x declared
  (``bank_above_declared``); receipts <= 0 with declared > 0 is ``declared_above_bank``. NULL without a window.
- severity: the true indicators of all periods are counted; HIGH above five, MEDIUM above none, else NULL.

The bank's days are those from the first to the last booking of the whole delivery; for a business they begin
with its first current account or overdraft, if that was opened later.
"""

import datetime as dt

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tests.msme_scenarios.landing import Frames

RECEIPTS = ("SALE_B2B", "SALE_RETAIL", "SALE_EXPORT", "SALE_ONDC", "CASH_DEP")


def indicators(frames: Frames) -> pd.DataFrame:
    """Indicators of every GSTR-3B.

    Parameters
    ----------
    frames
        By ``source.table``; needs ``gst_network.gst_returns``, ``msme_bank.accounts``, ``msme_bank.transactions``.

    Returns
    -------
    DataFrame
        Sorted by ``business_id, period`` (a date), with ``itc_ratio_high, late_filing, turnover_mismatch``
        (nullable booleans), ``mismatch_direction`` (text or None), ``days_late``, ``declared_paise`` and
        ``receipts_paise`` of the window (nullable whole numbers).
    """
    returns = frames["gst_network.gst_returns"]
    returns = returns[(returns["return_type"] == "GSTR-3B").astype(bool)].reset_index(drop=True)
    out = pd.DataFrame({"business_id": returns["business_id"].astype(str)})
    out["month"] = _month_number(returns["period"])
    output_tax, credit = _paise(returns["output_tax"]), _paise(returns["input_tax_credit"])
    out["itc_ratio_high"] = (20 * credit > 19 * output_tax).where(output_tax > 0)
    out["days_late"] = (pd.to_datetime(returns["filed_on"]) - pd.to_datetime(returns["due_date"])).dt.days.astype(int)
    out["late_filing"] = (out["days_late"] > 30).astype("boolean")
    out["declared"] = (
        _paise(returns["taxable_value"])
        + _paise(returns["zero_rated_value"])
        + _paise(returns["exempt_value"])
        + output_tax
    )

    receipts = _receipts(frames)
    keyed = out.set_index(["business_id", "month"])
    declared_sum: pd.Series = pd.Series(0, index=out.index, dtype="Int64")
    receipts_sum: pd.Series = pd.Series(0, index=out.index, dtype="Int64")
    for back in range(3):
        at = pd.MultiIndex.from_arrays([out["business_id"], out["month"] - back])
        declared_sum += pd.Series(keyed["declared"].reindex(at).array, index=out.index).astype("Int64")
        receipts_sum += pd.Series(receipts.reindex(at, fill_value=0).array, index=out.index).astype("Int64")
    first, last = _bank_days(frames)
    starts = _month_starts(out["month"] - 2)
    ends = _month_starts(out["month"] + 1) - pd.Timedelta(days=1)
    is_within = (starts >= out["business_id"].map(first)) & (ends <= last)
    is_known = is_within & declared_sum.notna()
    above = (5 * declared_sum > 7 * receipts_sum) & (declared_sum > 0)
    below = 5 * receipts_sum > 7 * declared_sum
    out["turnover_mismatch"] = (above | below).where(is_known)
    out["mismatch_direction"] = None
    out.loc[(is_known & above).fillna(False), "mismatch_direction"] = "declared_above_bank"
    out.loc[(is_known & below & ~above).fillna(False), "mismatch_direction"] = "bank_above_declared"
    out["declared_paise"] = declared_sum.where(is_known)
    out["receipts_paise"] = receipts_sum.where(is_known)
    out["period"] = _month_starts(out["month"]).dt.date
    columns = ["business_id", "period", "itc_ratio_high", "late_filing", "turnover_mismatch", "mismatch_direction"]
    columns += ["days_late", "declared_paise", "receipts_paise"]
    return out[columns].sort_values(["business_id", "period"], ignore_index=True)


def severity(found: pd.DataFrame) -> pd.DataFrame:
    """Verdict of the seed on each business of ``indicators``.

    Returns
    -------
    DataFrame
        ``business_id, fraud_detected, fraud_severity`` (None, MEDIUM, HIGH), ``total_indicators,
        affected_periods``.
    """
    flags = found[["itc_ratio_high", "late_filing", "turnover_mismatch"]].astype("boolean").fillna(False)
    count = flags.astype(int).sum(axis=1)
    by = pd.DataFrame({"business_id": found["business_id"], "total": count, "affected": (count > 0).astype(int)})
    sums = by.groupby("business_id", sort=True).sum().reset_index()
    levels = ["HIGH" if total > 5 else "MEDIUM" if total > 0 else None for total in sums["total"]]
    return pd.DataFrame(
        {
            "business_id": sums["business_id"],
            "fraud_detected": sums["total"] > 0,
            "fraud_severity": pd.Series(levels, dtype=object),
            "total_indicators": sums["total"],
            "affected_periods": sums["affected"],
        }
    )


def _receipts(frames: Frames) -> pd.Series:
    """Receipts of a business and month, paise."""
    booked = frames["msme_bank.transactions"]
    booked = booked[(booked["status"] == "BOOKED").astype(bool)]
    codes = booked["txn_code"].astype(str)
    is_credit = booked["dr_cr"].astype(str) == "C"
    adds = (codes.isin(RECEIPTS) & is_credit).astype(int)
    takes = ((codes == "REFUND_OUT") & ~is_credit).astype(int)
    holder = _trading_accounts(frames).set_index("account_no")["business_id"]
    flows = pd.DataFrame(
        {
            "business_id": booked["account_no"].astype(str).map(holder),
            "month": _month_number(booked["booked_at"]),
            "paise": _paise(booked["amount"]) * (adds - takes),
        }
    ).dropna(subset=["business_id"])
    return flows.groupby(["business_id", "month"])["paise"].sum()


def _trading_accounts(frames: Frames) -> pd.DataFrame:
    accounts = frames["msme_bank.accounts"]
    accounts = accounts[accounts["product_code"].isin(["CUR", "OD"]).astype(bool)]
    accounts = accounts.sort_values("updated_on").drop_duplicates("account_no", keep="last")
    return pd.DataFrame(
        {
            "account_no": accounts["account_no"].astype(str),
            "business_id": accounts["business_id"].astype(str),
            "opened_on": pd.to_datetime(accounts["opened_on"]),
        }
    )


def _bank_days(frames: Frames) -> tuple[pd.Series, dt.datetime]:
    """First bank day by business, and the last of all."""
    days = pd.to_datetime(frames["msme_bank.transactions"]["booked_at"]).dt.normalize()
    opened = _trading_accounts(frames).groupby("business_id")["opened_on"].min()
    return opened.clip(lower=days.min()), days.max()


def _paise(values: pd.Series) -> pd.Series:
    """Whole paise of exact decimals."""
    exact = pa.Array.from_pandas(values, type=pa.decimal128(18, 2))
    whole = pc.multiply(exact, pa.scalar(100, pa.decimal128(3, 0))).cast(pa.int64())
    return pd.Series(pd.array(whole.to_pylist(), dtype="Int64"), index=values.index)


def _month_number(days: pd.Series) -> pd.Series:
    stamps = pd.to_datetime(days)
    return (stamps.dt.year * 12 + stamps.dt.month - 1).astype("int64")


def _month_starts(numbers: pd.Series) -> pd.Series:
    return pd.to_datetime(pd.DataFrame({"year": numbers // 12, "month": numbers % 12 + 1, "day": 1}))
