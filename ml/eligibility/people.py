"""What people do with a decision: override it, appeal against it. Each gives a new record and says who and why."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ml.eligibility.thresholds import DECISIONS

# From each state of an appeal, the states that may follow.
APPEAL_STATES: dict[str, tuple[str, ...]] = {
    "none": ("open",),
    "open": ("in_review", "withdrawn"),
    "in_review": ("upheld", "overturned", "withdrawn"),
    "upheld": (),
    "overturned": (),
    "withdrawn": ("open",),
}


def override(
    record: Mapping[str, Any], decision: str, *, by: str, reason: str, at: dt.datetime | None = None
) -> dict[str, Any]:
    """A record with a person's decision beside the model's, which stays as it was.

    Parameters
    ----------
    record : mapping
        A row of :func:`ml.eligibility.decide`.
    decision : str
        APPROVE, REVIEW or SOFT_DECLINE.
    by, reason : str
        Who, and why; never empty.
    at : datetime, optional
        With time zone; now where not given.

    Raises
    ------
    ValueError
        If the decision is unknown, or who, why or the time zone is missing.
    """
    if decision not in DECISIONS:
        raise ValueError(f"decision is {decision!r}; expected one of {', '.join(DECISIONS)}")
    for name, value in (("by", by), ("reason", reason)):
        if not str(value).strip():
            raise ValueError(f"an override needs {name}; found nothing")
    when = at or dt.datetime.now(dt.UTC)
    if when.tzinfo is None:
        raise ValueError("at has no time zone; expected an instant")
    return {
        **record,
        "override_decision": decision,
        "override_by": by.strip(),
        "override_reason": reason.strip(),
        "overridden_at": when.astimezone(dt.UTC).isoformat(),
    }


def final_decision(record: Mapping[str, Any]) -> str:
    """The person's decision where there is one, else the model's."""
    return str(record.get("override_decision") or record["decision"])


def appeal(record: Mapping[str, Any], state: str) -> dict[str, Any]:
    """A record whose appeal has come to another state.

    Overturning needs the override that says who decided otherwise, and why.

    Raises
    ------
    ValueError
        If the state does not follow the present one, or an appeal is overturned without an override.
    """
    present = str(record["appeal_state"])
    if state not in APPEAL_STATES.get(present, ()):
        following = ", ".join(APPEAL_STATES.get(present, ())) or "nothing"
        raise ValueError(f"the appeal is {present!r} and can't become {state!r}; expected {following}")
    overridden = record.get("override_decision")
    if state == "overturned" and (not overridden or overridden == record["decision"]):
        raise ValueError("an appeal is overturned by another decision; override the record first")
    return {**record, "appeal_state": state}
