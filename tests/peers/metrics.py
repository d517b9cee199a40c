"""UA, RA, TA, MIA efficacy and ASR of a study, computed again from the files it wrote, with NumPy and scikit-learn.

    pip install numpy scikit-learn        # outside the repository
    unlearn study --seeds 2 --json study.jsonl --parameters-dir cells
    python tests/peers/metrics.py study.jsonl cells

Prints the largest difference of every metric. Accuracies must agree exactly. The attack is scikit-learn's SVC as
published: rows on which both machines are undecided up to their tolerance may be called differently, so its score
may differ by a few rows; those are counted.
"""

import json
import pathlib
import sys

import numpy
from sklearn.svm import SVC

ACTIVATIONS = {
    "tanh": numpy.tanh,
    "sigmoid": lambda z: 1 / (1 + numpy.exp(-z)),
    "softplus": lambda z: numpy.logaddexp(0, z),
    "identity": lambda z: z,
}


def forward(study, theta, x, outputs):
    """The logits, with parameters in the order of torch.nn.Linear."""
    kind, *rest = study["model"].split(":")
    widths = [x.shape[1], outputs] if kind == "linear" else [int(w) for w in rest[0].split("-")]
    at = 0
    for layer, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        weight = theta[at : at + fan_in * fan_out].reshape(fan_out, fan_in)
        at += fan_in * fan_out
        x = x @ weight.T
        if study["bias"]:
            x = x + theta[at : at + fan_out]
            at += fan_out
        if layer + 2 < len(widths):
            x = ACTIVATIONS[rest[1]](x)
    assert at == len(theta), (at, len(theta))
    return x


def classify(study, logits):
    return logits.argmax(axis=1) if logits.shape[1] > 1 else (logits[:, 0] > 0).astype(int)


def confidence(logits, y):
    if logits.shape[1] == 1:
        z = logits[:, 0] * numpy.where(y == 1, 1, -1)
        return 1 / (1 + numpy.exp(-z))
    shifted = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted[numpy.arange(len(y)), y] / shifted.sum(axis=1)


def main(lines, folder):
    header, *records = [json.loads(line) for line in open(lines)]
    study = header["study"]
    worst, undecided, compared = {}, 0, 0
    for record in records:
        if record["failure"] is not None:
            continue
        cell = pathlib.Path(folder) / f"seed-{record['seed']}" / f"sparsity-{record['sparsity']:g}"
        data = numpy.load(cell / "data.npz")
        theta = numpy.load(cell / f"{record['method']}.npy")
        own = cell / f"{record['method']}-mask.npy"
        mask = numpy.load(own if own.exists() else cell / "mask.npy")
        assert (theta[mask == 0] == 0).all() and mask.sum() == record["active"]
        train_y, test_y = data["train_y"].astype(int), data["test_y"].astype(int)
        softmax = study["model"].endswith("softmax")
        outputs = int(max(train_y.max(), test_y.max())) + 1 if softmax else 1
        train = forward(study, theta, data["train_x"], outputs)
        test = forward(study, theta, data["test_x"], outputs)
        forgotten = numpy.zeros(len(train_y), dtype=bool)
        forgotten[data["forget"].astype(int)] = True
        right = classify(study, train) == train_y
        classes = study["scenario"].get("classes", []) if study["test_without_classes"] else []
        tested = ~numpy.isin(test_y, classes)
        found = {
            "ua": 1 - right[forgotten].mean(),
            "ra": right[~forgotten].mean(),
            "ta": (classify(study, test) == test_y)[tested].mean(),
        }
        if record["asr"] is not None:
            target = study["scenario"]["target"]
            triggered = classify(study, forward(study, theta, data["triggered_x"], outputs))
            found["asr"] = (triggered == target)[test_y != target].mean()
        of_train, of_test = confidence(train, train_y), confidence(test, test_y)[tested]
        size = min((~forgotten).sum(), len(of_test))
        x = numpy.concatenate([of_train[~forgotten][:size], of_test[:size]])
        attack = SVC(kernel="rbf", C=3, gamma="auto").fit(x.reshape(-1, 1), [1] * size + [0] * size)
        decision = attack.decision_function(of_train[forgotten].reshape(-1, 1))
        found["mia"] = (decision <= 0).mean()
        undecided += int((abs(decision) <= 2e-3).sum())
        compared += 1
        for key, value in found.items():
            worst[key] = max(worst.get(key, 0), abs(value - record[key]))
            if abs(value - record[key]) > 1e-12:
                rows = round(abs(value - record[key]) * forgotten.sum(), 1)
                print(f"{record['method']}, seed {record['seed']}, sparsity {record['sparsity']}: {key} {value} here, "
                      f"{record[key]} there ({rows} forgotten rows)")
    print(f"{compared} records compared; {undecided} forgotten rows within the tolerance of the attack")
    for key, value in sorted(worst.items()):
        print(f"  {key}: largest difference {value:.3g}")
    assert all(value < 1e-12 for key, value in worst.items() if key != "mia")


main(*sys.argv[1:])
