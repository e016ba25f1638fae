"""Reading and writing ``ml.models`` and ``ml.model_aliases``."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ml.delinquency.errors import ArtifactError
from ml.delinquency.model import TrainedModel, checksum
from ml.registry.events import Action, record_event

if TYPE_CHECKING:
    from psycopg import Connection

# Twelve hexadecimal digits: 48 bits tell the versions of one model apart, and fit a table column on a screen.
_VERSION_DIGITS = 12


class UnknownModelError(LookupError):
    """No such model, version or alias is registered."""


class Registrable(Protocol):
    """What the registry stores of a model: names, its text, and what is told of it."""

    @property
    def model_name(self) -> str:
        """What it predicts for whom."""

    @property
    def target(self) -> str:
        """Definition of the outcome."""

    @property
    def algorithm(self) -> str:
        """Kind of model."""

    @property
    def artifact(self) -> str:
        """The model as text; never a pickle."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What is told of it but decides nothing."""


def register(conn: "Connection[Any]", model: Registrable) -> str:
    """Store a model as a candidate and return its version; the same artifact has the same version.

    What is told of a version is told by its last training: limits that changed may leave every byte of the artifact as
    it was, and are what it is judged by from then on. A stored artifact that was changed since is replaced by the one
    that training gives again: this is how training anew mends it.

    Parameters
    ----------
    conn : psycopg.Connection
        Not committed here.
    model : Registrable
        A ``TrainedModel`` or any other that is written as text, with its metadata.

    Returns
    -------
    str
        First twelve digits of the artifact's sha256.

    Raises
    ------
    ArtifactError
        If another artifact already has this version (a clash of checksums).
    """
    artifact = model.artifact
    sha256 = checksum(artifact)
    version = sha256[:_VERSION_DIGITS]
    conn.execute(
        """
        insert into ml.models
            (model_name, model_version, status, target, algorithm, artifact, artifact_sha256, metadata)
        values (%s, %s, 'candidate', %s, %s, %s, %s, %s::jsonb)
        on conflict (model_name, model_version) do update
        -- Trained again to the same artifact: settings, limits and figures are those of the last training, what others
        -- noted beside them stays.
        set metadata = models.metadata || excluded.metadata, artifact = excluded.artifact,
            artifact_sha256 = excluded.artifact_sha256, target = excluded.target, algorithm = excluded.algorithm
        where (
            models.artifact_sha256 = excluded.artifact_sha256
            -- Changed, or another's: a sound artifact has the checksum that it is named after.
            or models.artifact_sha256 <> encode(sha256(convert_to(models.artifact, 'UTF8')), 'hex')
            or left(models.artifact_sha256, length(models.model_version)) <> models.model_version
        ) and (models.metadata, models.artifact, models.artifact_sha256, models.target, models.algorithm)
            is distinct from (models.metadata || excluded.metadata, excluded.artifact, excluded.artifact_sha256,
            excluded.target, excluded.algorithm)
        """,
        (
            model.model_name,
            version,
            model.target,
            model.algorithm,
            artifact,
            sha256,
            json.dumps(dict(model.metadata), allow_nan=False),
        ),
    )
    row = conn.execute(
        "select artifact_sha256 from ml.models where model_name = %s and model_version = %s",
        (model.model_name, version),
    ).fetchone()
    stored = None if row is None else row[0]
    if stored != sha256:
        raise ArtifactError(
            f"{model.model_name} version {version} is stored with sha256 {stored}, this model has {sha256}; "
            "nothing was written"
        )
    return version


def load(
    conn: "Connection[Any]", model_name: str, *, alias: str = "champion", version: str | None = None
) -> tuple[str, TrainedModel]:
    """Load a model by version, or by alias; its checksum is verified before it is parsed.

    Returns
    -------
    version : str
    model : TrainedModel
        With its metadata.

    Raises
    ------
    UnknownModelError
        Naming what is registered instead.
    ArtifactError
        If the stored artifact was changed.
    """
    if version is None:
        version = _version_of(conn, model_name, alias)
    artifact, sha256, metadata = _stored(conn, model_name, version)
    model = TrainedModel.from_artifact(artifact, sha256, metadata)
    if model.model_name != model_name:
        raise ArtifactError(f"the artifact of {model_name} {version} is of the model {model.model_name!r}")
    return version, model


def load_text(conn: "Connection[Any]", model_name: str, version: str) -> tuple[str, dict[str, Any]]:
    """Text and metadata of a version, for models that read themselves; its checksum is verified.

    Raises
    ------
    UnknownModelError
        Naming what is registered instead.
    ArtifactError
        If the stored artifact was changed.
    """
    artifact, sha256, metadata = _stored(conn, model_name, version)
    if (found := checksum(artifact)) != sha256:
        raise ArtifactError(
            f"the artifact of {model_name} {version} was changed: its sha256 is {found}, expected {sha256}. "
            "It was not read. Restore it from a backup or train anew."
        )
    return artifact, metadata


def lock_aliases(conn: "Connection[Any]", model_name: str) -> None:
    """Let nobody else move an alias of a model until the transaction ends; take it before reading what decides a move.

    Two promotions at once would each retire what the other has just made champion, and a rollback that is committed
    between the look at the champion and the promotion would be undone.
    """
    conn.execute("select pg_advisory_xact_lock(hashtextextended('ml.model_aliases:' || %s, 0))", (model_name,))


def set_alias(
    conn: "Connection[Any]",
    model_name: str,
    alias: str,
    version: str,
    *,
    set_by: str,
    reason: str | None = None,
    action: Action = "promoted",
    gates: Mapping[str, str] | None = None,
    is_override: bool = False,
) -> str | None:
    """Point an alias at a version and write down who did it; ``champion`` also moves the status of both versions.

    Parameters
    ----------
    conn : psycopg.Connection
        Not committed here: alias and status change together or not at all.
    model_name : str
        Such as ``origination_pd``.
    alias : str
        Such as ``champion``.
    version : str
        A registered version of the model.
    set_by : str
        Who or what did it, for the audit.
    reason : str, optional
        Why.
    action : {"promoted", "rolled_back"}
        What it is called in ``ops.model_events``.
    gates : mapping, optional
        Verdict of each gate.
    is_override : bool
        A gate had failed.

    Returns
    -------
    str or None
        Version the alias pointed at before.
    """
    lock_aliases(conn, model_name)
    known_version(conn, model_name, version)
    before = conn.execute(
        "select model_version from ml.model_aliases where model_name = %s and alias = %s", (model_name, alias)
    ).fetchone()
    if before is not None and before[0] == version:
        return str(version)
    conn.execute(
        """
        insert into ml.model_aliases (model_name, alias, model_version, set_by) values (%s, %s, %s, %s)
        on conflict (model_name, alias)
        do update set model_version = excluded.model_version, set_at = now(), set_by = excluded.set_by
        """,
        (model_name, alias, version, set_by),
    )
    previous = None if before is None else str(before[0])
    record_event(
        conn, model_name, action, alias=alias, from_version=previous, to_version=version, acted_by=set_by,
        reason=reason or f"set by {set_by}", gates=gates, is_override=is_override,
    )  # fmt: skip
    if alias == "champion":
        conn.execute(
            "update ml.models set status = 'retired' "
            "where model_name = %s and status = 'champion' and model_version <> %s",
            (model_name, version),
        )
        conn.execute(
            "update ml.models set status = 'champion' where model_name = %s and model_version = %s",
            (model_name, version),
        )
    return previous


def _stored(conn: "Connection[Any]", model_name: str, version: str) -> tuple[str, str, dict[str, Any]]:
    row = conn.execute(
        "select artifact, artifact_sha256, metadata from ml.models where model_name = %s and model_version = %s",
        (model_name, version),
    ).fetchone()
    if row is None:
        raise UnknownModelError(
            f"model {model_name} has no version {version!r}; registered are {_versions(conn, model_name)}"
        )
    return row[0], row[1], row[2]


def _version_of(conn: "Connection[Any]", model_name: str, alias: str) -> str:
    row = conn.execute(
        "select model_version from ml.model_aliases where model_name = %s and alias = %s", (model_name, alias)
    ).fetchone()
    if row is None:
        known = conn.execute(
            "select alias from ml.model_aliases where model_name = %s order by alias", (model_name,)
        ).fetchall()
        raise UnknownModelError(
            f"model {model_name} has no alias {alias!r}; known aliases are {[name for (name,) in known]}, "
            f"versions {_versions(conn, model_name)}. Train and promote a version first."
        )
    return str(row[0])


def known_version(conn: "Connection[Any]", model_name: str, version: str | None, *, alias: str = "champion") -> str:
    """A registered version: the one named, or that of the alias where none is.

    Raises
    ------
    UnknownModelError
        Naming what is registered instead.
    """
    if version is None:
        return _version_of(conn, model_name, alias)
    if version not in _versions(conn, model_name, version):
        raise UnknownModelError(
            f"model {model_name} has no version {version!r}; registered are {_versions(conn, model_name)}"
        )
    return version


def _versions(conn: "Connection[Any]", model_name: str, version: str | None = None) -> list[str]:
    """The newest ten, or the one named if it is there."""
    rows = conn.execute(
        "select model_version from ml.models where model_name = %(model)s "
        "and (%(version)s::text is null or model_version = %(version)s) order by created_at desc limit 10",
        {"model": model_name, "version": version},
    ).fetchall()
    return [version for (version,) in rows]
