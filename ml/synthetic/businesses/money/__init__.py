"""What is booked on the accounts: receipts, costs, loans, and what keeps balances where they may be."""
