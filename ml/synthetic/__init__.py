"""Generated populations, seeded: people and their source systems in ``world``; businesses get a place beside it."""
