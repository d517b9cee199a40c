//! Certificates: what is written can be verified and read back bit by bit; nothing else can.

#![cfg(feature = "certificate")]

#[path = "certificate/altered.rs"]
mod altered;
#[path = "certificate/hostile.rs"]
mod hostile;

use nalgebra::DVector;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use unlearn::bound::audit::audit;
use unlearn::certificate::{Certificate, MOST_ACTIVE, MOST_ROWS, parse, read, write};
use unlearn::data::{Dataset, Design, RowSet, builtin};
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::{Activation, Model};
use unlearn::objective::{Problem, Reduction};

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect()
}

/// Gives a text the digests of what it says.
fn sign(text: &str) -> String {
    let rows: String = text.lines().filter(|l| l.starts_with("row ")).map(|l| format!("{l}\n")).collect();
    let body: String = text
        .lines()
        .filter(|l| !l.starts_with("sha256 "))
        .map(|l| {
            if l.starts_with("data-sha256 ") {
                format!("data-sha256 {}\n", digest(&rows))
            } else {
                format!("{l}\n")
            }
        })
        .collect();
    format!("{body}sha256 {}\n", digest(&body))
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("proofs/certificate/examples").join(name)
}

/// A problem with a mask and a bias, rows to forget, and parameters; features up to `scale`.
fn problems() -> impl Strategy<Value = (Problem, Option<RowSet>, DVector<f64>)> {
    let shape = (1usize..=12, 1usize..=4, any::<bool>(), any::<bool>(), any::<bool>());
    shape.prop_flat_map(|(n, d, logistic, bias, mean)| {
        let k = d + usize::from(bias);
        let numbers = |count| prop::collection::vec(-4.0..4.0f64, count);
        let picks = (prop::collection::vec(any::<bool>(), n), prop::collection::vec(any::<bool>(), k));
        let scales = (-3i32..=3, -6i32..=2);
        (numbers(n * d), numbers(n), numbers(k), picks, scales).prop_map(
            move |(x, y, theta, (mut forget, mut keep), (scale, ridge))| {
                forget[0] = false;
                keep[0] = true;
                let x = x.iter().map(|v| v * 10f64.powi(scale)).collect();
                let y = if logistic { y.iter().map(|v| f64::from(*v > 0.0)).collect() } else { y };
                let data = Dataset::new("drawn", Design::dense(n, d, x).unwrap(), y).unwrap();
                let loss = if logistic { Loss::Logistic } else { Loss::Squared };
                let model = Model::linear(d, 1, loss, bias).unwrap();
                let mask = Mask::new(&keep).unwrap();
                let theta = mask.restrict(&theta).unwrap();
                let problem = Problem::new(data.into(), model, 10f64.powi(ridge)).unwrap();
                let problem = problem
                    .with_reduction(if mean { Reduction::Mean } else { Reduction::Sum })
                    .with_mask(mask)
                    .unwrap();
                let rows: Vec<usize> = (0..n).filter(|i| forget[*i]).collect();
                let forget = (!rows.is_empty()).then(|| RowSet::new(n, rows).unwrap());
                (problem, forget, theta)
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Each is verified from its own numbers, agrees with the audit of the whole problem and comes back the same.
    #[test]
    fn written_ones_are_verified((problem, forget, theta) in problems()) {
        let found = audit(&problem, forget.as_ref(), &theta).unwrap();
        let made = Certificate::new(&problem, forget.as_ref(), &theta, &found.reference).unwrap();
        prop_assert_eq!(made.verify(), Ok(()));
        let (a, b) = (made.distance(), found.distance);
        prop_assert!(a.lo() <= b.hi() && b.lo() <= a.hi(), "{:?} and {:?} cannot both hold", a, b);
        let text = made.to_string();
        let back = parse("drawn", text.as_bytes()).unwrap();
        prop_assert_eq!(&back, &made);
        prop_assert_eq!(&back.to_string(), &text);
        let forgotten = forget.as_ref().map_or(0, RowSet::len);
        prop_assert_eq!((back.forgotten().count(), back.active().count()), (forgotten, problem.active()));
        prop_assert_eq!((back.forgotten().total(), back.target().len()), (problem.rows(), problem.rows() - forgotten));
        // A claim moved to where the audit says it is false.
        let shifted = parse("drawn", altered::with(&text, &[("lo", b.hi() * 2.0 + 1.0), ("hi", b.hi() * 3.0 + 2.0)]).as_bytes());
        prop_assert!(shifted.unwrap().verify().is_err());
        let shifted = parse("drawn", altered::with(&text, &[("lo", 0.0), ("hi", b.lo() * 0.5)]).as_bytes());
        prop_assert!(b.lo() == 0.0 || shifted.unwrap().verify().is_err());
    }

    /// A poor reference gives a wide interval, not a wrong one.
    #[test]
    fn any_reference_will_do((problem, forget, theta) in problems(), shift in -1.0..1.0f64) {
        let found = audit(&problem, forget.as_ref(), &theta).unwrap();
        let poor = found.reference.map(|v| v + shift);
        let made = Certificate::new(&problem, forget.as_ref(), &theta, &poor).unwrap();
        prop_assert_eq!(made.verify(), Ok(()));
        let (a, b) = (made.distance(), found.distance);
        prop_assert!(a.lo() <= b.hi() && b.lo() <= a.hi());
    }
}

/// The committed examples, as proofs/check gives them to Coq.
#[test]
fn examples_are_verified() {
    for (name, kept, active) in [
        ("iris-ridge.cert", 147, 5),
        ("wdbc-logistic.cert", 100, 5),
        ("tiny-ridge.cert", 3, 2),
        ("tiny-logistic.cert", 3, 2),
    ] {
        let c = read(example(name)).unwrap();
        assert_eq!(c.verify(), Ok(()), "{name}");
        assert_eq!((c.target().len(), c.active().count()), (kept, active), "{name}");
        assert_eq!(c.to_string(), std::fs::read_to_string(example(name)).unwrap(), "{name}");
        assert_eq!(sign(&c.to_string()), c.to_string());
    }
    // The rows are those of the built-in data.
    let c = read(example("iris-ridge.cert")).unwrap();
    let iris = builtin::load("iris").unwrap();
    let forget = RowSet::new(150, vec![3, 17, 42]).unwrap();
    let model = Model::linear(4, 1, Loss::Squared, true).unwrap();
    let problem = Problem::new(iris.into(), model, 0.1).unwrap();
    let theta = DVector::from_column_slice(c.theta());
    let again = Certificate::new(&problem, Some(&forget), &theta, &DVector::from_column_slice(c.reference()))
        .unwrap();
    assert_eq!(again, c);
    // What the documents quote of the checker's verdicts.
    let quoted = |document: &str, name: &str| {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
        let (lo, hi) =
            text.split_once("verified: ").unwrap().1.split_once(" <= |theta - theta_r| <= ").unwrap();
        let end = |word: &str| word.split(' ').next().unwrap().parse::<f64>().unwrap();
        let distance = read(example(name)).unwrap().distance();
        assert_eq!((end(lo), end(hi)), (distance.lo(), distance.hi()), "{document}");
    };
    quoted("README.md", "iris-ridge.cert");
    quoted("proofs/certificate/FORMAT.md", "tiny-ridge.cert");
}

/// Coordinates of a masked model with a bias: the active columns in order, then a column of ones.
#[test]
fn columns_by_hand() {
    let x = Design::dense(2, 3, vec![1.0, 2.0, -0.0, 4.0, 5.0, 6.0]).unwrap();
    let data = Dataset::new("tiny", x, vec![0.0, 1.0]).unwrap();
    let model = Model::linear(3, 1, Loss::Logistic, true).unwrap();
    let mask = Mask::new(&[true, false, true, true]).unwrap();
    let problem = Problem::new(data.into(), model, 0.5).unwrap().with_mask(mask).unwrap();
    let zero = DVector::zeros(3);
    let c = Certificate::new(&problem, None, &zero, &zero).unwrap();
    assert_eq!(c.design(), [1.0, 0.0, 1.0, 4.0, 6.0, 1.0]);
    assert_eq!((c.active().runs(), c.active().total()), (&[(0, 0), (2, 3)][..], 4));
    assert_eq!((c.forgotten().count(), c.target()), (0, &[0.0, 1.0][..]));
    let text = c.to_string();
    for line in [
        "kind logistic",
        "reduction mean",
        "rows 2",
        "forgotten 0",
        "kept 2",
        "parameters 4",
        "active 3 0 2-3",
    ] {
        assert!(text.lines().any(|l| l == line), "{text}");
    }
    // The gradient at 0: ½(½·(1, 0, 1) − ½·(4, 6, 1)) = ¼(−3, −6, 0), of norm √45/4, and λ = ½.
    assert!((c.radius() - 45f64.sqrt() / 2.0).abs() < 1e-14 && c.distance().lo() == 0.0);
}

/// Problems without certificates are refused before anything is computed, with the limits.
#[test]
fn what_cannot_be_certified() {
    let make = |n: usize, d: usize, model: Model, ridge: f64| {
        let x = Design::dense(n, d, vec![1.0; n * d]).unwrap();
        Problem::new(Dataset::new("ones", x, vec![0.0; n]).unwrap().into(), model, ridge).unwrap()
    };
    let ridge = |d| Model::linear(d, 1, Loss::Squared, false).unwrap();
    let refused = |problem: &Problem, forget: Option<&RowSet>, part: &str| {
        let zero = DVector::zeros(problem.active());
        let why = Certificate::new(problem, forget, &zero, &zero).unwrap_err().to_string();
        assert!(why.contains(part) && Certificate::check(problem, forget).is_err(), "{why}");
    };
    refused(&make(3, 2, Model::linear(2, 2, Loss::Softmax, true).unwrap(), 1.0), None, "linear:logistic");
    let network = Model::new(vec![2, 2, 1], Activation::Tanh, Loss::Logistic, true).unwrap();
    refused(&make(3, 2, network, 1.0), None, "linear:logistic");
    refused(&make(3, 2, ridge(2), 0.0), None, "--ridge");
    refused(&make(3, MOST_ACTIVE + 1, ridge(MOST_ACTIVE + 1), 1.0), None, "at most 200 rows and 1 to 20");
    let long = make(MOST_ROWS + 1, 1, ridge(1), 1.0);
    refused(&long, None, "201 rows are kept");
    refused(&long.clone().with_perturbation(DVector::from_element(1, 1.0)).unwrap(), None, "linear term");
    let (zero, one) = (DVector::zeros(1), RowSet::new(MOST_ROWS + 1, vec![7]).unwrap());
    assert!(Certificate::new(&long, Some(&one), &zero, &zero).is_ok());
    // Both limits at once.
    let full = make(MOST_ROWS, MOST_ACTIVE, ridge(MOST_ACTIVE), 1.0);
    let zero = DVector::zeros(MOST_ACTIVE);
    assert_eq!(Certificate::new(&full, None, &zero, &zero).unwrap().verify(), Ok(()));
    let short = DVector::zeros(2);
    assert!(
        Certificate::new(&full, None, &short, &zero).is_err()
            && Certificate::new(&full, None, &zero, &short).is_err()
    );
    let infinite = DVector::from_element(MOST_ACTIVE, f64::INFINITY);
    assert!(Certificate::new(&full, None, &infinite, &zero).is_err());
    let minute = DVector::from_element(MOST_ACTIVE, 1e-200);
    let why = Certificate::new(&full, None, &minute, &zero).unwrap_err().to_string();
    assert!(why.contains("1e-200") && why.contains("2^-300"), "{why}");
    assert!(
        Certificate::new(&full, None, &zero, &minute).is_ok_and(|c| c.reference().iter().all(|v| *v == 0.0))
    );
    // Overflow: a gradient of 2²⁹⁹·2²⁹⁹ over λ = 2⁻³⁰⁰ is no longer an f64.
    let large = 2f64.powi(299);
    let x = Design::dense(1, 1, vec![large]).unwrap();
    let data = Dataset::new("large", x, vec![0.0]).unwrap();
    let problem = Problem::new(data.into(), ridge(1), 2f64.powi(-300)).unwrap();
    let at = DVector::from_element(1, large);
    let why = Certificate::new(&problem, None, &at, &at).unwrap_err().to_string();
    assert!(why.contains("no finite upper end"), "{why}");
}

#[test]
fn files_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let c = read(example("tiny-logistic.cert")).unwrap();
    write(folder.path().join("c.cert"), &c).unwrap();
    assert_eq!(read(folder.path().join("c.cert")), Ok(c.clone()));
    assert!(write(folder.path().join("no/c.cert"), &c).is_err());
    assert!(read(folder.path().join("none")).is_err() && read(folder.path()).is_err());
}
