"""A portfolio that was run, with the ways tests look at it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from ml.delinquency import Candidate, LogisticSettings, TrainingConfig, TreeSettings
from orchestration.definitions import build_defs
from orchestration.runtime import Runtime
from orchestration.settings import Settings
from orchestration.transformation.environment import run_environment
from orchestration.warehouse import Role

# Few models, seldom measured: figures are the benchmarks' business, here a model of each kind has to be there.
TRAINING = TrainingConfig(
    candidates=(Candidate("logistic", (LogisticSettings(0.1),)), Candidate("trees", (TreeSettings(2),))),
    repeats=1,
    resamples=200,
)

# What differs between two equal runs: wall clocks, run-time ids, lineage of loads.
VOLATILE = {
    "published_at", "computed_at", "created_at", "recorded_at", "scored_at", "set_at", "_loaded_at", "loaded_at",
    "finished_at",
}  # fmt: skip


@dataclass
class Chain:
    """A portfolio that was run: settings, runtime, Dagster instance, ways to run it again and to look at it."""

    settings: Settings
    runtime: Runtime
    instance: dg.DagsterInstance

    @property
    def day(self) -> dt.date:
        """The portfolio's business date."""
        return self.settings.portfolio.default_as_of_date()

    def run(
        self, runtime: Runtime | None = None, day: dt.date | None = None, *, only_gold: bool = False
    ) -> dg.ExecuteInProcessResult:
        """Run the daily job of the business date, or of another day, with another runtime, or its last step alone."""
        defs = build_defs(settings=self.settings, resource_overrides={"runtime": runtime or self.runtime})
        gold = dg.AssetSelection.groups("gold").resolve(defs.resolve_asset_graph())
        return defs.resolve_job_def("daily").execute_in_process(
            instance=self.instance,
            partition_key=(day or self.day).isoformat(),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            asset_selection=sorted(gold) if only_gold else None,
            raise_on_error=False,
        )

    def row_hashes(self, *schemas: str) -> Mapping[str, tuple[int, str]]:
        """Rows and an order-free hash of every table of the schemas, without wall clocks."""
        hashes: dict[str, tuple[int, str]] = {}
        with self.runtime.warehouse.connect() as connection:
            tables = connection.execute(
                "select table_schema, table_name, array_agg(quote_ident(column_name) order by ordinal_position) "
                "filter (where column_name <> all(%s)) from information_schema.columns "
                "join information_schema.tables using (table_schema, table_name) "
                "where table_schema = any(%s) and table_type = 'BASE TABLE' group by 1, 2",
                (sorted(VOLATILE), list(schemas)),
            ).fetchall()
            for schema, table, columns in tables:
                row = connection.execute(
                    # A sum needs no order: sorting the hashes of every row took longer than making them.
                    f"select count(*), coalesce(sum(hashtextextended(row({', '.join(columns)})::text, 0)), 0)::text "
                    f'from "{schema}"."{table}"'
                ).fetchone()
                hashes[f"{schema}.{table}"] = (row[0], row[1])
        return hashes

    def query(self, statement: str, role: Role | None = None) -> list[tuple]:
        """Rows of one statement."""
        with self.runtime.warehouse.connect(role) as connection:
            return connection.execute(statement).fetchall()

    def unit_tests(self) -> tuple[int, list[str]]:
        """Run dbt's unit tests of the portfolio's models: how many ran, and what failed."""
        variables = run_environment(self.settings, self.runtime.warehouse.dbt_env(), self.day)
        outcome = self.runtime.dbt.run(["test", "--select", "test_type:unit"], variables)
        return len(outcome.nodes), outcome.failures() or ([outcome.error] if outcome.error else [])
