//! The data sets that are compiled into the crate, so that the first run needs no file.

use super::read::csv;
use super::{Dataset, Task};
use crate::error::{Error, Result};

/// What is known about a built-in data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// The name to load it by.
    pub name: &'static str,
    /// What the last column means.
    pub task: Task,
    /// Number of samples.
    pub rows: usize,
    /// Number of features.
    pub features: usize,
    /// Under which terms it is redistributed.
    pub licence: &'static str,
    /// Who published it, and where.
    pub provenance: &'static str,
    text: &'static str,
}

/// Every built-in data set (`datasets/*.csv` of the repository, byte for byte).
///
/// ```
/// use unlearn::data::builtin::NAMES;
/// let names: Vec<_> = NAMES.iter().map(|b| b.name).collect();
/// assert_eq!(names, ["wdbc", "digits", "wine", "iris", "diabetes"]);
/// ```
pub const NAMES: [Builtin; 5] = [
    Builtin {
        name: "wdbc",
        task: Task::Binary,
        rows: 569,
        features: 30,
        licence: "CC BY 4.0",
        provenance: "Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning Repository; \
                     Wolberg, Mangasarian, Street, Street 1993; 1 = benign",
        text: include_str!("../../datasets/wdbc.csv"),
    },
    Builtin {
        name: "digits",
        task: Task::Multiclass(10),
        rows: 1797,
        features: 64,
        licence: "CC BY 4.0",
        provenance: "Optical Recognition of Handwritten Digits (test part), UCI Machine Learning \
                     Repository; Alpaydin, Kaynak 1998; 8 x 8 grey levels 0 to 16",
        text: include_str!("../../datasets/digits.csv"),
    },
    Builtin {
        name: "wine",
        task: Task::Multiclass(3),
        rows: 178,
        features: 13,
        licence: "CC BY 4.0",
        provenance: "Wine, UCI Machine Learning Repository; Aeberhard, Forina 1991",
        text: include_str!("../../datasets/wine.csv"),
    },
    Builtin {
        name: "iris",
        task: Task::Multiclass(3),
        rows: 150,
        features: 4,
        licence: "CC BY 4.0",
        provenance: "Iris, UCI Machine Learning Repository; Fisher 1936",
        text: include_str!("../../datasets/iris.csv"),
    },
    Builtin {
        name: "diabetes",
        task: Task::Regression,
        rows: 442,
        features: 10,
        licence: "published with the paper; redistributed by scikit-learn (BSD-3-Clause)",
        provenance: "Efron, Hastie, Johnstone, Tibshirani, Least Angle Regression, \
                     Annals of Statistics 2004; unscaled",
        text: include_str!("../../datasets/diabetes.csv"),
    },
];

/// Loads a built-in data set, with its last column as the target.
///
/// ```
/// use unlearn::data::builtin;
/// let iris = builtin::load("iris").unwrap();
/// assert_eq!((iris.rows(), iris.cols()), (150, 4));
/// assert_eq!(iris.features()[0], "sepal_length");
/// assert_eq!(iris.target()[149], 2.0);
/// ```
///
/// # Errors
/// [`Error::Invalid`] for an unknown name; it lists the names and says how a file is named.
pub fn load(name: &str) -> Result<Dataset> {
    with_target(name, None).unwrap_or_else(|| {
        let names: Vec<_> = NAMES.iter().map(|b| b.name).collect();
        Err(Error::Invalid(format!(
            "there is no built-in data set {name:?}; the names are {}. A file needs its extension \
             (.csv, .svm, .libsvm, .svmlight, .npz), for example {name}.csv",
            names.join(", ")
        )))
    })
}

/// The built-in data set `name` with any of its columns as the target; `None` for other names.
pub(super) fn with_target(name: &str, target: Option<&str>) -> Option<Result<Dataset>> {
    let set = NAMES.iter().find(|b| b.name == name)?;
    Some(csv::parse(&format!("built-in {name}"), name, set.text, target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_describes_the_files() {
        for set in NAMES {
            let data = load(set.name).unwrap();
            assert_eq!((data.rows(), data.cols()), (set.rows, set.features), "{}", set.name);
            assert_eq!(data.name, set.name);
            let classes = match set.task {
                Task::Regression => continue,
                Task::Binary => 2,
                Task::Multiclass(c) => c,
            };
            for class in 0..classes {
                assert!(data.target().contains(&(class as f64)), "{} lacks class {class}", set.name);
            }
            assert!(data.target().iter().all(|&y| y.fract() == 0.0 && y >= 0.0 && y < classes as f64));
        }
    }

    #[test]
    fn known_class_counts() {
        // As published: 357 benign of 569, 50 of each iris, 59/71/48 wines.
        let count = |name, y: f64| load(name).unwrap().target().iter().filter(|&&t| t == y).count();
        assert_eq!((count("wdbc", 1.0), count("wdbc", 0.0)), (357, 212));
        assert_eq!((count("iris", 0.0), count("iris", 1.0), count("iris", 2.0)), (50, 50, 50));
        assert_eq!((count("wine", 0.0), count("wine", 1.0), count("wine", 2.0)), (59, 71, 48));
    }
}
