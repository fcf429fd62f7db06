"""JAX's part of the zoo: functions with a hand-written reverse rule (`jax.custom_vjp`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

__all__ = ["JaxCase", "JaxProblem", "jax_cases"]

Function = Callable[..., Any]


class JaxProblem(NamedTuple):
    """A function that returns a scalar, and where to differentiate it, by all arguments."""

    f: Function
    args: tuple[Any, ...]


@dataclass(frozen=True)
class JaxCase:
    """One function, whose reverse rule is right or wrong; fields as in `ZooCase`.

    Attributes
    ----------
    plain
        Builds the same function and arguments without a reverse rule.
    """

    name: str
    right: bool
    what: str
    build: Callable[[], JaxProblem]
    plain: Callable[[], JaxProblem]
    family: str = "jax"


def jax_cases() -> tuple[JaxCase, ...]:
    """Return the cases, importing JAX only now. All are in float32, JAX's default."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    def with_rule(primal: Function, backward: Function) -> Any:
        """Return the function with a rule: backward(args, d) returns one gradient an argument."""

        def forward(*args: Any) -> tuple[Any, Any]:
            return primal(*args), args

        f = jax.custom_vjp(primal)
        f.defvjp(forward, backward)
        return f

    def problem(make: Function, shapes: tuple[tuple[int, ...], ...], seed: int) -> JaxProblem:
        rng = np.random.default_rng(seed)
        args = tuple(jnp.asarray(rng.normal(size=shape), dtype=jnp.float32) for shape in shapes)
        f = make()
        size = jax.eval_shape(f, *args).shape
        weights = rng.normal(size=size).astype(np.float32)
        return JaxProblem(lambda *args: (weights * f(*args)).sum(), args)

    def pair(
        family: str, primal: Function, *shapes: tuple[int, ...], seed: int = 1
    ) -> Callable[[bool, str, str, Function], JaxCase]:
        def case(right: bool, name: str, what: str, backward: Function) -> JaxCase:
            build = partial(problem, lambda: with_rule(primal, backward), shapes, seed)
            plain = partial(problem, lambda: primal, shapes, seed)
            return JaxCase(f"jax/{family}-{name}", right, what, build, plain)

        return case

    def square_backward(factor: float, args: Any, d: Any) -> Any:
        return (factor * args[0] * d,)

    def log1p_exp(x: Any) -> Any:
        return jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x)))

    def log1p_exp_backward(guard: float, args: Any, d: Any) -> Any:
        (x,) = args
        return (d * jnp.where(x > guard, 0, jax.nn.sigmoid(x)),)

    def dense(x: Any, w: Any, b: Any) -> Any:
        return jnp.tanh(x @ w + b)

    def dense_backward(bug: str, args: Any, d: Any) -> Any:
        x, w, b = args
        d = d * (1 - dense(x, w, b) ** 2)
        dw = x.T @ d
        db = d.mean(axis=0) if bug == "bias" else d.sum(axis=0)
        return d @ w.T, dw.T if bug == "transposed" else dw, db

    def softmax_backward(bug: str, args: Any, d: Any) -> Any:
        y = jax.nn.softmax(args[0])
        return (y * (d if bug else d - (d * y).sum(axis=-1, keepdims=True)),)

    def normalised(x: Any) -> Any:
        c = x - x.mean(axis=0)
        return c / jnp.sqrt((c**2).mean(axis=0) + 1e-5)

    def normalised_backward(bug: str, args: Any, d: Any) -> Any:
        (x,) = args
        c = x - x.mean(axis=0)
        r = 1 / jnp.sqrt((c**2).mean(axis=0) + 1e-5)
        y = c * r
        dx = d - y * (d * y).mean(axis=0)
        return (r * (dx if bug else dx - d.mean(axis=0)),)

    def looked_up(table: Any) -> Any:
        return jnp.tanh(table[jnp.array([0, 2, 2, 4, 2])])

    def looked_up_backward(bug: str, args: Any, d: Any) -> Any:
        (table,) = args
        index = jnp.array([0, 2, 2, 4, 2])
        d = d * (1 - looked_up(table) ** 2)
        rows = jnp.zeros_like(table).at[index]
        return (rows.set(d) if bug else rows.add(d),)

    def clipped(x: Any) -> Any:
        return jnp.clip(x, -1, 1)

    def clipped_backward(bug: str, args: Any, d: Any) -> Any:
        return (d if bug else d * (jnp.abs(args[0]) < 1),)

    def states(x: Any, w: Any) -> Any:
        def step(h: Any, now: Any) -> Any:
            h = jnp.tanh(now + h @ w)
            return h, h

        return jax.lax.scan(step, jnp.zeros_like(x[0]), x)[1]

    def states_backward(bug: str, args: Any, d: Any) -> Any:
        x, w = args
        h = states(x, w)
        dx, dw, carried = [], jnp.zeros_like(w), jnp.zeros_like(x[0])
        for t in reversed(range(len(x))):
            dz = (d[t] + carried) * (1 - h[t] ** 2)
            dx.append(dz)
            if t > 0:
                dw = dw + jnp.outer(h[t - 1], dz)
            carried = 0 * dz if bug and t == 1 else w @ dz
        return jnp.stack(dx[::-1]), dw

    square = pair("square", lambda x: x**2, (6,))
    soft = pair("log1p-exp", lambda x: log1p_exp(30 * x), (30,))
    soft_outer = pair("softplus", log1p_exp, (40,))
    layer = pair("dense", dense, (7, 4), (4, 4), (4,))
    softmax = pair("softmax", lambda x: jax.nn.softmax(x), (4, 5))
    norm = pair("batch-norm", normalised, (8, 4))
    lookup = pair("lookup", looked_up, (5, 3))
    clip = pair("clip", clipped, (20,))
    recurrence = pair("recurrence", states, (5, 3), (3, 3))

    def steep_backward(guard: float, args: Any, d: Any) -> Any:
        (of_product,) = log1p_exp_backward(guard, (30 * args[0],), d)
        return (30 * of_product,)

    infinity = float("inf")
    return (
        square(False, "half", "x for 2x", partial(square_backward, 1.0)),
        square(True, "right", "2x", partial(square_backward, 2.0)),
        soft(False, "guard", "slope 0 beyond a guard at 20", partial(steep_backward, 20.0)),
        soft(True, "right", "arguments up to 60", partial(steep_backward, infinity)),
        soft_outer(False, "two", "slope 0 beyond 2", partial(log1p_exp_backward, 2.0)),
        soft_outer(True, "right", "a sigmoid", partial(log1p_exp_backward, infinity)),
        layer(False, "transposed", "a square weight's gradient transposed",
              partial(dense_backward, "transposed")),
        layer(False, "bias", "the bias takes the mean", partial(dense_backward, "bias")),
        layer(True, "right", "weight, bias and input", partial(dense_backward, "")),
        softmax(False, "outer-term", "the outer product forgotten",
                partial(softmax_backward, "outer-term")),
        softmax(True, "right", "rows sum to 1", partial(softmax_backward, "")),
        norm(False, "mean-term", "the mean's term forgotten",
             partial(normalised_backward, "mean-term")),
        norm(True, "right", "batch statistics", partial(normalised_backward, "")),
        lookup(False, "overwritten", "a row that comes thrice keeps one",
               partial(looked_up_backward, "overwritten")),
        lookup(True, "right", "rows that come thrice, and never", partial(looked_up_backward, "")),
        clip(False, "outside", "gradient passes outside the clip",
             partial(clipped_backward, "outside")),
        clip(True, "right", "exact zeros outside", partial(clipped_backward, "")),
        recurrence(False, "truncated", "the first step left out",
                   partial(states_backward, "truncated")),
        recurrence(True, "right", "a scan of five steps", partial(states_backward, "")),
    )  # fmt: skip
