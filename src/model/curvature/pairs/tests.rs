//! Every form against every other, and against the sums by units.

use super::{Form, second_order};
use crate::data::Design;
use crate::loss::Loss;
use crate::mask::Mask;
use crate::model::curvature::Kind;
use crate::model::{Activation, Model, Network};
use crate::numeric::threads;
use crate::numeric::tolerance::tol;
use nalgebra::DMatrix;
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
