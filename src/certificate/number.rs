//! Floats as text: sign, odd hexadecimal mantissa, binary exponent. One text for each number.

use crate::data::read::quote;

/// Significant bits of a float.
const PRECISION: u32 = 53;
/// The exponent of the smallest positive float.
const LEAST: i32 = -1074;

/// `x` as `±0x<odd mantissa>p<exponent>`, and both zeros as `0x0p0`. Panics when `x` is not finite.
pub(super) fn text(x: f64) -> String {
    assert!(x.is_finite(), "{x} has no exact text");
    if x == 0.0 {
        return "0x0p0".into();
    }
    let (bits, sign) = (x.abs().to_bits(), if x < 0.0 { "-" } else { "" });
    let fraction = bits & ((1 << (PRECISION - 1)) - 1);
    let (mantissa, exponent) = match (bits >> (PRECISION - 1)) as i32 {
        0 => (fraction, LEAST),
        biased => (fraction | 1 << (PRECISION - 1), biased - 1 + LEAST),
    };
    let even = mantissa.trailing_zeros();
    format!("{sign}{:#x}p{}", mantissa >> even, exponent + even as i32)
}

/// The number that [`text`] writes as `field`; of any other text, what is wrong with it.
pub(super) fn parse(field: &str) -> Result<f64, String> {
    let wrong = |why: &str| Err(format!("{} {why}", quote(field)));
    if field == "0x0p0" {
        return Ok(0.0);
    }
    let (negative, rest) = field.strip_prefix('-').map_or((false, field), |rest| (true, rest));
    let Some((digits, power)) = rest.strip_prefix("0x").and_then(|rest| rest.split_once('p')) else {
        return wrong("is not a number of the form 0x1bp-3");
    };
    let lower = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if digits.is_empty() || digits.starts_with('0') || !digits.bytes().all(lower) {
        return wrong("has no mantissa of lower-case hexadecimal digits without leading zeros");
    }
    let mantissa = match u64::from_str_radix(digits, 16) {
        Ok(m) if m >> PRECISION == 0 => m,
        _ => return wrong("has a mantissa of more than 53 bits"),
    };
    if mantissa % 2 == 0 {
        return wrong("has an even mantissa; halve it");
    }
    let magnitude = power.strip_prefix('-').unwrap_or(power);
    let plain = magnitude == "0" && power == "0"
        || !magnitude.starts_with('0')
            && !magnitude.is_empty()
            && magnitude.bytes().all(|c| c.is_ascii_digit());
    let exponent = match power.parse::<i32>() {
        Ok(e) if plain && magnitude.len() <= 4 => e,
        _ => return wrong("has no exponent of at most four digits without leading zeros"),
    };
    let length = 64 - mantissa.leading_zeros();
    // The exponent of the leading bit.
    let leading = exponent + length as i32 - 1;
    if exponent < LEAST || leading > 1023 {
        return wrong("is not a 64-bit float");
    }
    let bits = if leading < -1022 {
        mantissa << (exponent - LEAST)
    } else {
        let fraction = (mantissa << (PRECISION - length)) & ((1 << (PRECISION - 1)) - 1);
        ((leading + 1023) as u64) << (PRECISION - 1) | fraction
    };
    let x = f64::from_bits(bits);
    Ok(if negative { -x } else { x })
}

/// Whether exact arithmetic with thousands of such numbers is quick: below 2³⁰⁰ in magnitude, and a multiple of 2⁻³⁵²
/// (every float from 2⁻³⁰⁰ on is).
pub(super) fn is_moderate(x: f64) -> bool {
    // Multiplying by a power of two is exact here: no float becomes smaller, none reaches 2⁶⁵³.
    x.abs() < power(300) && (x * power(352)).fract() == 0.0
}

/// `2^exponent`, for a normal result.
pub(super) const fn power(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << (PRECISION - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        let cases = [
            (1.0, "0x1p0"),
            (-6.0, "-0x3p1"),
            (0.1, "0xccccccccccccdp-55"),
            (f64::from_bits(1), "0x1p-1074"),
            (f64::MIN_POSITIVE, "0x1p-1022"),
            (f64::MIN_POSITIVE.next_down(), "0xfffffffffffffp-1074"),
            (f64::MAX, "0x1fffffffffffffp971"),
        ];
        for (x, t) in cases {
            assert_eq!((text(x).as_str(), parse(t)), (t, Ok(x)));
        }
        assert_eq!((text(-0.0).as_str(), parse("0x0p0").map(f64::to_bits)), ("0x0p0", Ok(0)));
    }

    #[test]
    fn moderate_numbers() {
        for x in
            [0.0, 1.0, -0.1, power(300).next_down(), power(-300).next_up(), power(-352), -3.0 * power(-352)]
        {
            assert!(is_moderate(x), "{x:e}");
        }
        for x in [power(300), -f64::MAX, power(-300).next_down(), power(-353), f64::from_bits(1)] {
            assert!(!is_moderate(x), "{x:e}");
        }
    }

    #[test]
    fn one_text_for_each_number() {
        let bad = [
            "",
            "-",
            "0",
            "1",
            "0x",
            "0x1",
            "0x1p",
            "0xp1",
            "0x2p0",
            "0x01p0",
            "0x1p00",
            "0x1p-0",
            "0x1p+1",
            "0x1p01",
            "+0x1p0",
            "--0x1p0",
            "-0x0p0",
            "0x0p1",
            "0X1p0",
            "0x1P0",
            "0xAp0",
            "0xBp0",
            "0x1.8p0",
            "0x1p0 ",
            " 0x1p0",
            "0x1p1024",
            "0x1p-1075",
            "0x3p1023",
            "0x3fffffffffffffp0",
            "0x20000000000001p0",
            "0x1p99999",
            "0x1p-99999",
            "0x10000000000000001p0",
            "nan",
            "inf",
            "0x1p1_0",
            "0x1_1p0",
            "0x1p٣",
            "0x1p0p0",
        ];
        for t in bad {
            assert!(parse(t).is_err(), "{t:?}");
        }
    }

    proptest! {
        #[test]
        fn every_float_comes_back(bits: u64) {
            let x = f64::from_bits(bits);
            prop_assume!(x.is_finite() && x != 0.0);
            prop_assert_eq!(parse(&text(x)).map(f64::to_bits), Ok(bits));
        }

        #[test]
        fn what_is_accepted_is_written_back(t in "-?0x[0-9a-f]{1,15}p-?[0-9]{1,5}") {
            if let Ok(x) = parse(&t) {
                prop_assert_eq!(text(x), t);
            }
        }
    }
}
