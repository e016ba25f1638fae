"""Links of the linkage model over the records of the warehouse: only what is new or changed is compared.

Belongs here: which versions were compared with which model, and the pairs kept in ``ml.linkage_edges``.
Does not belong here: how pairs are scored (``linkage``), and which links are followed (``evidence``).
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import psycopg
from psycopg import sql

from ml.bulk import copy_in, copy_out
from ml.identity.resolution import EDGE_COLUMNS, IdentityConfig, InvalidRecordsError, LinkageSettings, no_edges
from ml.identity.stewardship import record_training
from ml.identity.why import ColumnEvidence, WeighColumns

if TYPE_CHECKING:
    from ml.identity.linkage import LinkageModel

MODEL_NAME = "identity_linkage"
RULE_NAME = "linkage"
# From fewer records nothing is learnt that would hold for more; exact rules go on alone.
LEAST_RECORDS = 50
# A model of the first few days does not stay for ever: with four times as many records it is trained anew.
GROWTH = 4
TARGET = "Two records are of one person, organisation or household."


@dataclass(frozen=True)
class RegisteredLinkage:
    """A linkage model as the registry stores it."""

    model: "LinkageModel"
    metadata: Mapping[str, Any]
    model_name: str = MODEL_NAME
    target: str = TARGET
    algorithm: str = "mixture of persons, households and strangers"

    @property
    def artifact(self) -> str:
        """JSON."""
        return self.model.to_json()


class StoredLinkage:
    """A source of evidence: pairs that the champion of ``identity_linkage`` takes for one party.

    All versions of a record count, as with the exact rules: two records match when any two of their versions do, and
    the link is known since both were. The model learns from the newest versions, once: it and its term frequencies stay
    as they are until it is trained anew, which is an event in the ledger: when somebody asks for it, when other columns
    are compared, or when there are ``GROWTH`` times as many records. Below ``LEAST_RECORDS`` there are no links.

    Parameters
    ----------
    conn : psycopg.Connection
        Role ``assay_ml``, in the transaction of the run.
    settings : LinkageSettings
        Record types and columns.
    knowledge_cutoff : datetime
        Of the run: a training is dated by it in the ledger.
    """

    def __init__(self, conn: psycopg.Connection, settings: LinkageSettings, knowledge_cutoff: dt.datetime) -> None:
        self._conn = conn
        self._settings = settings
        self._cutoff = knowledge_cutoff
        self._version: str | None = None
        self.compared_versions = 0

    @property
    def model_version(self) -> str | None:
        """Of the model behind the latest ``edges``."""
        return self._version

    def columns(self, config: IdentityConfig) -> Sequence[str]:
        """The columns compared, and what tells versions apart."""
        return [*self._settings.columns, "valid_from"]

    def edges(self, records: pd.DataFrame, config: IdentityConfig) -> pd.DataFrame:
        """Links between records; see :class:`ml.identity.resolution.EdgeSource`.

        Trains the model where there is none of these columns, compares what is new or changed with everything, keeps
        the pairs, and returns those that hold within an entity.
        """
        from ml.identity.linkage import cluster

        versions = self._versions(records)
        if versions["party_id"].nunique() < LEAST_RECORDS:
            return no_edges()
        model = self._model(versions)
        self._bring_up_to_date(versions, model)
        found = copy_out(
            self._conn,
            sql.SQL(
                "select party_id_a, party_id_b, match_probability, evidence_known_at from ml.linkage_edges"
                " order by party_id_a, party_id_b"
            ),
        )
        entity = cluster(
            versions["party_id"].drop_duplicates(),
            found.rename(columns={"party_id_a": "record_id_a", "party_id_b": "record_id_b"}),
            model.threshold,
        ).set_index("record_id")["entity_id"]
        together = found["party_id_a"].map(entity).eq(found["party_id_b"].map(entity))
        holds = found["match_probability"].ge(model.threshold) & together
        return found[holds].assign(rule_name=RULE_NAME).reset_index(drop=True)[EDGE_COLUMNS]

    def retrain(self, records: pd.DataFrame, *, cause: str, by: str) -> str:
        """Train anew on the newest versions and make the result the champion; the next run compares everything again.

        Returns
        -------
        str
            The version.

        Raises
        ------
        InvalidRecordsError
            There are fewer than ``LEAST_RECORDS``.
        """
        versions = self._versions(records)
        if (count := versions["party_id"].nunique()) < LEAST_RECORDS:
            raise InvalidRecordsError(
                f"{count} records can be compared; at least {LEAST_RECORDS} are needed to learn from"
            )
        return self._train(versions, cause=cause, by=by)[0]

    def _versions(self, records: pd.DataFrame) -> pd.DataFrame:
        """One row per version with something to compare, with its key and the hash of its content."""
        columns = list(self._settings.columns)
        mine = records[records["record_type"].isin(list(self._settings.record_types))]
        mine = mine[mine[columns].notna().any(axis=1)].sort_values(["party_id", "valid_from"], ignore_index=True)
        text = mine[columns].astype("string")
        hashes = pd.util.hash_pandas_object(text, index=False).astype(str) if len(mine) else pd.Series(dtype=str)
        day = pd.to_datetime(mine["valid_from"]).dt.strftime("%Y-%m-%d")
        return mine.assign(
            valid_from=day, version_id=mine["party_id"].astype(str) + "@" + day, content_hash=hashes.to_numpy()
        )

    def _model(self, versions: pd.DataFrame) -> "LinkageModel":
        version, cause = version_in_use(self._conn), "first_run"
        if version is not None:
            model, metadata = _stored_model(self._conn, version)
            if metadata["columns"] != dict(self._settings.columns):
                cause = "columns_changed"
            elif versions["party_id"].nunique() >= GROWTH * metadata["trained_on_records"]:
                cause = "grown"
            elif model is None:
                cause = "format_changed"
            else:
                self._version = version
                return model
        return self._train(versions, cause=cause, by="identity")[1]

    def _train(self, versions: pd.DataFrame, *, cause: str, by: str) -> tuple[str, "LinkageModel"]:
        from ml.identity.linkage import train
        from ml.registry import register, set_alias

        newest = versions.drop_duplicates("party_id", keep="last")
        kinds = dict(self._settings.columns)
        model = train(newest[["party_id", *kinds]], {"columns": kinds}, id_column="party_id")
        told = {"columns": kinds, "trained_on_records": len(newest), "notes": list(model.notes)}
        version = register(self._conn, RegisteredLinkage(model, told))
        if set_alias(self._conn, MODEL_NAME, "champion", version, set_by=by) != version:
            record_training(self._conn, version, self._cutoff, cause)
        self._version = version
        return version, model

    def _bring_up_to_date(self, versions: pd.DataFrame, model: "LinkageModel") -> None:
        """Compare the records with a new, changed or vanished version, and keep their pairs."""
        from ml.identity.linkage import link

        keys = ["party_id", "valid_from", "content_hash", "model_version"]
        # Those of an older model too: what is no longer among the versions must go, whatever compared it.
        known = copy_out(
            self._conn,
            sql.SQL(
                "select party_id, valid_from::text as valid_from, content_hash, model_version from ml.linkage_versions"
            ),
        )
        compared = versions.assign(model_version=self._version)[keys].merge(known, on=keys, how="outer", indicator=True)
        touched = compared.loc[compared["_merge"].ne("both"), "party_id"].unique()
        if not len(touched):
            return
        of_touched = versions["party_id"].isin(touched)
        self.compared_versions = int(of_touched.sum())
        found = pd.DataFrame(columns=["party_id_a", "party_id_b", "match_probability", "evidence_known_at"])
        if of_touched.any():
            pairs = link(
                versions[["version_id", *self._settings.columns]],
                model,
                id_column="version_id",
                changed_ids=None if of_touched.all() else versions.loc[of_touched, "version_id"],
            )
            found = _between_parties(pairs, versions, model.threshold)
        self._keep(found, versions[of_touched], touched)

    def _keep(self, found: pd.DataFrame, versions: pd.DataFrame, touched: Iterable[str]) -> None:
        with self._conn.cursor() as cursor:
            copy_in(cursor, "touched_records", "party_id text", pd.DataFrame({"party_id": list(touched)}))
            cursor.execute(
                "delete from ml.linkage_edges as e using touched_records as t"
                " where e.party_id_a = t.party_id or e.party_id_b = t.party_id"
            )
            cursor.execute(
                "delete from ml.linkage_versions as v using touched_records as t where v.party_id = t.party_id"
            )
            copy_in(
                cursor,
                "found_pairs",
                "party_id_a text, party_id_b text, match_probability double precision, evidence_known_at timestamptz",
                found,
            )
            cursor.execute(
                "insert into ml.linkage_edges"
                " (party_id_a, party_id_b, match_probability, evidence_known_at, model_version)"
                " select party_id_a, party_id_b, match_probability, evidence_known_at, %s from found_pairs",
                (self._version,),
            )
            copy_in(
                cursor,
                "compared_versions",
                "party_id text, valid_from date, content_hash text",
                versions[["party_id", "valid_from", "content_hash"]],
            )
            cursor.execute(
                "insert into ml.linkage_versions (party_id, valid_from, content_hash, model_version)"
                " select party_id, valid_from, content_hash, %s from compared_versions",
                (self._version,),
            )


def _between_parties(pairs: pd.DataFrame, versions: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """One row per pair of parties from the pairs of their versions."""
    by_version = versions.set_index("version_id")
    party, known = by_version["party_id"], pd.to_datetime(by_version["known_at"], utc=True)
    one, other = pairs["record_id_a"].map(party), pairs["record_id_b"].map(party)
    known_both = pd.concat([pairs["record_id_a"].map(known), pairs["record_id_b"].map(known)], axis=1).max(axis=1)
    frame = pd.DataFrame(
        {
            "party_id_a": one.where(one < other, other),
            "party_id_b": other.where(one < other, one),
            "match_probability": pairs["match_probability"],
            "evidence_known_at": known_both,
            "is_match": pairs["match_probability"].ge(threshold),
        }
    )[one.ne(other).to_numpy(bool)]
    pair = ["party_id_a", "party_id_b"]
    highest = frame.groupby(pair)["match_probability"].max()
    # The first versions that match date the link; of pairs that never match, those that match best.
    frame = frame.assign(doubt=(1 - frame["match_probability"]).mask(frame["is_match"], 0.0)).sort_values(
        [*pair, "is_match", "doubt", "evidence_known_at"], ascending=[True, True, False, True, True]
    )
    first = frame.drop_duplicates(pair).drop(columns=["is_match", "doubt"])
    return first.assign(match_probability=first.set_index(pair).index.map(highest.to_dict())).reset_index(drop=True)[
        [*pair, "match_probability", "evidence_known_at"]
    ]


def version_in_use(conn: psycopg.Connection) -> str | None:
    """The version of the model in use; None where none was trained."""
    from ml.registry.lookup import alias_version

    return alias_version(conn, MODEL_NAME)


def _stored_model(conn: psycopg.Connection, version: str) -> tuple["LinkageModel | None", dict[str, Any]]:
    """A version with what is told of it; no model where it is of a format that this release does not read any more."""
    from ml.identity.linkage import LinkageError, LinkageModel
    from ml.registry import load_text

    text, metadata = load_text(conn, MODEL_NAME, version)  # the checksum holds: it is as it was written
    try:
        return LinkageModel.from_json(text), metadata
    except LinkageError:
        return None, metadata


def weigh_columns(conn: psycopg.Connection) -> "WeighColumns | None":
    """What the linkage model in use makes of two records' columns, for ``why.explain``; None where there is none.

    Of several versions the two that match best are weighed. The rows beside the columns, ``prior``, ``household`` and
    ``total``, make the weights add up.
    """
    from ml.identity.linkage import explain, link

    version = version_in_use(conn)
    if version is None:
        return None
    model, metadata = _stored_model(conn, version)
    if model is None:
        return None
    columns = list(metadata["columns"])

    def weigh(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> list[ColumnEvidence]:
        both = pd.DataFrame([*one, *other])[columns].assign(version_id=range(len(one) + len(other)))
        pairs = link(both, model, id_column="version_id")
        across = pairs[pairs["record_id_a"].lt(len(one)) & pairs["record_id_b"].ge(len(one))]
        best = across.sort_values("match_probability").iloc[-1] if len(across) else None
        left, right = (0, len(one)) if best is None else (int(best["record_id_a"]), int(best["record_id_b"]))
        rows = [{column: record[column] for column in columns} for record in (*one, *other)]
        told = explain(model, rows[left], rows[right]).fillna("").to_dict("records")
        return [ColumnEvidence(row["columns"] or row["evidence"], row["level"], float(row["bits"])) for row in told]

    return weigh
