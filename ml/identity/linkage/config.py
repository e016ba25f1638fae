"""What a caller may say of a linkage: a kind per column and a few limits. Nothing is required.

Belongs here: the words of the configuration, their checks and their errors.
Does not belong here: guessing kinds that were not said (``kinds``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

# Every kind with what it means; the order is that of the messages.
KINDS: dict[str, str] = {
    "given_name": "first name",
    "middle_name": "middle name or initial",
    "family_name": "last name",
    "full_name": "a person's whole name in one column",
    "organisation": "name of a company, shop, brand",
    "birth_date": "date of birth",
    "date": "any other date that helps to tell who is who",
    "id_number": "number that belongs to one person or thing: ssn, tax id, passport",
    "phone": "telephone number",
    "email": "e-mail address",
    "address": "street, house number, further lines",
    "postcode": "postal code",
    "city": "town, suburb",
    "region": "state, province, country",
    "text": "free text",
    "category": "compared for equality: sex, class, code",
    "ignore": "not evidence",
}
_ALIASES = {
    "name": "full_name",
    "first_name": "given_name",
    "last_name": "family_name",
    "surname": "family_name",
    "organization": "organisation",
    "company": "organisation",
    "dob": "birth_date",
    "id": "id_number",
    "identifier": "id_number",
    "zip": "postcode",
    "free_text": "text",
    "exact": "category",
    "state": "region",
}


MOST_THREADS = 256  # more are started one by one, and DuckDB seems to hang


class LinkageError(ValueError):
    """Records or a configuration that cannot be linked; the message says what was seen and what was expected."""


class LinkageConfig(BaseModel):
    """How to link; every field has a default that serves ordinary data.

    Attributes
    ----------
    columns : dict of str to str
        Kind by column (see ``KINDS``); columns that are not named are inferred.
    pairs_per_record : float
        Budget of candidate pairs, on average per record.
    block_limit : int
        A value that more records share than this is no blocking key.
    threads : int, optional
        Of DuckDB; by default the processors of the machine, at most 4.
    memory_limit : str
        Of DuckDB, as it writes it.
    seed : int
        Of the pairs drawn at random.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str] = Field(default_factory=dict)
    pairs_per_record: float = Field(default=12.0, gt=0, le=1000)
    block_limit: int = Field(default=500, ge=2)
    threads: int | None = Field(default=None, ge=1, le=MOST_THREADS)
    memory_limit: str = Field(default="4GB", pattern=r"^\d+(\.\d+)?\s?([KMGT]i?B)$")
    seed: int = 20_240_501

    @field_validator("columns", mode="before")
    @classmethod
    def _texts(cls, columns: object) -> object:
        if isinstance(columns, Mapping):
            wrong = [name for name, kind in columns.items() if not (isinstance(name, str) and isinstance(kind, str))]
            if wrong:
                raise ValueError(
                    f"{', '.join(map(repr, wrong))}: a column and its kind are texts; quote the name of a column that "
                    "is a number, as in '1': full_name"
                )
        return columns

    @field_validator("columns")
    @classmethod
    def _known_kinds(cls, columns: dict[str, str]) -> dict[str, str]:
        known = {}
        for column, said in columns.items():
            kind = said.strip().lower().replace(" ", "_").replace("-", "_")
            kind = _ALIASES.get(kind, kind)
            if kind not in KINDS:
                raise ValueError(f"column {column!r} has the kind {said!r}; known kinds are {', '.join(KINDS)}")
            known[column] = kind
        return known

    @classmethod
    def of(cls, given: "LinkageConfig | Mapping[str, Any] | None") -> "LinkageConfig":
        """A configuration from what a caller gave.

        Raises
        ------
        LinkageError
            An unknown key, a kind that does not exist, or a limit out of bounds.
        """
        if isinstance(given, LinkageConfig):
            return given
        try:
            return cls.model_validate(dict(given or {}))
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise LinkageError(f"linkage configuration: {told}; known keys are {', '.join(cls.model_fields)}") from None

    @classmethod
    def from_yaml(cls, path: Path) -> "LinkageConfig":
        """Read a YAML file.

        Raises
        ------
        LinkageError
            The file is not YAML, or says what is not known.
        """
        import yaml

        try:
            given = yaml.safe_load(path.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise LinkageError(f"{path}: no YAML: {error}") from None
        except UnicodeDecodeError as error:
            raise LinkageError(
                f"{path}: is not UTF-8 from byte {error.start + 1} on; save it with the encoding UTF-8"
            ) from None
        if given is not None and not isinstance(given, dict):
            raise LinkageError(f"{path}: holds a {type(given).__name__}; expected keys {', '.join(cls.model_fields)}")
        try:
            return cls.of(given)
        except LinkageError as error:
            raise LinkageError(f"{path}: {error}") from None
