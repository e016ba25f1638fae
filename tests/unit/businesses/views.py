"""What tests ask of the delivered tables: by business and month, amounts in paise."""

import pandas as pd

SALES = ("SALE_B2B", "SALE_RETAIL", "SALE_EXPORT", "SALE_ONDC", "CASH_DEP")


def profiles(tables: dict[str, pd.DataFrame]) -> pd.Series:
    """The last profile of each business."""
    return tables["truth.profile_assignments"].sort_values("valid_from").groupby("business_id")["profile"].last()


def returns(tables: dict[str, pd.DataFrame], return_type: str = "GSTR-3B") -> pd.DataFrame:
    rows = tables["gst_network.gst_returns"]
    return rows[rows["return_type"] == return_type].sort_values(["business_id", "period"])


def turnover(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Declared turnover without tax; a row each business, a column each period."""
    rows = returns(tables)
    rows = rows.assign(turnover=rows["taxable_value"] + rows["zero_rated_value"])
    return rows.pivot(index="business_id", columns="period", values="turnover")


def booked(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Bookings on the businesses' own accounts that moved money, with business and period."""
    accounts = tables["msme_bank.accounts"].drop_duplicates("account_no")
    rows = tables["msme_bank.transactions"].merge(accounts[["account_no", "business_id", "product_code"]])
    rows = rows[rows["product_code"].isin(["CUR", "OD"]) & (rows["status"] == "BOOKED")]
    return rows.assign(period=rows["booked_at"].dt.to_period("M").dt.to_timestamp())


def receipts(tables: dict[str, pd.DataFrame], periods: pd.Index) -> pd.DataFrame:
    """Sales and cash brought in, less refunds; a row each business, a column each period."""
    rows = booked(tables)
    signed = rows["amount"].where(rows["txn_code"].isin(SALES), -rows["amount"])
    rows = rows.assign(signed=signed)[rows["txn_code"].isin([*SALES, "REFUND_OUT"])]
    return rows.pivot_table(index="business_id", columns="period", values="signed", aggfunc="sum").reindex(
        columns=periods
    )


def declared_to_received(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Turnover and tax over receipts of every three months; a row each business."""
    rows = returns(tables)
    gross = rows.assign(gross=rows["taxable_value"] + rows["zero_rated_value"] + rows["output_tax"])
    declared = gross.pivot(index="business_id", columns="period", values="gross")
    received = receipts(tables, declared.columns)
    return (declared.T.rolling(3).sum() / received.T.rolling(3).sum()).T.dropna(axis=1)


def fraudulent(tables: dict[str, pd.DataFrame]) -> set[str]:
    return set(tables["truth.gst_fraud"]["business_id"])


def latest(tables: dict[str, pd.DataFrame], name: str, key: str, order: str = "updated_on") -> pd.DataFrame:
    """The last version of every document."""
    return tables[name].sort_values(order).drop_duplicates(key, keep="last")
