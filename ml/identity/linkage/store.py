"""The state of a linkage: cleaned records, blocking keys and scored pairs in DuckDB, kept for the next change.

Belongs here: loading, comparing and forgetting records with a frozen model.
Does not belong here: learning the model.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ml.identity.linkage import blocking, cleaning, clustering, pairs, records, scoring
from ml.identity.linkage.config import LinkageConfig, LinkageError
from ml.identity.linkage.database import connect, scalar
from ml.identity.linkage.ids import sort_keys, sorted_by_id
from ml.identity.linkage.model import LinkageModel


class Store:
    """Records and the pairs among them, under one model.

    The tables ``record`` and ``edge`` name a record by its ``rid``, in the order in which records came; the order of
    ids, which everything that is told goes by, is worked out from ``record.id``.
    """

    def __init__(self, config: LinkageConfig, id_column: str) -> None:
        self.config, self.id_column = config, id_column
        self.con = connect(config)
        self.ids = pd.Series(dtype=object)  # as they were given, by rid
        self.model: LinkageModel | None = None
        self.blocks: list[int] = []  # by rule, the largest block at most; empty where that is not known
        self.overfull = 0  # blocks that the last change touched and that have outgrown the model
        self.latest: pd.DataFrame | None = None  # the edges of the linkage that this is the state of

    def close(self) -> None:
        """Give the memory back."""
        self.con.close()

    def remember(self, ordered: pd.DataFrame) -> int:
        """Note the ids of records that are about to be loaded; returns the first rid."""
        first = len(self.ids)
        new = ordered[self.id_column].reset_index(drop=True)
        self.ids = new if first == 0 else pd.concat([self.ids, new], ignore_index=True)
        return first

    def load(self, given: pd.DataFrame, model: LinkageModel) -> None:
        """Load all records under a model that is there."""
        self.model = model
        ordered = sorted_by_id(given, self.id_column)
        self._clean("record", ordered)
        blocking.make_keys(self.con, model.comparisons, model.rules)

    def _clean(self, table: str, ordered: pd.DataFrame) -> None:
        model = self.known_model
        first = self.remember(ordered)
        texts = cleaning.texts_of(model.checked(ordered.drop(columns=self.id_column)))
        keys = sort_keys(ordered[self.id_column])
        records.load(self.con, table, keys, texts, model.columns, model.comparisons, first)
        records.add_rare_words(self.con, table, model.comparisons, model.common_words)
        records.add_frequencies(self.con, table, model.comparisons, model.term_shares, model.rare_shares)

    @property
    def known_model(self) -> LinkageModel:
        """The model; there is one before anything is compared."""
        if self.model is None:
            raise RuntimeError("the store has no model yet")
        return self.model

    def link(self, changed: str | None = None) -> None:
        """Write the table ``edge`` for all pairs, or for those with a record of the table ``changed`` (``rid``)."""
        model = self.known_model
        fitting = [i for i, most in enumerate(self.blocks) if most <= model.block_limit * blocking.GROWTH]
        blocking.make_candidates(self.con, model.rules, model.block_limit, changed, fitting)
        pairs.compare(self.con, model.comparisons, "candidate", "compared")
        scoring.score(self.con, model, "compared", "edge")
        self.con.execute("DROP TABLE compared")

    def nodes(self) -> np.ndarray:
        """The rid of each record in the order of the ids."""
        return np.asarray(self.con.execute("SELECT rid FROM record ORDER BY id").fetchnumpy()["rid"])

    def results(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Entities and edges as they are told."""
        model = self.known_model
        nodes = self.nodes()
        node_of = np.full(len(self.ids), -1, dtype=np.int64)
        node_of[nodes] = np.arange(len(nodes))
        found = self.con.execute("SELECT l, r, match_probability FROM edge").fetchnumpy()
        left, right = node_of[found["l"]], node_of[found["r"]]
        order = np.lexsort((right, left))
        left, right, probability = left[order], right[order], np.asarray(found["match_probability"])[order]
        ids = self.ids.iloc[nodes].reset_index(drop=True)
        edges = pd.DataFrame(
            {
                "record_id_a": ids.iloc[left].reset_index(drop=True),
                "record_id_b": ids.iloc[right].reset_index(drop=True),
                "match_probability": probability,
            }
        )
        return clustering.entity_frame(ids, left, right, probability, model.threshold, self._keyless(node_of)), edges

    def _keyless(self, node_of: np.ndarray) -> np.ndarray:
        """By node: whether a record has nothing that it could be found by, so that it is compared with no other."""
        keyed = "".join(f" ANTI JOIN key_{i} USING (rid)" for i in range(len(self.known_model.rules)))
        rids = np.asarray(self.con.execute(f"SELECT rid FROM record{keyed}").fetchnumpy()["rid"], dtype=np.int64)
        found = np.zeros(int((node_of >= 0).sum()), dtype=bool)
        found[node_of[rids]] = True
        return found

    def mark(self, given_ids: Iterable[Any], table: str) -> None:
        """Write a table ``rid`` of the records with these ids.

        Raises
        ------
        LinkageError
            There is no such record.
        """
        listed = list(given_ids)
        keys = self._keys_like(pd.Series(listed, dtype=None if listed else self.ids.dtype)).drop_duplicates()
        self.con.register("marked_keys", pa.table({"id": pa.array(keys, self._key_type)}))
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT rid FROM record SEMI JOIN marked_keys USING (id)"
        )
        self.con.unregister("marked_keys")
        unknown = len(keys) - int(scalar(self.con, f"SELECT count(*) FROM {table}"))
        if unknown:
            raise LinkageError(f"{unknown} of {len(keys)} ids are of no record that is known")

    @property
    def _key_type(self) -> pa.DataType:
        return pa.int64() if pd.api.types.is_integer_dtype(self.ids.dtype) else pa.string()

    def _keys_like(self, ids: pd.Series) -> pd.Series:
        """What ids are ordered by, in the type of the ids that are known."""
        whole = pd.api.types.is_integer_dtype(self.ids.dtype)
        if len(ids) and len(self.ids) and whole != pd.api.types.is_integer_dtype(ids.dtype):
            raise LinkageError(
                f"the ids are of type {ids.dtype}, those that are known of {self.ids.dtype}; give ids of one type"
            )
        return sort_keys(ids) if len(ids) else pd.Series(dtype=object)

    def replace(self, changed: pd.DataFrame, removed_ids: Iterable[Any]) -> None:
        """Put changed and new records in the place of what was known of them, and forget the removed ones.

        All of it or, where it is refused or fails, nothing.
        """
        ordered = sorted_by_id(changed, self.id_column)
        if len(ordered):
            self.known_model.checked(ordered.drop(columns=self.id_column))
        keys = self._keys_like(ordered[self.id_column])
        before = self.ids, list(self.blocks), self.overfull
        self.con.begin()
        try:
            self._replace(ordered, keys, removed_ids)
            self.con.commit()
        except BaseException:
            self.con.rollback()
            self.ids, self.blocks, self.overfull = before
            raise

    def _replace(self, ordered: pd.DataFrame, keys: pd.Series, removed_ids: Iterable[Any]) -> None:
        con, model = self.con, self.known_model
        self.mark(removed_ids, "gone")
        con.register("changed_keys", pa.table({"id": pa.array(keys, self._key_type)}))
        con.execute("INSERT INTO gone SELECT rid FROM record SEMI JOIN changed_keys USING (id)")
        con.unregister("changed_keys")
        con.execute("CREATE OR REPLACE TEMP TABLE again (rid INTEGER)")
        self.overfull = self._compare_again("gone")
        if scalar(con, "SELECT count(*) FROM gone"):
            con.execute("DELETE FROM edge WHERE l IN (FROM gone) OR r IN (FROM gone)")
            con.execute("DELETE FROM record WHERE rid IN (FROM gone)")
            for i in range(len(model.rules)):
                con.execute(f"DELETE FROM key_{i} WHERE rid IN (FROM gone)")
        if len(ordered):
            self._clean("fresh", ordered)
            con.execute("INSERT INTO record SELECT * FROM fresh")
            blocking.make_keys(con, model.comparisons, model.rules, "fresh", add=True)
            self.blocks = [most + blocking.largest(con, i, "fresh") for i, most in enumerate(self.blocks)]
            self.overfull += self._compare_again("fresh")
            con.execute("INSERT INTO again SELECT rid FROM fresh")
            con.execute("DROP TABLE fresh")
        con.execute("DELETE FROM again WHERE rid IN (FROM gone)")
        if scalar(con, "SELECT count(*) FROM again"):
            con.execute("DELETE FROM edge WHERE l IN (FROM again) OR r IN (FROM again)")
            con.execute("ALTER TABLE edge RENAME TO kept_edge")
            self.link("again")
            con.execute("INSERT INTO kept_edge FROM edge")
            con.execute("DROP TABLE edge")
            con.execute("ALTER TABLE kept_edge RENAME TO edge")

    def _compare_again(self, of: str) -> int:
        """Note in ``again`` the records of blocks that outgrew the model; returns how many blocks those are."""
        limit = self.known_model.block_limit
        outgrown = 0
        for i, most in enumerate(self.blocks):
            if most > limit * blocking.GROWTH:  # only then it is worth counting
                self.blocks[i] = blocking.largest(self.con, i, "record")
                outgrown += blocking.add_overfull(self.con, i, of, limit, "again")
        return outgrown
