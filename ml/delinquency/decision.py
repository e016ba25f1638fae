"""Whom to contact: where the loss that a contact is expected to avert exceeds its cost, then as many as can be reached.

``gain = p * success_rate * lgd * EAD - contact_cost``; contact where it is above 0. EAD (exposure at default) is the
amount owed, LGD (loss given default) the share of it that is lost. An exposure without a known amount has no gain and
is not decided by this rule: nothing is invented. The three readings of the risk engine's document stand beside it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ml.evaluate.resampling import Floats, Integers, group_codes

CONTACT, BELOW_COST, OVER_CAPACITY, NO_AMOUNT = "contact", "below_cost", "over_capacity", "no_amount"


@dataclass(frozen=True)
class DecisionSettings:
    """What a contact costs and achieves. All are assumptions of the user's until outcomes are measured.

    Attributes
    ----------
    success_rate : float
        Share of defaults that a contact averts. 0.25 (2026-11-28): an assumption well below the 55 to 75 % that the
        risk engine's document claims without a control group.
    lgd : float
        Loss given default, share of the exposure. 0.45: Basel's foundation figure for unsecured senior claims.
    contact_cost : float
        Cost of one contact, in the currency of the amounts. 50: the lower end of the document's 50 to 200.
    capacity : int
        People who can be contacted a day.
    cost_ratios : tuple of float
        Cost of a missed default by the cost of a false alarm; the document states 25 to 250.
    recall_wanted : float
        Share of people with a default to be found; the document states 0.85.
    """

    success_rate: float = 0.25
    lgd: float = 0.45
    contact_cost: float = 50.0
    capacity: int = 200
    cost_ratios: tuple[float, ...] = (25.0, 250.0)
    recall_wanted: float = 0.85

    def __post_init__(self) -> None:
        shares = {"success_rate": self.success_rate, "lgd": self.lgd, "recall_wanted": self.recall_wanted}
        if wrong := {name: value for name, value in shares.items() if not 0 < value <= 1}:
            raise ValueError(f"decision settings: {wrong}; expected shares above 0 and at most 1")
        if not (np.isfinite(self.contact_cost) and self.contact_cost >= 0):
            raise ValueError(f"decision settings: contact_cost is {self.contact_cost}; expected 0 or more")
        if self.capacity < 0:
            raise ValueError(f"decision settings: capacity is {self.capacity}; expected 0 or more people a day")
        if not self.cost_ratios or min(self.cost_ratios) <= 0:
            raise ValueError(f"decision settings: cost_ratios are {self.cost_ratios}; expected numbers above 0")

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return asdict(self) | {"cost_ratios": list(self.cost_ratios)}


def expected_gain(probability: ArrayLike, amount: ArrayLike, settings: DecisionSettings) -> Floats:
    """Expected gain of a contact for each exposure, shape (n,), in the currency of the amounts.

    Parameters
    ----------
    probability : array_like of shape (n,)
        Calibrated probability of default.
    amount : array_like of shape (n,)
        Exposure at default; NaN or None where it is not known, and then the gain is NaN.
    settings : DecisionSettings
        What a contact costs and achieves.

    Raises
    ------
    ValueError
        If shapes differ, a probability lies outside 0 to 1, or an amount is negative or infinite.
    """
    p = np.asarray(probability, dtype=float)
    ead = np.asarray(pd.to_numeric(pd.Series(np.asarray(amount, dtype=object))), dtype=float)
    if p.shape != ead.shape:
        raise ValueError(f"probability has shape {p.shape}, amount {ead.shape}; expected one amount an exposure")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"{int((~((p >= 0) & (p <= 1))).sum())} probabilities are missing or outside 0 to 1")
    wrong = (ead < 0) | np.isinf(ead)
    if wrong.any():
        raise ValueError(
            f"{int(wrong.sum())} of {len(ead)} amounts are negative or infinite; expected what is owed, 0 or more, "
            "or missing where it is not known"
        )
    return p * settings.success_rate * settings.lgd * ead - settings.contact_cost


def decide(
    probability: ArrayLike,
    amount: ArrayLike,
    *,
    group: Sequence[object] | ArrayLike | None = None,
    day: Sequence[object] | ArrayLike | None = None,
    settings: DecisionSettings | None = None,
) -> pd.DataFrame:
    """Decide each exposure: rule, then rank by expected gain, then capacity in people a day.

    Parameters
    ----------
    probability, amount : array_like of shape (n,)
        As in :func:`expected_gain`.
    group : array_like of shape (n,), optional
        Person of each exposure; capacity counts a person once, however many exposures. Default: one a row.
    day : array_like of shape (n,), optional
        As-of date; capacity is a day's. Default: all are of one day.
    settings : DecisionSettings, optional
        Its own defaults where not given.

    Returns
    -------
    pandas.DataFrame of n rows, in the order given
        ``expected_gain``; ``rank`` of the person among those of the day worth a contact, by the largest gain of their
        exposures, from 1 (missing for others; equal gains rank by the person's label); ``status``: ``contact``,
        ``over_capacity`` (worth it, out of reach today), ``below_cost`` or ``no_amount``.
    """
    settings = settings or DecisionSettings()
    gain = expected_gain(probability, amount, settings)
    person, when = group_codes(group, len(gain)), group_codes(_one_day(day, len(gain)), len(gain))
    worth = gain > 0  # NaN is not above 0
    ranked = pd.DataFrame({"day": when[worth], "person": person[worth], "gain": gain[worth]})
    people = ranked.groupby(["day", "person"]).agg(gain=("gain", "max")).reset_index()
    people = people.sort_values(["day", "gain", "person"], ascending=[True, False, True])
    people["rank"] = people.groupby("day").cumcount() + 1
    keys = pd.MultiIndex.from_arrays([people["day"], people["person"]])
    rank = pd.Series(people["rank"].to_numpy(), index=keys).reindex(pd.MultiIndex.from_arrays([when, person]))
    rank = rank.astype("Int64").reset_index(drop=True).where(pd.Series(worth))
    within = (rank <= settings.capacity).fillna(False).to_numpy(dtype=bool)
    status = np.select([np.isnan(gain), ~worth, within], [NO_AMOUNT, BELOW_COST, CONTACT], default=OVER_CAPACITY)
    return pd.DataFrame({"expected_gain": gain, "rank": rank, "status": status})


def at_base_rate(probability: ArrayLike, sample_rate: float, stated_rate: float) -> Floats:
    """Probabilities of a sample with one base rate, as they are where another holds (shift of the prior odds).

    Saerens, Latinne, Decaestecker (2002). Only the share of bads may differ, not what bads look like.
    """
    for name, rate in (("sample_rate", sample_rate), ("stated_rate", stated_rate)):
        if not 0 < rate < 1:
            raise ValueError(f"{name} is {rate}; expected a share between 0 and 1")
    p = np.asarray(probability, dtype=float)
    up, down = stated_rate / sample_rate, (1 - stated_rate) / (1 - sample_rate)
    return np.asarray(p * up / (p * up + (1 - p) * down))


def decision_table(
    target: ArrayLike,
    probability: ArrayLike,
    *,
    amount: ArrayLike | None = None,
    group: Sequence[object] | ArrayLike | None = None,
    day: Sequence[object] | ArrayLike | None = None,
    settings: DecisionSettings | None = None,
    base_rate: float | None = None,
) -> pd.DataFrame:
    """Each way to choose whom to contact, with what it finds, at one stated base rate.

    Parameters
    ----------
    target : array_like of shape (n,)
        1 for bad, 0 for good.
    probability, amount, group, day
        As in :func:`decide`; without amounts the rule of the expected gain is listed as not decided.
    settings : DecisionSettings, optional
        Its own defaults where not given.
    base_rate : float, optional
        Share of people with a default where the rule will be used; the sample's own where not given. Probabilities
        are moved to it, and precision and share flagged are weighted to it.

    Returns
    -------
    pandas.DataFrame
        ``rule, threshold, recall, precision, share_flagged, people_flagged, base_rate, status``. Counted in
        people a day: a person is bad with any bad exposure and flagged with any flagged one. ``threshold`` is
        a probability at the stated base rate, missing for rules that have none; ``people_flagged`` are those of the
        sample. Where all people have one outcome no rule is decided, and the status says so.
    """
    settings = settings or DecisionSettings()
    y, p = np.asarray(target, dtype=float), np.asarray(probability, dtype=float)
    if y.shape != p.shape or not set(np.unique(y).tolist()) <= {0.0, 1.0}:
        raise ValueError(f"target {y.shape} and probability {p.shape} must be alike, and the target 0 or 1 only")
    people = _People.of(y, group_codes(group, len(y)), group_codes(_one_day(day, len(y)), len(y)))
    sample_rate = float(people.bad.mean())
    if not 0 < sample_rate < 1:
        why = f"not decided: all {len(people.bad):,} people have one outcome, so rules can't be compared"
        rate = sample_rate if base_rate is None else base_rate
        return pd.DataFrame([people.row(rule, None, rate, status=why) for rule in _rules(settings)])
    stated = sample_rate if base_rate is None else base_rate
    p = at_base_rate(p, sample_rate, stated)
    highest = people.highest(p)
    bounds = [1 / (1 + ratio) for ratio in settings.cost_ratios]
    bound = people.threshold_of_recall(highest, settings.recall_wanted)
    gain, gain_capped, *ratios, recall, capacity = _rules(settings)
    return pd.DataFrame(
        [
            _gain_row(people, p, amount, group, day, settings, stated, rule=gain, statuses=(CONTACT, OVER_CAPACITY)),
            _gain_row(people, p, amount, group, day, settings, stated, rule=gain_capped, statuses=(CONTACT,)),
            *(people.row(rule, highest > at, stated, at) for rule, at in zip(ratios, bounds, strict=True)),
            people.row(recall, highest >= bound, stated, bound),
            people.row(capacity, people.riskiest(highest, settings.capacity), stated),
        ]
    )


def _rules(settings: DecisionSettings) -> list[str]:
    """The rules by their names, in the order of the table."""
    gain = "p * success * LGD * EAD > cost"
    return [
        gain,
        f"{gain}, then {settings.capacity:,} people a day",
        *(f"cost ratio {ratio:g}: p > 1/(1 + {ratio:g})" for ratio in settings.cost_ratios),
        f"recall of at least {settings.recall_wanted:g}",
        f"capacity: {settings.capacity:,} people a day",
    ]


def _gain_row(
    people: "_People", p: Floats, amount: Any, group: Any, day: Any, settings: DecisionSettings, rate: float, *,
    rule: str, statuses: Sequence[str],
) -> dict[str, Any]:  # fmt: skip
    if amount is None:
        return people.row(rule, None, rate, status="not decided: no exposure amounts are known")
    found = decide(p, amount, group=group, day=day, settings=settings)
    unknown = int((found["status"] == NO_AMOUNT).sum())
    if unknown == len(found):
        return people.row(rule, None, rate, status="not decided: no exposure amounts are known")
    chosen = found["status"].isin(statuses).to_numpy()
    note = "decided" if unknown == 0 else f"decided; {unknown:,} of {len(found):,} exposures have no known amount"
    return people.row(rule, people.highest(chosen) > 0.0, rate, status=note)


@dataclass(frozen=True)
class _People:
    """Persons by day: which of them each row is, whether they are bad, and their day."""

    of_row: Integers
    bad: NDArray[np.bool_]
    day: Integers

    @classmethod
    def of(cls, y: Floats, person: Integers, day: Integers) -> "_People":
        pair = day * (int(person.max()) + 1) + person
        pairs, of_row = np.unique(pair, return_inverse=True)
        bad = np.zeros(len(pairs))
        np.maximum.at(bad, of_row, y)
        return cls(of_row, bad > 0, pairs // (int(person.max()) + 1))

    def highest(self, values: NDArray[Any]) -> Floats:
        """Each person's highest value."""
        found = np.full(len(self.bad), -np.inf)
        np.maximum.at(found, self.of_row, values)
        return found

    def threshold_of_recall(self, highest: Floats, wanted: float) -> float:
        """Highest probability at or above which at least the wanted share of bad people lies."""
        falling = np.sort(highest[self.bad])[::-1]
        # Rounded first: 0.85 * 20 is 17.000000000000004 on some machines' arithmetic, and 17 people are enough.
        return float(falling[max(1, int(np.ceil(round(wanted * len(falling), 9)))) - 1])

    def riskiest(self, highest: Floats, capacity: int) -> NDArray[np.bool_]:
        """The riskiest people of each day, as many as can be reached; equal ones by their label."""
        order = np.lexsort((-highest, self.day))
        first = np.searchsorted(self.day[order], self.day[order], side="left")
        chosen = np.zeros(len(highest), dtype=bool)
        chosen[order] = np.arange(len(order)) - first < capacity
        return chosen

    def row(
        self, rule: str, flagged: NDArray[np.bool_] | None, rate: float, threshold: float = np.nan,
        status: str = "decided",
    ) -> dict[str, Any]:  # fmt: skip
        """What a rule finds; precision and share flagged as they are where the share of bad people is ``rate``."""
        row: dict[str, Any] = {"rule": rule, "threshold": threshold, "recall": np.nan, "precision": np.nan,
                               "share_flagged": np.nan, "people_flagged": pd.NA, "base_rate": rate,
                               "status": status}  # fmt: skip
        if flagged is None:
            return row
        recall, false_alarms = float(flagged[self.bad].mean()), float(flagged[~self.bad].mean())
        share = rate * recall + (1 - rate) * false_alarms
        return row | {
            "recall": recall,
            "precision": rate * recall / share if share > 0 else np.nan,
            "share_flagged": share,
            "people_flagged": int(flagged.sum()),
        }


def _one_day(day: Any, rows: int) -> Any:
    return np.zeros(rows, dtype=int) if day is None else day
