{{ union_sources('households') }}
