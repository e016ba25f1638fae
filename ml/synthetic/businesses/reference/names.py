"""Given and family names, words of firms and streets; combined at random, so a likeness to anybody is chance."""

import numpy as np


def _words(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=object)


FEMALE_NAMES = _words(
    "Priya Anjali Sunita Kavita Lakshmi Meena Pooja Neha Deepa Rekha Asha Geeta Nisha Radha Shanti Usha Vandana "
    "Swati Sneha Ritu Shalini Padma Jyoti Kiran Lata Manju Nandini Farida Ayesha Harpreet Gurleen Divya Ishita "
    "Revathi Sangeeta"
)
MALE_NAMES = _words(
    "Rajesh Suresh Amit Vijay Ramesh Sanjay Anil Manoj Rahul Arun Deepak Ashok Mahesh Prakash Ravi Sunil Vikram "
    "Karthik Ganesh Naveen Harish Mohan Dinesh Gopal Imran Salim Gurpreet Harjit Arjun Rohan Nikhil Srinivas "
    "Murugan Joseph Tapan"
)
FAMILY_NAMES = _words(
    "Sharma Patel Gupta Singh Kumar Reddy Iyer Nair Mehta Shah Joshi Desai Agarwal Jain Verma Rao Pillai Menon "
    "Das Ghosh Banerjee Mukherjee Chatterjee Khan Ansari Kulkarni Patil Deshmukh Naidu Chowdhury Bhatt Trivedi "
    "Mishra Tiwari Yadav Kaur Gill Sethi Malhotra Kapoor Bansal Goel Saxena Srivastava Hegde Shetty Gowda Rajan "
    "Subramanian Fernandes Thomas"
)
FIRM_WORDS = _words(
    "Shree Sai Ganesh Lakshmi Balaji Krishna Bharat Hindustan National Royal Star Sunrise Metro Apex Prime Global "
    "Om Durga Maruti Annapurna Saraswati Vinayak Everest Ganga Godavari Malabar Deccan Konark Ajanta Navbharat "
    "Swastik"
)
FIRM_KINDS = _words("Traders Enterprises Industries Agencies Sons Associates Corporation Distributors Suppliers Exim")
STREETS = np.array(
    ["MG Road", "Station Road", "Gandhi Nagar", "Nehru Street", "Market Yard", "Industrial Estate", "Ring Road",
     "Main Bazaar", "Temple Street", "Lal Bahadur Marg", "Tilak Road", "Cotton Market", "Subhash Chowk",
     "Old Bus Stand Road", "Link Road", "GIDC Phase 2", "Sector 14", "Anna Salai", "Park Street", "Civil Lines"],
    dtype=object,
)  # fmt: skip
FOREIGN_BUYERS = np.array(
    ["Brightwell Imports Ltd", "Nordhaus Handel GmbH", "Al Noor General Trading LLC", "Pacific Crest Wholesale Inc",
     "Maison Delcourt SARL", "Kobe Harbour Trading KK", "Lagos Gate Stores Ltd", "Southern Cross Supply Pty"],
    dtype=object,
)  # fmt: skip
LENDERS = np.array(
    ["Sahyadri Finance", "Udyam Capital", "Vyapar Credit", "Setu Lending", "Pragati NBFC", "Nirman Bank"], dtype=object
)
OWN_BANK = "Own bank"  # the lender whose loans are in the files of the bank
INSURERS = np.array(
    ["Suraksha General", "Bharosa Insurance", "Kavach Assurance", "Jeevan Raksha", "Nav Bharat General"], dtype=object
)
FUNDS = np.array(
    ["Bluechip Equity", "Midcap Opportunities", "Index Nifty", "Corporate Bond", "Short Duration Debt", "Gilt",
     "Balanced Advantage", "Aggressive Hybrid", "Multi Asset"],
    dtype=object,
)  # fmt: skip
FUND_CATEGORY = np.repeat(np.arange(3), 3)  # of FUNDS: EQUITY, DEBT, HYBRID
FUND_HOUSES = np.array(["Ashoka", "Himadri", "Sagar", "Vindhya"], dtype=object)
BUYER_APPS = np.array(["Paytm", "Magicpin", "Mystore", "Pincode", "Snapdeal", "Ola"], dtype=object)
PURPOSES = np.array(["WORKING_CAPITAL", "EQUIPMENT", "EXPANSION", "INVENTORY", "INVOICE_FINANCE"], dtype=object)


def pick(rng: np.random.Generator, words: np.ndarray, size: int | tuple[int, ...]) -> np.ndarray:
    """Words at random; those at the front of the list are the commonest."""
    return words[(rng.random(size) ** 1.3 * len(words)).astype(np.int64)]
