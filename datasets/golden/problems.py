"""Small fixed learning problems with their value, gradient and Hessian."""

import csv
import random
from pathlib import Path

from formulas import Hyper, activate, loss
from mpmath import mp, mpf, nstr

HERE = Path(__file__).resolve().parent
DIGITS = 30


def show(x):
    return nstr(mpf(x), DIGITS, strip_zeros=True)


class Problem:
    def __init__(self, name, model, x, y, theta, **options):
        self.name, self.x, self.y, self.theta = name, x, y, theta
        kind, *rest = model.split(":")
        self.model, self.loss = model, rest[-1]
        if kind == "linear":
            outputs = options["outputs"]
            self.widths, self.activation = [len(x[0]), outputs], "identity"
        else:
            self.widths, self.activation = [int(w) for w in rest[0].split("-")], rest[1]
        self.bias = options.get("bias", True)
        self.ridge = options.get("ridge", 0.0)
        self.weights = options.get("weights", [1.0] * len(x))
        self.keep = options.get("keep", [True] * len(theta))
        self.b = options.get("perturbation")
        self.theta = [t if k else 0.0 for t, k in zip(theta, self.keep)]
        self.active = [j for j, k in enumerate(self.keep) if k]
        sizes = zip(self.widths, self.widths[1:])
        assert len(theta) == sum(o * i + (o if self.bias else 0) for i, o in sizes), name

    def objective(self, theta):
        total = mpf(0)
        for x, y, w in zip(self.x, self.y, self.weights):
            if w != 0:
                total = total + mpf(w) * loss(self.loss, self.logits(theta, x), mpf(y))
        for j in self.active:
            total = total + mpf(self.ridge) / 2 * (theta[j] * theta[j])
            if self.b:
                total = total + mpf(self.b[j]) * theta[j]
        return total

    def logits(self, theta, x):
        # Features that are zero are skipped by identity: a hidden unit may be zero and still move.
        zero = mpf(0)
        a, start, last = [mpf(v) if v else zero for v in x], 0, len(self.widths) - 2
        for layer, (fan_in, fan_out) in enumerate(zip(self.widths, self.widths[1:])):
            z = []
            for j in range(fan_out):
                row = range(start + j * fan_in, start + (j + 1) * fan_in)
                terms = [theta[p] * v for p, v in zip(row, a) if self.keep[p] and v is not zero]
                bias = start + fan_out * fan_in + j
                if self.bias and self.keep[bias]:
                    terms.append(theta[bias])
                z.append(sum(terms, start=mpf(0)))
            start += fan_out * (fan_in + (1 if self.bias else 0))
            a = z if layer == last else [activate(self.activation, v) for v in z]
        return a

    def moved(self, p, q):
        theta = [mpf(t) for t in self.theta]
        for j, e in {p: (1, 0), q: (0, 1)}.items():
            theta[j] = Hyper(theta[j], mpf(e[0]), mpf(e[1]))
        if p == q:
            theta[p] = Hyper(mpf(self.theta[p]), mpf(1), mpf(1))
        return theta

    def rows(self):
        mp.dps = 50
        out = [(self.name, "model", "", "", self.model), (self.name, "bias", "", "", int(self.bias))]
        out.append((self.name, "ridge", "", "", repr(self.ridge)))
        for i, (x, y, w) in enumerate(zip(self.x, self.y, self.weights)):
            out += [(self.name, "x", i, j, repr(v)) for j, v in enumerate(x)]
            out += [(self.name, "y", i, "", repr(y)), (self.name, "weight", i, "", repr(w))]
        for j, t in enumerate(self.theta):
            if self.keep[j]:
                out.append((self.name, "theta", j, "", repr(t)))
                if self.b:
                    out.append((self.name, "perturbation", j, "", repr(self.b[j])))
        out.append((self.name, "parameters", "", "", len(self.theta)))
        k, theta = len(self.active), [mpf(t) for t in self.theta]
        out.append((self.name, "value", "", "", show(self.objective(theta))))
        hessian = {}
        for i in range(k):
            for j in range(i + 1):
                f = self.objective(self.moved(self.active[i], self.active[j]))
                f = f if isinstance(f, Hyper) else Hyper(f)
                hessian[i, j] = hessian[j, i] = f.d
                if i == j:
                    out.append((self.name, "gradient", i, "", show(f.b)))
                out.append((self.name, "hessian", i, j, show(f.d)))
        self.verify(hessian)
        return out

    def verify(self, hessian):
        """The second derivative along one direction, by differences with three times the digits."""
        v = [mpf(((7 * i) % 5) - 2) / 2 for i in range(len(self.active))]
        quadratic = sum(v[i] * v[j] * h for (i, j), h in hessian.items())

        def along(t):
            theta = [mpf(x) for x in self.theta]
            for j, d in zip(self.active, v):
                theta[j] += t * d
            return self.objective(theta)

        with mp.workdps(150):
            h = mpf(10) ** -30
            second = (along(h) - 2 * along(mpf(0)) + along(-h)) / (h * h)
        # The difference is accurate to about h^2.
        assert abs(second - quadratic) <= mpf(10) ** -35 * (1 + abs(quadratic)), self.name


def dyadic(rng, n, most=8, denominator=4):
    return [rng.randint(-most, most) / denominator for _ in range(n)]


def real_rows(name, columns=None):
    with open(HERE.parent / name, newline="") as f:
        rows = list(csv.reader(f))[1:21]
    x = [[float(v) for v in r[:-1]] for r in rows]
    return x, [float(r[-1]) for r in rows]


def standardised(x):
    """Centred and scaled per column, then rounded to four decimals: the rounded numbers are the data."""
    columns = list(zip(*x))
    means = [sum(c) / len(c) for c in columns]
    spread = [(sum((v - m) ** 2 for v in c) / len(c)) ** 0.5 or 1.0 for c, m in zip(columns, means)]
    return [[round((v - m) / s, 4) for v, m, s in zip(r, means, spread)] for r in x]


def problems():
    rng = random.Random(20240229)

    def small(name, model, n, inputs, parameters, classes=0, **options):
        x = [dyadic(rng, inputs) for _ in range(n)]
        if model.endswith("squared"):
            y = dyadic(rng, n)
        else:
            y = [float(rng.randrange(classes or 2)) for _ in range(n)]
        return Problem(name, model, x, y, dyadic(rng, parameters, 8, 8), **options)

    def scattered(n):
        return [rng.random() < 0.7 for _ in range(n)]

    all_problems = [
        small("ridge", "linear:squared", 5, 3, 4, ridge=0.5, outputs=1),
        small("logistic", "linear:logistic", 5, 3, 3, ridge=0.125, bias=False, outputs=1, weights=[0.2] * 5),
        small("softmax", "linear:softmax", 6, 2, 9, 3, outputs=3, weights=[1.0, 2.0, 0.0, -1.0, 0.5, 1.0]),
        small("tanh-1", "mlp:3-2-1:tanh:logistic", 4, 3, 11, ridge=0.25, perturbation=dyadic(rng, 11)),
        small("sigmoid-1", "mlp:2-3-1:sigmoid:squared", 4, 2, 13, weights=[0.25] * 4),
        small("softplus-1", "mlp:2-3-3:softplus:softmax", 5, 2, 21, 3, ridge=0.0625),
        small("identity-1", "mlp:3-2-1:identity:logistic", 4, 3, 8, bias=False),
        small("tanh-2", "mlp:2-3-2-3:tanh:softmax", 4, 2, 26, 3, ridge=0.5, weights=[0.25, 0.0, -0.5, 3.0]),
        small("softplus-2", "mlp:2-2-2-1:softplus:squared", 4, 2, 15, keep=scattered(15)),
        small("identity-3", "mlp:2-2-2-2-1:identity:squared", 3, 2, 21),
        small("sigmoid-3", "mlp:3-2-2-2-2:sigmoid:softmax", 4, 3, 26, 2, keep=scattered(26), ridge=0.125),
        small("tanh-3", "mlp:2-2-2-2-1:tanh:logistic", 4, 2, 14, bias=False, perturbation=dyadic(rng, 14)),
    ]
    x, y = real_rows("wdbc.csv")
    theta = dyadic(rng, 31, 8, 16)
    keep = [j % 3 != 1 for j in range(31)]
    all_problems.append(
        Problem("wdbc", "linear:logistic", standardised(x), y, theta, outputs=1, ridge=0.01, keep=keep)
    )
    x, y = real_rows("digits.csv")
    x = [[v / 16 for v in r] for r in x]
    count = 64 * 2 + 2 + 2 * 10 + 10
    keep = [rng.random() < (0.12 if j < 128 else 0.5) for j in range(count)]
    model = "mlp:64-2-10:tanh:softmax"
    theta = dyadic(rng, count, 8, 8)
    all_problems.append(Problem("digits", model, x, y, theta, keep=keep, ridge=0.01, weights=[0.05] * 20))
    rows = []
    for p in all_problems:
        rows += p.rows()
        print(" ", p.name, len(p.active), "kept parameters")
    return rows
