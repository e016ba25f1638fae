-- A pair is ordered by the bytes of its two identifiers, as Python sorts them, whatever the collation of the database.
-- depends: 0003.ml 0008.identity 0009.linkage

set local role assay_ml;

alter table ml.match_edges drop constraint if exists a_pair_has_one_order;
alter table ml.match_edges add constraint a_pair_has_one_order
check (party_id_a collate "C" < party_id_b collate "C");

alter table ml.linkage_edges drop constraint if exists a_pair_has_one_order;
alter table ml.linkage_edges add constraint a_pair_has_one_order
check (party_id_a collate "C" < party_id_b collate "C");

set local role assay_ops;

alter table ops.identity_overrides drop constraint if exists a_pair_has_one_order;
alter table ops.identity_overrides add constraint a_pair_has_one_order
check (party_id_a collate "C" < party_id_b collate "C");

reset role;
