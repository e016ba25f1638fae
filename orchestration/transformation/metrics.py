"""Figures that a model declares of itself, measured after it was built, for Dagster to plot over time.

A model's YAML says ``config: {meta: {metrics: {name: sql}}}``: an aggregate over the model's own rows, as
``{merged_records: "count(*) filter (where party_count > 1)"}``, or one by the values of a column, as
``{conflicts: {sql: "sum(conflicting_values_count)", by: attribute}}``, which makes ``conflicts.phone`` and so on.
Metadata is read by everybody who sees Dagster: only aggregates, only by columns whose values are words of ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from orchestration.transformation.manifest import DbtProjectError

Measured = dict[str, dict[str, int | float]]
# A plot with more lines is no plot, and a column with more values may not be one of ours.
MOST_GROUPS = 50


def measure_models(
    connection: psycopg.Connection[Any], manifest: Mapping[str, Any], unique_ids: Sequence[str]
) -> Measured:
    """Evaluate the declared metrics of models that were just built: one query a model, one more for each ``by``.

    Parameters
    ----------
    connection : psycopg.Connection
        Of a role that reads the models.
    manifest : mapping
        dbt's, where the metrics stand.
    unique_ids : sequence of str
        dbt nodes; those that declare nothing cost nothing.

    Returns
    -------
    dict
        Values by node and metric; a metric that is NULL is left out.

    Raises
    ------
    DbtProjectError
        An expression is no SQL over the model or no number; names model and metric.
    """
    measured: Measured = {}
    for unique_id in unique_ids:
        node = manifest["nodes"].get(unique_id, {})
        declared = node.get("config", {}).get("meta", {}).get("metrics")
        if not declared:
            continue
        relation = sql.Identifier(node["schema"], node.get("alias") or node["name"])
        try:
            pairs = list(_values(connection, relation, declared))
        except (psycopg.Error, KeyError, TypeError) as error:
            # What PostgreSQL says of a row's value quotes it.
            told = type(error).__name__ if isinstance(error, psycopg.DataError) else f"{error!r}"
            raise DbtProjectError(
                f"The metrics of dbt model {node['name']} ({', '.join(declared)}) can't be measured: {told}; "
                "expected an SQL aggregate over the model's columns, or {sql: aggregate, by: column}"
            ) from (None if isinstance(error, psycopg.DataError) else error)
        wrong = [name for name, value in pairs if not isinstance(value, int | float) or isinstance(value, bool)]
        if wrong:
            raise DbtProjectError(f"The metrics {', '.join(wrong)} of dbt model {node['name']} are no numbers")
        measured[unique_id] = dict(pairs)
    return measured


def _values(
    connection: psycopg.Connection[Any], relation: sql.Identifier, declared: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    single = {name: expression for name, expression in declared.items() if isinstance(expression, str)}
    if single:
        columns = sql.SQL(", ").join(map(_number, single.values()))
        row = connection.execute(sql.SQL("select {} from {}").format(columns, relation)).fetchone() or ()
        yield from ((name, value) for name, value in zip(single, row, strict=True) if value is not None)
    for name, grouped in declared.items():
        if name in single:
            continue
        query = sql.SQL("select {by}, {value} from {relation} group by 1 order by count(*) desc, 1 asc limit {most}")
        rows = connection.execute(
            query.format(
                by=sql.Identifier(grouped["by"]), value=_number(grouped["sql"]), relation=relation, most=MOST_GROUPS
            )
        )
        yield from ((f"{name}.{group or 'unknown'}", value) for group, value in rows if value is not None)


def _number(expression: str) -> sql.Composable:
    """The aggregate as JSON, so that exact decimals arrive as the plain numbers that Dagster plots."""
    return sql.SQL("to_json({})").format(sql.SQL(expression))
