"""What people do with a decision: override it, appeal against it. Each gives a new record and says who and why."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ml.eligibility.thresholds import APPROVE, DECISIONS

# From each state of an appeal, the states that may follow. Upheld: the appellant is right. An appeal is settled for
# the decision that was in force then: whoever is not approved may file another one.
APPEAL_STATES: dict[str, tuple[str, ...]] = {
    "none": ("filed",),
    "filed": ("upheld", "rejected"),
    "upheld": ("filed",),
    "rejected": ("filed",),
}


def next_appeal_state(present: str, state: str, *, appealed: str | None, final: str | None) -> str:
    """The state, if it may follow the present one.

    Parameters
    ----------
    present, state : str
        Of ``APPEAL_STATES``.
    appealed, final : str or None
        The decision that was in force when the appeal was filed, and the one that is now, whoever made them.

    Raises
    ------
    ValueError
        If the state does not follow, one is filed anew against an approval, upheld while nothing more favourable is
        in force than what it is against, or rejected while something is.
    """
    following = APPEAL_STATES.get(present, ())
    if state not in following:
        said = ", ".join(following) or "nothing"
        raise ValueError(f"the appeal is {present!r} and can't become {state!r}; expected {said}")
    if present == "upheld" and final == APPROVE:
        raise ValueError(f"the appeal is {present!r} and {APPROVE} is in force; expected nothing")
    if state == "upheld" and not _is_better(final, appealed):
        still = "that still stands" if final == appealed else f"{final} is in force"
        raise ValueError(f"the appeal is against {appealed}, and {still}; override it first")
    if state == "rejected" and _is_better(final, appealed):
        raise ValueError(
            f"the appeal is against {appealed}, and {final} is in force: it has succeeded; expected upheld"
        )
    return state


def appeal_after_override(present: str, *, appealed: str | None, final: str) -> str:
    """State of an appeal once a person has put ``final`` in force.

    A decision that contradicts how an appeal was settled opens it again: in favour after it was rejected, or no better
    than what it was against after it was upheld.
    """
    settled_for = {"upheld": True, "rejected": False}.get(present)
    return present if settled_for is None or _is_better(final, appealed) == settled_for else "filed"


def _is_better(final: str | None, appealed: str | None) -> bool:
    """Whether a decision is more favourable to the applicant than the one an appeal is against."""
    order = DECISIONS[::-1]
    return final in order and (appealed not in order or order.index(final) > order.index(appealed))


def override(
    record: Mapping[str, Any], decision: str, *, by: str, reason: str, at: dt.datetime | None = None
) -> dict[str, Any]:
    """A record with a person's decision beside the model's, which stays as it was; see :func:`appeal_after_override`.

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
        "appeal_state": appeal_after_override(
            str(record["appeal_state"]), appealed=record.get("appealed_decision"), final=decision
        ),
        "override_decision": decision,
        "override_by": by.strip(),
        "override_reason": reason.strip(),
        "overridden_at": when.astimezone(dt.UTC).isoformat(),
    }


def final_decision(record: Mapping[str, Any]) -> str:
    """The person's decision where there is one, else the model's."""
    return str(record.get("override_decision") or record["decision"])


def appeal(record: Mapping[str, Any], state: str) -> dict[str, Any]:
    """A record whose appeal has come to another state; one that is filed notes the decision it is against.

    Raises
    ------
    ValueError
        As :func:`next_appeal_state`.
    """
    final = final_decision(record)
    following = next_appeal_state(
        str(record["appeal_state"]), state, appealed=record.get("appealed_decision"), final=final
    )
    filed = {"appealed_decision": final} if following == "filed" else {}
    return {**record, **filed, "appeal_state": following}
