{{ union_sources('districts') }}
