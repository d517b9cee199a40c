//! The exact runs and minimisers lie where the enclosures say: against 60-digit references
//! (`datasets/golden/enclosures.csv`, made by the script beside it).

use nalgebra::DVector;
use std::path::Path;
use unlearn::claim::{Case, Evidence, Verdict};
use unlearn::data::{Dataset, Design, RowSet};
use unlearn::loss::Loss;
use unlearn::model::Model;
use unlearn::numeric::interval::Interval;
use unlearn::objective::{Problem, Reduction};
use unlearn::train::coupling::Normalisation;
use unlearn::train::plan::{Plan, Step};

/// A vector to about 32 digits: sums of two floats.
struct Reference(Vec<(f64, f64)>);

impl Reference {
    /// The distance of floats from it: differences of near floats are exact, the low parts below them.
    fn distance(&self, theta: &DVector<f64>) -> f64 {
        let square = |(t, (hi, lo)): (&f64, &(f64, f64))| ((hi - t) + lo).powi(2);
        theta.iter().zip(&self.0).map(square).sum::<f64>().sqrt()
    }
}

struct Record {
    case: Case,
    run: Reference,
    rerun: Reference,
    fit: Reference,
    refit: Reference,
}

fn records() -> Vec<Record> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/golden/enclosures.csv");
    csv::Reader::from_path(path).unwrap().records().map(|r| record(&r.unwrap())).collect()
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(' ').map(|t| t.parse().unwrap()).collect()
}

fn record(r: &csv::StringRecord) -> Record {
    let (loss, x, y) = (r[0].parse::<Loss>().unwrap(), numbers(&r[1]), numbers(&r[2]));
    let columns = x.len() / y.len();
    let outputs = if loss == Loss::Softmax { 3 } else { 1 };
    let data = Dataset::new("golden", Design::dense(y.len(), columns, x).unwrap(), y.clone()).unwrap();
    let model = Model::linear(columns, outputs, loss, true).unwrap();
    let reduction: Reduction = r[3].parse().unwrap();
    let problem = Problem::new(data.into(), model, r[4].parse().unwrap()).unwrap().with_reduction(reduction);
    let rows = |text: &str| text.split(' ').map(|t| t.parse().unwrap()).collect::<Vec<usize>>();
    let forget = RowSet::new(y.len(), rows(&r[5])).unwrap();
    let rates = numbers(&r[7]);
    let steps =
        r[6].split(';').zip(rates).map(|(batch, eta)| Step { rows: rows(batch), eta }).collect::<Vec<_>>();
    let plan = Plan::new(steps, r[8].parse().unwrap(), r[9].parse().unwrap()).unwrap();
    let normalisation = if &r[10] == "fixed" { Normalisation::Fixed } else { Normalisation::Renormalised };
    let start = DVector::from_vec(numbers(&r[11]));
    let reference = |column: usize| {
        let parts = numbers(&r[column]);
        Reference(parts.chunks(2).map(|c| (c[0], c[1])).collect())
    };
    Record {
        case: Case::new("golden", problem, forget, plan, start, normalisation),
        run: reference(12),
        rerun: reference(13),
        fit: reference(14),
        refit: reference(15),
    }
}

/// Inside up to the rounding of the reference distance itself.
fn contains(x: Interval, d: f64) -> bool {
    x.lo() <= d * (1.0 + 1e-12) && d * (1.0 - 1e-12) <= x.hi()
}

#[test]
fn exact_runs_are_within_their_radii_and_the_radii_are_tight() {
    let mut largest_share = 0.0_f64;
    for r in records() {
        let (run, rerun) = (r.case.run().unwrap(), r.case.rerun().unwrap());
        let (e, again) = (r.case.run_enclosure().unwrap().last(), r.case.rerun_enclosure().unwrap().last());
        for (off, e) in [(r.run.distance(run.last()), e), (r.rerun.distance(rerun.last()), again)] {
            assert!(off <= e, "{off:e} from a run with radius {e:e}");
            // Twelve steps with momentum 0.9 stretch the first rounding by some ten thousand at most.
            assert!(e < 1e-10, "a radius of {e:e} says nothing");
            largest_share = largest_share.max(off / e);
        }
        let tight = r.case.tightened();
        for (off, e) in [
            (r.run.distance(run.last()), tight.run_enclosure().unwrap().last()),
            (r.rerun.distance(rerun.last()), tight.rerun_enclosure().unwrap().last()),
        ] {
            // Followed in precise arithmetic the radius is the distance itself.
            assert!(off * (1.0 - 1e-9) <= e && e <= off * (1.0 + 1e-9) + 1e-24, "{off:e} and {e:e}");
        }
        let distance = r.case.distance_to_rerun(run.last()).unwrap();
        assert!(contains(distance, r.rerun.distance(run.last())), "{distance:?}");
    }
    // Radii a hundred times smaller, or none at all, would not pass.
    assert!(largest_share > 0.01, "{largest_share}");
}

#[test]
fn exact_minimisers_are_where_the_enclosures_say() {
    let mut largest_share = 0.0_f64;
    for r in records() {
        let (fit, refit) = (r.case.fit().unwrap(), r.case.refit().unwrap());
        let tight = r.case.tightened();
        for theta in [&fit.theta, &refit.theta, &r.case.start, &refit.theta.add_scalar(1e-6)] {
            let exact = r.refit.distance(theta);
            let (loose, tight) =
                (r.case.distance_to_refit(theta).unwrap(), tight.distance_to_refit(theta).unwrap());
            assert!(contains(loose, exact), "{exact:e} is not in {loose:?}");
            assert!(contains(tight, exact), "{exact:e} is not in {tight:?}");
            assert!(tight.hi() - tight.lo() <= 1e-14 * exact + 1e-22, "{tight:?}");
        }
        let radius = r.case.distance_to_refit(&refit.theta).unwrap().hi();
        largest_share = largest_share.max(r.refit.distance(&refit.theta) / radius);
        assert!(r.fit.distance(&fit.theta) < 1e-10);
    }
    assert!(largest_share > 0.001, "{largest_share}");
}

/// A midpoint instead of its enclosure would decide what is open.
#[test]
fn without_its_width_an_enclosure_decides_too_much() {
    let noticed = records().iter().any(|r| {
        let refit = r.case.refit().unwrap();
        let measured = r.case.distance_to_refit(&refit.theta).unwrap();
        let claimed = Interval::point(measured.mid());
        let verdict = |measured| Evidence::inequality(measured, claimed, 0.0).verdict();
        verdict(measured) == Verdict::Undecided && verdict(claimed) == Verdict::Holds
    });
    assert!(noticed);
}
