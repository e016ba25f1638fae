"""``assay model``: what versions there are, and a person's hand on their aliases. Gates are in ``ml.registry``."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from orchestration.errors import AssayError
from orchestration.settings import Settings

if TYPE_CHECKING:
    import psycopg

    from ml.delinquency.model import TrainedModel
    from ml.evaluate.gate import GateResult


class ModelError(AssayError, ValueError):
    """A version is unknown, refused, or may not be moved; the message says which and what to do."""


def print_versions(settings: Settings, model_name: str | None, console: Console) -> None:
    """List versions, the newest first of each model."""
    with _session(settings) as connection:
        rows = connection.execute(
            "select m.model_name, m.model_version, m.status, m.algorithm, "
            "(select string_agg(a.alias, ', ' order by a.alias) from ml.model_aliases as a "
            "where a.model_name = m.model_name and a.model_version = m.model_version), "
            "m.metadata #>> '{metrics,overall,auc}', m.metadata #>> '{data_window,rows}', m.created_at "
            "from ml.models as m where m.model_name = %(model)s or %(model)s::text is null "
            "order by m.model_name, m.created_at desc, m.model_version",
            {"model": model_name},
        ).fetchall()
    if not rows:
        raise ModelError(f"no version of {model_name or 'any model'} is registered; `assay run` trains them")
    table = Table(*("model", "version", "status", "alias", "algorithm", "AUC", "rows", "made"), box=None)
    for name, version, status, algorithm, aliases, auc, count, made in rows:
        figure = "" if auc is None else f"{float(auc):.3f}"
        table.add_row(name, version, status, aliases or "", algorithm, figure, count or "", f"{made:%Y-%m-%d %H:%M}")
    console.print(table)


def print_model(settings: Settings, model_name: str, version: str | None, console: Console) -> None:
    """Print the gates of a version as of now, and the events of the model."""
    with _session(settings) as connection:
        version, model = _load(connection, model_name, version)
        verdict = _judged(connection, model, version)
        events = connection.execute(
            "select recorded_at, action, alias, from_version, to_version, acted_by, reason, is_override "
            "from ops.model_events where model_name = %s order by event_id",
            (model_name,),
        ).fetchall()
    console.print(f"{model_name} {version}: {model.algorithm}, target {model.target}", soft_wrap=True)
    for result in verdict:
        console.print(f"  {result.message}", soft_wrap=True)
    for at, action, alias, before, after, by, reason, is_override in events:
        against = " against its gates" if is_override else ""
        console.print(
            f"{at:%Y-%m-%d %H:%M} {action}{against}, {alias}: {before or 'none'} -> {after or 'none'} "
            f"by {by}: {reason}",
            soft_wrap=True,
        )


def promote_version(
    settings: Settings,
    model_name: str,
    version: str,
    by: str,
    why: str,
    console: Console,
    *,
    alias: str = "champion",
    override: bool = False,
) -> None:
    """Point an alias at a version; ``champion`` asks the gates first.

    Raises
    ------
    ModelError
        The version is unknown or refused, a gate failed without ``override``, or name or reason is empty.
    """
    from ml.registry import promotion

    _require(by, why)
    if alias not in ("champion", "challenger"):
        raise ModelError(f"--as is {alias!r}; expected champion or challenger")
    with _session(settings) as connection:
        version, model = _load(connection, model_name, version)
        if alias == "challenger":
            promotion.challenge(connection, model_name, version, by=by, why=why)
            console.print(f"{model_name} {version} is the challenger: scored in shadow from the next run on.")
            return
        verdict = _judged(connection, model, version)
        try:
            before = promotion.promote(connection, model, version, verdict, by=by, why=why, override=override)
        except promotion.PromotionRefusedError as error:
            raise ModelError(f"{error}. With --override it is promoted all the same; --why is recorded") from error
    console.print(f"{model_name}: champion {before or 'none'} -> {version}; the next scoring uses it.", soft_wrap=True)
    _tell_experiments(settings, model_name, "champion", version, console)


def roll_back(
    settings: Settings, model_name: str, by: str, why: str, console: Console, *, to: str | None = None
) -> tuple[str, str]:
    """Point the champion alias at an earlier champion; version left and version that scores from now on.

    Raises
    ------
    ModelError
        There is none, it cannot be read, or name or reason is empty.
    """
    from ml.registry import promotion

    _require(by, why)
    with _session(settings) as connection:
        left, now = promotion.rollback(connection, model_name, by=by, why=why, to=to)
    console.print(f"{model_name}: champion {left} -> {now}; the next scoring uses it.", soft_wrap=True)
    _tell_experiments(settings, model_name, "champion", now, console)
    return left, now


def _tell_experiments(settings: Settings, model_name: str, alias: str, version: str, console: Console) -> None:
    """Move the alias in MLflow too; what it cannot do is told and changes nothing here."""
    from orchestration.runtime import Runtime
    from orchestration.tracking import move_alias

    told = move_alias(Runtime(settings), model_name, alias, version)
    if "tracking_warning" in told:
        console.print(told["tracking_warning"], soft_wrap=True)


def _require(by: str, why: str) -> None:
    if not by.strip() or not why.strip():
        raise ModelError("An auditor will ask who did it and why: --by and --why must not be empty")


@contextmanager
def _session(settings: Settings) -> "Iterator[psycopg.Connection[Any]]":
    """A transaction of the role that writes ``ml``; what the registry refuses becomes a clear message."""
    from ml.delinquency.errors import ArtifactError
    from ml.registry import UnknownModelError
    from ml.registry.promotion import PromotionRefusedError
    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    try:
        with Runtime(settings).warehouse.connect(Role.ML) as connection:
            yield connection
    except (ArtifactError, UnknownModelError, PromotionRefusedError) as error:
        raise ModelError(str(error)) from error


def _load(connection: "psycopg.Connection[Any]", model_name: str, version: str | None) -> "tuple[str, TrainedModel]":
    from ml import registry
    from ml.delinquency.watched import CATEGORIES

    if model_name not in CATEGORIES:
        raise ModelError(f"model {model_name!r} has no gates; there are {', '.join(sorted(CATEGORIES))}")
    return registry.load(connection, model_name, version=version)


def _judged(connection: "psycopg.Connection[Any]", model: "TrainedModel", version: str) -> "list[GateResult]":
    """All gates, with the newest day that was built as what the version would see."""
    from ml.delinquency import watched
    from ml.features.catalogue import load_catalogue
    from ml.registry.promotion import judge

    catalogue = load_catalogue()
    names = watched.feature_names(catalogue, model.model_name)
    live = None
    if set(model.features) <= set(names):
        day = watched.newest_day(connection, model.model_name)
        live = None if day is None else watched.rows_of_day(connection, model, day)
    return judge(connection, model, version, features=names, catalogue=catalogue, live=live)
