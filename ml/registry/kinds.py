"""Which module knows a model: the one table from a model's name to how it is loaded, judged and told of.

A kind's module has ``load(connection, version)``, ``judge(connection, version, day)`` and
``artifacts(connection, version)``; one that serves several models takes the model's name before these. Modules are
imported when a model of theirs is asked for: the registry knows no model itself.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ml.delinquency.errors import ArtifactError, SchemaMismatchError
from ml.registry.store import Registrable, UnknownModelError

if TYPE_CHECKING:
    import psycopg

    from ml.evaluate.gate import GateResult

DELINQUENCY, ELIGIBILITY = "ml.delinquency.registered", "ml.eligibility.registered"
MODULES: Mapping[str, str] = {
    "origination_pd": DELINQUENCY,
    "predelinquency_30d": DELINQUENCY,
    "eligibility": ELIGIBILITY,
}
# What ``load`` raises of a version that must not score: changed or unreadable, or trained with other features or
# another catalogue.
REFUSALS = (ArtifactError, SchemaMismatchError)
# What reading something raises that has the right checksum and the wrong shape.
_UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
_Model = TypeVar("_Model")


class Load(Protocol):
    """Checksum before parsing, feature schema, catalogue; raises one of ``REFUSALS`` or ``UnknownModelError``."""

    def __call__(self, connection: "psycopg.Connection[Any]", version: str) -> Registrable:
        """The version, ready to score."""


class Judge(Protocol):
    """All gates of a version in their order."""

    def __call__(self, connection: "psycopg.Connection[Any]", version: str, day: dt.date | None) -> "list[GateResult]":
        """As of a day; None: the newest that there is."""


class Artifacts(Protocol):
    """Files of a version by name."""

    def __call__(self, connection: "psycopg.Connection[Any]", version: str) -> dict[str, str]:
        """``feature_meta.json``, ``metrics.json``, ``report.md``."""


@dataclass(frozen=True)
class Kind:
    """How a model is loaded, judged and told of."""

    model_name: str
    load: Load
    judge: Judge
    artifacts: Artifacts


def kind_of(model_name: str, modules: Mapping[str, str] = MODULES) -> Kind:
    """The kind of a model.

    Parameters
    ----------
    model_name : str
        As in ``ml.models``.
    modules : mapping of str to str
        Module by model name; tests give their own.

    Raises
    ------
    UnknownModelError
        No kind knows the name.
    """
    if model_name not in modules:
        raise UnknownModelError(f"there is no model {model_name!r}; there are {', '.join(sorted(modules))}")
    module: Any = import_module(modules[model_name])
    calls: tuple[Any, ...] = (module.load, module.judge, module.artifacts)
    if getattr(module, "MODEL_NAME", None) != model_name:
        calls = tuple(partial(call, model_name) for call in calls)
    return Kind(model_name, *calls)


def load_or_refuse(
    load: "Callable[[psycopg.Connection[Any], str], _Model]", connection: "psycopg.Connection[Any]", version: str
) -> _Model:
    """A version as its kind loads it; what cannot be read is refused like what was changed.

    Raises
    ------
    UnknownModelError, ArtifactError, SchemaMismatchError
        Nothing else: an artifact that was sealed as nonsense must not stop those who could take its place.
    """
    try:
        return load(connection, version)
    except (*REFUSALS, UnknownModelError):
        raise
    except _UNREADABLE as error:
        raise ArtifactError(
            f"version {version} cannot be used ({type(error).__name__}: {error}); its checksum is right, so it was "
            "written so. Train anew."
        ) from error


def refusal(
    connection: "psycopg.Connection[Any]", model_name: str, version: str, modules: Mapping[str, str] = MODULES
) -> str | None:
    """Why a version could not score now; None where it could."""
    try:
        load_or_refuse(kind_of(model_name, modules).load, connection, version)
    except (*REFUSALS, UnknownModelError) as error:
        return str(error)
    return None
