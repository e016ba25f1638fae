{{ union_sources('outcomes') }}
