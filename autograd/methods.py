"""Which op is which method of Tensor. The methods are the ops themselves, with their signatures and docstrings."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from autograd import ops
from autograd.dtypes import boolean, complex64, complex128, float16, float32, float64, int8, int16, int32, int64, uint8
from autograd.errors import GraphError, message
from autograd.inplace import in_place
from autograd.op import Op, Recorder

if TYPE_CHECKING:
    from autograd.tensor import Tensor


def rearranged(function: Callable[..., Any]) -> Callable[..., Any]:
    """The method that gives a tensor itself another shape over the same memory: ``x.unsqueeze_(0)`` from ``unsqueeze``."""
    spec: Op = function.op  # type: ignore[attr-defined]

    @functools.wraps(function)
    def method(self: Tensor, *args: Any, **params: Any) -> Tensor:
        if self.is_leaf and self.requires_grad:
            raise GraphError(message(
                f"{spec.name}_", "a tensor that is not a leaf requiring grad is required", "a leaf", f"use x.{spec.name}(...)",
            ))  # fmt: skip
        result = function(self, *args, **params)
        self._array, self._node, self._view = result._array, result._node, self._view and result._view
        return self

    method.__name__ = method.__qualname__ = spec.name + "_"
    method.__doc__ = f"In-place version of ``{spec.name}``."
    return method


psi_ = in_place(ops.psi)


class Methods(Recorder):
    """The part of Tensor that is ops."""

    __slots__ = ()

    if TYPE_CHECKING:
        to: Callable[..., Tensor]

    # elementwise
    add = ops.add
    add_ = in_place(ops.add)
    sub = subtract = ops.sub
    sub_ = subtract_ = in_place(ops.sub)
    mul = multiply = ops.mul
    mul_ = multiply_ = in_place(ops.mul)
    true_divide = ops.true_divide
    true_divide_ = in_place(ops.true_divide)
    floor_divide = ops.floor_divide
    floor_divide_ = in_place(ops.floor_divide)
    div = divide = ops.div
    div_ = divide_ = in_place(ops.div)
    remainder = ops.remainder
    remainder_ = in_place(ops.remainder)
    fmod = ops.fmod
    fmod_ = in_place(ops.fmod)
    neg = negative = ops.neg
    neg_ = negative_ = in_place(ops.neg)
    positive = ops.positive
    abs = absolute = ops.abs
    abs_ = absolute_ = in_place(ops.abs)
    sign = ops.sign
    sign_ = in_place(ops.sign)
    sgn = ops.sgn
    sgn_ = in_place(ops.sgn)
    lerp = ops.lerp
    lerp_ = in_place(ops.lerp)
    addcmul = ops.addcmul
    addcmul_ = in_place(ops.addcmul)
    addcdiv = ops.addcdiv
    addcdiv_ = in_place(ops.addcdiv)
    floor = ops.floor
    floor_ = in_place(ops.floor)
    ceil = ops.ceil
    ceil_ = in_place(ops.ceil)
    trunc = fix = ops.trunc
    trunc_ = fix_ = in_place(ops.trunc)
    round = ops.round
    round_ = in_place(ops.round)
    frac = ops.frac
    frac_ = in_place(ops.frac)

    def where(self, condition: Any, other: Any) -> Tensor:
        """This tensor where the condition holds, other elsewhere."""
        return ops.where(condition, self, other)

    masked_fill = ops.masked_fill
    masked_fill_ = in_place(ops.masked_fill)
    maximum = ops.maximum
    minimum = ops.minimum
    fmax = ops.fmax
    fmin = ops.fmin
    clamp = clip = ops.clamp
    clamp_ = clip_ = in_place(ops.clamp)
    clamp_min = ops.clamp_min
    clamp_min_ = in_place(ops.clamp_min)
    clamp_max = ops.clamp_max
    clamp_max_ = in_place(ops.clamp_max)
    nan_to_num = ops.nan_to_num
    nan_to_num_ = in_place(ops.nan_to_num)
    copysign = ops.copysign
    copysign_ = in_place(ops.copysign)
    nextafter = ops.nextafter
    nextafter_ = in_place(ops.nextafter)
    heaviside = ops.heaviside
    heaviside_ = in_place(ops.heaviside)

    # complex
    conj = ops.conj
    conj_physical = ops.conj_physical
    conj_physical_ = in_place(ops.conj_physical)
    resolve_conj = ops.resolve_conj
    resolve_neg = ops.resolve_neg
    angle = ops.angle
    adjoint = ops.adjoint
    stft = ops.stft
    istft = ops.istft

    # comparison
    eq = ops.eq
    eq_ = in_place(ops.eq)
    ne = not_equal = ops.ne
    ne_ = not_equal_ = in_place(ops.ne)
    lt = less = ops.lt
    lt_ = less_ = in_place(ops.lt)
    le = less_equal = ops.le
    le_ = less_equal_ = in_place(ops.le)
    gt = greater = ops.gt
    gt_ = greater_ = in_place(ops.gt)
    ge = greater_equal = ops.ge
    ge_ = greater_equal_ = in_place(ops.ge)
    isclose = ops.isclose
    isnan = ops.isnan
    isinf = ops.isinf
    isfinite = ops.isfinite
    isposinf = ops.isposinf
    isneginf = ops.isneginf
    isreal = ops.isreal
    signbit = ops.signbit
    logical_and = ops.logical_and
    logical_and_ = in_place(ops.logical_and)
    logical_or = ops.logical_or
    logical_or_ = in_place(ops.logical_or)
    logical_xor = ops.logical_xor
    logical_xor_ = in_place(ops.logical_xor)
    logical_not = ops.logical_not
    logical_not_ = in_place(ops.logical_not)
    bitwise_and = ops.bitwise_and
    bitwise_and_ = in_place(ops.bitwise_and)
    bitwise_or = ops.bitwise_or
    bitwise_or_ = in_place(ops.bitwise_or)
    bitwise_xor = ops.bitwise_xor
    bitwise_xor_ = in_place(ops.bitwise_xor)
    bitwise_not = ops.bitwise_not
    bitwise_not_ = in_place(ops.bitwise_not)
    bitwise_left_shift = ops.bitwise_left_shift
    bitwise_left_shift_ = in_place(ops.bitwise_left_shift)
    bitwise_right_shift = ops.bitwise_right_shift
    bitwise_right_shift_ = in_place(ops.bitwise_right_shift)
    gcd = ops.gcd
    gcd_ = in_place(ops.gcd)
    lcm = ops.lcm
    lcm_ = in_place(ops.lcm)

    # special
    erf = ops.erf
    erf_ = in_place(ops.erf)
    erfc = ops.erfc
    erfc_ = in_place(ops.erfc)
    erfinv = ops.erfinv
    erfinv_ = in_place(ops.erfinv)
    lgamma = ops.lgamma
    lgamma_ = in_place(ops.lgamma)
    digamma = ops.digamma
    digamma_ = in_place(ops.digamma)

    def polygamma(self, n: Any) -> Tensor:
        """The n-th derivative of digamma at this tensor."""
        return ops.polygamma(n, self)

    def polygamma_(self, n: Any) -> Tensor:
        """In-place version of ``polygamma``."""
        result: Tensor = psi_(self, n=n)
        return result

    igamma = ops.igamma
    igamma_ = in_place(ops.igamma)
    igammac = ops.igammac
    igammac_ = in_place(ops.igammac)
    i0 = ops.i0
    i0_ = in_place(ops.i0)
    xlogy = ops.xlogy
    xlogy_ = in_place(ops.xlogy)
    logit = ops.logit
    logit_ = in_place(ops.logit)
    sinc = ops.sinc
    sinc_ = in_place(ops.sinc)

    # activation
    relu = ops.relu
    relu_ = in_place(ops.relu)
    prelu = ops.prelu
    hardshrink = ops.hardshrink

    # reduction
    sum = ops.sum
    mean = ops.mean
    prod = ops.prod
    nansum = ops.nansum
    nanmean = ops.nanmean
    count_nonzero = ops.count_nonzero
    all = ops.all
    any = ops.any
    amax = ops.amax
    amin = ops.amin
    aminmax = ops.aminmax
    argmax = ops.argmax
    argmin = ops.argmin
    max = ops.max
    min = ops.min
    var = ops.var
    std = ops.std
    norm = ops.norm
    dist = ops.dist
    logsumexp = ops.logsumexp
    median = ops.median
    nanmedian = ops.nanmedian
    quantile = ops.quantile
    nanquantile = ops.nanquantile
    equal = ops.equal
    allclose = ops.allclose

    # scan
    cov = ops.cov
    corrcoef = ops.corrcoef
    histc = ops.histc
    histogram = ops.histogram
    bincount = ops.bincount
    renorm = ops.renorm
    renorm_ = in_place(ops.renorm)
    sum_to_size = ops.sum_to_size
    as_strided = ops.as_strided
    as_strided_ = rearranged(ops.as_strided)
    as_strided_scatter = ops.as_strided_scatter
    frexp = ops.frexp
    mvlgamma = ops.mvlgamma
    mvlgamma_ = in_place(ops.mvlgamma)
    cumsum = ops.cumsum
    cumsum_ = in_place(ops.cumsum)
    cumprod = ops.cumprod
    cumprod_ = in_place(ops.cumprod)
    cummax = ops.cummax
    cummin = ops.cummin
    logcumsumexp = ops.logcumsumexp
    diff = ops.diff

    # sorting
    argsort = ops.argsort
    sort = ops.sort
    msort = ops.msort
    topk = ops.topk
    kthvalue = ops.kthvalue
    mode = ops.mode
    unique = ops.unique
    unique_consecutive = ops.unique_consecutive

    # shape
    clone = ops.clone
    contiguous = ops.contiguous
    reshape = ops.reshape
    view = ops.view
    view_as = ops.view_as
    reshape_as = ops.reshape_as
    flatten = ops.flatten
    ravel = ops.ravel
    unflatten = ops.unflatten
    squeeze = ops.squeeze
    squeeze_ = rearranged(ops.squeeze)
    unsqueeze = ops.unsqueeze
    unsqueeze_ = rearranged(ops.unsqueeze)
    permute = ops.permute
    transpose = swapaxes = swapdims = ops.transpose
    transpose_ = swapaxes_ = swapdims_ = rearranged(ops.transpose)
    t = ops.t
    t_ = rearranged(ops.t)
    movedim = moveaxis = ops.movedim
    expand = ops.expand
    broadcast_to = ops.broadcast_to
    expand_as = ops.expand_as
    unbind = ops.unbind
    split = split_with_sizes = ops.split
    chunk = ops.chunk
    tensor_split = ops.tensor_split
    hsplit = ops.hsplit
    vsplit = ops.vsplit
    dsplit = ops.dsplit
    flip = ops.flip
    fliplr = ops.fliplr
    flipud = ops.flipud
    roll = ops.roll
    rot90 = ops.rot90
    repeat = ops.repeat
    tile = ops.tile
    repeat_interleave = ops.repeat_interleave
    tril = ops.tril
    tril_ = in_place(ops.tril)
    triu = ops.triu
    triu_ = in_place(ops.triu)
    diagonal = ops.diagonal
    diag_embed = ops.diag_embed
    diag = ops.diag
    diagflat = ops.diagflat
    diagonal_scatter = ops.diagonal_scatter
    trace = ops.trace
    unfold = ops.unfold

    # product
    matmul = ops.matmul
    mm = ops.mm
    bmm = ops.bmm
    mv = ops.mv
    dot = ops.dot
    vdot = ops.vdot
    inner = ops.inner
    outer = ger = ops.outer
    addmm = ops.addmm
    addmm_ = in_place(ops.addmm)
    addmv = ops.addmv
    addmv_ = in_place(ops.addmv)
    addr = ops.addr
    addr_ = in_place(ops.addr)
    baddbmm = ops.baddbmm
    baddbmm_ = in_place(ops.baddbmm)
    addbmm = ops.addbmm
    addbmm_ = in_place(ops.addbmm)
    kron = ops.kron
    cross = ops.cross

    # linear algebra
    cholesky = ops.cholesky
    cholesky_solve = ops.cholesky_solve
    cholesky_inverse = ops.cholesky_inverse
    det = ops.det
    slogdet = ops.slogdet
    logdet = ops.logdet
    inverse = ops.inverse
    triangular_solve = ops.triangular_solve
    pinverse = ops.pinverse
    svd = ops.svd
    qr = ops.qr
    geqrf = ops.geqrf
    orgqr = ops.orgqr
    ormqr = ops.ormqr
    lu = ops.lu
    lu_solve = ops.lu_solve
    matrix_exp = ops.matrix_exp
    matrix_power = ops.matrix_power

    # indexing
    select = ops.select
    narrow = ops.narrow
    index_select = ops.index_select
    take = ops.take
    gather = ops.gather
    take_along_dim = ops.take_along_dim
    masked_select = ops.masked_select
    nonzero = ops.nonzero
    argwhere = ops.argwhere
    scatter = ops.scatter
    scatter_ = in_place(ops.scatter)
    scatter_add = ops.scatter_add
    scatter_add_ = in_place(ops.scatter_add)
    scatter_reduce = ops.scatter_reduce
    scatter_reduce_ = in_place(ops.scatter_reduce)
    index_add = ops.index_add
    index_add_ = in_place(ops.index_add)
    index_reduce = ops.index_reduce
    index_reduce_ = in_place(ops.index_reduce)
    put = ops.put
    put_ = in_place(ops.put)
    index_copy = ops.index_copy
    index_copy_ = in_place(ops.index_copy)
    index_fill = ops.index_fill
    index_fill_ = in_place(ops.index_fill)
    index_put = ops.index_put
    index_put_ = in_place(ops.index_put)
    masked_scatter = ops.masked_scatter
    masked_scatter_ = in_place(ops.masked_scatter)
    select_scatter = ops.select_scatter
    slice_scatter = ops.slice_scatter

    # normalisation
    softmax = ops.softmax
    log_softmax = ops.log_softmax

    # functions
    reciprocal = ops.reciprocal
    reciprocal_ = in_place(ops.reciprocal)
    square = ops.square
    square_ = in_place(ops.square)
    sqrt = ops.sqrt
    sqrt_ = in_place(ops.sqrt)
    rsqrt = ops.rsqrt
    rsqrt_ = in_place(ops.rsqrt)
    pow = ops.pow
    pow_ = in_place(ops.pow)
    float_power = ops.float_power
    float_power_ = in_place(ops.float_power)
    ldexp = ops.ldexp
    ldexp_ = in_place(ops.ldexp)
    hypot = ops.hypot
    hypot_ = in_place(ops.hypot)
    exp = ops.exp
    exp_ = in_place(ops.exp)
    exp2 = ops.exp2
    exp2_ = in_place(ops.exp2)
    expm1 = ops.expm1
    expm1_ = in_place(ops.expm1)
    log = ops.log
    log_ = in_place(ops.log)
    log2 = ops.log2
    log2_ = in_place(ops.log2)
    log10 = ops.log10
    log10_ = in_place(ops.log10)
    log1p = ops.log1p
    log1p_ = in_place(ops.log1p)
    sigmoid = ops.sigmoid
    sigmoid_ = in_place(ops.sigmoid)
    logaddexp = ops.logaddexp
    logaddexp2 = ops.logaddexp2
    sin = ops.sin
    sin_ = in_place(ops.sin)
    cos = ops.cos
    cos_ = in_place(ops.cos)
    tan = ops.tan
    tan_ = in_place(ops.tan)
    asin = arcsin = ops.asin
    asin_ = arcsin_ = in_place(ops.asin)
    acos = arccos = ops.acos
    acos_ = arccos_ = in_place(ops.acos)
    atan = arctan = ops.atan
    atan_ = arctan_ = in_place(ops.atan)
    atan2 = arctan2 = ops.atan2
    atan2_ = arctan2_ = in_place(ops.atan2)
    sinh = ops.sinh
    sinh_ = in_place(ops.sinh)
    cosh = ops.cosh
    cosh_ = in_place(ops.cosh)
    tanh = ops.tanh
    tanh_ = in_place(ops.tanh)
    asinh = arcsinh = ops.asinh
    asinh_ = arcsinh_ = in_place(ops.asinh)
    acosh = arccosh = ops.acosh
    acosh_ = arccosh_ = in_place(ops.acosh)
    atanh = arctanh = ops.atanh
    atanh_ = arctanh_ = in_place(ops.atanh)
    deg2rad = ops.deg2rad
    deg2rad_ = in_place(ops.deg2rad)
    rad2deg = ops.rad2deg
    rad2deg_ = in_place(ops.rad2deg)

    # conversions. Their names hide Python's in this class, so it has no other annotations.
    def half(self) -> Tensor:
        """This tensor in float16."""
        return self.to(float16)

    def float(self) -> Tensor:
        """This tensor in float32."""
        return self.to(float32)

    def double(self) -> Tensor:
        """This tensor in float64."""
        return self.to(float64)

    def cfloat(self) -> Tensor:
        """This tensor in complex64."""
        return self.to(complex64)

    def cdouble(self) -> Tensor:
        """This tensor in complex128."""
        return self.to(complex128)

    def bool(self) -> Tensor:
        """Where this tensor is not zero."""
        return self.to(boolean)

    def byte(self) -> Tensor:
        """This tensor in uint8."""
        return self.to(uint8)

    def char(self) -> Tensor:
        """This tensor in int8."""
        return self.to(int8)

    def short(self) -> Tensor:
        """This tensor in int16."""
        return self.to(int16)

    def int(self) -> Tensor:
        """This tensor in int32: fractions are cut off."""
        return self.to(int32)

    def long(self) -> Tensor:
        """This tensor in int64: fractions are cut off."""
        return self.to(int64)
