//! How a shard is to be amended, as it is typed and kept.

use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Which slices of a shard are fine-tuned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The earliest slice that lost a row and all after it: what retraining would train again.
    Affected,
    /// Only the slices that lost a row.
    Hit,
    /// All slices of the shard: the only scope with a small distance from the retrained shard.
    All,
}

impl Scope {
    const ALL: [(Scope, &'static str); 3] =
        [(Scope::Affected, "affected"), (Scope::Hit, "hit"), (Scope::All, "all")];

    /// The slices, given for each whether it lost a row.
    ///
    /// ```
    /// use unlearn::unlearn::slice_fine_tune::Scope;
    /// let hit = [false, true, false];
    /// assert_eq!([Scope::Affected, Scope::Hit, Scope::All].map(|s| s.slices(&hit)), [vec![1, 2], vec![1], vec![0, 1, 2]]);
    /// ```
    pub fn slices(self, hit: &[bool]) -> Vec<usize> {
        let first = hit.iter().position(|h| *h).unwrap_or(hit.len());
        let take = |s: &usize| match self {
            Scope::Affected => *s >= first,
            Scope::Hit => hit[*s],
            Scope::All => true,
        };
        (0..hit.len()).filter(take).collect()
    }
}

/// How it is fine-tuned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Damped Newton steps: few, and one for squared loss.
    Newton,
    /// Gradient descent with step `1/L`.
    Descent,
}

impl Method {
    const ALL: [(Method, &'static str); 2] = [(Method::Newton, "newton"), (Method::Descent, "descent")];
}

/// Where fine-tuning starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The shard's last exact model with the vectors carried for the forgotten rows added.
    Carried,
    /// The same with what the forgotten rows contributed subtracted ([`crate::unlearn::addback`], recorded gradients).
    Subtracted,
    /// The last exact model as it is.
    Nothing,
}

impl Start {
    const ALL: [(Start, &'static str); 3] =
        [(Start::Carried, "carried"), (Start::Subtracted, "subtracted"), (Start::Nothing, "nothing")];
}

/// A stated gradient residual, and how to get there.
///
/// Written `RESIDUAL[:SCOPE[:METHOD[:START]]]`; what is left out is `affected`, `newton` and `carried`.
///
/// ```
/// use unlearn::unlearn::slice_fine_tune::{Amendment, Method, Scope, Start};
/// let a: Amendment = "1e-8:all".parse().unwrap();
/// assert_eq!((a.residual, a.scope, a.method, a.start), (1e-8, Scope::All, Method::Newton, Start::Carried));
/// assert_eq!(a.to_string(), "1e-8:all:newton:carried");
/// assert!(["0", "-1", "inf", "nan", "1e-8:some", "1e-8:all:newton:carried:more", ""].iter().all(|t| t.parse::<Amendment>().is_err()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amendment {
    /// The gradient norm at which fine-tuning stops, above 0.
    pub residual: f64,
    /// On which slices.
    pub scope: Scope,
    /// By which steps.
    pub method: Method,
    /// From where.
    pub start: Start,
}

impl Amendment {
    /// The affected slices by Newton's steps from the carried vectors.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless the residual is finite and above 0.
    pub fn new(residual: f64) -> Result<Amendment> {
        let (scope, method, start) = (Scope::Affected, Method::Newton, Start::Carried);
        Amendment { residual, scope, method, start }.check()
    }

    /// Checks the residual.
    ///
    /// # Errors
    /// [`Error::Invalid`] unless it is finite and above 0.
    pub fn check(self) -> Result<Amendment> {
        check_residual(self.residual)?;
        Ok(self)
    }
}

pub(super) fn check_residual(residual: f64) -> Result<()> {
    if residual > 0.0 && residual.is_finite() {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "a residual of {residual}: it is the gradient norm at which fine-tuning stops, a finite number above 0"
    )))
}

impl FromStr for Amendment {
    type Err = Error;
    fn from_str(text: &str) -> Result<Amendment> {
        let mut parts = text.trim().split(':');
        let number = parts.next().unwrap_or("");
        let residual = number.parse().map_err(|_| {
            Error::Invalid(format!(
                "an amendment of '{text}': write RESIDUAL[:SCOPE[:METHOD[:START]]], for example 1e-8:all"
            ))
        })?;
        let amendment = Amendment {
            residual,
            scope: parts.next().map_or(Ok(Scope::Affected), |t| named("scope", &Scope::ALL, t))?,
            method: parts.next().map_or(Ok(Method::Newton), |t| named("method", &Method::ALL, t))?,
            start: parts.next().map_or(Ok(Start::Carried), |t| named("start", &Start::ALL, t))?,
        };
        match parts.next() {
            Some(more) => {
                Err(Error::Invalid(format!("'{more}' in the amendment '{text}' is one part too many")))
            }
            None => amendment.check(),
        }
    }
}

impl fmt::Display for Amendment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scope, method) = (name(&Scope::ALL, self.scope), name(&Method::ALL, self.method));
        write!(f, "{:e}:{scope}:{method}:{}", self.residual, name(&Start::ALL, self.start))
    }
}

fn name<T: PartialEq>(all: &[(T, &'static str)], one: T) -> &'static str {
    all.iter().find(|(t, _)| *t == one).map_or("", |(_, name)| name)
}

fn named<T: Copy>(what: &str, all: &[(T, &'static str)], text: &str) -> Result<T> {
    all.iter().find(|(_, name)| *name == text).map(|(t, _)| *t).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(_, name)| *name).collect();
        Error::Invalid(format!("the {what} '{text}' of an amendment: it must be one of {}", names.join(", ")))
    })
}
