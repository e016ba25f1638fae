"""Who writes what: one role per schema, and the BI login that writes nothing."""

from enum import StrEnum


class Role(StrEnum):
    """Roles of the warehouse. They exist once per server and are shared by its portfolios."""

    INGEST = "assay_ingest"
    DBT = "assay_dbt"
    ML = "assay_ml"
    OPS = "assay_ops"
    BI = "assay_bi"


WRITERS = (Role.INGEST, Role.DBT, Role.ML, Role.OPS)
"""Roles without a login: the administrator's session becomes one of them."""

BI_SETTINGS = {
    "search_path": "gold",
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}
"""Session defaults of the BI login. Conveniences: what keeps it from writing is that it has no such
privilege.
"""
