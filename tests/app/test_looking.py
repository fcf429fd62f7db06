"""What the tab *Look* finds out and draws, without a browser."""

from __future__ import annotations

import base64
import csv
import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nudgegrad.app.gallery import as_grey, gallery, picture
from nudgegrad.app.look_figures import plot_by_class, plot_confusion, plot_predictions
from nudgegrad.app.looking import Findings, examine, is_of_images, look
from nudgegrad.app.session import Session
from nudgegrad.app.shown import look_at
from nudgegrad.data import Dataset
from nudgegrad.layers import Affine
from nudgegrad.network import Network
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.run import Run
from tests.cli.processes import write_data

LABELS = np.array([0, 0, 1, 1, 2])
PROBABILITIES = np.array(
    [[0.9, 0.1, 0.0, 0], [0.2, 0.7, 0.1, 0], [0.1, 0.8, 0.1, 0], [0.95, 0.05, 0, 0], [0, 1, 0, 0]]
)


def dataset(*shape: int, classes: int = 4, samples: int = 5, dtype: str = "uint8") -> Dataset:
    x = np.random.default_rng(0).integers(0, 256, (samples, *shape)).astype(dtype)
    t = np.resize(LABELS, samples)
    return Dataset("made up", x, t, x, t, classes, "here")


@pytest.fixture
def findings() -> Findings:
    return Findings(dataset(9, 9), PROBABILITIES, LABELS)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_confusion_counts_true_by_predicted(findings: Findings) -> None:
    assert findings.confusion.tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    assert (findings.mistakes, findings.undefined) == (3, 0)
    assert findings.accuracy == pytest.approx(0.4)
    assert findings.most_confused() == (0, 1)
    assert rows(findings.confusion_csv())[1] == ["0", "1", "1", "0", "0"]


def test_accuracy_by_class(findings: Findings) -> None:
    assert [(c.right, c.samples, c.share) for c in findings.by_class()] == [
        (1, 2, 0.5),
        (1, 2, 0.5),
        (0, 1, 0.0),
        (0, 0, None),
    ]
    assert rows(findings.by_class_csv())[4] == ["3", "0", "0", ""]


def test_worst_mistakes_are_the_most_confident_ones(findings: Findings) -> None:
    assert findings.worst().tolist() == [4, 3, 1]
    assert findings.members(1, 0).tolist() == [3]
    assert findings.members(3, 3).tolist() == []
    found = findings.prediction(3)
    assert (found.true, found.predicted) == (1, 0)
    assert (found.probability, found.probability_of_true) == (0.95, 0.05)
    assert rows(findings.predictions_csv([3]))[1] == ["3", "1", "0", "0.95", "0.05", "0.0", "0.0"]


def test_probabilities_that_are_not_finite_are_gaps() -> None:
    probabilities = PROBABILITIES.copy()
    probabilities[[1, 4]] = np.nan
    findings = Findings(dataset(9, 9), probabilities, LABELS)
    assert findings.undefined == 2
    assert findings.worst().tolist() == [3, 4]
    assert findings.prediction(4).probability is None
    assert rows(findings.predictions_csv([4]))[1][3:] == [""] * 4
    assert "–" in gallery(findings, [4], str)
    assert "nan" not in gallery(findings, [4], str)
    plot_predictions(findings, [4])


def test_examining_counts_as_the_network_does() -> None:
    data = dataset(9, 9, samples=4_500)
    network = Network([Affine(81, 4)], seed=0, dtype="float32")
    findings = examine(network, data)
    x = data.x_test.reshape(-1, 81) / np.float32(255)
    assert findings.accuracy == pytest.approx(network.accuracy(x, data.t_test))
    assert findings.confusion.sum() == 4_500
    assert len(examine(network, data, most=100).labels) == 100


def test_a_diverged_network_gives_no_warning() -> None:
    network = Network([Affine(81, 4)], seed=0)
    network.params["W1"][...] = np.inf
    assert examine(network, dataset(9, 9)).undefined == 5


@pytest.mark.parametrize(
    ("shape", "images"), [((28, 28), True), ((784,), True), ((3, 5), True), ((4,), False),
                          ((16,), False), ((13,), False), ((2, 3, 4), False)],
)  # fmt: skip
def test_few_numbers_are_no_picture(shape: tuple[int, ...], images: bool) -> None:
    assert is_of_images(dataset(*shape)) is images


def test_a_picture_holds_the_image_dark_on_white() -> None:
    image = np.arange(81, dtype=np.uint8).reshape(9, 9)
    start, _, content = picture(image).partition(",")
    assert start == "data:image/png;base64"
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))
    np.testing.assert_array_equal(drawn, 255 - image)


def test_floats_are_stretched() -> None:
    assert as_grey(np.array([[-1.0, 0.0, 1.0]])).tolist() == [[0, 128, 255]]
    assert as_grey(np.full((2, 2), 3.0)).tolist() == [[0, 0], [0, 0]]


class Elements(HTMLParser):
    """Counts elements, and keeps pictures' words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.words: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if tag == "img":
            self.words.append(dict(attrs)["alt"])


def test_a_gallery_of_images(findings: Findings) -> None:
    text = gallery(findings, [3, 0], str)
    elements = Elements(text)
    assert elements.words == [
        "sample 3: true 1, predicted 0",
        "sample 0: true 0, predicted 0",
    ]
    assert elements.names.count("rect") == 8
    for shown in ("1 → 0", "p(0) = 0.9500", "p(1) = 0.0500", "#3", "<b>0</b>"):
        assert shown in text


def test_a_gallery_of_features() -> None:
    findings = Findings(dataset(10, dtype="float64"), PROBABILITIES, LABELS)
    text = gallery(findings, findings.worst(), str)
    assert "img" not in Elements(text).names
    assert ", …]" in text


def test_classes_are_called_by_name(findings: Findings) -> None:
    count = findings.data.classes
    names = ("T-shirt/top", "<b>", *map("c{}".format, range(2, count)))
    named = replace(findings, data=replace(findings.data, class_names=names))
    assert named.confusion_csv().splitlines()[0].startswith("true \\ predicted,T-shirt/top,<b>")
    assert named.by_class_csv().splitlines()[1].startswith("T-shirt/top,")
    assert named.predictions_csv([0]).splitlines()[0].startswith("index,true,predicted,T-shirt")
    html = gallery(named, range(len(named.labels)), str)
    assert "ng-words" in html
    assert "<b><b>" not in html
    assert plot_by_class(named).axes[0].get_yticklabels()[0].get_text() == "T-shirt/top"


def test_figures(findings: Findings) -> None:
    for number, figure in enumerate(
        (
            plot_confusion(findings),
            plot_by_class(findings),
            plot_predictions(findings, findings.worst().tolist()),
        )
    ):
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", bbox_inches="tight")
        assert stream.getvalue().startswith(b"<?xml"), number


def test_starting_weights_are_looked_at(session: Session) -> None:
    shown, findings = look(session)
    assert (shown.iterations, shown.version) == (0, session.version)
    assert shown.network is session.initial_network
    assert findings.confusion.sum() == 80


def test_a_run_is_looked_at_with_its_own_data(session: Session, tmp_path: Path) -> None:
    other = Configuration(
        data=str(write_data(tmp_path / "other.npz", features=9)), hidden_sizes=(5,),
        iterations=20, batch_size=10,
    )  # fmt: skip
    run = Run.begin(other, other.load_data(), out=tmp_path / "runs" / "other")
    run.go()
    run.finish()
    session.open_run("other")
    session.change(data=str(tmp_path / "data.npz"))
    shown, findings = look(session)
    assert (shown.data.features, shown.iterations) == (9, 20)
    assert findings.accuracy == pytest.approx(run.trainer.history.epochs[-1].test_accuracy)
    assert look_at(session).data is shown.data
    assert replace(shown.configuration, data="") == replace(other, data="")
