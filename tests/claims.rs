//! `CLAIMS.md` is the registry, printed: every claim, its theorem, its Rust item and its test, and they exist.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use unlearn::claim::{self, Claim, Verdict};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All proof files with their module names.
fn proofs() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["core", "model", "float", "certificate", "main"] {
        let Ok(entries) = fs::read_dir(root().join("proofs").join(folder)) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "v") {
                let module = path.file_stem().expect("a file name").to_string_lossy().into_owned();
                found.push((module, fs::read_to_string(&path).expect("a readable proof")));
            }
        }
    }
    found
}

/// `Unlearn.Sgd.noop_error` is a theorem (or lemma, or corollary) of `Sgd.v`.
fn theorem_exists(name: &str, proofs: &[(String, String)]) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let ["Unlearn", module, theorem] = parts.as_slice() else { return false };
    proofs.iter().filter(|(m, _)| m == module).any(|(_, text)| {
        text.lines().any(|line| {
            let mut words = line.split_whitespace();
            matches!(words.next(), Some("Theorem" | "Lemma" | "Corollary" | "Proposition"))
                && words.next().is_some_and(|w| w.trim_end_matches(':') == *theorem)
        })
    })
}

/// `bound::sgd::addback_error` is a public function (or a function of the claims) in `src/bound/sgd.rs`.
fn item_exists(item: &str) -> bool {
    let parts: Vec<&str> = item.split("::").collect();
    let (name, module) = parts.split_last().expect("a path");
    // A type's method: the type is part of the path and not a file.
    let module: Vec<&str> =
        module.iter().copied().take_while(|p| p.starts_with(|c: char| c.is_lowercase())).collect();
    let base = root().join("src").join(module.join("/"));
    [base.with_extension("rs"), base.join("mod.rs")].iter().filter_map(|p| fs::read_to_string(p).ok()).any(
        |text| {
            ["fn", "struct", "enum"].iter().any(|kind| {
                text.match_indices(&format!("{kind} {name}")).any(|(at, found)| {
                    // The whole word: `fn noop` is not `fn noop_error`.
                    !text[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            })
        },
    )
}

/// `Unlearn.Sgd.noop_error` is one of the theorems whose assumptions `proofs/check` audits.
fn theorem_is_audited(name: &str, expected: &str) -> bool {
    let Some(name) = name.strip_prefix("Unlearn.") else { return false };
    expected.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
}

/// `tests/bounds.rs::name` is a test function of that file, in a `proptest!` block or not.
fn test_exists(test: &str) -> bool {
    let Some((file, function)) = test.split_once("::") else { return false };
    let Ok(text) = fs::read_to_string(root().join(file)) else { return false };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {function}(");
    lines.iter().enumerate().any(|(i, line)| {
        // Attributes and comments may stand between.
        let above = lines[..i].iter().rev().take_while(|l| l.starts_with('#') || l.starts_with("//"));
        line.starts_with(&head) && above.into_iter().any(|l| *l == "#[test]")
    })
}

fn table() -> String {
    let mut text = String::from(
        "# Claims\n\nEvery claim the library checks, with the verdict an honest check must find. The table is printed from the\n\
         registry (`src/claim/`) and kept true by `tests/claims.rs`, which also looks up every theorem in `proofs/` and in its\n\
         audit, every item in `src/` and every test. The test named is the one that plants a fault in the claim and must see it\n\
         refuted, where there is one; `tests/bounds.rs` checks all verdicts and `tests/refutations.rs` that the checkers can\n\
         say no. A theorem that proves a claim false stands beside a verdict of `refuted`. `unlearn list claims` prints the\n\
         statements too.\n",
    );
    for expected in [Verdict::Holds, Verdict::Refuted] {
        let claims: Vec<Claim> = claim::all().into_iter().filter(|c| c.expected == expected).collect();
        let heading = if expected == Verdict::Holds { "Expected to hold" } else { "Expected to be refuted" };
        let _ = write!(
            text,
            "\n## {heading}\n\n| claim | statement | source | theorem | evaluated by | test |\n|---|---|---|---|---|---|\n"
        );
        for c in claims {
            let theorem = c.theorem.map_or("not machine-checked".into(), |t| format!("`{t}`"));
            let cell = |s: &str| s.replace('|', "\\|");
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {theorem} | `{}` | `{}` |",
                c.id,
                cell(c.statement),
                cell(c.source),
                c.item,
                c.test()
            );
        }
    }
    text
}

#[test]
fn the_table_is_the_registry() {
    let path = root().join("CLAIMS.md");
    if std::env::var_os("UPDATE_CLAIMS").is_some() {
        fs::write(&path, table()).expect("CLAIMS.md can be written");
    }
    let committed = fs::read_to_string(&path).expect("CLAIMS.md");
    assert!(committed == table(), "CLAIMS.md is out of date: run UPDATE_CLAIMS=1 cargo test --test claims");
}

#[test]
fn every_theorem_item_and_test_exists() {
    let proofs = proofs();
    let audited = fs::read_to_string(root().join("proofs/audit.expected")).expect("proofs/audit.expected");
    let mut missing = Vec::new();
    for c in claim::all() {
        if let Some(t) = c.theorem.filter(|t| !theorem_exists(t, &proofs)) {
            missing.push(format!("{}: theorem {t}", c.id));
        }
        if let Some(t) = c.theorem.filter(|t| !theorem_is_audited(t, &audited)) {
            missing.push(format!("{}: {t} in proofs/audit.expected", c.id));
        }
        if !item_exists(c.item) {
            missing.push(format!("{}: item {}", c.id, c.item));
        }
        if !test_exists(c.test()) {
            missing.push(format!("{}: test {}", c.id, c.test()));
        }
        if c.test_plants_a_fault() {
            let file = c.test().split("::").next().expect("a file");
            let text = fs::read_to_string(root().join(file)).unwrap_or_default();
            if !text.contains(&format!("\"{}\"", c.id)) {
                missing.push(format!("{}: {file} does not name it", c.id));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn names_are_distinct_and_texts_are_there() {
    let mut ids: Vec<&str> = claim::all().iter().map(|c| c.id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for c in claim::all() {
        assert!(!c.title.is_empty() && !c.statement.is_empty() && !c.source.is_empty(), "{}", c.id);
        assert_ne!(c.expected, Verdict::Undecided, "{}", c.id);
    }
}

/// The lookups themselves can fail.
#[test]
fn a_missing_name_is_noticed() {
    assert!(!theorem_exists("Unlearn.Sgd.no_such_theorem", &proofs()));
    assert!(!item_exists("bound::sgd::no_such_function"));
    assert!(item_exists("bound::sgd::addback_error"));
    let audited = "Sgd.noop_error: closed\n";
    assert!(theorem_is_audited("Unlearn.Sgd.noop_error", audited));
    assert!(
        !theorem_is_audited("Unlearn.Sgd.noop", audited) && !theorem_is_audited("Sgd.noop_error", audited)
    );
    assert!(!test_exists("tests/bounds.rs::cases") && !test_exists("tests/bounds.rs::no_such_test"));
    assert!(test_exists("tests/bounds.rs::counterexamples_shrink"));
    assert!(test_exists("tests/unlearning/guarantees.rs::every_guarantee_holds_for_linear_models"));
}
