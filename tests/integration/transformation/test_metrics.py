"""What a model says of itself in figures: measured in the warehouse, numbers only, errors that name the model."""

from typing import Any

import psycopg
import pytest

from orchestration.transformation.manifest import DbtProjectError
from orchestration.transformation.metrics import MOST_GROUPS, measure_models
from orchestration.warehouse import Role, Warehouse

NODE = "model.assay.gold_shops"


@pytest.fixture
def connection(warehouse: Warehouse) -> psycopg.Connection[Any]:
    with warehouse.connect(Role.DBT) as opened:
        opened.execute("create table core.shops (kind text, sales numeric(18, 2))")
        opened.execute("insert into core.shops values ('bakery', 2.50), ('bakery', 4), ('smithy', null), (null, 1)")
        yield opened


def declaring(metrics: dict[str, Any]) -> dict[str, Any]:
    node = {"name": "gold_shops", "alias": "shops", "schema": "core", "config": {"meta": {"metrics": metrics}}}
    return {"nodes": {NODE: node, "model.assay.silent": {"name": "silent", "schema": "core", "config": {"meta": {}}}}}


def test_metrics_are_plain_numbers_under_their_names(connection: psycopg.Connection[Any]) -> None:
    metrics = {
        "shops": "count(*)",
        "bakeries": "count(*) filter (where kind = 'bakery')",
        "sales_amount": "sum(sales)",
        "with_sales_pct": "100.0 * count(sales) / count(*)",
    }
    measured = measure_models(connection, declaring(metrics), [NODE, "model.assay.silent", "test.assay.unknown"])
    assert measured == {NODE: {"shops": 4, "bakeries": 2, "sales_amount": 7.5, "with_sales_pct": 75.0}}


def test_a_metric_by_a_column_has_one_value_a_group(connection: psycopg.Connection[Any]) -> None:
    measured = measure_models(connection, declaring({"shops": {"sql": "count(*)", "by": "kind"}}), [NODE])
    assert measured == {NODE: {"shops.bakery": 2, "shops.smithy": 1, "shops.unknown": 1}}


def test_what_is_not_known_is_left_out(connection: psycopg.Connection[Any]) -> None:
    metrics = {"shops": "count(*)", "smithy_sales": "sum(sales) filter (where kind = 'smithy')"}
    assert measure_models(connection, declaring(metrics), [NODE]) == {NODE: {"shops": 4}}


def test_groups_are_bounded(connection: psycopg.Connection[Any]) -> None:
    connection.execute("insert into core.shops select 'kind ' || i, 1 from generate_series(1, 200) as i")
    measured = measure_models(connection, declaring({"shops": {"sql": "count(*)", "by": "kind"}}), [NODE])
    assert len(measured[NODE]) == MOST_GROUPS
    assert measured[NODE]["shops.bakery"] == 2


@pytest.mark.parametrize(
    "metrics",
    [
        {"wrong": "sum(no_such_column)"},
        {"wrong": {"sql": "count(*)"}},
        {"wrong": "max(kind)"},
        {"wrong": "bool_or(true)"},
    ],
    ids=["unknown column", "no column to group by", "a text", "a truth value"],
)
def test_what_is_no_number_is_an_error_that_names_model_and_metric(
    connection: psycopg.Connection[Any], metrics: dict[str, Any]
) -> None:
    with pytest.raises(DbtProjectError, match=r"wrong.*gold_shops|gold_shops.*wrong"):
        measure_models(connection, declaring(metrics), [NODE])


@pytest.mark.parametrize("expression", ["max(kind)", "max(cast(kind as integer))"])
def test_a_value_of_a_row_never_reaches_the_message(connection: psycopg.Connection[Any], expression: str) -> None:
    connection.execute("delete from core.shops where kind is distinct from 'smithy'")
    with pytest.raises(DbtProjectError) as caught:
        measure_models(connection, declaring({"wrong": expression}), [NODE])
    assert "smithy" not in str(caught.value)
    assert "smithy" not in str(caught.value.__cause__)
