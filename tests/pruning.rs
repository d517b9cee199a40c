//! Pruners: exact counts, published schedules, no dependence on what they claim not to look at, and layer
//! collapse as an error whose advice is true.

use nalgebra::DVector;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unlearn::data::{Dataset, Design, RowSet, Standardizer, builtin};
use unlearn::loss::Loss;
use unlearn::mask::iterative::{self, RATE};
use unlearn::mask::{Agreement, Mask, Scope, magnitude, path, synflow};
use unlearn::model::{Activation, Coordinate, Model};
use unlearn::numeric::tolerance::tol;
use unlearn::objective::Problem;
use unlearn::train::coupling::Normalisation;
use unlearn::train::newton::minimise;
use unlearn::train::pipeline::{Pipeline, Recipe};
use unlearn::train::plan::{Batches, Plan, Schedule};
use unlearn::train::pruning::Pruner;
use unlearn::train::sgd;
use unlearn::train::start::{drawn, start};

fn wdbc() -> Dataset {
    let data = builtin::load("wdbc").unwrap();
    let all: Vec<usize> = (0..data.rows()).collect();
    Standardizer::fit(&data, &all).unwrap().apply(&data).unwrap()
}

fn network() -> Model {
    Model::new(vec![30, 8, 4, 1], Activation::Tanh, Loss::Logistic, true).unwrap()
}

fn plan(rows: usize) -> Plan {
    let batches = Batches { rows, size: 64, epochs: 3, seed: 2 };
    Plan::shuffled(batches, Schedule::Constant { rate: 0.1 }, 0.0, 0.01).unwrap()
}

fn weights_kept(model: &Model, mask: &Mask) -> usize {
    mask.active().iter().filter(|&&j| model.coordinate(j).input.is_some()).count()
}

#[test]
fn every_pruner_keeps_exactly_what_the_sparsity_leaves_and_every_bias() {
    let problem = Problem::new(wdbc().into(), network(), 0.01).unwrap();
    let (model, plan) = (problem.model(), plan(problem.rows()));
    let weights = 30 * 8 + 8 * 4 + 4;
    let recipe = Recipe::Run { plan: &plan, normalisation: Normalisation::Fixed };
    let pipeline = Pipeline::new(&problem, drawn(model, 3), recipe).unwrap();
    for (sparsity, pruned) in [(0.0, 0), (0.3, 83), (0.5, 138), (0.7, 193), (0.85, 235)] {
        for pruner in Pruner::ALL {
            let mask = pruner.prune(&pipeline, sparsity, Scope::Weights, 5).unwrap().mask;
            assert_eq!(weights_kept(model, &mask), weights - pruned, "{pruner} at {sparsity}");
            assert_eq!(mask.len(), weights - pruned + 13, "{pruner} keeps the biases");
            assert_eq!(path::collapse(model, &mask), None);
            let again = pruner.prune(&pipeline, sparsity, Scope::Weights, 5).unwrap().mask;
            assert_eq!(mask, again, "{pruner} replays");
            assert_eq!(Scope::of(model, &mask), (Scope::Weights, weights - pruned));
        }
    }
    // The seed is for the rule that draws.
    let random = |seed| Pruner::Random.prune(&pipeline, 0.5, Scope::Weights, seed).unwrap().mask;
    assert_ne!(random(1), random(2));
    // Biases may be pruned too, where a rule can judge them.
    let all = Pruner::Omp.prune(&pipeline, 0.5, Scope::All, 0).unwrap().mask;
    assert_eq!(all.len(), 289 - 145);
    assert!(Pruner::Synflow { rounds: 100 }.prune(&pipeline, 0.5, Scope::All, 0).is_err());
}

#[test]
fn sparsities_out_of_range_are_refused() {
    let problem = Problem::new(wdbc().into(), network(), 0.01).unwrap();
    let pipeline = Pipeline::new(&problem, drawn(problem.model(), 3), Recipe::Minimiser).unwrap();
    for sparsity in [-0.1, 1.0, 1.5, f64::NAN, f64::INFINITY, 0.9999] {
        let e = Pruner::Random.prune(&pipeline, sparsity, Scope::Weights, 1).unwrap_err();
        assert!(e.to_string().contains("sparsity"), "{e}");
    }
    for pruner in [Pruner::Imp { rate: 0.0, rewind: 0.0 }, Pruner::Imp { rate: 0.2, rewind: 1.0 }] {
        assert!(pruner.prune(&pipeline, 0.5, Scope::Weights, 1).is_err());
    }
    for rounds in [0, usize::MAX] {
        assert!(Pruner::Synflow { rounds }.prune(&pipeline, 0.5, Scope::Weights, 1).is_err());
    }
    assert!("magnitude".parse::<Pruner>().unwrap_err().to_string().contains("omp, imp, synflow, random"));
    let broken = vec![f64::NAN; problem.model().parameters()];
    assert!(Pipeline::new(&problem, broken, Recipe::Minimiser).is_err());
    assert!(Pipeline::new(&problem, vec![0.0; 3], Recipe::Minimiser).is_err());
}

#[test]
fn magnitude_is_global_and_ties_keep_the_lower_index() {
    let model = Model::new(vec![2, 2, 1], Activation::Tanh, Loss::Squared, false).unwrap();
    // The second layer is larger throughout, but not pruned layer by layer.
    let mask = magnitude::prune(&model, &[0.5, 1.0, 1.0, 1.0, 3.0, 2.0], Scope::Weights, 4).unwrap();
    assert_eq!(mask.active(), [1, 2, 4, 5]);
    let by_layer = [1, 2, 4];
    assert!(!by_layer.iter().eq(mask.active()), "two of four and one of two would be another rule");
}

#[test]
fn imp_follows_its_schedule() {
    // 0.8^r of a count that divides: exactly.
    assert_eq!(iterative::counts(15625, 4096, RATE), [12500, 10000, 8000, 6400, 5120, 4096]);
    for (prunable, kept) in [(2368, 118), (30, 3), (5, 1), (1, 1)] {
        let counts = iterative::counts(prunable, kept, RATE);
        let mut before = prunable;
        for (r, &count) in counts.iter().enumerate() {
            assert!(count < before && count >= kept);
            let nominal = prunable as f64 * 0.8_f64.powi(r as i32 + 1);
            // A round rounds by at most one half, earlier ones have shrunk: at most ½·Σ 0.8^i < 2.5; the rounds
            // that must prune at least one may be ahead by more.
            let last = r + 1 == counts.len();
            assert!(last || count < 5 || (count as f64 - nominal).abs() <= 2.5, "{count} against {nominal}");
            before = count;
        }
        assert_eq!(before, kept);
    }
    let wrong = 2368.0 * 0.2_f64.powi(2);
    assert!((iterative::counts(2368, 118, RATE)[1] as f64 - wrong).abs() > 2.5, "0.8 is kept, not 0.2");
}

/// IMP written out: train, prune, rewind to the early point of the first run, go on with the rest of the plan.
fn by_hand(problem: &Problem, plan: &Plan, start: &[f64], kept: usize, early: usize, wind: bool) -> Mask {
    let model = problem.model();
    let prunable = Scope::Weights.coordinates(model);
    let run = sgd::train(problem, plan, DVector::from_column_slice(start)).unwrap();
    let rewound = run.points[early].clone();
    let mut trained = run.last().as_slice().to_vec();
    let mut alive = prunable;
    for count in iterative::counts(alive.len(), kept, RATE) {
        alive.sort_by(|&a, &b| trained[b].abs().total_cmp(&trained[a].abs()).then(a.cmp(&b)));
        alive.truncate(count);
        let mask = Scope::Weights.keep(model, &alive).unwrap();
        let pruned = problem.clone().with_mask(mask.clone()).unwrap();
        let rest = Plan::new(plan.steps[early..].to_vec(), plan.momentum, plan.weight_decay).unwrap();
        let from = if wind { rewound.as_slice().to_vec() } else { trained.clone() };
        let run = sgd::train(&pruned, &rest, mask.restrict(&from).unwrap()).unwrap();
        trained = mask.embed(run.last()).as_slice().to_vec();
    }
    Scope::Weights.keep(model, &alive).unwrap()
}

#[test]
fn imp_rewinds_to_an_early_point_of_the_first_run() {
    let problem = Problem::new(wdbc().into(), network(), 0.01).unwrap();
    let (plan, initial) = (plan(problem.rows()), drawn(problem.model(), 3));
    let recipe = Recipe::Run { plan: &plan, normalisation: Normalisation::Fixed };
    let pipeline = Pipeline::new(&problem, initial.clone(), recipe).unwrap();
    let kept = Scope::Weights.kept(problem.model(), 0.6).unwrap();
    // 27 steps; a tenth of them, rounded down, is 2.
    let pruned = Pruner::Imp { rate: RATE, rewind: 0.1 }.prune(&pipeline, 0.6, Scope::Weights, 0).unwrap();
    assert_eq!(plan.len(), 27);
    assert_eq!(pruned.mask, by_hand(&problem, &plan, &initial, kept, 2, true));
    assert_ne!(pruned.mask, by_hand(&problem, &plan, &initial, kept, 2, false), "without rewinding");
    // Every round but the first leaves out the rewound steps.
    let rounds = iterative::counts(276, kept, RATE).len() as f64;
    let skipped: usize = plan.steps[..2].iter().map(|s| s.rows.len()).sum();
    assert_eq!(pruned.row_visits, plan.visits() as f64 * rounds - (rounds - 1.0) * skipped as f64);
}

#[test]
fn synflow_composes_to_the_sparsity() {
    let counts = synflow::counts(10_000, 100, 100);
    assert_eq!((counts.len(), counts[99]), (100, 100));
    for (r, &count) in counts.iter().enumerate() {
        let nominal = 10_000.0 * 0.01_f64.powf((r + 1) as f64 / 100.0);
        assert!((count as f64 - nominal).abs() <= 0.5 + 1e-9, "round {r}: {count} against {nominal}");
    }
}

/// The flow with one weight scaled: `R` is affine in `|θ_j|`.
fn flow(model: &Model, parameters: &[f64]) -> f64 {
    let mut a = vec![1.0; model.inputs()];
    for layer in 0..model.layers() {
        let unit = |unit| -> f64 {
            let weight =
                |input| parameters[model.index(Coordinate { layer, unit, input: Some(input) })].abs();
            (0..a.len()).map(|i| weight(i) * a[i]).sum()
        };
        a = (0..model.widths()[layer + 1]).map(unit).collect();
    }
    a.iter().sum()
}

#[test]
fn synflow_scores_are_the_derivative_of_the_flow() {
    let model = Model::new(vec![4, 3, 3, 2], Activation::Softplus, Loss::Softmax, true).unwrap();
    let theta = drawn(&model, 11);
    let scores = synflow::scores(&model, &Mask::full(theta.len()), &theta).unwrap();
    let total = flow(&model, &theta);
    for j in 0..theta.len() {
        let mut removed = theta.clone();
        removed[j] = 0.0;
        // θ ∂R/∂θ is what the weight contributes.
        let contributes =
            if model.coordinate(j).input.is_some() { total - flow(&model, &removed) } else { 0.0 };
        assert!((scores[j] - contributes).abs() <= tol(30, 1.0) * total, "{j}");
    }
    // Conservation: the scores of every layer add up to the flow; plain magnitudes do not.
    for layer in 0..3 {
        let of = |values: &[f64]| -> f64 {
            (0..theta.len()).filter(|&j| model.coordinate(j).layer == layer).map(|j| values[j].abs()).sum()
        };
        assert!((of(&scores) - total).abs() <= tol(30, 1.0) * total);
        assert!((of(&theta) - total).abs() > 1e-3 * total);
    }
}

/// The released variant: biases stay in the forward pass, so units without inputs still carry something.
fn scores_with_biases(model: &Model, mask: &Mask, theta: &[f64]) -> Vec<f64> {
    let kept = mask.embed(&mask.restrict(theta).unwrap());
    let at = |layer, unit, input| kept[model.index(Coordinate { layer, unit, input })].abs();
    let mut a = vec![vec![1.0; model.inputs()]];
    for layer in 0..model.layers() {
        let z = |j| {
            (0..a[layer].len()).map(|i| at(layer, j, Some(i)) * a[layer][i]).sum::<f64>() + at(layer, j, None)
        };
        a.push((0..model.widths()[layer + 1]).map(z).collect());
    }
    let mut scores = vec![0.0; theta.len()];
    let mut back = vec![1.0; model.outputs()];
    for layer in (0..model.layers()).rev() {
        let mut below = vec![0.0; model.widths()[layer]];
        for j in 0..back.len() {
            for i in 0..below.len() {
                let w = at(layer, j, Some(i));
                scores[model.index(Coordinate { layer, unit: j, input: Some(i) })] =
                    back[j] * w * a[layer][i];
                below[i] += back[j] * w;
            }
        }
        back = below;
    }
    scores
}

#[test]
fn synflow_scores_only_what_lies_on_a_path() {
    let model = Model::new(vec![2, 2, 2, 1], Activation::Tanh, Loss::Squared, true).unwrap();
    let mut theta = drawn(&model, 5);
    theta.iter_mut().for_each(|v| *v = v.abs() + 0.1);
    let index = |layer, unit, input| model.index(Coordinate { layer, unit, input: Some(input) });
    let mut flags = vec![true; theta.len()];
    // The first hidden unit reads nothing; the second one of the second layer is read by nothing.
    for at in [index(0, 0, 0), index(0, 0, 1), index(2, 0, 1)] {
        flags[at] = false;
    }
    let mask = Mask::new(&flags).unwrap();
    let on_a_path = [index(0, 1, 0), index(0, 1, 1), index(1, 0, 1), index(2, 0, 0)];
    let positive = |scores: &[f64]| (0..theta.len()).filter(|&j| scores[j] > 0.0).collect::<Vec<_>>();
    assert_eq!(positive(&synflow::scores(&model, &mask, &theta).unwrap()), on_a_path);
    assert_ne!(positive(&scores_with_biases(&model, &mask, &theta)), on_a_path, "the released variant");
}

#[test]
fn synflow_does_not_look_at_data_and_omp_does() {
    let mask = |data: Dataset, pruner: Pruner| {
        let problem = Problem::new(data.into(), network(), 0.01).unwrap();
        let plan = plan(problem.rows());
        let recipe = Recipe::Run { plan: &plan, normalisation: Normalisation::Fixed };
        let pipeline = Pipeline::new(&problem, drawn(problem.model(), 3), recipe).unwrap();
        pruner.prune(&pipeline, 0.5, Scope::Weights, 0).unwrap().mask
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let x: Vec<f64> = (0..40 * 30).map(|_| rng.random_range(-1.0..1.0)).collect();
    let y: Vec<f64> = (0..40).map(|i| f64::from(i % 2)).collect();
    let other = Dataset::new("other", Design::dense(40, 30, x).unwrap(), y).unwrap();
    for pruner in Pruner::ALL {
        let same = mask(wdbc(), pruner) == mask(other.clone(), pruner);
        assert_eq!(same, !pruner.sees_data(), "{pruner}");
    }
}

#[test]
fn synflow_of_a_linear_model_draws_what_zeros_do_not_tell() {
    let problem =
        Problem::new(wdbc().into(), Model::linear(30, 1, Loss::Logistic, true).unwrap(), 0.01).unwrap();
    let zeros = start(&problem, 4).as_slice().to_vec();
    assert!(zeros.iter().all(|v| *v == 0.0));
    let pipeline = Pipeline::new(&problem, zeros, Recipe::Minimiser).unwrap();
    let mask =
        |seed| Pruner::Synflow { rounds: 100 }.prune(&pipeline, 0.5, Scope::Weights, seed).unwrap().mask;
    assert_eq!(
        mask(4),
        magnitude::prune(problem.model(), &drawn(problem.model(), 4), Scope::Weights, 15).unwrap()
    );
    assert_ne!(mask(4), mask(5));
    assert!(synflow::scores(problem.model(), &Mask::full(31), &[0.0; 31]).is_err(), "zeros cannot be ranked");
}

#[test]
fn pruning_without_rows_is_pruning_data_that_never_had_them() {
    let data = wdbc();
    let model = Model::linear(30, 1, Loss::Logistic, true).unwrap();
    let problem = Problem::new(data.clone().into(), model.clone(), 0.01).unwrap();
    // A third of one class: forgetting it moves the weights.
    let malignant: Vec<usize> = (0..data.rows()).filter(|&i| problem.target()[i] == 1.0).step_by(3).collect();
    let forget = RowSet::new(data.rows(), malignant).unwrap();
    let rest = Problem::new(data.select(&forget.complement()).unwrap().into(), model.clone(), 0.01).unwrap();
    let pipeline = |p: &Problem| Pipeline::new(p, vec![0.0; 31], Recipe::Minimiser).unwrap();
    let (all, never) = (pipeline(&problem), pipeline(&rest));
    let without = all.without(&forget).unwrap();
    let omp = |p: &Pipeline<'_>| Pruner::Omp.prune(p, 0.6, Scope::Weights, 0).unwrap().mask;
    assert_eq!(omp(&without), omp(&never));
    let agreement = Agreement::on(&omp(&all), &omp(&without), &Scope::Weights.coordinates(&model));
    assert!(agreement.jaccard < 1.0 && agreement.jaccard > 0.5, "{agreement:?}");
    assert_eq!(Agreement::on(&omp(&all), &omp(&all), &[0, 1, 2]), Agreement { jaccard: 1.0, equal: 1.0 });
    assert!(all.without(&RowSet::new(5, vec![1]).unwrap()).is_err());
}

/// The proposed sparsity of a collapse error, and the layer.
fn advice(text: &str) -> (usize, f64) {
    let after = |mark: &str| text.rsplit(mark).next().unwrap();
    let layer = after("at layer ").split(' ').next().unwrap().parse().unwrap();
    let sparsity = after("(sparsity ").split(')').next().unwrap().parse().unwrap();
    (layer, sparsity)
}

#[test]
fn layer_collapse_is_an_error_whose_advice_works() {
    let model = Model::new(vec![30, 8, 3, 2, 1], Activation::Tanh, Loss::Logistic, true).unwrap();
    let problem = Problem::new(wdbc().into(), model, 0.01).unwrap();
    let model = problem.model();
    // The first layer starts large, the others small: magnitude prunes a narrow layer away.
    let mut initial = drawn(model, 3);
    for j in 0..initial.len() {
        initial[j] *= if model.coordinate(j).layer == 0 { 50.0 } else { 0.5 };
    }
    let one = Plan::new(plan(problem.rows()).steps[..4].to_vec(), 0.0, 0.01).unwrap();
    let recipe = Recipe::Run { plan: &one, normalisation: Normalisation::Fixed };
    let pipeline = Pipeline::new(&problem, initial, recipe).unwrap();
    let mut collapsed = 0;
    for pruner in Pruner::ALL {
        let Err(e) = pruner.prune(&pipeline, 0.9, Scope::Weights, 1) else { continue };
        collapsed += 1;
        let (layer, works) = advice(&e.to_string());
        assert!((1..=4).contains(&layer) && works < 0.9, "{pruner}: {e}");
        let mask = pruner.prune(&pipeline, works, Scope::Weights, 1).unwrap().mask;
        assert_eq!(path::collapse(model, &mask), None);
        if matches!(pruner, Pruner::Omp | Pruner::Random) {
            // Nested masks: the advice is the best there is.
            let kept = weights_kept(model, &mask);
            assert!(pruner.prune_to(&pipeline, kept - 1, Scope::Weights, 1).is_err(), "{pruner}");
        }
    }
    assert!(collapsed >= 2, "only {collapsed} pruners broke the network");
    let reaches = Pruner::Synflow { rounds: 100 }.prune(&pipeline, 0.98, Scope::Weights, 1);
    assert!(reaches.is_ok(), "what SynFlow is for: {reaches:?}");
    // Fewer weights than layers: no rule can keep a path.
    let e = Pruner::Synflow { rounds: 100 }.prune_to(&pipeline, 3, Scope::Weights, 1).unwrap_err();
    assert!(pipeline.problem().model().layers() == 4 && e.to_string().contains("sparsity"), "{e}");
}

#[test]
fn a_pruned_model_trains_without_its_pruned_parameters() {
    let problem =
        Problem::new(wdbc().into(), Model::linear(30, 1, Loss::Logistic, true).unwrap(), 0.01).unwrap();
    let pipeline = Pipeline::new(&problem, vec![0.0; 31], Recipe::Minimiser).unwrap();
    let pruned = Pruner::Omp.prune(&pipeline, 0.8, Scope::Weights, 0).unwrap();
    let trained = pipeline.train(&pruned.mask).unwrap();
    let flags = pruned.mask.flags();
    assert!((0..31).all(|j| flags[j] || trained.parameters[j] == 0.0));
    let small = problem.with_mask(pruned.mask.clone()).unwrap();
    let fit = minimise(&small.full(), DVector::zeros(7)).unwrap();
    assert_eq!(pruned.mask.embed(&fit.theta).as_slice(), trained.parameters);
    assert!(pruned.row_visits > 0.0 && trained.flops < pruned.flops);
}
