"""What all of linear algebra asks of its matrices, and which of a batch it was that LAPACK refused."""
from __future__ import annotations

import numpy as np

from autograd.errors import DtypeError, LinAlgError, ShapeError, message


def matrices(name, a, *, square=False):
    """The array a, if it holds matrices of numbers that LAPACK computes with.

    A traced array refuses to become a plain one: a kernel that begins here is one instruction of a compiled program.
    """
    checked_dtype(name, a)
    if a.ndim < 2 or (square and a.shape[-1] != a.shape[-2]):
        required = f"{'square matrices' if square else 'matrices'} in the last two dims are required"
        raise ShapeError(message(name, required, f"shape {tuple(a.shape)}", "select, reshape or unsqueeze"))
    return np.asarray(a)


def checked_dtype(name, *arrays):
    """Refuse what is not of one floating-point dtype."""
    for a in arrays:
        if a.dtype.kind not in "fc" or a.dtype == np.float16:
            required = "float32, float64, complex64 or complex128 is required"
            raise DtypeError(message(name, required, str(a.dtype), "convert first: x.float()"))
        if a.dtype != arrays[0].dtype:
            given = f"{arrays[0].dtype} and {a.dtype}"
            raise DtypeError(message(name, "one dtype is required", given, "convert one of them: x.to(y.dtype)"))


def one_by_one(function, *arrays):
    """(function of a batch of matrices, NaN for each that LAPACK refuses; the batch indices of these).

    The result of one matrix has the shape of the last array.
    """
    try:
        return function(*arrays), []
    except np.linalg.LinAlgError:
        batch, refused = np.broadcast_shapes(*(x.shape[:-2] for x in arrays)), []
    parts = [np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in arrays]
    y = np.full(parts[-1].shape, np.nan, arrays[-1].dtype)
    for index in np.ndindex(batch):
        try:
            y[index] = function(*(x[index] for x in parts))
        except np.linalg.LinAlgError:
            refused.append(index)
    return y, refused


def refuse(name, required, given, refused, remedy):
    """Raise for the first matrix of a batch that was refused."""
    index = ", ".join(map(str, refused[0]))
    raise LinAlgError(message(name, f"{required} is required", given + (f" at batch index ({index})" if index else ""), remedy))
