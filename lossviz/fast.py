"""The fast roads: values and gradients of the definitions for batches as they are trained, without cubes and squares.

A road computes loss and gradient together, a few rows of the square at a time, and keeps what has the size of the
embeddings. It serves ``loss(...)`` alone, and steps aside for the definition (returns None) for leading dimensions, a
function as distance or similarity, parameters or labels that require grad, and under ``torch.func`` or
``torch.compile``. A second backward through a road raises.

No distance is further off than a few roundings: points are centred first, and near points are measured by their
difference. Where distances are compared, those that differ by rounding alone are equal; of equal ones the first counts.
"""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, pad, relu, softplus

from lossviz import distances, losses
from lossviz.losses.base import ROADS, Loss, exact
from lossviz.losses.labelled_sentences import COUNTED

# A slice of a square matrix holds about so many numbers: few enough for the processor's cache, and for the memory.
DISTANCES = 2**18
LOGITS = 2**22
FEWEST_ROWS = 64  # fewer make a slow product of matrices
SMALL = 128  # a square of so few rows is pulled as a whole, however few of its distances are felt
MANY = 64  # from so many positives per anchor on, one sort of the negatives is faster than a look for each positive

Pull = Callable[[Tensor], tuple[Tensor, ...]]  # the gradient of a result → the gradients of what it was made of


def road(*served: type[Loss], keeps_digits: bool = False, sees_rows: bool = False, learns: tuple[str, ...] = ()):
    """Makes a function of a loss and its tensors the fast road of these losses.

    One that keeps its digits by itself, or sees where it does not (TooCoarse), needs no float64 for rows far from the
    origin. One that sees the rows is TooCoarse for those that are not finite, in any dtype. One that learns parameters
    gives their gradients too."""

    def register(function: Callable[..., Tensor | None]):
        def serve(loss: Loss, *tensors: Tensor) -> Tensor | None:
            if not _is_plain(loss, tensors, learns):
                return None
            try:
                if keeps_digits or not _needs_digits(tensors):
                    return function(loss, *tensors)
            except TooCoarse:
                pass
            try:
                served = function(loss, *map(exact, tensors))
            except TooCoarse:
                return None
            return None if served is None else served.to(tensors[0].dtype)

        serve.sees_rows = sees_rows
        ROADS.update(dict.fromkeys(served, serve))
        return function

    return register


class TooCoarse(Exception):
    """These rows are a case for float64, or for the definition."""


def _is_plain(loss: Loss, tensors: tuple[Tensor, ...], learns: tuple[str, ...]) -> bool:
    if tensors[0].ndim > 2 or torch._C._are_functorch_transforms_active() or torch.compiler.is_compiling():
        return False
    parameters = vars(loss)
    if parameters.get("distance", "cosine") not in [*PAIRED] or parameters.get("similarity", "dot") not in SIMILARITIES:
        return False
    constants = [value for name, value in parameters.items() if name not in learns]
    constants += tensors[-1:] if loss.inputs.labels else ()
    return all(type(each) in (Tensor, torch.nn.Parameter) for each in tensors) and not any(
        isinstance(each, Tensor) and each.requires_grad for each in constants
    )


SIMILARITIES = ("cosine", "dot")
FAR = 0.99  # if so much of a squared length is common to all, what differs has lost too many digits


def _needs_digits(tensors: tuple[Tensor, ...]) -> bool:
    """Whether float32 is too coarse: rows far from the origin hardly differ in direction."""
    if tensors[0].dtype != torch.float32:
        return False
    rows = [each.detach() for each in tensors if each.ndim == 2]
    centre, *lengths = (torch.linalg.vector_norm(each).item() for each in (sum(each.sum(0) for each in rows), *rows))
    return centre**2 > FAR * sum(each**2 for each in lengths) * len(rows) * len(rows[0])


class _Known(torch.autograd.Function):
    """A loss whose gradients are known already."""

    @staticmethod
    def forward(ctx, loss: Tensor, gradients: Sequence[Tensor], *rows: Tensor) -> Tensor:
        ctx.save_for_backward(*gradients, *rows)
        return loss.clone()

    @staticmethod
    def backward(ctx, upstream: Tensor) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors
        gradients, rows = saved[: len(saved) // 2], saved[len(saved) // 2 :]
        if not (upstream.is_cpu and upstream.item() == 1):  # elsewhere a look at it would wait for the device
            gradients = [each * upstream for each in gradients]
        if torch.is_grad_enabled():  # someone keeps the graph, for a second derivative
            gradients = [_Once.apply(each, *rows) for each in gradients]
        return None, None, *gradients


class _Once(torch.autograd.Function):
    """A gradient that cannot be differentiated by the rows it depends on."""

    @staticmethod
    def forward(ctx, gradient: Tensor, *rows: Tensor) -> Tensor:
        return gradient.clone()

    @staticmethod
    def backward(ctx, upstream: Tensor) -> None:
        raise RuntimeError("loss(...) has no second derivative here; differentiate loss.terms(...).loss instead")


def _known(loss: Tensor, gradients: Callable[[], Sequence[Tensor]], *rows: Tensor) -> Tensor:
    """The loss, with its gradients by the rows where anyone will ask for them."""
    return _Known.apply(loss, gradients(), *rows) if _felt(*rows) else loss


def _felt(*rows: Tensor) -> bool:
    return torch.is_grad_enabled() and any(each.requires_grad for each in rows)


def _slices(rows: int, columns: int, numbers: int) -> Iterator[slice]:
    """The rows of a (rows, columns) matrix in slices of about so many numbers."""
    step = max(FEWEST_ROWS, numbers // columns)
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


# --- pairs -----------------------------------------------------------------------------------------------------------
#
# A measure of pairs gives their distances and a pull, which may use up what was kept for it: it is asked once.


class _Unit:
    """The directions of rows; ``pull`` turns a gradient of them into one of the rows."""

    def __init__(self, x: Tensor) -> None:
        self.length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        self.safe = _has_safe_squares(self.length)
        if self.safe:
            self.rows = x / self.length
        else:
            self.rows = distances.unit(x)
            peak = x.abs().amax(-1, keepdim=True)
            length = peak * torch.linalg.vector_norm(x / peak, dim=-1, keepdim=True)
            self.length = torch.where(peak <= distances.SHORTEST, torch.inf, length)

    def pull(self, gradient: Tensor) -> Tensor:
        """What is left without the part along the row. Where that is nearly all, float32 leaves too few digits."""
        along = torch.linalg.vecdot(gradient, self.rows).unsqueeze(-1)
        if gradient.dtype == torch.float32:
            whole, lost = (torch.linalg.vector_norm(each).item() for each in (gradient, along))
            if lost**2 > FAR * whole**2:
                raise TooCoarse
        return torch.addcmul(gradient, self.rows, along, value=-1).div_(self.length)


def _has_safe_squares(length: Tensor) -> bool:
    """Whether no row counts as zero, and no square has overflowed or lost digits."""
    shortest, longest = (each.item() for each in torch.aminmax(length))
    return 1e3 * distances.SHORTEST < shortest and longest < torch.finfo(length.dtype).max ** 0.4


def _seen(measured: Tensor) -> Tensor:
    """What is measured of rows that are not finite is not finite; nor of those that are too large for their dtype."""
    if not math.isfinite(measured.sum().item()):
        raise TooCoarse
    return measured


def _euclidean(x: Tensor, y: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Distances, and the pull on x; that on y is its opposite."""
    difference = x - y
    distance = torch.linalg.vector_norm(difference, dim=-1)
    safe = _has_safe_squares(distance)
    if not safe:
        distance = _seen(distances.euclidean(x, y))

    def pull(gradient: Tensor) -> Tensor:
        if safe:
            return difference.mul_((gradient / distance).unsqueeze(-1))
        direction = difference / distance.unsqueeze(-1).clamp(min=torch.finfo(x.dtype).tiny)
        return direction * gradient.unsqueeze(-1)

    return distance, pull


def _manhattan(x: Tensor, y: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Distances, and the pull on x; that on y is its opposite."""
    difference = x - y
    return _seen(difference.abs().sum(-1)), lambda gradient: difference.sign_().mul_(gradient.unsqueeze(-1))


def _chords(u: Tensor, v: Tensor, rows_of: Callable[[Tensor], tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """The differences of directions, and half their squares, the cosine distances. ``rows_of`` gives the rows of chosen
    pairs: the difference of two near float32 directions has few digits left."""
    chord = u - v
    distance = torch.linalg.vector_norm(chord, dim=-1).square_().mul_(0.5)
    if chord.dtype != torch.float64 and distance.amin().item() < NEAR:
        near = distance < NEAR
        x, y = rows_of(near)
        exact_chord = distances.unit(exact(x)) - distances.unit(exact(y))
        chord[near] = exact_chord.to(chord.dtype)
        distance[near] = (0.5 * exact_chord.square().sum(-1)).to(chord.dtype)
    return chord, distance


NEAR = 0.01  # a cosine distance below this is measured in float64
MOST_NEAR = 1000  # from so many near pairs in a slice on, the whole square is


def _cosine(x: Tensor, y: Tensor) -> tuple[Tensor, Pull]:
    u, v = _Unit(x), _Unit(y)
    chord, distance = _chords(u.rows, v.rows, lambda near: (x[near], y[near]))
    none = None
    if not (u.safe and v.safe):
        none = ((u.length == torch.inf) | (v.length == torch.inf)).squeeze(-1)  # a row without direction
        _seen(distance.masked_fill_(none, 1))

    def pull(gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Of the chord, what is along a direction is the distance: the rest pulls."""
        along = (gradient if none is None else gradient.masked_fill(none, 0)).unsqueeze(-1)
        height = distance.unsqueeze(-1)
        for_x = torch.addcmul(chord, u.rows, height, value=-1).mul_(along / u.length)
        for_y = chord.addcmul_(v.rows, height).mul_(-along / v.length)
        return for_x, for_y

    return distance, pull


def _both_ways(measure: Callable) -> Callable[[Tensor, Tensor], tuple[Tensor, Pull]]:
    def measured(x: Tensor, y: Tensor) -> tuple[Tensor, Pull]:
        distance, pull_x = measure(x, y)

        def pull(gradient: Tensor) -> tuple[Tensor, Tensor]:
            for_x = pull_x(gradient)
            return for_x, -for_x

        return distance, pull

    return measured


PAIRED = {"euclidean": _both_ways(_euclidean), "cosine": _cosine, "manhattan": _both_ways(_manhattan)}


@road(losses.ContrastiveLoss, keeps_digits=True, sees_rows=True)
def _contrastive(loss: losses.ContrastiveLoss, anchor: Tensor, other: Tensor, labels: Tensor) -> Tensor | None:
    distance, pull = PAIRED[loss.distance](anchor.detach(), other.detach())
    share = 1 / len(distance) if loss.size_average else 1.0
    shortfall = relu(float(loss.margin) - distance)
    attraction, repulsion = labels * distance, (1 - labels) * shortfall
    value = (attraction.dot(distance) + repulsion.dot(shortfall)) * (share / 2)
    return _known(value, lambda: pull((attraction - repulsion) * share), anchor, other)


@road(losses.OnlineContrastiveLoss, keeps_digits=True, sees_rows=True)
def _online_contrastive(
    loss: losses.OnlineContrastiveLoss, anchor: Tensor, other: Tensor, labels: Tensor
) -> Tensor | None:
    distance, pull = PAIRED[loss.distance](anchor.detach(), other.detach())
    positive = labels > 0
    farthest_positive = torch.where(positive, distance, -torch.inf).amax().item()
    nearest_negative = torch.where(positive, torch.inf, distance).amin().item()
    if farthest_positive == -torch.inf or nearest_negative == torch.inf:  # one class: the other's stand-in is the mean
        farthest_positive = nearest_negative = distance.mean()
    shortfall = relu(float(loss.margin) - distance)
    attraction = torch.where(positive & (distance > nearest_negative), distance, 0)
    repulsion = torch.where(positive | (distance >= farthest_positive), 0, shortfall)
    value = attraction.dot(attraction) + repulsion.dot(repulsion)
    return _known(value, lambda: pull(2 * (attraction - repulsion)), anchor, other)


@road(losses.ContrastiveTensionLoss)
def _contrastive_tension(loss: losses.ContrastiveTensionLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    first_rows, second_rows = first.detach(), second.detach()
    product = torch.linalg.vecdot(first_rows, second_rows)
    value = -(labels * logsigmoid(product) + (1 - labels) * logsigmoid(-product)).sum()

    def gradients() -> tuple[Tensor, Tensor]:
        slope = ((1 - labels) * product.sigmoid() - labels * (-product).sigmoid()).unsqueeze(-1)
        return slope * second_rows, slope * first_rows

    return _known(value, gradients, first, second)


@road(losses.TripletLoss, keeps_digits=True, sees_rows=True)
def _triplet(loss: losses.TripletLoss, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor | None:
    measure, anchor_rows = PAIRED[loss.distance], anchor.detach()
    to_positive, pull_positive = measure(anchor_rows, positive.detach())
    to_negative, pull_negative = measure(anchor_rows, negative.detach())
    shortfall = relu(to_positive - to_negative + float(loss.triplet_margin))

    def gradients() -> tuple[Tensor, ...]:
        slope = shortfall.sign() / len(shortfall)
        (with_positive, for_positive), (with_negative, for_negative) = pull_positive(slope), pull_negative(-slope)
        return with_positive.add_(with_negative), for_positive, for_negative

    return _known(shortfall.mean(), gradients, anchor, positive, negative)


@road(losses.CosineSimilarityLoss, keeps_digits=True, sees_rows=True)
def _cosine_similarity(loss: losses.CosineSimilarityLoss, first: Tensor, second: Tensor, scores: Tensor) -> Tensor:
    distance, pull = _cosine(first.detach(), second.detach())
    residual = (1 - scores) - distance  # in this order nothing is lost where both are near 1
    return _known(residual.square().mean(), lambda: pull(residual * (-2 / len(residual))), first, second)


@road(losses.SoftmaxLoss, sees_rows=True, learns=("weight", "bias"))
def _softmax(loss: losses.SoftmaxLoss, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    learned = [each.to(first) for each in (loss.weight, loss.bias) if each is not None]
    weight, *bias = (each.detach() for each in learned)
    u, v = first.detach(), second.detach()
    features = loss.features(u, v)
    logits = _seen(torch.nn.functional.linear(features, weight, *bias))
    log_share = logits.log_softmax(1)
    target = labels.long().unsqueeze(1)
    surprise = log_share.gather(1, target)

    def gradients() -> tuple[Tensor, ...]:
        share = log_share.exp_().scatter_(1, target, surprise.expm1()).div_(len(target))
        for_weight = share.T @ features
        return *_of_pair(loss, u, v, torch.mm(share, weight, out=features)), *(for_weight, share.sum(0))[: len(learned)]

    return _known(-surprise.mean(), gradients, first, second, *learned)


def _of_pair(loss: losses.SoftmaxLoss, u: Tensor, v: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of what the classifier reads of a pair as that of the two rows."""
    parts = iter(gradient.split(u.shape[1], 1))
    for_u, for_v = (next(parts), next(parts)) if loss.concatenation_sent_rep else (0, 0)
    if loss.concatenation_sent_difference:
        along = (u - v).sign_().mul_(next(parts))
        for_u, for_v = for_u + along, for_v - along
    if loss.concatenation_sent_multiplication:
        product = next(parts)
        for_u, for_v = for_u + product * v, for_v + product * u
    return for_u, for_v


# --- squares of distances --------------------------------------------------------------------------------------------


class _Square:
    """The distances of all rows of x to all, a slice at a time, and the gradient of a function of them.

    ``rows`` measures the rows of a slice to all, with 0 from a row to itself; ``pull`` takes the gradient of these
    distances and adds what it means for x. ``pairs`` measures chosen pairs (x[i], x[j]), by their difference, and gives
    their pull. ``pulled`` is the gradient of all that was added.
    """

    off = 8  # a distance is off by fewer roundings than this
    near = None  # places in the last slice of pairs too near for a product of matrices

    def __init__(self, x: Tensor) -> None:
        self.x, self.gradient = x, torch.zeros_like(x)
        self.tiny, self.rounding = torch.finfo(x.dtype).tiny, self.off * torch.finfo(x.dtype).eps

    @classmethod
    def of(cls, distance: str, x: Tensor) -> "_Square | None":
        """The square of a named distance; None where numbers are so large that it would overflow."""
        square = SQUARES[distance](x)
        return square if square.fits() else None

    def fits(self) -> bool:
        return True

    def slack(self, distance: Tensor) -> Tensor:
        """By how much a distance may differ from an equal one."""
        return self.rounding * distance.abs()

    def between(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """The distances of pairs, and the pull on the first of each; that on the second is its opposite."""
        raise NotImplementedError

    def pairs(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], None]]:
        distance, pull = self.between(i, j)

        def add(gradient: Tensor) -> None:
            pulled = pull(gradient)
            self.gradient.index_add_(0, i, pulled)
            self.gradient.index_add_(0, j, pulled, alpha=-1)

        return distance, add

    def chosen(self, rows: slice, distance: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], None]]:
        """The distances of the rows of a slice to a few chosen others each, and their pull."""
        if len(self.x) > SMALL:
            i = torch.arange(rows.start, rows.stop, device=j.device).repeat_interleave(j.shape[1])
            measured, pull = self.pairs(i, j.flatten())
            return measured.view(j.shape), lambda gradient: pull(gradient.flatten())

        def pull_all(gradient: Tensor) -> None:
            self.pull(rows, distance, torch.zeros_like(distance).scatter_add_(1, j, gradient))

        return distance.gather(1, j), pull_all

    def measure_near(self, rows: slice, distance: Tensor) -> None:
        """Instead of the distances of pairs that are too near for a product."""
        if self.near:
            i, j = self.near
            distance[i, j] = torch.cat([self.between(*part)[0] for part in self._in_parts(i + rows.start, j)])

    def pull_near(self, rows: slice, gradient: Tensor) -> None:
        """Takes the pairs that are too near for a product out of the gradient."""
        if self.near:
            i, j = self.near
            for some, others, felt in self._in_parts(i + rows.start, j, gradient[i, j]):
                self.pairs(some, others)[1](felt)
            gradient[i, j] = 0

    def _in_parts(self, *columns: Tensor) -> Iterator[tuple[Tensor, ...]]:
        """So many pairs at a time that their differences take no more than a slice."""
        size = max(1, DISTANCES // self.x.shape[1])
        return zip(*(each.split(size) for each in columns), strict=True)

    def pull(self, rows: slice, distance: Tensor, gradient: Tensor) -> None:
        """One sum of rows of x for the anchors of the slice, one for all; where these are the same, one for both."""
        self.pull_near(rows, gradient)
        share = self.share(distance, gradient)
        if len(share) == len(self.x):
            self.add(rows, slice(None), share + share.T, distance)
        else:
            self.add(rows, slice(None), share, distance)
            self.add(slice(None), rows, share.T, distance.T)

    def share(self, distance: Tensor, gradient: Tensor) -> Tensor:
        return gradient

    def add(self, rows: slice, others: slice, share: Tensor, distance: Tensor) -> None:
        """Adds to the gradient of the rows what they receive from the others."""
        raise NotImplementedError

    def pulled(self) -> Tensor:
        return self.gradient


class _EuclideanSquare(_Square):
    NEAR = 0.1  # a squared distance below this share of the squared lengths has lost too many digits by subtraction

    def __init__(self, x: Tensor) -> None:
        super().__init__(x)
        self.centred = x - x.mean(0)
        self.lengths = torch.linalg.vector_norm(self.centred, dim=-1).square_()
        self.longest = self.lengths.max().item()
        self.received = torch.zeros_like(self.lengths)

    def fits(self) -> bool:
        return self.longest < torch.finfo(self.x.dtype).max ** 0.5

    def between(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        return _euclidean(self.x.index_select(0, i), self.x.index_select(0, j))

    def rows(self, rows: slice) -> Tensor:
        squared = torch.addmm(self.lengths, self.centred[rows], self.centred.T, alpha=-2)
        squared += self.lengths[rows, None]
        itself = squared.diagonal(rows.start)
        itself.fill_(torch.inf)
        self.near = self._near(squared, rows)
        itself.zero_()
        distance = squared.clamp_(min=0).sqrt_()
        self.measure_near(rows, distance)
        return distance

    def _near(self, squared: Tensor, rows: slice) -> tuple[Tensor, Tensor] | None:
        """Places in the slice of pairs too near for the subtraction of squares."""
        floor = self.tiny / self.rounding  # below it squares have no digits to lose
        if squared.amin().item() > 2 * self.NEAR * self.longest + floor:
            return None
        share = self.NEAR * self.lengths
        i, j = (squared <= share[rows, None] + share + floor).nonzero(as_tuple=True)
        return (i, j) if len(i) else None

    def share(self, distance: Tensor, gradient: Tensor) -> Tensor:
        return gradient.div_(distance.clamp_(min=self.tiny))

    def add(self, rows: slice, others: slice, share: Tensor, distance: Tensor) -> None:
        self.received[rows] += share.sum(1)
        self.gradient[rows].addmm_(share, self.centred[others], alpha=-1)

    def pulled(self) -> Tensor:
        return self.gradient.addcmul_(self.received.unsqueeze(-1), self.centred)


class _CosineSquare(_Square):
    def __init__(self, x: Tensor) -> None:
        super().__init__(x)
        self.directions = _Unit(x)

    def slack(self, distance: Tensor) -> Tensor:
        """A difference from 1 is off by roundings of 1; a near distance is measured by itself."""
        if self.x.dtype != torch.float32:
            return torch.full_like(distance, self.rounding)
        return torch.where(distance < NEAR, distance, 1).abs_().mul_(self.rounding)

    def between(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        units, safe = self.directions.rows, self.directions.safe
        u, v = units.index_select(0, i), units.index_select(0, j)
        chord, distance = _chords(u, v, lambda near: (self.x[i[near]], self.x[j[near]]))
        none = None if safe else (self.directions.length == torch.inf).squeeze(-1)
        if none is not None:
            none = none[i] | none[j]
            distance.masked_fill_(none, 1)
        return distance, lambda gradient: chord.mul_(
            (gradient if none is None else gradient.masked_fill(none, 0)).unsqueeze(-1)
        )

    def rows(self, rows: slice) -> Tensor:
        distance = torch.mm(self.directions.rows[rows], self.directions.rows.T).neg_().add_(1)
        if distance.dtype == torch.float32:
            itself = distance.diagonal(rows.start)
            from_itself = itself.clone()
            itself.fill_(torch.inf)
            self.near = self._near(distance)
            itself.copy_(from_itself)
            self.measure_near(rows, distance)
        return distance

    def _near(self, distance: Tensor) -> tuple[Tensor, Tensor] | None:
        """Places in the slice of pairs whose distance from 1 has lost too many digits, if there are not too many."""
        if not distance.amin().item() < NEAR:
            return None
        i, j = (distance < NEAR).nonzero(as_tuple=True)
        if len(i) > MOST_NEAR:
            raise TooCoarse
        return i, j

    def add(self, rows: slice, others: slice, share: Tensor, distance: Tensor) -> None:
        self.gradient[rows].addmm_(share, self.directions.rows[others], alpha=-1)

    def pulled(self) -> Tensor:
        return self.directions.pull(self.gradient)


class _ManhattanSquare(_Square):
    def between(self, i: Tensor, j: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        return _manhattan(self.x.index_select(0, i), self.x.index_select(0, j))

    def rows(self, rows: slice) -> Tensor:
        return torch.cdist(self.x[rows], self.x, p=1)

    def add(self, rows: slice, others: slice, share: Tensor, distance: Tensor) -> None:
        """As autograd would: but it would measure the distances again."""
        measured = self.x[rows], self.x[others], 1.0, distance.contiguous()
        self.gradient[rows] += torch.ops.aten._cdist_backward(share.contiguous(), *measured)


SQUARES = {"euclidean": _EuclideanSquare, "cosine": _CosineSquare, "manhattan": _ManhattanSquare}


def _sortable(labels: Tensor) -> Tensor:
    return labels.byte() if labels.dtype == torch.bool else labels


# --- batches of labelled sentences -----------------------------------------------------------------------------------


class _Classes:
    """Who is of whose class. ``of`` numbers the classes. ``positives`` is (B, largest class − 1): each row's positives,
    in order, filled up where ``real`` is False."""

    def __init__(self, labels: Tensor, x: Tensor) -> None:
        labels = _sortable(labels)
        ordered, order = labels.sort(stable=True)
        start = torch.searchsorted(ordered, labels)
        others = torch.searchsorted(ordered, labels, right=True) - start - 1
        column = torch.arange(int(others.max()), device=labels.device)
        place = order.argsort() - start  # within the class
        self.real = column < others.unsqueeze(1)
        member = start.unsqueeze(1) + column + (column >= place.unsqueeze(1))  # of the class, but the row itself
        self.positives = order[torch.where(self.real, member, 0)]
        self.of = start.to(x.dtype)


class _Slice:
    """The distances of a few anchors to all, and the same for their negatives alone: others are out of reach there."""

    def __init__(self, square: _Square, classes: _Classes, rows: slice) -> None:
        self.square, self.distance = square, square.rows(rows)
        self.positives, self.real = classes.positives[rows], classes.real[rows]
        self.to_positives = self.distance.gather(1, self.positives)
        self.far = torch.finfo(self.distance.dtype).max / 4
        self.spare, alike = torch.empty_like(self.distance), torch.empty_like(self.distance)
        self.alike = torch.eq(classes.of[rows, None], classes.of, out=alike)
        self.to_negatives = torch.add(self.distance, alike, alpha=self.far)

    def nearest_negative(self, beyond: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Of each anchor's negatives (those farther than ``beyond``) the nearest: its distance, its place, if any."""
        candidates = self.to_negatives
        if beyond is not None:
            out = torch.le(candidates, (beyond + self.square.slack(beyond)).unsqueeze(1), out=self.spare)
            candidates = torch.add(candidates, out, alpha=self.far, out=self.spare)
        nearest = candidates.amin(1)
        bound = (nearest + self.square.slack(nearest)).unsqueeze(1)
        return nearest, torch.le(candidates, bound, out=self.spare).argmax(1), nearest < self.far / 2

    def farthest_negative(self) -> tuple[Tensor, Tensor, Tensor]:
        candidates = torch.sub(self.distance, self.alike, alpha=self.far, out=self.spare)
        farthest = candidates.amax(1)
        bound = (farthest - self.square.slack(farthest)).unsqueeze(1)
        return farthest, torch.ge(candidates, bound, out=self.spare).argmax(1), farthest > -self.far / 2


Weighed = tuple[Tensor, Tensor, Tensor]  # the sum of the terms of a slice, their number, the gradient by its distances


def _mean(weigh: Callable[[_Slice], Weighed], loss: Loss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    """The mean of all terms, each slice of anchors weighed by itself."""
    felt = _felt(embeddings)
    square = _Square.of(loss.distance, embeddings.detach())
    if square is None:
        return None
    classes, total, count = _Classes(labels, embeddings), 0, 0
    for rows in _slices(len(labels), len(labels), DISTANCES):
        part = _Slice(square, classes, rows)
        cost, terms, gradient = weigh(part)
        total, count = total + cost, count + terms
        if felt:
            square.pull(rows, part.distance, gradient)
    count = count.clamp(min=1)
    value = (total / count).to(embeddings.dtype)
    return _known(value, lambda: (square.pulled() / count,), embeddings)


@road(losses.BatchAllTripletLoss, keeps_digits=True)
def _batch_all(loss: losses.BatchAllTripletLoss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    """A triplet counts while its negative lies below a threshold, its positive's distance plus the margin. So the loss
    needs, of every threshold, how many negatives lie below it; of every negative, below how many thresholds it lies."""
    margin = float(loss.margin)

    def weigh(part: _Slice) -> Weighed:
        threshold = part.to_positives + margin
        bound = torch.where(part.real, threshold - part.square.slack(threshold).clamp(min=COUNTED), -part.far)
        below = torch.zeros_like(part.distance)
        reached = torch.empty_like(bound)
        for column in range(bound.shape[1]):
            costs = torch.lt(part.to_negatives, bound[:, column, None], out=part.spare)
            reached[:, column] = costs.sum(1)
            below += costs
        total = _exact(reached, threshold) - _exact(below, part.distance)
        return total, reached.sum(dtype=torch.float64), below.neg_().scatter_add_(1, part.positives, reached)

    return _mean(weigh, loss, embeddings, labels)


def _exact(x: Tensor, y: Tensor) -> Tensor:
    """The sum of x · y, without the rounding errors of a long sum."""
    return (x * y).sum(dtype=torch.float64)


@road(losses.BatchSemiHardTripletLoss, keeps_digits=True)
def _semi_hard(loss: losses.BatchSemiHardTripletLoss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    margin = float(loss.margin)

    def weigh(part: _Slice) -> Weighed:
        chosen, felt = _semi_hard_negatives(part)
        to_chosen = torch.where(felt, part.distance.gather(1, chosen), part.distance.amin(1, keepdim=True))
        cost = torch.where(part.real, relu(part.to_positives - to_chosen + margin), 0)
        active = (cost > 0).to(cost.dtype)
        gradient = torch.zeros_like(part.distance).scatter_add_(1, part.positives, active)
        gradient.scatter_add_(1, chosen, -active * felt)
        return cost.sum(dtype=torch.float64), part.real.sum(), gradient

    return _mean(weigh, loss, embeddings, labels)


def _semi_hard_negatives(part: _Slice) -> tuple[Tensor, Tensor]:
    """For each positive the nearest negative beyond it, else the farthest negative; and whether there is a negative."""
    _, farthest, exists = (each.unsqueeze(1) for each in part.farthest_negative())
    positives = part.positives.shape[1]
    if positives > MANY:
        ordered, order = part.to_negatives.sort(dim=1, stable=True)
        bound = part.to_positives + part.square.slack(part.to_positives)
        place = torch.searchsorted(ordered, bound, right=True).clamp_(max=ordered.shape[1] - 1)
        nearest, found = order.gather(1, place), ordered.gather(1, place) < part.far / 2
    else:
        nearest, found = torch.empty_like(part.positives), torch.empty_like(part.real)
        for column in range(positives):
            _, nearest[:, column], found[:, column] = part.nearest_negative(part.to_positives[:, column])
    return torch.where(found, nearest, farthest), exists


@road(losses.BatchHardTripletLoss, keeps_digits=True)
def _batch_hard(loss: losses.BatchHardTripletLoss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    def cost(gap: Tensor) -> tuple[Tensor, Tensor]:
        shortfall = relu(gap + float(loss.margin))
        return shortfall, (shortfall > 0).to(gap.dtype)

    return _mean_of_hardest(cost, loss, embeddings, labels)


@road(losses.BatchHardSoftMarginTripletLoss, keeps_digits=True)
def _batch_hard_soft(loss: losses.BatchHardSoftMarginTripletLoss, embeddings: Tensor, labels: Tensor) -> Tensor | None:
    def cost(gap: Tensor) -> tuple[Tensor, Tensor]:
        return softplus(gap), gap.sigmoid().masked_fill_(gap > 20, 1)  # from 20 on softplus is a straight line

    return _mean_of_hardest(cost, loss, embeddings, labels)


def _mean_of_hardest(
    cost: Callable[[Tensor], tuple[Tensor, Tensor]], loss: Loss, embeddings: Tensor, labels: Tensor
) -> Tensor | None:
    """The mean over anchors of what the gap between hardest positive and hardest negative costs (and its slope).

    First the two of every anchor of a slice are found; then they alone are asked for their distances, and pulled.
    """
    square = _Square.of(loss.distance, embeddings.detach())
    if square is None:
        return None
    total, count, felt = 0, len(labels), _felt(embeddings)
    for rows in _slices(count, count, DISTANCES):
        distance = square.rows(rows)
        positive, has_positive, negative, has_negatives = _hardest(square, distance, labels, rows)
        chosen = torch.stack((positive, negative), 1)
        measured, pull = square.chosen(rows, distance, chosen)
        to_positive, to_negative = measured.unbind(1)
        if not has_negatives:
            to_negative = distance.amin(1) + distance.amax(1)
        costs, slope = cost(torch.where(has_positive, to_positive, 0) - to_negative)
        total += costs.sum(dtype=torch.float64)
        if felt and has_negatives:  # a stand-in moves nothing
            slope.div_(count)
            pull(torch.stack((slope * has_positive, -slope), 1))
    value = (total / count).to(embeddings.dtype)
    return _known(value, lambda: (square.pulled(),), embeddings)


def _hardest(square: _Square, distance: Tensor, labels: Tensor, rows: slice) -> tuple[Tensor, Tensor, Tensor, bool]:
    """Place of the farthest positive of each anchor and whether there is one; of its nearest negative, and whether
    there are any: unless all are of one class, every anchor has one."""
    far = torch.finfo(distance.dtype).max / 4
    differs, spare = torch.empty_like(distance), torch.empty_like(distance)
    torch.ne(labels[rows, None], labels, out=differs)
    candidates = torch.sub(distance, differs, alpha=far)
    candidates.diagonal(rows.start).fill_(-far)
    farthest = candidates.amax(1)
    bound = (farthest - square.slack(farthest)).unsqueeze(1)
    positive = torch.ge(candidates, bound, out=spare).argmax(1)
    alike = torch.eq(labels[rows, None], labels, out=differs)
    candidates = torch.add(distance, alike, alpha=far, out=candidates)
    nearest = candidates.amin(1)
    bound = (nearest + square.slack(nearest)).unsqueeze(1)
    negative = torch.le(candidates, bound, out=spare).argmax(1)
    return positive, farthest > -far / 2, negative, nearest[0].item() < far / 2


# --- rankings --------------------------------------------------------------------------------------------------------


@road(losses.MultipleNegativesRankingLoss)
def _ranking(loss: losses.MultipleNegativesRankingLoss, *rows: Tensor) -> Tensor | None:
    if loss.directions != ("query_to_doc",) or loss.hardness_mode is not None:
        return None
    return _softmax_of_rows(loss.similarity, float(loss.scale), False, *rows)


@road(losses.MultipleNegativesSymmetricRankingLoss)
def _symmetric(loss: losses.MultipleNegativesSymmetricRankingLoss, *rows: Tensor) -> Tensor | None:
    return _softmax_of_rows(loss.similarity, float(loss.scale), True, *rows)


@road(losses.ContrastiveTensionLossInBatchNegatives)
def _tension(loss: losses.ContrastiveTensionLossInBatchNegatives, *rows: Tensor) -> Tensor | None:
    return _softmax_of_rows("cosine", float(loss.scale), True, *rows)


def _softmax_of_rows(
    similarity: str, scale: float, both_ways: bool, anchor: Tensor, *documents: Tensor
) -> Tensor | None:
    """The mean of −log softmax at the diagonal of the logits; ``both_ways`` also along the columns of the positives."""
    count, terms = len(anchor), len(anchor) * (1 + both_ways)
    queries, candidates = anchor.detach(), _joined([each.detach() for each in documents])
    if similarity == "cosine":
        query_directions, candidate_directions = _Unit(queries), _Unit(candidates)
        queries, candidates = query_directions.rows, candidate_directions.rows
    logits = _Logits(queries, candidates, scale)
    columns = logits.columns(count) if both_ways else None
    for_queries, for_candidates, total, excesses = torch.empty_like(queries), torch.zeros_like(candidates), 0, []
    for rows in logits.slices:
        scores = logits.rows(rows)
        log_share = scores.log_softmax(1)
        targets = log_share.diagonal(rows.start)
        surprise, excess = targets.sum(dtype=torch.float64), targets.expm1()
        share = log_share.exp_()
        if both_ways:
            of_column = columns(scores)
            targets = of_column.diagonal(rows.start)
            surprise, excess = surprise + targets.sum(dtype=torch.float64), excess + targets.expm1()
            share[:, :count] += of_column.exp_()
        share.diagonal(rows.start).copy_(excess)
        excesses.append(excess)
        total -= surprise
        _product(share, candidates, scale / terms, out=for_queries[rows])
        for_candidates.addmm_(share.T, queries[rows], alpha=scale / terms)
    if similarity == "cosine":
        for_queries, for_candidates = query_directions.pull(for_queries), candidate_directions.pull(for_candidates)
    else:
        pulls = torch.cat(excesses).unsqueeze(1) * candidates[:count] * (scale / terms)
        _keep_digits(pulls, for_queries)
    value = (total / terms).to(anchor.dtype)
    return _known(value, lambda: (for_queries, *for_candidates.split(count)), anchor, *documents)


def _keep_digits(parts: Tensor, total: Tensor) -> None:
    """TooCoarse where the parts of a sum all but cancel."""
    whole, left = (torch.linalg.vector_norm(each).item() for each in (parts, total))
    if total.dtype == torch.float32 and left**2 < (1 - FAR) * whole**2:
        raise TooCoarse


def _joined(parts: list[Tensor]) -> Tensor:
    return torch.cat(parts) if len(parts) > 1 else parts[0]


def _product(x: Tensor, y: Tensor, scale: float, out: Tensor) -> Tensor:
    return torch.addmm(out, x, y, beta=0, alpha=scale, out=out)


class _Logits:
    """A product of matrices, times the scale, by slices of its rows."""

    def __init__(self, queries: Tensor, candidates: Tensor, scale: float) -> None:
        self.queries, self.candidates, self.scale = queries, candidates.T, scale
        self.slices = list(_slices(len(queries), len(candidates), LOGITS))

    def rows(self, rows: slice) -> Tensor:
        few = self.queries[rows]
        return _product(few, self.candidates, self.scale, out=few.new_empty(len(few), self.candidates.shape[1]))

    def columns(self, count: int) -> Callable[[Tensor], Tensor]:
        """What turns a slice of logits into the log of their share along each of the first columns. It needs the
        largest logit of each, and the log of the sum of exponentials above it: apart, for in their sum digits would be
        lost."""
        if len(self.slices) == 1:
            return lambda scores: scores[:, :count].log_softmax(0)
        peaks, sums = [], []
        for rows in self.slices:
            scores = self.rows(rows)[:, :count]
            peaks.append(scores.amax(0))
            sums.append((scores - peaks[-1]).exp_().sum(0))
        peaks, sums = torch.stack(peaks), torch.stack(sums)
        peak = peaks.amax(0)
        log_sum = (sums * (peaks - peak).exp()).sum(0).log()
        return lambda scores: scores[:, :count].sub_(peak).sub_(log_sum)


# --- ordered pairs ---------------------------------------------------------------------------------------------------


@road(losses.CoSENTLoss, keeps_digits=True, sees_rows=True)
def _cosent(loss: losses.CoSENTLoss, first: Tensor, second: Tensor, scores: Tensor) -> Tensor:
    return _in_order(_nearness, float(loss.scale), first, second, scores)


@road(losses.AnglELoss)
def _angle(loss: losses.AnglELoss, first: Tensor, second: Tensor, scores: Tensor) -> Tensor:
    return _in_order(_angle_similarity, float(loss.scale), first, second, scores)


def _in_order(measure: Callable, scale: float, first: Tensor, second: Tensor, scores: Tensor) -> Tensor:
    """ln(1 + Σ exp(zᵢ − zₖ)) over all pairs with scores yᵢ < yₖ. In the order of the scores, everyone's k (or i) are
    all from a place on (all before a place): sums that run through the batch once serve all."""
    similarity, pull = measure(first.detach(), second.detach())
    scores, order = _sortable(scores).sort()
    z = similarity[order] * scale
    nothing = z.new_full((1,), -torch.inf)
    above = torch.searchsorted(scores, scores, right=True)
    below = torch.searchsorted(scores, scores)
    higher = torch.cat((torch.logcumsumexp(-z.flip(0), 0).flip(0), nothing))[above]
    lower = torch.cat((nothing, torch.logcumsumexp(z, 0)))[below]
    value = torch.cat((torch.zeros_like(nothing), z + higher)).logsumexp(0)
    slope = torch.empty_like(z)
    slope[order] = scale * ((z + higher - value).exp() - (lower - z - value).exp())
    return _known(value, lambda: pull(slope), first, second)


def _nearness(x: Tensor, y: Tensor) -> tuple[Tensor, Pull]:
    """The cosine similarity less 1: an order needs differences alone, and near 1 the 1 would cost digits."""
    distance, pull = _cosine(x, y)
    return -distance, lambda gradient: pull(-gradient)


def _angle_similarity(x: Tensor, y: Tensor) -> tuple[Tensor, Pull]:
    odd = x.shape[-1] % 2
    u, v = (_Unit(pad(each, (0, 1)) if odd else each) for each in (x, y))
    (a, b), (c, d) = u.rows.chunk(2, -1), v.rows.chunk(2, -1)
    turned = torch.cat((c - d, c + d), -1)
    product = (u.rows * turned).sum(-1)

    def pull(gradient: Tensor) -> tuple[Tensor, Tensor]:
        slope = (gradient * product.sign()).unsqueeze(-1)
        pulled = u.pull(slope * turned), v.pull(slope * torch.cat((a + b, b - a), -1))
        return tuple(each[:, :-1] for each in pulled) if odd else pulled

    return product.abs(), pull
