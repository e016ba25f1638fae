{{ union_sources('loans') }}
