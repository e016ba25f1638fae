"""What the tests of a model's life share."""

import dataclasses

import psycopg

from ml.delinquency import Candidate, LogisticSettings, TrainingConfig
from ml.delinquency.lifecycle import ModelOutcome
from ml.delinquency.origination import champion_or_train
from orchestration.warehouse import Warehouse
from tests.integration.ml.test_registry_and_scores import CUTOFF, NAME, QUICK

SLACK = dataclasses.replace(QUICK, candidates=(Candidate("other", (LogisticSettings(10.0),)),))


def trained(connection: psycopg.Connection, config: TrainingConfig) -> ModelOutcome:
    return champion_or_train(connection, NAME, "bad", CUTOFF, config=config)


def rows(warehouse: Warehouse, query: str) -> list[tuple[object, ...]]:
    with warehouse.connect() as connection:
        return connection.execute(query).fetchall()
