"""A hand-written rule of JAX's, checked: first with a bug, then without."""

from typing import Any

import jax
import jax.numpy as jnp

import nudgegrad.jax


def log_softmax_rule(y: Any, d: Any) -> tuple[Any]:
    """Return the gradient of log softmax by its input."""
    return (d - jnp.exp(y) * d.sum(axis=-1, keepdims=True),)


def rule_with_a_bug(y: Any, d: Any) -> tuple[Any]:
    """Take the sum over the samples in place of the classes."""
    return (d - jnp.exp(y) * d.sum(axis=0, keepdims=True),)


log_softmax = jax.custom_vjp(lambda x: jax.nn.log_softmax(x))


def loss(params: Any, x: Any, labels: Any) -> Any:
    """Return the cross-entropy of an affine layer."""
    y = log_softmax(x @ params["W"] + params["b"])
    return -y[jnp.arange(len(labels)), labels].mean()


keys = jax.random.split(jax.random.key(0), 2)
params = {"W": jax.random.normal(keys[0], (5, 3)), "b": jnp.zeros(3)}
x, labels = jax.random.normal(keys[1], (4, 5)), jnp.array([0, 2, 1, 2])

for rule in (rule_with_a_bug, log_softmax_rule):
    log_softmax.defvjp(lambda x: (log_softmax(x),) * 2, rule)
    print(nudgegrad.jax.check(loss, params, x, labels, argnums=0), end="\n\n")
