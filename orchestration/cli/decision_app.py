"""Commands below ``assay decision`` and their options; what they do is in ``eligibility``."""

from typing import Annotated

import typer

from orchestration.cli.options import PortfolioOption, console, settings_of

decision_app = typer.Typer(
    name="decision",
    help="Applications for support: why they were decided so, overrides, appeals, reviews.",
    no_args_is_help=True,
)

Application = Annotated[str, typer.Argument(help="Number of the application, eid of gold's eligibility_decisions.")]
By = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option(help="The reason.")]


@decision_app.command()
def show(eid: Application, portfolio: PortfolioOption = None) -> None:
    """Print the newest decision: reasons, missing evidence, what would change it, what people said."""
    from orchestration.cli.eligibility import show_decision

    show_decision(settings_of(portfolio), eid, console)


@decision_app.command()
def override(
    eid: Application,
    decision: Annotated[str, typer.Option(help="approve, review or soft_decline.")],
    by: By,
    why: Why,
    portfolio: PortfolioOption = None,
) -> None:
    """Decide in the model's place: it survives reruns, and the newest counts."""
    from orchestration.cli.eligibility import override_decision

    override_decision(settings_of(portfolio), eid, decision, by, why, console)


@decision_app.command()
def appeal(
    eid: Application,
    state: Annotated[str, typer.Option(help="filed, upheld (the appellant is right; override first) or rejected.")],
    by: By,
    why: Why,
    portfolio: PortfolioOption = None,
) -> None:
    """Write the next step of an appeal down."""
    from orchestration.cli.eligibility import appeal_decision

    appeal_decision(settings_of(portfolio), eid, state, by, why, console)


@decision_app.command()
def reviews(
    all_: Annotated[bool, typer.Option("--all", help="Also those with a result.")] = False,
    portfolio: PortfolioOption = None,
) -> None:
    """List the applications that chance chose for a person to look at."""
    from orchestration.cli.eligibility import print_reviews

    print_reviews(settings_of(portfolio), console, all_=all_)


@decision_app.command()
def review(
    eid: Application,
    in_need: Annotated[bool, typer.Option("--in-need/--not-in-need", help="What the person found.")],
    by: By,
    why: Why,
    portfolio: PortfolioOption = None,
) -> None:
    """Write the result of a review down: the model learns from it."""
    from orchestration.cli.eligibility import record_review

    record_review(settings_of(portfolio), eid, in_need=in_need, by=by, why=why, console=console)
