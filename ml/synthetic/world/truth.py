"""What no source system knows: who is who, who is under stress, which benefits were tampered with.

It is written beside the landing files, never into the warehouse; only evaluations read it. Rows come with the day on
which they become true, so that a truth continued day by day is the truth of the world continued.
"""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ml.synthetic.columns import DAY, codes, dates, days_column, numbers
from ml.synthetic.world.config import FAR
from ml.synthetic.world.population import RELATIONS
from ml.synthetic.world.sources import crm

if TYPE_CHECKING:
    from ml.synthetic.world.timeline import Timeline


def truth_tables(timeline: "Timeline") -> dict[str, pa.Table]:
    """People, their records in the sources, episodes of stress, anomalies; fraud comes with the ledger's months."""
    return {
        "people": _people(timeline),
        "records": _records(timeline),
        "stress_episodes": _episodes(timeline),
        "anomalies": timeline.benefits.anomalies(timeline.population),
    }


def _people(timeline: "Timeline") -> pa.Table:
    people = timeline.population
    twin = people.twin_of
    return pa.table(
        {
            "person": numbers(people.first_person + np.arange(people.people)),
            "household_no": numbers(people.household_no),
            "relation": codes(people.relation, RELATIONS),
            "birth_date": dates(people.birth_day),
            "death_date": dates(np.where(people.death_day < FAR, people.death_day, 0), missing=people.death_day == FAR),
            "moved_on": dates(np.where(people.move_day < FAR, people.move_day, 0), missing=people.move_day == FAR),
            "twin": numbers(people.first_person + twin, missing=twin < 0),
            DAY: days_column(np.full(people.people, timeline.config.start_day)),
        }
    )


def _records(timeline: "Timeline") -> pa.Table:
    people = timeline.population
    known = crm.records(timeline.config, people)
    bank, registry = np.flatnonzero(people.in_bank), np.flatnonzero(people.in_registry)
    person = np.concatenate([bank, known.person, registry])
    source = np.repeat(np.arange(3), [len(bank), len(known.person), len(registry)])
    day = np.concatenate([people.customer_since[bank], known.created_day, people.registered_day[registry]])
    number = np.concatenate([people.customer_no[bank], known.crm_id, people.beneficiary_no[registry]])
    return pa.table(
        {
            "person": numbers(people.first_person + person),
            "source": codes(source, ("core_banking", "crm", "benefit_registry")),
            "record_no": numbers(number),
            DAY: days_column(day),
        }
    )


def _episodes(timeline: "Timeline") -> pa.Table:
    stress = timeline.stress
    return pa.table(
        {
            "person": numbers(timeline.population.first_person + stress.person),
            "customer_no": numbers(
                timeline.population.customer_no[stress.person], missing=~timeline.population.in_bank[stress.person]
            ),
            "onset_on": dates(stress.onset_day),
            "ends_on": dates(stress.end_day),
            "peak": pa.array(stress.peak),
            "leads_to_default": pa.array(stress.leads_to_default),
            DAY: days_column(stress.onset_day),
        }
    )
