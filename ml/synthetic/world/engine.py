"""Runs the world: periods one after the other, block by block, in memory that a block bounds.

A month of a block is made whole and cut to the days that are delivered, so that how the world is cut into deliveries
changes no value. Between periods only the balances of the accounts are kept.
"""

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ml.synthetic.arrays import IntArray
from ml.synthetic.calendar import date_of, epoch_day, month_of, month_start
from ml.synthetic.columns import DAY
from ml.synthetic.world.accounts import account_holders_table, accounts_table, products_table
from ml.synthetic.world.bureau import bureau_reports
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.ledger.month import LedgerMonth, make_ledger_month, opening_balances
from ml.synthetic.world.lending import loan_outcomes_table, loans_table, payments_due_table, payments_made_table
from ml.synthetic.world.reference.merchants import merchants
from ml.synthetic.world.reference.places import districts
from ml.synthetic.world.reference.schemes import scheme_master, scheme_rules
from ml.synthetic.world.sources import benefit_registry, core_banking, crm
from ml.synthetic.world.timeline import Timeline, make_timeline
from ml.synthetic.world.truth import truth_tables

# A timeline takes some 30 MB; of larger worlds they are made anew for every period.
_KEPT_TIMELINES = 8
Balances = dict[int, IntArray]


@dataclass(frozen=True)
class Delivery:
    """Rows of one table that one period and block bring.

    Attributes
    ----------
    source, table : str
        ``truth`` is the source of what no system knows.
    until : date
        Last day of the period, which names the file.
    rows : Table
        As the contract names the columns; without ``_day``.
    """

    source: str
    table: str
    until: dt.date
    rows: pa.Table


@dataclass(frozen=True)
class Period:
    """Days after ``since`` up to ``until``, all in one calendar month; the first one also brings what was before."""

    since: dt.date | None
    until: dt.date

    @property
    def month(self) -> int:
        """Months since 1970-01."""
        return int(month_of(epoch_day(self.until)))


def periods(config: WorldConfig, since: dt.date | None) -> list[Period]:
    """Calendar months from the day after ``since`` (None: from the start) to ``config.until``."""
    result = []
    last = since
    first = config.start if since is None else since + dt.timedelta(days=1)
    while first <= config.until:
        end = min(date_of(int(month_start(month_of(epoch_day(first)) + 1)) - 1), config.until)
        result.append(Period(last, end))
        last, first = end, end + dt.timedelta(days=1)
    return result


def stream(
    config: WorldConfig,
    since: dt.date | None = None,
    balances: Balances | None = None,
    on_period: Callable[[Period, Balances], None] | None = None,
) -> Iterator[Delivery]:
    """Deliver the days after ``since``.

    Parameters
    ----------
    config : WorldConfig
        What world, and until which day.
    since : date, optional
        Last day delivered before; without it the world begins.
    balances : dict of int to array, optional
        Of each block at the start of the month of the first day delivered; needed with ``since``.
    on_period : callable, optional
        Called after each period with the balances from which the next day's month starts.

    Raises
    ------
    ValueError
        ``since`` without balances.
    """
    if since is not None and balances is None:
        raise ValueError("a world is continued from its balances; give those of the month of the next day")
    timelines = _Timelines(config)
    at_start: Balances = dict(balances or {})
    for period in periods(config, since):
        at_end: Balances = {}
        for block in range(config.blocks):
            timeline, lasting = timelines[block]
            if block not in at_start:
                at_start[block] = opening_balances(timeline)
            yield from _block(timeline, lasting, period, at_start[block], at_end)
        if int(month_of(epoch_day(period.until) + 1)) != period.month:
            at_start = at_end
        if on_period is not None:
            on_period(period, at_start)


def generate(config: WorldConfig) -> dict[str, pa.Table]:
    """All tables of a world that fits into memory, by ``source.table``; ``truth.`` ones too."""
    parts: dict[str, list[pa.Table]] = {}
    for delivery in stream(config):
        parts.setdefault(f"{delivery.source}.{delivery.table}", []).append(delivery.rows)
    return {name: pa.concat_tables(tables).unify_dictionaries() for name, tables in parts.items()}


class _Timelines:
    """Timelines by block with their tables; a few are kept."""

    def __init__(self, config: WorldConfig) -> None:
        self._config = config
        self._kept: OrderedDict[int, tuple[Timeline, dict[tuple[str, str], pa.Table]]] = OrderedDict()

    def __getitem__(self, block: int) -> tuple[Timeline, dict[tuple[str, str], pa.Table]]:
        if block not in self._kept:
            if len(self._kept) >= _KEPT_TIMELINES:
                # With more blocks than places the oldest is always the next one wanted; keep the others.
                self._kept.popitem(last=True)
            timeline = make_timeline(self._config, block)
            self._kept[block] = (timeline, _lasting(timeline))
        return self._kept[block]


def _block(
    timeline: Timeline, lasting: dict[tuple[str, str], pa.Table], period: Period, balances: IntArray, at_end: Balances
) -> Iterator[Delivery]:
    month = make_ledger_month(timeline, period.month, balances)
    at_end[timeline.population.block] = month.balances
    for (source, table), rows in [*lasting.items(), *_monthly(timeline, period, month).items()]:
        due = _due(rows, period)
        # The first delivery has a file of every lasting table, also one without rows: a missing one would look lost.
        is_first = period.since is None and timeline.population.block == 0 and (source, table) in lasting
        if due.num_rows or is_first:
            yield Delivery(source, table, period.until, due)


def _due(rows: pa.Table, period: Period) -> pa.Table:
    """Rows whose day the period delivers."""
    days = rows.column(DAY)
    due = pc.less_equal(days, epoch_day(period.until))
    if period.since is not None:
        due = pc.and_(due, pc.greater(days, epoch_day(period.since)))
    rows = rows.drop_columns([DAY])
    return rows if pc.all(due).as_py() else rows.filter(due)


def _lasting(timeline: Timeline) -> dict[tuple[str, str], pa.Table]:
    """Tables that a timeline holds for the whole horizon."""
    config, people, identities = timeline.config, timeline.population, timeline.identities
    accounts, lending, benefits = timeline.accounts, timeline.lending, timeline.benefits
    tables = {
        ("core_banking", "customers"): core_banking.customers(config, people, identities),
        ("core_banking", "accounts"): accounts_table(config, people, accounts),
        ("core_banking", "account_holders"): account_holders_table(people, accounts),
        ("core_banking", "loans"): loans_table(people, accounts),
        ("core_banking", "payments_due"): payments_due_table(accounts, lending),
        ("core_banking", "payments_made"): payments_made_table(accounts, lending),
        ("core_banking", "loan_outcomes"): loan_outcomes_table(config, people, accounts, lending),
        ("crm", "persons"): crm.persons(config, people, identities),
        ("benefit_registry", "households"): benefit_registry.households(config, people, identities, benefits),
        ("benefit_registry", "beneficiaries"): benefit_registry.beneficiaries(config, people, identities, benefits),
        ("benefit_registry", "deaths"): benefit_registry.deaths(config, people, identities),
        ("benefit_registry", "benefit_events"): benefit_registry.benefit_events(people, benefits),
        ("benefit_registry", "applications"): benefit_registry.applications(people, benefits),
        **{("truth", name): rows for name, rows in truth_tables(timeline).items()},
    }
    if people.block == 0:
        tables |= {
            ("core_banking", "districts"): districts(config),
            ("core_banking", "products"): products_table(config),
            ("core_banking", "merchants"): merchants(config),
            ("benefit_registry", "scheme_master"): scheme_master(config),
            ("benefit_registry", "scheme_rules"): scheme_rules(config),
        }
    return tables


def _monthly(timeline: Timeline, period: Period, month: LedgerMonth) -> dict[tuple[str, str], pa.Table]:
    """Tables made month by month."""
    people = timeline.population
    return {
        ("core_banking", "transactions"): month.transactions,
        ("core_banking", "daily_balances"): month.daily_balances,
        ("core_banking", "bureau_reports"): bureau_reports(timeline, period.month),
        ("crm", "contacts"): crm.contacts(timeline.config, people, timeline.stress, period.month),
        ("truth", "fraud"): month.fraud,
    }
