"""``assay model``: what versions there are, and a person's hand on their aliases. Gates are each kind's own."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from orchestration.errors import AssayError
from orchestration.settings import Settings

if TYPE_CHECKING:
    import psycopg

    from ml.registry.kinds import Kind


class ModelError(AssayError, ValueError):
    """A version is unknown, refused, or may not be moved; the message says which and what to do."""


# A training holds a model's aliases from its verdict to its end: seconds.
_WAIT = "set local lock_timeout = '60s'"

_VERSIONS = """
    select m.model_name, m.model_version, m.status, m.algorithm,
        (select string_agg(a.alias, ', ' order by a.alias) from ml.model_aliases as a
         where a.model_name = m.model_name and a.model_version = m.model_version),
        coalesce(m.metadata #>> '{metrics,overall,auc}', m.metadata #>> '{metrics,auc}'),
        coalesce(m.metadata #>> '{data_window,rows}', m.metadata ->> 'n_rows'), m.created_at,
        m.metadata -> 'last_verdict'
    from ml.models as m where m.model_name = %(model)s or %(model)s::text is null
    order by m.model_name, m.created_at desc, m.model_version
"""


def print_versions(settings: Settings, model_name: str | None, console: Console) -> None:
    """List versions, the newest first of each model, with what their gates said last."""
    with _session(settings) as connection:
        if model_name is not None:
            kind_of(model_name)
        rows = connection.execute(_VERSIONS, {"model": model_name}).fetchall()
    if not rows:
        raise ModelError(f"no version of {model_name or 'any model'} is registered; `assay run` trains them")
    for name, versions in groupby(rows, key=itemgetter(0)):
        console.print(name, style="bold")
        table = Table(box=None, padding=(0, 2, 0, 0))
        # What a version is called is typed again by whoever reads it: cut off it is of no use.
        for title in ("version", "as", "AUC", "rows", "made"):
            table.add_column(title, no_wrap=True, justify="right" if title == "rows" else "left")
        for title in ("gates", "algorithm"):
            table.add_column(title, overflow="fold")
        for _, version, status, algorithm, aliases, auc, count, made, gates in versions:
            figure = "" if auc is None else f"{float(auc):.3f}"
            told = (aliases or status, figure, count or "", f"{made:%Y-%m-%d}", _gates_told(gates), algorithm)
            table.add_row(version, *told)
        console.print(table)


def _gates_told(gates: "list[dict[str, Any]] | None") -> str:
    if not gates:
        return ""
    failed = [gate["name"] for gate in gates if not gate["passed"]]
    return f"FAILED {', '.join(failed)}" if failed else f"all {len(gates)} passed"


def print_model(settings: Settings, model_name: str, version: str | None, console: Console) -> None:
    """Print the gates of a version as of now, and the events of the model."""
    with _session(settings) as connection:
        version = _version(connection, model_name, version)
        verdict = kind_of(model_name).judge(connection, version, _day(settings))
        ((algorithm, target),) = connection.execute(
            "select algorithm, target from ml.models where model_name = %s and model_version = %s",
            (model_name, version),
        ).fetchall()
        events = connection.execute(
            "select recorded_at, action, alias, from_version, to_version, acted_by, reason, is_override "
            "from ops.model_events where model_name = %s order by event_id",
            (model_name,),
        ).fetchall()
    console.print(f"{model_name} {version}: {algorithm}, target {target}", soft_wrap=True)
    for result in verdict:
        console.print(f"  {result.message}", soft_wrap=True, markup=False)
    for at, action, alias, before, after, by, reason, is_override in events:
        against = " against its gates" if is_override else ""
        moved = f"{before or 'none'} -> {after or 'none'}"
        what = f"{after} beside {before or 'no champion'}" if action == "trained" else f"{alias}: {moved}"
        console.print(f"{at:%Y-%m-%d %H:%M} {action}{against}, {what} by {by}: {reason}", soft_wrap=True, markup=False)


def save_artifacts(
    settings: Settings, model_name: str, version: str | None, folder: Path, console: Console
) -> list[Path]:
    """Write a version's ``feature_meta.json``, ``metrics.json`` and ``report.md`` to a folder; the files.

    Raises
    ------
    ModelError
        The version is unknown, changed, or was trained before its files were kept.
    """
    with _session(settings) as connection:
        version = _version(connection, model_name, version)
        files = kind_of(model_name).artifacts(connection, version)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in files.items():
        written.append(folder / name)
        written[-1].write_text(content, encoding="utf-8")
    console.print(f"{model_name} {version}: {', '.join(files)} in {folder}", soft_wrap=True, markup=False)
    return written


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
    from ml.registry.kinds import load_or_refuse
    from ml.registry.lookup import alias_version, note_verdict

    _require(by, why)
    if alias not in ("champion", "challenger"):
        raise ModelError(f"--as is {alias!r}; expected champion or challenger")
    with _session(settings) as connection:
        kind = kind_of(model_name)
        version = _version(connection, model_name, version)
        # A gate may be overridden; what cannot be read, or reads other features, could score nothing.
        load_or_refuse(kind.load, connection, version)
        if alias == "challenger":
            promotion.challenge(connection, model_name, version, by=by, why=why)
            console.print(f"{model_name} {version} is the challenger: scored in shadow from the next run on.")
            return
        champion = alias_version(connection, model_name)
        verdict = kind.judge(connection, version, _day(settings))
        promotion.hold_champion(connection, model_name, champion)
        note_verdict(connection, model_name, version, verdict)
        if champion == version:
            console.print(f"{model_name}: {version} is the champion already; nothing was changed.", soft_wrap=True)
            return
        try:
            before = promotion.promote(connection, kind, version, verdict, by=by, why=why, override=override)
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
        console.print(told["tracking_warning"], soft_wrap=True, markup=False)


def _require(by: str, why: str) -> None:
    if not by.strip() or not why.strip():
        raise ModelError("An auditor will ask who did it and why: --by and --why must not be empty")


@contextmanager
def _session(settings: Settings) -> "Iterator[psycopg.Connection[Any]]":
    """A transaction of the role that writes ``ml``; what the registry refuses becomes a clear message."""
    from psycopg.errors import LockNotAvailable

    from ml.registry import UnknownModelError
    from ml.registry.kinds import REFUSALS
    from ml.registry.promotion import PromotionRefusedError
    from orchestration.runtime import Runtime
    from orchestration.warehouse import Role

    try:
        with Runtime(settings).warehouse.connect(Role.ML) as connection:
            connection.execute(_WAIT)
            yield connection
    except LockNotAvailable as error:
        raise ModelError(
            "somebody else has been moving an alias for a minute, such as a training that judges its version. Nothing "
            "was changed; try again when it has ended"
        ) from error
    except (*REFUSALS, UnknownModelError, PromotionRefusedError) as error:
        raise ModelError(str(error)) from error


def kind_of(model_name: str) -> "Kind":
    """How a model is loaded, judged and told of, by its name."""
    from ml.registry.kinds import kind_of as found

    return found(model_name)


def _day(settings: Settings) -> dt.date:
    """The portfolio's newest day: its business date, or yesterday."""
    from orchestration.cli.daily import default_day

    return default_day(settings)


def _version(connection: "psycopg.Connection[Any]", model_name: str, version: str | None) -> str:
    """The version asked for, or the champion; an unknown model or version is said before anything is read."""
    from ml.registry.store import known_version

    kind_of(model_name)
    return known_version(connection, model_name, version)
