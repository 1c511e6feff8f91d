"""Losses of one labelled pair at a time."""

import torch
from torch import Tensor
from torch.nn.functional import relu

from lossviz import losses
from lossviz.fast.measures import PAIRED
from lossviz.fast.road import known


def contrastive(loss: losses.ContrastiveLoss, anchor: Tensor, other: Tensor, labels: Tensor) -> Tensor | None:
    distance, pull = PAIRED[loss.distance](anchor.detach(), other.detach())
    share = 1 / len(distance) if loss.size_average else 1.0
    shortfall = relu(float(loss.margin) - distance)
    attraction, repulsion = labels * distance, (1 - labels) * shortfall
    value = (attraction.dot(distance) + repulsion.dot(shortfall)) * (share / 2)
    return known(value, lambda: pull((attraction - repulsion) * share), anchor, other)


def online_contrastive(
    loss: losses.OnlineContrastiveLoss, anchor: Tensor, other: Tensor, labels: Tensor
) -> Tensor | None:
    distance, pull = PAIRED[loss.distance](anchor.detach(), other.detach())
    positive = labels > 0
    farthest_positive = torch.where(positive, distance, -torch.inf).amax()
    nearest_negative = torch.where(positive, torch.inf, distance).amin()
    one_class = torch.isinf(nearest_negative - farthest_positive)  # then the other's stand-in is the mean
    farthest_positive = torch.where(one_class, distance.mean(), farthest_positive)
    nearest_negative = torch.where(one_class, distance.mean(), nearest_negative)
    shortfall = relu(float(loss.margin) - distance)
    attraction = torch.where(positive & (distance > nearest_negative), distance, 0)
    repulsion = torch.where(positive | (distance >= farthest_positive), 0, shortfall)
    value = attraction.dot(attraction) + repulsion.dot(repulsion)
    return known(value, lambda: pull(2 * (attraction - repulsion)), anchor, other)
