"""Options that many commands share, and the settings that follow from them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from orchestration.settings import Settings

console = Console(highlight=False)

PortfolioOption = Annotated[
    str | None, typer.Option("--portfolio", "-p", help="Portfolio; default: $ASSAY_PORTFOLIO, else sample.")
]
LandingOption = Annotated[Path | None, typer.Option("--landing", help="Folder with the portfolio's files as received.")]


def settings_of(portfolio: str | None, landing: Path | None = None) -> "Settings":
    """Settings from the environment; the command line wins."""
    from orchestration.settings import load_settings

    given = {"portfolio_name": portfolio, "landing": landing}
    settings = load_settings(**{name: value for name, value in given.items() if value not in (None, "")})
    _ = settings.portfolio  # an unknown name is told here, with the known ones
    return settings
