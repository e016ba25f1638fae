"""Assets, one module a stage. Each is thin: read, call ``ml/`` or dbt, write, return metadata (counts and ids only)."""
