"""Makes the blocks one after the other and cuts them to the days that are delivered."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ml.synthetic.businesses.config import BusinessConfig
from ml.synthetic.businesses.sources import gst_network, msme_bank, open_networks
from ml.synthetic.businesses.timeline import Timeline, make_timeline
from ml.synthetic.businesses.truth import truth_tables
from ml.synthetic.calendar import epoch_day
from ml.synthetic.columns import DAY

_SOURCES = {
    "msme_bank": (
        msme_bank.businesses,
        msme_bank.owners,
        msme_bank.accounts,
        msme_bank.transactions,
        msme_bank.loans,
        msme_bank.payments_due,
        msme_bank.payments_made,
    ),
    "gst_network": (gst_network.gst_returns, gst_network.gst_invoices),
    "open_networks": (
        open_networks.mutual_funds,
        open_networks.policies,
        open_networks.ocen_applications,
        open_networks.ondc_orders,
    ),
}


@dataclass(frozen=True)
class Delivery:
    """Rows of one table that one block brings; ``source`` is ``truth`` for what no system knows."""

    source: str
    table: str
    rows: pa.Table


def stream(config: BusinessConfig, since: dt.date | None = None) -> Iterator[Delivery]:
    """Deliver what becomes known after ``since`` (None: from the beginning) until ``config.until``.

    Every block brings every table, also one without rows: a missing file would look lost.
    """
    for block in range(config.blocks):
        timeline = make_timeline(config, block)
        for (source, table), rows in _tables(timeline):
            yield Delivery(source, table, _due(rows, config, since))


def generate(config: BusinessConfig) -> dict[str, pa.Table]:
    """Everything in memory, by ``source.table``; what no source knows as ``truth.table``."""
    parts: dict[str, list[pa.Table]] = {}
    for delivery in stream(config):
        parts.setdefault(f"{delivery.source}.{delivery.table}", []).append(delivery.rows)
    return {name: pa.concat_tables(tables).unify_dictionaries() for name, tables in parts.items()}


def _tables(timeline: Timeline) -> Iterator[tuple[tuple[str, str], pa.Table]]:
    for source, makers in _SOURCES.items():
        for make in makers:
            yield (source, make.__name__), make(timeline)
    for name, rows in truth_tables(timeline).items():
        yield ("truth", name), rows


def _due(rows: pa.Table, config: BusinessConfig, since: dt.date | None) -> pa.Table:
    days = rows.column(DAY)
    due = pc.less_equal(days, config.until_day)
    if since is not None:
        due = pc.and_(due, pc.greater(days, epoch_day(since)))
    return rows.drop_columns([DAY]).filter(due)
