"""``nudgegrad walk``: the lesson's ten steps on one mini-batch, with real numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nudgegrad.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from nudgegrad.walkthrough import Step

__all__ = ["walk"]

OF_THE_DATA = (
    "data", "classes", "data_folder", "label", "image_size", "batch_size", "hidden_size", "seed",
)  # fmt: skip
SHOWN_SAMPLES = 1000
"""Samples of each part whose accuracy is shown: enough for the idea, and no wait."""

BORDERS = 4
"""Columns of a panel's two borders and their padding."""
OPENING = "（「『"
NOT_FIRST = "、。，：；？！）」』ーぁぃぅぇぉっゃゅょァィゥェォッャュョ"


def _index(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Read whole numbers with commas between them: 3,5."""
    try:
        return None if value is None else tuple(int(part) for part in value.split(","))
    except ValueError:
        message = f"must be whole numbers with commas between, such as 3,5, got {value!r}"
        raise click.BadParameter(message, ctx, param) from None


@click.command()
@click.option(
    "--lang",
    type=click.Choice(["en", "zh_CN", "ja"]),
    help="The language.  [default: that of the locale]",
)
@click.option(
    "--small", is_flag=True, help="A 3-2-2 network and two samples, to check with a calculator."
)
@options.data
@options.classes
@options.data_details
@click.option(
    "--batch-size",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Samples in the mini-batch.",
)
@click.option(
    "--hidden-size",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Units of the hidden layer.",
)
@options.h
@click.option("--learning-rate", type=float, default=0.1, show_default=True, help="Of the update.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of the starting weights and the batch.",
)
@click.option(
    "--parameter", default="W1", show_default=True, help="The parameter whose value is nudged."
)
@click.option(
    "--index",
    callback=_index,
    metavar="I,J",
    help="Which value of it.  [default: the one with the steepest slope]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def walk(
    ctx: click.Context,
    lang: str | None,
    small: bool,
    data: str,
    classes: int | None,
    data_folder: str | None,
    label: str | None,
    image_size: int | None,
    batch_size: int,
    hidden_size: int,
    h: float,
    learning_rate: float,
    seed: int,
    parameter: str,
    index: tuple[int, ...] | None,
    as_json: bool,
) -> None:
    """Walk through the lesson: one mini-batch, step by step.

    Follows a single value of one parameter through numerical differentiation: nudged up, a pass
    through the network, nudged down, another pass, the slope, the update. All numbers are
    computed as you watch. The batch is the first that `nudgegrad train` draws with this seed.

    \b
    Examples:
      nudgegrad walk
      nudgegrad walk --lang zh_CN
      nudgegrad walk --small --parameter W2 --index 0,1
      nudgegrad walk --h 1                 a nudge too large: the methods part
      nudgegrad walk --json | jq '.steps[7].facts'
    """
    from nudgegrad.messages import default_language, translator
    from nudgegrad.walkthrough import hand_example
    from nudgegrad.walkthrough import walk as carry_out

    language = lang or default_language()
    _ = translator(language)
    train = test = None
    if small:
        _refuse_data_options(ctx)
        network, x, t = hand_example()
        data_name = _("an example to check by hand")
    else:
        import numpy as np

        from nudgegrad.cli.downloads import tell_of_downloads
        from nudgegrad.data import as_inputs, load, one_hot
        from nudgegrad.models import TwoLayerNet

        with tell_of_downloads() as on_progress:
            dataset = load(
                data, classes, folder=data_folder, label=label, image_size=image_size,
                on_progress=on_progress,
            )  # fmt: skip
        data_name = dataset.name
        network = TwoLayerNet(dataset.features, hidden_size, dataset.classes, seed=seed)
        drawn = np.random.default_rng([seed, 1]).integers(0, len(dataset.x_train), batch_size)
        x = as_inputs(dataset.x_train[drawn], network.dtype)
        t = one_hot(dataset.t_train[drawn], dataset.classes)
        train, test = (
            (as_inputs(samples[:SHOWN_SAMPLES], network.dtype), labels[:SHOWN_SAMPLES])
            for samples, labels in (
                (dataset.x_train, dataset.t_train),
                (dataset.x_test, dataset.t_test),
            )
        )
    steps = carry_out(
        network, x, t, data_name=data_name, learning_rate=learning_rate, h=h,
        parameter=parameter, index=index, train=train, test=test, translate=_,
    )  # fmt: skip
    if as_json:
        click.echo(_as_json(language, steps))
    else:
        _print(steps, _)


def _refuse_data_options(ctx: click.Context) -> None:
    """Raise if --small, which brings its own network and batch, is given options of another."""
    for name in OF_THE_DATA:
        if ctx.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            option = "--" + name.replace("_", "-")
            raise click.UsageError(
                f"--small comes with its own network and batch, got {option} too; leave one out",
                ctx,
            )


def _as_json(language: str, steps: list[Step]) -> str:
    import json
    from dataclasses import asdict

    shown = [
        {**asdict(step), "facts": [{"label": label, "value": value} for label, value in step.facts]}
        for step in steps
    ]
    return json.dumps({"language": language, "steps": shown}, indent=1, ensure_ascii=False)


def _print(steps: list[Step], _: Callable[[str], str]) -> None:
    """Print the steps as panels on a terminal, otherwise as plain lines."""
    from nudgegrad.cli.console import is_plain, make_console

    heading = _("Step {number}: {title}")
    function = _("in nudgegrad")
    if is_plain():
        for step in steps:
            click.echo(heading.format(number=step.number, title=step.title))
            lines = [step.explanation, step.formula]
            facts = (*step.facts, (function, step.function))
            lines += [_("{label}: {value}").format(label=a, value=b) for a, b in facts]
            click.echo("".join(f"  {line}\n" for line in lines))
        return

    from rich.console import Group
    from rich.padding import Padding
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    console = make_console()
    for step in steps:
        # Text and not str throughout: rich would read W1[3, 5] as markup.
        facts_table = Table.grid(padding=(0, 2))
        facts_table.add_column(style="dim")
        facts_table.add_column(overflow="fold")
        for label, value in (*step.facts, (function, step.function)):
            facts_table.add_row(Text(label), Text(value))
        console.print(
            Panel(
                Group(
                    Text(_wrap(step.explanation, console.width - BORDERS)),
                    Padding(Text(step.formula, style="bold"), (1, 2)),
                    facts_table,
                ),
                title=Text(heading.format(number=step.number, title=step.title)),
                title_align="left",
                border_style="cyan",
            )
        )


def _wrap(text: str, width: int) -> str:
    """Break a paragraph into lines of at most `width` columns.

    Chinese and Japanese break between any two characters, but not before a mark that closes or
    after one that opens; rich alone would break them at spaces only.
    """
    import re

    from rich.cells import cell_len

    lines = [""]
    for piece in re.findall(rf"[{OPENING}]*(?:[!-~]+|.)[{NOT_FIRST}]*\s*", text):
        if lines[-1] and cell_len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)
