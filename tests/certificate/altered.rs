//! A certificate whose numbers were altered, with the digests set right, is no longer verified.

use super::{example, sign};
use unlearn::certificate::{Certificate, parse, read};

/// A positive float as the format writes it.
fn text(x: f64) -> String {
    if x == 0.0 {
        return "0x0p0".into();
    }
    let (mut mantissa, mut exponent) = (x, 0);
    while mantissa.fract() != 0.0 {
        (mantissa, exponent) = (mantissa * 2.0, exponent - 1);
    }
    while mantissa % 2.0 == 0.0 {
        (mantissa, exponent) = (mantissa / 2.0, exponent + 1);
    }
    format!("{:#x}p{exponent}", mantissa as u64)
}

/// The text with other values on some lines, signed again.
pub(super) fn with(certificate: &str, values: &[(&str, f64)]) -> String {
    let line = |l: &str| {
        let keyword = l.split(' ').next().unwrap();
        let value = values.iter().find(|v| v.0 == keyword);
        value.map_or(l.to_owned(), |v| format!("{keyword} {}", text(v.1))) + "\n"
    };
    sign(&certificate.lines().map(line).collect::<String>())
}

/// Every way to change one hexadecimal digit of a number: keyword, digit's place in the mantissa, whether it
/// grew, and the text.
fn digits(certificate: &str) -> Vec<(String, usize, bool, String)> {
    let mut all = Vec::new();
    for (at, c) in certificate.char_indices() {
        let line = certificate[..at].rfind('\n').map_or(0, |i| i + 1);
        let field = certificate[..at].rfind([' ', '\n']).map_or(0, |i| i + 1);
        let keyword = certificate[line..].split(' ').next().unwrap();
        let Some(start) = certificate[field..at].find("0x").map(|i| field + i + 2) else { continue };
        let Some(old) = c.to_digit(16).filter(|_| !certificate[field..at].contains('p')) else { continue };
        for new in (0..16).filter(|new| *new != old) {
            let mut text = certificate.to_owned();
            text.replace_range(at..=at, &format!("{new:x}"));
            all.push((keyword.to_owned(), at - start, new > old, sign(&text)));
        }
    }
    all
}

#[test]
fn one_digit_at_a_time() {
    for name in ["tiny-ridge.cert", "tiny-logistic.cert"] {
        let original = read(example(name)).unwrap();
        let (mut refused, mut all) = (0, digits(&original.to_string()));
        let count = all.len();
        for (keyword, place, grew, text) in all.drain(..) {
            let verified = parse(name, text.as_bytes()).is_ok_and(|c| c.verify().is_ok());
            refused += usize::from(!verified);
            let weaker = (keyword == "lo" && !grew) || (keyword == "hi" && grew) || keyword == "radius";
            // Six digits are far above the width of the interval.
            assert!(!verified || weaker || place >= 6, "{name}: {keyword}, digit {place}\n{text}");
        }
        assert!(count > 2000 && refused > count / 2, "{refused} of {count}");
    }
}

/// Without new digests nothing gets that far.
#[test]
fn one_byte_at_a_time() {
    let original = std::fs::read(example("tiny-ridge.cert")).unwrap();
    for at in 0..original.len() {
        let mut bytes = original.clone();
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        assert!(parse("altered", &bytes).is_err(), "byte {at}");
        assert!(parse("cut", &original[..at]).is_err(), "cut at {at}");
    }
}

/// Ends that are false by one unit in the last place.
#[test]
fn ends_just_beyond_the_truth() {
    // The minimiser of ½(θ − 1)² + ½θ² is ½; θ = 2 is 3/2 away, and nothing is rounded.
    let exact = sign(
        "unlearn-certificate 1\nkind ridge\nreduction sum\nrows 1\nforgotten 0\nkept 1\nparameters 1\nactive 1 0\n\
         lambda 0x1p0\ntheta 0x1p1\nreference 0x1p-1\nradius 0x1p-50\nlo 0x1p0\nhi 0x1p1\ndata-sha256 x\nrow 0x1p0 0x1p0\n",
    );
    let claim = |lo: f64, hi: f64| -> Certificate {
        parse("exact", with(&exact, &[("lo", lo), ("hi", hi)]).as_bytes()).unwrap()
    };
    // Wider than the radius 2⁻⁵⁰.
    let near = 4e-15;
    assert!(claim(1.5 - near, 1.5 + near).verify().is_ok());
    assert!(claim(1.0, 1.5f64.next_down()).verify().is_err());
    assert!(claim(1.5f64.next_up(), 2.0).verify().is_err());
}
