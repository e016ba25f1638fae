"""Commands below ``assay identity`` and their options; what they do is in ``identity``."""

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.options import PortfolioOption, console, settings_of

if TYPE_CHECKING:
    from orchestration.cli.identity import Kind

identity_app = typer.Typer(
    name="identity",
    help="Who is who: decide it, review contradictions, see why and since when.",
    no_args_is_help=True,
)

Party = Annotated[str, typer.Argument(help="party_id of core.parties, as core_banking:customer:17.")]
By = Annotated[str, typer.Option(help="Who decides.")]
Why = Annotated[str, typer.Option(help="The reason.")]
Until = Annotated[str | None, typer.Option(help="Last as-of date on which it counts, YYYY-MM-DD; default: no end.")]


@identity_app.command()
def link(a: Party, b: Party, by: By, why: Why, until: Until = None, portfolio: PortfolioOption = None) -> None:
    """Say that two records are one party: every run follows it, until it is revoked or runs out."""
    _decide("must_link", a, b, by, why, until, portfolio)


@identity_app.command()
def separate(a: Party, b: Party, by: By, why: Why, until: Until = None, portfolio: PortfolioOption = None) -> None:
    """Say that two records are never one party, neither directly nor through others."""
    _decide("cannot_link", a, b, by, why, until, portfolio)


@identity_app.command()
def revoke(
    override_id: Annotated[int, typer.Argument(help="As `assay identity overrides` lists it.")],
    by: By,
    why: Why,
    portfolio: PortfolioOption = None,
) -> None:
    """Take a decision back: the next run resolves without it."""
    from orchestration.cli.identity import revoke as take_back

    take_back(settings_of(portfolio), override_id, by, why, console)


@identity_app.command()
def retrain(by: By, portfolio: PortfolioOption = None) -> None:
    """Train the linkage model anew; it stays as it is otherwise. An event of the ledger; the next run compares anew."""
    from orchestration.cli.identity import retrain_linkage

    retrain_linkage(settings_of(portfolio), by, console)


@identity_app.command()
def overrides(portfolio: PortfolioOption = None) -> None:
    """List the decisions, and whether they are followed."""
    from orchestration.cli.identity import print_overrides

    print_overrides(settings_of(portfolio), console)


@identity_app.command()
def queue(
    limit: Annotated[int, typer.Option(help="Rows to show, oldest first.")] = 50, portfolio: PortfolioOption = None
) -> None:
    """List contradictions that wait for a person."""
    from orchestration.cli.identity import print_queue

    print_queue(settings_of(portfolio), console, limit)


@identity_app.command()
def why(
    a: Party,
    b: Party,
    values: Annotated[bool, typer.Option("--values", help="Also print the values compared: personal data.")] = False,
    portfolio: PortfolioOption = None,
) -> None:
    """Print the evidence of a match or a non-match, column by column."""
    from orchestration.cli.identity import print_why

    print_why(settings_of(portfolio), (a, b), console, with_values=values)


@identity_app.command()
def history(
    gr_id: Annotated[str, typer.Argument(help="Golden record, current or former.")], portfolio: PortfolioOption = None
) -> None:
    """Print what became of a golden record: merges, splits, records over time."""
    from orchestration.cli.identity import print_history

    print_history(settings_of(portfolio), gr_id, console)


def _decide(kind: "Kind", a: str, b: str, by: str, why: str, until: str | None, portfolio: str | None) -> None:
    from orchestration.cli.identity import decide
    from orchestration.cli.sample import given_date

    decide(settings_of(portfolio), kind, (a, b), by, why, given_date("--until", until), console)
