"""Places, names and sectors of India that the businesses are made from."""
