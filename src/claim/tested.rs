//! Which test keeps each claim honest: the one that turns red when the checker stops noticing a fault.

use super::{Claim, Verdict};

/// Every claim is checked by this one, on drawn problems; for claims with nothing more specific it is the test.
const CAMPAIGN: &str = "tests/bounds.rs::every_claim_gets_its_expected_verdict_on_drawn_problems";
/// Every false claim is refuted by hand here.
const BY_HAND: &str = "tests/refutations.rs::false_claims_are_refuted_by_hand";
/// Bounds that are made smaller here must be refuted.
const SMALLER: &str = "tests/refutations.rs::a_smaller_constant_is_noticed";

/// Tests that plant a fault, with the claims they plant it in.
const PLANTED: &[(&str, &[&str])] = &[
    (
        SMALLER,
        &[
            "sgd-general",
            "sgd-convex",
            "sgd-strongly-convex",
            "sgd-sharp",
            "sgd-noop",
            "sgd-momentum",
            "recollection-error",
            "amnesiac-error",
            "additive-error",
            "fine-tuned-distance",
            "residual-distance",
            "residual-lower",
            "residual-loss-gap",
            "newton-residual",
            "newton-aposteriori",
            "newton-apriori",
            "newton-steps",
            "influence-error",
            "influence-safe",
            "ladder-worst-case",
            "planner-within",
            "hybrid-bound",
            "amended-minimiser",
            "amended-error",
            "ladder-newton",
            "ladder-influence",
            "guo-perturbed-corrected",
            "guo-theorem-4",
            "removal-laplace",
            "removal-gaussian-small-epsilon",
            "chebyshev-residual",
            "zhang-sharper",
            "zhang-printed",
            "features-gradient",
            "features-first-order",
            "features-second-order",
            "legonet-cost",
            "matching-rate",
            "ascent-distance",
        ],
    ),
    (
        "tests/ladder.rs::half_of_a_remainder_is_noticed",
        &["ladder-rows", "ladder-spectral", "ladder-data-dependent"],
    ),
    (
        "tests/direct/weakened.rs::half_of_what_is_missed_is_noticed",
        &["subtraction-quadratic", "amnesiac-quadratic"],
    ),
    ("tests/refutations.rs::adding_the_ridge_twice_is_noticed", &["newton-quadratic-exact"]),
    ("tests/identities/weakened.rs::deletion", &["woodbury-deletion"]),
    ("tests/identities/weakened.rs::leave_k_out_residuals", &["leave-k-out-residuals"]),
    ("tests/identities/weakened.rs::projective_updates", &["projective-update", "projective-not-worse"]),
    (
        "tests/identities/weakened.rs::newton_steps",
        &["newton-low-rank", "newton-minus-influence", "influence-rescaled"],
    ),
    ("tests/identities/weakened.rs::leave_one_out_and_outliers", &["alo-newton", "influence-vanishes"]),
    ("tests/identities/weakened.rs::interpolators", &["min-norm-projection", "min-norm-relabel"]),
    ("tests/identities/weakened.rs::unused_rows", &["coupled-minibatch"]),
    ("tests/sisa/faults.rs::models_of_other_trainings", &["sisa-resume", "sisa-order", "sisa-healing"]),
    ("tests/sisa/faults.rs::a_visit_more", &["sisa-workload"]),
    (
        "tests/sisa/faults.rs::wrong_costs",
        &[
            "sisa-cost-sequential",
            "sisa-cost-batch",
            "sisa-cost-slice",
            "sisa-cost-slices",
            "sisa-cost-combined",
        ],
    ),
    (
        "tests/neighbours/weakened.rs::adapters_that_were_not_trained_again",
        &["legonet-given-keys", "legonet-rekeyed"],
    ),
    (
        "tests/neighbours/weakened.rs::labels_that_are_not_the_retrained_outputs",
        &["muso-interpolation", "muso-downdate", "muso-ridge-labels", "muso-soft-labels"],
    ),
    (
        "tests/neighbours/weakened.rs::datamodels_without_their_denominators",
        &["datamodel-oracle", "datamodel-direct-single", "datamodel-direct-error"],
    ),
    ("tests/neighbours/weakened.rs::wrong_iterates", &["matching-iterates"]),
    ("tests/neighbours/weakened.rs::a_larger_floor_and_other_ranges", &["klom-cap", "ascent-order"]),
];

/// Tests of the functions behind a claim, where the claim itself is not named in the test.
const BEHIND: &[(&str, &[&str])] = &[
    ("tests/identities/weakened.rs::counted_probabilities", &["recompute-probability"]),
    (
        "tests/identities/weakened.rs::masks_that_are_no_part",
        &["mask-norm", "mask-extremes", "mask-interlacing"],
    ),
    (
        "tests/unlearning/exact.rs::influence_weights_differ_by_exactly_the_share_kept",
        &["influence-simplex-factor"],
    ),
    ("tests/direct/log.rs::updates_add_up_and_a_suffix_is_taken_back", &["log-telescopes"]),
    ("tests/direct/deltagrad.rs::explicit_steps_are_retraining_bit_for_bit", &["deltagrad-every-step"]),
    ("tests/direct/deltagrad.rs::one_parameter_is_exact_and_two_are_not", &["deltagrad-one-parameter"]),
    (
        "tests/unlearning/exact.rs::closed_forms_equal_retraining_for_squared_loss",
        &["recollection-quadratic"],
    ),
];

fn look_up(table: &[(&'static str, &[&str])], id: &str) -> Option<&'static str> {
    table.iter().find(|(_, ids)| ids.contains(&id)).map(|(test, _)| *test)
}

impl Claim {
    /// The test that checks the claim: `file::function`, the file relative to the repository.
    ///
    /// ```
    /// let claims = unlearn::claim::all();
    /// let test = |id: &str| claims.iter().find(|c| c.id == id).unwrap().test();
    /// assert_eq!(test("woodbury-deletion"), "tests/identities/weakened.rs::deletion");
    /// assert_eq!(test("sgd-min-one"), "tests/refutations.rs::false_claims_are_refuted_by_hand");
    /// ```
    pub fn test(&self) -> &'static str {
        let general = if self.expected == Verdict::Refuted { BY_HAND } else { CAMPAIGN };
        look_up(PLANTED, self.id).or_else(|| look_up(BEHIND, self.id)).unwrap_or(general)
    }

    /// Does the test plant a fault in this very claim, by name?
    pub fn test_plants_a_fault(&self) -> bool {
        look_up(PLANTED, self.id).is_some()
    }
}
