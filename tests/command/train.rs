//! Training from the command line.

use super::{Desk, objects};

/// ½·mean((θ−1)², (θ−3)²) + ½θ² is least at 1; without the second row ½(θ−1)² + ½θ² at ½.
#[test]
fn newton_finds_the_minimum_with_and_without_the_forgotten_rows() {
    let desk = Desk::new();
    desk.file("two.csv", "x,y\n1,1\n1,3\n");
    desk.file("forget", "1\n");
    let line = "train --model linear:squared --no-bias --ridge 1 --data two.csv --output theta.npy";
    let text = desk.done(line);
    assert!(text.contains("2 rows") && text.contains("1 of 1 parameters"), "{text}");
    assert!((desk.vector("theta.npy")[0] - 1.0).abs() < 1e-15);
    let objective = objects(&desk.done(&format!("{line} --forget forget --json -"))).remove(0);
    assert!((desk.vector("theta.npy")[0] - 0.5).abs() < 1e-15);
    assert!((objective["objective"].as_f64().unwrap() - 0.25).abs() < 1e-15);
    assert_eq!(desk.done(&format!("{line} --quiet")), "");
}

/// What is trained is stationary: the gradient that `derive` prints at the parameters vanishes.
#[test]
fn trained_parameters_are_stationary_and_pruned_ones_zero() {
    let desk = Desk::new();
    desk.file("mask", (0..31).map(|j| if j % 3 == 0 { "0\n" } else { "1\n" }).collect::<String>());
    let problem = "--model linear:logistic --data wdbc --standardize --ridge 0.01 --mask mask";
    let text = desk.done(&format!("train {problem} --output theta.csv"));
    assert!(text.contains("20 of 31 parameters") && text.contains("on 569 training rows"), "{text}");
    let theta = desk.vector("theta.csv");
    assert_eq!(theta.len(), 31);
    assert!((0..31).all(|j| (theta[j] == 0.0) == (j % 3 == 0)));
    desk.done(&format!("derive gradient {problem} --parameters theta.csv --output g.csv"));
    let norm = desk.vector("g.csv").iter().map(|v| v * v).sum::<f64>().sqrt();
    assert!(norm < 1e-13, "{norm}");
}

/// θ ← θ − ½(θ − 2), twice, from 0: 1, then 1.5.
#[test]
fn descent_records_every_point_and_replays() {
    let desk = Desk::new();
    desk.file("one.csv", "x,y\n1,2\n");
    let line = "train --model linear:squared --no-bias --data one.csv --sgd --rate 0.5 --epochs 2";
    desk.done(&format!("{line} --trajectory run.csv --output theta.csv"));
    assert_eq!((desk.read("run.csv"), desk.read("theta.csv")), ("0.0\n1.0\n1.5\n".into(), "1.5\n".into()));
    desk.file("from", "4\n");
    desk.done(&format!("{line} --schedule inverse:1 --start from --output theta.csv"));
    // 4 − ½·2 = 3, then 3 − ¼·1.
    assert_eq!(desk.vector("theta.csv"), [2.75]);

    let network = "train --model mlp:4-3-3:tanh:softmax --data iris --standardize --sgd --momentum 0.9 \
                   --ridge 0.01 --rate 0.05 --epochs 3";
    for (name, rest) in [("a.npz", "--jobs 1"), ("b.npz", "--jobs 2"), ("c.npz", "--seed 2")] {
        desk.done(&format!("{network} --trajectory {name} {rest}"));
    }
    let bytes = |name: &str| std::fs::read(desk.path(name)).unwrap();
    assert_eq!(bytes("a.npz"), bytes("b.npz"));
    assert_ne!(bytes("a.npz"), bytes("c.npz"));
}

#[test]
fn test_rows_are_kept_aside() {
    let desk = Desk::new();
    let line = "train --model linear:softmax --data iris --standardize --ridge 0.01 --test 0.2 --json -";
    let object = objects(&desk.done(line)).remove(0);
    assert_eq!(object["rows"], 120);
    let accuracy = |rows: &str| object["accuracy"][rows].as_f64().unwrap();
    // A linear model labels iris with about 96 % accuracy; a wrong pairing of rows gives a third.
    assert!(accuracy("training") > 0.9 && accuracy("test") > 0.8, "{object}");
    assert_eq!(object["theta"].as_array().unwrap().len(), 15);
}
