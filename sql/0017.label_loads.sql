-- Which inputs a label was worked out with is written down by day of the grid (features.predelinquency_grid), not in each row.
-- depends: 0001.schemas

set local role assay_dbt;

alter table if exists features.predelinquency_labels drop column if exists load_id;
