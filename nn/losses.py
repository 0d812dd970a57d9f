"""Losses as modules: one number (or one per element) that says how wrong an output is. Formulas are those of ``nn.functional``."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn import functional as F
from nn.module import Module

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss", "HingeEmbeddingLoss",
    "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss", "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss",
    "MultiMarginLoss", "NLLLoss", "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
]  # fmt: skip


class _Loss(Module):
    """Base: reduction is "mean", "sum" or "none" (one loss per element)."""

    reductions: tuple[str, ...] = ("mean", "sum", "none")

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in self.reductions:
            raise ArgumentError(message(
                type(self).__name__, f"a reduction out of {', '.join(map(repr, self.reductions))} is required", repr(reduction),
            ))
        self.reduction = reduction


class MSELoss(_Loss):
    """mean of (x - t)²: (*), (*) -> (), or (*) with reduction="none".

    Both shapes have to be the same: (N, 1) against (N,) is an error, for it would be broadcast to (N, N).

    >>> nn.MSELoss()(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """mean of |x - t|: (*), (*) -> (), or (*) with reduction="none".

    >>> nn.L1Loss()(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """mean of d² / (2 beta) where |d| < beta, |d| - beta / 2 elsewhere, d = x - t: (*), (*) -> () or (*).

    >>> nn.SmoothL1Loss()(ag.tensor([1.0, 2.0]), ag.tensor([2.0, 4.0]))
    tensor(1.)
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """mean of d² / 2 where |d| <= delta, delta * (|d| - delta / 2) elsewhere, d = x - t: (*), (*) -> () or (*).

    >>> nn.HuberLoss()(ag.tensor([1.0, 2.0]), ag.tensor([2.0, 4.0]))
    tensor(1.)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class CrossEntropyLoss(_Loss):
    """mean of -log softmax(x)[t], x scores of C classes: (N, C, *), (N, *) of classes or (N, C, *) of probabilities -> () or (N, *).

    A single sample is (C), ().

    weight           (C): how much each class counts; the mean divides by the sum of the weights
    ignore_index     targets of this value do not count
    label_smoothing  the part of the target that is spread over all classes

    >>> nn.CrossEntropyLoss()(ag.tensor([[0.0, 0.0], [0.0, 0.0]]), ag.tensor([0, 1]))
    tensor(0.6931)
    """

    weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction, label_smoothing=self.label_smoothing
        )


class NLLLoss(_Loss):
    """mean of -x[t], x log-probabilities of C classes: (N, C, *), (N, *) -> () or (N, *). Or (C), (). Arguments as in CrossEntropyLoss.

    >>> nn.NLLLoss()(ag.tensor([[-0.5, -1.0], [-0.5, -1.0]]), ag.tensor([0, 1]))
    tensor(0.75)
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class BCELoss(_Loss):
    """mean of -weight * (t log x + (1 - t) log(1 - x)), x and t probabilities, logarithms at least -100: (*), (*) -> () or (*).

    >>> nn.BCELoss()(ag.tensor([0.5, 0.5]), ag.tensor([0.0, 1.0]))
    tensor(0.6931)
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """mean of -weight * (pos_weight * t log σ(x) + (1 - t) log(1 - σ(x))), x logits: (*), (*) -> () or (*). Never overflows.

    pos_weight  how much positive targets count; broadcasts against the target

    >>> nn.BCEWithLogitsLoss()(ag.tensor([0.0, 0.0]), ag.tensor([0.0, 1.0]))
    tensor(0.6931)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None) -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight)


class KLDivLoss(_Loss):
    """mean of t * (log t - x), x log-probabilities, t probabilities (log_target: their logarithms): (*), (*) -> () or (*).

    reduction="batchmean" divides by the number of rows, which is the divergence; "mean" by the number of elements.

    >>> nn.KLDivLoss(reduction="batchmean")(ag.log(ag.tensor([[0.5, 0.5]])), ag.tensor([[0.0, 1.0]]))
    tensor(0.6931)
    """

    reductions = ("mean", "batchmean", "sum", "none")

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class HingeEmbeddingLoss(_Loss):
    """mean of x where t = 1, max(0, margin - x) where t = -1, x a distance: (*), (*) -> () or (*).

    >>> nn.HingeEmbeddingLoss()(ag.tensor([0.5, 0.5]), ag.tensor([1.0, -1.0]))
    tensor(0.5)
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """mean of log(1 + exp(-t x)), t = 1 or -1: (*), (*) -> () or (*).

    >>> nn.SoftMarginLoss()(ag.tensor([0.0, 0.0]), ag.tensor([1.0, -1.0]))
    tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    """mean of 1 - cos(x₁, x₂) where t = 1, max(0, cos(x₁, x₂) - margin) where t = -1: (N, D), (N, D), (N) -> () or (N).

    A single pair is (D), (D), ().

    >>> nn.CosineEmbeddingLoss()(ag.tensor([[1.0, 0.0]]), ag.tensor([[0.0, 1.0]]), ag.tensor([1.0]))
    tensor(1.)
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


class MarginRankingLoss(_Loss):
    """mean of max(0, -t * (x₁ - x₂) + margin), t = 1 where x₁ is to rank higher, else -1: (*), (*), (*) -> () or (*).

    >>> nn.MarginRankingLoss()(ag.tensor([1.0]), ag.tensor([3.0]), ag.tensor([1.0]))
    tensor(2.)
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """mean of max(0, d(a, p) - d(a, n) + margin), d the p-norm of the difference: (N, D) or (D) each -> () or (N).

    swap  use d(p, n) where it is smaller than d(a, n)

    >>> nn.TripletMarginLoss()(ag.tensor([[0.0]]), ag.tensor([[3.0]]), ag.tensor([[2.0]]))
    tensor(2.)
    """

    def __init__(self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction)


class TripletMarginWithDistanceLoss(_Loss):
    """``TripletMarginLoss`` with a distance of one's own: (N, D) each -> () or (N).

    distance_function  (N, D), (N, D) -> (N); ``F.pairwise_distance`` unless given

    >>> nn.TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).abs().sum(-1))(
    ...     ag.tensor([[0.0]]), ag.tensor([[3.0]]), ag.tensor([[2.0]]))
    tensor(2.)
    """

    _closed = False  # distance_function

    def __init__(
        self, *, distance_function: Callable[[Tensor, Tensor], Tensor] | None = None, margin: float = 1.0, swap: bool = False,
        reduction: str = "mean",
    ) -> None:  # fmt: skip
        super().__init__(reduction=reduction)
        self.distance_function, self.margin, self.swap = distance_function, margin, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function, margin=self.margin, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip


class MultiMarginLoss(_Loss):
    """mean of Σ_j max(0, margin - x_t + x_j)^p / C over classes j other than the target t: (N, C), (N) -> () or (N).

    >>> nn.MultiMarginLoss()(ag.tensor([[0.1, 0.3, 0.1]]), ag.tensor([1]))
    tensor(0.5333)
    """

    weight: Tensor | None

    def __init__(self, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.p, self.margin = p, margin
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """mean of Σ max(0, 1 - (x_j - x_i)) / C over labels j of a sample, and classes i that are not: (N, C), (N, C) -> () or (N).

    The target lists the labels, and has -1 behind the last of them.

    >>> nn.MultiLabelMarginLoss()(ag.tensor([[0.1, 0.2, 0.4, 0.8]]), ag.tensor([[3, 0, -1, 1]]))
    tensor(0.85)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_Loss):
    """mean of -weight * (t log σ(x) + (1 - t) log(1 - σ(x))): (N, C), (N, C) -> () or (N).

    >>> nn.MultiLabelSoftMarginLoss()(ag.zeros(1, 2), ag.tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class CTCLoss(_Loss):
    """-log of the probability of a target whose places in time are unknown: (T, N, C), (N, S), (N), (N) -> () or (N). See ``F.ctc_loss``.

    >>> nn.CTCLoss()(ag.log(ag.full((2, 1, 2), 0.5)), ag.tensor([[1]]), [2], [1])
    tensor(0.2877)
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Tensor | Sequence[int], target_lengths: Tensor | Sequence[int]
    ) -> Tensor:
        return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity)


class GaussianNLLLoss(_Loss):
    """mean of (log v + (x - t)² / v) / 2, v = max(var, eps): (*), (*), and var (*) or one per row -> () or (*). full adds log(2π) / 2.

    >>> nn.GaussianNLLLoss()(ag.tensor([1.0, 2.0]), ag.tensor([1.0, 4.0]), ag.ones(2))
    tensor(1.)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, reduction=self.reduction)


class PoissonNLLLoss(_Loss):
    """mean of exp(x) - t x, x the log of a rate (log_input=False: x - t log(x + eps)): (*), (*) -> () or (*). full adds log t! (Stirling).

    >>> nn.PoissonNLLLoss()(ag.tensor([0.0, 0.0]), ag.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def __init__(self, log_input: bool = True, full: bool = False, *, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)
