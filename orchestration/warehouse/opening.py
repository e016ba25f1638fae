"""From settings to an open warehouse: server, database, roles, migrations; nothing to do when all of it
is there.
"""

import dataclasses
import urllib.parse
from typing import Any

import psycopg
from psycopg import sql

from orchestration.settings import MIGRATIONS_DIR, Settings
from orchestration.warehouse import embedded
from orchestration.warehouse.connection import Warehouse
from orchestration.warehouse.credentials import make_password, stored_password
from orchestration.warehouse.errors import PortfolioMismatchError, WarehouseError
from orchestration.warehouse.migrations import applied_ids, migrate, migration_ids
from orchestration.warehouse.provisioning import check_version, create_database, provision
from orchestration.warehouse.roles import Role


def open_warehouse(settings: Settings) -> Warehouse:
    """Return the portfolio's database, ready to use.

    Starts the embedded server, creates databases and roles, applies migrations, where needed. Safe to call
    from several processes at once; one query when everything is in place.

    Raises
    ------
    WarehouseError
        With what is wrong and what to do: the server does not start, the login may not create what is
        missing, the database belongs to another portfolio.
    """
    return _open_users_server(settings) if settings.database_url else _open_embedded(settings)


def stop_warehouse(settings: Settings) -> None:
    """Stop the embedded server cleanly. Nothing happens where none runs, or where the server is the
    user's own.
    """
    if settings.database_url or not embedded.server_folder(settings.home).exists():
        return
    with embedded.server_lock(settings.home):
        embedded.stop_server(settings.home)


def restore_bi_login(warehouse: Warehouse) -> None:
    """Give the embedded server's BI login its password and session defaults back.

    PostgreSQL lets a login change its own: somebody who did would lock every BI tool out. On a server of the user's the
    password is the user's business.
    """
    if not warehouse.is_embedded or warehouse.bi_password is None:
        return
    with warehouse.connect(autocommit=True) as connection:
        role = sql.Identifier(str(Role.BI))
        verifier = connection.pgconn.encrypt_password(
            warehouse.bi_password.encode(), Role.BI.encode(), b"scram-sha-256"
        )
        connection.execute(sql.SQL("alter role {} password {}").format(role, sql.Literal(verifier.decode())))
        connection.execute(sql.SQL("alter role {} reset all").format(role))
        provision(connection, warehouse.bi_password)


def _open_embedded(settings: Settings) -> Warehouse:
    server = embedded.known_server(settings.home)
    if server is not None and stored_password(settings.home, "embedded", "bi") is not None:
        warehouse = _embedded_warehouse(settings, server)
        if _is_ready(warehouse, settings):
            return warehouse
    with embedded.server_lock(settings.home):
        make_password(settings.home, "embedded", "admin")
        bi_password = make_password(settings.home, "embedded", "bi")
        server = embedded.start_server(settings.home)
        warehouse = _embedded_warehouse(settings, server)
        with psycopg.connect(server.admin_conninfo("postgres"), autocommit=True) as connection:
            for name in (warehouse.database, _dagster_name(settings)):
                create_database(connection, name, purpose="the portfolio", variable="ASSAY_DATABASE_URL")
            # Dagster commits every event by itself, hundreds a run: a crash of the machine may cost the last moments
            # of its log, never a row of the portfolio.
            connection.execute(
                sql.SQL("alter database {} set synchronous_commit = off").format(
                    sql.Identifier(_dagster_name(settings))
                )
            )
            # The BI login may enter its portfolios' databases only.
            for name in ("postgres", "template1", _dagster_name(settings)):
                connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
        _prepare(warehouse, settings, bi_password)
        return warehouse


def _embedded_warehouse(settings: Settings, server: embedded.EmbeddedServer) -> Warehouse:
    host = str(server.socket_dir)
    query = urllib.parse.urlencode({"host": host, "port": server.port}, quote_via=urllib.parse.quote)
    return Warehouse(
        host=host,
        port=server.port,
        user=embedded.ADMIN,
        password="",
        database=f"assay_{settings.portfolio_name}",
        is_embedded=True,
        bi_host="127.0.0.1",
        bi_password=stored_password(settings.home, "embedded", "bi"),
        dagster=settings.dagster_url or f"postgresql://{embedded.ADMIN}@/{_dagster_name(settings)}?{query}",
    )


def _dagster_name(settings: Settings) -> str:
    return f"dagster_{settings.portfolio_name}"


def _open_users_server(settings: Settings) -> Warehouse:
    warehouse = _users_warehouse(settings)
    if _is_ready(warehouse, settings):
        return warehouse
    with embedded.server_lock(settings.home):
        try:
            connection = warehouse.connect(autocommit=True)
        except psycopg.OperationalError as error:
            raise WarehouseError(
                f"ASSAY_DATABASE_URL: no connection to database {warehouse.database!r} on "
                f"{warehouse.host}:{warehouse.port} as {warehouse.user!r}: {error}. Check the URL, and "
                "that the "
                "database exists: Assay does not create it on a server that is not its own."
            ) from error
        with connection:
            check_version(connection, f"{warehouse.host}:{warehouse.port}")
            known = connection.execute("select 1 from pg_roles where rolname = %s", (str(Role.BI),)).fetchone()
        server = f"{warehouse.host}:{warehouse.port}"
        if known and warehouse.bi_password is None:
            # The login is older than this installation. Its password stays what BI tools already use.
            bi_password = ""
        else:
            bi_password = make_password(settings.home, server, "bi")
        if settings.dagster_url is None:
            with warehouse.connect(autocommit=True) as connection:
                name = f"{warehouse.database}_dagster"
                create_database(connection, name, purpose="Dagster's storage", variable="ASSAY_DAGSTER_URL")
                # BI has no business there. Where an administrator owns it the REVOKE is a warning, no error.
                connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
        _prepare(warehouse, settings, bi_password)
    return _users_warehouse(settings)


def _users_warehouse(settings: Settings) -> Warehouse:
    assert settings.database_url is not None
    try:
        parts = psycopg.conninfo.conninfo_to_dict(settings.database_url)
    except psycopg.ProgrammingError:
        # The driver's text repeats the URL, and with it the password.
        raise WarehouseError(
            "ASSAY_DATABASE_URL can't be read; expected postgresql://user:password@host:port/database."
        ) from None
    texts = {key: str(value) for key, value in parts.items() if value is not None}
    host, port_text = texts.pop("host", "localhost"), texts.pop("port", "5432")
    if not port_text.isdigit() or "," in host:
        raise WarehouseError(
            f"ASSAY_DATABASE_URL names host {host!r} and port {port_text!r}; expected one host and a port number."
        )
    port = int(port_text)
    database = texts.pop("dbname", "")
    user = texts.pop("user", "")
    if not database or not user:
        raise WarehouseError("ASSAY_DATABASE_URL must name a user and a database: postgresql://user@host/db.")
    password = texts.pop("password", "")
    warehouse = Warehouse(
        host=host,
        port=port,
        user=user,
        password=password,
        database=database,
        is_embedded=False,
        bi_host="127.0.0.1" if host.startswith("/") else host,
        bi_password=stored_password(settings.home, f"{host}:{port}", "bi"),
        dagster="",
        parameters=tuple(sorted(texts.items())),
    )
    beside = dataclasses.replace(warehouse, database=f"{database}_dagster")
    return dataclasses.replace(warehouse, dagster=settings.dagster_url or beside.url())


def _prepare(warehouse: Warehouse, settings: Settings, bi_password: str) -> None:
    with warehouse.connect(autocommit=True) as connection:
        provision(connection, bi_password)
    migrate(warehouse, MIGRATIONS_DIR)
    portfolio = settings.portfolio
    with warehouse.connect(Role.OPS) as connection:
        connection.execute(
            "insert into ops.portfolio (portfolio, currency, time_zone) values (%s, %s, %s) on conflict do nothing",
            (portfolio.name, portfolio.currency, portfolio.time_zone),
        )
        _check_portfolio(connection, settings)


def _is_ready(warehouse: Warehouse, settings: Settings) -> bool:
    """Whether the server answers and nothing is missing; raises only for a database of another portfolio."""
    try:
        connection = warehouse.connect(Role.OPS, autocommit=True)
    except psycopg.OperationalError:
        return False
    with connection:
        if not applied_ids(connection).issuperset(migration_ids(MIGRATIONS_DIR)):
            return False
        name = _dagster_name(settings) if warehouse.is_embedded else f"{warehouse.database}_dagster"
        found = connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone()
        if settings.dagster_url is None and found is None:
            return False
        return _check_portfolio(connection, settings)


def _check_portfolio(connection: psycopg.Connection[Any], settings: Settings) -> bool:
    """Whether the database is known to be the portfolio's; raises where it is another one's."""
    row = connection.execute("select portfolio, currency, time_zone from ops.portfolio").fetchone()
    if row is None:
        return False
    wanted, database = settings.portfolio, connection.info.dbname
    if row[0] != wanted.name:
        raise PortfolioMismatchError(
            f"Database {database} holds the portfolio {row[0]!r}, and {wanted.name!r} was asked for. "
            "One database is one portfolio: set ASSAY_PORTFOLIO to that name, or name another database in "
            "ASSAY_DATABASE_URL."
        )
    if (row[1], row[2]) != (wanted.currency, wanted.time_zone):
        raise PortfolioMismatchError(
            f"Database {database} was made for {row[1]} in {row[2]}; the portfolio {wanted.name!r} now says "
            f"{wanted.currency} in {wanted.time_zone}. Stored amounts and days would change their "
            "meaning: put the "
            "portfolio's file back, or load the data into a new database."
        )
    return True
