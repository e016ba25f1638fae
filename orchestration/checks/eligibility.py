"""Checks of the decisions on applications for support."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.expectations import Expectation

CHAMPION, ALL_DECIDED = "champion_accepted", "every_open_application_is_decided"


def decisions_suite() -> list["Expectation"]:
    """What must hold of ``ml.eligibility_decisions`` whatever the model is."""
    import great_expectations.expectations as gxe
    from great_expectations.expectations.row_conditions import Column

    scored = Column("score_status") == "scored"
    return [
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["eid", "as_of_date"]),
        gxe.ExpectColumnValuesToBeInSet(
            column="score_status", value_set=["scored", "insufficient_data", "not_applicable"]
        ),
        gxe.ExpectColumnValuesToBeInSet(column="decision", value_set=["APPROVE", "REVIEW", "SOFT_DECLINE"]),
        gxe.ExpectColumnValuesToBeBetween(column="probability", min_value=0, max_value=1),
        gxe.ExpectColumnValuesToNotBeNull(column="probability", row_condition=scored),
        gxe.ExpectColumnValuesToNotBeNull(column="decision", row_condition=scored),
        gxe.ExpectColumnValuesToNotBeNull(column="model_version", row_condition=scored),
        gxe.ExpectColumnValuesToNotBeNull(column="gr_id"),
        gxe.ExpectColumnValuesToNotBeNull(column="knowledge_cutoff"),
        # Nobody is approved or declined but by the thresholds beside the probability; what a person looks at may lie
        # anywhere, where evidence that is missing would decide.
        *(
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A=more, column_B=less, or_equal=True,
                row_condition=scored & (Column("decision") == decision),
            )
            for more, less, decision in (
                ("probability", "approve_threshold", "APPROVE"),
                ("review_threshold", "probability", "SOFT_DECLINE"),
            )
        ),
    ]  # fmt: skip
