"""JAX's own settings: the checker's code works under each, and keeps vmap."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from tests.jax.functions import check, draw, jax, jnp, scaled

SETTINGS: dict[str, list[Any]] = {
    "strict promotion": [lambda: jax.numpy_dtype_promotion("strict")],
    "no promotion of ranks": [lambda: jax.numpy_rank_promotion("raise")],
    "x64": [lambda: jax.enable_x64(True)],
    "strict x64": [
        lambda: jax.enable_x64(True),
        lambda: jax.numpy_dtype_promotion("strict"),
        lambda: jax.numpy_rank_promotion("raise"),
    ],
    "custom keys": [lambda: jax.enable_custom_prng(True)],
    "debug NaN": [lambda: jax.debug_nans(True), lambda: jax.debug_infs(True)],
    "transfer guard": [lambda: jax.transfer_guard("disallow")],
    "no jit": [lambda: jax.disable_jit()],
}


@pytest.mark.parametrize(
    ("name", "path"), [*((name, "auto") for name in SETTINGS), ("strict x64", "loop")]
)
def test_settings(name: str, path: str) -> None:
    def product(w: Any, x: Any, scale: Any, key: Any) -> Any:
        return jnp.tanh(x @ w) * scale * jax.random.normal(key, (4, 4), x.dtype)

    jitted: Any = jax.jit(product)

    def f(p: Any, x: Any, key: Any) -> Any:
        assert p["steps"] == 2
        return jitted(p["w"], x, p["scale"], key)

    p = {"w": draw(3, 4), "scale": 2.0, "steps": 2, "none": None, "integers": jnp.arange(3)}
    x, key = draw(4, 3, seed=1), jax.random.key(0)
    wrong: Any = jax.jit(scaled(jnp.tanh, 1.1))
    with ExitStack() as stack:
        for setting in SETTINGS[name]:
            stack.enter_context(setting())
        report = check(f, p, x, key, path=path)
        assert report.passed, str(report)
        assert report.counts["wrong"] == 0
        assert list(report.parameters) == ["arg0.scale", "arg0.w", "arg1"]
        assert not [note for note in report.notes if "left out" in note]
        if path == "auto":
            assert "vmap" in report.method
        assert not check(wrong, x, path=path).passed


def test_double_precision() -> None:
    with jax.enable_x64(True), jax.numpy_dtype_promotion("strict"):
        x = draw(5, dtype="float64")
        report = check(lambda x: jnp.sin(x).sum(), x)
        assert report.counts["ok"] == 5
        assert report.parameters["x"].relative_error < 1e-8
        assert not check(scaled(jnp.sin, 1.0001), x).passed


def test_nudges_out_of_the_domain_do_not_trip_debug_nans() -> None:
    x = jnp.array([1e-3, 1.0, 2.0])
    with jax.debug_nans(True):
        for f in (jnp.log, jnp.sqrt):
            report = check(lambda x, f=f: f(x).sum(), x)
            assert report.counts["wrong"] == 0, str(report)
            assert "vmap" in report.method
        assert jax.config.jax_debug_nans
        with pytest.raises(FloatingPointError):  # at the arguments themselves it is f's own
            check(lambda x: jnp.log(-x).sum(), x)
