"""The first part: pictures of the weights, of which one is chosen."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from nudgegrad.app import widgets
from nudgegrad.app.nudging.bench import MOST_SAMPLES, View
from nudgegrad.app.nudging.panel import Panel
from nudgegrad.app.nudging.pictures import Tiles, colour_bar
from nudgegrad.app.nudging.writing import signed

__all__ = ["build_choose"]

SHARP = "image-rendering: pixelated; cursor: crosshair; touch-action: manipulation"
FRAME = (
    '<rect x="{}" y="{}" width="{}" height="{}" fill="none" stroke="{}" stroke-width="{}"'
    ' vector-effect="non-scaling-stroke"/>'
)


def build_choose(panel: Panel) -> None:
    """Build it here."""
    _ = panel.context._
    with (
        widgets.section(
            _("Choose a weight"),
            _(
                "Each small picture shows the weights into one unit, each where the input is that "
                "it multiplies. A convolution's unit is a kernel, whose few weights are laid on "
                "every place of the picture. Click a picture to choose the unit, and a place in "
                "the large picture to choose one weight; or use the fields."
            ),
        ),
        ui.element("div").classes(
            "grid grid-cols-1 md:grid-cols-2 xl:grid-cols-3 gap-4 w-full items-start"
        ),
    ):
        with ui.column().classes("w-full gap-1 min-w-0"):
            above = ui.label()
            units = _picture(panel, _("Weights of all units"), _choose_unit(panel))
            bar = _bar(panel)
        with ui.column().classes("w-full gap-1 min-w-0") as large:
            about = ui.label()
            unit = _picture(panel, _("Weights of the unit chosen"), _choose_source(panel))
        with ui.element("div").classes(
            "grid grid-cols-1 sm:grid-cols-2 xl:grid-cols-1 gap-3 w-full"
            " md:col-span-2 xl:col-span-1"
        ):
            fields = _fields(panel)
            status = ui.label().props("role=status").classes("ng-number text-weight-medium")

    def show(view: View) -> None:
        entry, count = view.entry, view.count
        last = view.units.first + view.units.count - 1
        if view.units.count < count:
            said = _("Units {first} to {last} of {count}")
        else:
            said = _("All {count} units")
        above.text = said.format(first=view.units.first, last=last, count=count)
        _draw(units, view.units, view.units.box(entry.unit))
        large.visible = entry.source is not None
        if entry.source is not None:
            _draw(unit, view.unit, view.unit.box(entry.unit, entry.source))
            if entry.kernel:
                channel, row, column = entry.place
                text = _("Kernel {unit}, input channel {channel}: row {row}, column {column}")
                about.text = text.format(unit=entry.unit, channel=channel, row=row, column=column)
            elif view.image_shape is not None:
                row, column = divmod(entry.source, view.image_shape[1])
                text = _("Unit {unit}, pixel {pixel}: row {row}, column {column}")
                about.text = text.format(
                    unit=entry.unit, pixel=entry.source, row=row, column=column
                )
            else:
                text = _(
                    "Unit {unit}, input {input}. These inputs are no one picture, so the weights "
                    "stand in their order, line by line."
                )
                about.text = text.format(unit=entry.unit, input=entry.source)
        bar(view)
        fields(view)
        status.text = "{}{} = {:.6g}".format(
            entry, _(" (moved)") if view.choice.offset else "", view.value + view.choice.offset
        )

    panel.on_view(show)


def _picture(panel: Panel, name: str, on_click: Any) -> ui.interactive_image:
    def click(event: Any) -> None:
        if panel.view is not None:
            on_click(event.image_x, event.image_y)

    picture = ui.interactive_image(on_mouse=click, sanitize=False).classes("w-full").style(SHARP)
    picture.props["role"], picture.props["aria-label"] = "img", name
    # The name is the whole's; the picture inside is none of its own.
    picture.on("loaded", js_handler=f"() => getElement({picture.id}).$refs.img.alt = ''")
    return picture


def _draw(picture: ui.interactive_image, tiles: Tiles, box: tuple[int, int, int, int]) -> None:
    """Show tiles, with a frame around a box of them."""
    picture.props["size"] = tiles.size
    picture.style(f"max-width: {min(520, 520 * tiles.size[0] // tiles.size[1])}px")
    picture.set_source(tiles.url)
    # White under magenta, which is neither the pictures' blue nor their orange.
    picture.content = FRAME.format(*box, "#fff", 5) + FRAME.format(*box, "#d0008c", 2.5)


def _choose_unit(panel: Panel) -> Any:
    def choose(x: float, y: float) -> None:
        found = panel.view.units.at(x, y) if panel.view else None
        if found is not None:
            panel.change(unit=found[0], source=panel.choice.source, offset=0.0)

    return choose


def _choose_source(panel: Panel) -> Any:
    def choose(x: float, y: float) -> None:
        view = panel.view
        found = view.unit.at(x, y) if view else None
        if view and found is not None and found[1] < view.inputs:
            panel.change(source=found[1], offset=0.0)

    return choose


def _bar(panel: Panel) -> Any:
    """Make the colour bar."""
    _ = panel.context._
    with ui.column().classes("gap-0 w-full").style("max-width: 520px"):
        bar = ui.element("img").classes("w-full").style("height: 12px; border-radius: 3px")
        bar.props["alt"] = _("The colours, from the most negative weight to the most positive")
        with ui.row().classes("w-full justify-between no-wrap ng-number text-caption"):
            low, middle, high = ui.label(), ui.label("0"), ui.label()
        middle.classes("text-center")

    def show(view: View) -> None:
        bar.props["src"] = colour_bar(dark=view.choice.dark)
        low.text, high.text = f"≤ {signed(-view.scale)}", f"≥ {signed(view.scale)}"

    return show


def _fields(panel: Panel) -> Any:
    """Make the fields for the keyboard, the batch, and what is computed in."""
    _, choice = panel.context._, panel.choice

    def steepest(name: str) -> None:
        panel.change(name=name, unit=None, source=None, offset=0.0)

    def pick(key: str) -> Any:
        def changed(value: int | None) -> None:
            if value is not None and panel.view is not None:
                panel.change(**{key: value, "offset": panel.choice.offset * (
                    value == getattr(panel.choice, key)
                )})  # fmt: skip

        return changed

    def draw(key: str) -> Any:
        return lambda value: None if value is None else panel.change(**{key: value})

    parameter = widgets.select(
        _("Parameter"), {choice.name: choice.name}, choice.name, on_change=steepest,
        explained=_("W1 are the weights of the first layer, b1 its biases, and so on. Its "
                    "steepest entry is chosen first: the one that the loss depends on most."),
    )  # fmt: skip
    unit = widgets.number(
        _("Unit"),
        choice.unit,
        low=0,
        whole=True,
        on_change=pick("unit"),
        explained=_("Which unit of the layer, counted from 0; of a convolution, which kernel."),
    )
    with ui.element("div") as holder:
        source = widgets.number(
            _("Pixel or input"), choice.source, low=0, whole=True, on_change=pick("source"),
            explained=_("Which input of the unit, counted from 0: pixels, and a kernel's weights, "
                        "go line by line from the top left."),
        )  # fmt: skip
    with ui.row().classes("items-center"):
        jump = ui.button(
            _("Steepest"), icon="trending_up", on_click=lambda: steepest(panel.choice.name)
        )
        jump.props("outline no-caps")
        widgets.explanation(
            _("Steepest"), _("Goes to the weight of this parameter with the largest slope.")
        )
    widgets.number(
        _("Samples of the mini-batch"), choice.samples, low=1, high=MOST_SAMPLES, whole=True,
        on_change=draw("samples"),
        explained=_("The loss is the mean over a fixed mini-batch of training samples, always the "
                    "same, so that only the weight moves it."),
    )  # fmt: skip
    widgets.number(
        _("Seed of the mini-batch"),
        choice.seed,
        low=0,
        whole=True,
        on_change=draw("seed"),
        explained=_("Another seed draws other samples."),
    )
    widgets.select(
        _("Computed in"), {"float64": "float64", "float32": "float32"}, choice.dtype,
        on_change=draw("dtype"),
        explained=_("float64 has about 16 digits, float32 about 7. Two losses that agree in most "
                    "of them leave few when they are subtracted."),
    )  # fmt: skip

    def show(view: View) -> None:
        entry, now = view.entry, panel.choice
        if (now.name, now.unit, now.source) != (entry.name, entry.unit, entry.source):
            return  # something else is being chosen, which this must not undo
        parameter.set_options(
            {name: f"{name}  {' × '.join(map(str, s))}" for name, s in view.shapes.items()},
            value=entry.name,
        )
        unit.max, source.max = view.count - 1, view.inputs - 1
        unit.value, source.value = entry.unit, entry.source
        holder.visible = entry.source is not None

    return show
