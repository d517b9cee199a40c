//! Oracle 1: hyper-dual numbers over a network written from the definition.

use crate::common::compare::{assert_expected, assert_same, column};
use crate::common::generate::{Family, settings};
use nalgebra::DMatrix;
use proptest::prelude::*;

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn value_and_gradients(case in Family::all().cases()) {
        let problem = case.problem();
        let (f, theta) = (case.objective(&problem), case.point());
        let value = DMatrix::from_element(1, 1, f.value(&theta));
        assert_expected("value", &value, &case.expected_value());
        assert_expected("gradient", &column(&f.gradient(&theta)), &case.expected_gradient(true));
        assert_expected("risk gradient", &column(&f.risk_gradient(&theta)), &case.expected_gradient(false));
        assert_expected("row gradients", &f.row_gradients(&theta), &case.expected_row_gradients());
    }

    #[test]
    fn hessian(case in Family::all().cases()) {
        let problem = case.problem();
        let (f, theta) = (case.objective(&problem), case.point());
        let h = f.hessian(&theta);
        assert_expected("Hessian", &h, &case.expected_hessian(true));
        assert_expected("Hessian of the risk", &f.risk_hessian(&theta), &case.expected_hessian(false));
        assert_same("symmetry", &h, &h.transpose());
    }

    #[test]
    fn hessian_vector_product(case in Family::all().cases()) {
        let problem = case.problem();
        let f = case.objective(&problem);
        let hv = f.hvp(&case.point(), &case.restrict(&case.direction));
        assert_expected("Hessian-vector product", &column(&hv), &case.expected_hvp());
    }

    #[test]
    fn gauss_newton_and_fisher(case in Family::all().cases()) {
        let problem = case.problem();
        let (f, theta) = (case.objective(&problem), case.point());
        let (mut gn, fisher) = (case.expected_gauss_newton(), f.fisher(&theta));
        assert_expected("Fisher as JᵀSJ", &fisher, &gn);
        assert_expected("Fisher as an expectation over labels", &fisher, &case.expected_fisher());
        let empirical = case.expected_empirical_fisher();
        assert_expected("empirical Fisher", &f.empirical_fisher(&theta), &empirical);
        for j in 0..gn.entries.nrows() {
            gn.entries[(j, j)] += case.ridge;
        }
        gn.scale += case.ridge;
        assert_expected("Gauss-Newton", &f.gauss_newton(&theta), &gn);
    }

    /// On whole numbers with squared loss and no activation every operation is exact, so all
    /// roads lead to the same bits.
    #[test]
    fn exact_arithmetic_leaves_no_difference(case in Family::exact().cases()) {
        let problem = case.problem();
        let (f, theta) = (case.objective(&problem), case.point());
        let v = case.restrict(&case.direction);
        assert_same("value", &DMatrix::from_element(1, 1, f.value(&theta)), &case.expected_value().entries);
        assert_same("gradient", &column(&f.gradient(&theta)), &case.expected_gradient(true).entries);
        assert_same("row gradients", &f.row_gradients(&theta), &case.expected_row_gradients().entries);
        assert_same("Hessian", &f.hessian(&theta), &case.expected_hessian(true).entries);
        assert_same("product", &column(&f.hvp(&theta, &v)), &case.expected_hvp().entries);
        assert_same("Fisher", &f.fisher(&theta), &case.expected_gauss_newton().entries);
    }
}
