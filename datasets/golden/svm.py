"""Support vector machines on one feature, by scikit-learn (LIBSVM): `svm.csv`.

SVC(kernel="rbf", C=3, gamma="auto"), as the membership attack uses it. Decisions are from a fit to tolerance 1e-12,
so that they do not depend on the solver's path; `published` are the predictions with scikit-learn's own tolerance
of 1e-3 on the points `at`.
"""

import csv
import math
import pathlib
import random

import numpy
from sklearn.svm import SVC


def problems():
    draw = random.Random(2304)
    # An over-fitted model: members surely right, others less so.
    sure = lambda: 1 - math.exp(-draw.uniform(3, 12))
    loose = lambda: 1 - math.exp(-draw.uniform(0, 9))
    yield "overfitted", [sure() for _ in range(60)], [loose() for _ in range(60)]
    yield "overlapping", [draw.random() for _ in range(50)], [draw.random() for _ in range(50)]
    yield "separable", [draw.uniform(0.7, 1) for _ in range(30)], [draw.uniform(0, 0.4) for _ in range(30)]
    yield "ties", [draw.randrange(4, 9) / 8 for _ in range(40)], [draw.randrange(0, 7) / 8 for _ in range(40)]
    yield "inside", [draw.gauss(0, 0.3) for _ in range(40)], [draw.choice([-1, 1]) * draw.uniform(0.5, 2) for _ in range(40)]
    yield "unbalanced", [draw.gauss(1, 1) for _ in range(15)], [draw.gauss(-1, 1) for _ in range(45)]
    yield "one each", [1.0], [0.0]


def main():
    rows = []
    for name, members, others in problems():
        x = numpy.array(members + others).reshape(-1, 1)
        y = [1] * len(members) + [0] * len(others)
        at = [k / 8 for k in range(-8, 17)]
        fit = lambda tolerance: SVC(kernel="rbf", C=3, gamma="auto", tol=tolerance).fit(x, y)
        exact, published = fit(1e-12), fit(1e-3)
        points = numpy.array(at).reshape(-1, 1)
        columns = {
            "member": members,
            "other": others,
            "at": at,
            "decision": exact.decision_function(points).tolist(),
            "published": published.predict(points).tolist(),
            "published on rows": published.predict(x).tolist(),
        }
        rows += [(name, key, i, repr(v)) for key, values in columns.items() for i, v in enumerate(values)]
    with open(pathlib.Path(__file__).with_name("svm.csv"), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["problem", "quantity", "i", "value"])
        writer.writerows(rows)


main()
