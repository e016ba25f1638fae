"""Who made which version champion and why; going back; what asks for a training; files of a version."""

import datetime as dt
import re
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from rich.console import Console

from ml import registry
from ml.delinquency.gates import judge
from ml.delinquency.origination import champion_or_train, score_day
from ml.evaluate import GateResult
from ml.features.catalogue import load_catalogue
from ml.registry.artifacts import write_artifacts
from ml.registry.comparison import common_outcomes
from ml.registry.events import champions, record_event, rolled_back
from orchestration.cli.models import (
    ModelError,
    print_model,
    print_versions,
    promote_version,
    roll_back,
    save_artifacts,
)
from orchestration.settings import Settings
from orchestration.warehouse import Role, Warehouse
from tests.integration.ml.lives import SLACK, rows, trained
from tests.integration.ml.test_registry_and_scores import CUTOFF, DAY, NAME, QUICK

QUIET = Console(quiet=True)


def everything_but_aliases(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return rows(
        warehouse,
        "select md5(string_agg(s::text, '|' order by s::text)) from ml.scores as s union all "
        "select md5(string_agg((to_jsonb(m) - 'status')::text, '|' order by m.model_version)) from ml.models as m "
        "union all "
        "select md5(string_agg(h::text, '|' order by h::text)) from ml.heldout_scores as h union all "
        "select md5(string_agg(f::text, '|' order by f::text)) from features.origination_features as f",
    )


def test_a_rollback_changes_the_next_scoring_and_nothing_else(
    warehouse: Warehouse, warehouse_settings: Settings, versions: tuple[str, str]
) -> None:
    first, second = versions
    with warehouse.connect(Role.ML) as connection:
        score_day(connection, NAME, DAY)
    before = everything_but_aliases(warehouse)
    assert roll_back(warehouse_settings, NAME, "risk officer", "complaints", QUIET) == (second, first)
    assert everything_but_aliases(warehouse) == before
    event = (
        "select action, from_version, to_version, acted_by, reason from ops.model_events order by event_id desc limit 1"
    )
    assert rows(warehouse, event) == [("rolled_back", second, first, "risk officer", "complaints")]
    with warehouse.connect(Role.ML) as connection:
        connection.execute("delete from ml.scores")
        score_day(connection, NAME, DAY)
    assert rows(warehouse, "select distinct model_version from ml.scores") == [(first,)]
    with pytest.raises(ModelError, match=f"no champion before {first}"):
        roll_back(warehouse_settings, NAME, "risk officer", "again", QUIET)


def test_a_candidate_without_evidence_challenges_in_shadow_until_a_person_promotes_it(
    warehouse: Warehouse, warehouse_settings: Settings, versions: tuple[str, str]
) -> None:
    first, second = versions
    with warehouse.connect(Role.ML) as connection:
        connection.execute("delete from ml.heldout_scores where exposure_id > 'loan050'")
        outcome = trained(connection, QUICK)
        assert (outcome.version, outcome.is_champion) == (first, False)
        (verdict,) = [one for one in outcome.gate if one.name == "not_worse_than_champion"]
        assert (verdict.passed, verdict.value) == (False, "not comparable: 39 common held-out rows")
        aliases = dict(connection.execute("select alias, model_version from ml.model_aliases").fetchall())
        assert aliases == {"champion": second, "challenger": first}
    with pytest.raises(ModelError, match="not comparable: 39"):
        promote_version(warehouse_settings, NAME, first, "me", "because", QUIET)
    promote_version(warehouse_settings, NAME, first, "me", "seen in shadow for a month", QUIET, override=True)
    assert rows(warehouse, "select model_version from ml.model_aliases") == [(first,)]


def test_the_same_data_and_seed_train_the_same_file(warehouse: Warehouse, versions: tuple[str, str]) -> None:
    of = "select artifact_sha256 from ml.models order by model_version"
    before = rows(warehouse, of)
    with warehouse.connect(Role.ML) as connection:
        again = champion_or_train(connection, NAME, "bad", CUTOFF, config=SLACK, asked="by hand")
        assert again.trained_now
        assert "by hand" in str(again.message)
    assert rows(warehouse, of) == before


def alert(connection: psycopg.Connection, version: str, subject: str, day: dt.date = DAY) -> None:
    record_event(connection, NAME, "drift_alert", acted_by="test", reason="moved", from_version=version,
                 as_of_date=day, subject=subject)  # fmt: skip


def test_what_has_moved_asks_for_one_training_and_lateness_for_none(
    warehouse: Warehouse, versions: tuple[str, str]
) -> None:
    _, second = versions
    first_day = CUTOFF.date() - dt.timedelta(days=1)

    def trains(after: int) -> tuple[bool, str | None]:
        found = champion_or_train(connection, NAME, "bad", CUTOFF, config=SLACK,
                                  as_of_date=first_day + dt.timedelta(days=after))  # fmt: skip
        return found.trained_now, found.message

    def learn_of_one_less() -> None:
        connection.execute("set local role assay_dbt")
        gone = "select loan_id from features.origination_outcomes order by loan_id desc limit 1"
        connection.execute(f"delete from features.origination_outcomes where loan_id in ({gone})")
        connection.execute("set local role assay_ml")

    with warehouse.connect() as connection:
        alert(connection, second, "bank transactions days_late", first_day)
        alert(connection, second, "scored volume", first_day)
        learn_of_one_less()
        assert not trains(1)[0]
        alert(connection, second, "income csi", first_day)
        assert not trains(0)[0], "the day itself runs again as it ran at first"
        assert trains(1) == (True, "trained anew (drift: income csi)")
        # It lasts, and is told every day.
        alert(connection, second, "income csi", first_day + dt.timedelta(days=1))
        learn_of_one_less()
        assert not trains(2)[0]
        alert(connection, second, "score psi", first_day + dt.timedelta(days=2))
        assert trains(3)[0]
        assert not trains(4)[0], "nothing new to learn"
        why = connection.execute("select reason from ops.model_events where action = 'trained'").fetchall()
        assert why == [("something new to learn",)] * 2 + [("drift: income csi",), ("drift: score psi",)]


def test_files_of_a_version_are_written_checked_and_refused_when_changed(
    warehouse: Warehouse, warehouse_settings: Settings, versions: tuple[str, str], tmp_path: Path
) -> None:
    _, second = versions
    with pytest.raises(ModelError, match="before its files were kept"):
        save_artifacts(warehouse_settings, NAME, second, tmp_path, QUIET)
    with warehouse.connect(Role.ML) as connection:
        assert write_artifacts(connection, NAME, second, {"report.md": "# Łukasz\n", "metrics.json": "{}"}) == 2
        assert write_artifacts(connection, NAME, second, {"report.md": "# Łukasz\n"}) == 0
    files = save_artifacts(warehouse_settings, NAME, None, tmp_path / "new", QUIET)
    assert {file.name: file.read_text(encoding="utf-8") for file in files} == {
        "report.md": "# Łukasz\n", "metrics.json": "{}",
    }  # fmt: skip
    with warehouse.connect(Role.ML) as connection:
        connection.execute("update ml.model_artifacts set content = 'x' where name = 'report.md'")
    with pytest.raises(ModelError, match=r"report\.md of .* was changed"):
        save_artifacts(warehouse_settings, NAME, None, tmp_path, QUIET)


def test_what_was_left_comes_back_by_a_person_only(
    warehouse: Warehouse, warehouse_settings: Settings, versions: tuple[str, str]
) -> None:
    first, second = versions
    roll_back(warehouse_settings, NAME, "me", "worse", QUIET)
    with warehouse.connect(Role.ML) as connection:
        outcome = trained(connection, SLACK)
        assert (outcome.version, outcome.is_champion) == (second, False)
        assert registry.load(connection, NAME)[0] == first
        assert rolled_back(connection, NAME) == {second}
        assert f"{second} was rolled back" in str(outcome.message)
    promote_version(warehouse_settings, NAME, second, "me", "was not worse", QUIET, override=True)
    with warehouse.connect(Role.ML) as connection:
        assert champions(connection, NAME) == [first, second]
        assert rolled_back(connection, NAME) == set()
        assert trained(connection, SLACK).is_champion


def test_a_failed_gate_refuses_a_promotion_unless_overridden_with_a_reason(
    warehouse: Warehouse, warehouse_settings: Settings, versions: tuple[str, str]
) -> None:
    first, second = versions
    with warehouse.connect(Role.ML) as connection:
        connection.execute(
            "update ml.models set metadata = jsonb_set(metadata, '{metrics,overall,auc_low}', '0.4') "
            "where model_version = %s",
            (first,),
        )
    with pytest.raises(ModelError, match=r"auc_lower_bound: FAILED, found 0\.4000.*--override"):
        promote_version(warehouse_settings, NAME, first, "me", "because", QUIET)
    with pytest.raises(ModelError, match="must not be empty"):
        promote_version(warehouse_settings, NAME, first, "me", " ", QUIET, override=True)
    assert rows(warehouse, "select model_version from ml.model_aliases where alias = 'champion'") == [(second,)]
    promote_version(warehouse_settings, NAME, first, "me", "the regulator asked", QUIET, override=True)
    (row,) = rows(
        warehouse, "select is_override, reason, gates ->> 'auc_lower_bound' from ops.model_events "
        "order by event_id desc limit 1"
    )  # fmt: skip
    assert row[:2] == (True, "the regulator asked")
    assert "FAILED" in str(row[2])


def test_events_are_only_ever_added_to(warehouse: Warehouse, versions: tuple[str, str]) -> None:
    for statement in ("update ops.model_events set reason = 'x'", "delete from ops.model_events"):
        with warehouse.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege, match="added to"):
            connection.execute(statement)


def test_versions_are_compared_on_rows_that_neither_learnt_from(
    warehouse: Warehouse, versions: tuple[str, str]
) -> None:
    first, second = versions
    with warehouse.connect(Role.ML) as connection:
        count, difference = common_outcomes(connection, NAME, second, first)
        assert count > 100
        assert difference is not None
        connection.execute("update ml.heldout_scores set probability = 0.99 - 0.98 * is_bad::int "
            "where model_version = %s",
                           (second,))  # fmt: skip
        _, worse = common_outcomes(connection, NAME, second, first)
        assert worse is not None
        assert worse.is_surely_worse
        connection.execute("delete from ml.heldout_scores where exposure_id > 'loan050'")
        assert common_outcomes(connection, NAME, second, first)[1] is None


def test_the_lists_say_what_there_is(
    warehouse: Warehouse, warehouse_settings: Settings, versions: tuple[str, str]
) -> None:
    first, second = versions
    promote_version(warehouse_settings, NAME, first, "me", "to compare", QUIET, alias="challenger")
    console = Console(record=True, width=200, file=StringIO())
    print_versions(warehouse_settings, None, console)
    print_model(warehouse_settings, NAME, None, console)
    text = console.export_text()
    assert re.search(rf"{second} +champion .* FAILED not_worse_than_champion", text)
    assert re.search(rf"{first} +challenger .* all \d+ passed", text)
    # What is typed again is never cut off, however narrow the screen.
    narrow = Console(record=True, width=60, file=StringIO())
    print_versions(warehouse_settings, None, narrow)
    shown = narrow.export_text()
    assert all(word in shown for word in (NAME, first, second))
    assert "promoted, challenger: none ->" in text or f"-> {first} by me: to compare" in text
    for model, version, message in (("none", None, "no model 'none'"), (NAME, "none", "no version 'none'")):
        with pytest.raises(ModelError, match=message):
            print_model(warehouse_settings, model, version, QUIET)
    for command in (lambda: print_versions(warehouse_settings, "nonsense", QUIET),
                    lambda: roll_back(warehouse_settings, "nonsense", "me", "because", QUIET)):  # fmt: skip
        with pytest.raises(ModelError, match="no model 'nonsense'; there are eligibility"):
            command()
    promote_version(warehouse_settings, NAME, second, "me", "again", console)
    assert f"{NAME}: {second} is the champion already" in console.export_text()


def test_nobody_moves_the_alias_between_the_verdict_and_the_promotion(
    warehouse: Warehouse, versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    free: list[bool] = []

    def judged(*args: Any, **kwargs: Any) -> list[GateResult]:
        with warehouse.connect(Role.ML) as other:
            query = "select pg_try_advisory_xact_lock(hashtextextended('ml.model_aliases:' || %s, 0))"
            free.extend(found for (found,) in other.execute(query, (NAME,)))
        return judge(*args, **kwargs)

    monkeypatch.setattr("ml.delinquency.lifecycle.judge", judged)
    with warehouse.connect(Role.ML) as connection:
        trained(connection, SLACK)
    assert free == [False]


def test_drift_blocks_a_promotion_where_there_is_a_champion(warehouse: Warehouse, versions: tuple[str, str]) -> None:
    first, _ = versions
    catalogue = load_catalogue()
    names = catalogue.names(used_by="origination_pd")
    rng = np.random.default_rng(5)
    live = pd.DataFrame(rng.normal(size=(400, len(names))) + 1.5, columns=names).assign(
        gr_id=np.arange(400).astype(str)
    )
    with warehouse.connect(Role.ML) as connection:
        _, model = registry.load(connection, NAME, version=first)

        def drift(frame: pd.DataFrame | None) -> GateResult:
            verdict = judge(connection, model, first, features=names, catalogue=catalogue, live=frame)
            (result,) = [result for result in verdict if result.name == "drift"]
            return result

        moved = drift(live)
        assert not moved.passed
        assert any(name in str(moved.value) for name in names)
        held = connection.execute(f"select {', '.join(names)} from features.origination_features").fetchall()
        same = pd.DataFrame(held, columns=names).astype(float).sample(400, replace=True, random_state=5)
        still = same.assign(gr_id=np.arange(400).astype(str))
        assert drift(still).passed
        assert (drift(None).passed, drift(None).value) == (True, "no rows of now")
        # Without any champion nobody would be scored.
        connection.execute("delete from ml.model_aliases")
        assert drift(live).passed
        connection.rollback()


def test_a_version_that_failed_a_gate_is_scored_in_shadow(warehouse: Warehouse, versions: tuple[str, str]) -> None:
    _, second = versions
    with warehouse.connect(Role.ML) as connection:
        connection.execute("update ml.models set metadata = jsonb_set(metadata, '{outcomes_known_at}', '\"2020\"')")
        connection.execute(
            "update ml.models set metadata = jsonb_set(metadata, '{metrics,overall,auc_low}', '0.4') "
            "where model_version <> %s",
            (second,),
        )
        assert not trained(connection, QUICK).is_champion
        aliases = dict(connection.execute("select alias, model_version from ml.model_aliases").fetchall())
        assert aliases == {"champion": second, "challenger": versions[0]}
