//! The numbers in the Rust kernels are those of the proofs about them, bit by bit: each constant is read
//! from both sources, so that changing one of the two is noticed here, and changing both in the proof.

use std::path::Path;

fn source(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// The text from `start` to the next `end`.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text.find(start).unwrap_or_else(|| panic!("{start} is missing")) + start.len();
    let rest = &text[from..];
    &rest[..rest.find(end).unwrap_or_else(|| panic!("{start} does not end"))]
}

/// The right-hand side of `const NAME: … = …;`, comments dropped.
fn rust_constant(text: &str, name: &str) -> Vec<f64> {
    let declaration = between(text, &format!("const {name}:"), ";\n");
    rust_numbers(&declaration[declaration.find('=').unwrap() + 1..])
}

/// The floats of an expression of literals; `Twofold::point(x)` counts as `x` and 0.
fn rust_numbers(text: &str) -> Vec<f64> {
    let text = text.replace("std::f64::consts::LOG2_E", &format!("{:e}", std::f64::consts::LOG2_E));
    let mut found = Vec::new();
    let words: Vec<&str> = text.split(|c: char| "[](), \n".contains(c)).filter(|w| !w.is_empty()).collect();
    let mut point = false;
    for (i, word) in words.iter().enumerate() {
        match *word {
            "f64::from_bits" | "Twofold::new" => {}
            "Twofold::point" => point = true,
            w if w.starts_with("0x") => {
                assert_eq!(words[i - 1], "f64::from_bits");
                let bits = u64::from_str_radix(&w[2..].replace('_', ""), 16).unwrap();
                found.push(f64::from_bits(bits));
            }
            w => {
                found.push(w.replace('_', "").parse().unwrap_or_else(|_| panic!("{w} is no number")));
                if point {
                    found.push(0.0);
                    point = false;
                }
            }
        }
    }
    found
}

/// `m·2^e`, exact when it is a float.
fn scaled(m: u64, e: i32) -> f64 {
    let (half, rest) = (e / 2, e - e / 2);
    m as f64 * 2.0_f64.powi(half) * 2.0_f64.powi(rest)
}

/// The literals `posf m e`, `negf m e` and `Bzero` in the definition of `name`.
fn coq_constant(text: &str, name: &str) -> Vec<f64> {
    let body = between(text, &format!("Definition {name} :"), ".\n");
    let words: Vec<&str> = body.split(|c: char| "[]();, \n".contains(c)).filter(|w| !w.is_empty()).collect();
    let number = |i: usize, sign: f64| {
        let (m, e): (u64, i32) = (words[i + 1].parse().unwrap(), words[i + 2].parse().unwrap());
        assert!(m < 1 << 53, "{name}: {m} has more than 53 bits");
        sign * scaled(m, e)
    };
    let literal = |(i, word): (usize, &&str)| match *word {
        "posf" => Some(number(i, 1.0)),
        "negf" => Some(number(i, -1.0)),
        "Bzero" => Some(0.0),
        _ => None,
    };
    words.iter().enumerate().filter_map(literal).collect()
}

fn same_bits(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.to_bits() == y.to_bits())
}

/// Constants of the kernel of exp and how many floats each holds.
const KERNEL: [(&str, usize); 7] = [
    ("LN_2", 3),
    ("LOG2_E", 1),
    ("INVERSE_FACTORIALS", 18),
    ("SMALL_INVERSE_FACTORIALS", 13),
    ("EXP_OVERFLOWS", 1),
    ("EXP_UNDERFLOWS", 1),
    ("SATURATES", 1),
];

#[test]
fn the_kernel_of_exp_has_the_proved_constants() {
    let (rust, coq) = (source("src/numeric/elementary.rs"), source("proofs/float/ExpConstants.v"));
    for (name, count) in KERNEL {
        let (r, c) = (rust_constant(&rust, name), coq_constant(&coq, name));
        assert_eq!(r.len(), count, "{name}: {r:?}");
        assert!(same_bits(&r, &c), "{name}: {r:?} in Rust, {c:?} in the proof");
    }
}

#[test]
fn a_changed_constant_is_noticed() {
    let (rust, coq) = (source("src/numeric/elementary.rs"), source("proofs/float/ExpConstants.v"));
    for (name, _) in KERNEL {
        let c = coq_constant(&coq, name);
        for i in 0..c.len() {
            let mut changed = rust_constant(&rust, name);
            changed[i] = changed[i].next_up();
            assert!(!same_bits(&changed, &c), "{name}, number {i}");
        }
    }
}

#[test]
fn thresholds_and_the_splitting_are_the_proved_ones() {
    // What Rust writes, and what stands for it in the proof.
    let same = [
        (
            "src/numeric/twofold.rs",
            "let c = 134_217_729.0 * a;",
            "proofs/float/Twofold.v",
            "splitter",
            134_217_729.0,
        ),
        (
            "src/numeric/product.rs",
            "self.size < f64::MAX / 4.0",
            "proofs/float/DotFloat.v",
            "quarter_max",
            f64::MAX / 4.0,
        ),
        ("src/numeric/product.rs", "g < 0.5)", "proofs/float/DotFloat.v", "one_half", 0.5),
        (
            "src/numeric/product.rs",
            "f64::from_bits(1)",
            "proofs/float/DotFloat.v",
            "smallest",
            f64::from_bits(1),
        ),
        (
            "src/numeric/spectrum.rs",
            "Interval::point(f64::EPSILON / 2.0)",
            "proofs/float/DotFloat.v",
            "unit_roundoff",
            f64::EPSILON / 2.0,
        ),
    ];
    for (file, text, proof, name, value) in same {
        assert!(source(file).contains(text), "{file} no longer has {text}");
        assert!(same_bits(&coq_constant(&source(proof), name), &[value]), "{name} in {proof}");
    }
    // The exponents at which results are scaled.
    let (rust, coq) = (source("src/numeric/elementary.rs"), source("proofs/float/ExpFloat.v"));
    for (in_rust, in_coq) in [
        ("if k >= -1021 {", "if (-1021 <=? k)%Z then"),
        ("(power_of_two(k / 2), power_of_two(k - k / 2))", "power_of_two (k - Z.quot k 2)"),
        ("(power_of_two(k + 100), power_of_two(-100))", "power_of_two (k + 100)"),
    ] {
        assert!(rust.contains(in_rust) && coq.contains(in_coq), "{in_rust} and {in_coq}");
    }
}
