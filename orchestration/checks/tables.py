"""Great Expectations suites on the tables of ``ml``: counts only, never a value of a row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.checks.eligibility import decisions_suite
from orchestration.runtime import Runtime
from orchestration.warehouse import Role, Warehouse

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation


@dataclass(frozen=True)
class SuiteOutcome:
    """What a suite found: expectations met, and per unmet one its type, column and number of rows against it."""

    expectations: int
    unmet: tuple[tuple[str, str, int], ...]

    @property
    def passed(self) -> bool:
        """All expectations are met."""
        return not self.unmet


def run_suite(warehouse: Warehouse, table: str, expectations: Sequence["Expectation"]) -> SuiteOutcome:
    """Validate one table of ``ml`` by Great Expectations, in the database, with counts only.

    Parameters
    ----------
    warehouse : Warehouse
        Where the table is.
    table : str
        Table in schema ``ml``.
    expectations : sequence of Expectation
        The suite.
    """
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_postgres(
        name="warehouse", connection_string=warehouse.sqlalchemy_url(Role.ML), create_temp_table=False
    )
    batch = source.add_table_asset(name=table, table_name=table, schema_name="ml").add_batch_definition_whole_table(
        "all"
    )
    suite = context.suites.add(gx.ExpectationSuite(name=table, expectations=list(expectations)))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=table, data=batch, suite=suite))
    # SUMMARY would leak values into the result.
    result: Any = definition.run(result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    broken = [item for item in result.results if item.exception_info.get("raised_exception")]
    if broken:
        raise RuntimeError(f"The suite of ml.{table} could not be evaluated: {broken[0].expectation_config.type}")
    unmet = tuple(
        (
            item.expectation_config.type,
            str(item.expectation_config.kwargs.get("column", "")),
            int(item.result.get("unexpected_count") or 0),
        )
        for item in result.results
        if not item.success
    )
    return SuiteOutcome(expectations=len(result.results), unmet=unmet)


def party_xref_suite() -> list["Expectation"]:
    """What must hold of ``ml.party_xref`` whatever the rules are."""
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    return [
        gxe.ExpectColumnValuesToNotBeNull(column="party_id"),
        gxe.ExpectColumnValuesToNotBeNull(column="gr_id"),
        gxe.ExpectColumnValuesToMatchRegex(column="gr_id", regex=r"^GR[0-9]{10}$"),
        gxe.ExpectColumnValuesToNotBeNull(column="link_rule"),
        gxe.ExpectColumnValuesToNotBeNull(column="known_at"),
        gxe.ExpectColumnValuesToNotBeNull(column="valid_from"),
        gxe.ExpectColumnValuesToBeBetween(column="link_probability", min_value=0, max_value=1),
        # What ended says from when another row counts, and what did not end says nothing.
        gxe.ExpectColumnValuesToNotBeNull(column="superseded_at", row_condition=Column("retired_at").is_not_null()),
        gxe.ExpectColumnValuesToBeNull(column="superseded_at", row_condition=Column("retired_at").is_null()),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="superseded_at", column_B="known_at", or_equal=True, ignore_row_if="either_value_is_missing"
        ),
        # One current golden record per party: retired rows are left out by the condition.
        gxe.ExpectColumnValuesToBeUnique(column="party_id", row_condition=Column("retired_at").is_null()),
    ]


def communities_suite() -> list["Expectation"]:
    """What must hold of ``ml.communities`` whatever the graph is."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToNotBeNull(column="gr_id"),
        gxe.ExpectColumnValuesToMatchRegex(column="community_id", regex=r"^C[0-9]{8}-.+$"),
        gxe.ExpectColumnValuesToBeBetween(column="stability", min_value=0, max_value=1),
        gxe.ExpectColumnValuesToBeBetween(column="members_count", min_value=1),
        gxe.ExpectColumnValuesToNotBeNull(column="links_hash"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["as_of_date", "gr_id"]),
    ]


def scores_suite() -> list["Expectation"]:
    """What must hold of ``ml.scores`` whatever the model is."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectColumnValuesToBeBetween(column="probability", min_value=0, max_value=1),
        gxe.ExpectColumnValuesToBeInSet(
            column="score_status", value_set=["scored", "insufficient_data", "not_applicable"]
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="gr_id"),
        gxe.ExpectColumnValuesToNotBeNull(column="knowledge_cutoff"),
        gxe.ExpectColumnValuesToNotBeNull(column="target"),
        gxe.ExpectColumnValuesToBeBetween(column="exposure_amount", min_value=0),
        gxe.ExpectColumnValuesToBeBetween(column="expected_loss_amount", min_value=0),
        gxe.ExpectColumnValuesToBeInSet(
            column="contact_status", value_set=["contact", "over_capacity", "below_cost", "no_amount"]
        ),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["model_name", "exposure_id", "gr_id", "as_of_date"]),
    ]


def income_bands_suite() -> list["Expectation"]:
    """What must hold of ``ml.income_bands`` whatever is known of people."""
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    from ml.income.bands import BANDS, UNKNOWN
    from ml.income.inference import METHODS

    return [
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["as_of_date", "gr_id"]),
        gxe.ExpectColumnValuesToBeInSet(column="income_band", value_set=[*BANDS, UNKNOWN]),
        gxe.ExpectColumnValuesToBeInSet(column="method", value_set=list(METHODS)),
        # The likeliest of four bands has a quarter at least.
        gxe.ExpectColumnValuesToBeBetween(column="confidence", min_value=0.25, max_value=1),
        # Whoever was told a band by a model is told how sure that is.
        gxe.ExpectColumnValuesToNotBeNull(
            column="confidence", row_condition=Column("method").is_in(["model", "model_out_of_fold"])
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="evidence"),
    ]


def table_check(table: str, suite: Callable[[], list["Expectation"]]) -> dg.AssetChecksDefinition:
    """One suite as an asset check. It blocks: a wrong cross-reference or score would reach BI."""

    @dg.asset_check(
        asset=dg.AssetKey(["ml", table]),
        name="expectations",
        description=f"Great Expectations suite of ml.{table}; counts only.",
        blocking=True,
    )
    def expectations(runtime: dg.ResourceParam[Runtime]) -> dg.AssetCheckResult:
        with runtime.work.measure(f"check ml.{table}"):
            outcome = run_suite(runtime.warehouse, table, suite())
        return dg.AssetCheckResult(
            passed=outcome.passed,
            metadata={
                "expectations": outcome.expectations,
                "unmet": dg.MetadataValue.md(
                    "\n".join(f"- {kind} {column}: {count} rows" for kind, column, count in outcome.unmet) or "none"
                ),
            },
        )

    return expectations


def table_checks(*, has_applications: bool) -> list[dg.AssetChecksDefinition]:
    """The suites of the tables that Python writes; decisions where a source knows applications."""
    applications = [table_check("eligibility_decisions", decisions_suite)] if has_applications else []
    return [
        *applications,
        table_check("party_xref", party_xref_suite),
        table_check("income_bands", income_bands_suite),
        table_check("communities", communities_suite),
        table_check("scores", scores_suite),
    ]
