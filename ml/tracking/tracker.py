"""Writing versions to MLflow and listing them, through its client alone: nothing is pickled, no flavour is used."""

import datetime as dt
import math
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from ml.delinquency.card import CARD

if TYPE_CHECKING:
    from mlflow import MlflowClient

_VERSION_TAG, _MODEL_TAG, _SHA_TAG = "assay.model_version", "assay.model_name", "assay.sha256"
# MLflow takes at most so many parameters in one call, and so many characters in one.
_MOST_PARAMS, _LONGEST_PARAM = 100, 500


class Recordable(Protocol):
    """What MLflow is told of a model: its names, its text and the text's checksum."""

    @property
    def model_name(self) -> str:
        """As in ``ml.models``."""

    @property
    def target(self) -> str:
        """Definition of the outcome."""

    @property
    def artifact(self) -> str:
        """The model as text; never a pickle."""

    @property
    def sha256(self) -> str:
        """Of the artifact."""


@dataclass(frozen=True)
class TrackedRun:
    """A version as MLflow knows it.

    Attributes
    ----------
    model_name, model_version : str
        As in ``ml.models``.
    run_id : str
        MLflow's run.
    started_at : datetime
        When it was recorded, in UTC.
    auc, calibration_slope : float or None
        Of the rows that the model has not learnt from.
    aliases : tuple of str
        Aliases that point at it in MLflow.
    """

    model_name: str
    model_version: str
    run_id: str
    started_at: dt.datetime
    auc: float | None
    calibration_slope: float | None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tracker:
    """Experiments at one tracking server.

    Parameters
    ----------
    uri : str
        Tracking URI: a database (``postgresql+psycopg2://...``, ``sqlite:///...``) or a server (``https://...``).
    artifacts : Path, optional
        Folder of the files, for a database; a server keeps them itself.
    """

    uri: str = field(repr=False)
    artifacts: Path | None = None

    def record(
        self,
        model: Recordable,
        version: str,
        card: Path,
        *,
        figures: Mapping[str, float | None],
        params: Mapping[str, object],
        aliases: Iterable[str] = (),
        files: Mapping[str, str] = MappingProxyType({}),
    ) -> TrackedRun:
        """Record a version, its figures and its card; a version that is there is not recorded again.

        Parameters
        ----------
        model : Recordable
            Its text is stored as ``model/model.json``.
        version : str
            As ``ml.registry.register`` gave it.
        card : Path
            Folder with ``card.md``, as ``ml.delinquency.card.write_card`` fills one.
        figures : mapping of str to float
            Metrics; what is missing or not finite is left out.
        params : mapping of str to object
            What decided the training.
        aliases : iterable of str
            Aliases to point at it, such as ``champion``; what they pointed at before loses them.
        files : mapping of str to str
            Text of further files by name, stored as they are.

        Returns
        -------
        TrackedRun

        Raises
        ------
        FileNotFoundError
            There is no card in the folder; MLflow itself would record nothing and say nothing.
        """
        if not (card / CARD).is_file():
            raise FileNotFoundError(f"{card} holds no {CARD}; write the card first (ml.delinquency.card.write_card)")
        client = self._client()
        experiment = self._experiment(client, model.model_name)
        run_id = self._known(client, experiment, version)
        if run_id is None:
            run_id = self._write(client, experiment, model, version, card, figures, params, files)
        number = self._registered(client, model, version, run_id)
        for alias in aliases:
            client.set_registered_model_alias(model.model_name, alias, number)
        return _tracked(client.get_run(run_id), _aliases(client, [model.model_name]))

    def set_alias(self, model_name: str, alias: str, version: str) -> bool:
        """Point an alias at a recorded version; False where the version is not recorded, and nothing is done."""
        client = self._client()
        for found in _versions(client, model_name):
            if found.tags.get(_VERSION_TAG) == version:
                client.set_registered_model_alias(model_name, alias, found.version)
                return True
        return False

    def runs(self, *, model_name: str | None = None, most: int = 50) -> list[TrackedRun]:
        """Recorded versions, the newest first; of one model where it is named."""
        client = self._client()
        ids = [one.experiment_id for one in client.search_experiments() if model_name in (None, one.name)]
        if not ids:
            return []
        found = client.search_runs(
            ids,
            f"tags.`{_VERSION_TAG}` LIKE '%' and attributes.status = 'FINISHED'",
            max_results=most,
            order_by=["attributes.start_time DESC"],
        )
        aliases = _aliases(client, sorted({run.data.tags[_MODEL_TAG] for run in found}))
        return [_tracked(run, aliases) for run in found]

    def _client(self) -> "MlflowClient":
        # Most are read when MLflow is imported. Telemetry is off in a bank; and a pool would hold connections of a
        # server that may be stopped before this process ends.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
        # A server that is away must not hold a training up: by default the client tries for minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def _experiment(self, client: "MlflowClient", name: str) -> str:
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        location = None
        if self.artifacts is not None:
            location = (self.artifacts.resolve() / name).as_uri()
        return str(client.create_experiment(name, artifact_location=location))

    def _known(self, client: "MlflowClient", experiment: str, version: str) -> str | None:
        """Run of a version that was recorded whole."""
        found = client.search_runs(
            [experiment], f"tags.`{_VERSION_TAG}` = '{version}' and attributes.status = 'FINISHED'", max_results=1
        )
        return str(found[0].info.run_id) if found else None

    def _write(
        self,
        client: "MlflowClient",
        experiment: str,
        model: Recordable,
        version: str,
        card: Path,
        figures: Mapping[str, float | None],
        params: Mapping[str, object],
        files: Mapping[str, str],
    ) -> str:
        from mlflow.entities import Metric, Param, RunTag

        finite = {name: value for name, value in figures.items() if value is not None and math.isfinite(value)}
        tags = {_MODEL_TAG: model.model_name, _VERSION_TAG: version, _SHA_TAG: model.sha256}
        run = client.create_run(experiment, run_name=version, tags=tags)
        run_id = str(run.info.run_id)
        try:
            now = run.info.start_time
            client.log_batch(
                run_id,
                metrics=[Metric(name, value, now, 0) for name, value in finite.items()],
                params=[
                    Param(name, str(value)[:_LONGEST_PARAM]) for name, value in list(params.items())[:_MOST_PARAMS]
                ],
                tags=[RunTag("mlflow.note.content", f"See the artifact card/card.md. Target: {model.target}")],
            )
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, "model.json").write_text(model.artifact, encoding="utf-8")
                client.log_artifacts(run_id, folder, "model")
            client.log_artifacts(run_id, str(card), "card")
            for name, content in files.items():
                client.log_text(run_id, content, name)
        except BaseException:
            # Left half written it stays visible as what it is, and the version is recorded anew next time.
            client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id, "FINISHED")
        return run_id

    def _registered(self, client: "MlflowClient", model: Recordable, version: str, run_id: str) -> str:
        """MLflow's number of a version, made where it is not there."""
        from mlflow.exceptions import MlflowException

        for found in _versions(client, model.model_name):
            if found.tags.get(_VERSION_TAG) == version:
                return str(found.version)
        try:
            client.create_registered_model(model.model_name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        source = f"{client.get_run(run_id).info.artifact_uri}/model"
        tags = {_VERSION_TAG: version, _SHA_TAG: model.sha256}
        return str(client.create_model_version(model.model_name, source=source, run_id=run_id, tags=tags).version)


def _versions(client: "MlflowClient", model_name: str) -> list[Any]:
    return list(client.search_model_versions(f"name = '{model_name}'", max_results=1000))


def _aliases(client: "MlflowClient", model_names: list[str]) -> dict[str, tuple[str, ...]]:
    """Aliases by run."""
    found: dict[str, tuple[str, ...]] = {}
    for name in model_names:
        pointing = {version.version: version.run_id for version in _versions(client, name)}
        registered = [one for one in client.search_registered_models(f"name = '{name}'") if one.name == name]
        for model in registered:
            for alias, number in sorted(model.aliases.items()):
                run_id = pointing.get(str(number), pointing.get(number))
                if run_id is not None:
                    found[run_id] = (*found.get(run_id, ()), alias)
    return found


def _tracked(run: Any, aliases: Mapping[str, tuple[str, ...]]) -> TrackedRun:
    return TrackedRun(
        model_name=run.data.tags[_MODEL_TAG],
        model_version=run.data.tags[_VERSION_TAG],
        run_id=run.info.run_id,
        started_at=dt.datetime.fromtimestamp(run.info.start_time / 1000, dt.UTC),
        auc=run.data.metrics.get("auc"),
        calibration_slope=run.data.metrics.get("calibration_slope"),
        aliases=aliases.get(run.info.run_id, ()),
    )
