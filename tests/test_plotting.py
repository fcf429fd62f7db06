import io
from pathlib import Path

import numpy as np
import pytest

from nudgegrad.plotting import check_figure_file, plot_samples
from nudgegrad.validation import ParameterError


@pytest.mark.parametrize("shape", [(28, 28), (4, 9), (9, 4)])
def test_a_contact_sheet_has_every_image_in_its_cell(shape: tuple[int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, *shape), dtype=np.uint8)
    figure = plot_samples(images, np.arange(7), columns=3, cell=(1.0, 1.5))
    assert tuple(figure.get_size_inches()) == (3, 4.5)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == [str(number) for number in range(7)]
    for place, (drawn, text) in enumerate(zip(axes.images, axes.texts, strict=True)):
        np.testing.assert_array_equal(drawn.get_array(), images[place])
        left, right, bottom, top = drawn.get_extent()
        column, row = place % 3, place // 3
        assert column < left < right < column + 1
        assert 1.5 * row < top < bottom < text.get_position()[1] < 1.5 * (row + 1)
        assert (bottom - top) / (right - left) == pytest.approx(shape[0] / shape[1])
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=20)
    assert stream.getvalue().startswith(b"\x89PNG")


def test_suffixes() -> None:
    assert check_figure_file(Path("a.PNG")) == "png"
    for path in ("a", "a.xyz"):
        with pytest.raises(ParameterError, match=rf"file must end in .*png.*, got {path}$"):
            check_figure_file(path)
