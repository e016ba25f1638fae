"""What no source knows: profiles, true turnover, fraud, rings. Only evaluations read it."""

import numpy as np
import pyarrow as pa

from ml.synthetic.businesses.parties import NOBODY
from ml.synthetic.businesses.profiles import PROFILES
from ml.synthetic.businesses.timeline import Timeline
from ml.synthetic.businesses.trade.invoices import FAKE, INWARD, RING
from ml.synthetic.columns import DAY, codes, dates, days_column, money, numbers, texts

KINDS = ("INFLATED_TURNOVER", "UNBACKED_CREDIT", "SHELL_CREDIT", "LATE_FILING", "CIRCULAR_TRADE")


def truth_tables(timeline: Timeline) -> dict[str, pa.Table]:
    """By name of table."""
    return {
        "profile_assignments": _assignments(timeline),
        "businesses": _businesses(timeline),
        "turnover": _turnover(timeline),
        "gst_fraud": _fraud(timeline),
        "shells": _shells(timeline),
        "rings": _rings(timeline),
    }


def _assignments(timeline: Timeline) -> pa.Table:
    config, profiles = timeline.config, timeline.population.profiles
    moves = np.flatnonzero(profiles.moved)
    business = np.concatenate([np.arange(len(profiles.first)), moves])
    later = np.arange(len(business)) >= len(profiles.first)
    moved_day = config.month_starts[profiles.moved[business]]
    since = np.where(later, moved_day, config.start_day)
    ends = ~later & (profiles.moved[business] > 0)
    return pa.table(
        {
            "business_id": texts(timeline.identities.business_id[business]),
            "profile": codes(np.where(later, profiles.last[business], profiles.first[business]), PROFILES),
            "valid_from": dates(since),
            "valid_to": dates(np.where(ends, moved_day - 1, 0), missing=~ends),
            DAY: days_column(since),
        }
    )


def _businesses(timeline: Timeline) -> pa.Table:
    population = timeline.population
    return pa.table(
        {
            "business_id": texts(timeline.identities.business_id),
            "base_turnover": money(np.round(population.base).astype(np.int64) * 100),
            "is_exporter": pa.array(population.is_exporter),
            DAY: days_column(np.full(population.count, timeline.config.start_day)),
        }
    )


def _turnover(timeline: Timeline) -> pa.Table:
    true = timeline.turnover.true
    business, month = (values.ravel() for values in np.indices(true.shape))
    ends = timeline.config.month_starts[month + 1] - 1
    return pa.table(
        {
            "business_id": texts(timeline.identities.business_id[business]),
            "period": dates(timeline.config.month_starts[month]),
            "true_turnover": money(true.ravel() * 100),
            DAY: days_column(ends),
        }
    )


def _fraud(timeline: Timeline) -> pa.Table:
    """Of every affected return: declared over true turnover, and what was done, in the order of KINDS."""
    config, returns, shape = timeline.config, timeline.returns, timeline.turnover.true.shape
    inward = timeline.invoices.where(timeline.invoices.direction == INWARD)
    shell, ring = inward.where(inward.kind == FAKE), inward.where(inward.kind == RING)
    shell_tax, backed = shell.monthly(shell.tax, shape), inward.monthly(inward.tax, shape)
    business, month = np.nonzero(timeline.deceit.is_fraud[:, : config.periods])
    declared = (returns.taxable + returns.zero_rated)[business, month]
    factor = declared / timeline.turnover.true[business, month]
    done = np.stack(
        [
            np.ones(len(business), dtype=bool),
            (returns.claimed > backed)[business, month],
            (shell_tax > 0)[business, month],
            returns.is_late[business, month],
            (ring.monthly(ring.tax, shape) > 0)[business, month],
        ],
        axis=1,
    )
    kinds = ["|".join(kind for kind, was in zip(KINDS, row, strict=True) if was) for row in done]
    return pa.table(
        {
            "business_id": texts(timeline.identities.business_id[business]),
            "period": dates(config.month_starts[month]),
            "inflation_factor": pa.array(np.round(factor, 4)),
            "kinds": texts(np.array(kinds, dtype=object)),
            DAY: days_column(returns.filed_3b[business, month]),
        }
    )


def _shells(timeline: Timeline) -> pa.Table:
    business, place = np.nonzero(timeline.parties.shells != NOBODY)
    shell = timeline.parties.shells[business, place]
    start = timeline.config.month_starts[timeline.population.profiles.fraud_start[business]]
    return pa.table(
        {
            "business_id": texts(timeline.identities.business_id[business]),
            "shell_gstin": texts(timeline.parties.gstin[shell]),
            DAY: days_column(start),
        }
    )


def _rings(timeline: Timeline) -> pa.Table:
    """Member ``position`` sells to the next one."""
    rings, ids = timeline.rings, timeline.identities.business_id
    ring, place = (values.ravel() for values in np.indices(rings.members.shape))
    first = timeline.config.month_starts[rings.first_month[ring]]
    of = np.roll(rings.members, -1, axis=1)
    name = np.char.mod(f"RING_{timeline.population.block:03d}_%03d", ring + 1).astype(object)
    return pa.table(
        {
            "ring_id": texts(name),
            "position": numbers(place + 1),
            "business_id": texts(ids[rings.members[ring, place]]),
            "buyer_id": texts(ids[of[ring, place]]),
            "valid_from": dates(first),
            DAY: days_column(first),
        }
    )
