"""The pictures of a model card: small PNGs of counts and shares, the same bytes for the same report."""

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ml.delinquency.report import Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BLUE, _GREY, _RED = "#2b6cb0", "#a0aec0", "#c05621"


def card_pictures(report: Report) -> dict[str, tuple[bytes, str]]:
    """PNG and description of each picture, by file name.

    Returns
    -------
    dict of str to (bytes, str)
        ``reliability.png``, ``gains.png``, and ``vintages.png`` where there are at least two vintages.
    """
    drawn = {
        "reliability.png": (_reliability(report.tables["reliability"]), "Probability told against share of defaults"),
        "gains.png": (_gains(report.tables["deciles"]), "Capture and lift by decile of the score"),
    }
    vintages = report.tables.get("vintages")
    if vintages is not None and vintages["auc"].notna().sum() > 1:
        drawn["vintages.png"] = (_vintages(vintages), "AUC by vintage with its interval")
    return {name: (_png(figure), description) for name, (figure, description) in drawn.items()}


def _axes(width: float, title: str, x: str, y: str) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    # Without pyplot: no display and no global state. The font comes with matplotlib, so that pictures do not depend on
    # the machine's.
    figure = Figure(figsize=(width, 3.0), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(x, fontsize=8)
    axes.set_ylabel(y, fontsize=8)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _reliability(table: pd.DataFrame) -> "Figure":
    figure, axes = _axes(3.4, "Reliability", "probability told", "share of defaults")
    top = float(max(table["told"].max(), table["observed_high"].max())) * 1.05
    spread = np.abs(table[["observed_low", "observed_high"]].to_numpy().T - table["observed"].to_numpy())
    axes.plot([0, top], [0, top], color=_GREY, linewidth=1)
    axes.errorbar(table["told"], table["observed"], yerr=spread, fmt="o", color=_BLUE, markersize=3, linewidth=1)
    return figure


def _gains(table: pd.DataFrame) -> "Figure":
    figure, axes = _axes(3.8, "Capture and lift", "decile of the score, riskiest first", "share of defaults caught")
    axes.plot([0, *table["decile"]], [0, *table["capture"]], color=_BLUE, marker="o", markersize=3, linewidth=1)
    axes.plot([0, table["decile"].max()], [0, 1], color=_GREY, linewidth=1)
    for decile, capture, lift in zip(table["decile"], table["capture"], table["lift"], strict=True):
        axes.annotate(f"{lift:.1f}x", (decile, capture), fontsize=6, ha="center", va="top", xytext=(3, -4),
                      textcoords="offset points", color=_RED)  # fmt: skip
    return figure


def _vintages(table: pd.DataFrame) -> "Figure":
    known = table[table["auc"].notna()]
    figure, axes = _axes(5.0, "AUC by vintage", "", "AUC")
    spread = np.abs(known[["auc_low", "auc_high"]].to_numpy().T - known["auc"].to_numpy())
    axes.errorbar(range(len(known)), known["auc"], yerr=spread, fmt="o", color=_BLUE, markersize=3, linewidth=1)
    axes.axhline(0.5, color=_GREY, linewidth=1)
    axes.set_xticks(range(len(known)), known["part"].astype(str), rotation=60)
    return figure


def _png(figure: "Figure") -> bytes:
    buffer = io.BytesIO()
    # Without the library's version inside: equal reports are equal bytes.
    figure.savefig(buffer, format="png", dpi=80, metadata={"Software": None})
    return buffer.getvalue()
