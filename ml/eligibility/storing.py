"""A version on disk: a folder with the model as JSON, ``feature_meta.json``, ``metrics.json`` and ``report.md``.

The registry of record is ``ml.registry``, which takes the same model; these files are for people and for tools.
"""

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

from ml.delinquency.errors import ArtifactError
from ml.eligibility.model import EligibilityModel
from ml.eligibility.report import report_markdown

_FILE_DIGITS = 8


def feature_meta(model: EligibilityModel) -> dict[str, Any]:
    """What each column is, what counts as one, what was refused or left out."""
    told = model.metadata
    return {
        "model_version": model.version,
        "target": model.target,
        "policy": model.policy.name,
        "features": [
            {
                "name": fact.name,
                "kind": fact.kind,
                "label": fact.words,
                "sign": fact.sign,
                "levels": list(fact.levels),
                "usual": fact.levels[int(usual)] if fact.levels and usual is not None else usual,
                "merged_into": merge.name if (merge := model.policy.merge_of(fact.name)) else None,
                "evidence": fact.evidence,
            }
            for fact, usual in zip(model.policy.facts, model.usual, strict=True)
        ],
        **{key: told.get(key) for key in ("merged_columns", "refused_columns", "dropped_columns", "collinear_columns")},
    }


def metrics(model: EligibilityModel) -> dict[str, Any]:
    """Every figure of the training, with the artifact's checksum."""
    keys = (
        "metrics", "thresholds", "calibration", "candidate_log_loss", "chosen", "fairness", "gates", "base_rate",
        "n_rows", "n_features", "training_data_sha256", "config", "refused_columns", "merged_columns",
        "dropped_columns", "collinear_columns", "set_aside",
    )  # fmt: skip
    return {
        "model_version": model.version,
        "rule_version": model.rule_version,
        "artifact_sha256": model.sha256,
        "algorithm": model.algorithm,
        **{key: model.metadata.get(key) for key in keys},
    }


def save(model: EligibilityModel, folder: str | Path, *, at: dt.datetime | None = None) -> Path:
    """Write a version; returns the model's file.

    Parameters
    ----------
    model : EligibilityModel
        As trained.
    folder : path
        Holds the versions; this one gets ``eligibility_v<YYYYMMDD_HHMM>`` in it.
    at : datetime, optional
        Time of the version; now (UTC) where not given.

    Raises
    ------
    FileExistsError
        If the folder holds another model of the same minute. The same model may be saved again.
    """
    stamp = (at or dt.datetime.now(dt.UTC)).strftime("%Y%m%d_%H%M")
    home = Path(folder) / f"eligibility_v{stamp}"
    home.mkdir(parents=True, exist_ok=True)
    file = home / f"eligibility_model_{model.sha256[:_FILE_DIGITS]}.json"
    if others := [path.name for path in home.glob("eligibility_model_*.json") if path != file]:
        raise FileExistsError(f"{home} holds {others[0]}, another model of the same minute; nothing was written")
    _write(home / "feature_meta.json", json.dumps(feature_meta(model), indent=1, allow_nan=False))
    _write(home / "metrics.json", json.dumps(metrics(model), indent=1, allow_nan=False))
    _write(home / "report.md", report_markdown(model))
    # Last: a folder with a model is complete.
    _write(file, model.artifact)
    return file


def load(folder: str | Path) -> EligibilityModel:
    """Read a version's folder; the checksum in ``metrics.json`` is verified before the model is parsed.

    Raises
    ------
    ArtifactError
        If there is not exactly one model, it or its metrics can't be read, or it was changed.
    """
    home = Path(folder)
    files = sorted(home.glob("eligibility_model_*.json"))
    if len(files) != 1 or not (home / "metrics.json").is_file():
        raise ArtifactError(f"{home} holds {len(files)} models; expected one model and its metrics.json")
    try:
        told = json.loads((home / "metrics.json").read_text(encoding="utf-8"))
        sha256 = told["artifact_sha256"]
        # As bytes: a reader that translates line ends would change the checksum.
        artifact = files[0].read_bytes().decode()
    except (ValueError, TypeError, KeyError) as error:
        raise ArtifactError(
            f"{home}: metrics.json or the model can't be read ({type(error).__name__}); expected JSON with the model's "
            "artifact_sha256. Restore the folder from a backup or save the model anew."
        ) from error
    return EligibilityModel.from_artifact(artifact, str(sha256), told)


def _write(path: Path, text: str) -> None:
    """All of the file or nothing of it."""
    half = path.with_suffix(path.suffix + ".part")
    half.write_bytes(text.encode())
    os.replace(half, path)  # noqa: PTH105
