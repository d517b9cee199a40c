//! Every form against every other, and against the sums by units.

use super::sweep::Sweep;
use super::{
    Form, MOST_NUMBERS, add_gradient, add_hvp, outputs, row_gradients, rows_per_block, second_order, wiring,
};
use crate::data::Design;
use crate::loss::{Loss, MAX_CLASSES};
use crate::mask::Mask;
use crate::model::curvature::Kind;
use crate::model::{Activation, Model, Network};
use crate::numeric::threads;
use crate::numeric::tolerance::tol;
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

#[derive(Debug)]
struct Case {
    net: Network,
    theta: Vec<f64>,
    design: Design,
    target: Vec<f64>,
    weights: Vec<f64>,
}

impl Case {
    fn by_pairs(&self, kind: Kind, only: Option<Form>) -> DMatrix<f64> {
        second_order(&self.net, kind, &self.theta, (&self.design, &self.target), &self.weights, only)
    }

    fn by_units(&self, kind: Kind) -> DMatrix<f64> {
        self.net.second_order_by_units(kind, &self.theta, &self.design, &self.target, &self.weights)
    }

    /// The sum with every weight positive: what rounding scales with.
    fn mass(&self, kind: Kind) -> f64 {
        let weights: Vec<f64> = self.weights.iter().map(|w| w.abs()).collect();
        let rows = (0..self.weights.len()).map(|i| {
            let mut one = Case { weights: vec![0.0; self.weights.len()], ..self.clone_with(&weights) };
            one.weights[i] = weights[i];
            one.by_units(kind).norm()
        });
        rows.sum()
    }

    fn clone_with(&self, weights: &[f64]) -> Case {
        Case {
            net: self.net.clone(),
            theta: self.theta.clone(),
            design: self.design.clone(),
            target: self.target.clone(),
            weights: weights.to_vec(),
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let shape = (proptest::collection::vec(1usize..12, 1..5), prop::sample::select(Loss::ALL.to_vec()));
    shape.prop_flat_map(|(mut widths, loss)| {
        widths.push(if loss == Loss::Softmax { 3 } else { 1 });
        let kept = prop_oneof![Just(1.0), 0.05..1.0f64];
        let rows = prop_oneof![3 => 1usize..20, 1 => 17usize..40];
        let activation = prop::sample::select(Activation::ALL.to_vec());
        (Just(widths), Just(loss), activation, any::<bool>(), kept, rows).prop_flat_map(
            |(widths, loss, activation, bias, kept, n)| {
                let model = Model::new(widths.clone(), activation, loss, bias).expect("valid widths");
                let d = model.parameters();
                let keep = prop::collection::vec(prop::bool::weighted(kept), d);
                let theta = prop::collection::vec(-1.5..1.5f64, d);
                let x = prop::collection::vec(-2.0..2.0f64, n * widths[0]);
                let classes = if loss == Loss::Squared { 50 } else { widths[widths.len() - 1].max(2) };
                let target = prop::collection::vec((0..classes).prop_map(|y| y as f64), n);
                let weights = prop::collection::vec(prop_oneof![6 => -1.0..2.0f64, 1 => Just(0.0)], n);
                (keep, theta, x, target, weights).prop_map(move |(mut keep, theta, x, target, weights)| {
                    // A mask keeps something.
                    keep[0] |= !keep.contains(&true);
                    let mask = Mask::new(&keep).expect("something is kept");
                    Case {
                        net: Network::new(&model, &mask),
                        theta: mask.restrict(&theta).expect("as many as parameters").as_slice().to_vec(),
                        design: Design::dense(n, widths[0], x).expect("sizes agree"),
                        target,
                        weights,
                    }
                })
            },
        )
    })
}

/// A block of rows holds a bounded number of numbers however many classes there are, and few kept parameters of a model
/// with many outputs cost what they need: a matrix of `C²` numbers for each of 16 rows would be 12.8 GB.
#[test]
fn as_many_classes_as_there_may_be() {
    let (features, rows) = (2, 20);
    let model =
        Model::new(vec![features, 3, MAX_CLASSES], Activation::Tanh, Loss::Softmax, true).expect("valid");
    let d = model.parameters();
    // The biases of five classes and a weight of the last, which reads a hidden unit that nothing moves: a = φ(0) = 0.
    let mut keep = vec![false; d];
    keep[d - 5..].fill(true);
    keep[d - MAX_CLASSES - 1] = true;
    let net = Network::new(&model, &Mask::new(&keep).expect("something is kept"));
    let stages = wiring::wire(&net);
    let room = rows_per_block(&stages, 100_000);
    assert!(Sweep::new(&net, &stages, room).numbers() <= MOST_NUMBERS, "{room} rows");
    let design = Design::dense(rows, features, vec![1.0; rows * features]).expect("sizes agree");
    let (target, weights) = (vec![7.0; rows], vec![1.0; rows]);
    let h = second_order(&net, Kind::Hessian, &[0.0; 6], (&design, &target), &weights, None);
    // p = 1/C: n(p − p²) on the diagonal, −np² beside it.
    let p = 1.0 / MAX_CLASSES as f64;
    for (i, j) in (0..6).flat_map(|i| (0..6).map(move |j| (i, j))) {
        let expected =
            if i == 0 || j == 0 { 0.0 } else { rows as f64 * (if i == j { p } else { 0.0 } - p * p) };
        assert!((h[(i, j)] - expected).abs() <= tol(MAX_CLASSES, 1.0) * p, "{i}, {j}: {}", h[(i, j)]);
    }
    let by_units = net.second_order_by_units(Kind::Hessian, &[0.0; 6], &design, &target, &weights);
    assert!((h - by_units).norm() <= tol(MAX_CLASSES, 1.0) * p);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_form_is_the_sum_by_units(case in cases()) {
        for kind in [Kind::Hessian, Kind::GaussNewton] {
            let expected = case.by_units(kind);
            // Products of up to five layers, each of width below twelve and weights below 1.5.
            let scale = 64.0 * case.mass(kind) + 1.0;
            for only in [None, Some(Form::Pairs), Some(Form::Gram), Some(Form::Entries)] {
                let found = case.by_pairs(kind, only);
                let error = (&found - &expected).norm();
                prop_assert!(error <= tol(64 + case.weights.len(), 1.0) * scale, "{only:?} {kind:?}: {error} of {scale}");
                prop_assert_eq!(&found, &found.transpose());
            }
        }
    }

    /// Full-batch gradients and products by blocks against those row by row.
    #[test]
    fn blocks_are_the_sum_of_their_rows(case in cases(), seed in prop::collection::vec(-1.0..1.0f64, 8)) {
        let Case { net, theta, design, target, weights } = &case;
        let k = net.active();
        let v: Vec<f64> = (0..k).map(|p| seed[p % 8] + 0.01 * p as f64).collect();
        let (mut rows, mut products, mut mass) = (vec![0.0; k], vec![0.0; k], 0.0);
        let mut ws = net.workspace();
        for i in 0..weights.len() {
            net.forward(theta, design.row(i), &mut ws);
            net.backward(theta, target[i], &mut ws);
            let before = (rows.clone(), products.clone());
            net.add_gradient(weights[i], design.row(i), &ws, &mut rows);
            net.add_hvp(weights[i], theta, &v, design.row(i), &mut ws, &mut products);
            let change = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>();
            mass += change(&rows, &before.0) + change(&products, &before.1);
        }
        let (mut gradient, mut hvp) = (vec![0.0; k], vec![0.0; k]);
        add_gradient(net, theta, (design, target), weights, &mut gradient);
        add_hvp(net, theta, &v, (design, target), weights, &mut hvp);
        // Products of up to five layers, each of width below twelve and weights below 1.5; a targets' residual is below 50
        // and enters the products of rows whose own change may cancel.
        let size: f64 = v.iter().map(|v| v.abs()).sum::<f64>() * weights.iter().map(|w| w.abs()).sum::<f64>();
        let scale = 64.0 * (mass + 100.0 * size) + 1.0;
        let tolerance = tol(64 + weights.len(), 1.0) * scale;
        for (found, expected) in gradient.iter().zip(&rows).chain(hvp.iter().zip(&products)) {
            prop_assert!((found - expected).abs() <= tolerance, "{found} against {expected}, scale {scale}");
        }
    }

    /// Outputs and gradients of single rows by blocks against those row by row.
    #[test]
    fn rows_of_a_block_are_rows(case in cases()) {
        let Case { net, theta, .. } = &case;
        // The rows again and again, so that there are several blocks.
        let (n, again) = (case.design.rows(), 5);
        let x: Vec<f64> = (0..again).flat_map(|_| case.design.values().to_vec()).collect();
        let design = &Design::dense(n * again, case.design.cols(), x).expect("sizes agree");
        let target: &Vec<f64> = &(0..again).flat_map(|_| case.target.clone()).collect();
        let (z, g) = (outputs(net, theta, design), row_gradients(net, theta, (design, target)));
        let mut ws = net.workspace();
        for i in 0..design.rows() {
            let expected = DVector::from_column_slice(net.forward(theta, design.row(i), &mut ws));
            net.backward(theta, target[i], &mut ws);
            let mut gradient = DVector::zeros(net.active());
            net.add_gradient(1.0, design.row(i), &ws, gradient.as_mut_slice());
            // Sums of up to twelve products in each of five layers; what is summed is below 12·1.5 for hidden units, and
            // errors are stretched by as much per layer at most.
            let size = |v: &DVector<f64>| tol(64, 64.0) * (1.0 + v.norm() + expected.norm() + target[i].abs());
            prop_assert!((z.column(i) - &expected).norm() <= size(&expected), "{i}: {} {expected}", z.column(i));
            prop_assert!((g.column(i) - &gradient).norm() <= 64.0 * size(&gradient), "{i}");
        }
    }

    #[test]
    fn threads_change_no_bit(case in cases()) {
        for only in [None, Some(Form::Pairs), Some(Form::Gram), Some(Form::Entries)] {
            let one = case.by_pairs(Kind::Hessian, only);
            threads::allow(3);
            let three = case.by_pairs(Kind::Hessian, only);
            threads::allow(1);
            prop_assert_eq!(one, three);
        }
    }
}
