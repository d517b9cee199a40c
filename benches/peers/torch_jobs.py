"""PyTorch on the CPU, in double precision."""

import os
import time

import numpy as np
import torch
from torch.func import grad, hessian, jvp, vjp, vmap

from network import outputs

torch.set_default_dtype(torch.float64)
torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def versions(threads):
    return f"PyTorch {torch.__version__}"


def tensor(path):
    return torch.from_numpy(np.load(path))


def objective(x, y, widths, kind, ridge):
    x, y = tensor(x), tensor(y)
    nn = torch.nn.functional

    def f(theta):
        z = outputs(widths, theta, x, torch.tanh)
        if kind == "softmax":
            risk = nn.cross_entropy(z, y.long())
        elif kind == "logistic":
            risk = nn.binary_cross_entropy_with_logits(z[:, 0], y)
        else:
            risk = 0.5 * ((z[:, 0] - y) ** 2).mean()
        return risk + ridge / 2 * theta @ theta

    return f


def hessian_default(x, y, theta, widths, loss, ridge):
    f, theta = objective(x, y, widths, loss, ridge), tensor(theta)
    return lambda: hessian(f)(theta), "torch.func.hessian"


def hessian_tuned(x, y, theta, widths, loss, ridge, chunks):
    """Products of chunks of unit vectors, forward or reverse over reverse, whichever is faster."""
    f, theta = objective(x, y, widths, loss, ridge), tensor(theta)
    d = theta.shape[0]

    def forward(units, chunk):
        return vmap(lambda v: jvp(grad(f), (theta,), (v,))[1], chunk_size=chunk)(units)

    def reverse(units, chunk):
        back = vjp(grad(f), theta)[1]
        return vmap(lambda v: back(v)[0], chunk_size=chunk)(units)

    identity = torch.eye(d)
    took = {}
    for product in (forward, reverse) if len(chunks) > 1 else []:
        for chunk in chunks:
            some = identity[: min(d, max(chunks))]
            product(some[:chunk], chunk)
            begin = time.perf_counter()
            product(some, chunk)
            took[product, chunk] = time.perf_counter() - begin
    product, chunk = min(took, key=took.get) if took else (reverse, chunks[0])
    return lambda: product(identity, chunk), f"PyTorch, HVPs {product.__name__} over reverse under vmap, chunk {chunk}"


def network(widths, start):
    stack = []
    for fan_in, units in zip(widths, widths[1:]):
        stack += [torch.nn.Linear(fan_in, units), torch.nn.Tanh()]
    net = torch.nn.Sequential(*stack[:-1])
    torch.nn.utils.vector_to_parameters(start.clone(), net.parameters())
    return net


def sgd_default(x, y, order, start, widths, loss, rate, ridge):
    """What users write: nn.Sequential, autograd, torch.optim.SGD."""
    x, y, order, start = tensor(x), tensor(y), np.load(order).astype(int).tolist(), tensor(start)
    if loss == "softmax":
        y, criterion = y.long(), torch.nn.CrossEntropyLoss()
    else:
        y, criterion = y[:, None], torch.nn.BCEWithLogitsLoss()

    def call():
        net = network(widths, start)
        optimiser = torch.optim.SGD(net.parameters(), lr=rate, weight_decay=ridge)
        for i in order:
            optimiser.zero_grad()
            criterion(net(x[i : i + 1]), y[i : i + 1]).backward()
            optimiser.step()
        return torch.nn.utils.parameters_to_vector(net.parameters()).detach()

    return call, "torch.nn and torch.optim.SGD"


def sgd_logistic_manual(x, y, order, start, rate, ridge):
    x, y, order, start = tensor(x), tensor(y), np.load(order).astype(int).tolist(), tensor(start)
    if x.shape[1] < start.shape[0]:
        x = torch.cat([x, torch.ones(len(x), 1)], dim=1)

    def call():
        theta = start.clone()
        with torch.no_grad():
            for i in order:
                row = x[i]
                slope = torch.sigmoid(row @ theta) - y[i]
                theta.mul_(1 - rate * ridge).sub_(rate * slope * row)
        return theta

    return call, "PyTorch, gradients by hand"
