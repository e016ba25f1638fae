{{ union_sources('scheme_master') }}
