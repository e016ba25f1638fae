"""The default models as the registry's commands see them: loaded, judged, told of. Two names, one kind of model."""

import datetime as dt
from typing import Any

import psycopg

from ml import registry
from ml.delinquency.gates import judge as judge_model
from ml.delinquency.model import TrainedModel
from ml.delinquency.watched import feature_names, newest_day, rows_of_day
from ml.evaluate.gate import GateResult
from ml.features.catalogue import load_catalogue
from ml.registry.artifacts import read_artifacts


def load(model_name: str, connection: psycopg.Connection[Any], version: str) -> TrainedModel:
    """A version that could score now.

    Raises
    ------
    UnknownModelError
        It is not registered.
    ArtifactError
        It was changed or cannot be read; the checksum is verified before anything is parsed.
    SchemaMismatchError
        It was trained with other features or another catalogue.
    """
    _, model = registry.load(connection, model_name, version=version)
    catalogue = load_catalogue()
    model.check_schema(feature_names(catalogue, model_name), catalogue.version)
    return model


def judge(model_name: str, connection: psycopg.Connection[Any], version: str, day: dt.date) -> list[GateResult]:
    """All gates of a version as of now; the newest day that was built until ``day`` is what it would see.

    A version of other features or another catalogue fails their gates; one that was changed raises.
    """
    _, model = registry.load(connection, model_name, version=version)
    catalogue = load_catalogue()
    names = feature_names(catalogue, model_name)
    live = None
    if set(model.features) <= set(names):
        newest = newest_day(connection, model_name, until=day)
        live = None if newest is None else rows_of_day(connection, model, newest)
    return judge_model(connection, model, version, features=names, catalogue=catalogue, live=live)


def artifacts(model_name: str, connection: psycopg.Connection[Any], version: str) -> dict[str, str]:
    """``feature_meta.json``, ``metrics.json`` and ``report.md`` as they were written at training.

    Raises
    ------
    UnknownModelError
        The version is not registered, or was trained before its files were kept.
    """
    registry.load(connection, model_name, version=version)
    found = read_artifacts(connection, model_name, version)
    if not found:
        raise registry.UnknownModelError(
            f"{model_name} {version} was trained before its files were kept; a version that is trained now has them"
        )
    return found
