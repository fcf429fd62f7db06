"""From a drawing to an answer, without a browser."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import nudgegrad as ng
from nudgegrad.app.draw import pictures
from nudgegrad.app.draw.frame import Frame, frame_of
from nudgegrad.app.draw.pictures import RASTER, Answer
from nudgegrad.data import Dataset
from nudgegrad.picture import MNIST, PictureError

INK = Frame((28, 28), MNIST, 0.0, 1.0, 0.0, 1.0, ink_only=True)
"""MNIST's."""
PLAIN = Frame((28, 28), None, 0.0, 1.0, 0.0, 1.0)
"""Of pictures without an even background."""


def encoded(ink: np.ndarray) -> str:
    return base64.b64encode(ink.astype(np.uint8).tobytes()).decode()


def stroke(top: int, left: int, height: int = 40, width: int = 8) -> np.ndarray:
    ink = np.zeros((RASTER, RASTER))
    ink[top : top + height, left : left + width] = 255
    return ink


@pytest.fixture
def net() -> ng.Network:
    return ng.TwoLayerNet(784, 10, 10, seed=0)


@pytest.fixture
def data() -> Dataset:
    rng = np.random.default_rng(0)
    x, t = rng.integers(0, 256, (12, 28, 28), dtype=np.uint8), np.arange(12) % 10
    return Dataset("made up", x, t, x, t, 10, "here")


def test_a_drawing_is_centred_wherever_it_is() -> None:
    first = pictures.from_drawing(encoded(stroke(2, 3)), INK)
    second = pictures.from_drawing(encoded(stroke(35, 70)), INK)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.pixels, second.pixels)
    rows, columns = np.nonzero(first.pixels)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (4, 23, 12, 15)
    assert first.inputs.shape == (1, 784)
    assert first.inputs.max() == 1


def test_nothing_drawn_is_nothing() -> None:
    assert pictures.from_drawing(encoded(np.zeros((RASTER, RASTER))), INK) is None
    assert pictures.from_drawing(encoded(np.full((RASTER, RASTER), 20)), INK) is None


def test_a_soft_edge_is_no_border() -> None:
    ink = stroke(20, 20)
    plain = pictures.from_drawing(encoded(ink), INK)
    ink[10, :] = 20
    assert plain is not None
    soft = pictures.from_drawing(encoded(ink), INK)
    assert soft is not None
    np.testing.assert_array_equal(plain.pixels, soft.pixels)


@given(
    st.one_of(
        st.none(), st.integers(), st.text(max_size=50), st.binary(max_size=50), st.lists(st.text()),
        st.just("A" * 10**7), st.just("é" * 9408), st.just("*" * 9408), st.just("=" * 9408),
        st.just("A" * 9406 + "=="),
    )
)  # fmt: skip
def test_what_is_no_drawing_is_refused(sent: object) -> None:
    with pytest.raises(PictureError, match="a drawing must"):
        pictures.from_drawing(sent, INK)


def test_a_file() -> None:
    paper = np.full((300, 200), 255, np.uint8)
    paper[50:250, 80:110] = 0
    stream = io.BytesIO()
    Image.fromarray(paper).save(stream, "jpeg")
    shown = pictures.from_file(stream.getvalue(), "one.jpg", INK)
    assert (shown.origin, shown.name, shown.label) == ("file", "one.jpg", None)
    assert shown.pixels[14, 14] == 255


def test_files_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(PictureError, match=r"big\.png: must have at most 20,000,000 bytes"):
        pictures.from_file(bytes(pictures.MOST_BYTES + 1), "big.png", INK)
    stream = io.BytesIO()
    Image.new("1", (6000, 6000)).save(stream, "png")
    with pytest.raises(PictureError, match=r"wide\.png: must have at most 25,000,000 pixels"):
        pictures.from_file(stream.getvalue(), "wide.png", INK)
    for content in (b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", stream.getvalue()[:60]):
        with pytest.raises(PictureError, match=r"^x\.png: "):
            pictures.from_file(content, "x.png", INK)


def test_an_answer(net: ng.Network) -> None:
    shown = pictures.from_drawing(encoded(stroke(10, 10)), INK)
    assert shown is not None
    answer = pictures.answer(net, shown)
    expected = net.predict(shown.inputs)[0]
    np.testing.assert_allclose([p or np.nan for p in answer.probabilities], expected)
    assert answer.best == expected.argmax()


def test_a_diverged_network_gives_gaps(net: ng.Network) -> None:
    net.params["W2"][:] = np.nan
    shown = pictures.from_drawing(encoded(stroke(10, 10)), INK)
    assert shown is not None
    assert pictures.answer(net, shown) == pictures.no_answer(net) == Answer((None,) * 10, None)


def test_test_images(net: ng.Network, data: Dataset) -> None:
    frame = frame_of(data)
    assert frame is not None
    shown = pictures.from_test_set(data, 3, frame)
    np.testing.assert_array_equal(shown.pixels, data.x_test[3])
    assert (shown.origin, shown.index, shown.label) == ("test", 3, 3)
    assert 0 <= pictures.random_index(data) < 12
    assert base64.b64decode(pictures.base_of(shown)) == data.x_test[3].tobytes()
    content = base64.b64decode(shown.png().removeprefix("data:image/png;base64,"))
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), data.x_test[3])
    assert pictures.answer(net, shown).best is not None


def test_images_of_floats_keep_their_values() -> None:
    x = np.linspace(-1, 3, 784)[None]
    t = np.zeros(1, int)
    floats, flat = (Dataset("floats", part, t, part, t, 1, "here") for part in (x, x * 0))
    for data in (floats, flat):
        frame = frame_of(data)
        assert frame is not None
        shown = pictures.from_test_set(data, 0, frame)
        np.testing.assert_array_equal(shown.inputs, data.x_test)
        assert (shown.pixels.min(), shown.pixels.max()) == ((0, 255) if data is floats else (0, 0))


def test_the_next_wrong_one(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    net = ng.TwoLayerNet(784, 10, 10, seed=0)
    net.params["W2"][:] = 0
    net.params["b2"][:] = 5 * np.eye(10)[4]  # always says 4
    for at_once in (3, 500):
        monkeypatch.setattr(pictures, "AT_ONCE", at_once)
        assert pictures.next_wrong(net, data, -1) == 0
        assert pictures.next_wrong(net, data, 3) == 5
        assert pictures.next_wrong(net, data, 11) == 0
    only = Dataset("fours", data.x_train, data.t_train, data.x_test[:2], np.array([4, 4]), 10, "")
    assert pictures.next_wrong(net, only, 0) is None
    net.params["b2"][:] = np.nan
    assert pictures.next_wrong(net, only, 0) == 1


def test_many_classes_are_ranked() -> None:
    assert pictures.ranked(Answer((0.1, None, 0.9), 2)) == [0, 1, 2]
    probabilities = tuple(i / 190 for i in range(20))
    assert pictures.ranked(Answer(probabilities, 19)) == list(range(19, 7, -1))


@pytest.mark.parametrize(("limit", "taken"), [(6, b"abcdef"), (5, None)])
def test_a_body_is_read_no_further_than_allowed(limit: int, taken: bytes | None) -> None:
    pytest.importorskip("nicegui")
    from nudgegrad.app.draw.elements import receive

    async def stream() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"def"
        if limit < 6:
            raise AssertionError("read on")

    assert asyncio.run(receive(SimpleNamespace(stream=stream), limit)) == taken  # type: ignore[arg-type, unused-ignore]


def test_pictures_without_an_even_background_are_only_scaled() -> None:
    ink = np.zeros((RASTER, RASTER), dtype=np.uint8)
    ink[:6, :9] = 240
    shown = pictures.from_drawing(encoded(ink), PLAIN)
    assert shown is not None
    assert (shown.pixels[:2, :3] == 240).all()
    assert shown.pixels.sum() == 6 * 240
    stream = io.BytesIO()
    Image.fromarray(np.full((56, 56), 90, np.uint8)).save(stream, "png")
    scaled = pictures.from_file(stream.getvalue(), "grey.png", PLAIN)
    assert (scaled.pixels == 90).all()
    with pytest.raises(PictureError, match=r"^x\.png"):
        pictures.from_file(b"no picture", "x.png", PLAIN)
