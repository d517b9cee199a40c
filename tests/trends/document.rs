//! `STUDY.md` is the committed verdict files, printed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use unlearn::study::Config;
use unlearn::study::trend::finding::{LEVEL, Verdict};
use unlearn::study::trend::permutation::fewest;
use unlearn::study::trend::{Finding, text};

const LINEAR: &str = "--methods influence,newton,woodfisher,fine-tune,gradient-ascent,fisher,l1-sparse \
    --sparsity 0,0.9,0.95 --seeds 12";
const NETWORK: &str = "--methods fine-tune,gradient-ascent,influence-cg,woodfisher,fisher,l1-sparse \
    --set fine-tune.rate=0.1 --set gradient-ascent.rate=0.01 --set influence-cg.damping=0.03 \
    --set fisher.alpha=0.0001 --set l1-sparse.rate=0.1 --set l1-sparse.gamma=0.003 --sparsity 0,0.95 --seeds 10";
const STUDIES: [(&str, &str, &str); 3] = [
    ("digits-mlp", "--data digits --model mlp:64-32-10:tanh:softmax", NETWORK),
    ("digits-linear", "--data digits --model linear:softmax", LINEAR),
    ("wdbc-linear", "--data wdbc --model linear:logistic", LINEAR),
];

const HEAD: &str = "# What the seeds say about sparsity and unlearning

Written by `unlearn study --claims=FILE`; printed from `tests/trends/verdicts/` and kept true by `tests/trends.rs`
(`UPDATE_STUDY=1 cargo test --test trends`). Do not edit by hand.

A verdict speaks about new splits, starts and orders on one data set and one model of that size, with the
hyper-parameters of the command, and about nothing larger. \"Undecided\" is no evidence of absence. Where
`reference-moves` is supported, Retrain itself is less accurate when sparse, and part of every change of gap is that.
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &Path) -> Option<(Config, Vec<Finding>)> {
    let all = fs::read_to_string(file).ok()?;
    let (header, lines) = all.split_once('\n').expect("a header line");
    let config = Config::from_header(header).expect("the configuration of a study");
    Some((config, lines.lines().map(|l| serde_json::from_str(l).expect("a finding")).collect()))
}

fn printed() -> String {
    let (mut summary, mut tables) = (BTreeMap::<String, Vec<String>>::new(), String::new());
    let mut names = Vec::new();
    for (name, data, rest) in STUDIES {
        for scenario in ["class-wise", "random", "trojan"] {
            let name = format!("{name}-{scenario}");
            let file = root().join(format!("tests/trends/verdicts/{name}.jsonl"));
            let Some((config, findings)) = read(&file) else { continue };
            assert_eq!(config.scenario.name(), scenario);
            assert!(data.contains(&config.data) && data.ends_with(&config.model), "{name}");
            assert!(rest.ends_with(&format!("--seeds {}", config.seeds)), "{name}");
            let command = format!("unlearn study --claims --scenario {scenario} {data} {rest}");
            write!(tables, "\n## {name}\n\n```sh\n{command}\n```\n").unwrap();
            for family in text::families(&findings) {
                let first = &family[0];
                let (claim, statement, source) = (&first.claim, &first.statement, &first.source);
                write!(tables, "\n**{claim}**: {statement}. Source: {source}.\n\n").unwrap();
                let rule = ["---"; 6].join(" | ");
                writeln!(tables, "| {} |\n| {rule} |", text::HEADS.join(" | ")).unwrap();
                for finding in family {
                    let cells = text::cells(finding).map(|cell| cell.replace('|', "\\|"));
                    writeln!(tables, "| {} |", cells.join(" | ")).unwrap();
                }
                let count = |v| family.iter().filter(|f| f.verdict == v).count();
                let row = summary.entry(claim.clone()).or_default();
                row.resize(names.len(), "—".into());
                row.push(format!(
                    "{} / {} / {}",
                    count(Verdict::Supported),
                    count(Verdict::Contradicted),
                    count(Verdict::Undecided)
                ));
            }
            names.push(name);
        }
    }
    let mut out = format!("{HEAD}\n{}\n", text::explanation());
    out += "\n## Summary\n\nStatements supported / contradicted / undecided.\n\n";
    writeln!(out, "| claim | {} |", names.join(" | ")).unwrap();
    writeln!(out, "| --- |{}", " --- |".repeat(names.len())).unwrap();
    for (claim, mut row) in summary {
        row.resize(names.len(), "—".into());
        writeln!(out, "| `{claim}` | {} |", row.join(" | ")).unwrap();
    }
    out + &tables
}

#[test]
fn the_document_is_the_verdicts() {
    let (file, text) = (root().join("STUDY.md"), printed());
    if std::env::var_os("UPDATE_STUDY").is_some() {
        fs::write(&file, &text).expect("STUDY.md can be written");
    }
    assert!(
        fs::read_to_string(&file).expect("STUDY.md") == text,
        "STUDY.md is not what the verdicts say: UPDATE_STUDY=1 cargo test --test trends"
    );
}

/// Every verdict follows from its own numbers.
#[test]
fn verdicts_follow_from_their_numbers() {
    let folder = root().join("tests/trends/verdicts");
    for entry in fs::read_dir(folder).expect("verdicts") {
        let (config, findings) = read(&entry.expect("a file").path()).expect("a verdict file");
        assert!(config.seeds >= 10, "ten seeds at least");
        for f in findings {
            let wanted = match (f.adjusted <= LEVEL, f.opposite <= LEVEL) {
                (true, _) => Verdict::Supported,
                (false, true) => Verdict::Contradicted,
                _ => Verdict::Undecided,
            };
            assert_eq!(f.verdict, wanted, "{} {}", f.claim, f.part);
            assert!(f.adjusted >= f.p && f.seeds as u64 <= config.seeds && f.differing <= f.seeds);
            assert_eq!(f.needs, fewest(f.family, LEVEL));
        }
    }
}
