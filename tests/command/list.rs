//! What there is.

use super::{Desk, objects};
use unlearn::claim;

#[test]
fn every_list_is_a_table_and_json() {
    let desk = Desk::new();
    let methods: Vec<&str> = unlearn::unlearn::methods(1).iter().map(|m| m.name()).collect();
    let claims: Vec<&str> = claim::all().iter().map(|c| c.id).collect();
    let bounds: Vec<&str> = claim::all()
        .iter()
        .filter(|c| c.item.starts_with("bound::") && c.expected == claim::Verdict::Holds)
        .map(|c| c.item)
        .collect();
    let datasets = vec!["wdbc", "digits", "wine", "iris", "diabetes"];
    let models = vec!["linear:squared", "linear:logistic", "linear:softmax", "mlp:WIDTHS:ACTIVATION:LOSS"];
    let lists = [
        ("claims", "claim", claims),
        ("methods", "method", methods),
        ("bounds", "bound", bounds),
        ("datasets", "dataset", datasets),
        ("models", "model", models),
    ];
    for (what, key, names) in lists {
        let table = desk.done(&format!("list {what}"));
        assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
        let found = objects(&desk.done(&format!("list {what} --json -")));
        assert_eq!(found.iter().map(|o| o[key].as_str().unwrap()).collect::<Vec<_>>(), names);
        assert!(names.iter().all(|name| table.contains(name)), "{table}");
    }
    assert!(desk.done("list datasets").contains("569"));
}
