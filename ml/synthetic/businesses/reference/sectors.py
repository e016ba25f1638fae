"""Sectors: the GST rate of what they sell and buy, how much goes to other firms, how often they occur; ours."""

import numpy as np

# sector, rate of sales %, rate of purchases %, share of sales to firms, weight, category of its ONDC orders
_SECTORS = (
    ("Retail", 12, 12, 0.30, 20, "Home & Kitchen"),
    ("Wholesale", 18, 18, 0.80, 14, "Electronics"),
    ("Manufacturing", 18, 18, 0.78, 18, "Hardware"),
    ("Food", 5, 5, 0.38, 12, "Grocery"),
    ("Textiles", 5, 5, 0.60, 13, "Fashion"),
    ("Services", 18, 18, 0.70, 11, "Services"),
    ("Transport", 12, 18, 0.72, 7, "Logistics"),
    ("Construction", 18, 18, 0.74, 5, "Building Materials"),
)
SECTORS = tuple(each[0] for each in _SECTORS)
RATE_OUT = np.array([each[1] for each in _SECTORS])
RATE_IN = np.array([each[2] for each in _SECTORS])
B2B_SHARE = np.array([each[3] for each in _SECTORS])
WEIGHT = np.array([each[4] for each in _SECTORS], dtype=np.float64)
ORDER_CATEGORY = tuple(each[5] for each in _SECTORS)
RETAIL, WHOLESALE, MANUFACTURING, FOOD, TEXTILES, SERVICES, TRANSPORT, CONSTRUCTION = range(8)
