//! The tables of `datasets/golden/`: numbers made by an independent tool with many digits.

use super::decimal::Decimal;
use nalgebra::DVector;
use std::collections::BTreeMap;
use std::path::Path;
use unlearn::data::{Dataset, Design};
use unlearn::mask::Mask;
use unlearn::model::Spec;
use unlearn::numeric::interval::Interval;
use unlearn::objective::{Problem, Reduction};

/// All rows of a table; an empty one is an error, since it would test nothing.
pub(crate) fn records(table: &str) -> Vec<csv::StringRecord> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/golden").join(table);
    let records: Vec<_> = csv::Reader::from_path(path).unwrap().records().map(Result::unwrap).collect();
    assert!(!records.is_empty(), "{table} has no rows");
    records
}

pub(crate) fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("'{text}' is not a number"))
}

/// Numbers with a blank between them.
pub(crate) fn numbers(text: &str) -> Vec<f64> {
    text.split(' ').map(number).collect()
}

/// Is a number of a table in the interval? Tables are rounded after 30 digits or more; 28 of them are those of the value
/// itself.
pub(crate) fn contains(x: Interval, value: &str) -> bool {
    contains_to(28, x, value)
}

/// As [`contains`], for tables with so many true digits.
pub(crate) fn contains_to(digits: usize, x: Interval, value: &str) -> bool {
    if let Some(value) = value.strip_prefix('-') {
        return contains_to(digits, -x, value);
    }
    let value = Decimal::parse(value).leading(digits);
    let end = |x: f64| Decimal::of(x).leading(digits);
    (x.lo() <= 0.0 || end(x.lo()) <= value)
        && x.hi() >= 0.0
        && (x.hi() == f64::INFINITY || value <= end(x.hi()))
}

/// A problem of the table `problems.csv`: everything needed to build it, and what it must give, with all digits.
#[derive(Default)]
pub(crate) struct Golden {
    pub(crate) text: BTreeMap<String, String>,
    pub(crate) cells: BTreeMap<String, BTreeMap<(usize, usize), String>>,
}

impl Golden {
    /// All of them by name.
    pub(crate) fn read() -> BTreeMap<String, Golden> {
        let mut problems: BTreeMap<String, Golden> = BTreeMap::new();
        for r in records("problems.csv") {
            let problem = problems.entry(r[0].to_owned()).or_default();
            if r[2].is_empty() {
                problem.text.insert(r[1].to_owned(), r[4].to_owned());
            } else {
                let index = (r[2].parse().unwrap(), r[3].parse().unwrap_or(0));
                problem.cells.entry(r[1].to_owned()).or_default().insert(index, r[4].to_owned());
            }
        }
        problems
    }

    /// A quantity as floats, by increasing index.
    pub(crate) fn column(&self, quantity: &str) -> Vec<f64> {
        self.cells.get(quantity).into_iter().flat_map(|c| c.values()).map(|v| number(v)).collect()
    }

    pub(crate) fn problem(&self, sparse: bool) -> Problem {
        let (x, y) = (self.column("x"), self.column("y"));
        let dense = Design::dense(y.len(), x.len() / y.len(), x).unwrap();
        let data = Dataset::new("golden", if sparse { dense.to_sparse() } else { dense }, y).unwrap();
        let spec: Spec = self.text["model"].parse().unwrap();
        let model = spec.resolve(&data, self.text["bias"] == "1").unwrap();
        let mut keep = vec![false; self.text["parameters"].parse().unwrap()];
        self.cells["theta"].keys().for_each(|&(j, _)| keep[j] = true);
        let problem = Problem::new(data.into(), model, number(&self.text["ridge"]))
            .unwrap()
            .with_reduction(Reduction::Sum)
            .with_mask(Mask::new(&keep).unwrap())
            .unwrap();
        match self.column("perturbation") {
            b if b.is_empty() => problem,
            b => problem.with_perturbation(DVector::from_vec(b)).unwrap(),
        }
    }
}
