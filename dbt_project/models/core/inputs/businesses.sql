{{ union_sources('businesses') }}
