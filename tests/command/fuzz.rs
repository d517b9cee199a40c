//! Hostile options and files: whatever is typed, the command ends by itself, in time, with status 0, 1 or 2, and
//! refuses in one line.
//!
//! Each case runs the command itself, so that an allocation that kills the process is noticed as well as a panic.
//! `PROPTEST_CASES` raises the number of cases.

use super::Desk;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, FileFailurePersistence};
use std::process::Stdio;
use std::time::{Duration, Instant};

fn config() -> Config {
    let beside = FileFailurePersistence::WithSource("regressions");
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|v| v.parse().ok()).unwrap_or(96);
    Config { cases, failure_persistence: Some(Box::new(beside)), ..Config::default() }
}

/// Runs the command; panics when it panics, is killed, takes too long or refuses without a word.
fn survives(desk: &Desk, line: &str) {
    let out = std::fs::File::create(desk.path("stdout")).unwrap();
    let err = std::fs::File::create(desk.path("stderr")).unwrap();
    let mut child = desk.command(line).stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
    let begun = Instant::now();
    // The slowest accepted case takes a fraction of a second; the machine may be busy.
    const PATIENCE: Duration = Duration::from_secs(60);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("unlearn {line}: still running after {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let err = String::from_utf8_lossy(&std::fs::read(desk.path("stderr")).unwrap()).into_owned();
    assert!(is_orderly(status.code(), &err), "unlearn {line}\n{status}\n{err}");
}

/// Done, or refused in lines that say so; `None` is a process that was killed.
fn is_orderly(status: Option<i32>, err: &str) -> bool {
    let says_so = err.lines().all(|l| l.starts_with("unlearn: ") && l.len() > "unlearn: ".len());
    match status {
        Some(0 | 1) => says_so,
        Some(2) => says_so && !err.is_empty(),
        _ => false,
    }
}

#[test]
fn disorder_is_noticed() {
    assert!(is_orderly(Some(0), "") && is_orderly(Some(2), "unlearn: no such file\n"));
    for (status, err) in [
        (None, ""),
        (Some(101), ""),
        (Some(2), ""),
        (Some(0), "thread 'main' panicked"),
        (Some(2), "unlearn: "),
    ] {
        assert!(!is_orderly(status, err), "{status:?} {err}");
    }
}

const NUMBERS: [&str; 24] = [
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "1e-3",
    "1e3",
    "1e15",
    "1e154",
    "1e155",
    "1e308",
    "1e-308",
    "4.9e-324",
    "1e309",
    "-1e308",
    "nan",
    "inf",
    "-inf",
    "",
    "x",
    "1e",
    "0x1",
    "99999999999999999999",
    "1e-17",
];
const COUNTS: [&str; 12] = [
    "0",
    "1",
    "2",
    "3",
    "7",
    "1000",
    "-1",
    "18446744073709551615",
    "18446744073709551616",
    "1e3",
    "x",
    "4294967296",
];
const MODELS: [&str; 20] = [
    "linear:squared",
    "linear:logistic",
    "linear:softmax",
    "mlp:2-2-1:tanh:squared",
    "mlp:2-3-1:sigmoid:logistic",
    "mlp:2-2-2:softplus:softmax",
    "mlp:2-1-1-1:identity:squared",
    "mlp:2-9999999-1:tanh:squared",
    "mlp:2-9999999-9999999-1:tanh:squared",
    "mlp:9999999-2-1:tanh:squared",
    "mlp:2-18446744073709551615-1:tanh:squared",
    "mlp:18446744073709551615-1:tanh:squared",
    "mlp:2-18446744073709551616-1:tanh:squared",
    "mlp:2-0-1:tanh:squared",
    "mlp:2-1:relu:squared",
    "mlp:2:tanh:squared",
    "mlp:::",
    "linear:",
    "",
    "mlp:2-2-10000001:tanh:softmax",
];
const FILES: [&str; 19] = [
    "good.csv",
    "huge.csv",
    "tiny.csv",
    "twins.csv",
    "constant.csv",
    "one.csv",
    "classes.csv",
    "empty",
    "folder",
    "missing",
    "good.svm",
    "wide.svm",
    "bytes.csv",
    "bytes.npz",
    "theta",
    "thousand",
    "negative",
    "nan",
    "mask",
];

/// A desk with all kinds of files on it.
fn desk(bytes: &[u8]) -> Desk {
    let desk = Desk::new();
    desk.file("good.csv", "a,b,y\n1,2,0\n-1,0.5,1\n0.25,-2,1\n3,1,0\n");
    desk.file("huge.csv", "a,b,y\n1e308,-1e308,1e308\n1e308,1e308,-1e308\n-1e308,1,0\n");
    desk.file("tiny.csv", "a,b,y\n5e-324,1e-200,0\n-5e-324,1e-160,1\n1e-308,0,1\n");
    desk.file("twins.csv", "a,b,y\n1,1,0\n1,1,0\n2,2,1\n2,2,1\n");
    desk.file("constant.csv", "a,b,y\n0,0,0\n0,0,0\n0,0,0\n");
    desk.file("one.csv", "a,b,y\n1,2,1\n");
    desk.file("classes.csv", "a,b,y\n1,2,0\n1,3,9999\n2,1,5\n");
    desk.file("empty", "");
    std::fs::create_dir(desk.path("folder")).unwrap();
    desk.file("good.svm", "1 1:0.5 2:1\n-1 2:-1\n1 1:2\n");
    desk.file("wide.svm", "1 1:0.5 2097152:1\n-1 2:-1\n1 1:2\n");
    desk.file("bytes.csv", bytes);
    desk.file("bytes.npz", bytes);
    desk.file("theta", "1\n-2\n0.5\n");
    desk.file("thousand", "1e3\n".repeat(9));
    desk.file("negative", "-1e154\n1e154\n0\n");
    desk.file("nan", "nan\n1\n2\n");
    desk.file("mask", "1\n0\n1\n");
    desk
}

/// An option that is left out half of the time.
fn option(name: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::option::of(select(values)).prop_map(move |value| match value {
        // An empty value cannot be typed with blanks between: the next option takes its place.
        Some(value) => format!(" {name} {value}"),
        None => String::new(),
    })
}

fn flag(name: &'static str) -> impl Strategy<Value = String> {
    any::<bool>().prop_map(move |on| if on { format!(" {name}") } else { String::new() })
}

/// The options that say which problem is meant.
fn problem() -> impl Strategy<Value = String> {
    let data = select(FILES.to_vec());
    // A model that fits the data more often than not, or nothing would get far.
    let model = prop_oneof![2 => select(MODELS[..7].to_vec()), 1 => select(MODELS.to_vec())];
    let rest = (
        option("--ridge", &NUMBERS),
        option("--mask", &["mask", "theta", "nan", "empty", "folder", "bytes.csv"]),
        option("--reduction", &["mean", "sum", "median"]),
        option("--target", &["a", "y", "z"]),
        flag("--standardize"),
        flag("--no-bias"),
    );
    (model, prop_oneof![1 => Just("good.csv"), 1 => data], rest).prop_map(
        |(model, data, (a, b, c, d, e, f))| format!("--model {model} --data {data}{a}{b}{c}{d}{e}{f}"),
    )
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..120),
        "a,b,y\n([-+0-9.e]{1,6},[-+0-9.e]{1,6},[01]\n){1,6}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn audit(
        bytes in bytes(),
        problem in problem(),
        parameters in option("--parameters", &["theta", "thousand", "negative", "nan", "bytes.csv", "bytes.npz", "mask", "empty"]),
        forget in option("--forget", &["mask", "theta", "empty", "bytes.csv", "folder", "thousand"]),
        jobs in option("--jobs", &COUNTS),
        quiet in flag("--quiet"),
    ) {
        survives(&desk(&bytes), &format!("audit {problem}{parameters}{forget}{jobs}{quiet}"));
    }

    #[test]
    fn remove(
        bytes in bytes(),
        problem in problem(),
        method in select(vec!["noop", "retrain", "newton", "influence", "influence-boolean", "addback-start", "recollection", "ridge-deletion", "x"]),
        forgets in prop_oneof![
            3 => option("--forget-fraction", &NUMBERS),
            1 => option("--forget", &["mask", "theta", "empty", "bytes.csv"]),
            1 => Just(" --forget-fraction 0.3".to_owned()),
        ],
        privacy in (option("--epsilon", &NUMBERS), option("--delta", &NUMBERS)),
        training in training(),
        json in option("--json", &["-", "out.json", "folder", "nowhere/x"]),
    ) {
        let (epsilon, delta) = privacy;
        survives(&desk(&bytes), &format!("remove {problem} --method {method}{forgets}{epsilon}{delta}{training}{json}"));
    }

    #[test]
    fn plan_and_serve(
        bytes in bytes(),
        problem in problem(),
        command in select(vec!["plan", "remove"]),
        tolerance in prop_oneof![2 => select(NUMBERS.to_vec()), 1 => select(vec!["0", "1e-3", "1e6", "inf"])],
        forgets in prop_oneof![
            1 => option("--forget", &["mask", "theta", "empty", "bytes.csv"]),
            2 => Just(" --forget-fraction 0.3".to_owned()),
        ],
        training in training(),
        json in option("--json", &["-", "out.json", "folder", "nowhere/x"]),
    ) {
        survives(&desk(&bytes), &format!("{command} {problem} --tolerance {tolerance}{forgets}{training}{json}"));
    }

    #[test]
    fn derive(
        bytes in bytes(),
        problem in problem(),
        what in select(vec!["value", "gradient", "hessian", "hvp", "gauss-newton", "fisher", "x"]),
        parameters in option("--parameters", &["theta", "thousand", "negative", "nan", "bytes.csv", "bytes.npz", "mask", "empty"]),
        vector in option("--vector", &["theta", "negative", "mask", "bytes.csv"]),
        output in option("--output", &["x.npy", "x.csv", "x.json", "x", "folder", "nowhere/x.npy"]),
    ) {
        survives(&desk(&bytes), &format!("derive {what} {problem}{parameters}{vector}{output}"));
    }

    #[test]
    fn train(bytes in bytes(), problem in problem(), training in training(), seed in option("--seed", &COUNTS)) {
        survives(&desk(&bytes), &format!("train {problem}{training}{seed}"));
    }

    #[test]
    fn verify(
        claim in prop::option::of(select(vec!["ladder-newton", "sgd-convex", "removal-laplace", "prop2-return", "x", "ladder-newtno"])),
        cases in select(vec!["0", "1", "3", "-1", "x", "1e3"]),
        // Fitting the real data takes seconds, and no option changes how.
        data in select(vec!["generated", "generated,generated", "generated,", ",", "x"]),
        rest in (option("--seed", &COUNTS), option("--jobs", &["0", "1", "2", "-1", "18446744073709551615"])),
    ) {
        // Without a claim every one is checked, which takes longer than all the other cases together.
        let claim = claim.unwrap_or("sgd-identity");
        survives(&Desk::new(), &format!("verify {claim} --cases {cases} --data {data}{}{}", rest.0, rest.1));
    }
}

proptest! {
    // Five commands and their flushes to the disk each.
    #![proptest_config(Config { cases: config().cases.div_ceil(4), ..config() })]

    #[test]
    fn states(
        bytes in bytes(),
        problem in problem(),
        training in training(),
        sizes in (option("--shards", &COUNTS), option("--slices", &COUNTS)),
        forget in select(vec!["zero", "mask", "theta", "empty", "bytes.csv", "folder"]),
        policy in prop_oneof![
            select(NUMBERS.to_vec()).prop_map(|t| format!("--tolerance {t}")),
            select(vec!["threshold:0.5", "threshold:nan", "calibrated", "calibrated:1:1", "calibrated:0:1e308", "certified:inf", ":"])
                .prop_map(|p| format!("--policy {p}")),
        ],
        damage in prop::option::of(0..400usize),
    ) {
        let desk = desk(&bytes);
        desk.file("zero", "0\n");
        survives(&desk, &format!("train {problem} --sgd{}{}{} --state st", training.replace(" --sgd", ""), sizes.0, sizes.1));
        survives(&desk, &format!("plan --state st --forget {forget} {policy}"));
        survives(&desk, &format!("remove --state st --forget {forget} {policy}"));
        if let (Some(at), Ok(mut journal)) = (damage, std::fs::read(desk.path("st/journal"))) {
            let at = at % journal.len().max(1);
            if let Some(byte) = journal.get_mut(at) {
                *byte ^= 4;
            }
            std::fs::write(desk.path("st/journal"), journal).unwrap();
        }
        survives(&desk, "remove --state st --heal");
        survives(&desk, "status --state st --json -");
    }
}

/// Options of training; step counts are either small or refused.
fn training() -> impl Strategy<Value = String> {
    let sgd = (
        option("--rate", &NUMBERS),
        option("--batch", &COUNTS),
        option("--epochs", &["0", "1", "3", "-1", "x", "99999999999999", "18446744073709551615"]),
        option("--momentum", &NUMBERS),
        option("--weight-decay", &NUMBERS),
        option(
            "--schedule",
            &["constant", "inverse:1e308", "steps:0:1", "steps:1:1e308", "cosine:nan", "cosine:1e308", "x:"],
        ),
        flag("--renormalise"),
    );
    let sgd = sgd.prop_map(|(a, b, c, d, e, f, g)| format!(" --sgd{a}{b}{c}{d}{e}{f}{g}"));
    let start = option("--start", &["theta", "negative", "thousand", "nan", "bytes.csv"]);
    (prop_oneof![2 => Just(String::new()), 1 => sgd], start).prop_map(|(sgd, start)| sgd + &start)
}
