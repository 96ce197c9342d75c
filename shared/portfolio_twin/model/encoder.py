"""The property tower as serving runs it: numpy, BatchNorm folded into the layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

NORM_FLOOR = 1e-12


def normalise(vectors: Matrix) -> Matrix:
    """Rows (…, d) scaled to L2 norm 1."""
    norms = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    unit: Matrix = vectors / np.maximum(norms, NORM_FLOOR)
    return unit


@dataclass(frozen=True)
class PropertyEncoder:
    """ReLU between the layers, the last one linear and L2-normalised: (n, width) → (n, embedding_dim)."""

    layers: Sequence[tuple[Matrix, Matrix]]  # weight (in, out), bias (out,)

    def __call__(self, X: Matrix) -> Matrix:
        return normalise(self.forward(X)[-1])

    def forward(self, X: Matrix) -> list[Matrix]:
        """The input and the output of every layer: what the gradient of the explanation walks back through."""
        outputs = [X]
        for i, (weight, bias) in enumerate(self.layers):
            h = outputs[-1] @ weight
            h += bias
            if i < len(self.layers) - 1:
                np.maximum(h, 0, out=h)
            outputs.append(h)
        return outputs
