"""Reference values with many digits, made by mpmath 1.4.1 (pip install mpmath==1.4.1).

    python datasets/golden/make.py

rewrites scalars.csv, losses.csv, constants.csv and problems.csv beside this file. Every derivative is
either a closed form evaluated with far more digits than are printed, or exact hyper-dual arithmetic
over mpf with 50 digits; each problem's Hessian is also compared, before it is written, with a central
difference of step 1e-30 in 150 digits along a direction.
"""

import csv
import math
import random
from fractions import Fraction
from pathlib import Path

from mpmath import diff, findroot, mp, mpf
from mpmath import exp as mexp
from mpmath import log1p as mlog1p
from mpmath import nstr, sqrt, tanh as mtanh

HERE = Path(__file__).resolve().parent
DIGITS = 30


def show(x):
    return nstr(mpf(x), DIGITS, strip_zeros=True)


def table(name, header, rows):
    with open(HERE / name, "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)
    print(name, len(rows), "rows")


# ---------------------------------------------------------------- numbers


class Hyper:
    """a + b e1 + c e2 + d e1 e2 with e1^2 = e2^2 = 0."""

    __slots__ = ("a", "b", "c", "d")

    def __init__(self, a, b=0, c=0, d=0):
        self.a, self.b, self.c, self.d = a, b, c, d

    def __add__(self, o):
        if not isinstance(o, Hyper):
            return Hyper(self.a + o, self.b, self.c, self.d)
        return Hyper(self.a + o.a, self.b + o.b, self.c + o.c, self.d + o.d)

    __radd__ = __add__

    def __neg__(self):
        return Hyper(-self.a, -self.b, -self.c, -self.d)

    def __sub__(self, o):
        return self + (-o)

    def __rsub__(self, o):
        return (-self) + o

    def __mul__(self, o):
        if not isinstance(o, Hyper):
            return Hyper(self.a * o, self.b * o, self.c * o, self.d * o)
        return Hyper(
            self.a * o.a,
            self.a * o.b + self.b * o.a,
            self.a * o.c + self.c * o.a,
            self.a * o.d + self.b * o.c + self.c * o.b + self.d * o.a,
        )

    __rmul__ = __mul__

    def lift(self, f, f1, f2):
        return Hyper(f, f1 * self.b, f1 * self.c, f1 * self.d + f2 * self.b * self.c)


def real(x):
    return x.a if isinstance(x, Hyper) else x


def lifted(x, derivatives):
    """f(x) for a plain or a hyper-dual x, from a function that returns f, f', f''."""
    f, f1, f2 = derivatives(real(x))
    return x.lift(f, f1, f2) if isinstance(x, Hyper) else f


def sigmoid(x):
    return 1 / (1 + mexp(-x)) if x > 0 else mexp(x) / (1 + mexp(x))


def softplus(x):
    return x + mlog1p(mexp(-x)) if x > 0 else mlog1p(mexp(x))


def slope(x):
    s = sigmoid(x)
    return s * (1 - s)


def bend(x):
    s = sigmoid(x)
    return s * (1 - s) * (1 - 2 * s)


def jerk(x):
    s = sigmoid(x)
    return s * (1 - s) * (1 - 6 * s + 6 * s * s)


# name -> (value, first, second, third derivative)
ACTIVATIONS = {
    "tanh": (
        mtanh,
        lambda x: 1 - mtanh(x) ** 2,
        lambda x: -2 * mtanh(x) * (1 - mtanh(x) ** 2),
        lambda x: (1 - mtanh(x) ** 2) * (6 * mtanh(x) ** 2 - 2),
    ),
    "sigmoid": (sigmoid, slope, bend, jerk),
    "softplus": (softplus, sigmoid, slope, bend),
    "identity": (lambda x: x, lambda x: mpf(1), lambda x: mpf(0), lambda x: mpf(0)),
}


def activate(name, x):
    return lifted(x, lambda t: tuple(f(t) for f in ACTIVATIONS[name][:3]))


def exp(x):
    return lifted(x, lambda t: (mexp(t),) * 3)


def log1p(x):
    return lifted(x, lambda t: (mlog1p(t), 1 / (1 + t), -1 / (1 + t) ** 2))


# ---------------------------------------------------------------- losses


def loss(name, z, y):
    if name == "squared":
        r = z[0] - y
        return mpf(1) / 2 * (r * r)
    if name == "logistic":
        return activate("softplus", z[0]) - y * z[0]
    top = max(range(len(z)), key=lambda c: real(z[c]))
    rest = sum((exp(z[c] - z[top]) for c in range(len(z)) if c != top), start=mpf(0))
    return log1p(rest) + (z[top] - z[int(y)])


def probabilities(z):
    top = max(z)
    e = [mexp(v - top) for v in z]
    return [v / sum(e) for v in e]


def loss_derivatives(name, z, y, u, v):
    """Gradient, curvature (row by row) and third derivative along u, v, in closed form."""
    n = range(len(z))
    if name == "squared":
        return [z[0] - y], [mpf(1)], [mpf(0)]
    if name == "logistic":
        s = sigmoid(z[0])
        return [s - y], [slope(z[0])], [bend(z[0]) * u[0] * v[0]]
    p = probabilities(z)
    g = [p[c] - (1 if c == y else 0) for c in n]
    h = [p[a] * ((1 if a == b else 0) - p[b]) for a in n for b in n]
    mu, mv = sum(p[c] * u[c] for c in n), sum(p[c] * v[c] for c in n)
    cov = sum(p[c] * (u[c] - mu) * (v[c] - mv) for c in n)
    return g, h, [p[c] * ((u[c] - mu) * (v[c] - mv) - cov) for c in n]


# ---------------------------------------------------------------- tables of functions

ARGUMENTS = [
    -1e6, -800.0, -745.0, -710.0, -700.0, -100.5, -50.0, -37.0, -20.0, -5.25, -2.0, -1.3125, -1.0, -0.5, -0.125,
    -1e-3, -1e-8, -1e-300, 0.0, 1e-300, 1e-8, 1e-3, 0.125, 0.5, 1.0, 1.3125, 2.0, 5.25, 20.0, 37.0, 50.0, 100.5,
    700.0, 710.0, 745.0, 800.0, 1e6,
]
# Cancellation near e^-1600 has to happen beyond the digits kept.
WIDE = 1500


def scalars():
    mp.dps = WIDE
    rows = []
    named = {"sigmoid": sigmoid, "softplus": softplus, "sigmoid_slope": slope, "sigmoid_bend": bend}
    named["sigmoid_jerk"] = jerk
    for name, functions in ACTIVATIONS.items():
        for order, f in zip(("value", "slope", "bend", "jerk"), functions):
            named[f"{name}.{order}"] = f
    for name, f in named.items():
        for x in ARGUMENTS:
            rows.append((name, repr(x), show(f(mpf(x)))))
    for z in LOGITS:
        top = max(mpf(v) for v in z)
        y = top + mlog1p(sum(mexp(mpf(v) - top) for v in z) - 1)
        rows.append(("log_sum_exp", " ".join(map(repr, z)), show(y)))
        for c, p in enumerate(probabilities([mpf(v) for v in z])):
            rows.append((f"softmax.{c}", " ".join(map(repr, z)), show(p)))
    table("scalars.csv", ("function", "argument", "value"), rows)


LOGITS = [
    [0.0, 0.0], [1.0, -1.0], [0.25, -1.5, 2.0], [30.0, 0.0, -30.0], [-40.0, 0.5, 0.0], [700.0, 0.0, -700.0],
    [800.0, 0.0, 1.0], [-800.0, -799.5, -800.25, 0.0], [1000.0, 1000.0, 999.0], [5.0, 2.0, -50.0, -49.0],
    [1e6, 1e6, 999999.0], [0.1, 0.2, 0.3, 0.4],
]
# The second and third pair are constant on the likely classes: cancellation to be avoided.
DIRECTIONS = [([0.5, -1.25, 2.0, 0.75], [1.0, 0.25, -0.5, -2.0]), ([1.0, 1.0, 0.0, 0.0], [2.0, -1.0, 0.5, 0.5])]
DIRECTIONS.append(([0.0, 1.0, 1.0, 0.25], [1.0, 1.0, 3.0, 3.0]))


def losses():
    mp.dps = WIDE
    rows = []
    cases = [("squared", [z], y) for z in (-1e6, -2.5, 0.1, 3.0, 1e6) for y in (-1.75, 0.0, 12.5)]
    cases += [("logistic", [z], y) for z in ARGUMENTS if abs(z) < 1e5 for y in (0.0, 1.0)]
    cases += [("softmax", z, float(y)) for z in LOGITS for y in range(len(z))]
    for name, z, y in cases:
        n = len(z)
        at = [mpf(v) for v in z]
        written = " ".join(map(repr, z))
        rows.append((name, written, repr(y), "value", "", show(loss(name, at, mpf(y)))))
        for k, (u, v) in enumerate(DIRECTIONS):
            pair = " ".join(map(repr, u[:n])) + ";" + " ".join(map(repr, v[:n]))
            g, h, t = loss_derivatives(name, at, mpf(y), [mpf(x) for x in u[:n]], [mpf(x) for x in v[:n]])
            if k == 0:
                rows.append((name, written, repr(y), "gradient", "", " ".join(map(show, g))))
            if y == 0.0:
                if k == 0:
                    rows.append((name, written, repr(y), "curvature", "", " ".join(map(show, h))))
                rows.append((name, written, repr(y), "third", pair, " ".join(map(show, t))))
    table("losses.csv", ("loss", "z", "y", "quantity", "directions", "value"), rows)


# ---------------------------------------------------------------- constants


def largest(f, start):
    """A local maximum of |f| near start, from the root of f'."""
    return abs(f(findroot(lambda x: diff(f, x), mpf(start))))


def double_at_least(x):
    """The smallest double that is at least x."""
    d = float(nstr(x, 40))
    while Fraction(d) < as_fraction(x):
        d = math.nextafter(d, math.inf)
    while Fraction(math.nextafter(d, -math.inf)) >= as_fraction(x):
        d = math.nextafter(d, -math.inf)
    return d


def as_fraction(x):
    sign, man, ex, _ = mpf(x)._mpf_
    f = Fraction(int(man)) * Fraction(2) ** int(ex)
    return -f if sign else f


def constants():
    mp.dps = 60
    root2, root3 = sqrt(mpf(2)), sqrt(mpf(3))
    one = mpf(1)
    found = [
        # name, closed form, the same number found by maximising (None: a supremum at infinity or exact)
        ("logistic.gradient", one, None),
        ("logistic.curvature", one / 4, largest(slope, "0.01")),
        ("logistic.third", 1 / (6 * root3), largest(bend, "1.3")),
        ("logistic.fourth", one / 8, largest(jerk, "0.01")),
        ("logistic.self_concordance", one, None),
        ("softmax.gradient", root2, None),
        # Two classes along (1, -1)/sqrt 2 give the logistic derivatives times a power of sqrt 2.
        ("softmax.curvature", one / 2, 2 * largest(slope, "0.01")),
        ("softmax.third", root2 / (3 * root3), 2 * root2 * largest(bend, "1.3")),
        ("softmax.fourth", one / 2, 4 * largest(jerk, "0.01")),
        ("softmax.self_concordance", root2, None),
    ]
    for name, peaks in {"tanh": (None, "0.01", "0.6", "0.01"), "sigmoid": (None, "0.01", "1.3", "0.01")}.items():
        closed = {
            "tanh": (one, one, 4 / (3 * root3), mpf(2)),
            "sigmoid": (one, one / 4, 1 / (6 * root3), one / 8),
        }[name]
        for order, value, f, start in zip(("value", "slope", "bend", "jerk"), closed, ACTIVATIONS[name], peaks):
            found.append((f"{name}.{order}", value, start and largest(f, start)))
    found.append(("softplus.slope", one, None))
    found.append(("softplus.bend", one / 4, largest(slope, "0.01")))
    found.append(("softplus.jerk", 1 / (6 * root3), largest(bend, "1.3")))
    rows = []
    for name, value, numeric in found:
        assert numeric is None or abs(numeric - value) < mpf(10) ** -50, name
        rows.append((name, show(value), repr(double_at_least(value))))
    table("constants.csv", ("constant", "value", "least_double_above"), rows)


# ---------------------------------------------------------------- problems


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
    table("problems.csv", ("problem", "quantity", "i", "j", "value"), rows)


if __name__ == "__main__":
    scalars()
    losses()
    constants()
    problems()
