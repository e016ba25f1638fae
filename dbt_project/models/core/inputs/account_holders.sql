{{ union_sources('account_holders') }}
