"""The ops that have a complex derivative in each of their array arguments, so that their rules hold for complex numbers too.

Sums, products and quotients of the numbers and of matrices of them, powers, series, and whatever only moves, selects or joins them.
See autograd/ops/complex.py.
"""

NAMES = """
    add sub mul true_divide neg positive lerp keep where masked_fill clone reciprocal square sqrt rsqrt pow
    exp exp2 expm1 log log2 log10 log1p sigmoid sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh sinc
    getitem getitems place setitem embedding cumsum cumprod linear_recurrence sum mean prod
    contiguous reshape view squeeze unsqueeze permute transpose expand join pile cut unbind flip roll pad_constant repeat tril triu
    diagonal on_diagonal diagonal_scatter unfold add_windows
    matmul linear contract convolution convolution_input convolution_weight
    inversion solution triangular_solution cofactors det
"""
HOLOMORPHIC = frozenset(NAMES.split())
