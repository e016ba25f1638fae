"""Names of the arrays that generators pass around."""

from typing import Any

import numpy as np

# What the elements are is said for the reader; numpy's stubs are too narrow for sums and selections of them.
IntArray = np.ndarray[Any, Any]
FloatArray = np.ndarray[Any, Any]
BoolArray = np.ndarray[Any, Any]
