//! Hyper-parameters as text: read strictly, refused with the domain.

use crate::error::{Error, Result};
use crate::train::epochs::Settings;

/// A method was asked for a hyper-parameter that it does not have.
pub(super) fn unknown(method: &str, name: &str, has: &[(&'static str, String)]) -> Error {
    let names = has.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let those = if names.is_empty() { "it has none".into() } else { format!("it has {names}") };
    Error::Invalid(format!("{method} has no setting '{name}'; {those}"))
}

/// A whole number, `least` or more.
pub(super) fn count(name: &str, value: &str, least: usize) -> Result<usize> {
    let found = value.parse().ok().filter(|n| *n >= least);
    found.ok_or_else(|| {
        Error::Invalid(format!("{name} '{value}': it must be a whole number, {least} or larger"))
    })
}

/// A finite number, 0 or larger.
pub(super) fn nonnegative(name: &str, value: &str) -> Result<f64> {
    let found = value.parse().ok().filter(|v: &f64| *v >= 0.0 && v.is_finite());
    found.ok_or_else(|| Error::Invalid(format!("{name} '{value}': it must be a finite number, 0 or larger")))
}

/// A number as it is typed, short.
pub(super) fn text(value: f64) -> String {
    let plain = value.to_string();
    if plain.len() <= 8 { plain } else { std::cmp::min_by_key(plain, format!("{value:e}"), String::len) }
}

/// A seed.
pub(super) fn seed(name: &str, value: &str) -> Result<u64> {
    value.parse().map_err(|_| {
        Error::Invalid(format!("{name} '{value}': it must be a whole number from 0 to {}", u64::MAX))
    })
}

/// How an optional number that follows the ridge is written.
pub(super) const RIDGE: &str = "ridge";

/// A number, or the word for what the ridge amounts to.
pub(super) fn nonnegative_or_ridge(name: &str, value: &str) -> Result<Option<f64>> {
    if value == RIDGE { Ok(None) } else { nonnegative(name, value).map(Some) }
}

/// The number, or the word for what the ridge amounts to.
pub(super) fn or_ridge(value: Option<f64>) -> String {
    value.map_or_else(|| RIDGE.into(), text)
}

/// The hyper-parameters of a run in epochs.
pub(super) fn of_run(run: &Settings) -> Vec<(&'static str, String)> {
    vec![
        ("epochs", run.epochs.to_string()),
        ("rate", text(run.rate)),
        ("batch", run.batch.to_string()),
        ("momentum", text(run.momentum)),
        ("weight-decay", or_ridge(run.weight_decay)),
        ("seed", run.seed.to_string()),
    ]
}

/// Sets one of [`of_run`]; `false` when there is none of that name.
pub(super) fn set_run(run: &mut Settings, name: &str, value: &str) -> Result<bool> {
    let mut changed = *run;
    match name {
        "epochs" => changed.epochs = count(name, value, 0)?,
        "rate" => changed.rate = nonnegative(name, value)?,
        "batch" => changed.batch = count(name, value, 1)?,
        "momentum" => changed.momentum = nonnegative(name, value)?,
        "weight-decay" => changed.weight_decay = nonnegative_or_ridge(name, value)?,
        "seed" => changed.seed = seed(name, value)?,
        _ => return Ok(false),
    }
    changed.check()?;
    *run = changed;
    Ok(true)
}
