"""All that is decided about a block for the whole horizon, made part by part in the order of cause and effect."""

from dataclasses import dataclass

from ml.synthetic.world.accounts import Accounts, make_accounts
from ml.synthetic.world.benefits.programme import Benefits, make_benefits
from ml.synthetic.world.config import WorldConfig
from ml.synthetic.world.identities import Identities, make_identities
from ml.synthetic.world.ledger.habits import Habits, make_habits
from ml.synthetic.world.lending import Lending, make_lending
from ml.synthetic.world.population import Population, make_population
from ml.synthetic.world.stress import Stress, make_stress


@dataclass(frozen=True)
class Timeline:
    """One block: a pure function of the world's identity and the block's number, never of ``until``."""

    config: WorldConfig
    population: Population
    identities: Identities
    accounts: Accounts
    stress: Stress
    lending: Lending
    habits: Habits
    benefits: Benefits


def make_timeline(config: WorldConfig, block: int) -> Timeline:
    """Build the parts of a block."""
    population = make_population(config, block)
    accounts = make_accounts(config, population)
    stress = make_stress(config, population, accounts.grants)
    return Timeline(
        config=config,
        population=population,
        identities=make_identities(config, population),
        accounts=accounts,
        stress=stress,
        lending=make_lending(config, population, accounts, stress),
        habits=make_habits(config, population, accounts),
        benefits=make_benefits(config, population, accounts, stress),
    )
