"""Distances from exactly retrained models with 45 digits, made by mpmath 1.4.1.

    python datasets/golden/audit.py

rewrites audit.csv beside this file. Each problem is minimised on its retained rows by damped Newton steps in 90
digits until the gradient is below 1e-80; the distance, the gradient's norm and the largest output gaps of
given parameters are then exact to far more digits than are printed. Inputs are floats, written so that
they read back as the same floats; the weight of a row is the number 1/|R| (mean) or 1 (sum).
"""

import csv
import random
from pathlib import Path

from mpmath import exp, log, lu_solve, matrix, mp, mpf, nstr, sqrt

HERE = Path(__file__).resolve().parent
DIGITS = 45


def show(x):
    return nstr(mpf(x), DIGITS, strip_zeros=False, min_fixed=1, max_fixed=0)


class Problem:
    def __init__(self, name, loss, x, y, **options):
        self.name, self.loss, self.x, self.y = name, loss, x, y
        self.outputs = options.get("outputs", 1)
        self.bias = options.get("bias", True)
        self.reduction = options.get("reduction", "mean")
        self.ridge = options["ridge"]
        d, c = len(x[0]), self.outputs
        total = c * d + (c if self.bias else 0)
        self.keep = options.get("keep", [1] * total)
        self.forget = options.get("forget", [])
        self.rows_named = options.get("rows", "")
        # Per output: kept parameters with the input each reads (None: the bias).
        kept = [j for j in range(total) if self.keep[j]]
        self.k = len(kept)
        self.reads = [[] for _ in range(c)]
        for p, j in enumerate(kept):
            self.reads[j // d if j < c * d else j - c * d].append((p, j % d if j < c * d else None))
        self.b = options.get("perturbation")

    def inputs(self, i, c):
        return [(p, mpf(1) if j is None else mpf(self.x[i][j])) for p, j in self.reads[c]]

    def logits(self, i, theta):
        return [sum((theta[p] * v for p, v in self.inputs(i, c)), mpf(0)) for c in range(self.outputs)]

    def row(self, i, z):
        """Loss, gradient and curvature in the outputs."""
        y = mpf(self.y[i])
        if self.loss == "squared":
            return (z[0] - y) ** 2 / 2, [z[0] - y], [[mpf(1)]]
        if self.loss == "logistic":
            s = 1 / (1 + exp(-z[0]))
            return log(1 + exp(z[0])) - y * z[0], [s - y], [[s * (1 - s)]]
        e = [exp(v) for v in z]
        p = [v / sum(e) for v in e]
        n = range(len(z))
        return (
            log(sum(e)) - z[int(y)],
            [p[c] - (1 if c == int(y) else 0) for c in n],
            [[(p[a] if a == b else 0) - p[a] * p[b] for b in n] for a in n],
        )

    def derivatives(self, theta, second=True):
        kept = [i for i in range(len(self.x)) if i not in self.forget]
        w = 1 / mpf(len(kept)) if self.reduction == "mean" else mpf(1)
        lam = mpf(self.ridge)
        value = lam / 2 * sum(t * t for t in theta)
        b = [mpf(v) for v in self.b] if self.b else [mpf(0)] * self.k
        value += sum(v * t for v, t in zip(b, theta))
        gradient = [lam * t + v for t, v in zip(theta, b)]
        hessian = [[lam if p == q else mpf(0) for q in range(self.k)] for p in range(self.k)]
        for i in kept:
            ell, g, s = self.row(i, self.logits(i, theta))
            value += w * ell
            inputs = [self.inputs(i, c) for c in range(self.outputs)]
            for c in range(self.outputs):
                for p, v in inputs[c]:
                    gradient[p] += w * g[c] * v
                    if second:
                        for e in range(self.outputs):
                            for q, u in inputs[e]:
                                hessian[p][q] += w * s[c][e] * v * u
        return value, gradient, hessian

    def minimiser(self):
        theta = [mpf(0)] * self.k
        value, g, h = self.derivatives(theta)
        for _ in range(200):
            if norm(g) < mpf(10) ** -80:
                return theta
            step = lu_solve(matrix(h), matrix([-v for v in g]))
            slope = sum(a * b for a, b in zip(g, step))
            t = mpf(1)
            while True:
                there = [a + t * b for a, b in zip(theta, step)]
                v, gn, _ = self.derivatives(there, second=False)
                if v <= value + t * slope / 10**4 or norm(gn) < norm(g) / 2:
                    break
                t /= 2
            theta = there
            value, g, h = self.derivatives(theta)
        raise ArithmeticError(self.name)

    def rows(self, shift):
        best = self.minimiser()
        theta = [float(t) + s for t, s in zip(best, shift)]
        exact = [mpf(t) for t in theta]
        difference = [a - b for a, b in zip(exact, best)]
        gaps = [max(abs(v) for v in self.logits(i, difference)) for i in range(len(self.x))]
        name = self.name
        out = [(name, k, "", "", v) for k, v in (("loss", self.loss), ("outputs", self.outputs), ("bias", int(self.bias)),
               ("reduction", self.reduction), ("ridge", repr(self.ridge)))]
        if self.rows_named:
            out.append((name, "rows", "", "", self.rows_named))
        else:
            for i, (x, y) in enumerate(zip(self.x, self.y)):
                out += [(name, "x", i, j, repr(v)) for j, v in enumerate(x)]
                out.append((name, "y", i, "", repr(y)))
        out += [(name, "keep", j, "", k) for j, k in enumerate(self.keep)]
        out += [(name, "forget", i, "", 1) for i in self.forget]
        out += [(name, "perturbation", j, "", repr(v)) for j, v in enumerate(self.b or [])]
        out += [(name, "theta", j, "", repr(t)) for j, t in enumerate(theta)]
        out.append((name, "distance", "", "", show(norm(difference))))
        out.append((name, "gradient_norm", "", "", show(norm(self.derivatives(exact, second=False)[1]))))
        out.append((name, "gap", "", "", show(max(gaps))))
        out.append((name, "retained_gap", "", "", show(max(g for i, g in enumerate(gaps) if i not in self.forget))))
        return out


def norm(v):
    return sqrt(sum(x * x for x in v))


def drawn(draw, n, d, scale=1.0):
    return [[draw.gauss(0, scale) for _ in range(d)] for _ in range(n)]


def wdbc(n):
    with open(HERE.parent / "wdbc.csv", newline="") as f:
        rows = list(csv.reader(f))[1 : n + 1]
    return [[float(v) for v in r[:-1]] for r in rows], [float(r[-1]) for r in rows]


def problems():
    draw = random.Random(7)

    def shift(k, size):
        return [draw.gauss(0, size) for _ in range(k)]

    def logistic(name, n, d, move, scale=1.0, **options):
        x = drawn(draw, n, d, scale)
        y = [float(draw.random() < 0.5) for _ in range(n)]
        p = Problem(name, "logistic", x, y, **options)
        return p, shift(p.k, move)

    def softmax(name, n, d, c, move, **options):
        x = drawn(draw, n, d)
        y = [float(i % c) for i in range(n)]
        p = Problem(name, "softmax", x, y, outputs=c, **options)
        return p, shift(p.k, move)

    yield logistic("logistic-mean", 12, 3, 0.1, ridge=0.1)
    yield logistic("logistic-forget", 15, 3, 1e-3, ridge=0.01, forget=[0, 4, 9])
    yield logistic("logistic-sum", 12, 4, 0.5, ridge=0.5, reduction="sum", forget=[3])
    yield logistic("logistic-mask", 14, 5, 0.01, ridge=0.05, forget=[1, 2], keep=[1, 0, 1, 1, 0, 1])
    yield logistic("logistic-mask-no-bias", 10, 4, 1.0, ridge=0.2, bias=False, keep=[0, 1, 1, 0], reduction="sum")
    yield logistic("logistic-perturbed", 13, 3, 0.1, ridge=0.1, forget=[5], perturbation=[0.3, -0.2, 0.1, 0.05])
    yield logistic("logistic-weak-ridge", 20, 2, 1e-2, ridge=1e-4, forget=[7])
    yield logistic("logistic-large-features", 11, 3, 1e-3, scale=300.0, ridge=0.01, forget=[2])
    yield logistic("logistic-moved-a-millionth", 12, 3, 1e-6, ridge=0.1, forget=[2, 6])
    yield logistic("logistic-retrained", 12, 3, 0.0, ridge=0.1, forget=[2, 6])
    yield softmax("softmax-mean", 12, 2, 3, 0.1, ridge=0.1, forget=[0, 1])
    yield softmax("softmax-sum-mask", 10, 3, 3, 0.01, ridge=0.3, reduction="sum", keep=[1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 0, 1])
    yield softmax("softmax-no-bias", 9, 2, 4, 1e-6, ridge=0.05, bias=False, forget=[8])
    yield softmax("softmax-retrained", 9, 2, 3, 0.0, ridge=0.05, forget=[3])
    x, y = wdbc(20)
    p = Problem("wdbc", "logistic", x, y, ridge=0.5, forget=[3, 17], rows="wdbc 20")
    yield p, shift(p.k, 1e-4)
    keep = [int(j % 3 == 0) for j in range(31)]
    p = Problem("wdbc-mask", "logistic", x, y, ridge=0.01, forget=[3, 17], rows="wdbc 20", keep=keep)
    yield p, shift(p.k, 1e-4)
    x = drawn(draw, 7, 3)
    y = [draw.gauss(0, 1) for _ in range(7)]
    p = Problem("squared", "squared", x, y, ridge=0.125, forget=[6])
    yield p, shift(p.k, 0.1)
    p = Problem("squared-no-ridge", "squared", x, y, ridge=0.0, reduction="sum", forget=[0])
    yield p, shift(p.k, 1e-6)


def main():
    mp.dps = 90
    with open(HERE / "audit.csv", "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(("problem", "quantity", "i", "j", "value"))
        for problem, shift in problems():
            rows = problem.rows(shift)
            out.writerows(rows)
            print(problem.name, rows[-4][-1][:12])


main()
