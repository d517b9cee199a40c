"""Writes enclosures.csv: runs of stochastic gradient descent and minimisers of small linear problems with 60 digits.

Every number of a problem is the float it is printed as; what follows from them is exact to 60 digits and written as
the sum of two floats per coordinate. Needs mpmath."""

import csv
import random
from pathlib import Path

from mpmath import exp, lu_solve, matrix, mp, mpf

mp.dps = 60
random.seed(20)


def draw(lo, hi):
    return random.uniform(lo, hi)


def logits(loss, theta, x):
    """Weights row by row, then one bias per output."""
    outputs = 3 if loss == "softmax" else 1
    width = len(x)
    return [sum(theta[c * width + j] * x[j] for j in range(width)) + theta[outputs * width + c] for c in range(outputs)]


def residual(loss, z, y):
    if loss == "squared":
        return [z[0] - y]
    if loss == "logistic":
        return [1 / (1 + exp(-z[0])) - y]
    e = [exp(v) for v in z]
    return [v / sum(e) - (1 if c == y else 0) for c, v in enumerate(e)]


def gradient(loss, theta, x, y):
    r = residual(loss, logits(loss, theta, x), y)
    return [r[c] * v for c in range(len(r)) for v in x] + r


def total(loss, theta, rows, x, y):
    g = [mpf(0)] * len(theta)
    for i in rows:
        g = [a + b for a, b in zip(g, gradient(loss, theta, x[i], y[i]))]
    return g


def run(p, forget):
    theta, v = [mpf(t) for t in p["start"]], [mpf(0)] * len(p["start"])
    for batch, eta in zip(p["batches"], p["rates"]):
        kept = [i for i in batch if i not in forget]
        divisor = max(len(kept), 1) if forget and p["normalisation"] == "renormalised" else len(batch)
        g = [a / divisor + p["decay"] * t for a, t in zip(total(p["loss"], theta, kept, p["x"], p["y"]), theta)]
        v = [p["momentum"] * a + b for a, b in zip(v, g)]
        theta = [t - eta * a for t, a in zip(theta, v)]
    return theta


def minimiser(p, rows):
    """Newton's method with the Hessian by differences: the gradient decides when it is there."""
    weight = mpf(1) / len(rows) if p["reduction"] == "mean" else mpf(1)

    def full(theta):
        return [weight * a + p["ridge"] * t for a, t in zip(total(p["loss"], theta, rows, p["x"], p["y"]), theta)]

    theta, step = [mpf(0)] * len(p["start"]), mpf(10) ** -25
    while True:
        g = full(theta)
        if max(abs(a) for a in g) < mpf(10) ** -50:
            return theta
        columns = []
        for j in range(len(theta)):
            ahead, behind = list(theta), list(theta)
            ahead[j] += step
            behind[j] -= step
            columns.append([(a - b) / (2 * step) for a, b in zip(full(ahead), full(behind))])
        h = matrix(len(theta), len(theta))
        for j, column in enumerate(columns):
            for i, value in enumerate(column):
                h[i, j] = value
        d = lu_solve(h, matrix(g))
        theta = [t - d[i] for i, t in enumerate(theta)]


def two_floats(theta):
    parts = []
    for t in theta:
        hi = float(t)
        parts += [hi, float(t - mpf(hi))]
    return " ".join(repr(v) for v in parts)


def plain(values):
    return " ".join(repr(v) for v in values)


def problem(loss, index):
    n, width = 8, 2
    outputs = 3 if loss == "softmax" else 1
    x = [[draw(-2, 2) for _ in range(width)] for _ in range(n)]
    y = {
        "squared": [draw(-2, 2) for _ in range(n)],
        "logistic": [float(i % 2) for i in range(n)],
        "softmax": [float(i % 3) for i in range(n)],
    }[loss]
    order = [random.randrange(n) for _ in range(36)]
    reduction = ["mean", "sum"][index % 2]
    ridge = draw(0.01, 0.5)
    return {
        "loss": loss, "x": x, "y": y, "reduction": reduction, "ridge": ridge,
        "forget": [1, 4], "batches": [order[3 * k : 3 * k + 3] for k in range(12)],
        "rates": [draw(0.05, 0.3) for _ in range(12)], "momentum": [0.0, 0.9, 0.0][index % 3],
        "decay": ridge if reduction == "mean" else ridge / n,
        "normalisation": ["fixed", "renormalised"][index // 2 % 2],
        "start": [draw(-1, 1) for _ in range(outputs * (width + 1))],
    }


with open(Path(__file__).parent / "enclosures.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow("loss x y reduction ridge forget batches rates momentum decay normalisation start "
                 "run rerun minimiser retrained".split())
    for loss in ("squared", "logistic", "softmax"):
        for index in range(6):
            p = problem(loss, index)
            kept = [i for i in range(len(p["y"])) if i not in p["forget"]]
            out.writerow([
                loss, plain(v for row in p["x"] for v in row), plain(p["y"]), p["reduction"], repr(p["ridge"]),
                plain(p["forget"]), ";".join(plain(b) for b in p["batches"]), plain(p["rates"]), repr(p["momentum"]),
                repr(p["decay"]), p["normalisation"], plain(p["start"]),
                two_floats(run(p, [])), two_floats(run(p, p["forget"])),
                two_floats(minimiser(p, range(len(p["y"])))), two_floats(minimiser(p, kept)),
            ])
