"""The personal section of a profile: names, contacts and what the sources say, from core, and the trace of who read it.

Gold holds none of this. Who reads it says who they are and why, and that stands in ``ops.profile_access`` before the
first value is read.

``personal``  ``as_of_date`` of core (gold may show the day before), ``attributes`` with the surviving value and the
conflicting ones, ``records`` of the sources by their keys
"""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from orchestration.errors import AssayError
from orchestration.warehouse import Role, Warehouse

ATTRIBUTES = """
    select attribute, surviving_value, conflicting_values, source_system, decided_by
    from core.golden_record_sources where gr_id = %s order by attribute
"""
RECORDS = """
    select party_id, source_system, record_type, link_rule, valid_from, known_at, is_deleted
    from core.known_parties where gr_id = %s order by party_id
"""


class PersonalDataRefusedError(AssayError):
    """The login may not read personal data, or nobody says who reads it and why."""


def personal_section(warehouse: Warehouse, gr_id: str, *, asked_for: str, read_by: str, reason: str) -> dict[str, Any]:
    """Read a golden record's personal data, leaving a trace first.

    Parameters
    ----------
    warehouse : Warehouse
        Its login must be able to become ``assay_ops``, which reads core and writes the trace.
    gr_id : str
        Current id.
    asked_for : str
        The id that was given.
    read_by, reason : str
        Who reads and why; kept for ever.

    Raises
    ------
    PersonalDataRefusedError
        ``read_by`` or ``reason`` is empty, or the login may not read core.
    """
    if not read_by.strip() or not reason.strip():
        raise PersonalDataRefusedError(
            "Whose personal data are read may ask who read them and why: --personal needs --by and --why"
        )
    try:
        with warehouse.connect(Role.OPS) as connection:
            connection.execute(
                "insert into ops.profile_access (gr_id, asked_for, read_by, reason) values (%s, %s, %s, %s)",
                (gr_id, asked_for, read_by.strip(), reason.strip()),
            )
            connection.commit()  # whatever happens next, the attempt is on record
            with connection.cursor(row_factory=dict_row) as cursor:
                days = cursor.execute("select max(as_of_date) as day from core.profile_360").fetchall()
                return {
                    "as_of_date": days[0]["day"],
                    "attributes": cursor.execute(ATTRIBUTES, (gr_id,)).fetchall(),
                    "records": cursor.execute(RECORDS, (gr_id,)).fetchall(),
                }
    except (psycopg.errors.InsufficientPrivilege, psycopg.OperationalError) as error:
        # A role that the login may not take is refused before the session has error codes.
        if not isinstance(error, psycopg.errors.InsufficientPrivilege) and "permission denied" not in str(error):
            raise
        raise PersonalDataRefusedError(
            f"The login {warehouse.user} may not read personal data: they are in core, which {Role.OPS} reads. "
            f"An administrator may GRANT {Role.OPS} TO {warehouse.user}; without --personal no such right is needed."
        ) from error
