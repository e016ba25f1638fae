{{ union_sources('scheme_terms') }}
