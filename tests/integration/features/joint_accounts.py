"""Accounts with several owners, and the rule whose they are, written down a second time."""

import datetime as dt

import numpy as np

from tests.integration.features.population import AS_OF, Row, account, end_of, holder, random_transactions

DAY = dt.timedelta(days=1)
# Numbers of the people and of the accounts that they share.
PEOPLE, ACCOUNTS = range(14, 20), range(21, 45)
# A loan that is paid from the first account, by somebody who does not own it.
BORROWED, BORROWER = f"test:loan:{ACCOUNTS[0]}", 15
# No source has a record of the first owner of this account.
HALF_KNOWN, NOBODY, SOMEBODY = 45, 0, 16


def joint_accounts(opened_on: dt.date) -> tuple[list[Row], list[Row], list[Row]]:
    """Accounts, holders and transactions: one to three owners, alike, later, ended, and users."""
    rng = np.random.default_rng(27)
    holders, transactions = [], []
    for number in ACCOUNTS:
        people = rng.permutation(PEOPLE)[: int(rng.integers(1, 4))]
        for place, person in enumerate(people):
            begins = opened_on if place == 0 or rng.random() < 0.4 else opened_on + int(rng.integers(200, 265)) * DAY
            ends = begins + int(rng.integers(1, 265)) * DAY if rng.random() < 0.4 else None
            holders.append(holder(number, int(person), begins, valid_to=ends))
        if number % 5 == 0:
            user = next(person for person in PEOPLE if person not in people)
            holders.append(holder(number, user, opened_on, valid_to=None, holder_role="user"))
        transactions += random_transactions(number, AS_OF - 60 * DAY, AS_OF, rng, "joint-")
    # Who owned the last one before all others, as nobody knew until the end.
    stranger = next(person for person in PEOPLE if person not in people)
    before = opened_on - DAY
    holders.append(holder(ACCOUNTS[-1], stranger, before, valid_to=None, known_at=end_of(AS_OF - DAY)))
    holders += [holder(HALF_KNOWN, person, opened_on, valid_to=None) for person in (NOBODY, SOMEBODY)]
    transactions += random_transactions(HALF_KNOWN, AS_OF - 60 * DAY, AS_OF, rng, "joint-")
    return [account(number, opened_on) for number in (*ACCOUNTS, HALF_KNOWN)], holders, transactions


def owner_on(holders: list[Row], account_id: str, day: dt.date, known_by: dt.date = AS_OF) -> str | None:
    """Whose an account is: the first of its owners on the day, else the last former one; None before any."""
    owners = [row for row in holders if row["account_id"] == account_id and row["holder_role"] == "owner"]
    begun = [row for row in owners if row["valid_from"] <= day and row["known_at"] <= end_of(known_by)]
    current = [row for row in begun if row["valid_to"] is None or row["valid_to"] > day]
    if current:
        return min((row["valid_from"], row["party_id"]) for row in current)[1]
    last = max((row["valid_from"] for row in begun), default=None)
    return min((row["party_id"] for row in begun if row["valid_from"] == last), default=None)
