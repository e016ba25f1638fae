"""What people do and earn: occupation, median gross income a year in dollars, weight among those of working age."""

import numpy as np

OCCUPATIONS = (
    ("Retail Clerk", 34_000, 12),
    ("Driver", 46_000, 9),
    ("Office Assistant", 50_000, 16),
    ("Teacher", 58_000, 11),
    ("Technician", 60_000, 12),
    ("Nurse", 68_000, 9),
    ("Engineer", 104_000, 9),
    ("Manager", 122_000, 7),
    ("Lawyer", 175_000, 2),
    ("Physician", 225_000, 2),
    ("Business Owner", 82_000, 6),
    ("Freelancer", 52_000, 5),
    ("Unemployed", 16_000, 5),
    ("Homemaker", 8_000, 4),
    ("Student", 9_000, 0),
    ("Retired", 31_000, 0),
    ("Child", 0, 0),
)
NAMES = tuple(row[0] for row in OCCUPATIONS)
MEDIAN_INCOME = np.array([row[1] for row in OCCUPATIONS], dtype=float)
WEIGHTS = np.array([row[2] for row in OCCUPATIONS], dtype=float) / sum(row[2] for row in OCCUPATIONS)
BUSINESS_OWNER, FREELANCER, UNEMPLOYED, HOMEMAKER, STUDENT, RETIRED, CHILD = (
    NAMES.index(name)
    for name in ("Business Owner", "Freelancer", "Unemployed", "Homemaker", "Student", "Retired", "Child")
)
