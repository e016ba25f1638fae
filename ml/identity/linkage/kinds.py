"""What a column holds, guessed from its name and from its values.

Belongs here: the spellings of column names and the measures of values that decide a kind.
Does not belong here: cleaning or comparing values.
"""

import re
from dataclasses import dataclass, field

import pandas as pd

from ml.identity.linkage.column_names import NAMES
from ml.identity.linkage.config import LinkageConfig, LinkageError

SHARED_ID = re.compile(r"household|family|haushalt|account|policy|group|parent|hh_")
# Numbers that a state gives once and for life: passports, licences and customer numbers are renewed.
LIFELONG_ID = re.compile(
    r"(^|_)(ssn|sin|nino|pan|tin|nif|nie|cpf|curp|rfc|dni|cui[lt]|nhs|bsn|inn|snils|pesel|cnp|egn|oib|jmbg|amka)($|_)|"
    r"soc_?sec|social(_|$|sec)|national_?(id|ins)|tax_?(id|n|payer)|aadha+r|personnummer|steuer|инн|снилс"
)
_MEASURE = re.compile(
    r"(^|_)(amount|price|income|salary|balance|total|cost|revenue|count|score|rate|weight|percent|pct|qty|"
    r"quantity|area|"
    r"feet|lat|lon|latitude|longitude)($|_)"
)
_LEGAL = (
    r"(?i)\b(?:ltd|limited|inc|llc|gmbh|corp|corporation|plc|pty|pvt|s\.?a\.?r\.?l|s\.?r\.?l|bv|oy|ag|kg|company|co)\b"
)

# Formats of dates, tried in this order; the two that are ambiguous are ordered by what a column shows.
_DATE_FORMATS = (
    "%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d %b %Y", "%d %B %Y",
    "%d-%b-%Y", "%b %d, %Y", "%B %d, %Y", "%d%b%Y", "%Y-%m-%d %H:%M:%S%z",
)  # fmt: skip
_DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %m %Y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y")
_MONTH_FIRST = tuple(text.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m") for text in _DAY_FIRST)
_SAMPLE = 5_000


@dataclass(frozen=True)
class Column:
    """A column and what it holds; ``formats`` are those of its dates, ``shared`` tells of values that several
    people of a household share, ``lifelong`` of numbers that a person has one of and keeps, ``fillers`` are values, as
    they are compared, that stand for one that is not known, ``repeats`` names columns that say the same: what follows
    from them counts only where they are missing; ``follows`` names one that it mostly follows from, as sex from a name:
    where that is alike, being equal says nothing."""

    name: str
    kind: str
    formats: tuple[str, ...] = ()
    shared: bool = False
    lifelong: bool = False
    fillers: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()
    follows: str = ""


def is_sex(name: str) -> bool:
    """Whether a column holds what people of a household differ in although it has few values."""
    return any(kind == "category" and re.search(pattern, words_of(name)) for kind, pattern in NAMES)


@dataclass(frozen=True)
class Kinds:
    """Kinds of all columns, and a line for each that is left out or was decided against its name."""

    columns: tuple[Column, ...]
    notes: tuple[str, ...] = field(default=())


def infer(texts: pd.DataFrame, config: LinkageConfig) -> Kinds:
    """Find the kind of every column.

    Parameters
    ----------
    texts : DataFrame
        Values as text, blanks as missing.
    config : LinkageConfig
        Kinds that are declared.

    Raises
    ------
    LinkageError
        A declared column is not there.
    """
    absent = sorted(set(config.columns) - set(texts.columns))
    if absent:
        raise LinkageError(f"the configuration names the columns {absent}; the records have {list(texts.columns)}")
    columns, notes = [], []
    for name in texts.columns:
        values = texts[name].dropna()
        declared = config.columns.get(name)
        if declared == "ignore":
            notes.append(f"column {name!r} is ignored: declared")
            continue
        distinct = values.nunique()
        if distinct < 2:
            what = "constant" if distinct else "empty"
            notes.append(f"column {name!r} is ignored: it is {what}")
            continue
        # The sample must not depend on the order of the records.
        sample = values.drop_duplicates().sort_values()
        sample = sample.iloc[:: max(1, len(sample) // _SAMPLE)]
        kind = declared or _kind(words_of(name), sample, distinct / len(values), distinct)
        formats = _formats(sample) if kind in ("date", "birth_date") else ()
        if kind == "ignore":
            notes.append(f"column {name!r} is ignored: a measure or a share of a date")
            continue
        shared = bool(kind == "id_number" and SHARED_ID.search(words_of(name)))
        lifelong = bool(kind == "id_number" and not shared and LIFELONG_ID.search(words_of(name)))
        columns.append(Column(name, kind, formats, shared, lifelong))
    return Kinds(tuple(columns), tuple(notes))


def words_of(name: object) -> str:
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(name))
    return re.sub(r"[^\w]+", "_", text).lower().strip("_")


def _kind(name: str, sample: pd.Series, distinctness: float, distinct: int) -> str:
    said = next((kind for kind, pattern in NAMES if re.search(pattern, name)), None)
    if said is not None and (kind := _confirmed(said, name, sample, distinctness, distinct)):
        return kind
    return _by_values(name, sample, distinctness, distinct)


def _confirmed(said: str, name: str, sample: pd.Series, distinctness: float, distinct: int) -> str | None:
    """The kind that a name says, where the values do not speak against it."""
    digits = sample.str.count(r"\d")
    if said == "email":
        return said if sample.str.contains("@", regex=False).mean() > 0.3 else None
    if said in ("date", "birth_date"):
        return said if _share_of_dates(sample) > 0.3 else None
    if said == "phone":
        return said if (digits >= 5).mean() > 0.5 else None
    if said == "id_number":
        return said if distinctness > 0.05 and (digits > 0).mean() > 0.3 else ("category" if distinct < 1000 else None)
    if said == "postcode":
        return said if (digits > 0).mean() > 0.5 and sample.str.len().median() <= 12 else None
    if said in ("given_name", "family_name", "middle_name", "full_name", "organisation", "city"):
        if sample.str.contains(r"[^\W\d_]", regex=True).mean() < 0.5:
            return None
        if said == "full_name" and sample.str.contains(_LEGAL, regex=True).mean() > 0.1:
            return "organisation"
        if said in ("given_name", "family_name", "city") and distinct < 3:
            return "category"
        if said == "organisation" and distinctness < 0.05 and distinct < 200:
            return "category"
        if said == "full_name" and distinctness < 0.01 and distinct < 50:
            return "category"
        if said == "full_name" and (sample.str.count(r"\s+").mean() > 3 or sample.str.contains(r"\d").mean() > 0.2):
            return "text"
        return said
    if said == "region":
        return said if distinct < 5000 and sample.str.contains(r"[^\W\d_]", regex=True).mean() > 0.5 else None
    if said == "text":
        return said if distinct > 20 and sample.str.count(r"\s+").mean() > 0.5 else None
    return said


def _by_values(name: str, sample: pd.Series, distinctness: float, distinct: int) -> str:
    digits = sample.str.count(r"\d")
    letters = sample.str.count(r"[^\W\d_]")
    if sample.str.contains(r"^[^@\s]+@[^@\s]+$", regex=True).mean() > 0.6:
        return "email"
    if _MEASURE.search(name) and (letters == 0).mean() > 0.9:
        return "ignore"
    if distinct > 10 and _share_of_dates(sample) > 0.8:
        return "date"
    if sample.str.contains(r"^-?\d+[.,]\d+$", regex=True).mean() > 0.5:
        return "ignore"
    if (letters == 0).mean() > 0.9 and ((digits >= 7) & (digits <= 15)).mean() > 0.8:
        formatted = sample.str.contains(r"^\+|[()]|\d[ -]\d", regex=True).mean() > 0.5
        return "phone" if formatted and distinctness > 0.1 else ("id_number" if distinctness > 0.2 else "category")
    tokens = sample.str.count(r"\S+")
    if (digits > 0).mean() > 0.6 and tokens.mean() < 1.5:
        return "id_number" if distinctness > 0.3 and sample.str.len().median() >= 5 else "category"
    if distinct > 50 and (distinctness > 0.02 or distinct > 1000) and (letters > 0).mean() > 0.5:
        return "text"
    return "category"


def _share_of_dates(sample: pd.Series) -> float:
    some = sample.iloc[:: max(1, len(sample) // 500)]
    parsed = pd.Series(False, index=some.index)
    for format_ in (*_DATE_FORMATS, *_DAY_FIRST, *_MONTH_FIRST):
        if not parsed.all():
            day = pd.to_datetime(some, format=format_, errors="coerce")
            parsed |= day.notna() & day.dt.year.between(1850, 2100)
    return float(parsed.mean())


def _formats(sample: pd.Series) -> tuple[str, ...]:
    """Formats in the order in which they are tried: the ambiguous ones by what parses more of the column."""

    def parsed(formats: tuple[str, ...]) -> int:
        return max(int(pd.to_datetime(sample, format=text, errors="coerce").notna().sum()) for text in formats)

    day_first = parsed(_DAY_FIRST) >= parsed(_MONTH_FIRST)
    first, second = (_DAY_FIRST, _MONTH_FIRST) if day_first else (_MONTH_FIRST, _DAY_FIRST)
    return (*_DATE_FORMATS, *first, *second)
