"""Flags by type and state, over time: an asset check that carries the day's counts. Never a person or an id."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.pictures import picture
from orchestration.runtime import Runtime
from orchestration.warehouse import Role

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STATUSES = ("ACTIVE", "CONFIRMED", "DISMISSED", "RESOLVED")
_COLOURS = ("#d1495b", "#7b2d3b", "#9aa5b1", "#c9d1d9")
# A rule that flags a tenth of all is broken, or the delivery is. Seen 2026-11-25 in a world of 6,000 people:
# 0.9 % of the golden records have an active flag of the most frequent type.
MOST_FLAGGED_SHARE = 0.10


def flag_counts(rows: Sequence[tuple[str, str, int]]) -> dict[str, dict[str, int]]:
    """Counts by type and status from rows of type, status and count; types sorted, statuses in order, 0 where none."""
    counts = {kind: dict.fromkeys(STATUSES, 0) for kind in sorted({kind for kind, _, _ in rows})}
    for kind, status, count in rows:
        counts[kind][status] += count
    return counts


def figure_of(counts: dict[str, dict[str, int]]) -> "Figure":
    """Bars of flags by type, parted by status."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.6 + 0.32 * max(len(counts), 1)), layout="constrained")
    axes = figure.subplots()
    kinds, left = list(reversed(counts)), [0] * len(counts)
    for status, colour in zip(STATUSES, _COLOURS, strict=True):
        values = [counts[kind][status] for kind in kinds]
        axes.barh(kinds, values, left=left, color=colour, label=status)
        left = [before + value for before, value in zip(left, values, strict=True)]
    axes.set_xlabel("flags")
    axes.legend(fontsize="small")
    return figure


def flag_check() -> dg.AssetChecksDefinition:
    """Counts by type as metadata. A warning only: many flags are a reason to look, none to stop a publication."""

    @dg.asset_check(
        asset=dg.AssetKey(["core", "analytics_flags"]),
        name="flags_by_type",
        description="Flags by type and status; warns where one type flags over a tenth of all golden records.",
        blocking=False,
    )
    def flags_by_type(runtime: dg.ResourceParam[Runtime]) -> dg.AssetCheckResult:
        with runtime.warehouse.connect(Role.DBT) as connection:
            rows = connection.execute(
                "select flag_type, flag_status, count(*) from core.analytics_flags group by 1, 2"
            ).fetchall()
            people = connection.execute("select count(*) from core.golden_records").fetchone()
        counts = flag_counts(rows)
        most = MOST_FLAGGED_SHARE * (people[0] if people else 0)
        too_many = [kind for kind, by_status in counts.items() if by_status["ACTIVE"] > most]
        metadata: dict[str, dg.MetadataValue | int | str] = {
            f"active_{kind}": n["ACTIVE"] for kind, n in counts.items()
        }
        for status in STATUSES:
            metadata[status.lower()] = sum(by_status[status] for by_status in counts.values())
        if counts:
            metadata["flags"] = picture(figure_of(counts), "Flags by type and status")
        metadata["over_a_tenth"] = ", ".join(too_many) or "none"
        return dg.AssetCheckResult(passed=not too_many, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)

    return flags_by_type
