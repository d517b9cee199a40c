//! Numbers for people: few digits, narrow columns.

/// Three significant digits in at most eight characters.
///
/// ```
/// use unlearn::report::number::short;
/// let shown = [0.0, 1.0, 0.2504, 28.41, 0.00012, 3.0e43, f64::INFINITY].map(short);
/// assert_eq!(shown, ["0", "1.00", "0.250", "28.4", "1.20e-4", "3.00e43", "inf"]);
/// ```
pub fn short(x: f64) -> String {
    significant(x, 3)
}

/// Two different numbers with as many digits, at least three, as it takes to tell them apart.
///
/// ```
/// use unlearn::report::number::distinguished;
/// assert_eq!(distinguished(0.25, 0.5), ("0.250".into(), "0.500".into()));
/// assert_eq!(distinguished(24.8012, 24.8009), ("24.8012".into(), "24.8009".into()));
/// ```
pub fn distinguished(x: f64, y: f64) -> (String, String) {
    let pair = |digits| (significant(x, digits), significant(y, digits));
    // Seventeen digits tell any two 64-bit numbers apart.
    (3..17).map(pair).find(|(x, y)| x != y).unwrap_or_else(|| pair(17))
}

fn significant(x: f64, digits: i32) -> String {
    let size = x.abs();
    if x == 0.0 {
        "0".into()
    } else if !x.is_finite() {
        if x.is_nan() { "n/a".into() } else { format!("{x}") }
    } else if !(0.001..9999.5).contains(&size) {
        format!("{x:.*e}", digits as usize - 1)
    } else {
        let places = (digits - 1 - size.log10().floor() as i32).max(0) as usize;
        format!("{x:.places$}")
    }
}

/// The shortest text that reads back as the same number.
///
/// ```
/// assert_eq!(unlearn::report::number::exact(0.1), "0.1");
/// assert_eq!(unlearn::report::number::exact(2.0), "2");
/// assert_eq!(unlearn::report::number::exact(1e-30), "1e-30");
/// ```
pub fn exact(x: f64) -> String {
    let text = format!("{x:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// `one row`, `3 rows`.
///
/// ```
/// assert_eq!(unlearn::report::number::count(1, "claim"), "1 claim");
/// assert_eq!(unlearn::report::number::count(0, "claim"), "0 claims");
/// ```
pub fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}
