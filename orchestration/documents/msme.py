"""The ten summaries of a small business as JSON documents, ``<business_id>_<summary>.json``.

A summary with one row a business is that row; one with several (months, anomalies) is a list of them. The documents are
read from gold as BI reads it, whole tables in order: writing all businesses costs as many queries as writing one.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql
from psycopg.rows import dict_row

from orchestration.documents.rendering import as_json
from orchestration.errors import AssayError
from orchestration.settings import DBT_PROJECT_DIR

Document = dict[str, Any]
# Summary, and the columns that order its rows within a business; none where there is one row.
SUMMARIES: Mapping[str, tuple[str, ...]] = {
    "transaction_summary": ("month_start",),
    "gst_summary": (),
    "credit_summary": (),
    "mutual_funds_summary": (),
    "insurance_summary": (),
    "ocen_summary": (),
    "ondc_summary": (),
    "earnings_spendings": ("month_start",),
    "overall_summary": (),
    "anomalies_report": ("first_seen_on", "anomaly_type"),
}
_INDICATORS = {
    "is_itc_ratio_high": "High ITC ratio",
    "is_late_filing": "Late filing",
    "is_turnover_mismatch": "Turnover mismatch",
}
_ROWS_A_FETCH = 10_000
# An id comes from a file that somebody else wrote: it must not lead out of the folder.
_FILE_NAME = re.compile(r"\w[\w.-]*")
_JSON_TYPES: Mapping[str, Document] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "bigint": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamptz": {"type": "string", "format": "date-time"},
}


class UnknownBusinessError(AssayError, LookupError):
    """Gold has no such business."""


def write_documents(connection: psycopg.Connection[Any], out: Path, business_id: str | None = None) -> int:
    """Write the ten documents of one business, or of all.

    Parameters
    ----------
    connection : psycopg.Connection
        Of the BI login.
    out : Path
        Folder; made if it is not there. Documents of the same names are replaced.
    business_id : str, optional
        One business; all where not given.

    Returns
    -------
    int
        Documents written.

    Raises
    ------
    UnknownBusinessError
        The business is not in gold; nothing is written.
    """
    known = {
        row[0]
        for row in connection.execute(
            "select business_id from msme_overall_summary where %(one)s::text is null or business_id = %(one)s",
            {"one": business_id},
        )
    }
    if business_id is not None and not known:
        raise UnknownBusinessError(
            f"Gold has no business {business_id!r}; those there are stand in msme_overall_summary (`assay psql`)"
        )
    if unusable := sorted(name for name in known if not _FILE_NAME.fullmatch(name)):
        raise AssayError(
            f"{len(unusable)} businesses have ids that can't be file names, the first is {unusable[0]!r}; expected "
            "letters, digits, dots, hyphens and underscores"
        )
    out.mkdir(parents=True, exist_ok=True)
    before = _publication(connection)
    written = 0
    for summary, order in SUMMARIES.items():
        indicators = _indicators(connection, business_id) if summary == "gst_summary" else {}
        left = set(known)
        for business, rows in _by_business(connection, f"msme_{summary}", order, business_id):
            document = _document(business, rows, has_many=bool(order))
            if summary == "gst_summary":
                document |= _gst_details(document, indicators.get(business, []))
            _write(out / f"{business}_{summary}.json", document)
            left.discard(business)
            written += 1
        # A business without anomalies, or without bookings, has a document that says so.
        for business in sorted(left) if order else ():
            _write(out / f"{business}_{summary}.json", {"business_id": business, "rows": []})
            written += 1
    if _publication(connection) != before:
        raise AssayError(f"Gold was published anew meanwhile: the documents in {out} are of two days. Write them again")
    return written


def document_schema(summary: str) -> Document:
    """JSON Schema (2020-12) of a summary's document, from the contract of its gold model."""
    many = bool(SUMMARIES[summary])
    row = _row_schema(f"msme_{summary}", leave_out=("business_id",) if many else ())
    schema: Document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": summary}
    if many:
        properties: Document = {"business_id": {"type": "string"}, "rows": {"type": "array", "items": row}}
        return schema | {
            "type": "object",
            "properties": properties,
            "required": ["business_id", "rows"],
            "additionalProperties": False,
        }
    if summary == "gst_summary":
        row["properties"] |= {
            "fraud_indicators": {"type": "array", "items": {"type": "string"}},
            "fraud_summary": {
                "type": "object",
                "properties": {
                    "total_indicators": {"type": "integer"},
                    "affected_periods": {"type": "integer"},
                    "description": {"type": "string"},
                },
                "required": ["total_indicators", "affected_periods", "description"],
                "additionalProperties": False,
            },
            "periods": {"type": "array", "items": _row_schema("msme_gst_indicators", leave_out=("business_id",))},
        }
        row["required"] += ["fraud_indicators", "fraud_summary", "periods"]
    return schema | row


def _row_schema(model: str, leave_out: tuple[str, ...]) -> Document:
    path = DBT_PROJECT_DIR / "models" / "gold" / "msme" / f"{model}.yml"
    (described,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    properties: Document = {}
    for column in described["columns"]:
        if column["name"] in leave_out:
            continue
        kind: Document = dict(_JSON_TYPES.get(column["data_type"], {"type": "number"}))
        if {"type": "not_null"} not in column.get("constraints", []):
            kind = kind | {"type": [kind["type"], "null"]}
        properties[column["name"]] = {**kind, "description": column["description"]}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _publication(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return connection.execute("select snapshot_date, published_at from publication").fetchall()


def _by_business(
    connection: psycopg.Connection[Any], table: str, order: tuple[str, ...], business_id: str | None
) -> Iterator[tuple[str, list[Document]]]:
    """Rows of a table by business, in order, fetched in parts."""
    query = sql.SQL("select * from {} where {}::text is null or business_id = {} order by {}").format(
        sql.Identifier(table),
        sql.Literal(business_id),
        sql.Literal(business_id),
        sql.SQL(", ").join(map(sql.Identifier, ("business_id", *order))),
    )
    with connection.transaction(), connection.cursor(name="documents", row_factory=dict_row) as cursor:
        cursor.itersize = _ROWS_A_FETCH
        cursor.execute(query)
        for business, rows in groupby(cursor, key=itemgetter("business_id")):
            yield business, list(rows)


def _document(business: str, rows: list[Document], *, has_many: bool) -> Document:
    if not has_many:
        return rows[0]
    listed = [{name: value for name, value in row.items() if name != "business_id"} for row in rows]
    return {"business_id": business, "rows": listed}


def _indicators(connection: psycopg.Connection[Any], business_id: str | None) -> dict[str, list[Document]]:
    return dict(_by_business(connection, "msme_gst_indicators", ("period_start",), business_id))


def _gst_details(summary: Document, periods: list[Document]) -> Document:
    """What the seed's document has beside the figures: the indicators in words, and their sum."""
    told = [
        f"{words} in {period['period_start']:%Y-%m}"
        for period in periods
        for name, words in _INDICATORS.items()
        if period[name]
    ]
    total, affected = summary["total_indicators"], summary["affected_periods"]
    return {
        "fraud_indicators": told,
        "fraud_summary": {
            "total_indicators": total,
            "affected_periods": affected,
            "description": f"Detected {total} fraud indicators across {affected} GST returns",
        },
        "periods": [{name: value for name, value in row.items() if name != "business_id"} for row in periods],
    }


def _write(path: Path, document: Document) -> None:
    hidden = path.with_name(f".{path.name}.part")
    hidden.write_text(as_json(document), encoding="utf-8")
    hidden.replace(path)
