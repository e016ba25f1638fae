"""Settings of one installation, read from the environment when they are asked for, never at import.

Belongs here: where things live and which server is used. What a portfolio means (currency, zone, sources) is in
``orchestration.portfolio``; secrets are kept by ``orchestration.warehouse``.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from orchestration.portfolio import Portfolio, load_portfolio

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
MIGRATIONS_DIR = PROJECT_ROOT / "sql"


class Settings(BaseSettings):
    """Where this installation keeps its state and which database it uses.

    Attributes
    ----------
    home : Path
        Folder of everything that is made at run time: embedded server, landing files of the sample, dbt target.
    portfolio_name : str
        One of ``orchestration/portfolios/*.yml``; one portfolio is one database.
    landing : Path
        Folder with the portfolio's files as received. Only read, never written, unless it is the sample's own.
    database_url : str or None
        A PostgreSQL (15 or newer) of the user's that names the portfolio's database; None: the embedded server.
    sample_people : int
        Residents of the generated sample, where there is none yet.
    dagster_url : str or None
        Where Dagster keeps its storage; None: a database of its own beside the portfolio's.
    mlflow_url : str or None
        Tracking server or database of MLflow's experiments; None: a database of its own beside the portfolio's.
    review_seed : int or None
        Which applications chance sends to a person, where nobody who reads the portfolio's file may know; None: the
        file's own seed.
    """

    model_config = SettingsConfigDict(env_prefix="ASSAY_", extra="ignore", populate_by_name=True, frozen=True)

    home: Path = PROJECT_ROOT / ".assay"
    portfolio_name: str = Field(default="sample", validation_alias="ASSAY_PORTFOLIO")
    landing: Path = Path()
    database_url: str | None = None
    sample_people: int = Field(default=2_000, ge=50, le=10_000_000)
    dagster_url: str | None = None
    mlflow_url: str | None = None
    review_seed: int | None = Field(default=None, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, values: dict[str, object]) -> dict[str, object]:
        # An empty variable (make passes LANDING= on) means "not given".
        values = {key: value for key, value in values.items() if value not in ("", None)}
        home = Path(str(values.get("home", PROJECT_ROOT / ".assay"))).expanduser().resolve()
        name = str(values.get("ASSAY_PORTFOLIO", values.get("portfolio_name", "sample")))
        values["home"] = home
        values["landing"] = Path(str(values.get("landing", home / "landing" / name))).expanduser().resolve()
        return values

    @property
    def portfolio(self) -> Portfolio:
        """The portfolio's definition, validated; raises ``UnknownPortfolioError`` with the known names."""
        return load_portfolio(self.portfolio_name)

    def landing_of(self, source: str) -> Path:
        """Folder with a source's files: its own below ``landing`` where there is one, else ``landing`` itself."""
        own = self.landing / source
        return own if own.is_dir() else self.landing

    @property
    def database_name(self) -> str:
        """The portfolio's database: the one that ``database_url`` names, else ``assay_<portfolio>``."""
        if self.database_url is None:
            return f"assay_{self.portfolio_name}"
        name = unquote(urlsplit(self.database_url).path.lstrip("/"))
        if not name:
            raise ValueError("ASSAY_DATABASE_URL names no database; expected postgresql://user@host:port/DATABASE")
        return name

    @property
    def dbt_target_dir(self) -> Path:
        """Where dbt writes this portfolio's manifest and compiled SQL."""
        return self.home / "dbt" / self.portfolio_name


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; ``overrides`` win (field names as keywords)."""
    return Settings(**overrides)  # type: ignore[arg-type]
