//! What `plan` and `remove` say of a request to a state.

use serde_json::{Value, json};
use unlearn::hybrid::stream::{Move, ShardPlan, Spent, StreamPlan};
use unlearn::report::between::above;
use unlearn::report::number::count;
use unlearn::report::paragraph::paragraph;
use unlearn::report::table::{Align, Table};

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
    let mut table = Table::new(&[
        ("shard", Align::Right),
        ("choice", Align::Left),
        ("retraining", Align::Right),
        ("from slice", Align::Right),
        ("vectors", Align::Right),
        ("bound of an update", Align::Right),
    ]);
    for s in &plan.shards {
        let (vectors, bound) = match &s.update {
            Ok(u) => (u.vectors.to_string(), u.bound.map_or("none".into(), |b| format!("<= {}", above(b)))),
            Err(_) => (String::new(), "-".into()),
        };
        let slice = (s.redo.stage + 1).to_string();
        table.row([
            s.shard.to_string(),
            s.choice.name().into(),
            s.redo.visits.to_string(),
            slice,
            vectors,
            bound,
        ]);
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
    let unable = plan.shards.iter().find_map(|s| s.update.as_ref().err());
    if let Some(why) = unable {
        text += &paragraph("  no update  ", why);
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
        })
    };
    let mut value = json!({
        "rows": plan.rows,
        "policy": plan.policy.to_string(),
        "shards": plan.shards.iter().map(shard).collect::<Vec<_>>(),
        "workload": plan.workload.visits,
        "full": plan.workload.full,
        "share": plan.share,
        "predicted_row_visits": plan.visits(),
        "retrained": plan.shards.iter().filter(|s| s.choice == Move::Retrain).count(),
        "why": plan.why,
    });
    if let Some(spent) = spent {
        value["row_visits"] = spent.visits.into();
        value["coordinates"] = spent.coordinates.into();
    }
    value
}
