def customer_features(*a, **k): return {}
