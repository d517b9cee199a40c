//! Whatever is wrong with the input: one line that says so, and status 2.

use super::Desk;

const WDBC: &str = "--model linear:logistic --data wdbc --standardize --ridge 0.01";

#[test]
fn usage() {
    let desk = Desk::new();
    desk.refused("trian", &["trian", "'train'"]);
    desk.refused("--frobnicate", &["--frobnicate"]);
    desk.refused("train", &["--model <SPEC>", "--data <NAME|FILE>"]);
    desk.refused("list", &["claims", "datasets"]);
    desk.refused("list nothing", &["nothing", "claims"]);
    desk.refused("--seed x", &["--seed", "x"]);
    desk.refused("verify --seed -1", &["'-1' for '--seed <S>'", "not a whole number"]);
    desk.refused("verify --jobs -1", &["'-1' for '--jobs <N>'"]);
    desk.refused("verify --cases -1", &["'-1' for '--cases <N>'"]);
    desk.refused("train --sgd --batch -1", &["'-1' for '--batch <N>'"]);
    desk.refused("train --sgd --epochs -1", &["'-1' for '--epochs <N>'"]);
    desk.refused("--jobs 0", &["--jobs 0"]);
    desk.refused("--cases 0", &["--cases 0"]);
    desk.refused("--seed 3 list claims", &["list"]);
    desk.refused("verify sgd-convx", &["no claim 'sgd-convx'", "did you mean sgd-convex"]);
    desk.refused("verify qqqqqqqq", &["no claim 'qqqqqqqq'", "sgd-convex", "newton-apriori"]);
    desk.refused("verify --data iris", &["iris", "generated, wdbc, digits"]);
    desk.refused("verify recollection-quadratic --data digits", &["digits"]);
}

#[test]
fn data_files() {
    let desk = Desk::new();
    let squared = |file: &str| format!("train --model linear:squared --data {file}");
    desk.refused(&squared("nope"), &["nope", "wdbc, digits, wine, iris, diabetes"]);
    desk.refused(&squared("nope.csv"), &["nope.csv"]);
    desk.file("ragged.csv", "a,b,y\n1,2,3\n1,2\n");
    desk.refused(&squared("ragged.csv"), &["ragged.csv:3"]);
    desk.file("nan.csv", "a,y\n1,2\nNaN,3\n");
    desk.refused(&squared("nan.csv"), &["nan.csv:3:1"]);
    desk.file("word.csv", "a,y\n1,2\n3,four\n");
    desk.refused(&squared("word.csv"), &["word.csv:3:2", "four"]);
    desk.file("empty.csv", "");
    desk.refused(&squared("empty.csv"), &["empty.csv"]);
    desk.file("header.csv", "a,y\n");
    desk.refused(&squared("header.csv"), &["header.csv"]);
    desk.file("good.csv", "a,y\n1,2\n2,3\n");
    desk.refused(&squared("good.csv --target z"), &["good.csv", "z"]);
    desk.file("bad.svm", "1 2:x\n");
    desk.refused(&squared("bad.svm"), &["bad.svm:1"]);
    desk.file("bad.npz", "not an archive");
    desk.refused(&squared("bad.npz"), &["bad.npz", "numpy.savez"]);
    desk.file("data.xyz", "1 2");
    desk.refused(&squared("data.xyz"), &["data.xyz", ".csv"]);
    std::fs::create_dir(desk.path("folder.csv")).unwrap();
    desk.refused(&squared("folder.csv"), &["folder.csv"]);
    desk.refused(&squared("."), &["."]);
}

#[test]
fn models_and_hyper_parameters() {
    let desk = Desk::new();
    desk.file("three.csv", "a,y\n1,0\n2,3\n");
    desk.refused("train --model linear:logistic --data three.csv", &["row 1", "label 3", "0/1"]);
    desk.file("half.csv", "a,y\n1,0\n2,0.5\n");
    desk.refused("train --model linear:softmax --data half.csv", &["row 1", "0.5"]);
    desk.refused("train --model linear:huber --data wdbc", &["huber"]);
    desk.refused("train --model forest --data wdbc", &["forest", "linear:squared"]);
    desk.refused("train --model mlp:4-3-3:relu:softmax --data iris", &["relu", "tanh"]);
    desk.refused("train --model mlp:5-3-3:tanh:softmax --data iris", &["first width", "4", "5"]);
    desk.refused("train --model mlp:4-3-2:tanh:softmax --data iris", &["last width", "3", "2"]);
    desk.refused("train --model mlp:4-3-3:tanh:squared --data iris", &["last width"]);
    desk.refused("train --model mlp:4-0-3:tanh:softmax --data iris", &["'0'", "width"]);
    desk.refused("train --model mlp:4-900000000-1:tanh:squared --data iris", &["parameters"]);
    desk.refused("train --model mlp:4-20000-1:tanh:squared --data iris", &["GiB", "--sgd"]);
    for ridge in ["-1", "nan", "inf"] {
        desk.refused(&format!("train --model linear:logistic --data wdbc --ridge {ridge}"), &["ridge"]);
    }
    desk.refused("train --model linear:logistic --data wdbc --ridge much", &["--ridge", "much"]);
    desk.refused("train --model linear:logistic --data wdbc --reduction median", &["median", "mean or sum"]);
    // Two equal columns and no ridge; then labels that a line separates and no ridge.
    desk.file("twin.csv", "a,b,y\n1,1,2\n2,2,3\n3,3,5\n");
    desk.refused("train --model linear:squared --data twin.csv", &["not positive definite", "ridge"]);
    desk.file("apart.csv", "a,y\n-2,0\n-1,0\n1,1\n2,1\n");
    desk.refused("train --model linear:logistic --data apart.csv", &["ridge"]);
}

#[test]
fn masks_forget_sets_and_parameters() {
    let desk = Desk::new();
    let remove = |rest: &str| format!("remove --method newton {WDBC} {rest}");
    desk.refused(&remove(""), &["--forget FILE", "--forget-fraction"]);
    desk.file("none", "\n# nothing\n");
    desk.refused(&remove("--forget none"), &["none"]);
    desk.file("far", "3\n569\n");
    desk.refused(&remove("--forget far"), &["far:2", "569"]);
    desk.file("twice", "3\n4\n3\n");
    desk.refused(&remove("--forget twice"), &["twice:3", "3"]);
    desk.file("minus", "-3\n");
    desk.refused(&remove("--forget minus"), &["minus:1"]);
    desk.file("all", (0..569).map(|i| format!("{i}\n")).collect::<String>());
    desk.refused(&remove("--forget all"), &["569", "nothing is left"]);
    desk.refused(&remove("--forget-fraction 1"), &["569"]);
    for share in ["0", "-0.5", "2", "nan"] {
        assert_eq!(desk.unlearn(&remove(&format!("--forget-fraction {share}"))).status, Some(2), "{share}");
    }
    desk.refused(&remove("--forget missing"), &["missing"]);
    desk.refused(&remove("--forget far --forget-fraction 0.1"), &["--forget"]);
    desk.refused(&remove("--forget-fraction 0.1 --test 1"), &["test"]);
    desk.refused(&remove("--forget-fraction 0.1 --test nan"), &["test"]);

    desk.file("short", "1\n0\n");
    desk.refused(&format!("train {WDBC} --mask short"), &["short", "2 entries", "31 parameters"]);
    desk.file("zeros", "0\n".repeat(31));
    desk.refused(&format!("train {WDBC} --mask zeros"), &["31", "keep at least one"]);
    desk.file("twos", "2\n".repeat(31));
    desk.refused(&format!("train {WDBC} --mask twos"), &["twos:1", "2"]);

    desk.refused(&format!("derive value {WDBC}"), &["--parameters FILE", "31 numbers"]);
    desk.refused(
        &format!("derive value {WDBC} --parameters short"),
        &["short", "2 numbers", "31 parameters"],
    );
    desk.file("nan", "1\n".repeat(30) + "nan\n");
    desk.refused(&format!("derive value {WDBC} --parameters nan"), &["nan:31"]);
    desk.file("theta", "1\n".repeat(31));
    desk.refused(&format!("derive hvp {WDBC} --parameters theta"), &["--vector FILE"]);
    desk.refused(&format!("derive hvp {WDBC} --parameters theta --vector short"), &["short", "31"]);
    desk.refused(&format!("derive gradient {WDBC} --parameters theta --vector theta"), &["--vector", "hvp"]);
    desk.refused(&format!("derive fish {WDBC} --parameters theta"), &["fish", "fisher"]);
    desk.file("huge", "1e308\n".repeat(31));
    desk.refused("derive value --model linear:squared --data wdbc --parameters huge", &["overflows"]);
    desk.refused(&format!("train {WDBC} --start short"), &["short", "31"]);
    // Two columns under an index of two million: no matrix of that order is ever asked for.
    desk.file("wide.svm", "1 1:1 2000000:1\n0 2:1\n");
    desk.refused("derive hessian --model linear:logistic --data wide.svm", &["GiB", "hvp"]);
}

#[test]
fn methods_and_runs() {
    let desk = Desk::new();
    let remove = |rest: &str| format!("remove {WDBC} --forget-fraction 0.1 {rest}");
    desk.refused(&remove("--method newtn"), &["newtn", "newton", "addback-recorded"]);
    desk.refused(&remove("--method addback-recorded"), &["recorded run"]);
    desk.refused(&remove("--method ridge-deletion"), &["squared loss"]);
    desk.file("theta", "1\n".repeat(31));
    desk.refused(&remove("--method newton --sgd --parameters theta"), &["--parameters", "--sgd"]);
    let sgd = |rest: &str| format!("train {WDBC} --sgd {rest}");
    desk.refused(&sgd("--batch 0"), &["batch"]);
    desk.refused(&sgd("--epochs 0"), &["--epochs 0"]);
    desk.refused(&sgd("--epochs 100000000000"), &["GiB", "fewer epochs"]);
    for rate in ["0", "-1", "nan", "inf"] {
        desk.refused(&sgd(&format!("--rate {rate}")), &["step size"]);
    }
    desk.refused(&sgd("--momentum 1"), &["momentum 1"]);
    desk.refused(&sgd("--weight-decay -1"), &["weight decay -1"]);
    desk.refused(&sgd("--schedule sometimes"), &["inverse:DECAY"]);
    desk.refused(&sgd("--schedule steps:0:0.1"), &["'0'"]);
    desk.refused("train --model linear:squared --data wdbc --sgd --epochs 200", &["smaller step size"]);
    desk.refused(&format!("train {WDBC} --batch 4"), &["--sgd"]);
    desk.refused(&format!("train {WDBC} --trajectory run.npz"), &["--sgd"]);
}

#[test]
fn privacy_budgets() {
    let desk = Desk::new();
    let remove = |rest: &str| format!("remove {WDBC} --forget-fraction 0.1 {rest}");
    for epsilon in ["0", "-1", "nan", "inf", "1e309"] {
        desk.refused(&remove(&format!("--method newton --epsilon {epsilon} --delta 0.1")), &["epsilon"]);
    }
    for delta in ["0", "1", "-0.1", "2", "nan"] {
        desk.refused(&remove(&format!("--method newton --epsilon 1 --delta {delta}")), &["delta"]);
    }
    desk.refused(&remove("--method newton --epsilon 1"), &["--delta"]);
    desk.refused(&remove("--method newton --delta 0.1"), &["--epsilon"]);
    desk.refused(&remove("--method newton --epsilon x --delta 0.1"), &["--epsilon", "x"]);
    for other in ["--method noop", "--method newton --sgd"] {
        desk.refused(&remove(&format!("{other} --epsilon 1 --delta 0.1")), &["newton", "linear"]);
    }
    let network =
        "remove --model mlp:4-2-3:tanh:softmax --data iris --standardize --ridge 0.1 --forget-fraction 0.1";
    desk.refused(&format!("{network} --method newton --epsilon 1 --delta 0.1"), &["linear"]);
}

#[test]
fn outputs_that_cannot_be_written() {
    let desk = Desk::new();
    desk.refused(&format!("train {WDBC} --output theta.xyz"), &["theta.xyz", ".npy"]);
    desk.refused(&format!("train {WDBC} --output nowhere/theta.npy"), &["nowhere"]);
    std::fs::create_dir(desk.path("folder.npy")).unwrap();
    desk.refused(&format!("train {WDBC} --output folder.npy"), &["folder.npy"]);
    desk.refused(&format!("train {WDBC} --sgd --trajectory run.txt"), &["run.txt", ".npz"]);
    desk.refused("verify --json nowhere/out.json", &["nowhere/out.json", "cannot be written"]);
    desk.refused("list claims --json folder.npy", &["folder.npy"]);
    desk.refused(&format!("train {WDBC} --output one.json --json one.json"), &["one.json", "two files"]);
    desk.refused(
        "train --model linear:softmax --data diabetes --ridge 1",
        &["too many classes", "regression"],
    );
}

/// Squares of numbers beyond 1e154 are infinite: no point may count as stationary, no run as finished.
#[test]
fn numbers_whose_squares_overflow() {
    let desk = Desk::new();
    desk.file("large.csv", "a,y\n1e100,1\n-1e100,0\n3e99,0\n");
    desk.refused("train --model linear:squared --ridge 1 --data large.csv", &["overflows", "standardise"]);
    desk.refused("train --model linear:logistic --data wdbc --ridge 1e308", &["overflows", "ridge"]);
    desk.file("huge.csv", "a,y\n1e308,1\n-1e308,0\n3,0\n");
    desk.refused(
        "train --model linear:logistic --ridge 0.1 --data huge.csv --sgd",
        &["overflows", "--standardize"],
    );
    // Far from any minimiser, the untouched model was reported at distance 0.
    desk.file("far", "1e155\n".repeat(31));
    desk.refused(
        &format!("remove --method noop {WDBC} --forget-fraction 0.1 --parameters far"),
        &["overflows"],
    );
}

#[test]
fn a_boolean_selection_is_no_list_of_rows() {
    let desk = Desk::new();
    let header = format!("{:<117}\n", "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }");
    desk.file("forget.npy", [b"\x93NUMPY\x01\x00\x76\x00", header.as_bytes(), &[1, 0]].concat());
    let line = format!("remove --method newton {WDBC} --forget forget.npy");
    desk.refused(&line, &["forget.npy", "integer type", "numpy.flatnonzero"]);
}

#[test]
fn one_row_cannot_be_split() {
    let desk = Desk::new();
    desk.file("one.csv", "a,y\n1,1\n");
    let one = "--model linear:squared --ridge 1 --data one.csv";
    desk.refused(&format!("remove --method noop {one} --forget-fraction 0.5"), &["only one row"]);
    assert!(desk.done(&format!("train {one}")).contains("(1 row)"));
}
