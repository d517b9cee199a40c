//! Derivatives against numbers computed by hand, dense, sparse and masked.

use super::{Desk, objects};
use unlearn::data::read::npy;

/// Rows x = 1, 3 with targets 1, 1; no bias, λ = 1.
/// F(θ) = ¼((θ−1)² + (3θ−1)²) + ½θ²; F′ = ½((θ−1) + 3(3θ−1)) + θ; F″ = ½(1 + 9) + 1 = 6.
#[test]
fn a_line_through_two_points() {
    let desk = Desk::new();
    desk.file("two.csv", "x,y\n1,1\n3,1\n");
    desk.file("two.svm", "1 1:1\n1 1:3\n");
    desk.file("theta", "1\n");
    desk.file("v", "2\n");
    for file in ["two.csv", "two.svm"] {
        let derive = |what: &str, rest: &str| {
            let common = "--model linear:squared --no-bias --ridge 1 --parameters theta";
            desk.done(&format!("derive {what} --data {file} {common} {rest}"))
        };
        assert_eq!(derive("value", ""), "1.5\n");
        assert_eq!(derive("gradient", ""), "4.0\n");
        assert_eq!(derive("hessian", ""), "6.0\n");
        assert_eq!(derive("gauss-newton", ""), "6.0\n");
        assert_eq!(derive("hvp", "--vector v"), "12.0\n");
        // Without λ: ½(1 + 9), and with residuals 0 and 2: ½(0 + (3·2)²).
        assert_eq!(derive("fisher", ""), "5.0\n");
        assert_eq!(derive("empirical-fisher", ""), "18.0\n");
        // Sums instead of means.
        assert_eq!(derive("hessian", "--reduction sum"), "11.0\n");
        // Without the second row: ½(θ−1)² + ½θ².
        desk.file("forget", "1\n");
        assert_eq!(derive("value", "--forget forget"), "0.5\n");
        assert_eq!(derive("hessian", "--forget forget"), "2.0\n");
    }
}

/// Logistic loss at θ = 0: the Hessian is ¼·mean (x,1)(x,1)ᵀ, the gradient mean (½−y)(x,1).
#[test]
fn logistic_with_bias_and_a_mask() {
    let desk = Desk::new();
    desk.file("rows.csv", "a,b,y\n2,0,1\n0,4,0\n");
    desk.file("theta", "0\n0\n0\n");
    let common = "--model linear:logistic --data rows.csv --parameters theta";
    assert_eq!(desk.done(&format!("derive hessian {common}")), "0.5,0.0,0.25\n0.0,2.0,0.5\n0.25,0.5,0.25\n");
    assert_eq!(desk.done(&format!("derive gradient {common}")), "-0.5\n1.0\n0.0\n");
    assert_eq!(desk.done(&format!("derive value {common}")), format!("{:?}\n", std::f64::consts::LN_2));
    desk.file("mask", "0\n1\n1\n");
    let masked = desk.done(&format!("derive hessian {common} --mask mask"));
    assert_eq!(masked, "2.0,0.5\n0.5,0.25\n");
    // The two active parameters alone are enough.
    desk.file("active", "0\n0\n");
    let common = common.replace("theta", "active");
    assert_eq!(desk.done(&format!("derive hessian {common} --mask mask")), masked);
}

#[test]
fn numbers_at_pruned_places_are_said_to_have_no_effect() {
    let desk = Desk::new();
    desk.file("rows.csv", "a,b,y\n2,0,1\n0,4,0\n");
    desk.file("theta", "7\n0\n0\n");
    desk.file("mask", "0\n1\n1\n");
    let line = "derive gradient --model linear:logistic --data rows.csv --parameters theta --mask mask";
    let ran = desk.unlearn(line);
    assert_eq!((ran.status, ran.out.as_str()), (Some(0), "1.0\n0.0\n"));
    assert!(ran.err.starts_with("unlearn: note: theta: 1 nonzero") && ran.err.lines().count() == 1);
    assert_eq!(desk.done(&format!("{line} --quiet")), "1.0\n0.0\n");
}

/// Digits do not suffer on the way: printed, CSV, NumPy and JSON hold the same 64-bit numbers.
#[test]
fn every_format_holds_the_same_numbers() {
    let desk = Desk::new();
    let d = 4 * 2 + 2 + 2 * 3 + 3;
    desk.file("theta", (0..d).map(|i| format!("{:?}\n", (f64::from(i) * 0.7).sin())).collect::<String>());
    let line = "derive hessian --model mlp:4-2-3:tanh:softmax --data iris --standardize --ridge 0.1 \
                --parameters theta";
    let printed = desk.done(line);
    let parse = |text: &str| -> Vec<f64> {
        text.lines().flat_map(|l| l.split(',').map(|v| v.parse().unwrap()).collect::<Vec<f64>>()).collect()
    };
    let numbers = parse(&printed);
    assert_eq!(numbers.len(), (d * d) as usize);
    assert!(numbers.iter().any(|v| v.to_string().len() > 15));
    assert_eq!(desk.done(&format!("{line} --output h.csv")), "");
    assert_eq!(desk.read("h.csv"), printed);
    desk.done(&format!("{line} --output h.npy --json meta.json"));
    let array = npy::read(desk.path("h.npy")).unwrap();
    assert_eq!(array.shape(), [d as usize, d as usize]);
    assert_eq!(array.into_values(), numbers);
    for json in [desk.read("meta.json"), desk.done(&format!("{line} --json -"))] {
        let object = objects(&json).remove(0);
        assert_eq!((object["what"].as_str(), object["active"].as_u64()), (Some("hessian"), Some(d as u64)));
        // Read with Rust's parser: that of serde_json may be off in the last digit.
        let values = json.split_once("\"values\":[[").unwrap().1.split_once("]]").unwrap().0;
        let values = parse(&values.replace("],[", "\n"));
        assert_eq!(values, numbers);
    }
}
