//! Outputs far outside the range of exp: every derivative stays finite, and the saturated ones have
//! the values a hand can write down.

use unlearn::data::{Dataset, Design};
use unlearn::loss::Loss;
use unlearn::model::{Activation, Model};
use unlearn::objective::Problem;

const LOGITS: [f64; 6] = [-1e6, -800.0, -40.0, 40.0, 800.0, 1e6];

fn problem(widths: &[usize], activation: Activation, loss: Loss) -> Problem {
    let x = Design::dense(2, widths[0], vec![1.0; 2 * widths[0]]).unwrap();
    let data = Dataset::new("two rows", x, vec![0.0, 1.0]).unwrap();
    let model = Model::new(widths.to_vec(), activation, loss, true).unwrap();
    Problem::new(data.into(), model, 0.5).unwrap()
}

/// Every derivative at a point where some parameters are huge.
#[test]
fn nothing_overflows() {
    for loss in Loss::ALL {
        let outputs = if loss == Loss::Softmax { 3 } else { 1 };
        for activation in Activation::ALL {
            for hidden in [&[][..], &[2], &[2, 2]] {
                let widths = [&[2], hidden, &[outputs]].concat();
                let p = problem(&widths, activation, loss);
                for size in LOGITS {
                    let theta = nalgebra::DVector::from_fn(p.active(), |j, _| match j % 3 {
                        0 => size,
                        1 => 1.0,
                        _ => -0.5,
                    });
                    let f = p.full();
                    let finite = [
                        f.value(&theta),
                        f.gradient(&theta).sum(),
                        f.row_gradients(&theta).sum(),
                        f.hvp(&theta, &theta).sum(),
                        f.hessian(&theta).sum(),
                        f.gauss_newton(&theta).sum(),
                        f.empirical_fisher(&theta).sum(),
                        f.outputs(&theta).sum(),
                    ];
                    let finite = finite.iter().all(|v| v.is_finite());
                    assert!(finite, "{loss}, {activation}, {widths:?}, size {size}");
                }
            }
        }
    }
}

/// A number that is none would make every derivative silently wrong: it is refused where it enters.
#[test]
fn numbers_that_are_not_finite_are_refused() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let fresh = || problem(&[2, 1], Activation::Identity, Loss::Logistic);
        let refused = |text: String| assert!(text.contains("finite"), "'{text}' does not name the cause");
        let b = nalgebra::DVector::from_vec(vec![0.0, bad, 0.0]);
        refused(fresh().with_perturbation(b).unwrap_err().to_string());
        refused(fresh().with_ridge(bad).unwrap_err().to_string());
        refused(fresh().weighted(vec![1.0, bad]).unwrap_err().to_string());
    }
}

/// Logit z on the class of label 1, or on its only output: losses are 0 and |z|, slopes 0 and ±1.
#[test]
fn saturated_losses_have_their_limits() {
    for z in [800.0, 1e6] {
        assert_eq!(Loss::Logistic.value(&[z], 1.0), 0.0);
        assert_eq!(Loss::Logistic.value(&[z], 0.0), z);
        assert_eq!(Loss::Logistic.value(&[-z], 1.0), z);
        assert_eq!(Loss::Softmax.value(&[0.0, z, -z], 0.0), z);
        let (mut g, mut h, mut t) = ([9.0; 3], [9.0; 9], [9.0; 3]);
        Loss::Logistic.gradient(&[-z], 1.0, &mut g);
        assert_eq!(g[0], -1.0);
        Loss::Softmax.gradient(&[0.0, z, -z], 2.0, &mut g);
        assert_eq!(g, [0.0, 1.0, -1.0]);
        Loss::Softmax.curvature(&[0.0, z, -z], &mut h);
        assert_eq!(h.map(f64::abs), [0.0; 9]);
        Loss::Softmax.third(&[0.0, z, -z], &[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0], &mut t);
        assert_eq!(t.map(f64::abs), [0.0; 3]);
    }
}

/// Two classes at z and 0 with every other class negligible behave as the logistic loss does: the
/// tails of softmax keep their relative accuracy, as far as e^{−40} and e^{−700}.
#[test]
fn softmax_tails_equal_logistic_tails() {
    for z in [-700.0, -40.0, -1.0, 1.0, 40.0, 700.0] {
        let (mut g, mut h, mut t) = ([0.0; 2], [0.0; 4], [0.0; 2]);
        let (mut g1, mut h1, mut t1) = ([0.0], [0.0], [0.0]);
        let close = |a: f64, b: f64, what: &str| {
            // A handful of roundings on each side, nothing cancels.
            assert!((a - b).abs() <= 16.0 * f64::EPSILON * b.abs(), "{what} at {z}: {a:e} and {b:e}");
        };
        for y in [0.0, 1.0] {
            close(Loss::Softmax.value(&[0.0, z], y), Loss::Logistic.value(&[z], y), "value");
            Loss::Softmax.gradient(&[0.0, z], y, &mut g);
            Loss::Logistic.gradient(&[z], y, &mut g1);
            close(g[1], g1[0], "gradient");
        }
        Loss::Softmax.curvature(&[0.0, z], &mut h);
        Loss::Logistic.curvature(&[z], &mut h1);
        close(h[3], h1[0], "curvature");
        Loss::Softmax.third(&[0.0, z], &[0.0, 1.0], &[0.0, 1.0], &mut t);
        Loss::Logistic.third(&[z], &[1.0], &[1.0], &mut t1);
        close(t[1], t1[0], "third derivative");
    }
}
