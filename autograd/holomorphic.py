"""The ops that have a complex derivative in each of their array arguments, so that their rules hold for complex numbers too.

Sums, products and quotients of the numbers, powers, series, and whatever only moves, selects or joins them. See autograd/ops/complex.py.
"""

HOLOMORPHIC = frozenset(
    """
    """.split()
)
