"""The files of a trained version: ``feature_meta.json``, ``metrics.json`` and ``report.md``, as the seed's service kept
them; equal input gives equal text."""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml.delinquency.card import write_card
from ml.delinquency.card_fairness import fairness_section
from ml.delinquency.model import TrainedModel
from ml.delinquency.report import Report
from ml.evaluate.gate import GateResult
from ml.explain.catalogue import entries_of, entry_field
from ml.registry.artifacts import FEATURE_META, METRICS, REPORT

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]*)\)")
_STATED = ("category", "cause", "signal", "statistic", "lookback_weeks", "unit", "expected_sign", "meaning")


def version_files(
    model: TrainedModel, report: Report, verdict: Sequence[GateResult], *, catalogue: Any = None
) -> dict[str, str]:
    """Text of each file by name.

    Parameters
    ----------
    model : TrainedModel
        Right after training, with its metadata as registered.
    report : Report
        Of this model.
    verdict : sequence of GateResult
        What its gates said.
    catalogue : mapping or Catalogue, optional
        Words and definitions of the features.
    """
    return {
        FEATURE_META: _json(feature_meta(model, catalogue)),
        METRICS: _json(metrics(model, report, verdict)),
        REPORT: report_markdown(model, report, catalogue),
    }


def feature_meta(model: TrainedModel, catalogue: Any = None) -> dict[str, Any]:
    """What each feature is, its usual value, and which ones no member uses."""
    entries = entries_of(catalogue)
    kinds = {} if model.encoder is None else {column.name: column for column in model.encoder.columns}
    unused = set(model.metadata.get("pruned", ()))
    features = []
    for name in model.features:
        column, entry = kinds.get(name), entries.get(name)
        features.append(
            {
                "name": name,
                "kind": "number" if column is None else column.kind,
                "levels": [] if column is None else list(column.levels),
                "usual": model.usual[name],
                "is_used": name not in unused,
                **({key: entry_field(entry, key) for key in _STATED} if entry is not None else {}),
            }
        )
    return {
        "model_name": model.model_name,
        "target": model.target,
        "catalogue_version": model.catalogue_version,
        "features": features,
        "dropped": model.metadata.get("dropped", {}),
    }


def metrics(model: TrainedModel, report: Report, verdict: Sequence[GateResult]) -> dict[str, Any]:
    """Every figure of the training, with the artifact's checksum and what the gates said."""
    return {
        "model_name": model.model_name,
        "artifact_sha256": model.sha256,
        "algorithm": model.algorithm,
        "seed": model.seed,
        "bands": [list(band) for band in model.bands],
        "metrics": model.metrics,
        "report": report.figures,
        "fairness": model.metadata.get("fairness"),
        "gates": [
            {"name": one.name, "passed": one.passed, "found": one.value, "expected": one.expected}
            for one in verdict
            # Measured in seconds of the day: the same training would write another file.
            if one.name != "explanation_time"
        ],
    }


def report_markdown(model: TrainedModel, report: Report, catalogue: Any = None) -> str:
    """The model's card as text, pictures named instead of shown, and its groups."""
    with tempfile.TemporaryDirectory() as folder:
        card = write_card(report, model, Path(folder), catalogue=catalogue).read_text(encoding="utf-8")
    told = _PICTURE.sub(r"(picture: \1)", card).strip()
    return f"{told}\n\n{fairness_section(model)}\n"


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=1, allow_nan=False, default=str) + "\n"
