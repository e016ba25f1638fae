"""Cities with their state, the state's GST code (official list), and the first three digits of their PIN codes."""

import numpy as np

# city, two-letter state, GST state code, PIN prefix, weight
_CITIES = (
    ("Mumbai", "MH", "27", "400", 12), ("Pune", "MH", "27", "411", 7), ("Nagpur", "MH", "27", "440", 3),
    ("Nashik", "MH", "27", "422", 3), ("New Delhi", "DL", "07", "110", 12), ("Bengaluru", "KA", "29", "560", 9),
    ("Mysuru", "KA", "29", "570", 2), ("Hubballi", "KA", "29", "580", 2), ("Chennai", "TN", "33", "600", 8),
    ("Coimbatore", "TN", "33", "641", 5), ("Tiruppur", "TN", "33", "641", 3), ("Madurai", "TN", "33", "625", 2),
    ("Ahmedabad", "GJ", "24", "380", 8), ("Surat", "GJ", "24", "395", 7), ("Rajkot", "GJ", "24", "360", 4),
    ("Vadodara", "GJ", "24", "390", 3), ("Lucknow", "UP", "09", "226", 4), ("Kanpur", "UP", "09", "208", 4),
    ("Noida", "UP", "09", "201", 4), ("Agra", "UP", "09", "282", 2), ("Kolkata", "WB", "19", "700", 7),
    ("Howrah", "WB", "19", "711", 2), ("Jaipur", "RJ", "08", "302", 5), ("Jodhpur", "RJ", "08", "342", 2),
    ("Hyderabad", "TG", "36", "500", 8), ("Vijayawada", "AP", "37", "520", 2), ("Visakhapatnam", "AP", "37", "530", 2),
    ("Kochi", "KL", "32", "682", 3), ("Indore", "MP", "23", "452", 4), ("Bhopal", "MP", "23", "462", 2),
    ("Gurugram", "HR", "06", "122", 4), ("Faridabad", "HR", "06", "121", 3), ("Ludhiana", "PB", "03", "141", 4),
    ("Amritsar", "PB", "03", "143", 2), ("Patna", "BR", "10", "800", 2), ("Bhubaneswar", "OD", "21", "751", 2),
    ("Guwahati", "AS", "18", "781", 2),
)  # fmt: skip
CITY = np.array([each[0] for each in _CITIES], dtype=object)
STATE = np.array([each[1] for each in _CITIES], dtype=object)
GST_STATE = np.array([each[2] for each in _CITIES], dtype=object)
PIN_PREFIX = np.array([each[3] for each in _CITIES], dtype=object)
WEIGHT = np.array([each[4] for each in _CITIES], dtype=np.float64)
WEIGHT /= WEIGHT.sum()
