"""Documents of account aggregators and open networks; a change of state is one row more."""

import numpy as np
import pyarrow as pa

from ml.synthetic.businesses.networks.applications import OWN
from ml.synthetic.businesses.networks.orders import STATES
from ml.synthetic.businesses.networks.policies import NEVER, TYPES
from ml.synthetic.businesses.reference import names
from ml.synthetic.businesses.reference.sectors import ORDER_CATEGORY
from ml.synthetic.businesses.timeline import Timeline
from ml.synthetic.columns import DAY, codes, dates, days_column, money, numbers, rates, texts, timestamps

_CATEGORIES = ("EQUITY", "DEBT", "HYBRID")


def mutual_funds(timeline: Timeline) -> pa.Table:
    """A statement of every portfolio and quarter."""
    funds = timeline.funds
    row = funds.told_portfolio
    house, fund = names.FUND_HOUSES[funds.house[row]], names.FUNDS[funds.fund[row]]
    return pa.table(
        {
            "portfolio_id": _ids("MF", timeline, funds.business)[row],
            "business_id": texts(timeline.identities.business_id[funds.business[row]]),
            "statement_date": dates(funds.told_day),
            "fund_name": texts(house + " " + fund + " Fund"),
            "category": codes(names.FUND_CATEGORY[funds.fund[row]], _CATEGORIES),
            "invested_amount": money(funds.told_invested),
            "current_value": money(funds.told_value),
            "started_on": dates(funds.started_day[row]),
            DAY: days_column(funds.told_day),
        }
    )


def policies(timeline: Timeline) -> pa.Table:
    """A policy as it began, and what became of it."""
    policies_ = timeline.policies
    count = len(policies_.business)
    ended = np.minimum(policies_.lapsed_day, policies_.ends_day + 1)
    over = np.flatnonzero(ended < NEVER)
    row = np.concatenate([np.arange(count), over])
    later = np.arange(len(row)) >= count
    status = np.where(later, np.where(policies_.lapsed_day[row] < NEVER, 1, 2), 0)
    noted = np.where(later, ended[row], policies_.started_day[row])
    return pa.table(
        {
            "policy_no": _ids("POL", timeline, policies_.business)[row],
            "business_id": texts(timeline.identities.business_id[policies_.business[row]]),
            "updated_on": dates(noted),
            "policy_type": codes(policies_.kind[row], TYPES),
            "insurer": texts(names.INSURERS[policies_.insurer[row]]),
            "coverage_amount": money(policies_.coverage[row] * 100),
            "annual_premium": money(policies_.premium[row] * 100),
            "started_on": dates(policies_.started_day[row]),
            "ends_on": dates(policies_.ends_day[row]),
            "status": codes(status, ["ACTIVE", "LAPSED", "EXPIRED"]),
            DAY: days_column(noted),
        }
    )


def ocen_applications(timeline: Timeline) -> pa.Table:
    """An application as it was made, and as it was decided."""
    asked = timeline.applications
    count = len(asked.business)
    row = np.tile(np.arange(count), 2)
    later = np.arange(2 * count) >= count
    granted = later & asked.is_approved[row]
    noted = np.where(later, asked.decided_day[row], asked.applied_day[row])
    return pa.table(
        {
            "application_id": _ids("OCEN", timeline, asked.business)[row],
            "business_id": texts(timeline.identities.business_id[asked.business[row]]),
            "updated_on": dates(noted),
            "applied_on": dates(asked.applied_day[row]),
            "lender": texts(np.append(names.LENDERS, names.OWN_BANK)[np.minimum(asked.lender[row], OWN)]),
            "requested_amount": money(asked.requested[row] * 100),
            "approved_amount": money(asked.approved[row] * 100, missing=~granted),
            "interest_rate": rates(asked.interest[row], missing=~granted),
            "purpose": codes(asked.purpose[row], list(names.PURPOSES)),
            "status": codes(np.where(granted, 1, np.where(later, 2, 0)), ["PENDING", "APPROVED", "REJECTED"]),
            DAY: days_column(noted),
        }
    )


def ondc_orders(timeline: Timeline) -> pa.Table:
    """An order as it was placed, and as it ended."""
    orders = timeline.orders
    count = len(orders.business)
    row = np.tile(np.arange(count), 2)
    later = np.arange(2 * count) >= count
    noted = np.where(later, orders.final_day[row], orders.day[row])
    return pa.table(
        {
            "order_id": _ids("ONDC", timeline, orders.business)[row],
            "business_id": texts(timeline.identities.business_id[orders.business[row]]),
            "updated_on": dates(noted),
            "ordered_at": timestamps(orders.day[row], orders.second[row]),
            "buyer_app": texts(names.BUYER_APPS[orders.app[row]]),
            "category": codes(timeline.population.sector[orders.business[row]], ORDER_CATEGORY),
            "items_count": numbers(orders.items[row]),
            "order_value": money(orders.value[row] * 100),
            "status": codes(np.where(later, 1 + orders.state[row], 0), ["CREATED", *STATES]),
            DAY: days_column(noted),
        }
    )


def _ids(prefix: str, timeline: Timeline, business: np.ndarray) -> np.ndarray:
    """Numbers of documents: the business's and a running one; ``business`` is sorted."""
    nth = np.arange(len(business)) - np.searchsorted(business, business) + 1
    of = np.char.mod(f"{prefix}_%05d_", timeline.population.number[business]).astype(object)
    return of + np.char.mod("%03d", nth).astype(object)
