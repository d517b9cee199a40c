//! What certainty costs: enclosures beside the same computation in plain floats.

use crate::frame::{Bench, Case, Target};
use crate::hessian::{embedded, parameters, problem};
use nalgebra::DVector;
use std::hint::black_box;
use unlearn::bound::audit::audit;
use unlearn::data::RowSet;
use unlearn::enclosure::{Enclosed, exact};
use unlearn::loss::Loss;
use unlearn::numeric::interval::Interval;
use unlearn::numeric::{dot, elementary, product};
use unlearn::objective::Problem;
use unlearn::train::newton;

/// Kind by kind.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Enclosures",
        "Proved intervals beside plain floats of the same run: dot products in midpoint–radius form, an elementary \
         function, the gradient of a network, and a whole audit (the distance of given parameters from exact retraining, \
         certified) beside retraining by Newton's method alone.",
    );
    dots(bench);
    exponentials(bench);
    gradients(bench);
    for (name, loss) in [("wdbc", Loss::Logistic), ("digits", Loss::Softmax)] {
        audits(bench, name, loss);
    }
}

fn dots(bench: &mut Bench) {
    const TERMS: usize = 4096;
    let a: Vec<f64> = (0..TERMS).map(|i| (i as f64).sin()).collect();
    let b: Vec<f64> = (0..TERMS).map(|i| (i as f64).cos()).collect();
    let mut case = Case::new("interval dot product", format!("{TERMS} terms"));
    case.units = Some((TERMS as f64, "terms"));
    bench.measure(
        case,
        Interval::ONE,
        |i| *i = product::dot(black_box(&a), &b),
        |_| Vec::new(),
        vec![("plain dot", Box::new(|| _ = black_box(dot::dot(black_box(&a), &b))))],
    );
}

fn exponentials(bench: &mut Bench) {
    const CALLS: usize = 1000;
    let x: Vec<f64> = (0..CALLS).map(|i| 5.0 * (i as f64).sin()).collect();
    let mut case = Case::new("interval exp", format!("{CALLS} points in [−5, 5]"));
    case.units = Some((CALLS as f64, "calls"));
    bench.measure(
        case,
        Interval::ONE,
        |total| *total = x.iter().fold(Interval::ONE, |t, v| t.max(elementary::exp(Interval::point(*v)))),
        |_| Vec::new(),
        vec![("plain exp", Box::new(|| _ = black_box(x.iter().fold(0.0_f64, |t, v| t.max(v.exp())))))],
    );
}

fn gradients(bench: &mut Bench) {
    let problem = problem(embedded("digits"), &[64, 32, 10], Loss::Softmax);
    let theta = parameters(problem.active());
    let (plain, enclosed) = (problem.full(), Enclosed::new(&problem, None).expect("rows"));
    let balls = exact(&theta);
    let case = Case::new("gradient of 64-32-10, enclosed", format!("n = {}", problem.rows()));
    bench.measure(
        case,
        Vec::new(),
        |g| *g = enclosed.gradient(&balls),
        |_| Vec::new(),
        vec![("plain gradient", Box::new(|| drop(black_box(plain.gradient(&theta)))))],
    );
}

fn audits(bench: &mut Bench, name: &str, loss: Loss) {
    let data = embedded(name);
    let (_, outputs) = loss.targets(data.target()).expect("labels");
    let problem: Problem = problem(data.clone(), &[data.cols(), outputs], loss);
    let forget = RowSet::new(problem.rows(), vec![3, 17, 42]).expect("rows of the data");
    let zero = DVector::zeros(problem.active());
    let trained = newton::minimise(&problem.full(), zero.clone()).expect("convex").theta;
    let retained = problem.retained(&forget).expect("rows are left");
    let size = format!("n = {}, k = {}, 3 rows forgotten", problem.rows(), problem.active());
    let mut case = Case::new(format!("audit, {loss} on {name}"), size);
    case.targets = vec![Target::Within("Newton retraining", 3.0)];
    let retrain = || drop(black_box(newton::minimise(&retained, zero.clone()).expect("convex")));
    bench.measure(
        case,
        None,
        |found| *found = Some(audit(&problem, Some(&forget), &trained).expect("λ > 0")),
        |_| Vec::new(),
        vec![("Newton retraining", Box::new(retrain))],
    );
}
