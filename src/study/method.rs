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

use super::training::Training;
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

/// Retraining after pruning again, by the pruner of the study.
pub const REPRUNED: &str = "retrain-repruned";

/// Settings of a method that are the study's, not its own.
fn given(name: &str, setting: &str) -> bool {
    setting == "seed" || (name == REPRUNED && matches!(setting, "pruner" | "pruner-seed"))
}

/// Rows that are another row's method with another schedule: name, method, schedule.
pub const VARIANTS: [(&str, &str, &str); 2] =
    [("l1-sparse-constant", "l1-sparse", "constant"), ("l1-sparse-growing", "l1-sparse", "growing")];

/// Method and schedule of a variant.
fn variant(name: &str) -> Option<(&'static str, &'static str)> {
    VARIANTS.into_iter().find(|(n, ..)| *n == name).map(|(_, base, schedule)| (base, schedule))
}

/// What is compared unless methods are named, with the hyper-parameters in which a study differs from the methods'
/// own defaults.
///
/// Those of networks were chosen without looking at any retrained model: on class-wise forgetting of digits (class 0,
/// `mlp:64-32-10:tanh:softmax`, sparsity 0), seeds 101 to 103, the strongest value of a grid that costs at most two
/// points of accuracy on the retained rows.
///
/// | method | grid | chosen | next |
/// |---|---|---|---|
/// | fine-tune | rate 0.01, 0.03, 0.1 (Jia et al. 2023 search 10⁻³ to 10⁻¹, recalled) | 0.1 | end of the grid |
/// | gradient-ascent | rate 10⁻³, 3·10⁻³, 10⁻², 3·10⁻² | 10⁻² | loses 25 points |
/// | influence-cg | damping 1, 0.1, 0.03, 0.01, 0.003, 0.001 | 0.03 | 0.01 meets negative curvature when pruned |
/// | woodfisher | damping 1, 0.1, 0.01, 0.001, λ = 5·10⁻⁴ | λ | end of the grid |
/// | fisher | α 10⁻⁵, 10⁻⁴, 10⁻³, 10⁻² | 10⁻⁴ | loses 4 points |
/// | l1-sparse | rate of fine-tune; γ 10⁻³, 3·10⁻³, 10⁻² | 3·10⁻³ | loses 5 points |
///
/// A linear model trained to its minimum needs no choice: its methods keep their defaults.
pub fn usual(training: &Training) -> &'static [(&'static str, &'static [(&'static str, &'static str)])] {
    match training {
        Training::Newton => &[
            ("influence", &[]),
            ("newton", &[]),
            ("woodfisher", &[]),
            ("fine-tune", &[]),
            ("gradient-ascent", &[]),
            ("fisher", &[]),
            ("l1-sparse", &[]),
        ],
        Training::Sgd { .. } => &[
            (COUPLED, &[]),
            (REPRUNED, &[]),
            ("fine-tune", &[("rate", "0.1")]),
            ("gradient-ascent", &[("rate", "0.01")]),
            ("influence-cg", &[("damping", "0.03")]),
            ("woodfisher", &[]),
            ("fisher", &[("alpha", "0.0001")]),
            ("l1-sparse", &[("rate", "0.1"), ("gamma", "0.003")]),
        ],
    }
}

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
            if let Some((base, schedule)) = variant(name) {
                if changed.iter().any(|(setting, _)| setting == "gamma-schedule") {
                    return Err(Error::Invalid(format!(
                        "the schedule of {name} is its name; set the schedule of {base} instead"
                    )));
                }
                built.set("gamma-schedule", schedule)?;
            }
            for (setting, value) in changed {
                if setting == "seed" {
                    return Err(Error::Invalid(
                        "the seed of a method is that of its cell; use --seed".into(),
                    ));
                }
                if given(name, setting) {
                    return Err(Error::Invalid(format!(
                        "{name} prunes by the pruner of the study; use --pruner"
                    )));
                }
                built.set(setting, value).map_err(|error| match error {
                    Error::Invalid(text) if !text.starts_with(name) => {
                        Error::Invalid(format!("{name}: {text}"))
                    }
                    other => other,
                })?;
            }
            let all = built.settings().into_iter().filter(|(setting, _)| !given(name, setting));
            settings.extend(all.map(|(setting, value)| (setting.to_owned(), value)));
        }
        Ok(Method { method: name.to_owned(), settings })
    }

    /// The variants of a row of these that has some, with its other hyper-parameters.
    pub fn variants(methods: &[Method]) -> Vec<Method> {
        let absent = VARIANTS.into_iter().filter(|(name, ..)| methods.iter().all(|m| m.method != *name));
        let of = |(name, base, schedule): (&str, &str, &str)| {
            let mut found = methods.iter().find(|m| m.method == base)?.clone();
            found.method = name.to_owned();
            found.settings.insert("gamma-schedule".into(), schedule.into());
            Some(found)
        };
        absent.filter_map(of).collect()
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
        names.extend(VARIANTS.map(|(name, ..)| name));
        names
    }
}

fn build(name: &str, seed: u64) -> Result<Box<dyn Unlearner>> {
    if !Method::names().contains(&name) {
        let all = Method::names().join(", ");
        return Err(Error::Invalid(format!("unknown method '{name}'; choose one of {all}")));
    }
    let base = match name {
        COUPLED => "retrain",
        _ => variant(name).map_or(name, |(base, _)| base),
    };
    methods::method(base, seed)
}
