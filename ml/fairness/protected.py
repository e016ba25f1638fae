"""Columns that say a protected characteristic: by their names, whatever the table, and by what they hold.

Belongs here: the one list for all models. What a table calls its columns is not ours, so names are read in parts; a
column that only looks protected is named in ``but``.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd

# Words of a name that say sex, age, origin, faith, disability, where one lives, marital status; without accents, in the
# singular. Languages of the household surveys and forms that are met most: a table is not translated for us.
_ENGLISH = """
    sex sexual gender male female woman women girl boy age dob yob born birth birthdate birthday birthyear birthplace
    dateofbirth elderly race racial ethnic ethnicity caste tribe tribal indigenous nation nationality citizen
    citizenship country immigrant migrant refugee foreigner religion religious faith disability disabled handicap
    handicapped wheelchair district region province canton county municipality governorate emirate prefecture parish
    neighbourhood neighborhood suburb postcode postal postalcode zip zipcode pincode city town latitude longitude
    marital married unmarried divorced widow widowed widower"""
_SPANISH_PORTUGUESE = """
    sexo genero hombre mujer varon homem mulher edad idade nacimiento nascimento raza raca etnia etnicidad etnicidade
    etnico etnica indigena afrodescendiente quilombola pais nacionalidad nacionalidade ciudadania cidadania inmigrante
    imigrante migrante religiao religioso religiosa discapacidad deficiencia minusvalia invalidez distrito provincia
    cantao municipio departamento comuna ciudad cidade barrio bairro parroquia lugar latitud longitud estadocivil
    conyuge"""
_FRENCH_ITALIAN = """
    sexe homme femme sesso uomo donna maschio femmina eta naissance nascita ethnie ethnique razza paese
    nationalite nazionalita citoyennete cittadinanza handicape handicapee invalidite disabilita disabile departement
    commune comune arrondissement quartier ville citta regione quartiere etatcivil statocivile celibataire marie mariee
    divorcee veuf veuve celibe nubile vedovo vedova"""
_GERMAN_DUTCH = """
    geschlecht geslacht maennlich mannlich weiblich alter leeftijd geburt geburtsdatum geburtsjahr geburtsort geboorte
    geboortedatum rasse ethnie etniciteit staatsangehorigkeit staatsangehoerigkeit nationalitat nationalitaet
    nationaliteit staatsburgerschaft herkunft religie konfession behinderung behindert schwerbehindert bundesland bezirk
    landkreis gemeinde gemeente stadtteil wohnort woonplaats plz postleitzahl familienstand verheiratet ledig verwitwet
    geschieden gehuwd"""
_ARABIC = "جنس الجنس عمر العمر الميلاد الجنسية الدين الديانة الإعاقة إعاقة المنطقة الإمارة المدينة"
# Of these both genders are words.
_GENDERED = """
    discapacitad minusvalid invalid casad solter solteir viud viuv divorciad extranjer estrangeir masculin
    femenin feminin ancian refugiad nativ sposat divorziat stranier"""


def _plain(text: str) -> str:
    """Without accents and in small letters."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text).lower() if not unicodedata.combining(sign))


_WORDS = frozenset(
    _plain(" ".join((_ENGLISH, _SPANISH_PORTUGUESE, _FRENCH_ITALIAN, _GERMAN_DUTCH, _ARABIC))).split()
) | {stem + end for stem in _GENDERED.split() for end in "oa"}
# What stands before or after such a word when a name runs them together: agesq, SQBage, districtid, ageband.
_BEFORE = (
    "sqb", "sq", "sqrt", "log", "ln", "max", "min", "mean", "avg", "is", "has", "head", "hh", "home", "client", "cust",
    "fecha", "fec", "lugar", "date", "year", "es", "jefe",
)  # fmt: skip
_AFTER = (
    "sq", "sqd", "squared", "cubed", "band", "bands", "group", "groups", "grp", "class", "cat", "category", "bin",
    "bucket", "range", "code", "cd", "id", "ids", "no", "num", "nr", "name", "type", "years", "yrs", "year", "old",
    "status", "flag", "head", "jefe", "jefa", "hogar", "grupo", "rango", "tramo", "cod", "codigo", "chef", "gruppe",
)  # fmt: skip
# Words that are protected only together, or only as the whole name.
_PHRASES = (
    "household_type", "hh_type", "family_type", "family_status", "civil_status", "marriage_status", "years_old",
    "foreign_worker", "estado_civil", "etat_civil", "stato_civile", "situation_familiale", "situation_matrimoniale",
    "national_origin", "country_of_origin", "tipo_hogar", "tipo_de_hogar", "tipo_familia", "type_menage",
    "type_de_menage", "pays_naissance", "pays_de_naissance", "pays_origine",
    "haushaltstyp", "union_libre", "codigo_postal", "code_postal",
)  # fmt: skip
_WHOLE = frozenset(
    (
        "dis",
        "is_dis",
        "man",
        "is_man",
        "state",
        "state_code",
        "state_id",
        "state_name",
        "home_state",
        "us_state",
        "estado",
        "uf",
    )
)
# From this rank correlation on a column orders people as the protected one does: its square, its logarithm, its ranks.
STAND_IN = 0.99


def protected_columns(columns: Iterable[str], *, but: Collection[str] = ()) -> list[str]:
    """Columns whose names say sex, age, origin, faith, disability, where one lives, marital status, kind of household.

    Parameters
    ----------
    columns : iterable of str
        Names in any spelling: ``age_band``, ``ageBand``, ``SQBage``, ``estadocivil1``.
    but : collection of str
        Those that only look like it, such as ``age_of_account``.
    """
    return [column for column in columns if column not in but and _is_protected(str(column))]


def stand_ins(
    frame: pd.DataFrame, columns: Iterable[str], protected: Iterable[str], *, but: Collection[str] = ()
) -> dict[str, str]:
    """Numeric columns that order people as a protected one does, and which that is.

    Parameters
    ----------
    frame : pandas.DataFrame
        Holds all of them.
    columns : iterable of str
        To be looked at; those that are not numbers are passed over.
    protected : iterable of str
        Numbers, or texts of two values.
    but : collection of str
        Known to be something else.

    Returns
    -------
    dict of str to str
        By the column: the protected one whose ranks correlate with it, up or down, by ``STAND_IN`` or more.
    """
    known = {name: ranks for name in protected if (ranks := _ranks(frame[name], two_values=True)) is not None}
    found = {}
    for column in columns:
        ranks = None if column in but or not known else _ranks(frame[column])
        if ranks is None:
            continue
        for name, others in known.items():
            if abs(_correlation(ranks, others)) >= STAND_IN:
                found[column] = name
                break
    return found


def _is_protected(column: str) -> bool:
    spaced = _plain(re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", "_", column))
    words = [word for word in re.split(r"[\W\d_]+", spaced) if word]
    name = "_".join(words)
    padded = f"_{name}_"
    if name in _WHOLE or any(f"_{phrase}_" in padded or phrase.replace("_", "") in words for phrase in _PHRASES):
        return True
    return any(_says(word) for word in words)


def _says(word: str) -> bool:
    """Whether a word is a protected one, alone or with one known part before and one behind it; also of many."""
    bare = [word, *(word[len(part) :] for part in _BEFORE if word.startswith(part))]
    return any(
        one.endswith(end) and not _WORDS.isdisjoint(_singulars(one[: len(one) - len(end)]))
        for one in bare
        for end in ("", *_AFTER)
    )


def _singulars(word: str) -> set[str]:
    """A word, and what it may be the plural of: ages, mujeres, cities."""
    found = {word} | {word[: -len(end)] for end in ("s", "es") if word.endswith(end)}
    return found | {word[:-3] + "y"} if word.endswith("ies") else found


def _ranks(values: "pd.Series[Any]", *, two_values: bool = False) -> "np.ndarray[Any, Any] | None":
    """Ranks of numbers, also of numbers in text; None of what is no number or never varies."""
    numbers = pd.to_numeric(values, errors="coerce")
    if not numbers.notna().equals(values.notna()):
        if not two_values or values.nunique() != 2:
            return None
        numbers = pd.Series(pd.factorize(values, sort=False)[0], dtype=float).replace(-1.0, np.nan)
    if numbers.nunique() < 2:
        return None
    ranks: np.ndarray[Any, Any] = numbers.astype(float).rank().to_numpy()
    return ranks


def _correlation(first: "np.ndarray[Any, Any]", second: "np.ndarray[Any, Any]") -> float:
    both = ~np.isnan(first) & ~np.isnan(second)
    # Two rows always agree.
    if both.sum() < 10:
        return 0.0
    a, b = first[both], second[both]
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) and np.ptp(b) else 0.0
