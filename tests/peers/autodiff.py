"""Compares value, gradient, Hessian and Gauss-Newton matrix with automatic differentiation (JAX).

    pip install jax==0.10.2          # in an environment outside the repository
    python tests/peers/autodiff.py   # builds the command and runs `unlearn derive`; a few minutes

Networks of one to four layers on real data, every activation, every loss, dense and compressed rows,
with and without a mask. Exit status 1 when any difference exceeds 1e-12 of the largest entry: JAX and
the library add in different orders over a few hundred rows, each entry of size about one, which
costs about n * 2^-52 = 1e-13.
"""

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-12
RIDGE = 0.0625

# data, model, seed
CASES = [
    ("iris", "linear:softmax", 1),
    ("iris", "mlp:4-5-3:tanh:softmax", 2),
    ("iris", "mlp:4-4-3-3:softplus:softmax", 3),
    ("wine", "mlp:13-3-3:sigmoid:softmax", 4),
    ("wine", "mlp:13-3-4-2-3:tanh:softmax", 5),
    ("diabetes", "linear:squared", 6),
    ("diabetes", "mlp:10-4-1:softplus:squared", 7),
    ("diabetes", "mlp:10-3-3-1:tanh:squared", 8),
    ("diabetes", "mlp:10-3-2-1:identity:squared", 9),
    ("wdbc", "linear:logistic", 10),
    ("wdbc", "mlp:30-3-1:sigmoid:logistic", 11),
    ("wdbc", "mlp:30-2-3-2-1:softplus:logistic", 12),
]
ACTIVATIONS = {
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "identity": lambda z: z,
}


def read(name, loss, rng):
    """Standardised features, some set to zero so that compressed rows have something to leave out."""
    table = np.loadtxt(ROOT / "datasets" / f"{name}.csv", delimiter=",", skiprows=1)
    x, y = table[:, :-1], table[:, -1]
    x = (x - x.mean(0)) / x.std(0)
    x[rng.random(x.shape) < 0.3] = 0.0
    return x, (y - y.mean()) / y.std() if loss == "squared" else y


def logits(theta, x, widths, activation):
    start = 0
    for layer, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        weight = theta[start : start + fan_in * fan_out].reshape(fan_out, fan_in)
        start += fan_in * fan_out
        x = x @ weight.T + theta[start : start + fan_out]
        start += fan_out
        if layer < len(widths) - 2:
            x = ACTIVATIONS[activation](x)
    return x


def row_losses(z, y, loss):
    if loss == "squared":
        return 0.5 * (z[:, 0] - y) ** 2
    if loss == "logistic":
        return jax.nn.softplus(z[:, 0]) - y * z[:, 0]
    return jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, y.astype(int)[:, None], 1)[:, 0]


def by_autodiff(x, y, widths, activation, loss, theta, keep):
    active = np.flatnonzero(keep)
    embed = lambda kept: jnp.zeros(len(keep)).at[active].set(kept)
    outputs = lambda kept: logits(embed(kept), x, widths, activation)
    risk = lambda kept: row_losses(outputs(kept), y, loss).mean()
    objective = lambda kept: risk(kept) + 0.5 * RIDGE * kept @ kept
    kept = jnp.array(theta[active])
    one = lambda z, y: row_losses(z[None, :], y[None], loss)[0]
    curvature = jax.vmap(jax.hessian(one))(outputs(kept), jnp.array(y))
    jacobian = jax.jacobian(outputs)(kept)
    gauss_newton = jnp.einsum("nap,nab,nbq->pq", jacobian, curvature, jacobian) / len(y)
    return {
        "value": np.array([objective(kept)]),
        "gradient": np.array(jax.grad(objective)(kept)),
        "hessian": np.array(jax.hessian(objective)(kept)),
        "gauss-newton": np.array(gauss_newton) + RIDGE * np.eye(len(active)),
    }


def by_library(x, y, model, theta, keep, storage, folder):
    """Everything the command derives, from files as a user would write them."""
    if storage == "dense":
        data = folder / "data.csv"
        with open(data, "w", newline="") as f:
            out = csv.writer(f)
            out.writerow([f"x{j}" for j in range(x.shape[1])] + ["y"])
            out.writerows([[repr(float(v)) for v in [*row, label]] for row, label in zip(x, y)])
    else:
        data = folder / "data.svm"
        with open(data, "w") as f:
            for row, label in zip(x, y):
                # The last feature is written even when it is zero, so that the width is known.
                kept = [j for j in range(len(row)) if row[j] != 0 or j == len(row) - 1]
                f.write(" ".join([repr(float(label))] + [f"{j + 1}:{float(row[j])!r}" for j in kept]) + "\n")
    np.save(folder / "theta.npy", theta)
    (folder / "mask.txt").write_text("".join(f"{int(k)}\n" for k in keep))
    found = {}
    for quantity in ("value", "gradient", "hessian", "gauss-newton"):
        command = [str(ROOT / "target" / "release" / "unlearn"), "derive", quantity, "--quiet"]
        command += ["--model", model, "--data", str(data), "--ridge", str(RIDGE)]
        command += ["--parameters", str(folder / "theta.npy"), "--output", str(folder / "out.npy")]
        command += [] if keep.all() else ["--mask", str(folder / "mask.txt")]
        subprocess.run(command, check=True)
        found[quantity] = np.load(folder / "out.npy")
    return found


def main():
    subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=ROOT, check=True)
    worst = 0.0
    for name, model, seed in CASES:
        rng = np.random.default_rng(seed)
        parts = model.split(":")
        loss, activation = parts[-1], parts[-2] if len(parts) == 4 else "identity"
        x, y = read(name, loss, rng)
        outputs = int(y.max()) + 1 if loss == "softmax" else 1
        widths = [int(w) for w in parts[1].split("-")] if len(parts) == 4 else [x.shape[1], outputs]
        count = sum(o * (i + 1) for i, o in zip(widths, widths[1:]))
        everything, some = np.ones(count, bool), rng.random(count) < 0.6
        for masked, keep in (("", everything), (" masked", some)):
            theta = np.where(keep, rng.normal(size=count), 0.0)
            want = by_autodiff(x, y, widths, activation, loss, theta, keep)
            for storage in ("dense", "sparse"):
                with tempfile.TemporaryDirectory() as folder:
                    found = by_library(x, y, model, theta, keep, storage, Path(folder))
                off = {q: np.abs(found[q] - want[q]).max() / np.abs(want[q]).max() for q in want}
                worst = max(worst, *off.values())
                shown = "  ".join(f"{q} {d:.1e}" for q, d in off.items())
                print(f"{name:9}{model:34}{storage:7}{masked:8}k={keep.sum():<4}{shown}", flush=True)
    print(f"largest relative difference {worst:.2e}, tolerance {TOLERANCE:.0e}")
    # Written so that a NaN fails.
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
