"""Reads the feature catalogue: the YAML files from which dbt generates the features' SQL.

A column is a feature where its ``config.meta`` names a category. ``customer_features.yml`` holds the signals and
the 104 behavioural features; ``origination_features.yml`` adds loan terms and what only the model of applicants
reads, above all features of the whole history.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

FILES = ("customer_features.yml", "origination_features.yml")
# Whose columns a model reads, in the order of that table's columns.
TABLES = {"predelinquency_30d": "customer_features", "origination_pd": "origination_features"}
# Statistics in which a greater value means what a greater week means; std, min, trend and ratios mix directions.
RAW_DIRECTION = ("mean", "max", "last")

Category = Literal["salary", "savings", "spending", "payment", "cash", "transaction", "derived", "loan_terms"]
ModelName = Literal["predelinquency_30d", "origination_pd"]
SignalKind = Literal["flow", "booking", "instalment", "day", "balance", "daily_balance", "derived"]
Statistic = Literal[
    "mean", "std", "min", "max", "sum", "last", "trend", "recent", "earlier", "cv", "change_ratio",
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
    kind: SignalKind
    unit: Literal["amount", "count", "days", "ratio", "percent", "flag"]
    coverage: tuple[str, ...]
    meaning: str
    expression: str | None = None
    aggregation: Literal["sum", "max"] = "sum"
    stage: Literal[2, 3] | None = None

    @model_validator(mode="after")
    def _complete(self) -> "SignalEntry":
        if (self.kind in ("balance", "daily_balance")) == (self.expression is not None):
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
    cause : str
        What the feature is about, coarser than the signal: a row's reasons name each cause once.
    used_by : tuple of str
        Models that read it.
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
    cause: str
    used_by: tuple[ModelName, ...]
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
        if not self.used_by:
            raise ValueError(f"used_by names no model; there are {sorted(TABLES)}")
        if not re.fullmatch(r"[a-z][a-z_]*", self.cause):
            raise ValueError(f"cause is {self.cause!r}; expected lower-case words joined by _")
        return self

    @property
    def monotone_sign(self) -> int:
        """1 or -1 where a model may be bound to the expected sign, else 0: only mean, max and last of a signal."""
        if self.statistic not in RAW_DIRECTION:
            return 0
        return {"+": 1, "-": -1, "0": 0}[self.expected_sign]


class Catalogue:
    """Features and signals by name, and the version of their definitions.

    Parameters
    ----------
    entries : mapping of str to FeatureEntry
        In the order of the files, which is the order of the columns.
    signals : mapping of str to SignalEntry
        What the features are statistics of.
    columns : mapping of str to sequence of str, optional
        Columns of each table in their order; without it a model's features come in the order of the entries.
    """

    def __init__(
        self,
        entries: Mapping[str, FeatureEntry],
        signals: Mapping[str, SignalEntry],
        columns: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.entries = dict(entries)
        self.signals = dict(signals)
        self.columns = {table: list(names) for table, names in (columns or {}).items()}

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __getitem__(self, name: str) -> FeatureEntry:
        return self.entries[name]

    def names(self, model: str | None = None, *, used_by: str | None = None) -> list[str]:
        """Feature names in their order.

        Parameters
        ----------
        model : str, optional
            Only those that this table's file defines.
        used_by : str, optional
            Only those that this model reads, in the order of the columns of its table: ``origination_pd`` or
            ``predelinquency_30d``.

        Raises
        ------
        CatalogueError
            ``used_by`` is no model of the catalogue.
        """
        if used_by is None:
            return [entry.name for entry in self.entries.values() if model in (None, entry.model)]
        if used_by not in TABLES:
            raise CatalogueError(f"no model {used_by!r} reads features; there are {sorted(TABLES)}")
        found = [
            name
            for name in self.columns.get(TABLES[used_by], list(self.entries))
            if name in self.entries and used_by in self.entries[name].used_by
        ]
        return [name for name in found if model in (None, self.entries[name].model)]

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits of the definitions. Words (meaning, reasons, signs) do not change it."""
        definitions = {
            "features": [
                [entry.name, entry.signal, entry.statistic, entry.expression, entry.lookback_weeks]
                for entry in sorted(self.entries.values(), key=lambda entry: entry.name)
            ],
            "signals": [
                [
                    signal.name,
                    signal.kind,
                    signal.stage,
                    signal.expression,
                    sorted(signal.coverage),
                    signal.unit,
                    signal.aggregation,
                ]
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
        A file is missing, an entry is wrong, a name stands twice, a feature names an unknown signal, or the table of
        a model that reads it has no such column.
    """
    folder = path or default_catalogue_dir()
    entries: dict[str, FeatureEntry] = {}
    signals: dict[str, SignalEntry] = {}
    columns: dict[str, list[str]] = {}
    for name in FILES:
        file = folder / name
        if not file.is_file():
            raise CatalogueError(f"{file} does not exist; the catalogue is made of {', '.join(FILES)}")
        # The C parser where libyaml is at hand: 0.05 s instead of 0.5 s a file.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        model = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)["models"][0]  # noqa: S506
        for signal_name, stated in (model["config"].get("meta", {}).get("signals") or {}).items():
            _add(signals, _validated(SignalEntry, {"name": signal_name, **stated}, file), file)
        columns[model["name"]] = [column["name"] for column in model["columns"]]
        for column in model["columns"]:
            meta = column.get("config", {}).get("meta", {})
            if "category" in meta:
                stated = {"name": column["name"], "model": model["name"], **meta}
                _add(entries, _validated(FeatureEntry, stated, file), file)
    _check_signals(entries, signals)
    _check_tables(entries, columns)
    return Catalogue(entries, signals, columns)


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


def _check_tables(entries: Mapping[str, FeatureEntry], columns: Mapping[str, Sequence[str]]) -> None:
    for entry in entries.values():
        for model in entry.used_by:
            if entry.name not in columns[TABLES[model]]:
                raise CatalogueError(f"{entry.name} is used by {model}, and {TABLES[model]} has no such column")
