//! Value and first three derivatives of each loss in its outputs, by hyper-duals over hyper-duals.

use crate::common::compare::{Expected, assert_expected};
use crate::common::generate::{grid, settings};
use crate::common::number::{HyperDual, Number, Tracked};
use crate::common::textbook::Textbook;
use nalgebra::DMatrix;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use unlearn::loss::Loss;
use unlearn::model::Activation;

type Inner = HyperDual<Tracked>;
type Nested = HyperDual<Inner>;

fn expected(rows: usize, columns: usize, entries: &[Tracked]) -> Expected {
    Expected {
        entries: DMatrix::from_iterator(rows, columns, entries.iter().map(|e| e.value)),
        scale: entries.iter().fold(0.0, |m, e| m.max(e.error)),
    }
}

/// The loss with its outputs moving along `e_c` (inner ε₁) and `u`, `v` (outer ε₁, ε₂).
fn moved(network: &Textbook, z: &[f64], y: f64, c: usize, u: &[f64], v: &[f64]) -> Nested {
    let exact = Tracked::constant;
    let z: Vec<Nested> = (0..z.len())
        .map(|i| {
            let along = Inner::along(exact(z[i]), exact(f64::from(u8::from(i == c))), exact(0.0));
            Nested::along(along, Inner::constant(u[i]), Inner::constant(v[i]))
        })
        .collect();
    network.loss(&z, y)
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn losses_up_to_third_order(
        loss in select(Loss::ALL.to_vec()),
        outputs in 2..=4usize,
        z in vec(grid(80, 4), 4),
        u in vec(grid(8, 4), 4),
        v in vec(grid(8, 4), 4),
        label in 0..12usize,
    ) {
        let n = if loss == Loss::Softmax { outputs } else { 1 };
        let (z, u, v) = (&z[..n], &u[..n], &v[..n]);
        let y = match loss {
            Loss::Squared => label as f64 - 6.0,
            Loss::Logistic => (label % 2) as f64,
            Loss::Softmax => (label % n) as f64,
        };
        let network = Textbook { widths: vec![1, n], activation: Activation::Identity, loss, bias: false };
        let unit = |b: usize| (0..n).map(|i| f64::from(u8::from(i == b))).collect::<Vec<_>>();
        let still = vec![0.0; n];

        let value = moved(&network, z, y, n, &still, &still).a.a;
        let got = DMatrix::from_element(1, 1, loss.value(z, y));
        assert_expected("value", &got, &expected(1, 1, &[value]));

        let mut got = DMatrix::zeros(n, 1);
        loss.gradient(z, y, got.as_mut_slice());
        let want: Vec<_> = (0..n).map(|c| moved(&network, z, y, c, &still, &still).a.b).collect();
        assert_expected("gradient", &got, &expected(n, 1, &want));

        let mut got = DMatrix::zeros(n, n);
        loss.curvature(z, got.as_mut_slice());
        let pairs = (0..n).flat_map(|b| (0..n).map(move |c| (b, c)));
        let want: Vec<_> = pairs.map(|(b, c)| moved(&network, z, y, c, &unit(b), &still).b.b).collect();
        assert_expected("curvature", &got, &expected(n, n, &want));

        let mut got = DMatrix::zeros(n, 1);
        loss.third(z, u, v, got.as_mut_slice());
        let want: Vec<_> = (0..n).map(|c| moved(&network, z, y, c, u, v).d.b).collect();
        assert_expected("third", &got, &expected(n, 1, &want));
    }
}
