"""Shares of what the world is said to hold, and stress that shows before it harms, and not before it begins."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.synthetic.world.config import FAR, WorldConfig
from ml.synthetic.world.identities import SHARED_PHONE_SHARE, make_identities
from ml.synthetic.world.population import BANK_SHARE, MOVES_A_YEAR, make_population
from ml.synthetic.world.reference.merchants import CATEGORY_OF, GAMBLING, MERCHANT_NO
from ml.synthetic.world.stress import SIGNAL_WEEKS
from ml.synthetic.world.timeline import make_timeline

YEAR = dt.date(2026, 9, 30)
CONFIG = WorldConfig(people=10_000)


@pytest.fixture(scope="module")
def blocks() -> list[Any]:
    return [make_population(CONFIG, block) for block in range(CONFIG.blocks)]


def share(parts: list[np.ndarray]) -> float:
    return float(np.concatenate(parts).mean())


def test_twins_moves_deaths_and_customers_exist_in_the_stated_shares(blocks: list[Any]) -> None:
    assert 0.005 < share([people.twin_of >= 0 for people in blocks]) < 0.03
    year = CONFIG.start_day + 365
    heads = [people.move_day[people.relation == 0] < year for people in blocks]
    assert abs(share(heads) - (1 - np.exp(-MOVES_A_YEAR))) < 0.02
    assert 0.003 < share([people.death_day < year for people in blocks]) < 0.02
    adults = [people.in_bank[people.age_on(CONFIG.start_day) >= 18] for people in blocks]
    assert abs(share(adults) - BANK_SHARE) < 0.03


def test_twins_share_birth_and_household_and_point_at_each_other(blocks: list[Any]) -> None:
    for people in blocks:
        first = np.flatnonzero(people.twin_of >= 0)
        other = people.twin_of[first]
        assert (people.twin_of[other] == first).all()
        assert (people.birth_day[other] == people.birth_day[first]).all()
        assert (people.household[other] == people.household[first]).all()


def test_telephones_are_shared_within_households_in_the_stated_share(blocks: list[Any]) -> None:
    for people in blocks:
        identities = make_identities(CONFIG, people)
        gives_home = identities.phone == identities.household_phone
        assert abs(gives_home.mean() - SHARED_PHONE_SHARE) < 0.03


def test_numbers_of_people_are_unique_over_the_world(blocks: list[Any]) -> None:
    identities = [make_identities(CONFIG, people) for people in blocks]
    for name in ("ssn", "mobile"):
        values = np.concatenate([getattr(one, name) for one in identities])
        assert len(np.unique(values.astype(str))) == CONFIG.people
    phones = np.concatenate([one.mobile for one in identities])
    homes = np.concatenate([one.household_phone for one in identities])
    assert not np.isin(homes.astype(str), phones.astype(str)).any()


@pytest.mark.parametrize("rate", [0.03, 0.05, 0.08])
def test_the_default_rate_is_the_one_asked_for(rate: float) -> None:
    config = WorldConfig(people=20_000, default_rate=rate)
    missed = exposures = 0
    for block in range(config.blocks):
        lending = make_timeline(config, block).lending
        for day in range(config.start_day + 100, config.start_day + 330, 23):
            unpaid = np.zeros(lending.loan.max() + 1, dtype=bool)
            unpaid[lending.loan[(lending.due_day <= day) & (lending.paid_day > day)]] = True
            soon = (lending.due_day > day) & (lending.due_day <= day + 30) & ~unpaid[lending.loan]
            exposures += len(np.unique(lending.loan[soon]))
            missed += len(np.unique(lending.loan[soon & (lending.paid_day > lending.due_day + 5)]))
    assert missed / exposures == pytest.approx(rate, rel=0.2)


def week_counts(events: pd.DataFrame, episodes: pd.DataFrame, column: str) -> pd.Series:
    """Events by week relative to the onset of their customer's episode, per episode."""
    both = events.merge(episodes, on="customer_no")
    days = (both[column].dt.normalize() - both["onset_on"]).dt.days
    week = days // 7
    return week[(week >= -10) & (week < 12)].value_counts().sort_index() / len(episodes)


def test_signs_begin_in_their_stated_weeks_and_not_before(world_of: Any) -> None:
    world = world_of(11, 10_000, YEAR)
    holders = world["core_banking.account_holders"]
    owner = holders[holders["role"] == "OWNER"].set_index("account_no")["customer_no"]
    rows = world["core_banking.transactions"]
    episodes = world["truth.stress_episodes"].dropna(subset=["customer_no"])
    # Episodes with ten calm weeks before and twelve weeks of data after their onset.
    inside = episodes["onset_on"].between("2025-12-20", "2026-07-01")
    alone = ~episodes.duplicated("customer_no", keep=False)
    episodes = episodes[inside & alone & ((episodes["ends_on"] - episodes["onset_on"]).dt.days >= 84)]
    assert len(episodes) > 300
    kinds = {
        "gambling": rows["merchant_no"].isin(MERCHANT_NO[CATEGORY_OF == GAMBLING]),
        "lending_app": rows["txn_code"] == "APPLOAN_IN",
        "failed_debit": (rows["txn_code"] == "DD_FAIL"),
        "atm": (rows["txn_code"] == "CASH_WD") & (rows["channel_code"] == "ATM"),
    }
    for name, mask in kinds.items():
        events = rows.loc[mask, ["booked_at", "account_no"]].assign(customer_no=rows["account_no"].map(owner))
        weekly = week_counts(events, episodes, "booked_at").reindex(range(-10, 12), fill_value=0)
        begin = SIGNAL_WEEKS[name]
        before, until_begin = weekly.loc[-10:-1].mean(), weekly.loc[0 : begin - 1].mean()
        after = weekly.loc[begin + 3 : begin + 7].mean()
        noise = 4 * np.sqrt(max(before, 0.002) / (len(episodes) * begin))
        assert abs(until_begin - before) < noise + 0.1 * before, name
        assert after > 1.5 * before, name


def test_pay_comes_later_under_stress_and_loans_are_missed_after_the_signs(world_of: Any) -> None:
    timeline = make_timeline(CONFIG, 0)
    lending, stress = timeline.lending, timeline.stress
    owner = timeline.accounts.grants.person[lending.loan]
    by_stress = lending.missed_by_stress
    assert by_stress.sum() > 50
    assert (stress.level_at(owner[by_stress], lending.due_day[by_stress], "missed_instalment") > 0).all()
    assert SIGNAL_WEEKS["missed_instalment"] > max(
        week for name, week in SIGNAL_WEEKS.items() if name != "missed_instalment"
    )
    assert (lending.paid_day[by_stress] > lending.due_day[by_stress] + 5).all()
    assert (lending.paid_day == FAR).any()
