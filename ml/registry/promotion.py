"""Aliases move here: a promotion after gates, a challenger, a rollback; for training and for a person's hand.

What a version must show first is its kind's business (``ml.registry.kinds``), and so is how it comes to be.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import psycopg

from ml.evaluate.gate import GateResult
from ml.registry.events import champions, rolled_back
from ml.registry.kinds import MODULES, REFUSALS, kind_of, load_or_refuse
from ml.registry.lookup import alias_version
from ml.registry.store import UnknownModelError, lock_aliases, set_alias

# Who moves an alias where no person does.
BY_GATES = "quality gate"
EXPLAINED_ROWS = 2_000
# Seconds for 2,000 rows. 30,000 people with reasons are to be read, scored and written in 5 s: 0.5 ms a row is three
# times what that leaves, because a loaded machine must not refuse a sound version (2026-11-28).
EXPLANATION_SECONDS = 1.0


class Named(Protocol):
    """A model, as far as its alias is concerned."""

    @property
    def model_name(self) -> str:
        """In the registry."""


class PromotionRefusedError(ValueError):
    """A gate failed, or there is nothing to go back to; the message says which and what to do."""


def promote(
    connection: psycopg.Connection[Any],
    model: Named,
    version: str,
    verdict: Sequence[GateResult],
    *,
    by: str,
    why: str,
    override: bool = False,
) -> str | None:
    """Make a version champion if its gates passed, or against them if a person says so; the caller commits.

    Returns
    -------
    str or None
        The champion before.

    Raises
    ------
    PromotionRefusedError
        A gate failed and ``override`` is not given.
    """
    failed = [result for result in verdict if not result.passed]
    if failed and not override:
        raise PromotionRefusedError(
            f"{model.model_name} {version} was not promoted: " + "; ".join(result.message for result in failed)
        )
    before = set_alias(
        connection, model.model_name, "champion", version, set_by=by, reason=why,
        gates={result.name: result.message for result in verdict}, is_override=bool(failed),
    )  # fmt: skip
    _end_challenge(connection, model.model_name, version)
    return before


def hold_champion(connection: psycopg.Connection[Any], model_name: str, judged_against: str | None) -> None:
    """Keep the champion where it is until the transaction ends, if it still is the one that gates were asked against.

    Gates take their time, and nobody should wait for them who goes back in a hurry: they are asked first, and what they
    said counts only where no alias has moved meanwhile.

    Raises
    ------
    PromotionRefusedError
        Another version has become champion.
    """
    lock_aliases(connection, model_name)
    if (champion := alias_version(connection, model_name)) != judged_against:
        raise PromotionRefusedError(
            f"the champion of {model_name} was {judged_against} when the gates were asked and is {champion} now: "
            "somebody moved the alias meanwhile. Nothing was changed; look at it and promote again"
        )


def challenge_by_gates(connection: psycopg.Connection[Any], model_name: str, version: str, *, why: str) -> str | None:
    """Let a version that the gates kept back be scored in shadow, unless a person has chosen another for that.

    Returns
    -------
    str or None
        Why it is not the challenger; None where it is.
    """
    lock_aliases(connection, model_name)
    row = connection.execute(
        "select model_version, set_by from ml.model_aliases where model_name = %s and alias = 'challenger'",
        (model_name,),
    ).fetchone()
    if row is not None and row[0] != version and row[1] != BY_GATES:
        return f"it is not scored in shadow: {row[1]} has chosen {row[0]} as challenger"
    challenge(connection, model_name, version, by=BY_GATES, why=why)
    return None


def challenge(connection: psycopg.Connection[Any], model_name: str, version: str, *, by: str, why: str) -> None:
    """Let a version be scored in shadow; the champion stays.

    Raises
    ------
    PromotionRefusedError
        It is the champion.
    """
    lock_aliases(connection, model_name)
    if alias_version(connection, model_name) == version:
        raise PromotionRefusedError(f"{model_name} {version} is the champion; a challenger is another version")
    set_alias(connection, model_name, "challenger", version, set_by=by, reason=why)


def rollback(
    connection: psycopg.Connection[Any],
    model_name: str,
    *,
    by: str,
    why: str,
    to: str | None = None,
    modules: Mapping[str, str] = MODULES,
) -> tuple[str, str]:
    """Point the champion alias at the champion before, or at an earlier one; changes nothing else.

    The version that was left is not promoted by the gates again, only by a person. Stored scores stay; the next scoring
    uses the earlier version. The caller commits.

    Returns
    -------
    tuple of str
        Version left, version that scores from now on.

    Raises
    ------
    UnknownModelError
        The model has no champion, or no kind knows it.
    PromotionRefusedError
        There is none before, ``to`` was never one, or it could not score now: changed, unreadable, or trained with
        other features or another catalogue. The alias stays where it is then.
    """
    kind = kind_of(model_name, modules)
    lock_aliases(connection, model_name)
    order = champions(connection, model_name)
    present = alias_version(connection, model_name)
    if present is None:
        raise UnknownModelError(f"model {model_name} has no champion; there is nothing to go back from")
    earlier = [version for version in order if version != present]
    if to is not None and to not in earlier:
        raise PromotionRefusedError(f"{model_name} {to} was not champion before {present}; earlier ones are {earlier}")
    if not earlier:
        raise PromotionRefusedError(f"{model_name} has no champion before {present}; promote a version instead")
    target = to or earlier[-1]
    # Loading first: whoever goes back in a hurry must not land on a version that cannot score.
    try:
        load_or_refuse(kind.load, connection, target)
    except REFUSALS as error:
        others = [version for version in reversed(earlier) if version != target]
        instead = f"go back to an earlier one with --to ({', '.join(others)}), or " if others else ""
        raise PromotionRefusedError(
            f"{model_name} was not rolled back: {target} could not score now ({error}). {present} stays champion; "
            f"{instead}train anew and promote the new version"
        ) from error
    set_alias(connection, model_name, "champion", target, set_by=by, reason=why, action="rolled_back")
    _end_challenge(connection, model_name, target)
    return present, target


def was_rolled_back(connection: psycopg.Connection[Any], model_name: str, version: str) -> bool:
    """Whether a person went back from this version and has not promoted it since."""
    return version in rolled_back(connection, model_name)


def goes_on_beside(connection: psycopg.Connection[Any], model_name: str, version: str) -> bool:
    """Whether the champion goes on without another look at a version: it is the champion, or a person left it."""
    champion = alias_version(connection, model_name)
    return champion == version or (champion is not None and was_rolled_back(connection, model_name, version))


def _end_challenge(connection: psycopg.Connection[Any], model_name: str, version: str) -> None:
    """Nobody challenges themselves."""
    connection.execute(
        "delete from ml.model_aliases where model_name = %s and alias = 'challenger' and model_version = %s",
        (model_name, version),
    )
