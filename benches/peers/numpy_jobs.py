"""NumPy and SciPy (OpenBLAS, LAPACK, SuperLU)."""

from math import exp

import numpy as np
import scipy
import scipy.linalg as sla
import scipy.optimize
import scipy.sparse as sp

from network import layers


def versions(threads):
    return f"NumPy {np.__version__}, SciPy {scipy.__version__}"


def lower(h):
    return np.tril(h)


def gram_syrk(x, w):
    """One triangle, by dsyrk. The weights go in before the clock starts, which favours the peer."""
    x, w = np.load(x), np.load(w)
    scaled = np.asfortranarray((x * np.sqrt(w)[:, None]).T)
    out = np.zeros((x.shape[1], x.shape[1]), order="F")
    return lambda: sla.blas.dsyrk(1.0, scaled, c=out, overwrite_c=True, lower=1), "dsyrk, weights applied beforehand"


def gram_matmul(x, w):
    x, w = np.load(x), np.load(w)
    return lambda: lower((x.T * w) @ x), "numpy (X.T * w) @ X"


def cholesky_lapack(a):
    a = np.asfortranarray(np.load(a))
    work = np.empty_like(a)

    def call():
        work[:] = a
        c, info = sla.lapack.dpotrf(work, lower=1, clean=0, overwrite_a=1)
        assert info == 0
        return lower(c)

    def timed():
        work[:] = a
        return sla.lapack.dpotrf(work, lower=1, clean=0, overwrite_a=1)[0]

    timed.result = call
    return timed, "LAPACK dpotrf in place"


def cholesky_default(a):
    a = np.load(a)
    return lambda: np.linalg.cholesky(a), "numpy.linalg.cholesky"


def solve_lapack(a, b):
    c = sla.cho_factor(np.load(a), lower=True, check_finite=False)
    c = (np.asfortranarray(c[0]), True)
    b = np.asfortranarray(np.load(b))
    return lambda: sla.cho_solve(c, b, check_finite=False), "scipy cho_solve (dpotrs)"


def removal_refactor(a, u, b):
    """Solves with A - U Uᵀ: LAPACK has no downdate, so the matrix is factored again."""
    a, u, b = np.load(a), np.load(u), np.load(b)

    def call():
        c = sla.cho_factor(a - u @ u.T, lower=True, overwrite_a=True, check_finite=False)
        return sla.cho_solve(c, b, check_finite=False)

    return call, "scipy cho_factor of the changed matrix, cho_solve"


def removal_woodbury(a, u, b):
    """Solves with A - U Uᵀ from the factor of A."""
    a, u, b = np.load(a), np.load(u), np.load(b)
    c = sla.cho_factor(a, lower=True, check_finite=False)

    def call():
        z = sla.cho_solve(c, np.column_stack([b, u]), check_finite=False)
        small = np.eye(u.shape[1]) - u.T @ z[:, 1:]
        return z[:, 0] + z[:, 1:] @ np.linalg.solve(small, u.T @ z[:, 0])

    return call, "scipy cho_solve and Woodbury"


def csr(data, indices, offsets, columns):
    integers = lambda path: np.load(path).astype(np.int32)
    return sp.csr_matrix((np.load(data), integers(indices), integers(offsets)), shape=(len(np.load(offsets)) - 1, columns))


def csr_gram(data, indices, offsets, columns, w):
    x, w = csr(data, indices, offsets, columns), np.load(w)

    def call():
        weighted = x.copy()
        weighted.data *= np.repeat(w, np.diff(x.indptr))
        return weighted.T @ x

    timed = lambda: call()
    timed.result = lambda: lower(call().toarray())
    return timed, "scipy X.T @ diag(w) X"


def csr_gram_dense(data, indices, offsets, columns, w):
    x = csr(data, indices, offsets, columns).toarray()
    w = np.load(w)
    return lambda: lower((x.T * w) @ x), "numpy, densified"


def logistic_parts(x, y, ridge):
    n = x.shape[0]

    def value_gradient(theta):
        z = x @ theta
        p = 1 / (1 + np.exp(-z))
        value = np.mean(np.logaddexp(0, z) - y * z) + ridge / 2 * theta @ theta
        return value, x.T @ (p - y) / n + ridge * theta

    def hvp(theta, v):
        p = 1 / (1 + np.exp(-(x @ theta)))
        return x.T @ (p * (1 - p) * (x @ v)) / n + ridge * v

    return value_gradient, hvp


def csr_product(data, indices, offsets, columns, y, ridge, theta, v):
    """With the second derivatives of the losses at hand, as own code has them."""
    x = csr(data, indices, offsets, columns)
    back = x.T.tocsr()
    p = 1 / (1 + np.exp(-(x @ np.load(theta))))
    weights, v = p * (1 - p) / len(p), np.load(v)
    return lambda: back @ (weights * (x @ v)) + ridge * v, "scipy X.T @ (w * (X @ v)), transpose kept"


def csr_newton(data, indices, offsets, columns, y, ridge, tolerance):
    x, y = csr(data, indices, offsets, columns), np.load(y)
    value_gradient, hvp = logistic_parts(x, y, ridge)
    start = np.zeros(columns)
    call = lambda: scipy.optimize.minimize(
        value_gradient, start, jac=True, hessp=hvp, method="trust-ncg", options={"gtol": tolerance, "maxiter": 200}
    ).x
    return call, "scipy.optimize trust-ncg"


def softmax_blocks(x, y, theta, widths, ridge):
    """The Hessian of linear softmax regression, class by class: what one writes by hand in NumPy."""
    x, theta = np.load(x), np.load(theta)
    n = x.shape[0]
    (w, b), = layers(widths, theta)
    classes, fan_in = w.shape
    d = theta.shape[0]
    with_one = np.column_stack([x, np.ones(n)])
    left = np.empty_like(with_one)
    # Where (class, input) lies in the flat vector.
    place = np.column_stack([np.arange(classes * fan_in).reshape(classes, fan_in), classes * fan_in + np.arange(classes)])

    def call():
        z = x @ w.T + b
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        h = np.empty((d, d))
        for c in range(classes):
            for e in range(c + 1):
                np.multiply(with_one, (p[:, c] * ((c == e) - p[:, e]) / n)[:, None], out=left)
                block = left.T @ with_one
                h[np.ix_(place[c], place[e])] = block
                h[np.ix_(place[e], place[c])] = block.T
        h.flat[:: d + 1] += ridge
        return h

    return call, "NumPy, class blocks by hand"


def with_ones(x, theta):
    """A column of ones when the last parameter is a bias."""
    return x if x.shape[1] == theta.shape[0] else np.column_stack([x, np.ones(len(x))])


def sgd_logistic(x, y, order, start, rate, ridge):
    y, order, start = np.load(y), np.load(order).astype(int).tolist(), np.load(start)
    x = with_ones(np.load(x), start)

    def call():
        theta = start.copy()
        shrink = 1 - rate * ridge
        for i in order:
            row = x[i]
            s = rate * (1 / (1 + exp(-(row @ theta))) - y[i])
            theta *= shrink
            theta -= s * row
        return theta

    return call, "NumPy loop"


def sgd_mlp(x, y, order, start, widths, rate, ridge):
    x, y, order = np.load(x), np.load(y).astype(int), np.load(order).astype(int).tolist()
    start = np.load(start)

    def call():
        theta = start.copy()
        (w1, b1), (w2, b2) = layers(widths, theta)  # views
        shrink = 1 - rate * ridge
        for i in order:
            row = x[i]
            a = np.tanh(w1 @ row + b1)
            z = w2 @ a + b2
            p = np.exp(z - z.max())
            p /= p.sum()
            p[y[i]] -= 1
            p *= rate
            back = (p @ w2) * (1 - a * a)
            theta *= shrink
            w2 -= np.outer(p, a)
            b2 -= p
            w1 -= np.outer(back, row)
            b1 -= back
        return theta

    return call, "NumPy loop, gradients by hand"
