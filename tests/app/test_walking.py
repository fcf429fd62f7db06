"""What the tab *Walk* walks through, without a browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nudgegrad.app.chain import chain, touched
from nudgegrad.app.session import Session
from nudgegrad.app.walking import by_hand, of_session, read_index, steps_csv
from nudgegrad.data import as_inputs
from nudgegrad.messages import translator
from nudgegrad.validation import ParameterError
from nudgegrad.walkthrough import hand_example, walk
from tests.cli.processes import write_data


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path / "runs")
    data = str(write_data(tmp_path / "data.npz"))
    made.change(data=data, hidden_sizes=(5,), batch_size=10, learning_rate=0.25)
    yield made
    made.close()


def test_the_hand_example_is_that_of_the_command() -> None:
    language = translator("ja")
    network, x, t = hand_example()
    expected = walk(
        network, x, t, data_name=language("an example to check by hand"), translate=language
    )
    assert by_hand().steps(translate=language) == expected


def test_the_batch_is_the_first_that_the_command_draws(session: Session) -> None:
    drawn = np.random.default_rng([0, 1]).integers(0, 200, 10)
    example = of_session(session)
    np.testing.assert_array_equal(example.x, as_inputs(session.data.x_train[drawn], np.float64))
    assert example.t.argmax(axis=1).tolist() == session.data.t_train[drawn].tolist()
    assert not np.array_equal(of_session(session, 2).x, example.x)
    assert (example.learning_rate, example.iterations) == (0.25, 0)
    assert example.version == session.version


def test_float32_weights_are_walked_through_in_float64(session: Session) -> None:
    assert session.network.dtype == np.float32
    example = of_session(session)
    facts = dict(example.steps()[7].facts)
    slopes = [float(facts[name]) for name in ("(f₊ − f₋) / 2h", "by backpropagation")]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-5)
    assert len(example.steps()) == 11


def test_the_network_stays_as_it_is(session: Session) -> None:
    before = session.network.params["W1"].copy()
    of_session(session).steps(parameter="W1", index=(0, 0), h=0.5)
    np.testing.assert_array_equal(session.network.params["W1"], before)


def test_large_batches_are_cut(session: Session) -> None:
    session.change(batch_size=100_000)
    assert len(of_session(session).x) == 200


def test_adams_rate_is_not_that_of_the_update(session: Session) -> None:
    session.change(optimizer="adam", learning_rate=0.001)
    assert of_session(session).learning_rate == 0.1


def test_weights_that_are_not_finite_are_refused() -> None:
    example = by_hand()
    example.network.params["W1"][0, 0] = np.nan
    with pytest.raises(ParameterError, match="the weights are not finite"):
        example.steps()


@pytest.mark.parametrize(
    ("text", "index"),
    [("", None), ("  ", None), ("3, 5", (3, 5)), ("(3 5)", (3, 5)), ("3，5", (3, 5)), ("4,", (4,))],
)
def test_an_entry_is_read(text: str, index: tuple[int, ...] | None) -> None:
    assert read_index(text) == index


@pytest.mark.parametrize("text", ["x", "1.5", "3;5"])
def test_an_entry_that_is_none(text: str) -> None:
    with pytest.raises(ParameterError, match="an entry must be whole numbers"):
        read_index(text)


def test_steps_as_csv() -> None:
    steps = by_hand().steps()
    read = list(csv.reader(io.StringIO(steps_csv(steps))))
    assert read[0] == ["step", "title", "fact", "value"]
    assert len(read) == 1 + sum(1 + len(step.facts) for step in steps)
    assert ["1", steps[1].title, *steps[1].facts[0]] in read


def test_the_chain_of_a_network() -> None:
    example = by_hand()
    links = chain(example.network, example.x, example.t)
    assert [link.name for link in links] == ["x", "Affine", "Sigmoid", "Affine", "Softmax", "L"]
    assert links[0].shapes == (("", "2 × 3"),)
    assert links[1].shapes == (("W1", "3 × 2"), ("b1", "2"))

    def names(step: int) -> list[str]:
        return [link.name for link in links if touched(link, step, "b2")]

    assert names(2) == names(7) == ["Affine"]
    assert names(1) == ["Affine", "L"]
    assert names(4) == ["x", "Affine", "Sigmoid", "Affine", "Softmax"]
    assert names(5) == ["L"]
    assert names(8) == ["Affine", "Affine"]
    assert len(names(0)) == 6
    assert not touched(links[1], 2, "b2")


def test_a_convolutional_network_is_walked_through(tmp_path: Path) -> None:
    session = Session(tmp_path / "runs")
    session.change(data=str(write_data(tmp_path / "data.npz", features=64)), batch_size=10)
    session.change(model="simple-convnet", hidden_sizes=(5,), activation="relu")
    example = of_session(session)
    steps = example.steps(parameter="W1", index=(3, 0, 2, 4))
    assert dict(steps[1].facts)["the value we follow"].startswith("W1[3, 0, 2, 4] = ")
    assert steps[4].formula.count("conv2d") == 1
    divided = dict(steps[7].facts)
    slopes = [float(divided[name]) for name in ("by weight", "by node", "by backpropagation")]
    assert slopes == pytest.approx([slopes[0]] * 3, rel=1e-5)
    assert [link.name for link in chain(example.network, example.x, example.t)][1:5] == [
        "Conv2D", "ReLU", "MaxPool2D", "Flatten",
    ]  # fmt: skip
