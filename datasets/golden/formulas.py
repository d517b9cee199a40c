"""Hyper-dual numbers over mpf, the activations with three derivatives, and the losses."""

from mpmath import exp as mexp
from mpmath import log1p as mlog1p
from mpmath import mpf
from mpmath import tanh as mtanh


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
