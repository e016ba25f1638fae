"""Legs: movements of money on single accounts, as equally long arrays; a transfer is two of them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray

TXN_CODES = (
    "SALARY", "PENSION", "BENEFIT", "CASH_DEP", "CASH_WD", "CARD", "TRF_IN", "TRF_OUT", "OWN_IN", "OWN_OUT", "HOUSING",
    "UTILITY", "INSURANCE", "LOAN_OUT", "LOAN_PAY", "INTEREST", "FEE", "DD_FAIL", "APPLOAN_IN", "APPLOAN_OUT", "UNEMP",
)  # fmt: skip
CODE = {name: index for index, name in enumerate(TXN_CODES)}
# The first one stands for none: the bank booked it itself.
CHANNELS = ("", "ATM", "BR", "WEB", "APP", "POS")
CHANNEL = {name: index for index, name in enumerate(CHANNELS)}


@dataclass
class Legs:
    """Movements of money, one element each.

    Attributes
    ----------
    account : array of int
        Local row of ``Accounts``.
    day, second : array of int
        Epoch day and second of the day, local time of the bank.
    cents : array of int
        Signed as the holder sees it: money that comes is positive, also on cards and loans.
    code, channel : array of int
        Rows of ``TXN_CODES`` and ``CHANNELS``.
    merchant, counterparty : array of int
        Merchant and account numbers; 0 where there is none.
    booked, abroad, fraud, standing : array of bool
        Money moved; happened abroad; is fraud; is a standing order, subscription or direct debit.
    """

    account: IntArray
    day: IntArray
    second: IntArray
    cents: IntArray
    code: IntArray
    channel: IntArray
    merchant: IntArray
    counterparty: IntArray
    booked: BoolArray
    abroad: BoolArray
    fraud: BoolArray
    standing: BoolArray

    def __len__(self) -> int:
        """Number of movements."""
        return len(self.account)

    @classmethod
    def make(
        cls,
        *,
        account: IntArray,
        day: IntArray,
        second: IntArray,
        cents: IntArray,
        code: Any,
        channel: Any = 0,
        merchant: Any = 0,
        counterparty: Any = 0,
        booked: Any = True,
        abroad: Any = False,
        fraud: Any = False,
        standing: Any = False,
    ) -> "Legs":
        """Legs of what is given, scalars spread; those without an account or an amount are left out.

        Parameters
        ----------
        code : str, int or array of int
            A name or rows of ``TXN_CODES``.
        channel : str, int or array of int
            A name or rows of ``CHANNELS``.
        account, day, second, cents, merchant, counterparty, booked, abroad, fraud, standing
            As the attributes.
        """
        account, cents = np.asarray(account), np.asarray(cents)
        keep = np.flatnonzero((account >= 0) & (cents != 0))
        code = CODE[code] if isinstance(code, str) else code
        channel = CHANNEL[channel] if isinstance(channel, str) else channel

        def spread(values: Any, kind: Any) -> np.ndarray:
            array = np.asarray(values)
            return np.full(len(keep), array, dtype=kind) if array.ndim == 0 else array[keep].astype(kind)

        return cls(
            account=account[keep].astype(np.int32),
            day=spread(day, np.int32),
            second=spread(second, np.int32),
            cents=spread(cents, np.int64),
            code=spread(code, np.int8),
            channel=spread(channel, np.int8),
            merchant=spread(merchant, np.int32),
            counterparty=spread(counterparty, np.int64),
            booked=spread(booked, np.bool_),
            abroad=spread(abroad, np.bool_),
            fraud=spread(fraud, np.bool_),
            standing=spread(standing, np.bool_),
        )

    @classmethod
    def concat(cls, parts: Sequence["Legs"]) -> "Legs":
        """All parts, one after the other."""
        return cls(*(np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(cls)))

    def take(self, rows: IntArray | BoolArray) -> "Legs":
        """The legs of these rows."""
        return Legs(*(getattr(self, item.name)[rows] for item in fields(self)))


def transfer(
    *,
    source: IntArray,
    target: IntArray,
    account_no: IntArray,
    day: IntArray,
    second: IntArray,
    cents: IntArray,
    codes: tuple[str, str] = ("OWN_OUT", "OWN_IN"),
    channel: Any = "APP",
    standing: Any = False,
) -> list[Legs]:
    """Both sides of transfers between two accounts of the block; ``cents`` positive, none where an account lacks."""
    cents = np.where((source >= 0) & (target >= 0), cents, 0)
    common: dict[str, Any] = {"day": day, "channel": channel, "standing": standing}
    return [
        Legs.make(
            account=source, second=second, cents=-cents, code=codes[0], counterparty=account_no[target], **common
        ),
        # Ten seconds later, so that of two accounts' histories the money is gone before it is there.
        Legs.make(
            account=target, second=second + 10, cents=cents, code=codes[1], counterparty=account_no[source], **common
        ),
    ]
