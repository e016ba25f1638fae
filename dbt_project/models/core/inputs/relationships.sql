{{ union_sources('relationships') }}
