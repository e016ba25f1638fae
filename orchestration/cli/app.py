"""Commands and their options; what they do is in the modules beside this one."""

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.decision_app import decision_app
from orchestration.cli.identity_app import identity_app
from orchestration.cli.model_app import model_app
from orchestration.cli.options import LandingOption, PortfolioOption, console, settings_of

app = typer.Typer(
    name="assay",
    help="Messy records to golden records, gold tables and explained daily decisions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(identity_app)
app.add_typer(model_app)
app.add_typer(decision_app)


@app.command()
def run(
    portfolio: PortfolioOption = None,
    landing: LandingOption = None,
    date: Annotated[
        str | None,
        typer.Option(
            "--date", help="As-of date, YYYY-MM-DD; default: the business date, or the last day of a continued sample."
        ),
    ] = None,
    allow_older: Annotated[
        bool, typer.Option("--allow-older", help="Publish a day before the one that gold shows.")
    ] = False,
    allow_collapse: Annotated[
        bool, typer.Option("--allow-collapse", help="Publish tables with fewer than half the rows of gold's.")
    ] = False,
) -> None:
    """Run the daily job: load what is new, build, score, publish. Safe to run again."""
    from orchestration.cli.daily import run_daily

    as_of_date = None
    if date is not None:
        try:
            as_of_date = dt.date.fromisoformat(date)
        except ValueError:
            raise typer.BadParameter(f"{date!r} is no date; expected YYYY-MM-DD") from None
    raise typer.Exit(
        run_daily(
            settings_of(portfolio, landing),
            as_of_date,
            console,
            allow_older=allow_older,
            allow_collapse=allow_collapse,
        )
    )


@app.command()
def prepare(portfolio: PortfolioOption = None, landing: LandingOption = None) -> None:
    """Start the warehouse, apply migrations, make a generated portfolio's files and the dbt manifest."""
    from orchestration.cli.daily import prepare_portfolio
    from orchestration.runtime import Runtime

    prepare_portfolio(Runtime(settings_of(portfolio, landing)), console)


@app.command()
def sample(
    people: Annotated[int | None, typer.Option(help="Residents, children included; default 2,000.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First day, the first of a month, YYYY-MM-DD.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Last day, YYYY-MM-DD; a later one continues the world and changes no file.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Everything random follows from it.")] = None,
    default_rate: Annotated[
        float | None, typer.Option(help="Share of exposures that miss an instalment within 30 days; default 0.05.")
    ] = None,
    landing: LandingOption = None,
    truth: Annotated[
        Path | None, typer.Option(help="Folder of what no source knows; never inside the landing folder.")
    ] = None,
) -> None:
    """Generate a world of people as landing files, or continue the one that is there."""
    from orchestration.cli.sample import generate_sample, given_date

    generate_sample(
        settings_of("sample"),
        console,
        people=people,
        start=given_date("--from", from_),
        until=given_date("--until", until),
        seed=seed,
        default_rate=default_rate,
        landing=landing,
        truth=truth,
    )


@app.command()
def resolve(
    file: Annotated[Path, typer.Argument(help="Records: CSV, also gzipped, or Parquet.")],
    id_: Annotated[str, typer.Option("--id", help="Column that tells the records apart; never evidence.")],
    out: Annotated[Path, typer.Option(help="Where record id, entity id and confidence go: .csv, .csv.gz or .parquet.")],
    config: Annotated[
        Path | None, typer.Option(help="YAML with the kinds of columns; not needed for ordinary data.")
    ] = None,
) -> None:
    """Find which records of a file are of the same person or thing."""
    from orchestration.cli.resolve import resolve_file

    resolve_file(file, id_, config, out, console)


@app.command()
def msme(
    business: Annotated[str, typer.Argument(help="Business, as CUST_MSM_00006, or all.")],
    out: Annotated[Path, typer.Option(help="Folder for the documents.")],
    portfolio: PortfolioOption = "msme",
) -> None:
    """Write the ten JSON documents of a small business, or of all, from published gold."""
    from orchestration.cli.msme import write_msme_documents

    write_msme_documents(settings_of(portfolio), None if business == "all" else business, out, console)


@app.command()
def alert(
    alert_id: Annotated[str, typer.Argument(help="Of msme_fraud_alerts.")],
    decision: Annotated[str, typer.Option(help="confirmed, dismissed or reopened.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    why: Annotated[str, typer.Option(help="The reason.")],
    portfolio: PortfolioOption = "msme",
) -> None:
    """Decide an alert: it survives reruns, and a dismissed one returns only on a period nobody looked at."""
    from typing import get_args

    from orchestration.cli.msme import Decision, decide_alert

    chosen = next((known for known in get_args(Decision) if known == decision.upper()), None)
    if chosen is None:
        raise typer.BadParameter(f"--decision is {decision!r}; expected confirmed, dismissed or reopened")
    decide_alert(settings_of(portfolio), alert_id, chosen, by, why, console)


@app.command()
def profile(
    gr_id: Annotated[str, typer.Argument(help="Golden record, as GR0000000001; a retired id is followed.")],
    out: Annotated[Path | None, typer.Option(help="File for the document; default: standard output.")] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="With names, contacts and what the sources say; leaves a trace.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who reads the personal data.")] = None,
    why: Annotated[str | None, typer.Option(help="Why they are read.")] = None,
    portfolio: PortfolioOption = None,
) -> None:
    """Print a person's whole profile as one JSON document, from published gold."""
    from orchestration.cli.profile import print_profile

    print_profile(settings_of(portfolio), gr_id, out, personal=personal, read_by=by, reason=why)


@app.command()
def flag(
    flag_id: Annotated[str, typer.Argument(help="Of analytics_flags.")],
    decision: Annotated[str, typer.Option(help="confirmed, dismissed, resolved or reopened.")],
    by: Annotated[str, typer.Option(help="Who decides.")],
    why: Annotated[str, typer.Option(help="The reason.")],
    portfolio: PortfolioOption = None,
) -> None:
    """Decide a flag: it survives reruns and merges; a dismissed or resolved one returns only on new evidence."""
    from typing import get_args

    from orchestration.cli.flags import Decision, decide_flag

    chosen = next((known for known in get_args(Decision) if known == decision.upper()), None)
    if chosen is None:
        raise typer.BadParameter(f"--decision is {decision!r}; expected confirmed, dismissed, resolved or reopened")
    decide_flag(settings_of(portfolio), flag_id, chosen, by, why, console)


@app.command()
def intervention(
    exposure: Annotated[str, typer.Option(help="Of features.exposures and gold's risk_scores.")],
    kind: Annotated[str, typer.Option(help="call, sms, email, letter, visit or payment_plan.")],
    by: Annotated[str, typer.Option(help="Who made the contact, or kept the person out of it.")],
    on: Annotated[str | None, typer.Option(help="Business day, YYYY-MM-DD; default: today.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="reached, not_reached, promised, agreed or refused, where known.")
    ] = None,
    holdout: Annotated[
        bool, typer.Option("--holdout", help="Left alone on purpose, so that what a contact does can be measured.")
    ] = False,
    portfolio: PortfolioOption = None,
) -> None:
    """Record a contact because of a score: its person no longer shows the model what happens by itself."""
    from orchestration.cli.interventions import record_intervention
    from orchestration.cli.sample import given_date

    record_intervention(
        settings_of(portfolio),
        exposure,
        kind,
        by,
        console,
        contacted_on=given_date("--on", on),
        outcome=outcome,
        is_holdout=holdout,
    )


@app.command()
def businesses(
    count: Annotated[int | None, typer.Option(help="Businesses; default: the ten of the seed document.")] = None,
    seed: Annotated[int | None, typer.Option(help="Everything random follows from it.")] = None,
    until: Annotated[
        str | None, typer.Option(help="Last day, YYYY-MM-DD; a later one adds files and changes none.")
    ] = None,
    landing: LandingOption = None,
    truth: Annotated[
        Path | None, typer.Option(help="Folder of what no source knows; never inside the landing folder.")
    ] = None,
) -> None:
    """Generate small businesses as landing files: bank, GST network, open networks."""
    from orchestration.cli.businesses import generate_businesses
    from orchestration.cli.sample import given_date

    generate_businesses(
        settings_of("msme"),
        console,
        businesses=count,
        seed=seed,
        until=given_date("--until", until),
        landing=landing,
        truth=truth,
    )


@app.command()
def ui(
    portfolio: PortfolioOption = None,
    landing: LandingOption = None,
    port: Annotated[int, typer.Option(help="Port of the webserver, on loopback.")] = 3000,
) -> None:
    """Dagster's webserver and daemon on loopback, until Ctrl-C."""
    from orchestration.cli.services import serve_ui

    raise typer.Exit(serve_ui(settings_of(portfolio, landing), port, console))


@app.command()
def stop(portfolio: PortfolioOption = None) -> None:
    """Stop the UI and the embedded PostgreSQL server (a server of your own is left alone)."""
    from orchestration.cli.services import stop_everything

    stop_everything(settings_of(portfolio), console)


@app.command()
def rollback(portfolio: PortfolioOption = None) -> None:
    """Bring back the gold of the publication before; once more undoes it."""
    from orchestration.publication import publication_lock
    from orchestration.publication import rollback as swap_back
    from orchestration.runtime import Runtime

    warehouse = Runtime(settings_of(portfolio)).warehouse
    with publication_lock(warehouse, wait_seconds=60):
        publication = swap_back(warehouse)
    console.print(f"gold is now the publication of {publication.snapshot_date}; `assay rollback` again undoes it.")


@app.command()
def status(portfolio: PortfolioOption = None) -> None:
    """Last publication, row counts, rejects, failing checks."""
    from orchestration.cli.status import print_status

    raise typer.Exit(print_status(settings_of(portfolio), console))


@app.command()
def experiments(
    portfolio: PortfolioOption = None,
    model: Annotated[str | None, typer.Option(help="Of one model, as predelinquency_30d; default: of all.")] = None,
    most: Annotated[int, typer.Option(min=1, help="Versions to list, the newest first.")] = 20,
) -> None:
    """List the trained versions that MLflow holds: model, version, AUC, calibration slope, when, alias."""
    from orchestration.cli.experiments import print_experiments

    print_experiments(settings_of(portfolio), console, model, most)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(
    context: typer.Context,
    portfolio: PortfolioOption = None,
    role: Annotated[str, typer.Option("--role", help="bi (reads gold, the default) or admin.")] = "bi",
) -> None:
    """Open psql on the portfolio's database; further arguments go to psql."""
    from orchestration.cli.services import run_psql

    raise typer.Exit(run_psql(settings_of(portfolio), role, context.args))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def dbt(context: typer.Context, portfolio: PortfolioOption = None) -> None:
    """Any dbt command with the portfolio's connection and day, e.g. `assay dbt compile -s profile_360`."""
    from orchestration.cli.services import run_dbt

    raise typer.Exit(run_dbt(settings_of(portfolio), context.args))


def main() -> None:
    """Entry point: errors that a user can mend are one clear message, anything else keeps its trace."""
    from pydantic import ValidationError

    from orchestration.errors import AssayError

    try:
        app()
    except (AssayError, ValidationError) as error:
        # Unwrapped: messages hold paths and SQL that people copy.
        print(f"assay: {error}", file=sys.stderr)
        sys.exit(1)
