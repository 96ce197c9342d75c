"""The arrays that the code speaks of, each named once; the shape stands beside the variable."""

from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]  # vectors, features, scores: what the model computes with
Floats = npt.NDArray[np.floating[Any]]  # figures of either precision
Numbers = npt.NDArray[np.int64]  # row numbers, ids of investors, seconds
Mask = npt.NDArray[np.bool_]

DAY_SECONDS = 86_400
