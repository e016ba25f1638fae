"""Values made comparable: from whatever a frame holds to text, and from text to what comparisons and blocking read.

Belongs here: blank markers, accents, scripts, numbers read as text, and one SQL expression per feature of a kind.
Does not belong here: which columns are compared with which (``comparisons``).
"""

import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ml.identity.linkage.kinds import Column
from ml.identity.linkage.nicknames import NICKNAMES

_BLANKS = (
    "", "-", "--", "?", ".", "nan", "null", "none", "n/a", "#n/a", "<na>", "nat", "unknown", "unk", "not available",
    "not known", "not provided", "missing", "nil", "undefined", "unbekannt", "inconnu", "desconocido", "xxx",
)  # fmt: skip
MAX_LENGTH = 400
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})


def texts_of(records: pd.DataFrame) -> pd.DataFrame:
    """All columns as text in one spelling: NFKC, lower case, without accents; blanks are missing.

    Numbers and texts that show the same are the same: 4011, 4011.0 and '4011'. Scripts other than Latin stay as they
    are, and so do the marks that belong to them.
    """
    made = {str(name): _text(records[name]) for name in records.columns}
    return pd.DataFrame(made, index=records.index)


def _text(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    if pd.api.types.is_bool_dtype(values.dtype):
        text = values.astype("string")
    elif pd.api.types.is_float_dtype(values.dtype):
        numbers = values.astype("float64").replace([np.inf, -np.inf], np.nan)
        present = numbers.dropna()
        whole = bool((present == present.round()).all() and (present.abs() < 2**53).all())
        text = numbers.astype("Int64").astype("string") if whole else numbers.astype("string")
    elif pd.api.types.is_datetime64_any_dtype(values.dtype):
        text = values.dt.strftime("%Y-%m-%d").astype("string")
    else:
        if values.dtype == object:
            values = values.map(_readable, na_action="ignore")
        text = values.astype("string").str.slice(0, MAX_LENGTH)
        if values.dtype == object:  # a column of objects may hold numbers that were once whole
            text = text.str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    text = text.str.strip().str.lower()
    foreign = text.notna() & ~text.str.match(r"^[\x00-\x7f]*$", na=True)
    if foreign.any():
        spellings = text[foreign].unique()
        text = text.where(~foreign, text.map(dict(zip(spellings, map(_fold, spellings), strict=True))))
    return text.mask(text.isin(_BLANKS)).astype("string")


def _readable(value: object) -> object:
    """Text that every library takes: bytes and halves of characters are nobody's name."""
    if isinstance(value, bytes | bytearray | memoryview):
        return None
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def _fold(text: str) -> str:
    """One spelling of a text that is not plain ASCII."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    kept: list[str] = []
    base_is_latin = False
    for sign in unicodedata.normalize("NFD", folded):
        if unicodedata.combining(sign):
            # Accents of Latin and Greek are dropped; й, が or an Indic vowel sign is another letter.
            if base_is_latin:
                continue
        else:
            base_is_latin = sign < "\u0400" or "\u1e00" <= sign < "\u2000"
            digit = unicodedata.decimal(sign, None)
            sign = sign if digit is None else str(digit)
        kept.append(sign)
    return unicodedata.normalize("NFC", "".join(kept)).strip()


_LEGAL_FORMS = (
    "ltd|limited|inc|incorporated|llc|llp|gmbh|mbh|corp|corporation|plc|pty|pvt|private|sarl|srl|spa|bv|nv|oy|ag|kg|"
    "ohg|ug|company|co|sa|sas|the|and|und|et|ooo|ооо|оао|зао|пао"
)
_STREET_FORMS = (
    "street|st|str|strasse|road|rd|avenue|ave|av|boulevard|blvd|drive|dr|lane|ln|court|ct|place|pl|circuit|cct|"
    "crescent|cres|cr|close|cl|terrace|tce|way|parade|pde|highway|hwy|rue|calle|via|ulica|ul|ул|улица|apt|apartment|"
    "unit|flat|suite|ste|no|nr"
)


def words(column: str) -> str:
    """SQL: letters and digits in words, one blank between them."""
    plain = f"regexp_replace(translate({column}, '''`’´', ''), '[^\\p{{L}}\\p{{M}}\\p{{N}}]+', ' ', 'g')"
    return f"nullif(trim({plain}), '')"


def without(text: str, forms: str) -> str:
    """SQL: a text without words that say little, unless nothing would be left."""
    left = f"trim(regexp_replace(' ' || replace({text}, ' ', '  ') || ' ', ' ({forms}) ', ' ', 'g'))"
    return f"coalesce(nullif(regexp_replace({left}, ' +', ' ', 'g'), ''), {text})"


def digits(column: str) -> str:
    """SQL: the digits of a text."""
    return f"nullif(regexp_replace({column}, '[^0-9]+', '', 'g'), '')"


def date_of(column: str, formats: Iterable[str]) -> str:
    """SQL: yyyymmdd as text; eight digits that are no day stay where a slip of the pen may be one digit away.

    Zeros and nines in the place of month and day, and a year that nobody lives in, are no slip: 0000-00-00.
    """
    listed = ", ".join(f"'{one}'" for one in formats)
    parsed = f"strftime(try_strptime({column}, [{listed}]), '%Y%m%d')"
    number = digits(column)
    slipped = f"left({number}, 4) BETWEEN '1800' AND '2100' AND right({number}, 4) NOT IN ('0000', '9999')"
    return f"coalesce({parsed}, CASE WHEN length({number}) = 8 AND {slipped} THEN {number} END)"


def phonetic(column: str) -> str:
    """SQL: soundex with the first four sounds; letters of other scripts stay."""
    sounds = f"translate(substr({column}, 2), 'bfpvcgjkqsxzdtlmnraeiouyhw ', '111122222222334556')"
    for sound in "123456":
        sounds = f"replace({sounds}, '{sound}{sound}', '{sound}')"
    return f"left({column}, 1) || left({sounds}, 3)"


def features(column: Column, source: str) -> dict[str, str]:
    """SQL expressions, by the name of the feature, of what is known of a value of a kind; fillers are missing."""
    made = _features(column, source)
    fillers = ", ".join("'" + one.replace("'", "''") + "'" for one in column.fillers)
    if not fillers:
        return made
    return {name: f"CASE WHEN {value} NOT IN ({fillers}) THEN {value} END" for name, value in made.items()}


def _features(column: Column, source: str) -> dict[str, str]:
    kind = column.kind
    if kind in ("given_name", "middle_name", "family_name"):
        return {"v": words(source)}
    if kind in ("full_name",):
        return {"w": words(source)}
    if kind == "organisation":
        return {"w": without(words(source), _LEGAL_FORMS)}
    if kind == "text":
        return {"w": words(f"left({source}, 300)")}
    if kind in ("date", "birth_date"):
        return {"v": date_of(source, column.formats)}
    if kind == "id_number":
        return {"v": f"nullif(regexp_replace({source}, '[^\\p{{L}}\\p{{N}}]+', '', 'g'), '')"}
    if kind == "phone":
        number = digits(source)
        return {"v": f"CASE WHEN length({number}) >= 5 THEN right({number}, 9) END"}
    if kind == "email":
        return {"v": f"nullif(replace({source}, ' ', ''), '')"}
    if kind == "postcode":
        return {"v": f"nullif(regexp_replace({source}, '[^\\p{{L}}\\p{{N}}]+', '', 'g'), '')"}
    return {"v": words(source)}


def street_words(line: str) -> str:
    """SQL: an address without 'street', 'road' and the like."""
    return without(line, _STREET_FORMS)


def nickname_table() -> pd.DataFrame:
    """``name, root``: short and pet names with the name they stand for."""
    return pd.DataFrame(
        [(_fold(short), _fold(root)) for root, shorts in NICKNAMES.items() for short in shorts],
        columns=["name", "root"],
    ).drop_duplicates("name")
