"""One month of all accounts of a block: every movement in its order, balances after it, balances of the days."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ml.synthetic.arrays import BoolArray, IntArray
from ml.synthetic.columns import DAY, codes, dates, days_column, flags, money, numbers, timestamps
from ml.synthetic.world.ledger.bills import bills, loan_balances
from ml.synthetic.world.ledger.context import Month
from ml.synthetic.world.ledger.income import income
from ml.synthetic.world.ledger.legs import CHANNELS, TXN_CODES, Legs, transfer
from ml.synthetic.world.ledger.signals import signals
from ml.synthetic.world.ledger.spending import marked_as_fraud, spending
from ml.synthetic.world.reference.products import IS_OWED

if TYPE_CHECKING:
    from ml.synthetic.world.timeline import Timeline

_MONTH_BITS, _BLOCK_BITS = 40, 24  # of a transaction's number: month, block, sequence


@dataclass(frozen=True)
class LedgerMonth:
    """What one month of a block delivers.

    Attributes
    ----------
    transactions, daily_balances : Table
        As delivered, with ``_day``; transactions in the order of booking.
    balances : array of int
        Cents of each account at the month's end; cards and loans: owed.
    fraud : Table
        ``txn_id`` of every fraudulent transaction, with ``_day``: for the truth, the bank knows only part of it.
    """

    transactions: pa.Table
    daily_balances: pa.Table
    balances: IntArray
    fraud: pa.Table


def opening_balances(timeline: "Timeline") -> IntArray:
    """Cents of each account at the end of the day before the start."""
    return timeline.accounts.opening_cents.copy()


def make_ledger_month(timeline: "Timeline", month: int, balances: IntArray) -> LedgerMonth:
    """Everything that happens on the block's accounts in a month.

    Parameters
    ----------
    month : int
        Months since 1970-01.
    balances : array of int
        Of the accounts at the month's start, from ``opening_balances`` or the month before.
    timeline : Timeline
        Of the block.
    """
    context = Month(timeline, month, balances)
    accounts = timeline.accounts
    legs = Legs.concat([*income(context), *bills(context), *spending(context), *signals(context)])
    alive = legs.day < timeline.population.death_day[accounts.owner[legs.account]]
    legs = legs.take(alive & accounts.is_open(legs.account, legs.day))
    # Benefits come also after a death, as long as nobody told the agency, and go to accounts that are open.
    legs = Legs.concat([legs, timeline.benefits.legs(month)])
    closing = _closing(context, legs)
    if closing:
        legs = Legs.concat([legs, *closing])
    legs = legs.take(np.argsort((legs.day.astype(np.int64) * 86_400 + legs.second) << 20 | legs.account, kind="stable"))
    size = len(legs)
    if size >= 1 << _BLOCK_BITS:
        raise AssertionError(
            f"a block has {size} transactions in a month; numbers are set aside for {1 << _BLOCK_BITS}"
        )
    txn_id = (month << _MONTH_BITS) + (timeline.population.block << _BLOCK_BITS) + np.arange(size)

    owed = IS_OWED[accounts.product]
    signed = np.where(legs.booked, np.where(owed[legs.account], -legs.cents, legs.cents), 0)
    by_account = np.argsort(legs.account, kind="stable")
    account = legs.account[by_account]
    running = np.cumsum(signed[by_account])
    begins = np.flatnonzero(np.diff(account, prepend=-1))
    before = np.zeros(size, dtype=np.int64)
    lengths = np.diff(np.append(begins, size))
    before = np.repeat(running[begins] - signed[by_account][begins], lengths)
    in_order = running - before + balances[account]
    after = np.empty(size, dtype=np.int64)
    after[by_account] = in_order
    end = balances.copy()
    end[account[begins + lengths - 1]] = in_order[begins + lengths - 1]

    daily, end = _daily_balances(context, account, legs.day[by_account], legs.booked[by_account], in_order, end)
    fraud = pa.table({"txn_id": pa.array(txn_id[legs.fraud]), DAY: days_column(legs.day[legs.fraud])})
    marked = marked_as_fraud(context.rng("fraud_marks"), legs)
    return LedgerMonth(_transactions(timeline, legs, txn_id, after, marked), daily, end, fraud)


def _closing(context: Month, legs: Legs) -> list[Legs]:
    """What is left on accounts that close in the month goes to their owner's checking account, as the last movement."""
    accounts = context.timeline.accounts
    closed = np.flatnonzero((accounts.closed_day >= context.first) & (accounts.closed_day <= context.last))
    if not len(closed):
        return []
    movements = np.bincount(legs.account, np.where(legs.booked, legs.cents, 0), len(accounts.owner))[closed]
    left = context.balances[closed] + np.round(movements).astype(np.int64)
    day, target = accounts.closed_day[closed], accounts.checking[accounts.owner[closed]]
    usable = context.can_use(target, day) & context.can_use(closed, day)
    return transfer(
        source=np.where(usable & (left > 0), closed, -1),
        target=target,
        account_no=accounts.account_no,
        day=day,
        second=np.full(len(closed), 86_200),
        cents=left,
        channel="BR",
    )


def _daily_balances(
    context: Month, account: IntArray, day: IntArray, booked: IntArray, after: IntArray, end: IntArray
) -> tuple[pa.Table, IntArray]:
    """Balances of accounts on days with bookings and at the month's end, and loans brought up to date in ``end``."""
    accounts, end = context.timeline.accounts, end.copy()
    moved = np.flatnonzero(booked)
    moved_account, moved_day = account[moved], day[moved]
    is_last = np.append((moved_account[1:] != moved_account[:-1]) | (moved_day[1:] != moved_day[:-1]), True)
    last = moved[is_last] if len(moved) else moved
    parts = [(account[last], day[last].astype(np.int64), after[last])]

    loan, loan_day, change = loan_balances(context)
    order = np.lexsort((loan_day, loan))
    loan, loan_day, change = loan[order], loan_day[order], change[order]
    if len(loan):
        begins = np.flatnonzero(np.diff(loan, prepend=-1))
        lengths = np.diff(np.append(begins, len(loan)))
        running = np.cumsum(change)
        owed = running - np.repeat(running[begins] - change[begins], lengths) + end[loan]
        is_last = np.append((loan[1:] != loan[:-1]) | (loan_day[1:] != loan_day[:-1]), True)
        parts.append((loan[is_last], loan_day[is_last], owed[is_last]))
        ends = begins + lengths - 1
        end[loan[ends]] = owed[ends]

    is_open = (accounts.opened_day <= context.last) & (accounts.closed_day >= context.last)
    has_row = np.zeros(len(end), dtype=np.bool_)
    for rows, days, _ in parts:
        has_row[rows[days == context.last]] = True
    quiet = np.flatnonzero(is_open & ~has_row)
    parts.append((quiet, np.full(len(quiet), context.last), end[quiet]))
    start = context.timeline.config.start_day
    if context.first == start:
        there = np.flatnonzero(accounts.opened_day < start)
        parts.append((there, np.full(len(there), start - 1), context.balances[there]))
    row, when, cents = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return pa.table(
        {
            "account_no": numbers(accounts.account_no[row]),
            "balance_date": dates(when),
            "balance": money(cents),
            DAY: days_column(when),
        }
    ), end


def _transactions(timeline: "Timeline", legs: Legs, txn_id: IntArray, after: IntArray, marked: BoolArray) -> pa.Table:
    return pa.table(
        {
            "txn_id": pa.array(txn_id),
            "account_no": pa.array(timeline.accounts.account_no[legs.account]),
            "booked_at": timestamps(legs.day, legs.second),
            "dr_cr": codes(legs.cents > 0, ["D", "C"]),
            "amount": money(np.abs(legs.cents)),
            "currency": codes(np.zeros(len(legs), dtype=np.int8), ["USD"]),
            "txn_code": codes(legs.code, TXN_CODES),
            "status": codes(legs.booked, ["RETURNED", "BOOKED"]),
            "channel_code": codes(legs.channel, CHANNELS, missing=legs.channel == 0),
            "merchant_no": pa.array(legs.merchant, mask=legs.merchant == 0),
            "counterparty_account_no": pa.array(legs.counterparty, mask=legs.counterparty == 0),
            "abroad": flags(legs.abroad),
            "fraud": flags(marked),
            "standing_order": flags(legs.standing),
            "balance_after": money(after),
            DAY: days_column(legs.day),
        }
    )
