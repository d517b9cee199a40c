//! LegoNet: exact given the keys, not when a key remembers a deleted row; what a request costs.

use super::controls::instance;
use super::identities::{LEAST_SQUARES, both};
use super::{Case, Claim, Domain, Evidence, Outcome, Verdict};
use crate::data::{Dataset, RowSet};
use crate::error::Result;
use crate::loss::Loss;
use crate::neighbour::encoder::Encoder;
use crate::neighbour::keys::Keys;
use crate::neighbour::legonet::{Donors, LegoNet, Settings};
use crate::numeric::interval::Interval;
use crate::numeric::real::norm;
use crate::numeric::tolerance::tol;
use crate::objective::enclosed::{Enclosed, exact};

const DOMAIN: Domain = Domain { losses: &[Loss::Squared, Loss::Logistic], masks: false, ..LEAST_SQUARES };
const REGRESSION: Domain = Domain { losses: &[Loss::Squared], ..DOMAIN };

/// Adapters of the systems checked, if there are so many rows.
const ADAPTERS: usize = 3;

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    let source = "Yu et al. 2022 (arXiv 2210.16023)";
    vec![
        Claim {
            id: "legonet-given-keys",
            title: "LegoNet forgets exactly, given its keys",
            statement: "dropping the forgotten rows from their k adapters and training those again gives, bit for bit, \
                        the adapters that training from scratch with the same keys gives",
            source: "Yu et al. 2022 (arXiv 2210.16023), Algorithm 1",
            theorem: None,
            item: "neighbour::legonet::LegoNet",
            expected: Verdict::Holds,
            domain: DOMAIN,
            check: |case| given_keys(case, |net, data, u| net.forget(data, u, Donors::Keep).map(|_| ())),
            directed: Vec::new,
        },
        Claim {
            id: "legonet-rekeyed",
            title: "LegoNet forgets exactly when keys of deleted rows are drawn again",
            statement: "with keys from training rows, drawing the keys of forgotten rows again and training every adapter \
                        whose rows change gives, bit for bit, the system trained from scratch without them",
            source: "derived here; repairs Yu et al. 2022 (arXiv 2210.16023)",
            theorem: None,
            item: "neighbour::legonet::LegoNet",
            expected: Verdict::Holds,
            domain: DOMAIN,
            check: |case| donors_deleted(case, Donors::Rekey),
            directed: Vec::new,
        },
        Claim {
            id: "legonet-cost",
            title: "what a LegoNet request costs",
            statement: "a uniform request visits Σ_a |D_a|²/N − k ≥ k²N/n − k rows in expectation, the left side exactly",
            source: "derived here; corrects k²N/n of Yu et al. 2022 (arXiv 2210.16023)",
            theorem: Some("Unlearn.Shards.overlap_cost"),
            item: "neighbour::legonet::ExpectedCost",
            expected: Verdict::Holds,
            domain: DOMAIN,
            check: cost,
            directed: Vec::new,
        },
        Claim {
            id: "legonet-donor",
            title: "LegoNet with the keys of deleted rows kept",
            statement: "the same also when a forgotten row is the one behind a key: predictions on the rows kept equal those \
                        of training from scratch, keys drawn from the same seed",
            source,
            theorem: None,
            item: "claim::legonet::donors_deleted",
            expected: Verdict::Refuted,
            domain: REGRESSION,
            check: |case| donors_deleted(case, Donors::Keep),
            directed: || vec![geometric()],
        },
        Claim {
            id: "legonet-cost-printed",
            title: "LegoNet's cost as printed",
            statement: "a uniform request retrains adapters with k²N/n rows in expectation, the forgotten row counted",
            source,
            theorem: None,
            item: "neighbour::legonet::ExpectedCost",
            expected: Verdict::Refuted,
            domain: DOMAIN,
            check: printed,
            directed: || {
                vec![
                    instance(Loss::Squared, 1, &[0.0, 1.0, 10.0], &[0.0; 3], 1.0, 1)
                        .labelled("one row far away"),
                ]
            },
        },
    ]
}

/// x = 1, 2, 4, …, 64 with alternating targets.
fn geometric() -> Case {
    let x: Vec<f64> = (0..7).map(|i| f64::from(1 << i)).collect();
    let y: Vec<f64> = (0..7).map(|i| f64::from(i % 2)).collect();
    instance(Loss::Squared, 1, &x, &y, 1.0, 1).labelled("powers of two")
}

fn settings(case: &Case, nearest: usize) -> Settings {
    let model = case.problem.model();
    Settings { nearest, loss: model.loss(), ridge: case.problem.ridge(), bias: model.has_bias() }
}

fn encoder(case: &Case) -> Encoder {
    Encoder::identity(case.problem.data().cols())
}

fn without_ridge(case: &Case) -> Option<Outcome> {
    (case.problem.ridge() <= 0.0).then(|| Outcome::NotApplicable("an adapter needs a ridge".into()))
}

/// A system whose keys lie where its first rows do, held fixed.
fn system(case: &Case) -> Result<LegoNet> {
    let data = case.problem.data();
    let count = ADAPTERS.min(data.rows());
    let mut x = vec![0.0; data.cols()];
    let key = |i: usize| {
        data.design().row(i).write_dense(&mut x);
        x.clone()
    };
    let keys = Keys::given((0..count).map(key).collect())?;
    LegoNet::train(encoder(case), keys, data, settings(case, 2.min(count)), None)
}

/// How a system forgets.
pub type Forget = fn(&mut LegoNet, &Dataset, &RowSet) -> Result<()>;

/// How many numbers of the adapters differ from those of training without the forgotten rows, on data that does not
/// have them?
///
/// # Errors
/// Those of the trainings.
pub fn given_keys(case: &Case, forget: Forget) -> Result<Outcome> {
    if let Some(outcome) = without_ridge(case) {
        return Ok(outcome);
    }
    let data = case.problem.data();
    let mut net = system(case)?;
    let smaller = data.select(&case.forget.complement())?;
    let scratch = LegoNet::train(
        encoder(case),
        net.keys().clone(),
        &smaller,
        settings(case, 2.min(net.keys().len())),
        None,
    )?;
    forget(&mut net, data, &case.forget)?;
    Ok(Outcome::Compared(Evidence::identity(Interval::point(differing(&net, &scratch) as f64), 1.0)))
}

/// Numbers whose bits differ.
fn differing(a: &LegoNet, b: &LegoNet) -> usize {
    let numbers = a.adapters().iter().zip(b.adapters()).flat_map(|(a, b)| a.iter().zip(b.iter()));
    numbers.filter(|(a, b)| a.to_bits() != b.to_bits()).count()
}

/// Keys from training rows; the forget set and the row behind the first key are deleted. Bits of adapters when keys
/// are drawn again, predictions when they are kept.
///
/// # Errors
/// Those of the trainings.
pub fn donors_deleted(case: &Case, donors: Donors) -> Result<Outcome> {
    if let Some(outcome) = without_ridge(case) {
        return Ok(outcome);
    }
    let data = case.problem.data();
    let kept = data.rows() - case.forget.len();
    // One row more is deleted than the case forgets, and each key needs a row that is left.
    if kept < 3 {
        return Ok(Outcome::NotApplicable("too few rows for two keys without the deleted ones".into()));
    }
    let count = ADAPTERS.min(kept - 1);
    let keys = Keys::from_training(&encoder(case), data, count, 0.0, 0, None)?;
    let mut deleted = case.forget.rows().to_vec();
    let donor = keys.donors().expect("keys from training rows")[0];
    if !deleted.contains(&donor) {
        deleted.push(donor);
    }
    let deleted = RowSet::new(data.rows(), deleted)?;
    let again = Keys::from_training(&encoder(case), data, count, 0.0, 0, Some(&deleted))?;
    let scratch = LegoNet::train(encoder(case), again, data, settings(case, 1), Some(&deleted))?;
    let mut net = LegoNet::train(encoder(case), keys, data, settings(case, 1), None)?;
    net.forget(data, &deleted, donors)?;
    if donors == Donors::Rekey {
        return Ok(Outcome::Compared(Evidence::identity(
            Interval::point(differing(&net, &scratch) as f64),
            1.0,
        )));
    }
    let mut worst: Option<Evidence> = None;
    let slack = certainty(&net)?.max(certainty(&scratch)?);
    let mut x = vec![0.0; data.cols()];
    for i in deleted.complement() {
        data.design().row(i).write_dense(&mut x);
        let (a, b) = (net.predict(&x)?[0], scratch.predict(&x)?[0]);
        let norm = 1.0 + x.iter().map(|v| v * v).sum::<f64>().sqrt();
        let size = a.abs() + b.abs() + norm;
        let known = Interval::around(a, slack * norm) - Interval::around(b, slack * norm);
        let rounded = Interval::around(0.0, tol(x.len() + 1, 1.0) * size);
        let e = Evidence::identity((known + rounded).abs(), size);
        worst = Some(worst.map_or(e, |w| w.worse(e)));
    }
    Ok(Outcome::Compared(worst.expect("some row is kept")))
}

/// The largest distance of an adapter from the exact minimiser.
fn certainty(net: &LegoNet) -> Result<f64> {
    let mut worst = 0.0_f64;
    for (a, theta) in net.adapters().iter().enumerate() {
        if let Some(problem) = net.problem(a)? {
            let gradient = norm(&Enclosed::full(&problem).gradient(&exact::<Interval>(theta)));
            worst = worst.max((gradient / Interval::point(problem.ridge())).hi());
        }
    }
    Ok(worst)
}

/// A quotient of integers.
fn share(a: u128, b: usize) -> Interval {
    // Rows are far below 2²⁶, their squares and sums below 2⁵³.
    Interval::point(a as f64) / Interval::point(b as f64)
}

fn cost(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = without_ridge(case) {
        return Ok(outcome);
    }
    let net = system(case)?;
    let c = net.expected_cost();
    let least = share((c.nearest * c.nearest * c.rows) as u128, c.adapters);
    let bound = Evidence::inequality(least, share(c.squares, c.rows), 1.0);
    let mut visits = 0;
    for i in 0..c.rows {
        visits += net.visits(&RowSet::new(c.rows, vec![i])?)? as u128;
    }
    let counted = (visits + (c.nearest * c.rows) as u128).abs_diff(c.squares);
    let counted = Evidence::identity(Interval::point(counted as f64), 1.0);
    both(Outcome::Compared(bound), Outcome::Compared(counted))
}

fn printed(case: &Case) -> Result<Outcome> {
    if let Some(outcome) = without_ridge(case) {
        return Ok(outcome);
    }
    let c = system(case)?.expected_cost();
    let claimed = share((c.nearest * c.nearest * c.rows) as u128, c.adapters);
    let off = (share(c.squares, c.rows) - claimed).abs();
    Ok(Outcome::Compared(Evidence::identity(off, claimed.mid())))
}
