"""JAX: backpropagation, compiled, many steps in one `lax.scan`."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

from benchmarks.contenders.task import BATCH_SIZE, LEARNING_RATE, SHALLOW, Task
from benchmarks.paired import Contender

__all__ = ["contenders"]


def contenders(task: Task) -> list[Contender]:
    """Return one: draw, gather, gradient and update are all within the compiled loop."""
    jax: Any = importlib.import_module("jax")
    jnp: Any = importlib.import_module("jax.numpy")
    images, labels = jnp.asarray(task.x32), jnp.asarray(task.dataset.t_train)

    def loss(params: Any, x: Any, t: Any) -> Any:
        w1, b1, w2, b2 = params
        logits = jax.nn.sigmoid(x @ w1 + b1) @ w2 + b2
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), t[:, None], axis=1).mean()

    @partial(jax.jit, static_argnames="steps", donate_argnames="params")
    def advance(params: Any, key: Any, images: Any, labels: Any, steps: int) -> Any:
        def step(params: Any, rows: Any) -> Any:
            value, slopes = jax.value_and_grad(loss)(params, images[rows], labels[rows])
            return [p - LEARNING_RATE * g for p, g in zip(params, slopes, strict=True)], value

        rows = jax.random.randint(key, (steps, BATCH_SIZE), 0, len(labels))
        return jax.lax.scan(step, params, rows)

    state = {
        "params": [jnp.asarray(array) for array in task.start(SHALLOW, "float32")],
        "key": jax.random.key(task.seed),
    }

    def run(steps: int) -> None:
        state["key"], key = jax.random.split(state["key"])
        state["params"], losses = advance(state["params"], key, images, labels, steps)
        losses.block_until_ready()
        jax.block_until_ready(state["params"])

    steps = 2 * task.steps
    return [
        Contender(
            "JAX, lax.scan",
            run,
            steps,
            weights=lambda: state["params"],
            note=f"jitted backpropagation, {steps} steps a scan, float32 images on the device",
        )
    ]
