//! Hyper-parameters of a removal method on the command line and in JSON.

use serde_json::Value;
use std::str::FromStr;
use unlearn::error::{Error, Result};
use unlearn::unlearn::{Unlearner, configured};

#[derive(clap::Args, Debug)]
#[group(skip)]
pub(super) struct Options {
    /// A hyper-parameter of the method, such as epochs=3 (repeat for more; results list them all)
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<Setting>,
}

/// One `NAME=VALUE`.
#[derive(Debug, Clone)]
struct Setting {
    name: String,
    value: String,
}

impl FromStr for Setting {
    type Err = Error;
    fn from_str(s: &str) -> Result<Setting> {
        match s.split_once('=') {
            Some((name, value)) if !name.is_empty() && !value.is_empty() => {
                Ok(Setting { name: name.trim().into(), value: value.trim().into() })
            }
            _ => Err(Error::Invalid(format!("'{s}': write NAME=VALUE, such as epochs=3"))),
        }
    }
}

impl Options {
    /// The method with its hyper-parameters; each may be given once.
    pub(super) fn apply(&self, method: &str, seed: u64) -> Result<Box<dyn Unlearner>> {
        for (n, setting) in self.set.iter().enumerate() {
            if self.set[..n].iter().any(|s| s.name == setting.name) {
                return Err(Error::Invalid(format!("--set {} is given twice", setting.name)));
            }
        }
        let settings: Vec<_> = self.set.iter().map(|s| (s.name.as_str(), s.value.as_str())).collect();
        configured(method, seed, &settings)
    }
}

/// Hyper-parameters as an object.
pub(super) fn json(settings: &[(&'static str, String)]) -> Value {
    Value::Object(settings.iter().map(|(name, text)| ((*name).into(), value(text))).collect())
}

/// Numbers as numbers, words as words. A seed may exceed what other readers of JSON take for a whole number.
fn value(text: &str) -> Value {
    match (text.parse::<u64>(), text.parse::<f64>()) {
        (Ok(whole), _) => whole.into(),
        (_, Ok(number)) if number.is_finite() => number.into(),
        _ => text.into(),
    }
}
