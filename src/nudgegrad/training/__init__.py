"""Training: the loop, optimizers, history, checkpoints and run folders."""

from nudgegrad.training.at_once import train
from nudgegrad.training.history import EpochRecord, History
from nudgegrad.training.optimizers import SGD, Adam, Momentum, Nesterov, Optimizer
from nudgegrad.training.schedules import CosineDecay, LinearDecay, Schedule, StepDecay
from nudgegrad.training.trainer import Trainer

__all__ = [
    "SGD", "Adam", "CosineDecay", "EpochRecord", "History", "LinearDecay", "Momentum", "Nesterov",
    "Optimizer", "Schedule", "StepDecay", "Trainer", "train",
]  # fmt: skip
