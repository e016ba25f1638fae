"""What a portfolio needs in its server's shared catalogues: roles, databases, privileges on databases.

All of it outlives or precedes a database, so it is no migration: what is missing is worked out from the
catalogues each time, done where the login may, and otherwise listed for an administrator. Schemas and tables
are in ``sql/``.
"""

from typing import Any

import psycopg
from psycopg import sql

from orchestration.warehouse.errors import ProvisioningError
from orchestration.warehouse.roles import BI_SETTINGS, WRITERS, Role

MINIMUM_VERSION = 150000


def check_version(connection: psycopg.Connection[Any], where: str) -> None:
    """Refuse a server older than PostgreSQL 15."""
    version = connection.info.server_version
    if version < MINIMUM_VERSION:
        raise ProvisioningError(
            f"{where} is PostgreSQL {version // 10000}; Assay needs 15 or newer. Upgrade it, name another "
            "server in "
            "ASSAY_DATABASE_URL, or unset that variable to use the embedded server."
        )


def provision(connection: psycopg.Connection[Any], bi_password: str) -> None:
    """Make what is missing for the database of ``connection`` (autocommit), nothing where all is there.

    Parameters
    ----------
    connection : psycopg.Connection
        A session of the login in that database.
    bi_password : str
        The BI login gets it when it is made; an existing login keeps its own.

    Raises
    ------
    ProvisioningError
        The login may not; the message lists every missing statement, not only the first.
    """
    missing = missing_statements(connection, bi_password)
    for statement in missing:
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege as error:
            raise _for_an_administrator(connection, bi_password, error) from error
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            # Another database of the same server made the role between the look and the statement.
            continue
    left = missing_statements(connection, bi_password)
    if left:
        # A REVOKE without the right to it is only a warning in PostgreSQL.
        raise _for_an_administrator(connection, bi_password, None)


def create_database(connection: psycopg.Connection[Any], name: str, *, purpose: str, variable: str) -> None:
    """Create the database ``name`` unless it is there.

    Raises
    ------
    ProvisioningError
        The login may not; the message names the statement and the ``variable`` that names another place.
    """
    if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
        return
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    try:
        connection.execute(statement)
    except psycopg.errors.DuplicateDatabase:
        return
    except psycopg.errors.InsufficientPrivilege as error:
        login = sql.Identifier(connection.info.user).as_string(connection)
        raise ProvisioningError(
            f"The login {login} may not create the database for {purpose}. Have an administrator run:\n"
            f"  {statement.as_string(connection)} OWNER {login};\nor name another place in {variable}."
        ) from error


def missing_statements(connection: psycopg.Connection[Any], bi_password: str) -> list[sql.Composed]:
    """Statements that would make the database of ``connection`` complete; empty when it is."""
    return [*_roles(connection, bi_password), *_memberships(connection), *_database(connection)]


def _roles(connection: psycopg.Connection[Any], bi_password: str) -> list[sql.Composed]:
    there = {row[0] for row in connection.execute("select rolname from pg_roles where rolname like 'assay\\_%'")}
    missing = [sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)) for role in WRITERS if role not in there]
    if Role.BI not in there:
        # Only the verifier is sent and shown, never the password.
        verifier = connection.pgconn.encrypt_password(bi_password.encode(), Role.BI.encode(), b"scram-sha-256")
        statement = sql.SQL("CREATE ROLE {} LOGIN NOINHERIT PASSWORD {}")
        missing.append(statement.format(sql.Identifier(Role.BI), sql.Literal(verifier.decode())))
    return missing


def _memberships(connection: psycopg.Connection[Any]) -> list[sql.Composed]:
    """The login has to be able to become every writer."""
    privilege = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    held = {
        row[0]
        for row in connection.execute(
            "select rolname from pg_roles where rolname = any(%s) and pg_has_role(current_user, oid, %s)",
            ([str(role) for role in WRITERS], privilege),
        )
    }
    login = sql.Identifier(connection.info.user)
    superuser = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    if superuser and superuser[0]:
        return []
    return [sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), login) for role in WRITERS if str(role) not in held]


def _database(connection: psycopg.Connection[Any]) -> list[sql.Composed]:
    name = connection.info.dbname
    database = sql.Identifier(name)
    row = connection.execute(
        """
        select pg_has_role(current_user, datdba, 'USAGE'),
               has_database_privilege('public', oid, 'CONNECT')
                   or has_database_privilege('public', oid, 'TEMPORARY'),
               coalesce(
                   (select setconfig from pg_db_role_setting where setdatabase = d.oid and setrole = 0), '{}'
               )
        from pg_database as d where datname = current_database()
        """
    ).fetchone()
    assert row is not None
    is_owner, is_open, settings = row
    missing = []
    if not is_owner:
        missing.append(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, sql.Identifier(connection.info.user)))
    if is_open:
        missing.append(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    if "TimeZone=UTC" not in settings:
        missing.append(sql.SQL("ALTER DATABASE {} SET TimeZone TO 'UTC'").format(database))
    wanted: dict[str, tuple[str, ...]] = {str(role): ("CONNECT", "TEMPORARY") for role in WRITERS} | {
        str(Role.BI): ("CONNECT",)
    }
    # Only the owner of a schema with CREATE on the database may rename it: publication does both as this
    # role.
    wanted[str(Role.DBT)] = ("CONNECT", "TEMPORARY", "CREATE")
    granted = {
        (grantee, privilege)
        for grantee, privilege in connection.execute(
            """
            select g.rolname, a.privilege_type
            from pg_database as d, aclexplode(d.datacl) as a join pg_roles as g on g.oid = a.grantee
            where d.datname = current_database()
            """
        )
    }
    for role, privileges in wanted.items():
        lacking = [privilege for privilege in privileges if (role, privilege) not in granted]
        if lacking:
            statement = sql.SQL("GRANT {} ON DATABASE {} TO {}")
            missing.append(statement.format(sql.SQL(", ".join(lacking)), database, sql.Identifier(role)))
    return missing + _bi_settings(connection, database)


def _bi_settings(connection: psycopg.Connection[Any], database: sql.Identifier) -> list[sql.Composed]:
    row = connection.execute(
        """
        select setconfig from pg_db_role_setting as s join pg_roles as r on r.oid = s.setrole
        join pg_database as d on d.oid = s.setdatabase
        where r.rolname = %s and d.datname = current_database()
        """,
        (str(Role.BI),),
    ).fetchone()
    present = set(row[0]) if row else set()
    return [
        sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} TO {}").format(
            sql.Identifier(Role.BI), database, sql.Identifier(key), sql.Literal(value)
        )
        for key, value in BI_SETTINGS.items()
        if f"{key}={value}" not in present
    ]


def _for_an_administrator(
    connection: psycopg.Connection[Any], bi_password: str, error: psycopg.Error | None
) -> ProvisioningError:
    statements = missing_statements(connection, bi_password)
    reason = f" ({str(error).splitlines()[0]})" if error else ""
    listed = "\n".join(f"  {statement.as_string(connection)};" for statement in statements)
    return ProvisioningError(
        f"The login {connection.info.user} may not set up the database {connection.info.dbname}{reason}. "
        f"Have an administrator run this in it, then start again:\n{listed}"
    )
