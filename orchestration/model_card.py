"""A trained model on its materialisation: its card, its headline figures, and where MLflow keeps it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.runtime import Runtime
from orchestration.tracking import record_model

if TYPE_CHECKING:
    from ml.delinquency.model import TrainedModel


def model_metadata(
    runtime: Runtime,
    model: "TrainedModel",
    version: str,
    *,
    aliases: Iterable[str] = (),
    catalogue: Any = None,
    **report_options: Any,
) -> dict[str, Any]:
    """Report, card and tracking of a model right after its training, as metadata of the materialisation.

    Parameters
    ----------
    runtime : Runtime
        Settings and warehouse.
    model : TrainedModel
        With its outcomes, which are not stored with it.
    version : str
        As the registry gave it.
    aliases : iterable of str
        That point at it by now, such as ``champion``.
    catalogue : mapping or Catalogue, optional
        Gives the features' categories.
    **report_options
        ``segments, amounts, decision, base_rate, features, config`` of ``ml.delinquency.report.build_report``.

    Returns
    -------
    dict
        ``model_card`` (Markdown with pictures), ``auc_interval``, ``calibration_slope_interval``, and ``mlflow_run`` or
        ``tracking_warning``.
    """
    from ml.delinquency.card import card_markdown
    from ml.delinquency.report import build_report

    report = build_report(model, **report_options)
    return {
        "model_card": dg.MetadataValue.md(card_markdown(report, model, catalogue=catalogue)),
        "auc_interval": str(report.interval("auc")),
        "calibration_slope_interval": str(report.interval("calibration_slope")),
        **record_model(runtime, model, version, report, aliases=aliases, catalogue=catalogue),
    }
