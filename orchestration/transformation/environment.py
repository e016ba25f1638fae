"""The environment dbt reads. Windows and settings reach it as variables: changed ``--vars`` would re-parse it all."""

import datetime as dt
from collections.abc import Mapping

from orchestration.settings import DBT_PROJECT_DIR, Settings

# Parsing opens no connection, yet the profile must render.
_NO_CONNECTION = {
    "ASSAY_PG_HOST": "localhost",
    "ASSAY_PG_PORT": "5432",
    "ASSAY_PG_USER": "nobody",
    "ASSAY_PG_PASSWORD": "unused",
}


def portfolio_environment(settings: Settings) -> dict[str, str]:
    """Variables that the portfolio decides; the same for every run of it."""
    portfolio = settings.portfolio
    return {
        "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR),
        "DO_NOT_TRACK": "1",
        "ASSAY_PORTFOLIO": portfolio.name,
        "ASSAY_STAGING_MODELS": ",".join(portfolio.staging_models()),
        "ASSAY_SURVIVORSHIP": portfolio.survivorship.as_json(portfolio.sources, portfolio.anchor_record_type),
        "ASSAY_TIME_ZONE": portfolio.time_zone,
        "ASSAY_CURRENCY": portfolio.currency,
        "ASSAY_MIN_CELL_SIZE": str(portfolio.min_cell_size),
        "ASSAY_INCOME_BRACKET_BOUNDS": ",".join(f"{bound:g}" for bound in portfolio.income_bracket_bounds),
        "ASSAY_HIGH_VALUE_AMOUNT": f"{portfolio.high_value_amount:g}",
        "ASSAY_KNOWLEDGE_HOUR": str(portfolio.knowledge_hour),
    }


def parse_environment(settings: Settings) -> dict[str, str]:
    """Variables that are enough to parse the project without a server."""
    # The manifest holds the database's name, so it is the real one.
    return {**_NO_CONNECTION, "ASSAY_PG_DATABASE": settings.database_name, **portfolio_environment(settings)}


def run_environment(
    settings: Settings,
    connection: Mapping[str, str],
    as_of_date: dt.date,
    knowledge_cutoff: dt.datetime | None = None,
) -> dict[str, str]:
    """Variables of one run: the portfolio's, the connection's and the day's.

    Parameters
    ----------
    settings : Settings
        Which portfolio.
    connection : mapping
        ``Warehouse.dbt_env()``.
    as_of_date : date
        The business day whose end is scored and published.
    knowledge_cutoff : datetime, optional
        What was known by then counts; the portfolio's hour of the next day where not given.
    """
    cutoff = knowledge_cutoff or settings.portfolio.knowledge_cutoff(as_of_date)
    return {
        **portfolio_environment(settings),
        **connection,
        "ASSAY_AS_OF_DATE": as_of_date.isoformat(),
        "ASSAY_KNOWLEDGE_CUTOFF": cutoff.isoformat(),
    }
