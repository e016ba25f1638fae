"""Portfolios: one database, one reporting currency, one business time zone, one identity scope, one business date.

A portfolio is a YAML file in ``orchestration/portfolios``. Which tables its sources deliver is not said here but in
the contracts of ``dbt_project/models/staging/<source>``.
"""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from orchestration.errors import AssayError
from orchestration.survivorship import Survivorship

if TYPE_CHECKING:
    from ml.eligibility.config import EligibilityConfig
    from ml.eligibility.days import ReviewShares

PORTFOLIOS_DIR = Path(__file__).resolve().parent / "portfolios"
STAGING_DIR = Path(__file__).resolve().parent.parent / "dbt_project" / "models" / "staging"


class UnknownPortfolioError(AssayError, ValueError):
    """The name is not one of ``orchestration/portfolios``."""


class IdentityRule(BaseModel):
    """One exact rule of who is who, strongest first in the portfolio's list.

    Attributes
    ----------
    name : str
        Written to ``ml.party_xref.link_rule``.
    column : str
        Column of ``core.parties`` whose equal values link two records.
    unique_within : str or None
        The value links only where exactly one record of this record type has it (a shared phone proves nothing).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    column: str
    unique_within: str | None = None


class Linkage(BaseModel):
    """What the linkage model compares, where a portfolio uses one beside its exact rules.

    Attributes
    ----------
    record_types : tuple of str
        Record types that are linked with each other and among themselves.
    columns : dict of str to str
        Kind (see ``ml.identity.linkage.KINDS``) by column of ``core.parties``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    record_types: tuple[str, ...] = Field(min_length=1)
    columns: dict[str, str] = Field(
        default={
            "first_name": "given_name",
            "middle_name": "middle_name",
            "last_name": "family_name",
            "sex": "category",
            "birth_date": "birth_date",
            "national_id": "id_number",
            "phone": "phone",
            "email": "email",
            "address_line": "address",
            "postcode": "postcode",
            "city": "city",
        },
        min_length=1,
    )

    @field_validator("columns")
    @classmethod
    def _known_kinds(cls, value: dict[str, str]) -> dict[str, str]:
        from ml.identity.linkage.config import KINDS

        unknown = sorted(set(value.values()) - set(KINDS))
        if unknown:
            raise ValueError(f"kinds {unknown} are unknown; known: {', '.join(KINDS)}")
        return value


class Prevention(BaseModel):
    """What a contact with somebody at risk costs and achieves: assumptions until outcomes are measured.

    Attributes
    ----------
    success_rate : float
        Share of defaults that a contact averts.
    lgd : float
        Loss given default, share of the amount owed.
    contact_cost : float
        Cost of one contact, in the portfolio's currency.
    capacity : int
        People who can be contacted a day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    success_rate: float = Field(gt=0, le=1)
    lgd: float = Field(gt=0, le=1)
    contact_cost: float = Field(ge=0)
    capacity: int = Field(ge=0)


class Eligibility(BaseModel):
    """How applications for support are decided, where a source knows some.

    Attributes
    ----------
    review_share, approved_review_share : float
        Share of the applications declined, and approved, that chance sends to a person whatever the model says.
    review_seed : int
        Another one draws another sample. Who reads it can tell which numbers are drawn: where an applicant's number may
        be chosen by somebody who could, ``ASSAY_REVIEW_SEED`` takes its place.
    open_days : int
        An application that waits for longer was forgotten by its source and is not decided.
    min_group_size : int
        Fairness judges no smaller group.
    max_fnr_difference, max_fpr_difference : float
        Most by which a group's false negative, false positive rate may surely exceed everybody else's.
    required_characteristics : tuple of str or None
        Those that must be measurable for a version to become champion; None: all. The others are judged where they can
        be.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    review_share: float = Field(default=0.05, ge=0, le=1)
    approved_review_share: float = Field(default=0.02, ge=0, le=1)
    review_seed: int = 0
    open_days: int = Field(default=365, ge=1)
    min_group_size: int = Field(default=100, ge=1)
    max_fnr_difference: float = Field(default=0.05, gt=0, le=1)
    max_fpr_difference: float = Field(default=0.10, gt=0, le=1)
    required_characteristics: (
        tuple[Literal["sex", "age_band", "region", "disability", "household_type"], ...] | None
    ) = None

    def training_config(self) -> "EligibilityConfig":
        """Settings of the training, as ``ml`` takes them."""
        from ml.eligibility.config import EligibilityConfig
        from ml.fairness import FairnessConfig

        return EligibilityConfig(
            fairness=FairnessConfig(
                min_group_size=self.min_group_size,
                max_fnr_difference=self.max_fnr_difference,
                max_fpr_difference=self.max_fpr_difference,
            ),
            required_characteristics=self.required_characteristics,
        )

    def review_shares(self, seed: int | None = None) -> "ReviewShares":
        """The random sample of reviews, as ``ml`` takes it; a seed of the installation goes before the file's."""
        from ml.eligibility.days import ReviewShares

        return ReviewShares(self.review_share, self.approved_review_share, self.review_seed if seed is None else seed)


class Portfolio(BaseModel):
    """What one portfolio is.

    Attributes
    ----------
    business_date : date or None
        The day that ``assay run`` runs when none is given; None: yesterday in ``time_zone``.
    start_date : date
        First daily partition.
    generator : str or None
        What makes the landing files where nobody gives any: ``sample`` the people of ``ml.synthetic.world``, ``msme``
        the businesses of ``ml.synthetic.businesses``.
    linkage : Linkage or None
        Records that no exact rule links are compared by a model; None: exact rules only.
    survivorship : Survivorship
        Which record's value a golden record shows.
    income_bracket_bounds : tuple of float
        Lower bounds of Medium, High and Very High, reporting currency a year.
    high_value_amount : float
        A transaction from here on counts as high value, reporting currency.
    ignored_files : tuple of str
        Regular expressions of names in the landing folder that are known to belong to nobody here.
    outcomes_known_by : date or None
        Outcomes known at the end of this day train the origination model; None: known by the run's own cut-off. A day
        after the business date makes scores of earlier loans retrospective, and they say so.
    training_granted_from : date or None
        First day of granting of the loans that the origination model learns from.
    eligibility : Eligibility
        How applications for support are decided.
    min_cell_size : int
        Gold cells of fewer people show no averages of income or credit.
    knowledge_hour : int
        The knowledge cut-off of day D is D+1 at this hour, business zone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str
    sources: tuple[str, ...]
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    time_zone: str
    start_date: dt.date
    business_date: dt.date | None = None
    generator: Literal["sample", "msme"] | None = None
    anchor_record_type: str
    identity_rules: tuple[IdentityRule, ...] = ()
    linkage: Linkage | None = None
    survivorship: Survivorship = Survivorship()
    income_bracket_bounds: tuple[float, float, float]
    high_value_amount: float
    ignored_files: tuple[str, ...] = ()
    outcomes_known_by: dt.date | None = None
    training_granted_from: dt.date | None = None
    prevention: Prevention | None = None
    eligibility: Eligibility = Eligibility()
    min_cell_size: int = Field(default=5, ge=1)
    knowledge_hour: int = Field(default=2, ge=0, le=23)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        ZoneInfo(value)
        return value

    @field_validator("sources")
    @classmethod
    def _known_sources(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        known = sorted(path.name for path in STAGING_DIR.iterdir() if path.is_dir())
        unknown = [source for source in value if source not in known]
        if unknown:
            raise ValueError(f"sources {unknown} have no folder in {STAGING_DIR}; there are: {known}")
        return value

    @model_validator(mode="after")
    def _trusts_its_own_sources(self) -> "Portfolio":
        self.survivorship.check_sources(self.sources)
        return self

    def staging_models(self) -> tuple[str, ...]:
        """Names of the staging models of the portfolio's sources, as their files say, sorted."""
        return tuple(sorted(path.stem for source in self.sources for path in (STAGING_DIR / source).glob("stg_*.sql")))

    def knowledge_cutoff(self, as_of_date: dt.date) -> dt.datetime:
        """What was known by then counts for ``as_of_date``: the next day at ``knowledge_hour``, business zone."""
        return dt.datetime.combine(
            as_of_date + dt.timedelta(days=1), dt.time(self.knowledge_hour), tzinfo=ZoneInfo(self.time_zone)
        )

    def default_as_of_date(self, now: dt.datetime | None = None) -> dt.date:
        """The business date where the portfolio states one, else yesterday in its zone."""
        if self.business_date is not None:
            return self.business_date
        current = now or dt.datetime.now(tz=ZoneInfo(self.time_zone))
        return current.astimezone(ZoneInfo(self.time_zone)).date() - dt.timedelta(days=1)


def portfolio_names() -> list[str]:
    """Names of all portfolios there are."""
    return sorted(path.stem for path in PORTFOLIOS_DIR.glob("*.yml"))


@cache
def load_portfolio(name: str) -> Portfolio:
    """Read and validate one portfolio.

    Raises
    ------
    UnknownPortfolioError
        No such file; the message names the known ones.
    pydantic.ValidationError
        The file says something that a portfolio does not have.
    """
    if name not in portfolio_names():
        raise UnknownPortfolioError(f"There is no portfolio {name!r}; known: {', '.join(portfolio_names())}")
    path = PORTFOLIOS_DIR / f"{name}.yml"
    return Portfolio.model_validate({"name": name, **yaml.safe_load(path.read_text(encoding="utf-8"))})
