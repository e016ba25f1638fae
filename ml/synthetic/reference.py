"""Constants of the sample: cities, merchants, names, occupations. No randomness and no dates here."""

import numpy as np
import pandas as pd


def _words(text: str) -> np.ndarray:
    return np.array(text.split())


# city, state, state name, region, division, latitude, longitude, area code, postcode, weight,
# average salary a month, unemployment percent
_CITIES = [
    ("New York", "NY", "New York", "Northeast", "Middle Atlantic",
     40.7128, -74.0060, "212", "10001", 14, 6100, 4.9),
    ("Houston", "TX", "Texas", "Southwest", "West South Central",
     29.7604, -95.3698, "713", "77002", 9, 5200, 4.3),
    ("Los Angeles", "CA", "California", "West", "Pacific", 34.0522, -118.2437, "213", "90012", 9, 5600, 5.4),
    ("Chicago", "IL", "Illinois", "Midwest", "East North Central",
     41.8781, -87.6298, "312", "60601", 8, 5300, 4.8),
    ("Philadelphia", "PA", "Pennsylvania", "Northeast", "Middle Atlantic",
     39.9526, -75.1652, "215", "19103", 7, 5100, 4.4),
    ("Atlanta", "GA", "Georgia", "Southeast", "South Atlantic",
     33.7490, -84.3880, "404", "30303", 6, 5000, 3.6),
    ("Dallas", "TX", "Texas", "Southwest", "West South Central",
     32.7767, -96.7970, "214", "75201", 6, 5300, 4.0),
    ("Miami", "FL", "Florida", "Southeast", "South Atlantic",
     25.7617, -80.1918, "305", "33130", 6, 4700, 3.1),
    ("Phoenix", "AZ", "Arizona", "Southwest", "Mountain", 33.4484, -112.0740, "602", "85004", 5, 4900, 3.7),
    ("Minneapolis", "MN", "Minnesota", "Midwest", "West North Central",
     44.9778, -93.2650, "612", "55401", 4, 5500, 3.0),
    ("Boston", "MA", "Massachusetts", "Northeast", "New England",
     42.3601, -71.0589, "617", "02108", 4, 6400, 3.5),
    ("Seattle", "WA", "Washington", "West", "Pacific", 47.6062, -122.3321, "206", "98101", 4, 6600, 4.2),
    ("Denver", "CO", "Colorado", "West", "Mountain", 39.7392, -104.9903, "303", "80202", 4, 5700, 3.9),
    ("Detroit", "MI", "Michigan", "Midwest", "East North Central",
     42.3314, -83.0458, "313", "48226", 4, 4600, 7.6),
    ("Charlotte", "NC", "North Carolina", "Southeast", "South Atlantic",
     35.2271, -80.8431, "704", "28202", 4, 5000, 3.4),
    ("Columbus", "OH", "Ohio", "Midwest", "East North Central",
     39.9612, -82.9988, "614", "43215", 3, 4900, 4.1),
    ("San Antonio", "TX", "Texas", "Southwest", "West South Central",
     29.4241, -98.4936, "210", "78205", 3, 4400, 3.9),
    ("Portland", "OR", "Oregon", "West", "Pacific", 45.5152, -122.6784, "503", "97204", 3, 5400, 4.3),
]  # fmt: skip

_MERCHANTS = {
    "Grocery": (
        "Greenfield Market,Corner Pantry,Harvest Foods,Daily Basket,Sunrise Grocers,Maple Food Hall,Value Larder"
    ),
    "Restaurant": (
        "Blue Plate Diner,Noodle Yard,Casa Verde,Bagel Works,Harbor Grill,Curry Lane,Pizza Corner,Java Stop"
    ),
    "Gas Station": "Route Fuel,Lakeside Gas,Metro Petrol,Highway Stop,Pioneer Fuel",
    "Retail": "Hearth & Home,Urban Threads,Toolshed,Bright Electronics,Shoe Depot,Paper Lantern",
    "Online Shopping": "ParcelPort,ClickBazaar,GadgetNest,BookRiver,WearOnline",
    "Entertainment": "Cinema Nine,StreamBox,Arcade Hall,City Theatre,TuneCast",
    "Healthcare": "Riverside Clinic,Family Dental,CarePoint Pharmacy,Vision Center",
    "Services": "QuickClean,Barber & Co,AutoCare Garage,HomeFix,Pet Groomers",
    "Travel": "SkyWays Air,Coastal Rail,StayInn Hotels,TripPlanner",
    "Utilities": "City Power,Clearwater Utility,Northern Gas,FiberLine Telecom,WasteAway",
    "Gambling": "Lucky Seven Casino,BetNow,Spin Palace,Riverboat Slots",
}

# Purchases a month, median amount in dollars, share that can be bought remotely, share bought abroad.
PURCHASES = pd.DataFrame(
    [
        ("Grocery", 3.4, 84.0, 0.12, 0.03),
        ("Restaurant", 2.5, 44.0, 0.15, 0.08),
        ("Gas Station", 1.7, 52.0, 0.02, 0.02),
        ("Retail", 1.2, 92.0, 0.10, 0.06),
        ("Online Shopping", 1.5, 74.0, 1.00, 0.10),
        ("Entertainment", 0.8, 42.0, 0.60, 0.06),
        ("Healthcare", 0.4, 140.0, 0.10, 0.00),
        ("Services", 0.45, 105.0, 0.25, 0.01),
        ("Travel", 0.22, 420.0, 0.70, 0.30),
    ],
    columns=["category", "monthly", "median_amount", "remote_share", "abroad_share"],
)

# Occupation: median income a year in dollars, weight among those of working age.
OCCUPATIONS = pd.DataFrame(
    [
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
        ("Business Owner", 82_000, 9),
        ("Unemployed", 17_000, 4),
    ],
    columns=["occupation", "median_income", "weight"],
)

FEMALE_NAMES = _words(
    "Emma Olivia Ava Sophia Mia Amelia Harper Evelyn Abigail Emily Ella Grace Chloe Nora Hazel Aurora "
    "Lucy Anna Maya Leah Ruth Rosa Elena Priya Aisha Mei Carmen Ingrid Naomi Teresa"
)
MALE_NAMES = _words(
    "Liam Noah Oliver James Lucas Mason Ethan Logan Jacob Jack Aiden Samuel David Joseph Carter Owen "
    "Wyatt Luke Henry Isaac Diego Omar Raj Wei Andre Marco Peter Victor Hugo Felix"
)
LAST_NAMES = _words(
    "Smith Johnson Brown Garcia Miller Davis Martinez Lopez Wilson Anderson Thomas Taylor Moore "
    "Jackson Lee Perez White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Torres "
    "Nguyen Hill Flores Green Adams Nelson Baker Rivera Campbell Mitchell Carter Roberts Gomez "
    "Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook "
    "Rogers Patel Kim Chen Shah"
)
STREETS = _words("Maple Oak Cedar Pine Elm Washington Lake Hill Park Main Church Mill River Spring Walnut")


def districts() -> pd.DataFrame:
    """The cities the bank works in, one row each, with area code and sampling weight."""
    columns = [
        "city",
        "state",
        "state_name",
        "region",
        "division",
        "latitude",
        "longitude",
        "area_code",
        "postcode",
    ]
    frame = pd.DataFrame(_CITIES, columns=[*columns, "weight", "average_salary", "unemployment_rate"])
    frame.insert(0, "district_no", np.arange(1, len(frame) + 1))
    return frame


def merchants() -> pd.DataFrame:
    """The merchants, one row each."""
    rows = [(name, category) for category, names in _MERCHANTS.items() for name in names.split(",")]
    frame = pd.DataFrame(rows, columns=["merchant_name", "category"])
    frame.insert(0, "merchant_no", np.arange(1001, 1001 + len(frame)))
    return frame
