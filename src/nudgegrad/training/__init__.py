"""Training: the loop, optimizers, history, checkpoints and run folders."""

from nudgegrad.training.history import EpochRecord, History
from nudgegrad.training.optimizers import SGD, Adam, Momentum, Optimizer
from nudgegrad.training.trainer import Trainer, train

__all__ = ["SGD", "Adam", "EpochRecord", "History", "Momentum", "Optimizer", "Trainer", "train"]
