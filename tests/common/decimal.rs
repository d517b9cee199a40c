//! Comparison of floats with decimals of many digits, without rounding either.

use std::cmp::Ordering;

/// A number that is not negative, `0.d₁d₂… · 10^exponent` with `d₁ ≠ 0`; zero has no digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    exponent: i64,
    digits: String,
}

impl Decimal {
    /// Reads `123.45e-6` and the like.
    pub(crate) fn parse(text: &str) -> Decimal {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        assert!(all.bytes().all(|b| b.is_ascii_digit()), "'{text}' is not a decimal without sign");
        let leading = all.len() - all.trim_start_matches('0').len();
        let digits = all.trim_matches('0').to_owned();
        let exponent: i64 = exponent.parse().unwrap();
        let exponent =
            if digits.is_empty() { i64::MIN } else { exponent + whole.len() as i64 - leading as i64 };
        Decimal { exponent, digits }
    }

    /// The first digits alone: a monotone map, so an order that holds before holds after.
    pub(crate) fn leading(&self, digits: usize) -> Decimal {
        let kept = self.digits.get(..digits).unwrap_or(&self.digits);
        Decimal { exponent: self.exponent, digits: kept.trim_end_matches('0').to_owned() }
    }

    /// The exact decimal expansion of a finite float that is not negative: at most 767 digits.
    pub(crate) fn of(x: f64) -> Decimal {
        Decimal::parse(&format!("{:.770e}", x.abs()))
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Decimal) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Decimal) -> Ordering {
        // Without trailing zeros the order of digits is that of the alphabet.
        self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits))
    }
}
