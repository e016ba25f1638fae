"""The invariants of a world hold for whatever seed, size and last day, not only for the worlds of the other tests."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.synthetic.world import WorldConfig, generate
from tests.unit.world import test_world_invariants as invariants

WITHOUT_PARAMETERS: list[Callable[..., None]] = [
    invariants.test_balances_add_up_to_the_booked_transactions,
    invariants.test_the_balance_after_a_transaction_is_the_day_s_balance_after_the_last_one,
    invariants.test_nothing_happens_before_an_account_opens_or_after_it_closes,
    invariants.test_nobody_acts_after_death,
    invariants.test_every_transfer_within_the_bank_has_two_sides,
    invariants.test_a_payment_is_made_once_and_after_the_loan_was_granted,
    invariants.test_benefits_follow_registration_and_applications_are_decided_once,
    invariants.test_every_benefit_credit_has_its_benefit_event,
    invariants.test_the_unemployed_are_paid_by_the_state_and_not_by_the_registry,
]


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**63 - 1),
    people=st.integers(50, 400),
    start=st.dates(dt.date(2019, 1, 1), dt.date(2030, 12, 1)).map(lambda day: day.replace(day=1)),
    days=st.integers(0, 130),
)
def test_whatever_the_seed_size_and_dates_the_invariants_hold(
    seed: int, people: int, start: dt.date, days: int
) -> None:
    config = WorldConfig(seed=seed, people=people, start=start, until=start + dt.timedelta(days=days))
    world = {name: table.to_pandas(date_as_object=False) for name, table in generate(config).items()}
    for name in invariants.KEYS:
        with suppress(pytest.skip.Exception):
            invariants.test_keys_are_unique_and_whole(world, name)
    for reference in invariants.REFERENCES:
        with suppress(pytest.skip.Exception):
            invariants.test_every_reference_leads_somewhere(world, *reference)
    for holds in WITHOUT_PARAMETERS:
        with suppress(pytest.skip.Exception):
            holds(world)
