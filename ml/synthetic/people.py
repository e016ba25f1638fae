"""Customers in households, and the hidden stress that drives what they do; stress is never delivered."""

import numpy as np
import pandas as pd

from ml.synthetic.config import SampleConfig
from ml.synthetic.reference import FEMALE_NAMES, LAST_NAMES, MALE_NAMES, OCCUPATIONS, STREETS, districts

_HOUSEHOLD_SIZES = ([1, 2, 3, 4], [0.52, 0.34, 0.09, 0.05])
_SHARED_PHONE_SHARE = 0.3  # of households with several customers: all give the same landline
_JOINED_LATER_SHARE = 0.06  # became customers within the data


def make_people(config: SampleConfig) -> pd.DataFrame:
    """Customers with their household, address, income and segment.

    Returns
    -------
    DataFrame
        One row a customer, index 0..people-1. ``joined_day`` is a day number (negative: before the data
        start); ``activity`` scales how much a person buys.
    """
    rng = config.rng("people")
    n = config.people
    sizes = rng.choice(_HOUSEHOLD_SIZES[0], size=n, p=_HOUSEHOLD_SIZES[1])
    household = np.repeat(np.arange(n), sizes)[:n]
    member = pd.Series(household).groupby(household).cumcount().to_numpy()
    homes = _make_homes(rng, household[-1] + 1)
    people = homes.iloc[household].reset_index(drop=True)
    people.insert(0, "person", np.arange(n))
    people["household"], people["member"] = household, member

    household_age = np.clip(rng.gamma(9.0, 5.0, size=household[-1] + 1) + 2, 19, 84)
    # Two grown-ups of like age first; the others of a household are grown-up children.
    age = np.where(member < 2, household_age[household] + rng.normal(0, 3, n) * (member == 1), rng.uniform(18.2, 26, n))
    age = np.clip(age, 18.2, 88)
    people["age"] = age
    people["birth_date"] = config.dates(config.days - (age * 365.25).astype(np.int64) - 1)
    female = np.where(member == 1, rng.random(n) < 0.85, rng.random(n) < 0.45)
    people["sex"] = np.where(female, "F", "M")
    people["first_name"] = np.where(female, rng.choice(FEMALE_NAMES, n), rng.choice(MALE_NAMES, n))
    size_of = np.bincount(household)[household]
    people["marital_status"] = np.where(
        (size_of > 1) & (member < 2), "Married", np.where(age > 45, "Divorced", "Single")
    )
    people["dependants"] = np.where(member < 2, rng.poisson(np.where(size_of > 1, 0.9, 0.2)), 0)
    _add_income(people, rng)

    people["ssn"] = _serial(rng, n, 9999 * 99, lambda v: f"000-{v // 9999 + 1:02d}-{v % 9999 + 1:04d}")
    own_phone = 1_000_000 + rng.permutation(8_999_999)[: n + 1]
    shared = (rng.random(household[-1] + 1) < _SHARED_PHONE_SHARE)[household] & (size_of > 1)
    line = np.where(shared, own_phone[np.searchsorted(household, household)], own_phone[:n])
    people["phone"] = people["area_code"] + pd.Series(line).astype(str)
    joined_later = rng.random(n) < _JOINED_LATER_SHARE
    people["joined_day"] = np.where(
        joined_later,
        rng.integers(20, max(21, config.days - 60), n),
        -1 - (rng.gamma(1.6, 900, n)).astype(np.int64) % 7000,
    )
    people["activity"] = rng.lognormal(0, 0.3, n) * np.interp(people["income"], [15e3, 60e3, 250e3], [0.7, 1.0, 1.4])
    return people


def make_stress(config: SampleConfig) -> np.ndarray:
    """Hidden stress by person and month, shape (people, months), 0 (at ease) to 1.

    A stable level of each person, and for about a quarter an episode of four to eight months.
    """
    rng = config.rng("stress")
    n, months = config.people, config.months
    base = rng.beta(1.2, 8.0, n)
    begins = rng.integers(-4, months, n)
    length = rng.integers(4, 9, n)
    height = np.where(rng.random(n) < 0.27, rng.uniform(0.4, 0.85, n), 0.0)
    month = np.arange(months)
    inside = (month >= begins[:, None]) & (month < (begins + length)[:, None])
    return np.clip(base[:, None] + height[:, None] * inside + rng.normal(0, 0.03, (n, months)), 0, 1)


def customers_table(people: pd.DataFrame, config: SampleConfig) -> pd.DataFrame:
    """Customers as the core banking system delivers them."""
    phone = people["phone"]
    return pd.DataFrame(
        {
            "customer_no": customer_numbers(people["person"]),
            "household_no": people["household"] + 1,
            "first_name": people["first_name"],
            "last_name": people["last_name"],
            "sex": people["sex"],
            "birth_date": people["birth_date"],
            "ssn": people["ssn"],
            "phone": "+1 " + phone.str[:3] + " " + phone.str[3:6] + " " + phone.str[6:],
            "email": people["first_name"]
            + "."
            + people["last_name"]
            + (people["person"] + 1).astype(str)
            + "@Example.com",
            "address": people["address"],
            "postcode": people["postcode"],
            "city": people["city"],
            "state": people["state"],
            "district_no": people["district_no"],
            "segment": people["segment"],
            "occupation": people["occupation"],
            "marital_status": people["marital_status"],
            "dependants": people["dependants"],
            "annual_income": people["income"],
            "customer_since": config.dates(people["joined_day"].to_numpy()),
        }
    )


def customer_numbers(person: pd.Series) -> pd.Series:
    """The core banking system's numbers of the persons 0, 1, ..."""
    return 100001 + person


def _make_homes(rng: np.random.Generator, n: int) -> pd.DataFrame:
    cities = districts()
    where = rng.choice(len(cities), size=n, p=cities["weight"] / cities["weight"].sum())
    homes = cities.loc[where, ["district_no", "city", "state", "postcode", "area_code"]].reset_index(drop=True)
    homes["last_name"] = rng.choice(LAST_NAMES, n)
    number = pd.Series(rng.integers(1, 2000, n)).astype(str)
    homes["address"] = number + " " + pd.Series(rng.choice(STREETS, n)) + " Street"
    return homes


def _add_income(people: pd.DataFrame, rng: np.random.Generator) -> None:
    n, age = len(people), people["age"].to_numpy()
    drawn = OCCUPATIONS.iloc[
        rng.choice(len(OCCUPATIONS), size=n, p=OCCUPATIONS["weight"] / OCCUPATIONS["weight"].sum())
    ]
    occupation = np.where(age >= 66, "Retired", np.where(age < 23, "Student", drawn["occupation"].to_numpy()))
    median = np.where(age >= 66, 42_000, np.where(age < 23, 19_000, drawn["median_income"].to_numpy()))
    by_age = np.where((age >= 23) & (age < 66), np.interp(age, [23, 35, 50, 65], [0.78, 0.98, 1.12, 1.05]), 1.0)
    income = np.round(median * by_age * rng.lognormal(0, 0.17, n), -2)
    tilt = income * rng.lognormal(0, 0.12, n)
    segment = np.where(tilt >= 108_000, "Premium", np.where(tilt >= 63_000, "Affluent", "Mass Market"))
    people["occupation"], people["income"] = occupation, income
    people["segment"] = np.where(occupation == "Business Owner", "Business", segment)


def _serial(rng: np.random.Generator, n: int, space: int, text: object) -> list[str]:
    assert callable(text)
    return [text(int(value)) for value in rng.choice(space, size=n, replace=False)]
