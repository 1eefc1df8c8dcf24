"""An economy for direct mechanisms."""

from deviator.economies import linear_quadratic

GENERAL = linear_quadratic(
    [[1.1, 0.2, 0, 0.1], [0.1, 0.9, 0.1, 0], [0, 0.1, 1, 0.1], [0.2, 0, 0.1, 1.2]],
    [1.0, 1.3, 0.8, 1.1],
    [0.3, -0.2, 0.0, 0.5],
)
