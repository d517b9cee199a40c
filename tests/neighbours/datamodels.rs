//! Q1, Q6: the group-deletion oracle, MUSO's labels, and DM-Direct with its error.

use super::{data, linear, off, seeds, some_rows};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use unlearn::data::RowSet;
use unlearn::loss::Loss;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::newton::{Fit, minimise};
use unlearn::unlearn::datamodel::Datamodels;
use unlearn::unlearn::features::features;
use unlearn::unlearn::leave_out::{LeaveOut, leave_out_residuals};
use unlearn::unlearn::{Request, Trained, configured};

struct Ridge {
    problem: Problem,
    forget: RowSet,
    fit: Fit,
    oracle: DVector<f64>,
}

fn ridge(rows: usize, cols: usize, forgotten: usize, lambda: f64, seed: u64) -> Ridge {
    let problem = linear(data(rows, cols, Loss::Squared, seed), Loss::Squared, lambda, Reduction::Sum);
    let forget = some_rows(rows, forgotten, seed);
    let fit = minimise(&problem.full(), DVector::zeros(problem.active())).unwrap();
    let oracle = minimise(&problem.retained(&forget).unwrap(), fit.theta.clone()).unwrap().theta;
    Ridge { problem, forget, fit, oracle }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Q1: group deletion equals the refit; its outputs on the forgotten rows are MUSO's labels. Q6: subtraction is exact for
    /// one row and off by the closed form for more.
    #[test]
    fn closed_forms_equal_the_refit(n in 8usize..60, d in 1usize..8, m in 1usize..6, e in -4..3i32, seed in seeds()) {
        let r = ridge(n, d, m, 2.0_f64.powi(e), seed);
        let dm = Datamodels::new(&r.problem, &r.fit.theta, &r.forget).unwrap();
        prop_assert!(off(&dm.oracle(), &r.oracle) < 1e-9);
        let x = features(&r.problem, r.forget.rows()).unwrap();
        let y = DVector::from_fn(m, |j, _| r.problem.target()[r.forget.rows()[j]]);
        let residuals = leave_out_residuals(&r.problem, &r.fit.theta, &r.forget).unwrap();
        prop_assert!(off(&(y - residuals), &x.tr_mul(&r.oracle)) < 1e-9);
        let direct = dm.direct(1.0);
        if m == 1 {
            prop_assert!(off(&direct, &r.oracle) < 1e-9);
        }
        let out = LeaveOut::new(&r.problem, &r.fit.theta, &r.forget).unwrap();
        let h = out.leverages();
        let apart = DMatrix::identity(m, m) - DMatrix::from_diagonal(&h.diagonal());
        let inverse = |a: DMatrix<f64>| a.try_inverse().unwrap();
        let between = inverse(DMatrix::identity(m, m) - h) - inverse(apart);
        let a = inverse(r.problem.full().hessian(&r.fit.theta));
        prop_assert!(off(&(&direct - &r.oracle), &(a * &x * between * out.residuals())) < 1e-9);
        // β of a row at a point: by how much deleting it alone lowers the output there.
        let one = RowSet::new(n, vec![r.forget.rows()[0]]).unwrap();
        let without = minimise(&r.problem.retained(&one).unwrap(), r.fit.theta.clone()).unwrap().theta;
        let lowered = x.tr_mul(&(&r.fit.theta - without));
        prop_assert!(off(&dm.betas(&x).row(0).transpose(), &lowered) < 1e-9);
    }
}

/// Q6: for groups subtraction must fail, as must the plain influence function; with more parameters than rows, where
/// leverages are near 1, it beats that and doing nothing.
#[test]
fn subtraction_is_not_exact_for_groups() {
    for seed in 0..10 {
        let r = ridge(20, 60, 3, 1.0, seed);
        let dm = Datamodels::new(&r.problem, &r.fit.theta, &r.forget).unwrap();
        let distance = |theta: &DVector<f64>| (theta - &r.oracle).norm();
        let direct = distance(&dm.direct(1.0));
        let out = LeaveOut::new(&r.problem, &r.fit.theta, &r.forget).unwrap();
        let a = r.problem.full().hessian(&r.fit.theta).try_inverse().unwrap();
        let influence = distance(&(&r.fit.theta - a * out.features() * out.residuals()));
        let noop = distance(&r.fit.theta);
        assert!(
            direct > 1e-3 && direct < influence && influence < noop && noop > 1e-2,
            "{direct:e} {influence:e} {noop:e}"
        );
        let request = Request { problem: &r.problem, forget: &r.forget, trained: Trained::Minimiser(&r.fit) };
        let remove = |settings: &[(&str, &str)]| {
            configured("datamodel", 0, settings).unwrap().remove(&request).unwrap()
        };
        assert_eq!(remove(&[]).theta, dm.direct(1.0));
        assert_eq!(remove(&[("multiplier", "0")]).theta, r.fit.theta);
    }
}

#[test]
fn what_cannot_be_served_is_refused() {
    let r = ridge(10, 2, 1, 1.0, 0);
    let mean = r.problem.clone().with_reduction(Reduction::Mean);
    let trained = Trained::Minimiser(&r.fit);
    let request = |problem| Request { problem, forget: &r.forget, trained };
    let logistic = linear(data(10, 2, Loss::Logistic, 0), Loss::Logistic, 1.0, Reduction::Sum);
    for name in ["datamodel", "oracle-matching"] {
        let settings: &[(&str, &str)] = if name == "datamodel" { &[] } else { &[("oracle", "datamodel")] };
        let method = configured(name, 0, settings).unwrap();
        assert!(method.remove(&request(&mean)).unwrap_err().to_string().contains("sum reduction"));
        assert!(method.remove(&request(&r.problem)).is_ok());
        assert!(method.remove(&request(&logistic)).unwrap_err().to_string().contains("lasso"));
    }
}
