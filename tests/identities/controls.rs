//! Negative controls: refuted by their directed instances with the numbers of the literature, and the
//! repaired statements hold where the printed ones fail.

use nalgebra::dmatrix;
use unlearn::claim::{self, Case, Claim, Evidence, Outcome, Verdict};
use unlearn::claim::{controls, identities};
use unlearn::numeric::enclosure::{operator_norm, symmetric_norm};
use unlearn::numeric::power::norm_estimate;
use unlearn::verify::campaign;

fn claim(id: &str) -> Claim {
    claim::all().into_iter().find(|c| c.id == id).expect("the claim is registered")
}

fn evidence(claim: &Claim, case: &Case) -> Evidence {
    match (claim.check)(case).unwrap() {
        Outcome::Compared(e) => e,
        Outcome::NotApplicable(why) => panic!("{}: {why}", claim.id),
    }
}

const CONTROLS: [&str; 6] = [
    "guo-theorem-1-perturbed",
    "izzo-algorithm-2",
    "woodbury-scaled-ridge",
    "power-iteration-norm",
    "prop2-sigma",
    "woodfisher-one-vector",
];

#[test]
fn every_directed_instance_refutes() {
    for id in CONTROLS {
        let claim = claim(id);
        let cases = (claim.directed)();
        assert!(!cases.is_empty(), "{id} has no directed instance");
        for case in cases {
            assert_eq!(evidence(&claim, &case).verdict(), Verdict::Refuted, "{id}");
        }
    }
}

#[test]
fn random_data_refute_all_but_the_perturbed_bound() {
    for id in CONTROLS {
        let alone = Claim { directed: Vec::new, ..claim(id) };
        let expected = if id == "guo-theorem-1-perturbed" { Verdict::Holds } else { Verdict::Refuted };
        assert_eq!(campaign::on_generated(&alone, 64, 3, || {}).verdict, expected, "{id}");
    }
}

#[test]
fn guo_has_the_numbers_of_the_machine_checked_instance() {
    let claim = claim("guo-theorem-1-perturbed");
    let case = &(claim.directed)()[0];
    let e = evidence(&claim, case);
    assert!((e.measured.mid() - 0.1059).abs() < 5e-5 && e.measured.lo() > 0.1, "{:?}", e.measured);
    assert!((e.bound.mid() - 0.01).abs() < 1e-12, "{:?}", e.bound);
    assert!((case.fit().unwrap().theta[0] - 2.0).abs() < 1e-14);
    // One row is left: L_b(w; D′)′ = −σ(−w) + 10w + b, and one Newton step from ŵ = 2.
    let b = 2.0 / (1.0 + 2.0_f64.exp()) - 40.0;
    let sigma = |z: f64| 1.0 / (1.0 + (-z).exp());
    let gradient = |w: f64| -sigma(-w) + 10.0 * w + b;
    let w = 2.0 - gradient(2.0) / (sigma(2.0) * sigma(-2.0) + 10.0);
    let (residual, _) = controls::guo_residual(case).unwrap();
    assert!((residual.mid() - gradient(w).abs()).abs() < 1e-13);
}

#[test]
fn the_repaired_statements_hold() {
    let izzo = Claim {
        check: |case| {
            identities::residuals(case, |p, t, u| identities::izzo(p, t, u, identities::Denominator::Own))
        },
        ..claim("izzo-algorithm-2")
    };
    assert_eq!(campaign::on_generated(&izzo, 64, 5, || {}).verdict, Verdict::Holds);
    let woodbury = Claim {
        check: |case| identities::deletion(case, identities::woodbury),
        ..claim("woodbury-scaled-ridge")
    };
    assert_eq!(campaign::on_generated(&woodbury, 64, 5, || {}).verdict, Verdict::Holds);
    let close = dmatrix![1.0, 0.0; 0.0, 0.999];
    let (norm, estimate) = (operator_norm(&close), norm_estimate(&close, 20, 0));
    assert!(estimate < norm.lo() && norm.contains(1.0));
    // ‖M H M‖ is the right quantity for H = ½·11ᵀ and m = (0, 1).
    let (kept, masked) = (dmatrix![0.5], dmatrix![0.0, 0.0; 0.0, 0.5]);
    let e = Evidence::inequality(symmetric_norm(&kept), symmetric_norm(&masked), 1.0);
    assert_eq!(e.verdict(), Verdict::Holds);
    assert!(symmetric_norm(&kept).contains(0.5));
}
