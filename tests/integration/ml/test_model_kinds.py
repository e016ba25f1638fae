"""The registry's commands reach every model by its name alone."""

import dataclasses
import datetime as dt
import sys
from functools import partial
from io import StringIO
from types import ModuleType
from typing import Any

import psycopg
import pytest
from rich.console import Console

from ml import registry
from ml.delinquency.errors import SchemaMismatchError
from ml.evaluate import GateResult
from ml.registry import kinds
from ml.registry.kinds import MODULES, kind_of, refusal
from ml.registry.promotion import PromotionRefusedError, rollback
from ml.registry.serving import usable_champion
from orchestration.cli.models import ModelError, print_model, promote_version
from orchestration.settings import Settings
from orchestration.warehouse import Role, Warehouse


class Plain:
    """A model that is a text."""

    model_name, target, algorithm = "plain", "rain", "text"

    def __init__(self, artifact: str) -> None:
        self.artifact, self.metadata = artifact, {"old": "old" in artifact}


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A kind of its own, as any model may bring one."""
    module: Any = ModuleType("tests.plain_registered")

    def load(connection: psycopg.Connection, version: str) -> Plain:
        text, told = registry.load_text(connection, "plain", version)
        if told["old"]:
            raise SchemaMismatchError("rules of last year")
        return Plain(text)

    def judge(connection: psycopg.Connection, version: str, day: dt.date) -> list[GateResult]:
        text, _ = registry.load_text(connection, "plain", version)
        return [GateResult("is_short", len(text) < 20, f"{len(text)} signs on {day}", "less than 20")]

    module.MODEL_NAME, module.load, module.judge = "plain", load, judge
    module.artifacts = lambda connection, version: {"report.md": version}
    monkeypatch.setitem(sys.modules, module.__name__, module)
    modules = {**MODULES, "plain": module.__name__}
    monkeypatch.setattr(kinds, "kind_of", lambda name, _=None: kind_of(name, modules))
    monkeypatch.setattr("orchestration.cli.models.kind_of", lambda name: kind_of(name, modules))
    return modules


def test_a_kind_is_found_by_name_and_a_module_of_several_models_is_told_which() -> None:
    assert set(MODULES) == {"origination_pd", "predelinquency_30d", "eligibility"}
    kind = kind_of("predelinquency_30d")
    assert kind.load.args == ("predelinquency_30d",)  # type: ignore[attr-defined]
    with pytest.raises(registry.UnknownModelError, match="no model 'weather'; there are eligibility, origination_pd"):
        kind_of("weather")


def test_a_models_own_gates_decide_its_promotion_and_its_own_load_its_rollback(
    warehouse: Warehouse, warehouse_settings: Settings, plain: dict[str, str]
) -> None:
    with warehouse.connect(Role.ML) as connection:
        long, short, old = (registry.register(connection, Plain(text)) for text in ("x" * 30, "x", "old"))
        registry.set_alias(connection, "plain", "champion", old, set_by="test")
    with pytest.raises(ModelError, match="is_short: FAILED, found 30 signs"):
        promote_version(warehouse_settings, "plain", long, "me", "because", Console(quiet=True))
    promote_version(warehouse_settings, "plain", short, "me", "because", Console(quiet=True))
    with pytest.raises(ModelError, match="rules of last year"):
        promote_version(warehouse_settings, "plain", old, "me", "because", Console(quiet=True), override=True)
    console = Console(record=True, width=200, file=StringIO())
    print_model(warehouse_settings, "plain", None, console)
    assert "is_short: passed" in console.export_text()
    with warehouse.connect(Role.ML) as connection:
        assert refusal(connection, "plain", short, plain) is None
        assert refusal(connection, "plain", old, plain) == "rules of last year"
        with pytest.raises(PromotionRefusedError, match=r"could not score now.*rules of last year"):
            rollback(connection, "plain", by="me", why="worse", modules=plain)
        assert registry.lookup.alias_version(connection, "plain") == short


@pytest.mark.parametrize("error", [IndexError, ValueError, KeyError, AttributeError])
def test_what_is_sealed_and_cannot_be_read_is_refused_and_a_lost_connection_is_not(
    warehouse: Warehouse, error: type[Exception]
) -> None:
    with warehouse.connect(Role.ML) as connection:
        good, sealed = (registry.register(connection, Plain(text)) for text in "xy")
        for version in (good, sealed):
            registry.set_alias(connection, "plain", "champion", version, set_by="test")

        def load(connection: psycopg.Connection, version: str, error: type[Exception] = error) -> Plain:
            if version == sealed:
                raise error("shapes (9,) and (8,) not aligned")
            return Plain("x")

        found = usable_champion(connection, "plain", load, acted_by="test")
        assert found.version == good
        assert found.refused[0].startswith(f"{sealed}: version {sealed} cannot be used ({error.__name__}")
        with pytest.raises(psycopg.OperationalError):
            usable_champion(connection, "plain", partial(load, error=psycopg.OperationalError), acted_by="test")


def test_a_rollback_while_gates_are_asked_stands_and_a_lock_is_waited_for_in_vain(
    warehouse: Warehouse, warehouse_settings: Settings, plain: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = Console(quiet=True)
    with warehouse.connect(Role.ML) as connection:
        first, second, third = (registry.register(connection, Plain(text)) for text in "xyz")
        for version in (first, second):
            registry.set_alias(connection, "plain", "champion", version, set_by="test")
    kind = kind_of("plain", plain)

    def judged(connection: psycopg.Connection, version: str, day: dt.date | None) -> list[GateResult]:
        with warehouse.connect(Role.ML) as other:
            rollback(other, "plain", by="bob", why="wrong", modules=plain)
        return kind.judge(connection, version, day)

    slow = dataclasses.replace(kind, judge=judged)
    with monkeypatch.context() as patched:
        patched.setattr("orchestration.cli.models.kind_of", lambda name: slow)
        with pytest.raises(ModelError, match=f"was {second} .* and is {first} now"):
            promote_version(warehouse_settings, "plain", third, "ann", "fine", quiet, override=True)
    with warehouse.connect(Role.ML) as connection:
        assert registry.lookup.alias_version(connection, "plain") == first
        registry.store.lock_aliases(connection, "plain")
        monkeypatch.setattr("orchestration.cli.models._WAIT", "set local lock_timeout = '50ms'")
        with pytest.raises(ModelError, match="try again when it has ended"):
            promote_version(warehouse_settings, "plain", third, "ann", "fine", quiet)
    promote_version(warehouse_settings, "plain", third, "ann", "fine", quiet)
