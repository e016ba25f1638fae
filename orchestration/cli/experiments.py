"""``assay experiments``: the versions that were trained, and how good they are."""

from rich.console import Console
from rich.table import Column, Table

from orchestration.errors import AssayError
from orchestration.runtime import Runtime
from orchestration.settings import Settings
from orchestration.tracking import tracker


class TrackingError(AssayError):
    """The experiments can't be read."""


def print_experiments(settings: Settings, console: Console, model_name: str | None, most: int) -> None:
    """Print recorded versions, the newest first: model, version, AUC, calibration slope, when, aliases.

    Raises
    ------
    TrackingError
        MLflow is not installed or can't be reached.
    """
    try:
        found = tracker(Runtime(settings)).runs(model_name=model_name, most=most)
    except ImportError as error:
        raise TrackingError(f"MLflow is not installed ({error}); install requirements.lock: make setup") from error
    if not found:
        of = "" if model_name is None else f" of {model_name}"
        console.print(f"No version{of} was recorded yet; a training records one.")
        return
    heads = ("model", "version", "auc", "calibration slope", "recorded", "alias")
    table = Table(*(Column(head, overflow="fold") for head in heads), header_style="bold")
    for run in found:
        table.add_row(
            run.model_name,
            run.model_version,
            "–" if run.auc is None else f"{run.auc:.3f}",
            "–" if run.calibration_slope is None else f"{run.calibration_slope:.3f}",
            f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC",
            ", ".join(run.aliases),
        )
    console.print(table)
