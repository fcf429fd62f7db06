"""Sparse tensors inside, as gradients, buffers, inputs and parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nudgegrad.torch import check  # noqa: E402
from nudgegrad.validation import ParameterError  # noqa: E402
from tests.torch.modules import State, random, weighed  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta:UserWarning")

LAYOUTS = ("to_sparse_coo", "to_sparse_csr")


def adjacency(layout: str) -> Any:
    """Return a sparse matrix with a few entries."""
    dense = random(4, 4)
    return getattr(torch.where(dense > 0.3, dense, 0), layout)()


class Inside(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
    """Makes its weight or its input sparse."""

    def __init__(self, layout: str, of_input: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(random(3, 4))
        self.layout, self.of_input = layout, of_input

    def forward(self, x: Any) -> Any:
        if self.of_input:
            return torch.sparse.mm(getattr(x, self.layout)(), self.weight.t())
        return torch.sparse.mm(getattr(self.weight, self.layout)(), x.t())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("of_input", [False, True])
def test_what_becomes_sparse_inside(layout: str, of_input: bool) -> None:
    module: Any = Inside(layout, of_input)
    x = random(2, 4, seed=7)
    state = State(module, x)
    report = check(module, weighed, x)
    state.check()
    assert report.passed
    module.weight.register_hook(lambda g: 2 * g)
    assert check(module, weighed, x).counts["wrong"] == 12


class Graph(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
    """A layer on a graph, whose matrix is a buffer, a parameter or an input."""

    def __init__(self, matrix: Any = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(random(3, 2))
        if isinstance(matrix, nn.Parameter):
            self.matrix = matrix
        else:
            self.register_buffer("matrix", matrix)

    def forward(self, x: Any, matrix: Any = None) -> Any:
        return torch.sparse.mm(self.matrix if matrix is None else matrix, x @ self.weight)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_buffers_and_inputs(layout: str) -> None:
    x = random(4, 3, seed=7)
    module = Graph(adjacency(layout))
    state = State(module, x)
    report = check(module, weighed, x)
    state.check()
    assert report.passed
    assert list(report.parameters) == ["weight", "input"]
    report = check(Graph(), weighed, x, adjacency(layout))
    assert report.passed
    assert list(report.parameters) == ["weight", "input0"]
    assert "input1 is sparse, and is not checked" in report.notes
    assert not check(Graph(), weighed, x, adjacency(layout), check_inputs=False).notes


@pytest.mark.parametrize("layout", LAYOUTS)
def test_parameters(layout: str) -> None:
    matrix = adjacency(layout)
    module: Any = Graph(nn.Parameter(matrix))
    x = random(4, 3, seed=7)
    state = State(module, x)
    report = check(module, weighed, x)
    state.check()
    assert report.passed
    part = report.parameters["matrix"]
    assert any("matrix is sparse" in note for note in report.notes)
    # Each specified entry's gradient is that of a dense matrix.
    dense = matrix.to_dense().requires_grad_()
    weighed(dense @ (x @ module.weight.detach())).backward()
    expected = dense.grad[matrix.to_dense() != 0].numpy()
    np.testing.assert_allclose(part.numeric, expected, rtol=1e-7)
    module.matrix.register_hook(lambda g: 2 * g)
    assert check(module, weighed, x).counts["wrong"] == len(expected)


def test_parameters_that_cannot_be_checked() -> None:
    indices = torch.tensor([[0, 0], [1, 1]])
    twice = torch.sparse_coo_tensor(indices, random(2), (4, 4), check_invariants=False)
    with pytest.raises(ParameterError, match=r"matrix must be coalesced.*tensor\.coalesce\(\)"):
        check(Graph(nn.Parameter(twice)), weighed, random(4, 3))
    with pytest.raises(ParameterError, match="matrix must be dense, sparse COO or sparse CSR, got"):
        check(Graph(nn.Parameter(adjacency("to_sparse_csc"))), weighed, random(4, 3))


def test_sparse_gradients_of_embeddings() -> None:
    words = torch.tensor([[0, 1], [1, 4]])
    modules: Any = (
        nn.Embedding(5, 3, sparse=True).double(),
        nn.EmbeddingBag(5, 3, mode="sum", sparse=True).double(),
    )
    for module in modules:
        report = check(module, weighed, words)
        assert report.passed
        assert not report.parameters["weight"].analytic[[2, 3]].any()
        module.weight.register_hook(lambda g: 2 * g)
        assert check(module, weighed, words).counts["wrong"] == 9


def test_nested_inputs_pass_through() -> None:
    sequences = torch.nested.nested_tensor([random(2, 3), random(4, 3)], layout=torch.jagged)
    module = nn.Linear(3, 2).double()

    def loss(output: Any) -> Any:
        return weighed(torch.cat([rows.flatten() for rows in output.unbind()]))

    report = check(module, loss, sequences)
    assert report.passed
    assert "input is nested, and is not checked" in report.notes
