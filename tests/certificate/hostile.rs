//! No bytes whatever make the reader panic, take long or accept what the format does not allow.

use super::{example, sign};
use proptest::prelude::*;
use proptest::sample::Index;
use unlearn::certificate::{MOST_BYTES, parse};
use unlearn::error::Error;

fn tiny() -> String {
    std::fs::read_to_string(example("tiny-ridge.cert")).unwrap()
}

/// Whatever is accepted is written back as it was read, and verifying it does not panic.
fn feed(bytes: &[u8]) -> std::result::Result<(), TestCaseError> {
    if let Ok(c) = parse("fed", bytes) {
        let _ = c.verify();
        let text = c.to_string();
        prop_assert_eq!(text.as_bytes(), bytes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        feed(&bytes)?;
    }

    #[test]
    fn random_words(lines in prop::collection::vec("(row|lo|hi|kept|active|theta|rows)( (0x[0-9a-f]{1,14}p-?[0-9]{1,4}|[0-9]{1,12}|[0-9]-[0-9])){0,4}", 0..20)) {
        feed(sign(&(lines.join("\n") + "\n")).as_bytes())?;
        let start = "unlearn-certificate 1\nkind ridge\nreduction sum\n";
        feed(sign(&(start.to_owned() + &lines.join("\n") + "\n")).as_bytes())?;
    }

    /// Lines dropped, doubled or exchanged, bytes replaced; signed again so that the grammar has to notice.
    #[test]
    fn damaged(a: Index, b: Index, how in 0..4, byte in any::<u8>()) {
        let text = tiny();
        let mut lines: Vec<&str> = text.lines().collect();
        let (i, j) = (a.index(lines.len() - 1), b.index(lines.len() - 1));
        match how {
            0 => drop(lines.remove(i)),
            1 => lines.insert(i, lines[j]),
            2 => lines.swap(i, j),
            _ => {}
        }
        let mut bytes = sign(&(lines.join("\n") + "\n")).into_bytes();
        if how == 3 {
            let at = b.index(bytes.len());
            bytes[at] = byte;
            if let Ok(text) = String::from_utf8(bytes.clone()) {
                feed(sign(&text).as_bytes())?;
            }
        }
        feed(&bytes)?;
        let same = bytes == text.as_bytes();
        // Two equal rows do not occur in the example, so every other change of lines is noticed, but rows may change places.
        let rows_swapped = how == 2 && lines[i].starts_with("row ") && lines[j].starts_with("row ");
        prop_assert!(how == 3 || same || rows_swapped || parse("damaged", &bytes).is_err(), "{}", String::from_utf8_lossy(&bytes));
    }

    /// Finite numbers of every size: verifying answers.
    #[test]
    fn extreme_numbers(exponents in prop::collection::vec(-1074i32..=1023, 6), moderate: bool, logistic: bool) {
        let kind = if logistic { "logistic" } else { "ridge" };
        let places = if moderate { 352 } else { 1074 };
        let n: Vec<String> = exponents.iter().map(|e| format!("0x1p{}", (e % places).min(299))).collect();
        let text = format!(
            "unlearn-certificate 1\nkind {kind}\nreduction mean\nrows 1\nforgotten 0\nkept 1\nparameters 1\nactive 1 0\n\
             lambda {}\ntheta {}\nreference {}\nradius {}\nlo 0x0p0\nhi {}\ndata-sha256 x\nrow {} 0x1p0\n",
            n[0], n[1], n[2], n[3], n[4], n[5]
        );
        let read = parse("extreme", sign(&text).as_bytes());
        prop_assert!(!moderate || read.is_ok());
        let _ = read.map(|c| c.verify());
    }
}

/// Each with the place where it is wrong.
#[test]
fn places() {
    let cases: [(&str, &str, usize, usize, &str); 20] = [
        ("lambda 0x1p-1", "lambda 0x1p-353", 9, 2, "2^-352"),
        ("row 0x", "row 0x1p300 0x", 16, 5, "not 4"),
        ("certificate 1", "certificate 2", 1, 2, "version"),
        ("kind ridge", "kind softmax", 2, 2, "ridge or logistic"),
        ("reduction mean", "reduction max", 3, 2, "mean or sum"),
        ("rows 4", "rows 04", 4, 2, "leading zeros"),
        ("rows 4", "rows 99999999999999999999", 4, 2, "whole number"),
        ("rows 4", "rows 5", 6, 2, "not 5 rows"),
        ("forgotten 1 1", "forgotten 1 4", 5, 3, "not below 4"),
        ("forgotten 1 1", "forgotten 2 1 2", 5, 4, "do not touch"),
        ("forgotten 1 1", "forgotten 1", 5, 2, "0 listed"),
        ("forgotten 1 1", "forgotten 1 2-2", 5, 3, "upwards"),
        ("active 2 0-1", "active", 8, 1, "needs a number"),
        ("lambda 0x1p-1", "lambda -0x1p-1", 9, 2, "negative"),
        ("lambda 0x1p-1", "lambda 0x1p-1 ", 9, 3, "one space"),
        ("lambda 0x1p-1", "lambda 0.5", 9, 2, "form 0x1bp-3"),
        ("theta ", "theta 0x1p0 ", 10, 4, "takes 2 numbers or words, not 3"),
        ("hi 0x1b", "hi 0x10", 14, 2, "below lo"),
        ("row -", "row --", 17, 2, "form 0x1bp-3"),
        ("kept 3", "kept 3 ; rm", 6, 3, "takes 1 numbers"),
    ];
    for (from, to, line, column, part) in cases {
        let text = tiny();
        assert!(text.contains(from), "{from}");
        match parse("tiny", sign(&text.replacen(from, to, 1)).as_bytes()) {
            Err(Error::Parse { line: l, column: c, message, .. }) => {
                assert!((l, c) == (line, column) && message.contains(part), "{to}: {l}:{c}: {message}");
            }
            other => panic!("{to}: {other:?}"),
        }
    }
    let accent = tiny().replacen("mean", "meän", 1);
    let place = parse("tiny", accent.as_bytes()).unwrap_err();
    assert!(matches!(place, Error::Parse { line: 3, column: 2, .. }), "{place}");
}

/// Large counts and large files are refused before anything of their size is made.
#[test]
fn sizes() {
    let refused = |bytes: &[u8], part: &str| {
        let why = parse("large", bytes).unwrap_err().to_string();
        assert!(why.contains(part), "{why}");
    };
    refused(&vec![b'1'; MOST_BYTES + 1], "larger than");
    refused(&vec![b'\n'; MOST_BYTES], "sha256");
    let tiny = tiny();
    // A billion forgotten rows fit on one line; a billion kept ones do not pass.
    let forgotten = tiny.replace("rows 4\nforgotten 1 1", "rows 999999999\nforgotten 999999996 0-999999995");
    assert!(parse("many", sign(&forgotten).as_bytes()).unwrap().verify().is_ok());
    refused(
        sign(&tiny.replace("rows 4", "rows 999999999").replace("kept 3", "kept 999999998")).as_bytes(),
        "200 rows",
    );
    let wide = tiny
        .replace("parameters 2", "parameters 999999999")
        .replace("active 2 0-1", "active 999999999 0-999999998");
    refused(sign(&wide).as_bytes(), "20 parameters");
}
