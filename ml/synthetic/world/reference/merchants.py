"""Merchants by category, and how often and how much people buy of each."""

import numpy as np
import pyarrow as pa

from ml.synthetic.columns import DAY, codes, days_column, numbers
from ml.synthetic.world.config import WorldConfig

_NAMES = {
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


_FIRST_NO = 1001
NAMES = tuple(name for names in _NAMES.values() for name in names.split(","))
CATEGORIES = tuple(_NAMES)
CATEGORY_OF = np.array([row for row, names in enumerate(_NAMES.values()) for _ in names.split(",")])
MERCHANT_NO = _FIRST_NO + np.arange(len(NAMES))
# First merchant and number of merchants of each category.
FIRST_OF = np.array([int(MERCHANT_NO[row == CATEGORY_OF][0]) for row in range(len(CATEGORIES))])
COUNT_OF = np.bincount(CATEGORY_OF)
GAMBLING, UTILITIES = CATEGORIES.index("Gambling"), CATEGORIES.index("Utilities")

# Category, purchases a month, median amount in dollars, share that can be bought remotely, share bought abroad.
_PURCHASES = (
    ("Grocery", 8.0, 42.0, 0.12, 0.03),
    ("Restaurant", 6.4, 24.0, 0.15, 0.08),
    ("Gas Station", 3.2, 36.0, 0.02, 0.02),
    ("Retail", 1.7, 58.0, 0.10, 0.06),
    ("Online Shopping", 3.2, 40.0, 1.00, 0.10),
    ("Entertainment", 1.6, 24.0, 0.60, 0.06),
    ("Healthcare", 0.5, 90.0, 0.10, 0.00),
    ("Services", 0.8, 62.0, 0.25, 0.01),
    ("Travel", 0.25, 340.0, 0.70, 0.30),
)
PURCHASE_CATEGORY = np.array([CATEGORIES.index(row[0]) for row in _PURCHASES])
PURCHASE_MONTHLY, PURCHASE_MEDIAN, PURCHASE_REMOTE, PURCHASE_ABROAD = (
    np.array([row[column] for row in _PURCHASES]) for column in range(1, 5)
)
# Factor on the number of purchases by calendar month (1 to 12).
_SEASONS = {
    "Retail": {11: 1.2, 12: 1.6, 1: 0.8},
    "Online Shopping": {11: 1.5, 12: 1.6},
    "Travel": {6: 1.6, 7: 2.0, 8: 1.7, 12: 1.4},
}
SEASON = np.array([[_SEASONS.get(row[0], {}).get(month, 1.0) for row in _PURCHASES] for month in range(1, 13)])


def merchants(config: WorldConfig) -> pa.Table:
    """Merchants, delivered once."""
    return pa.table(
        {
            "merchant_no": numbers(MERCHANT_NO),
            "merchant_name": pa.array(NAMES),
            "category": codes(CATEGORY_OF, CATEGORIES),
            DAY: days_column(np.full(len(NAMES), config.start_day)),
        }
    )
