"""The bank's products and who holds them."""

import numpy as np

# code, name, category, interest rate a year in percent, fee a month in dollars
PRODUCTS = (
    ("CHK", "Checking Account", "DEPOSIT", 0.10, 8.00),
    ("SAV", "Savings Account", "DEPOSIT", 3.60, 0.00),
    ("BCH", "Business Checking", "DEPOSIT", 0.00, 15.00),
    ("INV", "Investment Account", "INVESTMENT", 0.00, 5.00),
    ("CRD", "Credit Card", "CREDIT", 22.90, 0.00),
    ("PRC", "Premium Credit Card", "CREDIT", 19.90, 25.00),
    ("MTG", "Mortgage", "LOAN", 6.30, 0.00),
    ("AUT", "Auto Loan", "LOAN", 7.40, 0.00),
    ("PER", "Personal Loan", "LOAN", 13.40, 0.00),
)
CHECKING, SAVINGS, BUSINESS, INVESTMENT, CARD, PREMIUM_CARD, MORTGAGE, AUTO, PERSONAL = range(len(PRODUCTS))
IS_OWED = np.array([category in ("CREDIT", "LOAN") for _, _, category, _, _ in PRODUCTS])
# Share of Mass Market, Affluent, Premium and Business customers that hold a product beside their checking account.
HOLDINGS = {
    SAVINGS: (0.62, 0.80, 0.85, 0.50),
    BUSINESS: (0.00, 0.00, 0.00, 1.00),
    INVESTMENT: (0.08, 0.45, 0.75, 0.25),
    CARD: (0.55, 0.60, 0.20, 0.45),
    PREMIUM_CARD: (0.00, 0.30, 0.75, 0.15),
}
