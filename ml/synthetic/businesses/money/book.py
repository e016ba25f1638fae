"""Collects bookings as columns, one call a kind; they are sorted and balanced when all are there."""

from dataclasses import dataclass, field, fields

import numpy as np

from ml.synthetic.arrays import BoolArray, IntArray

CODES = (
    "SALE_B2B", "SALE_RETAIL", "SALE_EXPORT", "SALE_ONDC", "CASH_DEP", "REFUND_IN", "REFUND_OUT", "TAX_REFUND",
    "SUPPLIER", "PAYROLL", "RENT", "UTILITY", "TAX", "LOAN_OUT", "EMI", "OWN_IN", "OWN_OUT", "CAPITAL_IN", "DRAWINGS",
    "CASH_WD", "INSURANCE", "FUND_SIP", "FUND_REDEEM", "INTEREST", "FEE", "DD_FAIL",
)  # fmt: skip
CHANNELS = ("NEFT", "RTGS", "UPI", "POS", "BR", "APP", "ATM")
_RTGS_FROM = 200_000_00  # paise; the Reserve Bank's lower limit of RTGS
_OPENS, _CLOSES = 9 * 3_600, 20 * 3_600


@dataclass(frozen=True)
class Bookings:
    """One element a booking.

    Attributes
    ----------
    account, party : array of int
        Indices into the parties: a business, an owner's savings; the other side or NOBODY.
    day, second : array of int
        Epoch day and second of the day.
    cents : array of int
        Paise, positive.
    is_credit, failed : array of bool
        Nothing moves where ``failed``.
    code, channel : array of int
        Indices into CODES and CHANNELS; a channel of -1 is none.
    """

    account: IntArray
    party: IntArray
    day: IntArray
    second: IntArray
    cents: IntArray
    is_credit: BoolArray
    failed: BoolArray
    code: IntArray
    channel: IntArray

    @property
    def moved(self) -> IntArray:
        """What each booking adds to the balance, paise."""
        return np.where(self.failed, 0, np.where(self.is_credit, self.cents, -self.cents))

    def where(self, chosen: BoolArray | IntArray) -> "Bookings":
        """Those that a mask or an order selects."""
        return Bookings(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})


@dataclass
class Book:
    """Bookings before ``horizon_day``; later ones are left out."""

    horizon_day: int
    rng: np.random.Generator
    _parts: list[Bookings] = field(default_factory=list)

    def add(
        self,
        code: str,
        account: IntArray,
        day: IntArray,
        cents: IntArray,
        *,
        credit: bool,
        channel: str | IntArray | None = None,
        party: IntArray | int = -1,
        second: IntArray | int | None = None,
        failed: bool = False,
    ) -> None:
        """Bookings of one code; those of nothing are left out.

        Parameters
        ----------
        code : str
            One of CODES.
        account, day, cents : array of int
            One element a booking; paise.
        credit, failed : bool
            Of all of them.
        party : array of int or int
            The other side.
        channel : str, array of int or None
            ``"TRANSFER"`` is NEFT, and RTGS for large amounts.
        second : array of int or int, optional
            Of the day; by default at random in business hours.
        """
        count = len(account)
        seconds = self.rng.integers(_OPENS, _CLOSES, count) if second is None else np.broadcast_to(second, (count,))
        if channel is None:
            channels: IntArray = np.full(count, -1)
        elif isinstance(channel, str):
            if channel == "TRANSFER":
                channels = np.where(cents >= _RTGS_FROM, CHANNELS.index("RTGS"), CHANNELS.index("NEFT"))
            else:
                channels = np.full(count, CHANNELS.index(channel))
        else:
            channels = channel
        part = Bookings(
            account=np.asarray(account),
            party=np.broadcast_to(party, (count,)),
            day=np.asarray(day),
            second=seconds,
            cents=np.asarray(cents, dtype=np.int64),
            is_credit=np.full(count, credit),
            failed=np.full(count, failed),
            code=np.full(count, CODES.index(code)),
            channel=channels,
        )
        self._parts.append(part.where((part.cents > 0) & (part.day < self.horizon_day)))

    def move(
        self,
        out_code: str,
        in_code: str,
        source: IntArray,
        target: IntArray,
        day: IntArray,
        cents: IntArray,
        *,
        channel: str = "TRANSFER",
        second: IntArray | int | None = None,
    ) -> None:
        """Money from one account of the set to another: two bookings of one amount and instant."""
        if second is None:
            second = self.rng.integers(_OPENS, _CLOSES, len(source))
        common = {"channel": channel, "second": second}
        self.add(out_code, source, day, cents, credit=False, party=target, **common)  # type: ignore[arg-type]
        self.add(in_code, target, day, cents, credit=True, party=source, **common)  # type: ignore[arg-type]

    def sorted(self) -> Bookings:
        """All bookings in order of time."""
        joined = Bookings(
            **{
                each.name: np.concatenate([getattr(part, each.name) for part in self._parts])
                for each in fields(Bookings)
            }
        )
        return joined.where(np.lexsort((joined.account, joined.second, joined.day)))
