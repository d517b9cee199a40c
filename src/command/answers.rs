//! What `plan` and `remove` say of a request to a state.

use serde_json::{Value, json};
use unlearn::hybrid::stream::{Amending, Move, ShardPlan, Spent, StreamPlan};
use unlearn::report::between::above;
use unlearn::report::number::count;
use unlearn::report::paragraph::paragraph;
use unlearn::report::table::{Align, Table};
use unlearn::unlearn::slice_fine_tune::Amendment;

pub(super) fn spent_text(spent: Spent) -> String {
    format!(
        "  cost       {} row visits ({} predicted), {} coordinates read\n",
        spent.visits, spent.predicted, spent.coordinates
    )
}

pub(super) fn plan_text(plan: &StreamPlan) -> String {
    if plan.rows.is_empty() {
        return "all of these rows were forgotten before: nothing to do\n".into();
    }
    let mut columns = vec![
        ("shard", Align::Right),
        ("choice", Align::Left),
        ("retraining", Align::Right),
        ("from slice", Align::Right),
        ("vectors", Align::Right),
        ("bound of an update", Align::Right),
    ];
    if plan.amendment.is_some() {
        columns.extend([("amending", Align::Right), ("bound when amended", Align::Right)]);
    }
    let mut table = Table::new(&columns);
    for s in &plan.shards {
        let (vectors, bound) = match &s.update {
            Ok(u) => (u.vectors.to_string(), u.bound.map_or("none".into(), |b| format!("<= {}", above(b)))),
            Err(_) => (String::new(), "-".into()),
        };
        let slice = (s.redo.stage + 1).to_string();
        let mut row = vec![
            s.shard.to_string(),
            s.choice.name().into(),
            s.redo.visits.to_string(),
            slice,
            vectors,
            bound,
        ];
        if plan.amendment.is_some() {
            row.extend(match &s.amend {
                Ok(a) => {
                    [a.visits.to_string(), a.bound.map_or("none".into(), |b| format!("<= {}", above(b)))]
                }
                Err(_) => ["-".into(), "-".into()],
            });
        }
        table.row(row);
    }
    let mut text = format!(
        "{} to forget in {}: retraining takes {} row visits, {:.4} of what training anew takes\n{table}",
        count(plan.rows.len(), "row"),
        count(plan.shards.len(), "shard"),
        plan.workload.visits,
        plan.workload.share(),
    );
    text += &paragraph("  why        ", &plan.why);
    if plan.carried() > 0 {
        let told = format!(
            "carried through the runs for this command, {} row visits; a process that keeps them ready (Stream::prepare in \
             the library) only reads them",
            plan.carried()
        );
        text += &paragraph("  vectors    ", &told);
    }
    if let Some(amendment) = plan.amendment {
        text += &amended_text(plan, amendment);
    }
    let unable = plan.shards.iter().find_map(|s| s.update.as_ref().err());
    if let Some(why) = unable {
        text += &paragraph("  no update  ", why);
    }
    text
}

/// How shards were, or would be, fine-tuned; why not, and what their bounds rest on.
fn amended_text(plan: &StreamPlan, amendment: Amendment) -> String {
    let mut told = amendment.to_string();
    let made: Vec<&Amending> = plan.shards.iter().filter_map(|s| s.amend.as_ref().ok()).collect();
    if let Some(largest) = made.iter().map(|a| a.residual).reduce(f64::max) {
        let (steps, visits): (usize, u64) = made.iter().fold((0, 0), |(s, v), a| (s + a.steps, v + a.visits));
        let predicted: u64 = made.iter().map(|a| a.predicted).sum();
        told += &format!(
            ": {} to a gradient of at most {} in {}, {visits} row visits ({predicted} predicted)",
            count(made.len(), "shard"),
            above(largest),
            count(steps, "step"),
        );
    }
    let mut text = paragraph("  amendment  ", &told);
    if let Some(a) = made.first() {
        text += &paragraph("  amended    ", &a.because);
    }
    if let Some(none) = plan.shards.iter().find_map(|s| s.amend.as_ref().err()) {
        text += &paragraph("  no amend   ", &none.why);
    }
    if plan.in_vain() > 0 {
        text += &format!("  in vain    {} row visits of planning are not used\n", plan.in_vain());
    }
    text
}

pub(super) fn plan_json(plan: &StreamPlan, spent: Option<Spent>) -> Value {
    let shard = |s: &ShardPlan| {
        let update = s.update.as_ref().ok();
        json!({
            "shard": s.shard,
            "choice": s.choice.name(),
            "retraining_row_visits": s.redo.visits,
            "from_slice": s.redo.stage + 1,
            "vectors": update.map(|u| u.vectors),
            "coordinates": update.map(|u| u.coordinates),
            "carried_row_visits": update.map(|u| u.carried),
            "bound": update.and_then(|u| u.bound),
            "because": update.map(|u| &u.because),
            "no_update": s.update.as_ref().err(),
            "amend": s.amend.as_ref().ok().map(amending_json),
            "no_amendment": s.amend.as_ref().err().map(|none| &none.why),
        })
    };
    let mut value = json!({
        "rows": plan.rows,
        "policy": plan.policy.to_string(),
        "amendment": plan.amendment.map(|a| a.to_string()),
        "shards": plan.shards.iter().map(shard).collect::<Vec<_>>(),
        "workload": plan.workload.visits,
        "full": plan.workload.full,
        "share": plan.share,
        "predicted_row_visits": plan.predicted(),
        "row_visits_in_vain": plan.in_vain(),
        "amended": plan.shards.iter().filter(|s| s.choice == Move::Amend).count(),
        "retrained": plan.shards.iter().filter(|s| s.choice == Move::Retrain).count(),
        "why": plan.why,
    });
    if let Some(spent) = spent {
        value["row_visits"] = spent.visits.into();
        value["coordinates"] = spent.coordinates.into();
    }
    value
}

fn amending_json(a: &Amending) -> Value {
    json!({
        "slices": a.slices,
        "steps": a.steps,
        "row_visits": a.visits,
        "predicted_row_visits": a.predicted,
        "coordinates": a.coordinates,
        "gradient_norm": a.residual,
        "to_minimiser": a.to_minimiser,
        "to_shard_minimiser": a.to_shard_minimiser,
        "bound": a.bound,
        "because": a.because,
    })
}
