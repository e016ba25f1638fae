"""Learning a model from records: kinds, blocking, levels, probabilities, frequencies.

Belongs here: the order of these steps and the threshold.
Does not belong here: the steps themselves.
"""

from collections.abc import Callable

import pandas as pd

from ml.identity.linkage import blocking, cleaning, pairs, records, training
from ml.identity.linkage.comparisons import build
from ml.identity.linkage.fillers import without_fillers
from ml.identity.linkage.ids import sort_keys
from ml.identity.linkage.kinds import infer
from ml.identity.linkage.model import LinkageModel
from ml.identity.linkage.selection import independent
from ml.identity.linkage.store import Store

# One threshold for all data, chosen without labels. To maximise F1 is to take every pair whose probability is above
# half of the F1 that can be reached (Lipton, Elkan and Naryanaswamy 2014): between 0.4, where 0.8 can be reached, and
# 0.5, where nothing is in doubt. The lower end is taken, since clustering counts pairs that were not compared as no
# match, which makes the averages that meet the threshold too low, never too high. On 2026-11-25, before the caps of
# `levels` were set, F1 moved by at most 0.015 between 0.35 and 0.5 on fourteen data sets with labels.
THRESHOLD = 0.4
LEAST_PROBABILITY = 0.01


def fit(store: Store, ordered: pd.DataFrame, tell: Callable[[str], None]) -> LinkageModel:
    """Learn a model and leave ``record`` and ``compared`` behind in the database."""
    con, config, id_column = store.con, store.config, store.id_column
    texts = cleaning.texts_of(ordered.drop(columns=id_column))
    kinds = independent(infer(texts, config), texts, config)
    columns, notes = kinds.columns, list(kinds.notes)
    tell(f"kinds: {', '.join(f'{one.name}={one.kind}' for one in columns)}")
    # In the order of their names: equal records give equal probabilities, whatever the order of their columns.
    columns = tuple(sorted(columns, key=lambda column: str(column.name)))
    columns, filled = without_fillers(con, texts, columns)
    notes += filled
    comparisons = build(columns)
    if not columns:
        notes.append("no column tells records apart: none are compared, and none are linked")
    if columns and all(column.kind in training.NAME_KINDS for column in columns):
        notes.append(
            "only names tell the records apart: namesakes cannot be told from one person, so take the links as "
            "suggestions and add a date of birth, a number, a contact or an address"
        )
    count = len(ordered)
    store.remember(ordered)
    keys = sort_keys(ordered[id_column])
    records.load(con, "record", keys, texts, columns, comparisons)
    common = records.common_words(con, comparisons, count)
    records.add_rare_words(con, "record", comparisons, common)
    tell("records cleaned")
    untelling = records.mark_placeholders(con, comparisons, config.block_limit)
    if untelling:
        notes.append(
            f"{untelling} of {count} records equal more than {config.block_limit} others in everything that is "
            "compared: they look like placeholders, are not linked by what they share and teach nothing"
        )
    rules, warnings = blocking.choose(con, comparisons, count, config.pairs_per_record, config.block_limit)
    tell(f"{len(rules)} blocking rules chosen")
    blocking.make_keys(con, comparisons, rules)
    candidates = blocking.make_candidates(con, rules, config.block_limit)
    tell(f"{candidates} candidate pairs")
    warnings += blocking.without_candidates(con, rules, count)
    pairs.compare(con, comparisons, "candidate", "compared")
    packed, counts = pairs.patterns(con, "compared")
    tell(f"compared; {len(packed)} patterns")
    pairs.make_random(con, count, config.seed)
    pairs.compare(con, comparisons, "random_pair", "compared_random")
    random_packed, random_counts = pairs.patterns(con, "compared_random")
    terms = records.count_terms(con, comparisons)
    con.execute(
        "CREATE OR REPLACE TEMP VIEW telling_record AS SELECT r.* FROM record r SEMI JOIN telling t USING (rid)"
    )
    telling = records.count_terms(con, comparisons, "telling_record") if untelling else terms
    held = [[(telling[name][0]["held"].to_numpy(), telling[name][1]) for name in one.terms] for one in comparisons]
    learned = training.learn(
        comparisons,
        count - untelling,
        pairs.unpack(packed, comparisons),
        counts,
        pairs.unpack(random_packed, comparisons),
        random_counts,
        held,
    )
    tell("learned")
    shares, rare = {}, {}
    for one in comparisons:
        for name in one.terms:
            frame, present = terms[name]
            size = training.of_one(one, learned.cluster_size)
            frame = frame[frame["held"] > max(2.0, size)].head(200_000)
            share = training.term_shares(frame["held"].to_numpy(), present, size, one.rare)
            shares[name] = dict(zip(frame["term"], share.tolist(), strict=True))
            rare[name] = one.rare / max(present, 1)
    model = LinkageModel(
        columns=columns,
        m=tuple(tuple(one.tolist()) for one in learned.m),
        u=tuple(tuple(one.tolist()) for one in learned.u),
        is_personal=tuple(bool(one) for one in learned.is_personal),
        kin=tuple(float(one) for one in learned.kin),
        prior_match=float(learned.prior_match),
        prior_household=float(learned.prior_household),
        term_shares=shares,
        rare_shares=rare,
        common_words={name: tuple(words) for name, words in common.items()},
        rules=rules,
        threshold=THRESHOLD,
        least_probability=LEAST_PROBABILITY,
        block_limit=config.block_limit,
        trained_on=count,
        notes=(*notes, *warnings),
    )
    records.add_frequencies(con, "record", comparisons, shares, rare)
    store.model = model
    store.blocks = [config.block_limit] * len(rules)  # values in more records are no keys
    return model
