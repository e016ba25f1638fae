{{ union_sources('parties') }}
