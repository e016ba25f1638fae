"""The landing tables of the three sources, columns as the contracts name them."""
