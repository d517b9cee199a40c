//! Two threads against one.

use crate::frame::case::arguments;
use crate::frame::{Bench, Case, Role, Target, flops};
use crate::hessian::{embedded, known, parameters, problem};
use nalgebra::{DMatrix, DVector};
use serde_json::json;
use std::hint::black_box;
use unlearn::loss::Loss;
use unlearn::numeric::factor::Cholesky;
use unlearn::numeric::threads;

/// With the kernels allowed so many threads.
fn with<R>(count: usize, call: impl FnOnce() -> R) -> R {
    threads::allow(count);
    let result = call();
    threads::allow(1);
    result
}

/// Kernel by kernel.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Two threads",
        "Own code and peers on two threads; “of the limit” is of both cores. Results have the same bits as on one thread.",
    );
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        eprintln!("skipped: this machine has one core");
        return;
    }
    hessian(bench);
    factor(bench);
}

/// At least 1.8 times one thread.
fn near_linear(case: &mut Case) {
    case.threads = 2;
    case.targets = vec![Target::Within("one thread", 1.0 / 1.8)];
}

fn hessian(bench: &mut Bench) {
    let widths = [64, 32, 10];
    let problem = problem(embedded("digits"), &widths, Loss::Softmax);
    let theta = parameters(problem.active());
    let common =
        [("theta", bench.vector(theta.as_slice())), ("loss", json!("softmax")), ("chunks", json!([16]))];
    let given = known(bench, &problem, &widths, common);
    let size = format!("64-32-10, n = {}, d = {}", problem.rows(), problem.active());
    let mut case =
        Case::new("Hessian, two threads", size).against("jax", "hessian_tuned", Role::Tuned, given);
    case.flops = Some(flops::network_hessian(problem.rows(), &widths));
    near_linear(&mut case);
    let f = problem.full();
    let once = || drop(black_box(f.hessian(&theta)));
    bench.measure(
        case,
        DMatrix::zeros(0, 0),
        |h| *h = with(2, || f.hessian(&theta)),
        |h| h.as_slice().to_vec(),
        vec![("one thread", Box::new(once))],
    );
}

fn factor(bench: &mut Bench) {
    let k = 2048;
    let a = crate::factor::definite(k);
    let given = arguments([("a", bench.matrix(&a))]);
    let mut case = Case::new("factor, two threads", format!("k = {k}")).against(
        "numpy",
        "cholesky_lapack",
        Role::Tuned,
        given,
    );
    case.flops = Some(flops::cholesky(k));
    near_linear(&mut case);
    let once = || drop(black_box(Cholesky::of(&a, "A").expect("positive definite")));
    bench.measure(
        case,
        DVector::zeros(0),
        |diagonal| {
            let c = with(2, || Cholesky::of(&a, "A").expect("positive definite"));
            *diagonal = c.lower().diagonal();
        },
        |_| Vec::new(),
        vec![("one thread", Box::new(once))],
    );
}
