{{ union_sources('beneficiaries') }}
