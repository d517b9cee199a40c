"""exp, the logistic function with three derivatives, softplus, tanh and log1p at drawn arguments, 40 digits, made by
mpmath 1.4.1.

    python datasets/golden/elementary.py

rewrites elementary.csv beside this file. Arguments lie everywhere from overflow to underflow, near 0 and at the
places where the kernels change formula.
"""

import csv
import math
import random
from pathlib import Path

from mpmath import exp, log1p, mp, mpf, nstr, tanh

FUNCTIONS = {
    "exp": exp,
    "sigmoid": lambda z: 1 / (1 + exp(-z)),
    "softplus": lambda z: log1p(exp(z)) if z < 0 else z + log1p(exp(-z)),
    "tanh": tanh,
    "log1p": log1p,
    "slope": lambda z: slope(z),
    "bend": lambda z: -slope(z) * tanh(z / 2),
    "jerk": lambda z: slope(z) * (1 - 6 * slope(z)),
}
EDGES = [0.0, 40.0, 60.0, 14.0, 13.8, math.log(2) / 2, math.log(2), 708.39, 709.78, 709.79, 744.44, 745.13, 745.14]


# Where the later kernels change formula or turn.
MORE = [2.0**-28, 2.0**-20, 2.0**-60, 19.0, 0.42, 1.0, 1.3169578969248168, 2.2924316695611777, 0.5, 20.0]


def slope(z):
    return exp(-abs(z)) / (1 + exp(-abs(z))) ** 2


def domain(name, z, draw):
    """Logarithms need arguments above -1, and take them up to the largest float."""
    if name != "log1p" or z > -1:
        return z
    return draw.choice((math.expm1(-draw.uniform(0, 36)), 2.0 ** draw.uniform(0, 1024)))


def arguments(draw):
    edges = [s * v for e in EDGES for s in (-1, 1) for v in (math.nextafter(e, -1e9), e, math.nextafter(e, 1e9))]
    wide = [draw.uniform(-760, 760) for _ in range(60)]
    near = [draw.uniform(-2, 2) for _ in range(60)]
    tiny = [draw.choice((-1, 1)) * 2.0 ** draw.uniform(-1060, 0) for _ in range(40)]
    return sorted(set(edges + wide + near + tiny))


def main():
    # Near 1 the smallest arguments need 1074 binary digits.
    mp.dps = 700
    draw = random.Random(1)
    with open(Path(__file__).resolve().parent / "elementary.csv", "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(("function", "argument", "value"))
        for name, function in FUNCTIONS.items():
            # The first three were drawn before the others existed.
            late = name not in ("exp", "sigmoid", "softplus")
            more = [s * v for e in MORE for s in (-1, 1) for v in (math.nextafter(e, -1e9), e, math.nextafter(e, 1e9))]
            for z in sorted({domain(name, z, draw) for z in arguments(draw) + (more if late else [])} - {-1.0}):
                out.writerow((name, repr(z), nstr(function(mpf(z)), 40, strip_zeros=False, min_fixed=1, max_fixed=0)))


main()
