"""The server with a tab, in place of the first, that uses every helper; run as a script."""

from __future__ import annotations

import sys
from types import ModuleType

from matplotlib.figure import Figure
from nicegui import ui

from nudgegrad.app import widgets
from nudgegrad.app.charts import Line
from nudgegrad.app.context import Context
from nudgegrad.cli import main


def build(context: Context) -> None:
    """Build the tab."""
    _, session = context._, context.session
    context.state["built"] = context.state.get("built", 0) + 1
    with widgets.section("All helpers", explained="What this is"):
        ui.label(f"built {context.state['built']} in {context.language}")
        shown = ui.label()

        def change(value: object) -> None:
            shown.text = f"changed to {value!r}"

        widgets.number("Number", 3, low=1, high=9, whole=True, on_change=change, explained="A")
        widgets.slider("Slider", 0.5, low=0, high=1, step=0.1, on_change=change, explained="B")
        widgets.select("Select", {"a": "first", "b": "second"}, "a", on_change=change)
        widgets.switch("Switch", False, on_change=change)
        ui.button("Begin", on_click=lambda: context.attempt(session.start))
        ui.button("Refused", on_click=lambda: context.attempt(session.open_run, "../x"))
        state = ui.label("nothing")
        lines = [Line("loss", "loss"), Line("gaps", "gaps", colour=1, dashed=True, faint=True)]
        chart = context.line_chart(lines, title='A "chart"', x="iteration", y="loss")
        weights = ui.label()

    def refresh() -> None:
        track = session.main
        if track is not None:
            state.text = f"{context.state_name(track.state)} {track.iterations}"
            gaps = [(1.0, 1.0), (2.0, float("nan")), (3.0, None), (4.0, float("inf")), (5.0, 1.0)]
            chart.show({"loss": track.losses.points(), "gaps": gaps})

    async def look() -> None:
        weights.text = f"W1 {session.network.params['W1'].shape}"

    def draw() -> Figure:
        figure = Figure()
        figure.subplots().plot([1, 2])
        return figure

    context.on_change(refresh)
    context.on_change(look, of=lambda s: s.version)
    context.on_dark(lambda: change("dark" if context.dark else "light"))
    context.downloads("figure", figure=draw, csv=lambda: "a,b\n1,2\n")


if __name__ == "__main__":
    module = ModuleType("nudgegrad.app.tabs.train")
    module.build = build  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    from nudgegrad.app import session as sessions
    from nudgegrad.training.configuration import Configuration

    sessions.DEFAULTS = Configuration(
        data=sys.argv[1], hidden_sizes=(5,), iterations=300, batch_size=10
    )
    main(["app", "--no-open", "--port", sys.argv[2]])
