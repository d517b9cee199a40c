"""Reference values with many digits, made by mpmath 1.4.1 (pip install mpmath==1.4.1).

    python datasets/golden/make.py

rewrites scalars.csv, losses.csv, constants.csv and problems.csv beside this file. Every derivative is
either a closed form evaluated with far more digits than are printed (formulas.py), or exact hyper-dual
arithmetic over mpf with 50 digits (problems.py); each problem's Hessian is also compared, before it is
written, with a central difference of step 1e-30 in 150 digits along a direction.
"""

import csv
import math
from fractions import Fraction

from formulas import ACTIVATIONS, bend, jerk, loss, loss_derivatives, probabilities, sigmoid, slope, softplus
from mpmath import diff, findroot, mp, mpf, sqrt
from mpmath import exp as mexp
from mpmath import log1p as mlog1p
from problems import HERE, problems, show


def table(name, header, rows):
    with open(HERE / name, "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)
    print(name, len(rows), "rows")


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
    d = float(x)
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


if __name__ == "__main__":
    scalars()
    losses()
    constants()
    table("problems.csv", ("problem", "quantity", "i", "j", "value"), problems())
