"""What account aggregators and open networks know: funds, policies, applications for loans, orders."""
