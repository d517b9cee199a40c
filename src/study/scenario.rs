//! What is forgotten: a class, rows at random, the rows of a Trojan, or classes of a source model.

use super::scale::Scale;
use super::trigger::Trigger;
use crate::data::{Amount, Dataset, Forget, RowSet, Split};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A scenario of forgetting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Scenario {
    /// All training rows of some classes.
    ClassWise {
        /// The classes.
        classes: Vec<f64>,
    },
    /// A share of the training rows, drawn uniformly.
    Random {
        /// The share, in `(0, 1)`.
        fraction: f64,
    },
    /// A share of the training rows carries a trigger and the label of the target class; those rows are forgotten.
    Trojan {
        /// The share, in `(0, 1)`.
        fraction: f64,
        /// The class that triggered rows are labelled with.
        target: f64,
        /// The mark.
        trigger: Trigger,
    },
    /// A source model knows all classes but those of the probe; some of its classes are forgotten; a linear probe
    /// on its hidden features then learns the others.
    Transfer {
        /// The classes forgotten.
        classes: Vec<f64>,
        /// The classes probed, which the source model never sees.
        probed: Vec<f64>,
    },
}

/// One draw of a scenario: everything that depends on the seed before any training.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The training rows, scaled, with the trigger where there is one.
    pub train: Arc<Dataset>,
    /// Which of them are forgotten.
    pub forget: RowSet,
    /// The test rows, scaled and clean.
    pub test: Arc<Dataset>,
    /// The test rows with the trigger and their true labels.
    pub triggered: Option<Arc<Dataset>>,
    /// Training and test rows of the probe, scaled.
    pub probe: Option<(Dataset, Dataset)>,
    /// Training rows in the numbering of the whole data.
    pub train_rows: Vec<usize>,
    /// Test rows in the numbering of the whole data.
    pub test_rows: Vec<usize>,
}

impl Scenario {
    /// The name on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Scenario::ClassWise { .. } => "class-wise",
            Scenario::Random { .. } => "random",
            Scenario::Trojan { .. } => "trojan",
            Scenario::Transfer { .. } => "transfer",
        }
    }

    /// The classes forgotten entirely.
    pub fn classes(&self) -> &[f64] {
        match self {
            Scenario::ClassWise { classes } | Scenario::Transfer { classes, .. } => classes,
            Scenario::Random { .. } | Scenario::Trojan { .. } => &[],
        }
    }

    /// Draws training, test and forgotten rows, all from one seed and one permutation ([`Split::draw`]); the test
    /// rows do not depend on what is forgotten.
    ///
    /// Forgotten rows are training rows and no test rows: released code of Jia et al. 2023 splits twice, with two
    /// seeds, so that a tenth of the rows it forgets was never trained on.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a class or a fraction that cannot be, or when no test row is left.
    pub fn draw(&self, data: &Dataset, test: f64, scale: Scale, seed: u64) -> Result<Setting> {
        self.check(data, test)?;
        let tested = Amount::Fraction(test);
        let draw = |forget: &Forget| Split::draw(data, tested, forget, seed);
        let (split, mut forgotten) = match self {
            Scenario::Random { fraction } | Scenario::Trojan { fraction, .. } => {
                let split = draw(&Forget::Random(Amount::Fraction(*fraction)))?;
                let forgotten = split.forget().to_vec();
                (split, forgotten)
            }
            Scenario::ClassWise { classes } | Scenario::Transfer { classes, .. } => {
                let parts = classes.iter().map(|c| draw(&Forget::Class(*c, Amount::Fraction(1.0))));
                let parts = parts.collect::<Result<Vec<Split>>>()?;
                let forgotten = parts.iter().flat_map(|p| p.forget().to_vec()).collect();
                (parts[0].clone(), forgotten)
            }
        };
        forgotten.sort_unstable();
        let (mut raw, mut triggered) = (data.clone(), None);
        if let Scenario::Trojan { target, trigger, .. } = self {
            raw = trigger.put(data, &forgotten, split.train())?;
            let mut labels = raw.target().to_vec();
            forgotten.iter().for_each(|&i| labels[i] = *target);
            raw = Dataset::new(raw.name.clone(), raw.design().clone(), labels)?;
            triggered = Some(trigger.put(data, split.test(), split.train())?);
        }
        let probed = match self {
            Scenario::Transfer { probed, .. } => &probed[..],
            _ => &[],
        };
        let of = |rows: &[usize], probe: bool| -> Vec<usize> {
            rows.iter().copied().filter(|&i| probed.contains(&data.target()[i]) == probe).collect()
        };
        let (train_rows, test_rows) = (of(split.train(), false), of(split.test(), false));
        // One map for everything, learned from the rows the model is trained on.
        let scaled = scale.apply(&raw, &train_rows)?;
        let triggered = triggered
            .map(|t| -> Result<_> {
                // Scaled by what the training rows say, not by the test rows.
                let both = stack(&raw, &t)?;
                let shifted: Vec<usize> = test_rows.iter().map(|i| i + raw.rows()).collect();
                Ok(Arc::new(scale.apply(&both, &train_rows)?.select(&shifted)?))
            })
            .transpose()?;
        let probe = if probed.is_empty() {
            None
        } else {
            let part = |rows: &[usize]| {
                let rows = of(rows, true);
                if rows.is_empty() {
                    let what =
                        "the probe needs training and test rows of the classes it learns; name other classes";
                    return Err(Error::Invalid(what.into()));
                }
                scaled.select(&rows)
            };
            Some((part(split.train())?, part(split.test())?))
        };
        // What a scenario rests on; see the documentation above.
        assert!(
            forgotten.iter().all(|i| train_rows.binary_search(i).is_ok()),
            "a forgotten row is not trained on"
        );
        assert!(
            forgotten.iter().all(|i| test_rows.binary_search(i).is_err()),
            "a forgotten row is tested on"
        );
        if test_rows.is_empty() {
            return Err(Error::Invalid("no test row is left; keep more rows for testing".into()));
        }
        let place = |i: &usize| train_rows.binary_search(i).expect("checked above");
        let forget = RowSet::new(train_rows.len(), forgotten.iter().map(place).collect())?;
        if forget.len() == train_rows.len() {
            return Err(Error::Invalid(
                "every training row would be forgotten; keep at least one class".into(),
            ));
        }
        Ok(Setting {
            train: Arc::new(scaled.select(&train_rows)?),
            forget,
            // The test rows are never poisoned: they are not training rows.
            test: Arc::new(scaled.select(&test_rows)?),
            triggered,
            probe,
            train_rows,
            test_rows,
        })
    }

    fn check(&self, data: &Dataset, test: f64) -> Result<()> {
        let refuse = |text: String| Err(Error::Invalid(text));
        if !(test > 0.0 && test < 1.0) {
            return refuse(format!(
                "a share of {test} of the rows for testing: TA and MIA need test rows, and training needs others; \
                 choose it between 0 and 1"
            ));
        }
        if let Scenario::Random { fraction } | Scenario::Trojan { fraction, .. } = self
            && !(*fraction > 0.0 && *fraction < 1.0)
        {
            return refuse(format!(
                "a fraction of {fraction} of the training rows: it must be above 0 and below 1"
            ));
        }
        let mut known: Vec<f64> = data.target().to_vec();
        known.sort_by(f64::total_cmp);
        known.dedup();
        let (probed, target) = match self {
            Scenario::Transfer { probed, .. } => (&probed[..], None),
            Scenario::Trojan { target, .. } => (&[][..], Some(*target)),
            _ => (&[][..], None),
        };
        for class in self.classes().iter().chain(probed).copied().chain(target) {
            if !known.contains(&class) {
                let list: Vec<String> = known.iter().take(20).map(f64::to_string).collect();
                return refuse(format!(
                    "{} has no class {class}; its classes are {}",
                    data.name,
                    list.join(", ")
                ));
            }
        }
        if matches!(self, Scenario::ClassWise { .. } | Scenario::Transfer { .. }) && self.classes().is_empty()
        {
            return refuse("name at least one class to forget".into());
        }
        let mut all: Vec<f64> = self.classes().iter().chain(probed).copied().collect();
        let named = all.len();
        all.sort_by(f64::total_cmp);
        all.dedup();
        if all.len() < named {
            return refuse("a class is named twice, or both to forget and to probe".into());
        }
        if let Scenario::Transfer { probed, .. } = self {
            if probed.len() < 2 {
                return refuse("a probe needs at least two classes to tell apart".into());
            }
            if known.len() < all.len() + 1 {
                return refuse("nothing is left of the source model's classes; forget or probe fewer".into());
            }
        }
        Ok(())
    }
}

/// The rows of `a`, then those of `b`, dense.
fn stack(a: &Dataset, b: &Dataset) -> Result<Dataset> {
    let mut values = a.design().to_dense().values().to_vec();
    values.extend_from_slice(b.design().to_dense().values());
    let labels = a.target().iter().chain(b.target()).copied().collect();
    let design = crate::data::Design::dense(a.rows() + b.rows(), a.cols(), values)?;
    Dataset::new(a.name.clone(), design, labels)
}
