//! Sparse rows: weighted Gram matrices, products with the Hessian, Newton's method without a Hessian.

use crate::frame::case::arguments;
use crate::frame::{Bench, Case, Role, Target, flops};
use crate::gram::lower;
use nalgebra::{DMatrix, DVector};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use unlearn::data::{Dataset, Design, Generate};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::numeric::csr::Csr;
use unlearn::numeric::gram_sparse::{Way, add_by, choose};
use unlearn::objective::Problem;
use unlearn::train::newton_cg;

const SEED: u64 = 5;
const RIDGE: f64 = 1e-3;

/// Shape by shape.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Sparse rows",
        "The Gram matrix of n = 10⁴ rows of d = 512 columns at growing density: the way that is chosen, and both ways. \
         Then text-like data (about 150 words a row, word c about as often as 1/c): one product with the Hessian of \
         logistic regression, and its minimiser by Newton's method with conjugate gradients, no Hessian formed; SciPy's \
         `trust-ncg` stops at a gradient of 10⁻⁸, own code at rounding.",
    );
    let densities: &[f64] = if bench.quick { &[0.01, 0.3] } else { &[0.01, 0.05, 0.1, 0.15, 0.3] };
    for &density in densities {
        gram(bench, density);
    }
    for d in [10_000, 100_000] {
        words(bench, d);
    }
}

/// The three arrays as files for peers.
fn known(bench: &mut Bench, x: &Csr) -> Value {
    let mut offsets = vec![0.0];
    let mut indices = Vec::new();
    for i in 0..x.rows() {
        indices.extend(x.row(i).0.iter().map(|&c| f64::from(c)));
        offsets.push(indices.len() as f64);
    }
    arguments([
        ("data", bench.vector(x.values())),
        ("indices", bench.vector(&indices)),
        ("offsets", bench.vector(&offsets)),
        ("columns", json!(x.cols())),
    ])
}

fn gram(bench: &mut Bench, density: f64) {
    let (n, d) = (10_000, 512);
    let data = Generate { density, ..Generate::new(n, d) }.build(SEED).expect("a valid recipe");
    let Design::Sparse(x) = data.design() else { panic!("a density below 1 gives sparse rows") };
    let weights: Vec<f64> = (0..n).map(|r| 1.25 + (r as f64).sin()).collect();
    let mut given = known(bench, x);
    given["w"] = bench.vector(&weights);
    let chosen = choose(x);
    let name = format!("Gram, density {:.0} %", 100.0 * density);
    let mut case = Case::new(name, format!("n = {n}, d = {d}, seed {SEED}, chosen {chosen:?}"))
        .against("numpy", "csr_gram", Role::Default, given.clone())
        .against("numpy", "csr_gram_dense", Role::Tuned, given);
    case.flops = Some(flops::sparse_gram((0..n).map(|i| x.row(i).0.len())));
    // The same code as one of them; the other must not be faster by more than the clock wavers.
    case.targets = vec![Target::Tuned(1.0), Target::Within("entries", 1.15), Target::Within("kernel", 1.15)];
    let by = |way: Way| {
        let (x, weights) = (x, &weights);
        let mut out = DMatrix::zeros(d, d);
        move || {
            out.fill(0.0);
            add_by(way, x, weights, &mut out);
        }
    };
    bench.measure(
        case,
        DMatrix::zeros(d, d),
        |out| {
            out.fill(0.0);
            add_by(chosen, x, &weights, out);
        },
        lower,
        vec![("entries", Box::new(by(Way::Entries))), ("kernel", Box::new(by(Way::Dense)))],
    );
}

/// `n` rows of about 150 entries, column `c` met about as often as `1/c`: words in documents.
fn documents(n: usize, d: usize) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut row = || {
        let mut columns: Vec<u32> = (0..150)
            .map(|_| ((d as f64).powf(rng.random_range(0.0..1.0)) as u32).min(d as u32 - 1))
            .collect();
        columns.sort_unstable();
        columns.dedup();
        columns.into_iter().map(|c| (c, rng.random_range(0.1..2.0))).collect::<Vec<_>>()
    };
    let x = Csr::from_rows(d, &(0..n).map(|_| row()).collect::<Vec<_>>()).expect("sorted columns");
    let labels = (0..n).map(|i| f64::from(x.row(i).1.iter().sum::<f64>() * 7.3 % 1.0 > 0.5)).collect();
    let data = Dataset::new("words", Design::Sparse(x), labels).expect("finite");
    let model = Model::linear(d, 1, Loss::Logistic, false).expect("valid widths");
    Problem::new(data.into(), model, RIDGE).expect("sizes agree")
}

fn words(bench: &mut Bench, d: usize) {
    let n = 10_000;
    let problem = documents(n, d);
    let f = problem.full();
    let Design::Sparse(x) = problem.data().design() else { panic!("documents are sparse") };
    let mut given = known(bench, x);
    given["y"] = bench.vector(problem.target());
    given["ridge"] = json!(RIDGE);
    let size = format!("n = {n}, d = {d}, {} stored, seed {SEED}", x.nonzeros());

    let theta = DVector::from_fn(d, |j, _| 0.1 * (j as f64).sin());
    let v = DVector::from_fn(d, |j, _| (j as f64).cos());
    let mut product = given.clone();
    product["theta"] = bench.vector(theta.as_slice());
    product["v"] = bench.vector(v.as_slice());
    let mut case = Case::new("Hessian–vector product", size.clone()).against(
        "numpy",
        "csr_product",
        Role::Tuned,
        product,
    );
    // Along the rows and back.
    case.flops = Some(4.0 * x.nonzeros() as f64);
    case.targets = vec![Target::Tuned(1.0)];
    let operator = f.operator(&theta);
    bench.measure(
        case,
        DVector::zeros(d),
        |out| operator.product_into(&v, out),
        |out: &DVector<f64>| out.as_slice().to_vec(),
        Vec::new(),
    );

    given["tolerance"] = json!(1e-8);
    let mut case = Case::new("Newton–CG", size).against("numpy", "csr_newton", Role::Default, given);
    case.targets = vec![Target::Tuned(1.0)];
    bench.measure(
        case,
        DVector::zeros(0),
        |out| *out = newton_cg::minimise(&f, DVector::zeros(d)).expect("strongly convex").theta,
        |out: &DVector<f64>| out.as_slice().to_vec(),
        Vec::new(),
    );
}
