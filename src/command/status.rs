//! `unlearn status`: what is known of every shard of a state, and what it cost so far.

use super::{Outcome, output};
use serde_json::{Value, json};
use std::path::PathBuf;
use unlearn::error::Result;
use unlearn::hybrid::state::{Entry, Summary, summary};
use unlearn::report::between::above;
use unlearn::report::number::count;
use unlearn::report::paragraph::paragraph;
use unlearn::report::table::{Align, Table};
use unlearn::sisa::ensemble::Status;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The directory, made by `unlearn train --sgd --state DIR`
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    #[command(flatten)]
    options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let known = summary(&arguments.state)?;
    let mut json = arguments.options.open(&[])?;
    json.object(|| object(&known))?;
    if json.leaves_standard_output() && !arguments.options.quiet {
        output::print(&text(&known, &arguments.state.display().to_string()))?;
    }
    Ok(Outcome::Done)
}

/// What shards are: a word and a bound.
fn named(status: Status) -> (&'static str, Option<f64>) {
    match status {
        Status::Exact => ("exact", Some(0.0)),
        Status::Within(bound) => ("within", Some(bound)),
        Status::Unknown => ("none", None),
    }
}

fn text(known: &Summary, directory: &str) -> String {
    let mut table = Table::new(&[
        ("shard", Align::Right),
        ("forgotten", Align::Right),
        ("status", Align::Left),
        ("bound", Align::Right),
    ]);
    for (k, status) in known.status.iter().enumerate() {
        let (word, bound) = named(*status);
        let bound = match bound {
            Some(b) if word == "within" => format!("<= {}", above(b)),
            _ => String::new(),
        };
        table.row([k.to_string(), known.gone[k].to_string(), word.into(), bound]);
    }
    let requests = known.entries.iter().filter(|e| e.policy.is_some()).count();
    let (visits, coordinates) = totals(known);
    let mut text = paragraph("made with  ", &format!("unlearn train {}", known.description.join(" ")));
    text += &table.to_string();
    text += &format!(
        "{}, {} forgotten; {visits} row visits and {coordinates} coordinates read since training, which took {} row visits\n",
        count(requests, "request"),
        count(known.deleted.len(), "row"),
        known.training,
    );
    if known.interrupted {
        let remedy = if known.training == 0 {
            "type the command it was made with again".to_owned()
        } else {
            format!("unlearn remove --state {directory} --resume")
        };
        text += &format!("the last command was interrupted; to finish it: {remedy}\n");
    }
    text
}

fn totals(known: &Summary) -> (u64, u64) {
    (known.entries.iter().map(|e| e.visits).sum(), known.entries.iter().map(|e| e.coordinates).sum())
}

fn object(known: &Summary) -> Value {
    let shard = |(k, status): (usize, &Status)| {
        let (word, bound) = named(*status);
        json!({ "shard": k, "status": word, "bound": bound, "forgotten": known.gone[k] })
    };
    let entry = |e: &Entry| {
        json!({
            "policy": e.policy,
            "rows": e.rows,
            "moves": e.moves.iter().map(|(k, m)| json!({ "shard": k, "choice": m.name() })).collect::<Vec<_>>(),
            "row_visits": e.visits,
            "coordinates": e.coordinates,
        })
    };
    let (visits, coordinates) = totals(known);
    json!({
        "made_with": known.description,
        "shards": known.status.iter().enumerate().map(shard).collect::<Vec<_>>(),
        "deleted": known.deleted,
        "entries": known.entries.iter().map(entry).collect::<Vec<_>>(),
        "training_row_visits": known.training,
        "row_visits": visits,
        "coordinates": coordinates,
        "interrupted": known.interrupted,
    })
}
