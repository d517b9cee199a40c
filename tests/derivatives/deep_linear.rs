//! Oracle 2 for deep networks without activation, where the Hessian can be written by hand.

use crate::common::compare::{assert_close, assert_same};
use nalgebra::{DMatrix, DVector};
use proptest::collection::vec;
use proptest::prelude::*;
use unlearn::data::{Dataset, Design};
use unlearn::loss::Loss;
use unlearn::model::{Activation, Model};
use unlearn::numeric::tolerance::tol;
use unlearn::objective::{Problem, Reduction};

use crate::common::generate::{grid, settings};

fn problem(widths: &[usize], loss: Loss, x: &[f64], y: f64, bias: bool) -> Problem {
    let design = Design::dense(1, x.len(), x.to_vec()).unwrap();
    let data = Dataset::new("one row", design, vec![y]).unwrap();
    let model = Model::new(widths.to_vec(), Activation::Identity, loss, bias).unwrap();
    Problem::new(data.into(), model, 0.0).unwrap().with_reduction(Reduction::Sum)
}

/// `z = abc·x` at a = 2, b = 3, c = 5, x = 7, y = 200: z = 210, r = 10. With `∂z = z/a` and so on,
/// `H[a,a] = (z/a)² = 105²`, `H[a,b] = (z/a)(z/b) + r·z/(ab)`.
#[test]
fn a_chain_of_three_scalars() {
    let p = problem(&[1, 1, 1, 1], Loss::Squared, &[7.0], 200.0, false);
    let theta = DVector::from_vec(vec![2.0, 3.0, 5.0]);
    let f = p.full();
    assert_eq!(f.value(&theta), 50.0);
    assert_eq!(f.gradient(&theta), DVector::from_vec(vec![1050.0, 700.0, 420.0]));
    let jacobian = DVector::from_vec(vec![105.0, 70.0, 42.0]);
    let gauss_newton = &jacobian * jacobian.transpose();
    let second = [0.0, 35.0, 21.0, 35.0, 0.0, 14.0, 21.0, 14.0, 0.0];
    let hessian = &gauss_newton + DMatrix::from_row_slice(3, 3, &second) * 10.0;
    assert_same("Hessian", &f.hessian(&theta), &hessian);
    assert_same("Gauss-Newton", &f.gauss_newton(&theta), &gauss_newton);
}

/// `z = b₂ + v(b₁ + wx)`, parameters `(w, b₁, v, b₂) = (2, 1, 3, −1)`, x = 4, y = 20: z = 26, r = 6,
/// `∂z = (vx, v, wx + b₁, 1) = (12, 3, 9, 1)`, `∂²z` is `x` at (w, v) and `1` at (b₁, v).
#[test]
fn biases_of_two_layers() {
    let p = problem(&[1, 1, 1], Loss::Squared, &[4.0], 20.0, true);
    let theta = DVector::from_vec(vec![2.0, 1.0, 3.0, -1.0]);
    let j = DVector::from_vec(vec![12.0, 3.0, 9.0, 1.0]);
    let mut hessian = &j * j.transpose();
    for (a, b, second) in [(0, 2, 4.0), (1, 2, 1.0)] {
        hessian[(a, b)] += 6.0 * second;
        hessian[(b, a)] += 6.0 * second;
    }
    assert_eq!(p.full().gradient(&theta), &j * 6.0);
    assert_same("Hessian", &p.full().hessian(&theta), &hessian);
}

proptest! {
    #![proptest_config(settings())]

    /// One hidden layer, `z = vᵀWx`: `∂z/∂W = v xᵀ`, `∂z/∂v = Wx`, `∂²z/∂W[j,i]∂v_j = x_i`, so
    /// `H = ℓ″ ∂z ∂zᵀ + ℓ′ ∂²z`, for both losses with one output.
    #[test]
    fn one_hidden_layer(
        units in 1..4usize,
        inputs in 1..4usize,
        pool in vec(grid(8, 4), 15),
        positive in any::<bool>(),
    ) {
        let (w, rest) = pool.split_at(9);
        let (v, x) = (&rest[..units], &rest[3..3 + inputs]);
        let weight = |j: usize, i: usize| w[j * inputs + i];
        let hidden: Vec<f64> = (0..units).map(|j| (0..inputs).map(|i| weight(j, i) * x[i]).sum()).collect();
        let z: f64 = v.iter().zip(&hidden).map(|(v, h)| v * h).sum();
        let k = units * inputs + units;
        let theta = DVector::from_fn(k, |p, _| {
            if p < units * inputs { w[p] } else { v[p - units * inputs] }
        });
        let jacobian = DVector::from_fn(k, |p, _| {
            if p < units * inputs { v[p / inputs] * x[p % inputs] } else { hidden[p - units * inputs] }
        });
        let mut second = DMatrix::zeros(k, k);
        for j in 0..units {
            for i in 0..inputs {
                second[(j * inputs + i, units * inputs + j)] = x[i];
                second[(units * inputs + j, j * inputs + i)] = x[i];
            }
        }
        let y = f64::from(u8::from(positive));
        let p = 1.0 / (1.0 + (-z).exp());
        for (loss, slope, curvature) in [(Loss::Squared, z - y, 1.0), (Loss::Logistic, p - y, p * (1.0 - p))] {
            let problem = problem(&[inputs, units, 1], loss, x, y, false);
            let want = &jacobian * jacobian.transpose() * curvature + &second * slope;
            // z is exact on this grid; the exponential, the products and one sum remain.
            let scale = jacobian.norm_squared() + second.amax() * (z.abs() + 1.0);
            assert_close("Hessian", &problem.full().hessian(&theta), &want, scale, tol(k, 1.0));
            let gradient = DMatrix::from_column_slice(k, 1, (&jacobian * slope).as_slice());
            let got = problem.full().gradient(&theta);
            let got = DMatrix::from_column_slice(k, 1, got.as_slice());
            assert_close("gradient", &got, &gradient, jacobian.amax() * (z.abs() + 1.0), tol(k, 1.0));
        }
    }
}
