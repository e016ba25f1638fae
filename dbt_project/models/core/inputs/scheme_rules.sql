{{ union_sources('scheme_rules') }}
