"""What comes and goes by the calendar: pay, bills, insurance, savings, instalments, fees and interest."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml.synthetic.config import IntArray, SampleConfig
from ml.synthetic.legs import days_in_month, fixed_day, legs, seconds_of_day, transfer
from ml.synthetic.lending import NET_SHARE_OF_INCOME, Lending
from ml.synthetic.reference import merchants

_PAYDAYS = [1, 15, 25, 28]
_OFFICE_DAYS = [1.0, 1.0, 1.0, 1.0, 1.0, 0.1, 0.05]


def person_months(config: SampleConfig) -> tuple[IntArray, IntArray]:
    """Every person with every month, flat: person numbers and month numbers."""
    return np.repeat(np.arange(config.people), config.months), np.tile(np.arange(config.months), config.people)


@dataclass(frozen=True)
class _Grid:
    """Every person in every month, flat, with what that month's flows depend on; ``net`` pay in cents."""

    config: SampleConfig
    people: pd.DataFrame
    rows: dict[str, IntArray]
    person: IntArray
    month: IntArray
    net: np.ndarray
    stress: np.ndarray

    def account(self, product: str) -> IntArray:
        """Row of each person's account of the product, -1 where there is none."""
        return self.rows[product][self.person]


def make_regular(
    config: SampleConfig, people: pd.DataFrame, lending: Lending, rows: dict[str, IntArray]
) -> pd.DataFrame:
    """Legs of everything that recurs by the calendar.

    ``rows`` holds for each product the row of every person's account, -1 where there is none.
    """
    rng = config.rng("regular")
    person, month = person_months(config)
    net = people["income"].to_numpy()[person] * NET_SHARE_OF_INCOME / 12 * 100
    grid = _Grid(config, people, rows, person, month, net, lending.stress.ravel())
    parts = [
        _pay(grid, rng),
        _business(grid, rng),
        _bills(grid, lending, rng),
        _failed_debits(grid, rng),
        _saving(grid, rng),
        _loan_movements(config, lending, rows, rng),
    ]
    return pd.concat(parts, ignore_index=True)


def _pay(grid: _Grid, rng: np.random.Generator) -> pd.DataFrame:
    """Salary, pension or benefit; stress delays it and at times cuts it."""
    config, person, n = grid.config, grid.person, len(grid.person)
    occupation = grid.people["occupation"].to_numpy()[person]
    code = np.select([occupation == "Retired", occupation == "Unemployed"], ["PENSION", "BENEFIT"], "SALARY")
    payday = rng.choice(_PAYDAYS, config.people, p=[0.25, 0.2, 0.3, 0.25])[person]
    twice = (rng.random(config.people) < 0.3)[person] & (code == "SALARY")
    delay = rng.poisson(3 * grid.stress**2)
    cut = 1 - 0.3 * grid.stress * (rng.random(n) < 0.4)
    amount = np.round(grid.net * cut * rng.normal(1, 0.01, n) / np.where(twice, 2, 1)).astype(np.int64)
    paid: dict[str, Any] = {
        "person": person,
        "account": grid.account("Checking Account"),
        "code": code,
        "standing": True,
    }
    parts = []
    for half in (False, True):
        day = fixed_day(config, grid.month, np.where(twice, 16 if half else 1, payday) + delay, workday=True)
        gets = (occupation != "Business Owner") & (twice | (not half))
        parts.append(legs(day=day, second=seconds_of_day(rng, n, "batch"), cents=amount * gets, **paid))
    return pd.concat(parts)


def _business(grid: _Grid, rng: np.random.Generator) -> pd.DataFrame:
    """What a business earns and spends, and what its owner draws as pay."""
    person, n, business = grid.person, len(grid.person), grid.account("Business Checking")
    day = fixed_day(grid.config, grid.month, np.full(n, 27), workday=True)
    drawn = np.round(grid.net * rng.normal(1, 0.03, n)).astype(np.int64)
    second, checking = seconds_of_day(rng, n, "office"), grid.account("Checking Account")
    parts = [transfer(person=person, source=business, target=checking, day=day, second=second, cents=drawn)]
    for monthly, share, sign, code in ((7, 2.1, 1, "TRF_IN"), (5, 0.9, -1, "TRF_OUT")):
        count = rng.poisson(monthly, n) * (business >= 0)
        who, size = np.repeat(person, count), count.sum()
        value = np.repeat(grid.net, count) * share / monthly * rng.lognormal(0, 0.5, size)
        day = days_in_month(rng, grid.config, np.repeat(grid.month, count), _OFFICE_DAYS)
        account, second = np.repeat(business, count), seconds_of_day(rng, size, "office")
        cents = sign * np.round(value).astype(np.int64)
        parts.append(legs(person=who, account=account, day=day, second=second, cents=cents, code=code))
    return pd.concat(parts)


def _bills(grid: _Grid, lending: Lending, rng: np.random.Generator) -> pd.DataFrame:
    """Rent, insurance, two utilities and the bank's fee; utilities come late under stress."""
    config, person, n, p = grid.config, grid.person, len(grid.person), grid.config.people
    catalogue = merchants()
    utilities = catalogue.loc[catalogue["category"] == "Utilities", "merchant_no"].to_numpy()
    has_mortgage = np.isin(np.arange(p), lending.loans.loc[lending.loans["product"] == "Mortgage", "person"])
    net = grid.net[:: config.months]
    base: dict[str, Any] = {"person": person, "account": grid.account("Checking Account"), "standing": True}

    def monthly(
        cents_of: np.ndarray,
        day_of: IntArray,
        code: str,
        late: np.ndarray | int = 0,
        merchant: IntArray | int = 0,
    ) -> pd.DataFrame:
        cents = -np.round(cents_of[person] * rng.normal(1, 0.05, n)).astype(np.int64)
        day = fixed_day(config, grid.month, day_of[person] + late)
        return legs(day=day, second=seconds_of_day(rng, n, "batch"), cents=cents, code=code, merchant=merchant, **base)

    rent = net * rng.uniform(0.22, 0.34, p) * (~has_mortgage & (rng.random(p) < 0.85))
    insurance = net * rng.uniform(0.015, 0.035, p) * (rng.random(p) < 0.55)
    fee = 800.0 * ((rng.random(p) < 0.3) & (grid.people["segment"] == "Mass Market").to_numpy())
    parts = [
        monthly(rent, rng.integers(1, 6, p), "HOUSING"),
        monthly(insurance, rng.integers(5, 25, p), "INSURANCE"),
        monthly(fee, np.full(p, 31), "FEE"),
    ]
    for low, high, usual_day in ((6_000, 19_000, 8), (4_000, 11_000, 17)):
        is_late = rng.random(n) < 0.1 + grid.stress
        late = (grid.stress * rng.integers(0, 20, n) * is_late).astype(np.int64)
        day_of, provider = rng.integers(usual_day - 3, usual_day + 3, p), rng.choice(utilities, p)[person]
        parts.append(monthly(rng.uniform(low, high, p), day_of, "UTILITY", late, provider))
    return pd.concat(parts)


def _failed_debits(grid: _Grid, rng: np.random.Generator) -> pd.DataFrame:
    """Auto-debits of others (telephone, gym, ...) that found no cover."""
    count = rng.poisson(0.015 + 1.5 * grid.stress**2)
    who, size = np.repeat(grid.person, count), count.sum()
    day = days_in_month(rng, grid.config, np.repeat(grid.month, count), _OFFICE_DAYS)
    account, second = grid.rows["Checking Account"][who], seconds_of_day(rng, size, "batch")
    cents = -rng.integers(4_000, 22_000, size)
    failed: dict[str, Any] = {"code": "DD_FAIL", "booked": False, "standing": True}
    return legs(person=who, account=account, day=day, second=second, cents=cents, **failed)


def _saving(grid: _Grid, rng: np.random.Generator) -> pd.DataFrame:
    """Money put aside, invested, and under stress drawn again; interest and dividends."""
    n, net, stress = len(grid.person), grid.net, grid.stress
    checking, savings, investment = (
        grid.account(product) for product in ("Checking Account", "Savings Account", "Investment Account")
    )
    day = days_in_month(rng, grid.config, grid.month, _OFFICE_DAYS)
    put = np.round(np.clip(net * 0.1 * (1 - 1.6 * stress) * rng.uniform(0.5, 1.5, n), 0, None), -2).astype(np.int64)
    take = np.round(net * rng.uniform(0.05, 0.2, n) * (rng.random(n) < 1.2 * (stress - 0.25)), -2).astype(np.int64)
    invest = np.round(np.clip(net * 0.12 * (1 - 1.5 * stress), 0, None), -3).astype(np.int64)
    earned = np.round(net * rng.uniform(0.002, 0.008, n)).astype(np.int64)
    dividend = np.round(net * 0.12 * rng.lognormal(0, 0.4, n)).astype(np.int64) * (grid.month % 3 == 2)
    move: dict[str, Any] = {
        "person": grid.person,
        "second": seconds_of_day(rng, n, "evening"),
        "day": day,
        "channel": "APP",
    }
    credit: dict[str, Any] = {"person": grid.person, "code": "INTEREST", "channel": ""}
    last, twentieth = (fixed_day(grid.config, grid.month, np.full(n, number)) for number in (31, 20))
    return pd.concat(
        [
            transfer(source=checking, target=savings, cents=put, standing=True, **move),
            transfer(source=savings, target=checking, cents=take, **move),
            transfer(source=checking, target=investment, cents=invest, standing=True, **move),
            legs(account=savings, day=last, second=np.full(n, 85_000), cents=earned, **credit),
            legs(account=investment, day=twentieth, second=np.full(n, 61_000), cents=dividend, **credit),
        ]
    )


def _loan_movements(
    config: SampleConfig, lending: Lending, rows: dict[str, IntArray], rng: np.random.Generator
) -> pd.DataFrame:
    """Personal loans paid out and spent, instalments paid, and auto-debits of instalments that failed."""
    loans, instalments, checking = lending.loans, lending.instalments, rows["Checking Account"]
    cash = loans[(loans["product"] == "Personal Loan") & loans["is_new"]]
    principal, granted = cash["principal"].to_numpy(), cash["granted_day"].to_numpy()
    spent = np.round(principal * rng.uniform(0.75, 0.98, len(cash)), -3).astype(np.int64)
    got: dict[str, Any] = {"person": cash["person"].to_numpy(), "account": checking[cash["person"]]}
    got["second"] = seconds_of_day(rng, len(cash), "office")
    paid_out = legs(day=granted, cents=principal, code="LOAN_OUT", channel="BR", **got)
    used = legs(day=granted + rng.integers(1, 8, len(cash)), cents=-spent, code="LOAN_USE", **got)

    owner = loans["person"].to_numpy()[instalments["loan"]]
    auto = loans["auto_debit"].to_numpy()[instalments["loan"]]
    due_day, paid_day = instalments["due_day"].to_numpy(), instalments["paid_day"].to_numpy()
    amount = instalments["due"].to_numpy()
    side: dict[str, Any] = {
        "person": owner,
        "account": checking[owner],
        "second": seconds_of_day(rng, len(owner), "batch"),
    }
    paid = legs(day=paid_day, cents=-amount * (paid_day >= 0), code="LOAN_PAY", standing=auto, **side)
    missed = auto & (due_day != paid_day) & (due_day < config.days)
    failed = legs(day=due_day, cents=-amount * missed, code="DD_FAIL", booked=False, standing=True, **side)
    return pd.concat([paid_out, used, paid, failed])
