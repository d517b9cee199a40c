"""How a flat vector is a network: per layer the weights, out x in by rows, then the biases."""


def layers(widths, theta):
    at = 0
    for fan_in, units in zip(widths, widths[1:]):
        w = theta[at : at + units * fan_in].reshape(units, fan_in)
        at += units * fan_in
        b = theta[at : at + units]
        at += units
        yield w, b
    assert at == theta.shape[0], f"{theta.shape[0]} parameters for widths {widths}, which have {at}"


def outputs(widths, theta, x, tanh):
    a = x
    last = len(widths) - 2
    for l, (w, b) in enumerate(layers(widths, theta)):
        z = a @ w.T + b
        a = tanh(z) if l < last else z
    return a
