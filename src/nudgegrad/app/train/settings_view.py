"""The form of settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from nudgegrad.app import widgets
from nudgegrad.app.context import EXPECTED, Context
from nudgegrad.app.train import fields, wording
from nudgegrad.app.train.data_view import DataFields
from nudgegrad.gradient import METHODS
from nudgegrad.models import MODELS
from nudgegrad.training.configuration import ACTIVATIONS, Configuration
from nudgegrad.training.early_stopping import MONITORS
from nudgegrad.training.optimizers import OPTIMIZERS
from nudgegrad.validation import ParameterError

__all__ = ["Settings"]


class Settings:
    """The form, made here."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.filling = False
        self.fields: dict[str, Any] = {}
        self.rows: dict[str, ui.element] = {}
        _ = context._
        self.note = ui.label(
            _(
                "While a training is under way only the learning rate can change; stop it to "
                "change the rest."
            )
        )
        self.note.props("role=status").classes("text-sm text-warning")
        self._recipes()
        self.data = DataFields(context)
        self._model()
        self._rate()
        self._main()
        more = ui.expansion(_("More settings"), icon="tune").classes("w-full")
        with more, ui.column().classes("w-full gap-3"):
            self._more()
            self._falling()
            self._holding_out()
            self._amounts()
        self._hide()
        for field in self.fields.values():
            field.without_auto_validation()  # which would wipe the messages of `_put`

    # Made once

    def _recipes(self) -> None:
        _, session = self.context._, self.context.session
        with ui.row().classes("items-center gap-2 w-full"):
            lesson = ui.button(_("The lesson's"), on_click=lambda: fields.use_lesson(session))
            self.best = ui.button(on_click=lambda: fields.use_best(session))
            self.recipes = [lesson, self.best]
            for button in self.recipes:
                button.props("outline dense no-caps").classes("px-3")
            widgets.explanation(
                _("The lesson's"),
                _(
                    "Settings that go together. The lesson's: one hidden layer of 100 sigmoid "
                    "units, plain gradient descent, 10,000 mini-batches. Best: what suits the "
                    "model that is chosen, with ReLU, Adam and a falling learning rate; one "
                    "hidden layer then has 128 units and 30,000 mini-batches, other models have "
                    "6,000. The percents are those of MNIST's test images."
                ),
            )
        self._name_best()

    def _name_best(self) -> None:
        """Say what the best settings reach, where that is known."""
        _, percent = self.context._, fields.reached(self.context.session.settings)
        known = _("Best: {percent} %").format(percent=percent)
        self.best.text = _("Best") if percent is None else known

    def _rate(self) -> None:
        _, session = self.context._, self.context.session

        def drag(position: float) -> None:
            if not self.filling:
                self.context.attempt(session.set_learning_rate, fields.unslide(position))

        low, high = fields.RATE_RANGE
        self.rate = widgets.slider(
            _("Learning rate"), fields.slide(fields.learning_rate(session.settings)),
            low=low, high=high, step=0.01, on_change=drag,
            written=lambda position: f"{fields.unslide(position):g}",
            explained=_(
                "How far a step goes against the gradient. It may be dragged while it trains: too "
                "small and nothing happens, too large and the loss jumps. The scale is "
                "logarithmic."
            ),
        )  # fmt: skip

    def _model(self) -> None:
        _ = self.context._
        self._select(
            "model", _("Model"), {m: wording.model_name(_, m) for m in MODELS},
            " ".join(wording.describe_model(_, m) for m in MODELS) + " " + _(
                "Choosing one takes the settings that suit it."
            ),
        )  # fmt: skip

    def _main(self) -> None:
        _ = self.context._
        self._select(
            "method", _("Method"),
            {m: f"{m}: {wording.method_summary(_, m)}" for m in reversed(METHODS)},
            " ".join(wording.describe_method(_, m) for m in METHODS),
        )  # fmt: skip
        self._text(
            "hidden_sizes", _("Hidden sizes"),
            _(
                "How many units each hidden layer has: 100 is one layer, 50, 50 are two. A "
                "convolutional network has one, after its pooling."
            ),
        )  # fmt: skip
        self._select(
            "activation", _("Activation"), {a: a for a in ACTIVATIONS},
            _("What a hidden unit makes of its input sum."),
        )  # fmt: skip
        self._select(
            "optimizer", _("Optimizer"), {o: o for o in OPTIMIZERS},
            _(
                "How a gradient becomes a step: sgd goes straight against it, momentum keeps its "
                "speed, adam scales each weight's step. Each begins with its own learning rate."
            ),
        )  # fmt: skip
        self._number(
            "iterations", _("Iterations"), _("How many mini-batches are learned from in all.")
        )
        self._number(
            "batch_size", _("Batch size"), _("How many images a mini-batch has.")
        )  # fmt: skip

    def _more(self) -> None:
        _ = self.context._
        self._number(
            "seed", _("Seed"),
            _("Starting weights and mini-batches are drawn by it: the same seed, the same run."),
            low=0,
        )  # fmt: skip
        self._select(
            "dtype", _("Number format"), {"float32": "float32", "float64": "float64"},
            _("float32 is faster, and enough, as differences are propagated exactly."),
        )  # fmt: skip
        self._select(
            "weight_init_std", _("Starting weights"),
            {"default": _("as the lesson (0.01)"), "he": "he: √(2/n)", "xavier": "xavier: 1/√n"},
            _(
                "How widely starting weights are spread; n is a layer's number of inputs. As the "
                "lesson is 0.01 for one hidden layer, and xavier for deeper networks."
            ),
        )  # fmt: skip
        self._select(
            "sampling", _("Mini-batches"),
            {"replacement": _("drawn from all images"), "shuffle": _("epoch by epoch")},
            _("Whether an image may come again before all others have come."),
        )  # fmt: skip
        self._number(
            "h", _("Nudge h"), _("By how much a value is moved up and down."), low=None, whole=False
        )

    def _falling(self) -> None:
        _ = self.context._
        self._select(
            "decay", _("Decay"),
            {
                "none": _("the rate stays"), "linear": _("linear: it falls to zero"),
                "cosine": _("cosine: it falls to zero in a curve"),
                "step": _("step: it falls to a tenth, again and again"),
            },
            _("Whether the learning rate falls over the run."),
        )  # fmt: skip
        self._number(
            "decay_every", _("Iterations between falls"),
            _("Empty takes a third of the run."),
        )  # fmt: skip
        self._number(
            "warm_up", _("Warm-up"),
            _("Over so many iterations the learning rate rises from nothing first."), low=0,
        )  # fmt: skip
        self._number(
            "weight_decay", _("Weight decay"),
            _(
                "How strongly weights are drawn to zero: the loss gets half of this times the sum "
                "of their squares. 0 leaves them alone; 0.0001 is a little."
            ),
            low=0, whole=False,
        )  # fmt: skip

    def _holding_out(self) -> None:
        _ = self.context._
        self._number(
            "validation_fraction", _("Held out"),
            _(
                "The share of the training images that is not learned from, to see when the "
                "network is best on images it does not know: 0.1 is a tenth. The weights of that "
                "moment are kept."
            ),
            low=0, whole=False,
        )  # fmt: skip
        self._select(
            "monitor", _("Best by"),
            {m: {"loss": _("loss"), "accuracy": _("accuracy")}[m] for m in MONITORS},
            _("What is compared, on the images held out."),
        )  # fmt: skip
        self._number(
            "patience", _("Patience"),
            _("Training stops after so many epochs without a better one; empty never stops it."),
        )  # fmt: skip
        self._number(
            "min_delta", _("Least improvement"),
            _(
                "How much better than the best so far an epoch must be to count as a better one. "
                "The weights kept are the best ones all the same."
            ),
            low=0, whole=False,
        )  # fmt: skip

    def _amounts(self) -> None:
        _ = self.context._
        self._number("train_limit", _("Training images"), _("Use only so many; empty uses all."))
        self._number(
            "classes", _("Classes"), _("How many there are; empty takes what the data say.")
        )

    # Kinds of fields

    def _put(self, name: str, value: Any) -> None:
        if self.filling:
            return
        try:
            fields.change(self.context.session, name, value)
        except EXPECTED as error:
            empty = value is None
            self.fields[name].error = self.context._("A number is needed.") if empty else str(error)
        else:
            self.fields[name].error = None
            self._hide()

    def _select(self, name: str, label: str, options: Mapping[str, str], explained: str) -> None:
        value = self._value(name, self.context.session.settings)
        options = dict(options) if value in options else {**options, value: value}
        with self._row(name):
            self.fields[name] = widgets.select(
                label, options, value, explained=explained, on_change=lambda v: self._put(name, v)
            )

    def _number(
        self, name: str, label: str, explained: str, *, low: float | None = 1, whole: bool = True
    ) -> None:
        with self._row(name):
            self.fields[name] = widgets.number(
                label, self._value(name, self.context.session.settings), explained=explained,
                low=low, whole=whole, on_change=lambda v: self._put(name, v),
            )  # fmt: skip

    def _text(self, name: str, label: str, explained: str) -> None:
        with self._row(name), ui.row().classes("items-center no-wrap gap-1 w-full"):
            field = ui.input(label, value=self._value(name, self.context.session.settings))
            field.classes("col").props("dense outlined autocomplete=off")
            widgets.explanation(label, explained)
        self.fields[name] = field
        field.on_value_change(lambda event: self._put(name, event.value))

    def _row(self, name: str) -> ui.element:
        self.rows[name] = ui.element("div").classes("w-full")
        return self.rows[name]

    # Kept up to date

    def fill(self) -> None:
        """Show the settings of the session, which another browser may have changed."""
        settings = self.context.session.settings
        self.filling = True
        try:
            self.rate.value = fields.slide(fields.learning_rate(settings))
            for name, field in self.fields.items():
                value = self._value(name, settings)
                if name == "hidden_sizes" and self._means(field.value, settings.hidden_sizes):
                    continue
                if field.value == value:
                    continue
                if isinstance(field, ui.select) and value not in field.options:
                    field.set_options({**dict(field.options), value: value})
                field.value = value
                field.error = None
        finally:
            self.filling = False
        self.data.fill(settings)
        self._name_best()
        self._hide()

    def _hide(self) -> None:
        """Hide what does not matter beside the other settings."""
        for name, row in self.rows.items():
            row.set_visibility(fields.applies(name, self.context.session.settings))

    def lock(self) -> None:
        """Let be changed what can be changed now."""
        free = not self.context.session.busy
        self.note.set_visibility(not free)
        for element in (*self.fields.values(), *self.recipes, *self.data.elements):
            element.set_enabled(free)

    @staticmethod
    def _value(name: str, settings: Configuration) -> Any:
        if name == "hidden_sizes":
            return fields.write_sizes(settings.hidden_sizes)
        if name == "weight_init_std":
            return fields.rule(settings)
        return getattr(settings, name)

    @staticmethod
    def _means(text: str, sizes: tuple[int, ...]) -> bool:
        try:
            return fields.read_sizes(text) == sizes
        except ParameterError:
            return False
