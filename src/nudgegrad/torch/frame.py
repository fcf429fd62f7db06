"""One module that holds all modules of a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from nudgegrad.torch.captured import captured

__all__ = ["Frame"]

Tensor = Any


class Frame(nn.Module):  # type: ignore[misc, unused-ignore]
    """Holds a module, its loss and the modules that these functions refer to.

    The loss belongs in here, because it may read the module's parameters: to penalise them, say.

    Parameters
    ----------
    module, loss_fn
        Held if it is a `torch.nn.Module` or a method of one. Of any other function the modules
        that it refers to are held.
    """

    def __init__(self, module: Any, loss_fn: Any) -> None:
        super().__init__()
        for name, held in (("module", module), ("loss", loss_fn)):
            owner = getattr(held, "__self__", held)
            if isinstance(owner, nn.Module):
                setattr(self, name, owner)
        found = [x for held in (module, loss_fn) for x in captured(held)]
        others = [x for x in found if isinstance(x, nn.Module)]
        for k, other in enumerate({id(x): x for x in others}.values()):
            setattr(self, f"other{k}", other)

    def forward(self, work: Callable[[], Tensor]) -> Tensor:
        """Do the work."""
        return work()

    def places(self) -> Iterator[tuple[str, Tensor]]:
        """Yield every place of a parameter or buffer once; tied ones have several."""
        for prefix, child in self.named_modules():
            for named in (child.named_parameters, child.named_buffers):
                yield from named(prefix, recurse=False, remove_duplicate=False)
