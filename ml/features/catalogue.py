"""Reads the feature catalogue: the YAML files from which dbt generates the features' SQL.

A column is a feature where its ``config.meta`` names a category. ``customer_features.yml`` holds the signals
and the
behavioural features; ``origination_features.yml`` adds loan terms.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

FILES = ("customer_features.yml", "origination_features.yml")

Category = Literal["salary", "savings", "spending", "payments", "cash", "transactions", "derived", "loan_terms"]
Statistic = Literal[
    "mean", "std", "min", "max", "sum", "last", "recent", "earlier", "cv", "change_ratio",
    "lifetime_sum", "lifetime_weekly_mean", "expression",
]  # fmt: skip
Unit = Literal["amount", "ratio", "count", "days", "months", "percent"]


class CatalogueError(ValueError):
    """The catalogue's files are missing or say something that a feature does not have; the message names
    where."""


class SignalEntry(BaseModel):
    """What is measured in a week; see the comments beside ``signals`` in the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["flow", "booking", "balance", "derived"]
    coverage: tuple[str, ...]
    meaning: str
    expression: str | None = None
    stage: Literal[2, 3] | None = None

    @model_validator(mode="after")
    def _complete(self) -> "SignalEntry":
        if (self.kind == "balance") == (self.expression is not None):
            raise ValueError("a balance has no expression, every other kind has one")
        if (self.kind == "derived") != (self.stage is not None):
            raise ValueError("a derived signal states its stage, no other does")
        return self


class FeatureEntry(BaseModel):
    """One feature.

    Attributes
    ----------
    name : str
        Column of ``features.customer_features`` and ``features.origination_features``.
    model : str
        Table whose YAML defines it.
    lookback_weeks : int or None
        Weeks it looks back; None: the whole covered history, or no time at all (loan terms).
    expected_sign : {"+", "-", "0"}
        Effect of a greater value on the risk; 0 where none is expected.
    reason_text : str
        Template with ``{value}`` and ``{usual}``; neutral, because a reason may raise or lower a score.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    model: str
    category: Category
    signal: str
    statistic: Statistic
    expression: str | None = None
    lookback_weeks: int | None
    unit: Unit
    meaning: str
    null_policy: str
    expected_sign: Literal["+", "-", "0"]
    reason_text: str

    @model_validator(mode="after")
    def _complete(self) -> "FeatureEntry":
        if (self.statistic == "expression") != (self.expression is not None):
            raise ValueError("statistic 'expression' and an expression belong together")
        return self


class Catalogue:
    """Features and signals by name, and the version of their definitions.

    Parameters
    ----------
    entries : mapping of str to FeatureEntry
        In the order of the files, which is the order of the columns.
    signals : mapping of str to SignalEntry
        What the features are statistics of.
    """

    def __init__(self, entries: Mapping[str, FeatureEntry], signals: Mapping[str, SignalEntry]) -> None:
        self.entries = dict(entries)
        self.signals = dict(signals)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __getitem__(self, name: str) -> FeatureEntry:
        return self.entries[name]

    def names(self, model: str | None = None) -> list[str]:
        """Feature names in their order; those that ``model`` defines where given."""
        return [entry.name for entry in self.entries.values() if model in (None, entry.model)]

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits of the definitions. Words (meaning, reasons, signs) do not change it."""
        definitions = {
            "features": [
                [entry.name, entry.signal, entry.statistic, entry.expression, entry.lookback_weeks]
                for entry in sorted(self.entries.values(), key=lambda entry: entry.name)
            ],
            "signals": [
                [signal.name, signal.kind, signal.stage, signal.expression, sorted(signal.coverage)]
                for signal in sorted(self.signals.values(), key=lambda signal: signal.name)
            ],
        }
        return hashlib.sha256(json.dumps(definitions, sort_keys=True).encode()).hexdigest()[:12]


ModelT = TypeVar("ModelT", bound=BaseModel)
EntryT = TypeVar("EntryT", FeatureEntry, SignalEntry)


def default_catalogue_dir() -> Path:
    """Folder of the project's own catalogue."""
    return Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "features"


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read and validate the catalogue.

    Parameters
    ----------
    path : Path, optional
        Folder that holds the files ``FILES``; the project's own where not given.

    Raises
    ------
    CatalogueError
        A file is missing, an entry is wrong, a name stands twice, or a feature names an unknown signal.
    """
    folder = path or default_catalogue_dir()
    entries: dict[str, FeatureEntry] = {}
    signals: dict[str, SignalEntry] = {}
    for name in FILES:
        file = folder / name
        if not file.is_file():
            raise CatalogueError(f"{file} does not exist; the catalogue is made of {', '.join(FILES)}")
        model = yaml.safe_load(file.read_text(encoding="utf-8"))["models"][0]
        for signal_name, stated in (model["config"].get("meta", {}).get("signals") or {}).items():
            _add(signals, _validated(SignalEntry, {"name": signal_name, **stated}, file), file)
        for column in model["columns"]:
            meta = column.get("config", {}).get("meta", {})
            if "category" in meta:
                stated = {"name": column["name"], "model": model["name"], **meta}
                _add(entries, _validated(FeatureEntry, stated, file), file)
    _check_signals(entries, signals)
    return Catalogue(entries, signals)


def _validated(kind: type[ModelT], stated: dict[str, Any], file: Path) -> ModelT:
    try:
        return kind.model_validate(stated)
    except ValidationError as error:
        raise CatalogueError(f"{file}: {stated['name']}: {error}") from error


def _add(held: dict[str, EntryT], entry: EntryT, file: Path) -> None:
    if entry.name in held:
        raise CatalogueError(f"{file}: {entry.name} is defined twice")
    held[entry.name] = entry


def _check_signals(entries: Mapping[str, FeatureEntry], signals: Mapping[str, SignalEntry]) -> None:
    for entry in entries.values():
        used = set(re.findall(r"\b([a-z_]+?)__[a-z0-9_]+\b", entry.expression or ""))
        if entry.category != "loan_terms":
            used.add(entry.signal)
        unknown = sorted(used - set(signals))
        if unknown:
            raise CatalogueError(f"{entry.name} uses the signals {unknown}; there are {sorted(signals)}")
