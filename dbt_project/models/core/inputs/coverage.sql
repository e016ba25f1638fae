{{ union_sources('coverage') }}
