"""A version that must not score never does: the last good champion goes on, and nobody goes back to it."""

import dataclasses
import datetime as dt

import psycopg
import pytest
from rich.console import Console

from ml import registry
from ml.delinquency import Candidate, LogisticSettings
from ml.delinquency.origination import score_day
from ml.features.catalogue import load_catalogue
from ml.registry.events import rolled_back
from orchestration.cli.models import ModelError, roll_back
from orchestration.settings import Settings
from orchestration.warehouse import Role, Warehouse
from tests.integration.ml.lives import SLACK, rows, trained
from tests.integration.ml.test_registry_and_scores import DAY, NAME, QUICK

QUIET = Console(quiet=True)
HARMS = {
    "another text": "ArtifactError",
    "another checksum": "ArtifactError",
    "too few coefficients": "ArtifactError",
    "not a model": "ArtifactError",
    "another feature": "SchemaMismatchError",
    "another catalogue": "SchemaMismatchError",
}


def harm(connection: psycopg.Connection, kind: str, version: str) -> str:
    """Harm a stored version; the kind of error that it is refused with. The checksum is made right again where it is
    not the checksum that is wrong.
    """
    if kind in ("another text", "another checksum"):
        column, value = (
            ("artifact", "artifact || ' '") if kind == "another text" else ("artifact_sha256", "repeat('0', 64)")
        )
        connection.execute(f"update ml.models set {column} = {value} where model_version = %s", (version,))
        return HARMS[kind]
    name = load_catalogue().names(used_by="origination_pd")[3]
    text = {
        "not a model": "'{}'::text",
        "too few coefficients": """regexp_replace(artifact, '"coefficients":\\[[^],]*,', '"coefficients":[')""",
        "another feature": f"replace(artifact, '\"{name}\"', '\"{name}_of_yore\"')",
        "another catalogue": 'replace(artifact, \'"catalogue_version":"\', \'"catalogue_version":"9\')',
    }[kind]
    changed = connection.execute(
        "update ml.models set artifact = a.text, "
        "artifact_sha256 = encode(sha256(convert_to(a.text, 'UTF8')), 'hex') "
        f"from (select {text} as text from ml.models where model_version = %(v)s) as a where model_version = %(v)s "
        "and ml.models.artifact <> a.text",
        {"v": version},
    )
    assert changed.rowcount == 1
    return HARMS[kind]


@pytest.mark.parametrize("kind", list(HARMS))
def test_the_last_good_champion_scores_where_an_artefact_is_refused(
    warehouse: Warehouse, versions: tuple[str, str], kind: str
) -> None:
    first, second = versions
    with warehouse.connect(Role.ML) as connection:
        error = harm(connection, kind, second)
    for _ in range(2):
        with warehouse.connect(Role.ML) as connection:
            day = score_day(connection, NAME, DAY)
            assert len(day.refused) == 1
            assert day.refused[0].startswith(second)
    assert rows(warehouse, "select distinct model_version from ml.scores") == [(first,)]
    refused = "select from_version, to_version, as_of_date, subject from ops.model_events where action = 'refused'"
    assert rows(warehouse, refused) == [(second, first, DAY, error)]
    # The alias stays: whoever mends the artefact has the champion back.
    assert rows(warehouse, "select model_version from ml.model_aliases where alias = 'champion'") == [(second,)]


@pytest.mark.parametrize("kind", ["another text", "another checksum", "not a model"])
def test_training_anew_mends_a_champion_that_was_changed(
    warehouse: Warehouse, versions: tuple[str, str], kind: str
) -> None:
    _, second = versions
    stored = "select artifact, artifact_sha256 from ml.models order by model_version"
    before = rows(warehouse, stored)
    with warehouse.connect(Role.ML) as connection:
        harm(connection, kind, second)
        outcome = trained(connection, SLACK)
    assert (outcome.version, outcome.trained_now, outcome.is_champion) == (second, True, True)
    assert f"{second} was refused" in str(outcome.message)
    assert rows(warehouse, stored) == before
    with warehouse.connect(Role.ML) as connection:
        assert not score_day(connection, NAME, DAY).refused


def test_where_no_version_can_be_used_scoring_stops(warehouse: Warehouse, versions: tuple[str, str]) -> None:
    with warehouse.connect(Role.ML) as connection:
        connection.execute("update ml.models set artifact = artifact || ' '")
        with pytest.raises(registry.store.ArtifactError, match="was changed"):
            score_day(connection, NAME, DAY)


def test_an_empty_day_still_says_what_was_refused(warehouse: Warehouse, versions: tuple[str, str]) -> None:
    with warehouse.connect(Role.ML) as connection:
        connection.execute("update ml.models set artifact = artifact || ' ' where model_version = %s", (versions[1],))
        assert score_day(connection, NAME, DAY - dt.timedelta(days=5000)).refused


@pytest.mark.parametrize("kind", list(HARMS))
def test_a_rollback_to_a_version_that_could_not_score_is_refused_and_moves_nothing(
    warehouse: Warehouse, warehouse_settings: Settings, versions: tuple[str, str], kind: str
) -> None:
    first, second = versions
    with warehouse.connect(Role.ML) as connection:
        harm(connection, kind, first)
    before = rows(warehouse, "select a::text from ml.model_aliases as a union all select count(*)::text "
                  "from ops.model_events")  # fmt: skip
    with pytest.raises(ModelError, match=rf"{first} could not score now .* {second} stays champion; train anew"):
        roll_back(warehouse_settings, NAME, "me", "worse", QUIET)
    assert before == rows(warehouse, "select a::text from ml.model_aliases as a union all select count(*)::text "
                          "from ops.model_events")  # fmt: skip


def test_a_champion_that_can_score_no_more_is_replaced_without_a_comparison(
    warehouse: Warehouse, warehouse_settings: Settings, versions: tuple[str, str]
) -> None:
    first, second = versions
    roll_back(warehouse_settings, NAME, "me", "worse", QUIET)
    with warehouse.connect(Role.ML) as connection:
        connection.execute("delete from ml.heldout_scores")
        harm(connection, "another catalogue", first)
        other = dataclasses.replace(QUICK, candidates=(Candidate("third", (LogisticSettings(0.5),)),))
        outcome = trained(connection, other)
        # Although a person had gone back to it: it scores nobody any more.
        assert outcome.is_champion
        (verdict,) = [one for one in outcome.gate if one.name == "not_worse_than_champion"]
        assert f"the champion {first} can no longer score" in str(verdict.value)
        assert rolled_back(connection, NAME) == {second}
