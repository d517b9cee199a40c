//! Retraining: steps of stochastic gradient descent per second.

use crate::frame::{Bench, Case, Role, Target, flops};
use crate::hessian::{RIDGE, embedded, known, parameters, problem};
use nalgebra::DVector;
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;
use unlearn::data::{Dataset, Generate, Task};
use unlearn::loss::Loss;
use unlearn::objective::Problem;
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::sgd;

pub(crate) const SEED: u64 = 3;
pub(crate) const RATE: f64 = 0.01;

/// 2000 rows of 64 features with labels.
pub(crate) fn labelled() -> Arc<Dataset> {
    let recipe = Generate { task: Task::Binary, ..Generate::new(2000, 64) };
    Arc::new(recipe.build(SEED).expect("a valid recipe"))
}

/// Enough that what is prepared once per run does not count.
const EPOCHS: usize = 4;

/// Shuffled epochs of single rows.
pub(crate) fn epochs(problem: &Problem) -> Plan {
    let batches = Batches { rows: problem.rows(), size: 1, epochs: EPOCHS, seed: SEED };
    Plan::shuffled(batches, Schedule::Constant { rate: RATE }, 0.0, RIDGE).expect("a valid plan")
}

/// The rows in the order of the plan, for peers.
pub(crate) fn order(plan: &Plan) -> Vec<f64> {
    plan.steps.iter().map(|s| s.rows[0] as f64).collect()
}

/// One network of the table.
struct Net {
    name: &'static str,
    widths: &'static [usize],
    loss: Loss,
    data: fn() -> Arc<Dataset>,
    target: f64,
}

const NETS: [Net; 2] = [
    Net { name: "logistic 64", widths: &[64, 1], loss: Loss::Logistic, data: labelled, target: 15e6 },
    Net {
        name: "64-32-10 tanh softmax",
        widths: &[64, 32, 10],
        loss: Loss::Softmax,
        data: || embedded("digits"),
        target: 1.4e6,
    },
];

/// Net by net.
pub(crate) fn run(bench: &mut Bench) {
    bench.family(
        "Retraining by SGD",
        "Four shuffled epochs of single rows with weight decay; every side takes the same steps and must arrive at the same \
         parameters. The default call is `torch.nn` with `torch.optim.SGD`.",
    );
    for net in &NETS {
        steps(bench, net);
    }
}

fn steps(bench: &mut Bench, net: &Net) {
    let problem = problem((net.data)(), net.widths, net.loss);
    let plan = epochs(&problem);
    let start = parameters(problem.active());
    let common = [
        ("order", bench.vector(&order(&plan))),
        ("start", bench.vector(start.as_slice())),
        ("rate", json!(RATE)),
        ("loss", json!(net.loss.to_string())),
    ];
    let given = known(bench, &problem, net.widths, common);
    let without = |names: &[&str]| {
        let mut fewer = given.clone();
        names.iter().for_each(|n| drop(fewer.as_object_mut().and_then(|o| o.remove(*n))));
        fewer
    };
    let size = format!("n = {}, k = {}, batch 1, seed {SEED}", problem.rows(), problem.active());
    let mut case = Case::new(net.name, size).against("jax", "sgd", Role::Tuned, given.clone());
    case = if net.loss == Loss::Logistic {
        case.against("numpy", "sgd_logistic", Role::Tuned, without(&["loss", "widths"])).against(
            "torch",
            "sgd_logistic_manual",
            Role::Tuned,
            without(&["loss", "widths"]),
        )
    } else {
        case.against("numpy", "sgd_mlp", Role::Tuned, without(&["loss"]))
    };
    case = case.against("torch", "sgd_default", Role::Default, given.clone()).once();
    case.flops = Some(flops::sgd_step(net.widths) * plan.len() as f64);
    case.units = Some((plan.len() as f64, "steps"));
    case.targets = vec![Target::Rate(net.target)];
    let recorded = || drop(black_box(sgd::train(&problem, &plan, start.clone()).expect("no overflow")));
    bench.measure(
        case,
        DVector::zeros(0),
        |theta| *theta = sgd::train_final(&problem, &plan, start.clone()).expect("no overflow"),
        |theta: &DVector<f64>| theta.as_slice().to_vec(),
        vec![("every step recorded", Box::new(recorded))],
    );
}
