"""How dbt is run and shown: the manifest, the runner that turns its events into Dagster's, the naming of assets.

What the models say belongs to ``dbt_project``; which of them run in one step is said in ``orchestration.assets``.
"""
