"""Where experiments are kept, and that a failure to keep them never fails a training.

``ASSAY_MLFLOW_URL`` names a tracking server or a database; without it they lie in a database of their own beside the
portfolio's, ``mlflow_<portfolio>`` on the embedded server, and their files below ``ASSAY_HOME``. The database is made
when something is first recorded, so that a login that may not make it can still run everything else.
"""

import dataclasses
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from psycopg import sql

from orchestration.runtime import Runtime
from orchestration.warehouse.provisioning import create_database

if TYPE_CHECKING:
    from ml.delinquency.model import TrainedModel
    from ml.delinquency.report import Report
    from ml.eligibility.model import EligibilityModel
    from ml.tracking import Tracker
    from ml.tracking.tracker import Recordable

_FILES_BY_THEMSELVES = ("http://", "https://", "databricks")
# A reason in the metadata is read by people; a stack of SQL is not.
_LONGEST_REASON = 500


def tracker(runtime: Runtime) -> "Tracker":
    """The portfolio's experiments; their database is made where it is not there.

    Raises
    ------
    ProvisioningError
        The login may not make the database; the message says what to run, or which variable names another place.
    """
    from ml.tracking import Tracker

    files = artifact_folder(runtime)
    url = runtime.settings.mlflow_url
    if url is not None:
        return Tracker(url, None if url.startswith(_FILES_BY_THEMSELVES) else files)
    warehouse = runtime.warehouse
    beside = f"mlflow_{runtime.settings.portfolio_name}" if warehouse.is_embedded else f"{warehouse.database}_mlflow"
    with warehouse.connect(autocommit=True) as connection:
        create_database(connection, beside, purpose="MLflow's experiments", variable="ASSAY_MLFLOW_URL")
        # BI has no business there. Where an administrator owns it the REVOKE is a warning, no error.
        connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(beside)))
    return Tracker(dataclasses.replace(warehouse, database=beside).sqlalchemy_url(), files)


def artifact_folder(runtime: Runtime) -> Path:
    """Folder of the portfolio's cards and models as MLflow keeps them."""
    return runtime.settings.home / "mlflow" / runtime.settings.portfolio_name


def record_model(
    runtime: Runtime,
    model: "TrainedModel",
    version: str,
    report: "Report",
    *,
    aliases: Iterable[str] = (),
    catalogue: Any = None,
    files: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Record a trained version with its card, and further files of it by name; never raises.

    Returns
    -------
    dict of str to str
        For the materialisation's metadata: ``mlflow_run``, or ``tracking_warning`` with the reason.
    """

    def card(folder: Path) -> None:
        from ml.delinquency.card import write_card

        write_card(report, model, folder, catalogue=catalogue)

    def record() -> dict[str, str]:
        from ml.tracking.figures import figures_of, params_of

        return _recorded(runtime, model, version, card, figures_of(report), params_of(model), aliases, files or {})

    return _never_failing(runtime, record)


def record_eligibility(
    runtime: Runtime, model: "EligibilityModel", version: str, files: Mapping[str, str], *, aliases: Iterable[str] = ()
) -> dict[str, str]:
    """Record a trained version of eligibility with its files, the report as its card; never raises.

    Returns
    -------
    dict of str to str
        See :func:`record_model`.
    """

    def card(folder: Path) -> None:
        from ml.delinquency.card import CARD
        from ml.registry.artifacts import REPORT

        (folder / CARD).write_text(files[REPORT], encoding="utf-8")

    def record() -> dict[str, str]:
        from ml.tracking.figures import eligibility_figures_of, eligibility_params_of

        figures, params = eligibility_figures_of(model), eligibility_params_of(model)
        return _recorded(runtime, model, version, card, figures, params, aliases, files)

    return _never_failing(runtime, record)


def _recorded(
    runtime: Runtime,
    model: "Recordable",
    version: str,
    write_card: Callable[[Path], None],
    figures: Mapping[str, float | None],
    params: Mapping[str, Any],
    aliases: Iterable[str],
    files: Mapping[str, str],
) -> dict[str, str]:
    # One at a time: two first uses at once would both make MLflow's tables.
    with tempfile.TemporaryDirectory() as folder, runtime.exclusive("mlflow"):
        write_card(Path(folder))
        found = tracker(runtime).record(
            model, version, Path(folder), figures=figures, params=params, aliases=aliases, files=files
        )
    return {"mlflow_run": found.run_id}


def move_alias(runtime: Runtime, model_name: str, alias: str, version: str) -> dict[str, str]:
    """Point an alias in MLflow at a version, after ``ml.registry`` did; never raises.

    Returns
    -------
    dict of str to str
        Empty, or ``tracking_warning`` with the reason.
    """

    def move() -> dict[str, str]:
        with runtime.exclusive("mlflow"):
            known = tracker(runtime).set_alias(model_name, alias, version)
        reason = f"version {version} of {model_name} was never recorded; its alias {alias!r} is only in ml.models"
        return {} if known else {"tracking_warning": reason}

    return _never_failing(runtime, move)


def _never_failing(runtime: Runtime, work: Callable[[], dict[str, str]]) -> dict[str, str]:
    try:
        return work()
    except Exception as error:  # noqa: BLE001  # the model is trained and stored; experiments are a record of it
        return {"tracking_warning": _reason(runtime, error)}


def _reason(runtime: Runtime, error: Exception) -> str:
    """The error in words, without the password that a driver's message may repeat."""
    told = f"not recorded in MLflow: {type(error).__name__}: {error}"
    for url in filter(None, (runtime.settings.mlflow_url, runtime.settings.database_url)):
        password = urlsplit(url).password
        for form in {password, unquote(password), quote(unquote(password), safe="")} if password else ():
            told = told.replace(form, "***")
    return told[:_LONGEST_REASON]
