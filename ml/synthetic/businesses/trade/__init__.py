"""What is invoiced and declared: sales, purchases, trade within the set, fraud, returns."""
