"""The tab *Walk*: the lesson's ten steps with the numbers of this session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import run, ui

from nudgegrad.app import widgets
from nudgegrad.app.chain import chain, touched
from nudgegrad.app.context import EXPECTED
from nudgegrad.app.session import SessionError
from nudgegrad.app.step_keys import StepKeys
from nudgegrad.app.walking import Example, by_hand, of_session, read_index, steps_csv

if TYPE_CHECKING:
    from nudgegrad.app.context import Context
    from nudgegrad.walkthrough import Step

__all__ = ["build"]

STYLE = """
.ng-walk { display: grid; gap: 0.75rem; width: 100%; grid-template-columns: minmax(0, 1fr); }
.ng-steps { display: flex; flex-wrap: wrap; gap: 0.25rem; width: 100%; }
.ng-steps .q-btn { min-width: 2.1rem; padding: 0 0.5rem; }
.ng-steps .ng-step-title { display: none; }
.ng-steps .q-btn__content { flex-wrap: nowrap; gap: 0.5rem; text-align: left; line-height: 1.3; }
.ng-step { display: grid; gap: 1rem; width: 100%; grid-template-columns: minmax(0, 1fr); }
.ng-step > * { min-width: 0; }
.ng-formula { border-left: 4px solid #0072b2; background: #0072b21a; padding: 0.9rem 1rem;
  font-family: "Cambria Math", "STIX Two Math", "Latin Modern Math", "DejaVu Serif", Cambria,
    Georgia, serif; font-size: 1.15rem; border-radius: 4px; line-height: 1.5; width: 100%; }
.body--dark .ng-formula { border-color: #56b4e9; background: #56b4e91f; }
.ng-facts { display: grid; grid-template-columns: minmax(0, 1fr); margin: 0; width: 100%;
  align-content: start; }
.ng-facts > div { display: grid; grid-template-columns: minmax(6rem, 14rem) minmax(0, 1fr);
  gap: 0.15rem 1rem; padding: 0.35rem 0; border-bottom: 1px solid #8884; }
.ng-facts dd { margin: 0; font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace;
  font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.ng-step-heading { font-size: 1.3rem; font-weight: 600; line-height: 1.3; }
.ng-chain { list-style: none; margin: 0; padding: 0; width: 100%; display: flex;
  flex-direction: column; gap: 1.1rem; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
.ng-chain li { position: relative; border: 1px solid #8888; border-radius: 6px;
  padding: 0.3rem 0.75rem; display: flex; flex-wrap: wrap; gap: 0 0.9rem; }
.ng-chain li + li::before { content: "↓"; position: absolute; top: -1.25rem; left: 1rem; }
.ng-chain b { min-width: 4.5rem; }
.ng-chain .ng-touched { border: 2px solid #c25e00; background: #c25e0018; }
.body--dark .ng-chain .ng-touched { border-color: #f0a030; background: #f0a03022; }
@media (max-width: 599px) {
  .ng-facts > div { grid-template-columns: minmax(0, 1fr); }
  .ng-formula { font-size: 1rem; }
}
@media (min-width: 1024px) {
  .ng-walk { grid-template: "steps step" auto "example step" 1fr / 19rem minmax(0, 1fr);
    align-items: start; }
  .ng-walk > :nth-child(1) { grid-area: steps; } .ng-walk > :nth-child(2) { grid-area: step; }
  .ng-walk > :nth-child(3) { grid-area: example; }
  .ng-steps { flex-direction: column; flex-wrap: nowrap; }
  .ng-steps .q-btn { width: 100%; padding: 0.2rem 0.6rem; }
  .ng-steps .q-btn__content { justify-content: flex-start; }
  .ng-steps .ng-number { min-width: 1.2rem; }
  .ng-steps .ng-step-title { display: inline; }
  .ng-step { grid-template: "words formula" auto "facts chain" 1fr
    / minmax(0, 1fr) minmax(18rem, 24rem); }
  .ng-step > :nth-child(1) { grid-area: words; } .ng-step > :nth-child(2) { grid-area: formula; }
  .ng-step > :nth-child(3) { grid-area: facts; } .ng-step > :nth-child(4) { grid-area: chain; }
}
"""


def build(context: Context) -> None:
    """Build the tab here."""
    if not context.state.get("styled"):
        context.state["styled"] = True
        ui.add_css(STYLE)
    _Walk(context)


class _Walk:
    """The tab in one browser."""

    def __init__(self, context: Context) -> None:
        self.context, self.state = context, context.state
        for name, value in (
            ("step", 0), ("kind", "session"), ("parameter", "W1"), ("index", ""), ("h", 1e-4),
            ("batch", 1), ("example", None),
        ):  # fmt: skip
            self.state.setdefault(name, value)
        self.steps: list[Step] = []
        self.buttons: list[ui.button] = []
        self.runs = 0
        self._make()
        context.on_change(self._look_for_news, of=lambda session: session.version)
        ui.timer(0.01, self.compute, once=True)

    @property
    def example(self) -> Example | None:
        """What is walked through."""
        example: Example | None = self.state["example"]
        return example

    # What there is

    def _make(self) -> None:
        _ = self.context._
        explained = _(
            "One value of one parameter on its way through numerical differentiation. Go on and "
            "back by the buttons, by the arrow keys, or by the numbers."
        )
        with ui.element("div").classes("ng-walk"):
            with widgets.section(_("Steps"), explained):
                self.list = ui.element("nav").classes("ng-steps")
                self.list.props["aria-label"] = _("Steps")
            with ui.card().classes("ng-section w-full"):
                self._make_panel()
            self._make_controls()
        StepKeys(self._press)

    def _make_panel(self) -> None:
        _ = self.context._
        with ui.row().classes("w-full items-center gap-2"):
            self.back = ui.button(_("Back"), icon="arrow_back", on_click=lambda: self._move(-1))
            self.back.props("outline")
            self.next = ui.button(_("Next"), on_click=lambda: self._move(1))
            self.next.props("unelevated icon-right=arrow_forward")
            self.place = ui.label("").classes("ng-number text-grey-7")
            ui.space()
            self.news = ui.label("").props("role=status").classes("text-grey-7")
        self.panel = ui.element("div").classes("w-full").props("aria-live=polite")
        self.context.downloads("walk", csv=self._csv)

    def _make_controls(self) -> None:
        _, state = self.context._, self.state
        with widgets.section(
            _("Example"), _("What the steps are carried out on. The network itself stays as it is.")
        ):
            widgets.select(
                _("Network"),
                {"session": _("this session's network"), "hand": _("3-2-2, to check by hand")},
                state["kind"], on_change=self._choose_kind,
                explained=_(
                    "The network that is being trained, on a mini-batch of its training data; or "
                    "a small one with round numbers and two samples, for a calculator."
                ),
            )  # fmt: skip
            self.batch = widgets.number(
                _("Mini-batch"), state["batch"], low=1, high=1000, whole=True,
                on_change=self._choose_batch,
                explained=_("Another number draws another mini-batch of the training data."),
            )  # fmt: skip
            self.parameter = widgets.select(
                _("Parameter"), {state["parameter"]: state["parameter"]}, state["parameter"],
                on_change=self._choose_parameter,
                explained=_("The weights or biases of which one value is nudged."),
            )  # fmt: skip
            self._make_entry()
            widgets.select(
                _("Nudge h"), {10.0**-k: f"{10.0**-k:g}" for k in range(8)}, state["h"],
                on_change=self._choose_h,
                explained=_(
                    "How far the value is moved up and down. Too large, and the slope is that of "
                    "a coarse line; too small, and rounding eats it."
                ),
            )  # fmt: skip
            with ui.row().classes("w-full items-center no-wrap gap-1"):
                ui.button(
                    _("Take the current weights"), icon="refresh", on_click=self.refresh
                ).props("unelevated").classes("col")
                widgets.explanation(
                    _("Take the current weights"),
                    _(
                        "What you read stays as it is while the training goes on. This takes the "
                        "weights of now."
                    ),
                )
            self.error = ui.label("").props("role=alert").classes("text-negative")
            ui.label(_("Computed in float64.")).classes("text-grey-7")

    def _make_entry(self) -> None:
        _ = self.context._
        label = _("Entry, such as 3, 5")
        with ui.row().classes("items-center no-wrap gap-1 w-full"):
            entry = ui.input(label, value=self.state["index"]).classes("col")
            entry.props("dense outlined debounce=500")
            entry.on_value_change(lambda event: self._choose_index(str(event.value or "")))
            widgets.explanation(
                label,
                _(
                    "Row and column of the value that is followed, counted from 0; of a kernel, "
                    "its number, the input channel, row and column. Left empty, it is the one with "
                    "the steepest slope."
                ),
            )
        self.entry = entry

    # What happens

    async def refresh(self) -> None:
        """Take the weights of now."""
        self.state["example"] = None
        await self.compute()

    async def compute(self) -> None:
        """Carry out the steps with what is chosen."""
        state, session, _ = self.state, self.context.session, self.context._
        self.runs += 1
        number = self.runs
        self.error.text = ""
        self.place.text = _("Computing …")

        def work() -> tuple[Example, list[Step]]:
            example = self.example
            if example is None:
                hand = state["kind"] == "hand"
                example = by_hand() if hand else of_session(session, state["batch"])
            if state["parameter"] not in example.network.params:
                state["parameter"], state["index"] = "W1", ""
            steps = example.steps(
                parameter=state["parameter"], index=read_index(state["index"]), h=state["h"],
                translate=_,
            )  # fmt: skip
            return example, steps

        try:
            result = await run.io_bound(work)
        except EXPECTED as error:
            if not self.error.is_deleted and number == self.runs:
                self.error.text = str(error)
                self._show_step()
            return
        if result is None or self.error.is_deleted or number != self.runs:
            return
        state["example"], self.steps = result
        names = list(result[0].network.params)
        self.parameter.set_options({name: name for name in names}, value=state["parameter"])
        self.batch.set_enabled(state["kind"] == "session")
        self._make_list()
        self._look_for_news()
        self._show_step()

    async def _choose_kind(self, kind: Any) -> None:
        self.state.update(kind=kind, index="", example=None)
        self.entry.value = ""
        await self.compute()

    async def _choose_batch(self, batch: int | None) -> None:
        if batch is not None and 1 <= batch <= 1000 and batch != self.state["batch"]:
            self.state.update(batch=batch, example=None)
            await self.compute()

    async def _choose_parameter(self, parameter: Any) -> None:
        if parameter is not None and parameter != self.state["parameter"]:
            self.state.update(parameter=parameter, index="")
            self.entry.value = ""
            await self.compute()

    async def _choose_index(self, text: str) -> None:
        if text != self.state["index"]:
            self.state["index"] = text
            await self.compute()

    async def _choose_h(self, h: Any) -> None:
        self.state["h"] = h
        await self.compute()

    def _press(self, key: str) -> None:
        if key in ("ArrowLeft", "ArrowRight"):
            self._move(1 if key == "ArrowRight" else -1)
        else:
            self._go(0 if key == "Home" else len(self.steps) - 1)

    def _move(self, by: int) -> None:
        self._go(self.state["step"] + by)

    def _go(self, number: int) -> None:
        if 0 <= number < len(self.steps):
            self.state["step"] = number
            self._show_step()

    # How it looks

    def _make_list(self) -> None:
        if self.buttons:
            return
        with self.list:
            for step in self.steps:
                button = ui.button(on_click=lambda number=step.number: self._go(number))
                button.props("flat dense no-caps")
                button.props["aria-label"] = f"{step.number} {step.title}"
                with button:
                    ui.label(str(step.number)).classes("ng-number")
                    ui.label(step.title).classes("ng-step-title")
                self.buttons.append(button)

    def _show_step(self) -> None:
        if not self.steps:
            self.place.text = ""
            return
        _, step = self.context._, self.steps[self.state["step"]]
        last = len(self.steps) - 1
        self.place.text = f"{step.number} / {last}"
        self.back.set_enabled(step.number > 0)
        self.next.set_enabled(step.number < last)
        for number, button in enumerate(self.buttons):
            here = number == step.number
            button.props(f"{'unelevated' if here else 'flat'} color=primary",
                         remove="flat" if here else "unelevated")  # fmt: skip
            if here:
                button.props["aria-current"] = "step"
            else:
                button.props.pop("aria-current", None)
            button.update()
        self.panel.clear()
        with self.panel, ui.element("div").classes("ng-step"):
            with ui.column().classes("w-full gap-2"):
                title = _("Step {number}: {title}").format(number=step.number, title=step.title)
                ui.label(title).props("role=heading aria-level=2").classes("ng-step-heading")
                ui.label(step.explanation).style("line-height: 1.6; max-width: 46rem")
            with ui.element("div"):
                ui.label(step.formula).classes("ng-formula")
            _facts([*step.facts, (_("in nudgegrad"), step.function)])
            self._draw_chain(step.number)

    def _draw_chain(self, step: int) -> None:
        _, example = self.context._, self.example
        if example is None:
            return
        with ui.column().classes("w-full gap-2"):
            with ui.row().classes("items-center no-wrap gap-1"):
                title = _("Through the network")
                ui.label(title).classes("text-weight-medium")
                widgets.explanation(
                    title,
                    _(
                        "The way from the inputs to the loss L, with the shapes of this batch and "
                        "of the parameters. What this step is about is framed in orange."
                    ),
                )
            with ui.element("ol").classes("ng-chain"):
                for link in chain(example.network, example.x, example.t):
                    here = touched(link, step, self.state["parameter"])
                    with ui.element("li").classes("ng-touched" if here else ""):
                        with ui.element("b"):
                            ui.label(link.name)
                        for name, shape in link.shapes:
                            ui.label(f"{name} {shape}".strip())

    def _look_for_news(self) -> None:
        _, example = self.context._, self.example
        if example is None or example.version is None:
            self.news.text = ""
            return
        if example.iterations:
            after = _("Weights after about {iterations} iterations.")
            words = [after.format(iterations=f"{example.iterations:,}")]
        else:
            words = [_("Starting weights.")]
        if example.version != self.context.session.version:
            words.append(_("There are newer ones by now."))
        self.news.text = " ".join(words)

    def _csv(self) -> str:
        if not self.steps:
            raise SessionError("nothing has been computed yet")
        return steps_csv(self.steps)


def _facts(facts: list[tuple[str, str]]) -> None:
    with ui.element("dl").classes("ng-facts"):
        for label, value in facts:
            with ui.element("div"):
                with ui.element("dt").classes("text-grey-7"):
                    ui.label(label)
                with ui.element("dd"):
                    ui.label(value)
