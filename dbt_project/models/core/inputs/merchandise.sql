{{ union_sources('merchandise') }}
