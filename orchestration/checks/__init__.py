"""Asset checks on what Python writes; the tables that dbt writes are checked by dbt tests. One rule has one home."""
