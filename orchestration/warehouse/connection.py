"""One database and the ways into it: psycopg, ADBC, SQLAlchemy, dbt, Dagster, BI."""

import dataclasses
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg

from orchestration.warehouse.errors import WarehouseError
from orchestration.warehouse.roles import Role

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection as AdbcConnection

# libpq parameters that dbt's profile has no word for travel as the environment variables that libpq knows.
_LIBPQ_VARIABLES = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE",
}


@dataclasses.dataclass(frozen=True)
class Warehouse:
    """The database of one portfolio.

    Attributes
    ----------
    host : str
        A name or address, or the folder of the embedded server's socket.
    port : int
        Port of the server; also part of a socket's file name.
    user : str
        The login that may become any writer role.
    password : str
        Its password; empty where the socket's folder or ``~/.pgpass`` is what lets it in.
    database : str
        The portfolio's database.
    is_embedded : bool
        Whether the server is the one below ``ASSAY_HOME``.
    bi_host : str
        Address that BI tools use; always TCP.
    bi_password : str or None
        None where the BI login was made elsewhere and its password is not known here.
    dagster : str
        URL of Dagster's storage.
    parameters : tuple of (str, str)
        Further libpq parameters of the user's URL, such as ``sslmode``.
    """

    host: str
    port: int
    user: str
    password: str = dataclasses.field(repr=False)
    database: str
    is_embedded: bool
    bi_host: str
    bi_password: str | None = dataclasses.field(repr=False)
    dagster: str = dataclasses.field(repr=False)
    parameters: tuple[tuple[str, str], ...] = ()

    def connect(self, role: Role | None = None, *, autocommit: bool = False) -> psycopg.Connection[Any]:
        """Open a psycopg connection that is ``role`` from its first statement on.

        The role is a start-up parameter, so neither a rollback nor ``RESET ROLE`` falls back to the login.
        """
        return psycopg.connect(self.conninfo(role), autocommit=autocommit)

    def adbc(self, role: Role) -> "AdbcConnection":
        """Open an ADBC connection for bulk data as Arrow, with the role set."""
        from adbc_driver_postgresql import dbapi

        return dbapi.connect(self.url(role))

    def conninfo(self, role: Role | None = None) -> str:
        """A libpq connection string."""
        return psycopg.conninfo.make_conninfo("", **self._libpq(role))

    def url(self, role: Role | None = None, *, scheme: str = "postgresql") -> str:
        """A URL with the host as a parameter, the one form that takes a socket's folder in every driver."""
        parameters = self._libpq(role)
        login = quote(parameters.pop("user"), safe="")
        password = parameters.pop("password", "")
        if password:
            login = f"{login}:{quote(password, safe='')}"
        database = quote(parameters.pop("dbname"), safe="")
        return f"{scheme}://{login}@/{database}?{urlencode(parameters, quote_via=quote)}"

    def sqlalchemy_url(self, role: Role | None = None) -> str:
        """A SQLAlchemy URL for psycopg2.

        A host stands in front although the parameter decides, because Great Expectations refuses a URL
        without.
        """
        from sqlalchemy import URL

        parameters = self._libpq(role)
        return URL.create(
            "postgresql+psycopg2",
            username=parameters.pop("user"),
            password=parameters.pop("password", None),
            host="localhost",
            database=parameters.pop("dbname"),
            query=parameters,
        ).render_as_string(hide_password=False)

    def dbt_env(self) -> dict[str, str]:
        """Environment variables that ``dbt_project/profiles.yml`` reads."""
        values = {
            "ASSAY_PG_HOST": self.host,
            "ASSAY_PG_PORT": str(self.port),
            "ASSAY_PG_USER": self.user,
            "ASSAY_PG_PASSWORD": self.password,
            "ASSAY_PG_DATABASE": self.database,
        }
        return values | {_LIBPQ_VARIABLES[key]: value for key, value in self.parameters if key in _LIBPQ_VARIABLES}

    def dagster_url(self) -> str:
        """URL of Dagster's storage."""
        return self.dagster

    def bi_conninfo(self) -> str:
        """A URL for the BI login: TCP and a password, as any BI tool connects.

        Raises
        ------
        WarehouseError
            The login was made elsewhere; the message says where its password belongs.
        """
        if self.bi_password is None:
            raise WarehouseError(
                f"{Role.BI} was on {self.host}:{self.port} before this installation, which does not know "
                "its password. "
                "Write it to credentials.json of ASSAY_HOME as "
                f'{{"{self.host}:{self.port}": {{"bi": "..."}}}}.'
            )
        parameters = dict(self.parameters)
        query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
        password, database = quote(self.bi_password, safe=""), quote(self.database, safe="")
        return f"postgresql://{Role.BI}:{password}@{self.bi_host}:{self.port}/{database}{query}"

    def _libpq(self, role: Role | None) -> dict[str, str]:
        parameters = {
            **dict(self.parameters),
            "host": self.host,
            "port": str(self.port),
            "user": self.user,
            "dbname": self.database,
            "application_name": "assay",
        }
        if self.password:
            parameters["password"] = self.password
        if role is not None:
            parameters["options"] = f"{parameters.get('options', '')} -c role={role}".strip()
        return parameters
