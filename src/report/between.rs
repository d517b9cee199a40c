//! Enclosures for people: two decimals, the first rounded down and the second up, with as many digits as
//! the width deserves.

use crate::numeric::interval::Interval;

/// The ends of an interval of numbers that are not negative, rounded outwards to the fewest digits (at least three)
/// that do not make it more than three times as wide.
///
/// ```
/// use unlearn::numeric::interval::Interval;
/// use unlearn::report::between::ends;
/// let shown = |lo, hi| ends(Interval::new(lo, hi));
/// assert_eq!(shown(0.5, 0.5), ("0.500".into(), "0.500".into()));
/// assert_eq!(shown(0.123456, 0.123458), ("0.123455".into(), "0.123458".into())); // both floats lie below
/// assert_eq!(shown(0.0, f64::EPSILON / 2.0), ("0".into(), "1.12e-16".into())); // 1.1102…e-16
/// assert_eq!(shown(2.0, f64::INFINITY), ("2.00".into(), "inf".into()));
/// ```
///
/// Panics when the lower end is negative.
pub fn ends(x: Interval) -> (String, String) {
    assert!(x.lo() >= 0.0, "a negative lower end {}", x.lo());
    let width = x.hi() - x.lo();
    let pair = |digits| (Decimal::below(x.lo(), digits), Decimal::above(x.hi(), digits));
    let (lo, hi) = (3..17)
        .map(pair)
        .find(|(lo, hi)| !width.is_finite() || hi.value() - lo.value() <= 3.0 * width)
        .unwrap_or_else(|| pair(17));
    (lo.text(), hi.text())
}

/// Three digits of a number that is not negative, rounded up: what is printed as a bound must not be smaller than it.
///
/// ```
/// use unlearn::report::between::above;
/// assert_eq!([0.0, 0.5, 1.6801e-5, f64::INFINITY].map(above), ["0", "0.500", "1.69e-5", "inf"]);
/// ```
///
/// Panics for a negative or undefined number.
pub fn above(x: f64) -> String {
    assert!(x >= 0.0, "a bound of {x}");
    Decimal::above(x, 3).text()
}

/// `digits · 10^exponent`.
struct Decimal {
    digits: u64,
    exponent: i32,
    infinite: bool,
}

impl Decimal {
    /// At most `x`, with that many digits, and whether something was cut off. Exact: a float has a finite
    /// decimal expansion, of at most 767 digits.
    fn cut(x: f64, digits: usize) -> (Decimal, bool) {
        if x == 0.0 || x.is_infinite() {
            return (Decimal { digits: 0, exponent: 0, infinite: x.is_infinite() }, false);
        }
        let expansion = format!("{x:.770e}");
        let (mantissa, exponent) = expansion.split_once('e').expect("scientific notation");
        let mantissa = mantissa.replace('.', "");
        let (kept, rest) = mantissa.split_at(digits);
        let exponent = exponent.parse::<i32>().expect("an exponent") - digits as i32 + 1;
        let digits = kept.parse().expect("at most 17 digits");
        (Decimal { digits, exponent, infinite: false }, rest.bytes().any(|b| b != b'0'))
    }

    fn below(x: f64, digits: usize) -> Decimal {
        Decimal::cut(x, digits).0
    }

    fn above(x: f64, digits: usize) -> Decimal {
        let (mut decimal, more) = Decimal::cut(x, digits);
        decimal.digits += u64::from(more);
        decimal
    }

    fn value(&self) -> f64 {
        if self.infinite {
            return f64::INFINITY;
        }
        format!("{}e{}", self.digits, self.exponent).parse().expect("a decimal")
    }

    fn text(&self) -> String {
        if self.infinite {
            return "inf".into();
        }
        if self.digits == 0 {
            return "0".into();
        }
        let all = self.digits.to_string();
        let point = all.len() as i32 + self.exponent;
        match point {
            -2..=0 => format!("0.{}{all}", "0".repeat(-point as usize)),
            1..=6 if (point as usize) < all.len() => {
                format!("{}.{}", &all[..point as usize], &all[point as usize..])
            }
            1..=6 => format!("{all}{}", "0".repeat(point as usize - all.len())),
            _ => format!("{}.{}e{}", &all[..1], &all[1..], point - 1),
        }
    }
}
