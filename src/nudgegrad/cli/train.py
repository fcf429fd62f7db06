"""``nudgegrad train``: a network learns, from numerical gradients unless told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from nudgegrad.cli import options

if TYPE_CHECKING:
    from nudgegrad.training.configuration import Configuration

__all__ = ["train"]


class StandardDeviation(click.ParamType):  # type: ignore[type-arg]  # not in every click
    """A number, or a rule's name, which `Configuration` checks."""

    name = "std"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | str:
        """Return a float where it is one."""
        try:
            return float(value)
        except ValueError:
            return str(value)


@click.command()
@click.option(
    "--recipe",
    metavar="NAME",
    help="Settings that go together; options given beside it count.  best: 784-128-10, ReLU, "
    "Adam, 98 % of MNIST; deeper models have their best settings by themselves.",
)
@click.option(
    "--model",
    default="two-layer",
    show_default=True,
    metavar="NAME",
    help="The network, with settings that suit it; options given beside it count.  two-layer; "
    "multi-layer: six hidden layers of 100; simple-convnet: 30 kernels of 5 × 5, pooling, 100 "
    "units.",
)
@click.option(
    "--method",
    default="node",
    show_default=True,
    metavar="METHOD",
    help="Where gradients come from: naive, weight, node or backprop.",
)
@options.hidden_sizes
@options.activation
@click.option(
    "--weight-init-std",
    type=StandardDeviation(),
    metavar="STD",
    help="Standard deviation of the starting weights: a number, he (√(2/inputs)) or xavier "
    "(1/√inputs).  [default: 0.01; xavier for deeper networks]",
)
@click.option(
    "--iterations", type=int, default=10_000, show_default=True, help="Mini-batches in all."
)
@options.batch_size
@click.option(
    "--learning-rate", type=float, help="Step size.  [default: sgd 0.1, momentum 0.01, adam 0.001]"
)
@click.option(
    "--decay",
    default="none",
    show_default=True,
    metavar="WAY",
    help="How the learning rate falls over the run: none (it stays), linear, cosine or step.",
)
@click.option(
    "--decay-every",
    type=int,
    metavar="K",
    help="With --decay step: to a tenth every K iterations.  [default: a third of the run]",
)
@click.option(
    "--warm-up",
    type=int,
    default=0,
    metavar="K",
    help="Let the learning rate rise over the first K iterations.",
)
@click.option(
    "--weight-decay",
    type=float,
    default=0.0,
    show_default=True,
    metavar="λ",
    help="Add ½·λ·ΣW² to the loss; biases are left alone.",
)
@click.option(
    "--validation-fraction",
    type=float,
    default=0.0,
    show_default=True,
    metavar="F",
    help="Hold this share of the training samples out; the run keeps the parameters that were the "
    "best by them.",
)
@click.option(
    "--patience",
    type=int,
    metavar="N",
    help="End after N epochs in a row without an improvement.  [default: never]",
)
@click.option(
    "--min-delta",
    type=float,
    default=0.0,
    show_default=True,
    help="What counts as an improvement.",
)
@click.option(
    "--monitor",
    default="loss",
    show_default=True,
    metavar="WHAT",
    help="What of the samples held out is to improve: loss or accuracy.",
)
@click.option(
    "--optimizer", default="sgd", show_default=True, metavar="NAME", help="sgd, momentum or adam."
)
@options.h
@click.option(
    "--sampling",
    default="replacement",
    show_default=True,
    metavar="WAY",
    help="replacement: draw each batch from all samples; shuffle: epoch by epoch.",
)
@options.dtype_of("float32")
@options.seed
@options.data
@options.classes
@options.data_details
@click.option("--train-limit", type=int, help="Use only so many training samples.")
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="The run's folder.  [default: a new one in runs/]",
)
@click.option("--checkpoint-every", type=int, metavar="K", help="Checkpoint every K iterations.")
@click.option(
    "--checkpoint-seconds",
    type=float,
    metavar="S",
    help="Checkpoint every S seconds.  [default: 10]",
)
@click.option(
    "--resume",
    type=click.Path(file_okay=False),
    metavar="RUN",
    help="Continue the run in this folder, with its own settings, to its planned end.",
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, nothing else.")
@click.pass_context
def train(
    context: click.Context, /, recipe: str | None, out: str | None, resume: str | None,
    quiet: bool, as_json: bool, **settings: Any,
) -> int:  # fmt: skip
    """Train a network, and write its history, plots and checkpoint into a folder.

    Without options this is the lesson's whole job: full MNIST, 784-100-10, sigmoid, softmax and
    cross-entropy, 10,000 mini-batches of 100, learning rate 0.1, every gradient by numerical
    differentiation, in float32: at the end as good as float64, and quicker.

    Ctrl-C keeps the work: the run can be resumed, to the same numbers as one never stopped.

    \b
    Examples:
      nudgegrad train
      nudgegrad train --recipe best
      nudgegrad train --model simple-convnet
      nudgegrad train --hidden-size 50 --hidden-size 50 --activation relu
      nudgegrad train --method backprop --dtype float64
      nudgegrad train --decay cosine --weight-decay 1e-4
      nudgegrad train --validation-fraction 0.1 --patience 5 --iterations 100000
      nudgegrad train --data fashion-mnist
      nudgegrad train --data iris.csv --label species --batch-size 20
      nudgegrad train --method naive --iterations 1 --train-limit 1000
      nudgegrad train --resume runs/NAME
    """
    from nudgegrad.cli.compilation import tell_of_compilation
    from nudgegrad.cli.console import make_console
    from nudgegrad.cli.downloads import tell_of_downloads
    from nudgegrad.cli.train_report import Reporter
    from nudgegrad.training.configuration import Configuration
    from nudgegrad.training.run import Run
    from nudgegrad.training.run_folder import RunFolder

    if resume is not None:
        _refuse_others(context)
        folder = RunFolder.open(resume)
        folder.clean()
        configuration = folder.configuration()
    else:
        configuration = Configuration(**_with_recipe(context, recipe, settings))
        _refuse_idle(context, configuration)
    with tell_of_downloads(quiet=quiet) as on_progress:
        dataset = configuration.load_data(download=True, on_progress=on_progress)
    with tell_of_compilation(make_console(quiet=quiet or as_json), configuration.method):
        if resume is not None:
            run = Run.resume(folder, configuration, dataset)
        else:
            run = Run.begin(configuration, dataset, out=out)
        reporter = Reporter(run, quiet=quiet, as_json=as_json)
        with reporter:
            history = run.go(
                on_step=reporter.on_step,
                on_epoch=reporter.on_epoch,
                on_progress=reporter.on_progress,
            )
    run.finish()
    reporter.summary()
    if run.trainer.stopped_by is not None and history.outcome == "interrupted":
        return 128 + run.trainer.stopped_by
    return 0 if history.outcome == "completed" else 1


def _with_recipe(
    context: click.Context, recipe: str | None, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the settings, those of the model and of a recipe in place of defaults."""
    from nudgegrad.models import check_model
    from nudgegrad.training.configuration import MODEL_SETTINGS, RECIPES, settings_of_recipe
    from nudgegrad.validation import check_choice

    model = check_model(settings["model"])
    chosen = MODEL_SETTINGS[model]
    if recipe is not None:
        chosen = settings_of_recipe(check_choice("recipe", recipe, list(RECIPES)), model)
    left = {
        name: value
        for name, value in chosen.items()
        if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE
    }
    return {**settings, **left}


def _refuse_idle(context: click.Context, configuration: Configuration) -> None:
    """Refuse an option that would do nothing: it is a misunderstanding."""
    held_out = configuration.validation_fraction > 0
    for name, needed, there in (
        ("decay_every", "--decay step", configuration.decay == "step"),
        ("monitor", "--validation-fraction", held_out),
        ("min_delta", "--validation-fraction", held_out),
    ):
        if not there and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = "--" + name.replace("_", "-")
            raise click.UsageError(f"{option} does nothing without {needed}", context)


def _refuse_others(context: click.Context) -> None:
    """--resume stands alone, but for what only concerns the output."""
    for name in context.params:
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in ("resume", "quiet", "as_json"):
            option = next(p.opts[0] for p in context.command.params if p.name == name)
            raise click.UsageError(
                f"--resume goes on with the run's own settings, so {option} cannot be given",
                context,
            )
