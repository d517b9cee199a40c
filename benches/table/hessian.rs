//! The exact Hessian of networks and of softmax regression, against every way that PyTorch and JAX have.

use crate::frame::case::arguments;
use crate::frame::{Bench, Case, Role, Target, flops};
use nalgebra::{DMatrix, DVector};
use serde_json::json;
use std::sync::Arc;
use unlearn::data::{Dataset, Generate, Standardizer, Task, builtin};
use unlearn::loss::Loss;
use unlearn::model::{Activation, Model};
use unlearn::objective::Problem;

pub(crate) const SEED: u64 = 1;
pub(crate) const RIDGE: f64 = 0.01;

/// Standardised rows of an embedded data set.
pub(crate) fn embedded(name: &str) -> Arc<Dataset> {
    let data = builtin::load(name).expect("an embedded data set");
    let all: Vec<usize> = (0..data.rows()).collect();
    let fit = Standardizer::fit(&data, &all).expect("rows");
    Arc::new(fit.apply(&data).expect("its own rows"))
}

/// 1000 rows of 20 features and labels.
fn drawn() -> Arc<Dataset> {
    let recipe = Generate { task: Task::Binary, ..Generate::new(1000, 20) };
    Arc::new(recipe.build(SEED).expect("a valid recipe"))
}

/// A network of tanh layers, or a linear model for two widths.
pub(crate) fn problem(data: Arc<Dataset>, widths: &[usize], loss: Loss) -> Problem {
    let model = match widths {
        [inputs, outputs] => Model::linear(*inputs, *outputs, loss, true),
        _ => Model::new(widths.to_vec(), Activation::Tanh, loss, true),
    };
    Problem::new(data, model.expect("valid widths"), RIDGE).expect("sizes agree")
}

/// Parameters of the size that initialisers draw, from a formula.
pub(crate) fn parameters(d: usize) -> DVector<f64> {
    DVector::from_fn(d, |j, _| 0.2 * (1.0 + 1.7 * j as f64).sin())
}

/// What a peer needs to know about a problem, its data as files.
pub(crate) fn known<const N: usize>(
    bench: &mut Bench,
    problem: &Problem,
    widths: &[usize],
    more: [(&str, serde_json::Value); N],
) -> serde_json::Value {
    let (data, n) = (problem.data(), problem.rows());
    let x = DMatrix::from_row_slice(n, data.cols(), data.design().values());
    let mut fields = arguments(more);
    fields["x"] = bench.matrix(&x);
    fields["y"] = bench.vector(problem.target());
    fields["widths"] = json!(widths);
    fields["ridge"] = json!(problem.ridge());
    fields
}

/// The default call that one target names.
const AUTODIFF: &str = "torch.func.hessian";

/// One network of the table.
struct Net {
    name: &'static str,
    widths: &'static [usize],
    loss: Loss,
    data: fn() -> Arc<Dataset>,
    targets: &'static [Target],
    /// So large that a call of most peers takes many seconds?
    slow: bool,
    /// Are default calls made? PyTorch's would need 9 GB for the deep network.
    defaults: bool,
}

const NETS: [Net; 5] = [
    Net {
        name: "20-8-1 logistic",
        widths: &[20, 8, 1],
        loss: Loss::Logistic,
        data: drawn,
        targets: &[Target::Tuned(20.0), Target::Over(AUTODIFF, 100.0)],
        slow: false,
        defaults: true,
    },
    Net {
        name: "30-16-2 softmax",
        widths: &[30, 16, 2],
        loss: Loss::Softmax,
        data: || embedded("wdbc"),
        targets: &[Target::Tuned(20.0), Target::Over(AUTODIFF, 100.0)],
        slow: false,
        defaults: true,
    },
    Net {
        name: "softmax regression 64-10",
        widths: &[64, 10],
        loss: Loss::Softmax,
        data: || embedded("digits"),
        targets: &[],
        slow: false,
        defaults: true,
    },
    Net {
        name: "64-32-16-10 softmax",
        widths: &[64, 32, 16, 10],
        loss: Loss::Softmax,
        data: || embedded("digits"),
        targets: &[Target::Tuned(10.0)],
        slow: true,
        defaults: false,
    },
    Net {
        name: "64-32-10 softmax",
        widths: &[64, 32, 10],
        loss: Loss::Softmax,
        data: || embedded("digits"),
        targets: &[Target::Tuned(20.0), Target::Over(AUTODIFF, 100.0), Target::Share(0.75)],
        slow: true,
        defaults: true,
    },
];

/// Net by net.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Exact Hessian of a network",
        "tanh networks with biases, mean loss and ridge. Tuned peers try chunks of Hessian–vector products (PyTorch also \
         reverse over reverse) and keep the fastest; default calls are `torch.func.hessian` and \
         `jax.jit(jax.hessian)`. Peers' memory is that of one call, own memory includes the result.",
    );
    for net in &NETS {
        measure(bench, net);
    }
}

fn measure(bench: &mut Bench, net: &Net) {
    let problem = problem((net.data)(), net.widths, net.loss);
    let (n, d) = (problem.rows(), problem.active());
    let theta = parameters(d);
    let common = [("theta", bench.vector(theta.as_slice())), ("loss", json!(net.loss.to_string()))];
    let given = known(bench, &problem, net.widths, common);
    let mut tuned = given.clone();
    tuned["chunks"] = if bench.quick { json!([16]) } else { json!([8, 16, 32, 64]) };
    let mut case = Case::new(net.name, format!("n = {n}, d = {d}"))
        .against("jax", "hessian_tuned", Role::Tuned, tuned.clone())
        .against("torch", "hessian_tuned", Role::Tuned, tuned);
    if net.widths.len() == 2 {
        let mut blocks = given.clone();
        blocks.as_object_mut().expect("named arguments").remove("loss");
        case = case.against("numpy", "softmax_blocks", Role::Tuned, blocks);
    }
    if net.defaults {
        case = case.against("jax", "hessian_default", Role::Default, given.clone()).against(
            "torch",
            "hessian_default",
            Role::Default,
            given,
        );
    }
    if net.slow {
        // All but the first, which is the one to beat.
        case.jobs[1..].iter_mut().for_each(|job| job.once = true);
    }
    case.flops = Some(flops::network_hessian(n, net.widths));
    case.targets = net.targets.to_vec();
    // What the heap kept from earlier cases hides less.
    if d > 2000 {
        case.targets.push(Target::Bytes(2.0 * 8.0 * (d * d) as f64));
        case.memory = true;
    }
    let f = problem.full();
    bench.measure(
        case,
        DMatrix::zeros(0, 0),
        |h| {
            *h = DMatrix::zeros(0, 0);
            *h = f.hessian(&theta);
        },
        // Symmetric: row order is column order.
        |h| h.as_slice().to_vec(),
        Vec::new(),
    );
}
