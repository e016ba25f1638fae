{{ union_sources('scheme_rule_versions') }}
