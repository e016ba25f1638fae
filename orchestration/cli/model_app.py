"""Commands below ``assay model`` and their options; what they do is in ``models``."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.options import PortfolioOption, console, settings_of

model_app = typer.Typer(
    name="model", help="Versions of models: see them, promote one, go back to the one before.", no_args_is_help=True
)

Model = Annotated[str, typer.Argument(help="Such as predelinquency_30d.")]
By = Annotated[str, typer.Option(help="Who does it.")]
Why = Annotated[str, typer.Option(help="The reason.")]


@model_app.command("list")
def list_(
    model: Annotated[str | None, typer.Argument(help="Of one model; default: of all.")] = None,
    portfolio: PortfolioOption = None,
) -> None:
    """List the versions: alias or status, AUC, rows, when they were made, what their gates said last."""
    from orchestration.cli.models import print_versions

    print_versions(settings_of(portfolio), model, console)


@model_app.command()
def show(
    model: Model,
    version: Annotated[str | None, typer.Argument(help="Default: the champion.")] = None,
    portfolio: PortfolioOption = None,
) -> None:
    """Print a version's gates as of now, and everything that happened to the model."""
    from orchestration.cli.models import print_model

    print_model(settings_of(portfolio), model, version, console)


@model_app.command()
def artifacts(
    model: Model,
    version: Annotated[str | None, typer.Argument(help="Default: the champion.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path(),
    portfolio: PortfolioOption = None,
) -> None:
    """Write a version's feature_meta.json, metrics.json and report.md to a folder."""
    from orchestration.cli.models import save_artifacts

    save_artifacts(settings_of(portfolio), model, version, out, console)


@model_app.command()
def promote(
    model: Model,
    version: Annotated[str, typer.Argument(help="As `assay model list` shows it.")],
    by: By,
    why: Why,
    as_: Annotated[
        str, typer.Option("--as", help="champion, or challenger: scored in shadow, seen by nobody.")
    ] = "champion",
    override: Annotated[bool, typer.Option("--override", help="Although a gate failed; recorded with the reason.")] = (
        False
    ),
    portfolio: PortfolioOption = None,
) -> None:
    """Make a version champion, if its gates pass; the next scoring uses it."""
    from orchestration.cli.models import promote_version

    promote_version(settings_of(portfolio), model, version, by, why, console, alias=as_, override=override)


@model_app.command()
def rollback(
    model: Model,
    by: By,
    why: Why,
    to: Annotated[str | None, typer.Option(help="An earlier champion; default: the one before.")] = None,
    portfolio: PortfolioOption = None,
) -> None:
    """Go back to an earlier champion: the next scoring uses it, nothing else changes."""
    from orchestration.cli.models import roll_back

    roll_back(settings_of(portfolio), model, by, why, console, to=to)
