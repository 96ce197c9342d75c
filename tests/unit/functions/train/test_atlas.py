"""How training draws the atlas: the same for the same seed, near where near in truth, and of very few too."""

import numpy as np
import pytest

from functions.train.atlas import draw_atlas
from portfolio_twin.domain.arrays import Matrix


def groups(n: int, count: int = 3) -> Matrix:
    """(n, 16) unit vectors in so many far groups, one after the other by turns."""
    rng = np.random.default_rng(0)
    vectors = np.eye(16)[np.arange(n) % count] + rng.normal(0, 0.05, (n, 16))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_what_is_alike_is_drawn_together_and_the_figure_says_so() -> None:
    drawn = draw_atlas(groups(90), seed=1)
    points = drawn.places.astype(float)
    gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
    same = (np.arange(90) % 3)[:, None] == (np.arange(90) % 3)[None]
    assert gaps[same].mean() < 0.5 * gaps[~same].mean()
    assert drawn.trustworthiness_at_10 is not None
    assert 0.8 < drawn.trustworthiness_at_10 <= 1
    assert (drawn.landmarks, drawn.placed, drawn.method) == (90, 0, "t-SNE of 90 properties")
    assert draw_atlas(groups(90), seed=1).places.tolist() == drawn.places.tolist()


def test_beyond_the_landmarks_everybody_is_put_beside_their_nearest() -> None:
    drawn = draw_atlas(groups(120), seed=1, landmarks=60)
    assert (drawn.landmarks, drawn.placed) == (60, 60)
    assert drawn.method == "t-SNE of 60 properties, 60 put beside their nearest five"
    assert (drawn.trustworthiness_at_10 or 0) > 0.8


@pytest.mark.parametrize("n", [1, 2, 4])
def test_of_very_few_properties_there_is_an_atlas_too(n: int) -> None:
    drawn = draw_atlas(groups(n), seed=0)
    assert drawn.places.shape == (n, 2)
    assert drawn.trustworthiness_at_10 is None
    assert drawn.method == f"two principal components of {n} properties"
