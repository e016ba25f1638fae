"""How far the bank's files announce a loan's instalments says nothing of whether they will be paid."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest


@pytest.mark.parametrize("day", [dt.date(2026, 1, 31), dt.date(2026, 4, 15), dt.date(2026, 7, 20)], ids=str)
def test_every_schedule_reaches_a_month_ahead_or_to_the_loan_s_end(world_of: Any, day: dt.date) -> None:
    world = world_of(20260930, 500, dt.date(2026, 9, 30))
    now = pd.Timestamp(day)
    due = world["core_banking.payments_due"]
    known = due[due["announced_on"] <= now].merge(world["core_banking.loans"], on="loan_account_no")
    paid = known["payment_id"].map(world["core_banking.payments_made"].set_index("payment_id")["paid_date"])
    past_due = set(known.loc[(known["due_date"] <= now) & ~(paid <= now), "loan_account_no"])
    exposed = known[~known["loan_account_no"].isin(past_due)]
    reach = exposed.groupby("loan_account_no")["due_date"].max()
    ends = exposed.groupby("loan_account_no")["matures_on"].max()
    running = reach[ends > now + pd.Timedelta(days=31)]
    assert len(running) > 20
    assert (running > now + pd.Timedelta(days=30)).all()


def test_an_instalment_is_announced_after_the_grant_and_before_it_falls_due(world: Any) -> None:
    due = world["core_banking.payments_due"].merge(world["core_banking.loans"], on="loan_account_no")
    assert (due["announced_on"] >= due["granted_on"]).all()
    assert (due["announced_on"] < due["due_date"]).all()
