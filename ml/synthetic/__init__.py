"""Generated populations, seeded: people in ``world``, small businesses in ``businesses``.

What both need to write landing files (days, Arrow columns, manifests, writers) stands beside the two folders.
"""
