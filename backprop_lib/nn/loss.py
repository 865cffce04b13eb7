"""Losses as modules; shapes and errors are those of the functions, reduced by 'mean', 'sum' or 'none'."""

from backprop_lib import functional
from backprop_lib.functional.regression import _reduction
from backprop_lib.nn.module import Module


class _Loss(Module):
    def __init__(self, size_average=None, reduce=None, reduction="mean"):
        self.reduction = _reduction(size_average, reduce, reduction)


class _WeightedLoss(_Loss):
    def __init__(self, weight=None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class MSELoss(_Loss):
    """The squared error (y - t)**2, reduced by 'mean' (the default), 'sum' or 'none'; there is no factor 1/2.

    Raises ValueError for another reduction, RuntimeError if prediction and target differ in shape.
    """

    def __init__(self, reduction="mean", *, size_average=None, reduce=None):
        super().__init__(size_average, reduce, reduction)

    def forward(self, input, target):
        return functional.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """The absolute error |y - t|; shapes and errors are those of functional.l1_loss."""

    def forward(self, input, target):
        return functional.l1_loss(input, target, reduction=self.reduction)


class HuberLoss(_Loss):
    """d**2 / 2 where |d| <= delta, delta (|d| - delta / 2) beyond; see functional.huber_loss.

    Huber, Annals of Mathematical Statistics 35(1):73-101, 1964.
    """

    def __init__(self, reduction="mean", delta=1.0):
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input, target):
        return functional.huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(_Loss):
    """HuberLoss / beta with delta = beta; see functional.smooth_l1_loss. Girshick, ICCV 2015."""

    def __init__(self, size_average=None, reduce=None, reduction="mean", beta=1.0):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input, target):
        return functional.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class CrossEntropyLoss(_WeightedLoss):
    """-log softmax(logits)[class]: logits (N, C, ...), targets class numbers (N, ...) or probabilities.

    Raises IndexError for a class number out of range, RuntimeError for shapes that do not fit, ValueError for
    another reduction. Label smoothing: Szegedy et al., CVPR 2016.
    """

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
        label_smoothing=0.0,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input, target):
        return functional.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """-x[class] of log-probabilities x (N, C, ...), targets class numbers (N, ...).

    Raises IndexError for a class number out of range, RuntimeError for shapes that do not fit, ValueError for
    another reduction.
    """

    def __init__(self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input, target):
        return functional.nll_loss(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction
        )


class BCELoss(_WeightedLoss):
    """-(t log p + (1 - t) log(1 - p)) for probabilities p and targets t of the same shape.

    Raises RuntimeError unless 0 <= p <= 1, ValueError if the shapes differ or for another reduction.
    """

    def forward(self, input, target):
        return functional.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of sigmoid(x), exact for logits x of any size and targets of the same shape.

    Raises ValueError if the shapes differ or for another reduction.
    """

    def __init__(self, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input, target):
        return functional.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(_Loss):
    """t (log t - x) for log-probabilities x; 'batchmean' divides the sum by the batch size.

    Shapes: x and t broadcastable. Raises ValueError for another reduction.
    Kullback & Leibler, Annals of Mathematical Statistics 22(1):79-86, 1951.
    """

    def __init__(self, size_average=None, reduce=None, reduction="mean", log_target=False):
        if reduction == "batchmean":
            self.reduction = reduction
        else:
            super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input, target):
        return functional.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
