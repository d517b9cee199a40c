//! Where a run stands: all that its continuation depends on, and the same as bytes.

use super::Optimiser;
use crate::error::{Error, Result};
use nalgebra::DVector;

/// First bytes of a stored state; the digit is the version of the layout.
const MAGIC: &[u8; 8] = b"UNLSTAT1";

/// The parameters and what the optimiser carries from step to step.
///
/// [`PartialEq`] compares numbers (`0 = −0`); bitwise equality is equality of [`State::to_bytes`].
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The `k` kept parameters `θ`.
    pub theta: DVector<f64>,
    /// The momentum buffer `v` of SGD, the first moment `m` of Adam; `k` numbers.
    pub first: DVector<f64>,
    /// The second moment `v` of Adam, `k` numbers; empty for SGD.
    pub second: DVector<f64>,
    /// Steps done.
    pub step: u64,
}

impl State {
    /// Before the first step.
    pub fn start(theta: DVector<f64>, optimiser: Optimiser) -> State {
        let k = theta.len();
        let second = match optimiser {
            Optimiser::Sgd { .. } => 0,
            Optimiser::Adam { .. } => k,
        };
        State { first: DVector::zeros(k), second: DVector::zeros(second), theta, step: 0 }
    }

    /// Does the state belong to a model of `active` parameters and to this optimiser?
    pub(super) fn check(&self, active: usize, optimiser: Optimiser) -> Result<()> {
        Error::check_shape("parameters", active, self.theta.len())?;
        Error::check_shape("first moment of the optimiser", active, self.first.len())?;
        let second = match optimiser {
            Optimiser::Sgd { .. } => 0,
            Optimiser::Adam { .. } => active,
        };
        Error::check_shape("second moment of the optimiser", second, self.second.len())
    }

    /// The state as bytes: eight of magic and version; `k`, the length of the second moment and the step as
    /// little-endian 64-bit integers; the numbers as their 64 bits. `8·(4 + 2k)` or `8·(4 + 3k)` bytes.
    ///
    /// ```
    /// use unlearn::train::optimiser::{Optimiser, State};
    /// let state = State::start(nalgebra::dvector![-0.0, 1.5], Optimiser::ADAM);
    /// let bytes = state.to_bytes();
    /// assert_eq!(bytes.len(), 8 * (4 + 3 * 2));
    /// let back = State::from_bytes(&bytes).unwrap();
    /// assert!(back.theta[0].is_sign_negative() && back == state);
    /// assert!(State::from_bytes(&bytes[..bytes.len() - 1]).is_err());
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = [&self.theta, &self.first, &self.second];
        let count: usize = numbers.iter().map(|v| v.len()).sum();
        let mut bytes = Vec::with_capacity(8 * (4 + count));
        bytes.extend_from_slice(MAGIC);
        for integer in [self.theta.len() as u64, self.second.len() as u64, self.step] {
            bytes.extend_from_slice(&integer.to_le_bytes());
        }
        numbers
            .iter()
            .for_each(|v| v.iter().for_each(|x| bytes.extend_from_slice(&x.to_bits().to_le_bytes())));
        bytes
    }

    /// Reads what [`State::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the bytes are of another kind or version, were cut or continued, or hold a number that
    /// is not finite.
    pub fn from_bytes(bytes: &[u8]) -> Result<State> {
        let refuse = |why: String| Err(Error::Invalid(format!("stored optimiser state: {why}")));
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return refuse("it does not begin as one of this version does".into());
        };
        if rest.len() % 8 != 0 || rest.len() < 24 {
            return refuse(format!("{} bytes: it was cut", bytes.len()));
        }
        let word = |i: usize| u64::from_le_bytes(rest[8 * i..8 * i + 8].try_into().expect("eight bytes"));
        let (k, second, step) = (word(0), word(1), word(2));
        let words = (rest.len() / 8 - 3) as u64;
        // Lengths come from the file: no sum of them may overflow, and nothing is allocated before they are checked.
        let wanted = k.checked_mul(2).and_then(|n| n.checked_add(second));
        if wanted != Some(words) || (second != 0 && second != k) {
            return refuse(format!(
                "{words} numbers do not fit {k} parameters and a second moment of {second}"
            ));
        }
        let (k, second) = (k as usize, second as usize);
        let numbers = |from: usize, count: usize| {
            DVector::from_iterator(count, (from..from + count).map(|i| f64::from_bits(word(3 + i))))
        };
        let state =
            State { theta: numbers(0, k), first: numbers(k, k), second: numbers(2 * k, second), step };
        let all = state.theta.iter().chain(&state.first);
        if let Some(v) = all.chain(&state.second).find(|v| !v.is_finite()) {
            return refuse(format!("it holds {v}"));
        }
        Ok(state)
    }
}
