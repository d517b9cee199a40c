//! The rows of a study's table: which methods, with which hyper-parameters.
//!
//! The reference and the floors are always there:
//!
//! | row | what |
//! |---|---|
//! | `retrain` | the reference: training on the retained rows *given the mask*, from another start and in another order, as in Jia et al. 2023 |
//! | `retrain-uncoupled` | the same with other chance again: gaps below its gap mean nothing |
//! | `noop` | the trained model as it is: gaps above its gap are harm |
//!
//! Elsewhere in this crate `retrain` is *coupled* retraining, which repeats start and batches; here that is the
//! method `retrain-coupled`. For a model trained to its minimiser all three retrainings are the same.

use crate::error::{Error, Result};
use crate::unlearn::{self as methods, Unlearner};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The reference of all gaps.
pub const REFERENCE: &str = "retrain";

/// The same with other chance.
pub const FLOOR: &str = "retrain-uncoupled";

/// Leaving the model as it is.
pub const NOOP: &str = "noop";

/// Coupled retraining.
pub const COUPLED: &str = "retrain-coupled";

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Its name in records.
    pub method: String,
    /// Its hyper-parameters, but for the seed, which every cell has of its own.
    pub settings: BTreeMap<String, String>,
}

impl Method {
    /// A method by its name, with some hyper-parameters changed.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an unknown name, setting or value.
    pub fn new(name: &str, changed: &[(String, String)]) -> Result<Method> {
        let mut settings = BTreeMap::new();
        if matches!(name, REFERENCE | FLOOR) {
            if let Some((setting, _)) = changed.first() {
                return Err(Error::Invalid(format!(
                    "{name} has no setting '{setting}'; it trains as the model was trained"
                )));
            }
        } else {
            let mut built = build(name, 0)?;
            for (setting, value) in changed {
                if setting == "seed" {
                    return Err(Error::Invalid(
                        "the seed of a method is that of its cell; use --seed".into(),
                    ));
                }
                built.set(setting, value)?;
            }
            let all = built.settings().into_iter().filter(|(setting, _)| *setting != "seed");
            settings.extend(all.map(|(setting, value)| (setting.to_owned(), value)));
        }
        Ok(Method { method: name.to_owned(), settings })
    }

    /// The method ready to run, with this seed where it draws. Not for the reference and its floor.
    ///
    /// # Errors
    /// As [`Method::new`].
    pub fn unlearner(&self, seed: u64) -> Result<Box<dyn Unlearner>> {
        let mut built = build(&self.method, seed)?;
        for (setting, value) in &self.settings {
            built.set(setting, value)?;
        }
        Ok(built)
    }

    /// Every method that a study knows.
    pub fn names() -> Vec<&'static str> {
        let mut names = vec![REFERENCE, FLOOR, COUPLED];
        names.extend(
            methods::methods(0)
                .iter()
                .map(|m| m.name())
                .filter(|n| !matches!(*n, "retrain" | "retrain-uncoupled")),
        );
        names
    }
}

fn build(name: &str, seed: u64) -> Result<Box<dyn Unlearner>> {
    if !Method::names().contains(&name) {
        let all = Method::names().join(", ");
        return Err(Error::Invalid(format!("unknown method '{name}'; choose one of {all}")));
    }
    methods::method(if name == COUPLED { "retrain" } else { name }, seed)
}
