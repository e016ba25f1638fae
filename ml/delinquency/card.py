"""The model card: one Markdown document with pictures, for validators, auditors and whoever uses a score.

Its main headings are the topics of the current US guidance on model risk management: SR letter 26-2 of the Federal
Reserve, OCC Bulletin 2026-13 and FDIC FIL-15-2026, all of 17 April 2026, which replaced SR 11-7 and OCC 2011-12. The
topics are those that the OCC's bulletin lists in its highlights, of which an excerpt was seen on 2026-11-28
(https://www.occ.treas.gov/news-issuances/bulletins/2026/bulletin-2026-13.html): model risk and its management, model
development and use, validation and monitoring, governance and controls, vendor and other third-party products. Which
section answers which topic is our own, cautious reading; the guidance itself was not at hand, and nothing of it is
quoted.
"""

import base64
import json
from pathlib import Path
from typing import Any

from ml.delinquency.card_figures import monitoring, validation
from ml.delinquency.card_pictures import card_pictures
from ml.delinquency.card_sections import development, governance, limitations, overview, third_parties, use
from ml.delinquency.card_text import escape, percent
from ml.delinquency.model import TrainedModel
from ml.delinquency.report import Report

CARD, REPORT = "card.md", "report.json"
# Larger pictures are named, not embedded: a materialisation's metadata is read with every page that lists it.
_LARGEST_INLINE_BYTES = 60_000


def write_card(report: Report, model: TrainedModel, folder: Path, *, catalogue: Any = None) -> Path:
    """Write ``card.md``, its pictures and ``report.json`` to a folder; equal input writes equal bytes.

    Parameters
    ----------
    report : Report
        Of this model.
    model : TrainedModel
        Gives features, data window, configuration and notes.
    folder : Path
        Made where it is not there; files of the same names are replaced.
    catalogue : mapping or Catalogue, optional
        Gives the features' categories.

    Returns
    -------
    Path
        The card.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = card_pictures(report)
    for name, (png, _) in pictures.items():
        (folder / name).write_bytes(png)
    links = {name: f"![{description}]({name})" for name, (_, description) in pictures.items()}
    card = folder / CARD
    card.write_text(_card(report, model, catalogue, links), encoding="utf-8")
    told = json.dumps(report.to_dict(), indent=2, sort_keys=True, allow_nan=False)
    (folder / REPORT).write_text(told + "\n", encoding="utf-8")
    return card


def card_markdown(report: Report, model: TrainedModel, *, catalogue: Any = None) -> str:
    """The card as one text, its pictures inside as data URLs where they are small: for Dagster's metadata."""
    links = {}
    for name, (png, description) in card_pictures(report).items():
        small = len(png) <= _LARGEST_INLINE_BYTES
        encoded = base64.b64encode(png).decode("ascii") if small else ""
        links[name] = f"![{description}](data:image/png;base64,{encoded})" if small else f"({description}: {name})"
    return _card(report, model, catalogue, links)


def _card(report: Report, model: TrainedModel, catalogue: Any, pictures: dict[str, str]) -> str:
    sections = [
        _head(report),
        overview(report, model),
        development(report, model, catalogue),
        use(report),
        validation(report, pictures),
        monitoring(report, pictures),
        governance(report, model),
        third_parties(),
        limitations(report),
    ]
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _head(report: Report) -> str:
    figures = report.figures
    passed = all(rule["passed"] for rule in figures["gate"])
    return f"""# Model card: {escape(figures["model_name"])}

{"Passes" if passed else "**Does not pass**"} its gate. {figures["bad"]:,} defaults in {figures["rows"]:,} rows
({percent(figures["base_rate"])}) of {figures["people"]:,} people that the model has not learnt from. AUC
{report.interval("auc")}, calibration slope {report.interval("calibration_slope")}, Brier skill
{report.interval("brier_skill")}. In brackets: 95 % intervals.

The main headings are the topics of the US guidance on model risk management of 17 April 2026 (SR 26-2, OCC Bulletin
2026-13), which replaced SR 11-7. Which section answers which topic is our reading; nothing is quoted."""
