"""Which version of a model scores: the champion, or the last good one before it where its artifact is refused."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg

from ml.registry.events import champions, record_event
from ml.registry.kinds import REFUSALS, load_or_refuse
from ml.registry.lookup import alias_version
from ml.registry.store import UnknownModelError

Model = TypeVar("Model")


@dataclass(frozen=True)
class Champion(Generic[Model]):
    """The version that scores, None where none can, and why those before it in line could not."""

    version: str | None
    model: Model | None
    errors: tuple[tuple[str, Exception], ...] = ()

    @property
    def refused(self) -> tuple[str, ...]:
        """Versions that could not be used, and why; the caller must say it in a failed check."""
        return tuple(f"{version}: {cause}" for version, cause in self.errors)

    def or_raise(self) -> tuple[str, Model]:
        """Version and model; where none can score, the champion's error is raised."""
        if self.version is None or self.model is None:
            raise self.errors[0][1] if self.errors else UnknownModelError("there is no champion")
        return self.version, self.model


def usable_champion(
    connection: psycopg.Connection[Any],
    model_name: str,
    load: Callable[[psycopg.Connection[Any], str], Model],
    as_of_date: dt.date | None = None,
    *,
    acted_by: str,
) -> Champion[Model]:
    """The champion, or the last good one before it where its artifact is refused; the caller commits.

    Parameters
    ----------
    connection : psycopg.Connection
        As role ``assay_ml``.
    model_name : str
        As in ``ml.models``.
    load : callable
        Takes the connection and a version; raises one of ``ml.registry.kinds.REFUSALS`` of a version that must not
        score. What was refused is an event in ``ops.model_events``.
    as_of_date : date, optional
        Day that is scored, for the event.
    acted_by : str
        Who asks, for the event.
    """
    present = alias_version(connection, model_name)
    if present is None:
        return Champion(None, None)
    errors: list[tuple[str, Exception]] = []
    found: tuple[str | None, Model | None] = (None, None)
    for version in [present, *(one for one in reversed(champions(connection, model_name)) if one != present)]:
        try:
            found = version, load_or_refuse(load, connection, version)
            break
        except (*REFUSALS, UnknownModelError) as error:
            errors.append((version, error))
    for version, cause in errors:
        record_event(
            connection, model_name, "refused", from_version=version, to_version=found[0], as_of_date=as_of_date,
            subject=type(cause).__name__, acted_by=acted_by, reason=str(cause),
        )  # fmt: skip
    return Champion(*found, tuple(errors))
