"""Schedules: how the learning rate changes as training goes on. Call step() after the optimiser's."""

import math


class LRScheduler:
    """Sets the learning rate of each group; subclasses define `_rate(group, start)`, where
    `last_epoch` counts the steps so far and `start` is the rate at first.

    Raises KeyError if a schedule that goes on finds no "initial_lr" in a group.
    """

    def __init__(self, optimizer, last_epoch=-1):
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError("param 'initial_lr' is not specified in the groups of a resumed optimizer")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self.step()

    def step(self):
        """One step more: set the learning rates."""
        self.last_epoch += 1
        for i, (group, start) in enumerate(zip(self.optimizer.param_groups, self.base_lrs)):
            group["lr"] = self._rate(i, start)

    def get_last_lr(self):
        """The learning rate of each group."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def _rate(self, group, start):
        raise NotImplementedError(f"{type(self).__name__} must define _rate(self, group, start)")

    def state_dict(self):
        """Everything but the optimiser and functions."""
        return {
            name: value
            for name, value in vars(self).items()
            if name not in ("optimizer", "lr_lambdas", "_schedulers")
        }

    def load_state_dict(self, state_dict):
        """Take over what state_dict() gave."""
        vars(self).update(state_dict)


class LambdaLR(LRScheduler):
    """The first rate times lr_lambda(steps so far): one function, or a list with one for each group.

    Raises ValueError for a list of another length.
    """

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        count = len(optimizer.param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * count
        if len(self.lr_lambdas) != count:
            raise ValueError(f"Expected {count} lr_lambdas, but got {len(self.lr_lambdas)}")
        super().__init__(optimizer, last_epoch)

    def _rate(self, group, start):
        return start * self.lr_lambdas[group](self.last_epoch)


class StepLR(LRScheduler):
    """Multiplied by `gamma` every `step_size` steps."""

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, group, start):
        return start * self.gamma ** (self.last_epoch // self.step_size)


class ExponentialLR(LRScheduler):
    """Multiplied by `gamma` every step."""

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, group, start):
        return start * self.gamma**self.last_epoch


class LinearLR(LRScheduler):
    """A warm-up: the first rate times a factor from `start_factor` to `end_factor` in `total_iters` steps.

    Raises ValueError unless 0 < start_factor <= 1 and 0 <= end_factor <= 1.
    """

    def __init__(self, optimizer, start_factor=1 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        if not 0 < start_factor <= 1:
            raise ValueError("Starting multiplicative factor expected to be in (0, 1].")
        if not 0 <= end_factor <= 1:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _rate(self, group, start):
        part = min(self.last_epoch, self.total_iters) / self.total_iters
        return start * (self.start_factor + (self.end_factor - self.start_factor) * part)


class CosineAnnealingLR(LRScheduler):
    """Half a cosine wave from the first rate to `eta_min` in `T_max` steps, and back in the next ones.

    Loshchilov & Hutter, ICLR 2017.
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _rate(self, group, start):
        wave = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return self.eta_min + (start - self.eta_min) * wave / 2


class SequentialLR(LRScheduler):
    """Several schedules one after the other, such as a warm-up and a decay; the steps at which to change
    are `milestones`.

    Raises ValueError unless there is one milestone less than schedules.
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "SequentialLR needs one milestone less than schedulers, "
                f"got {len(milestones)} and {len(schedulers)}"
            )
        self._schedulers = schedulers
        self.milestones = milestones
        super().__init__(optimizer, last_epoch)

    def step(self):
        """One step more: of the schedule whose turn it is."""
        self.last_epoch += 1
        passed = [m for m in self.milestones if m <= self.last_epoch]
        current = self._schedulers[len(passed)]
        current.last_epoch = self.last_epoch - (passed[-1] if passed else 0) - 1
        current.step()
