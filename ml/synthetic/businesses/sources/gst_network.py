"""Returns and invoices as the GST network shows them."""

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import IntArray
from ml.synthetic.businesses.parties import NOBODY
from ml.synthetic.businesses.timeline import Timeline
from ml.synthetic.businesses.trade.invoices import B2B, B2C, OUTWARD, UNPAID, financial_year
from ml.synthetic.businesses.trade.returns import GSTR_2B_SHOWN
from ml.synthetic.calendar import month_of
from ml.synthetic.columns import DAY, codes, dates, days_column, money, texts

_SUPPLIES = ("B2B", "B2C", "EXP")


def gst_returns(timeline: Timeline) -> pa.Table:
    """GSTR-1, then GSTR-3B, of every business and month with returns."""
    returns, periods = timeline.returns, timeline.config.periods
    business, month = (values.ravel() for values in np.indices((timeline.population.count, periods)))

    def both(first: IntArray, second: IntArray) -> IntArray:
        return np.concatenate([first[:, :periods].ravel(), second[:, :periods].ravel()])

    business, month = np.tile(business, 2), np.tile(month, 2)
    is_3b = np.arange(len(business)) >= len(business) // 2
    start = timeline.config.month_starts[month]
    filed = both(returns.filed_1, returns.filed_3b)
    told = np.char.mod("%d", month_of(start) % 12 + 1 + 100 * (1970 + month_of(start) // 12)).astype(object)
    nothing = np.zeros(len(business), dtype=np.int64)
    business_no = np.char.mod("AA%05d", timeline.population.number[business]).astype(object)
    return pa.table(
        {
            "return_id": texts(business_no + told + np.where(is_3b, "B", "A").astype(object)),
            "business_id": texts(timeline.identities.business_id[business]),
            "gstin": texts(timeline.identities.gstin[business]),
            "return_type": codes(is_3b.astype(np.int64), ["GSTR-1", "GSTR-3B"]),
            "period": dates(start),
            "due_date": dates(both(returns.due_1, returns.due_3b)),
            "filed_on": dates(filed),
            "taxable_value": money(both(returns.taxable, returns.taxable) * 100),
            "zero_rated_value": money(both(returns.zero_rated, returns.zero_rated) * 100),
            "exempt_value": money(nothing),
            "output_tax": money(both(returns.output_tax, returns.output_tax)),
            "input_tax_credit": money(both(returns.claimed, returns.claimed), missing=~is_3b),
            "tax_paid_credit": money(both(returns.paid_credit, returns.paid_credit), missing=~is_3b),
            "tax_paid_cash": money(both(returns.paid_cash, returns.paid_cash), missing=~is_3b),
            DAY: days_column(filed),
        }
    )


def gst_invoices(timeline: Timeline) -> pa.Table:
    """Sales as GSTR-1 reports them on its day of filing, purchases as GSTR-2B shows them on the 14th."""
    config, parties, population = timeline.config, timeline.parties, timeline.population
    shown = timeline.invoices.where(timeline.invoices.month < config.periods)
    is_out, is_firm = shown.direction == OUTWARD, shown.supply == B2B
    reported = np.where(
        is_out,
        timeline.returns.filed_1[shown.business, shown.month],
        config.month_starts[shown.month + 1] + GSTR_2B_SHOWN - 1,
    )
    party = np.where(shown.party == NOBODY, 0, shown.party)
    no_name = (shown.party == NOBODY) | (shown.supply == B2C)
    undue = shown.due_day == UNPAID
    return pa.table(
        {
            "business_id": texts(timeline.identities.business_id[shown.business]),
            "direction": codes(shown.direction, ["OUTWARD", "INWARD"]),
            "invoice_no": texts(_numbers(population.number, shown.seller, shown.day, shown.number)),
            "counterparty_gstin": texts(np.where(is_firm, parties.gstin[party], "-")),
            "counterparty_name": texts(parties.name[party], missing=no_name),
            "return_type": codes(shown.direction, ["GSTR-1", "GSTR-2B"]),
            "period": dates(config.month_starts[shown.month]),
            "reported_on": dates(reported),
            "invoice_date": dates(shown.day),
            "due_date": dates(np.where(undue, 0, shown.due_day), missing=undue),
            "supply_type": codes(shown.supply, _SUPPLIES),
            "taxable_value": money(shown.taxable * 100),
            "tax_amount": money(shown.tax),
            DAY: days_column(reported),
        }
    )


def _numbers(business_no: IntArray, seller: IntArray, day: IntArray, number: IntArray) -> np.ndarray:
    """At most 16 characters, as the law wants it: who, financial year, running number; outside firms a number only."""
    year = financial_year(day) % 100
    told = np.char.mod("%02d", year).astype(object) + np.char.mod("%02d/", (year + 1) % 100).astype(object)
    outside = seller == NOBODY
    own = np.char.mod("%05d/", business_no[np.where(outside, 0, seller)]).astype(object)
    own = own + told + np.char.mod("%05d", number).astype(object)
    return np.where(outside, told + np.char.mod("S%07d", number).astype(object), own)
