"""The pack: every scenario in several variants, as landing files, and the truth about each business.

``write_pack(folder)`` writes a landing folder and gives the truth; ``build_pack()`` gives both as frames.
The truth names the kinds of evidence that are true of a business. What an honest firm does for an honest reason
(an exporter who pays no tax in cash) is no evidence: to say it of an innocent is a false alarm.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.msme_scenarios.books import rows_of
from tests.msme_scenarios.frauds import FRAUDS
from tests.msme_scenarios.innocents import INNOCENTS
from tests.msme_scenarios.landing import Frames, frame_of, write_landing
from tests.msme_scenarios.stage import KINDS, Member, Stage

FIRST_TXN_ID = 7_000_000_001


@dataclass(frozen=True)
class Pack:
    """Landing frames by ``source.table`` and the truth, one row per business."""

    frames: Frames
    truth: pd.DataFrame


def build_pack(seed: int = 20251231, variants: int = 4) -> Pack:
    """Stage every scenario.

    Parameters
    ----------
    seed : int
        The same seed gives the same pack.
    variants : int
        Of each scenario; a scenario may need several businesses. At four, sizes, sectors and rates differ by
        design; beyond, by chance too.

    Returns
    -------
    Pack
        ``truth`` has ``business_id, scenario, variant, role, is_innocent, kinds, arguable_kinds, fraud_from,
        related_ids``: ``kinds`` a frozenset of ``KINDS``, empty for an innocent; ``arguable_kinds`` those that
        one may say or not say of a fraudulent business, to be counted neither way; ``fraud_from`` the first
        period of the fraud; ``related_ids`` the other businesses of the pack in the same variant.
    """
    members: list[Member] = []
    truth = []
    number = 1
    for n, scenario in enumerate((*INNOCENTS, *FRAUDS)):
        for variant in range(variants):
            stage = Stage(variant, np.random.default_rng([seed, n, variant]), number)
            cast = scenario(stage)
            number = stage.next_number
            ids = [member.firm.business_id for member in cast]
            for member in cast:
                unknown = (member.kinds | member.arguable_kinds) - set(KINDS)
                if unknown:
                    raise ValueError(f"{scenario.__name__}: kinds {sorted(unknown)}; expected some of {KINDS}")
                member.firm.close()
                truth.append(
                    {
                        "business_id": member.firm.business_id,
                        "scenario": scenario.__name__,
                        "variant": variant,
                        "role": member.role,
                        "is_innocent": scenario in INNOCENTS,
                        "kinds": member.kinds,
                        "arguable_kinds": member.arguable_kinds,
                        "fraud_from": member.fraud_from,
                        "related_ids": tuple(other for other in ids if other != member.firm.business_id),
                    }
                )
            members += cast
    rows = rows_of([member.firm for member in members], FIRST_TXN_ID)
    return Pack({name: frame_of(name, of_table) for name, of_table in rows.items()}, pd.DataFrame(truth))


def write_pack(
    folder: Path, seed: int = 20251231, variants: int = 4, delivered_on: dt.date | None = None
) -> pd.DataFrame:
    """Write the pack's landing folder; give the truth (see ``build_pack``)."""
    pack = build_pack(seed, variants)
    write_landing(pack.frames, folder, *([delivered_on] if delivered_on else []))
    return pack.truth
