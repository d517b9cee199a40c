"""JAX on the CPU, in double precision, compiled."""

import os

os.environ["JAX_PLATFORMS"] = "cpu"
# Whole products on the caller's thread when there is one; the process is tied to its processors by serve.py.
if os.environ["OMP_NUM_THREADS"] == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"

import time

import jax
import jax.numpy as jnp
import numpy as np

from network import outputs

jax.config.update("jax_enable_x64", True)


def versions(threads):
    return f"JAX {jax.__version__}"


def loss(z, y, kind):
    if kind == "softmax":
        return jax.nn.logsumexp(z, axis=-1) - jnp.take_along_axis(z, y[..., None].astype(int), axis=-1)[..., 0]
    z = z[..., 0]
    return jnp.logaddexp(0.0, z) - y * z if kind == "logistic" else 0.5 * (z - y) ** 2


def objective(x, y, widths, kind, ridge):
    def f(theta, x, y):
        return jnp.mean(loss(outputs(widths, theta, x, jnp.tanh), y, kind)) + ridge / 2 * theta @ theta

    return f, jnp.asarray(np.load(x)), jnp.asarray(np.load(y))


def hessian_default(x, y, theta, widths, loss, ridge):
    f, x, y = objective(x, y, widths, loss, ridge)
    theta = jnp.asarray(np.load(theta))
    compiled = jax.jit(jax.hessian(f)).lower(theta, x, y).compile()
    return lambda: compiled(theta, x, y).block_until_ready(), "jax.jit(jax.hessian)"


def hessian_tuned(x, y, theta, widths, loss, ridge, chunks):
    """Hessian-vector products, forward over reverse, a chunk of columns at a time."""
    f, x, y = objective(x, y, widths, loss, ridge)
    theta = jnp.asarray(np.load(theta))
    d = theta.shape[0]

    def columns(chunk):
        def some(theta, x, y, units):
            gradient = jax.grad(f)
            product = lambda v: jax.jvp(lambda t: gradient(t, x, y), (theta,), (v,))[1]
            return jax.lax.map(product, units, batch_size=chunk)

        return jax.jit(some)

    identity = jnp.eye(d)
    some = identity[: min(d, 2 * max(chunks))]
    took = {}
    for chunk in chunks if len(chunks) > 1 and d > max(chunks) else []:
        compiled = columns(chunk).lower(theta, x, y, some).compile()
        compiled(theta, x, y, some).block_until_ready()
        begin = time.perf_counter()
        compiled(theta, x, y, some).block_until_ready()
        took[chunk] = time.perf_counter() - begin
    chunk = min(took, key=took.get) if took else chunks[0]
    compiled = columns(chunk).lower(theta, x, y, identity).compile()
    return lambda: compiled(theta, x, y, identity).block_until_ready(), f"JAX, lax.map of HVPs, chunk {chunk}"


def sgd(x, y, order, start, widths, loss, rate, ridge):
    f, x, y = objective(x, y, widths, loss, ridge)
    order, start = jnp.asarray(np.load(order).astype(int)), jnp.asarray(np.load(start))
    gradient = jax.grad(f)

    def run(start, order, x, y):
        step = lambda theta, i: (theta - rate * gradient(theta, x[i][None], y[i][None]), None)
        return jax.lax.scan(step, start, order)[0]

    compiled = jax.jit(run).lower(start, order, x, y).compile()
    return lambda: compiled(start, order, x, y).block_until_ready(), "JAX lax.scan"


def sgd_models(x, y, order, start, models, rate, ridge):
    """Logistic regression without bias: as many models as there are columns of weights, in lock-step."""
    x, y, order = jnp.asarray(np.load(x)), jnp.asarray(np.load(y)), jnp.asarray(np.load(order).astype(int))
    start, kept = jnp.asarray(np.load(start)), jnp.asarray(np.load(models))  # d, and rows x models of 0 and 1

    def run(start, order, x, y, kept):
        def step(theta, i):
            slope = (jax.nn.sigmoid(x[i] @ theta) - y[i]) * kept[i]
            moved = theta - rate * (jnp.outer(x[i], slope) + ridge * theta)
            return moved, None

        theta = jnp.repeat(start[:, None], kept.shape[1], axis=1)
        return jax.lax.scan(step, theta, order)[0]

    compiled = jax.jit(run).lower(start, order, x, y, kept).compile()
    return lambda: compiled(start, order, x, y, kept).block_until_ready(), "JAX lax.scan over all models"
