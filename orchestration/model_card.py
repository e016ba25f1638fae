"""A trained model on its materialisation: its card, its headline figures, and where MLflow keeps it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from orchestration.runtime import Runtime
from orchestration.tracking import record_model

if TYPE_CHECKING:
    from ml.delinquency.model import TrainedModel
    from ml.delinquency.report import Report


def model_metadata(
    runtime: Runtime,
    model: "TrainedModel",
    version: str,
    report: "Report",
    *,
    aliases: Iterable[str] = (),
    catalogue: Any = None,
    files: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Card and tracking of a model right after its training, as metadata of the materialisation.

    Parameters
    ----------
    runtime : Runtime
        Settings and warehouse.
    model : TrainedModel
        As trained.
    version : str
        As the registry gave it.
    report : Report
        Of this model.
    aliases : iterable of str
        That point at it by now, such as ``champion``.
    catalogue : mapping or Catalogue, optional
        Gives the features' categories.
    files : mapping of str to str, optional
        Kept beside the card in MLflow, by name.

    Returns
    -------
    dict
        ``model_card`` (Markdown with pictures), ``groups``, ``auc_interval``, ``calibration_slope_interval``, and
        ``mlflow_run`` or ``tracking_warning``.
    """
    from ml.delinquency.card import card_markdown
    from ml.delinquency.card_fairness import fairness_section

    return {
        "model_card": dg.MetadataValue.md(card_markdown(report, model, catalogue=catalogue)),
        "groups": dg.MetadataValue.md(fairness_section(model)),
        "auc_interval": str(report.interval("auc")),
        "calibration_slope_interval": str(report.interval("calibration_slope")),
        **record_model(runtime, model, version, report, aliases=aliases, catalogue=catalogue, files=files),
    }
