//! Counterexamples in text: one line that gives the numbers, or the whole case to compute by hand.

use super::number::{count, distinguished, exact};
use super::paragraph::paragraph;
use crate::verify::campaign::{Counterexample, Finding};
use serde_json::Value;

/// One line: where, and both sides.
pub fn brief(finding: &Finding, found: &Counterexample) -> String {
    let case = &found.case;
    let label = match case["label"].as_str() {
        Some(label) if !label.is_empty() => format!(" ({label})"),
        _ => String::new(),
    };
    let e = &found.evidence;
    let (measured, bound) = distinguished(e.measured.mid(), e.bound.mid());
    format!(
        "{}{label}: {} > {}; {} forgotten, {}, {} of {} parameters",
        finding.data,
        measured,
        bound,
        amount(case, "forgotten", "row"),
        amount(case, "step_count", "step"),
        case["active"],
        case["parameters"],
    )
}

/// The whole case, one labelled paragraph per part, wrapped.
pub fn full(found: &Counterexample) -> String {
    let (case, e) = (&found.case, &found.evidence);
    let side = |x: crate::numeric::interval::Interval| format!("[{}, {}]", exact(x.lo()), exact(x.hi()));
    let mut text = String::new();
    let mut part = |label: &str, words: Vec<String>| {
        text.push_str(&paragraph(&format!("      {label:<14} "), &words.join(" ")));
    };
    part("measured", vec![side(e.measured)]);
    part("claimed bound", vec![side(e.bound)]);
    part("model", model(case));
    part("training", training(case));
    if let Some(forget) = case["forget"].as_array() {
        part("forget rows", forget.iter().map(Value::to_string).collect());
    }
    if let Some(rows) = case["rows"].as_array() {
        let row = |(i, r): (usize, &Value)| format!("{i}: x={} y={};", vector(&r["x"]), number(&r["y"]));
        part("rows", rows.iter().enumerate().map(row).collect());
    }
    if case["active"] != case["parameters"] && case["mask"].is_array() {
        part("mask", vec![vector(&case["mask"])]);
    }
    if case["start"].is_array() {
        part("start", vec![vector(&case["start"])]);
    }
    if case["perturbation"].is_array() {
        part("perturbation", vec![vector(&case["perturbation"])]);
    }
    if let Some(steps) = case["steps"].as_array() {
        let step = |s: &Value| format!("rows {} η={};", vector(&s["rows"]), number(&s["eta"]));
        part("steps", steps.iter().map(step).collect());
    }
    text
}

fn model(case: &Value) -> Vec<String> {
    let word = |key: &str| case[key].as_str().unwrap_or("?").to_owned();
    let widths: Vec<String> = case["widths"].as_array().into_iter().flatten().map(Value::to_string).collect();
    let hidden = if widths.len() > 2 { format!(" {}", word("activation")) } else { String::new() };
    let bias = if case["bias"] == Value::Bool(true) { "with bias" } else { "without bias" };
    vec![
        format!("{} loss,", word("loss")),
        format!("widths {}{hidden},", widths.join("-")),
        format!("{bias},"),
        format!("ridge {},", number(&case["ridge"])),
        format!("{} reduction,", word("reduction")),
        format!("{} of {} parameters kept", case["active"], case["parameters"]),
    ]
}

fn training(case: &Value) -> Vec<String> {
    vec![
        format!("{},", amount(case, "step_count", "step")),
        format!("momentum {},", number(&case["momentum"])),
        format!("weight decay {},", number(&case["weight_decay"])),
        format!("{} batches,", case["normalisation"].as_str().unwrap_or("?")),
        format!("{} forgotten", amount(case, "forgotten", "row")),
    ]
}

fn amount(case: &Value, key: &str, noun: &str) -> String {
    count(case[key].as_u64().unwrap_or(0) as usize, noun)
}

fn number(value: &Value) -> String {
    value.as_f64().map_or_else(|| value.to_string(), exact)
}

fn vector(value: &Value) -> String {
    let entries: Vec<String> = value.as_array().into_iter().flatten().map(number).collect();
    format!("({})", entries.join(", "))
}
