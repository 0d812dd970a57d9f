"""The exponential of matrices, by scaling and squaring of a rational function (N. Higham, SIAM J. Matrix Anal. Appl. 26, 2005)."""
from __future__ import annotations

import numpy as np

# The Padé approximant of degree 13: its coefficients, and the norm up to which it is exact to the last place of float64.
B = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0, 10559470521600.0, 670442572800.0,
    33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
LARGEST = 5.371920351148152


def exponential(a):
    """e^A of each matrix."""
    one = np.eye(a.shape[-1], dtype=a.dtype)
    size = np.abs(a).sum(-2).max(-1, initial=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        halvings = np.ceil(np.log2(size / LARGEST))
    halvings = np.where(np.isfinite(halvings), np.maximum(halvings, 0), 0)
    a = a * np.exp2(-halvings[..., None, None]).astype(size.dtype)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a @ (a6 @ (B[13] * a6 + B[11] * a4 + B[9] * a2) + B[7] * a6 + B[5] * a4 + B[3] * a2 + B[1] * one)
    even = a6 @ (B[12] * a6 + B[10] * a4 + B[8] * a2) + B[6] * a6 + B[4] * a4 + B[2] * a2 + B[0] * one
    y = np.linalg.solve(even - odd, even + odd)
    for i in range(int(halvings.max(initial=0))):
        left = i < halvings
        y[left] = y[left] @ y[left]
    return y
