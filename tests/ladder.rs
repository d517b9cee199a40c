//! The removal ladder beside plain computations, and faults planted in it.

use nalgebra::{DVector, dvector};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::rc::Rc;
use unlearn::bound::audit::{Certifier, Step};
use unlearn::bound::guo::{self, Removal};
use unlearn::bound::ladder::{Ladder, Method};
use unlearn::bound::removal::Budget;
use unlearn::claim::{self, Case, Evidence, Verdict};
use unlearn::data::{RowSet, Standardizer, builtin};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::numeric::interval::Interval;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::newton::minimise;
use unlearn::unlearn::{Request, Trained, Unlearner, method, newton::Newton};
use unlearn::verify::strategy;

fn cases(id: &str, count: usize) -> Vec<Rc<Case>> {
    let domain = claim::all().into_iter().find(|c| c.id == id).expect("a registered claim").domain;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = strategy::cases(domain);
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("nothing is rejected").current()).collect()
}

/// Newton's step from the fit, taken with plain floats.
fn newton(case: &Case) -> Option<(Step, f64)> {
    let retained = case.problem.retained(&case.forget).ok()?;
    let theta = &case.fit().ok()?.theta;
    let step = retained.hessian(theta).cholesky()?.solve(&retained.gradient(theta));
    let certifier = Certifier::new(&case.problem, Some(&case.forget)).ok()?;
    let size = retained.gradient_mass(theta) + retained.hessian(theta).norm() * theta.norm();
    Some((certifier.step(theta, &(theta - step)).ok()?, size))
}

/// The remainder alone: after an exact Newton step the linear residual is rounding and hides nothing.
#[test]
fn half_of_a_remainder_is_noticed() {
    type Remainder = fn(Loss, &Step) -> Interval;
    let forms: [(&str, Remainder); 3] = [
        ("ladder-rows", guo::rows),
        ("ladder-spectral", guo::spectral),
        ("ladder-data-dependent", guo::data_dependent),
    ];
    for (id, form) in forms {
        let mut noticed = 0;
        for case in cases(id, 300) {
            let Some((step, size)) = newton(&case) else { continue };
            let right = form(case.problem.model().loss(), &step);
            let verdict = |share: f64| {
                let bound = step.retained_residual + right * Interval::point(share);
                Evidence::inequality(step.gradient_after, bound, size).verdict()
            };
            assert_eq!(verdict(1.0), Verdict::Holds, "{id}");
            noticed += usize::from(verdict(0.5) == Verdict::Refuted);
        }
        assert!(noticed > 0, "{id}");
    }
}

/// Every field of an enclosed step contains what plain floats give, up to their rounding.
#[test]
fn enclosed_steps_contain_plain_computations() {
    for case in cases("ladder-rows", 60) {
        let Ok(fit) = case.fit() else { continue };
        let (full, kept) = (case.problem.full(), case.problem.retained(&case.forget).unwrap());
        let (from, to) = (&case.start, &fit.theta);
        let step = Certifier::new(&case.problem, Some(&case.forget)).unwrap().step(from, to).unwrap();
        let delta = to - from;
        let first = |h: &DVector<f64>| (kept.gradient(from) + h).norm();
        let size = kept.gradient_mass(from)
            + full.gradient_mass(from)
            + full.hessian(from).norm() * delta.norm()
            + kept.hessian(from).norm() * delta.norm()
            + kept.gradient(to).norm()
            + from.norm()
            + to.norm();
        let near = |x: Interval, v: f64| {
            let slack = 1e-12 * (1.0 + size);
            x.lo() - slack <= v && v <= x.hi() + slack && x.hi() - x.lo() <= slack
        };
        assert!(near(step.length, delta.norm()));
        assert!(near(step.fit_residual, full.gradient(from).norm()));
        assert!(near(step.gradient_after, kept.gradient(to).norm()));
        assert!(near(step.retained_residual, first(&kept.hvp(from, &delta))), "{step:?}");
        assert!(near(step.full_residual, first(&full.hvp(from, &delta))), "{step:?}");
        let outputs = kept.outputs(&delta);
        for (i, moved) in case.forget.complement().into_iter().zip(&step.moved) {
            let square = outputs.column(i).norm_squared();
            assert!(moved.lo() - 1e-12 * square <= square && square <= moved.hi() + 1e-12 * square);
        }
    }
}

fn wdbc() -> Problem {
    let data = builtin::load("wdbc").unwrap();
    let every: Vec<usize> = (0..data.rows()).collect();
    let data = Standardizer::fit(&data, &every).unwrap().apply(&data).unwrap();
    let model = Model::linear(data.cols(), 1, Loss::Logistic, true).unwrap();
    Problem::new(data.into(), model, 0.01).unwrap()
}

/// The retained objective under the sum with ridge `(n−m)λ` is `n−m` times that under the mean with λ: the same
/// step, the same distances, gradients `n−m` times as long.
#[test]
fn both_reductions_allow_the_same_distances() {
    let mean = wdbc();
    let forget = RowSet::new(mean.rows(), vec![3, 17, 42]).unwrap();
    let kept = (mean.rows() - 3) as f64;
    let sum = mean.clone().with_ridge(0.01 * kept).unwrap().with_reduction(Reduction::Sum);
    let theta = minimise(&mean.full(), DVector::zeros(31)).unwrap().theta;
    let retained = mean.retained(&forget).unwrap();
    let end = &theta - retained.hessian(&theta).cholesky().unwrap().solve(&retained.gradient(&theta));
    let [a, b] = [&mean, &sum].map(|p| Ladder::of(p, &forget, &theta, &end, Method::Newton).unwrap());
    for (x, y) in a.rungs.iter().zip(&b.rungs).take(3) {
        assert!((a.distance(x).unwrap() / b.distance(y).unwrap() - 1.0).abs() < 1e-6, "{x:?} {y:?}");
        assert!((kept * x.gradient.hi() / y.gradient.hi() - 1.0).abs() < 1e-6);
    }
}

/// Under the library's conventions the linear term is the same before and after, and cancels: the worst case
/// holds for perturbations of any size.
#[test]
fn the_worst_case_does_not_depend_on_the_perturbation() {
    let base = wdbc();
    let forget = RowSet::new(base.rows(), (0..40).collect()).unwrap();
    for reduction in [Reduction::Mean, Reduction::Sum] {
        for size in [0.0, 1.0, 100.0, 1e4] {
            let b = DVector::from_fn(31, |j, _| size * (j as f64 + 1.0).sin());
            let problem = base.clone().with_reduction(reduction).with_perturbation(b).unwrap();
            let fit = minimise(&problem.full(), DVector::zeros(31)).unwrap();
            let trained = Trained::Minimiser(&fit);
            let request = Request { problem: &problem, forget: &forget, trained };
            let end = Newton { steps: 1 }.remove(&request).unwrap().theta;
            let ladder = Ladder::of(&problem, &forget, &fit.theta, &end, Method::Newton).unwrap();
            let values: Vec<f64> = ladder.rungs.iter().map(|r| r.gradient.hi()).collect();
            let rounding = 1e-9 * problem.full().gradient_mass(&fit.theta);
            assert!(values.windows(2).all(|v| v[0] <= v[1] + rounding), "{values:?}");
            let beforehand = Removal::new(&problem, &forget).unwrap().newton(Interval::ZERO, Interval::ZERO);
            assert!(ladder.rungs[0].gradient.lo() <= beforehand.value.hi());
        }
    }
}

/// Certified removal, the definition itself: with `b` of the certified deviation, the densities of unlearned and of
/// retrained models differ by more than `e^ε` on a set of probability at most `δ`. In one dimension the removal is a shift
/// of `b`, and the probability is a count.
#[test]
fn the_certified_deviation_is_enough_and_a_smaller_one_is_not() {
    use rand::SeedableRng;
    use rand_distr::{Distribution, StandardNormal};
    let (epsilon, delta, gradient) = (1.0, 0.05, 0.3);
    let sigma = Budget::new(epsilon, delta).unwrap().gaussian_scale(gradient).unwrap();
    // E max(0, 1 − e^{ε − loss}) over b, the divergence in its other form.
    let divergence = |sigma: f64| {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        const DRAWS: u32 = 400_000;
        let total: f64 = (0..DRAWS)
            .map(|_| {
                let b: f64 = StandardNormal.sample(&mut rng);
                let a = gradient / sigma;
                let loss = 0.5 * a * a + a * b;
                (1.0 - (epsilon - loss).exp()).max(0.0)
            })
            .sum();
        total / f64::from(DRAWS)
    };
    // Four standard errors of a mean of numbers in [0, 1] with mean 0.05 are 0.0014.
    assert!((divergence(sigma) - delta).abs() < 0.0014, "{}", divergence(sigma));
    assert!(divergence(0.8 * sigma) > delta + 0.01);
}

/// Methods hand their result to the ladder by name.
#[test]
fn second_order_methods_have_a_ladder() {
    for name in ["newton", "influence", "influence-boolean"] {
        assert!(Method::named(name).is_some() && method(name, 0).is_ok());
    }
    assert!(Method::named("noop").is_none());
    let problem = wdbc();
    let forget = RowSet::new(problem.rows(), vec![1]).unwrap();
    assert!(Ladder::of(&problem, &forget, &dvector![1.0], &dvector![1.0], Method::Newton).is_err());
    let network = Model::new(vec![30, 2, 1], unlearn::model::Activation::Tanh, Loss::Logistic, true).unwrap();
    let deep = Problem::new(problem.data().clone(), network, 0.1).unwrap();
    let zero = DVector::zeros(deep.active());
    assert!(Ladder::of(&deep, &forget, &zero, &zero, Method::Newton).is_err());
}
