//! `unlearn list`: what there is.

use super::{Outcome, output};
use serde_json::{Value, json};
use unlearn::claim;
use unlearn::data::builtin;
use unlearn::error::Result;
use unlearn::loss::Loss;
use unlearn::model::Activation;
use unlearn::report::table::{Align, Table};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What to list
    #[arg(value_enum)]
    what: What,
    #[command(flatten)]
    options: output::Options,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy)]
enum What {
    Claims,
    Bounds,
    Datasets,
    Models,
}

/// Objects with the same keys; the first few keys are the columns of the table.
struct Listing {
    columns: &'static [&'static str],
    entries: Vec<Value>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let listing = match arguments.what {
        What::Claims => claims(),
        What::Bounds => bounds(),
        What::Datasets => datasets(),
        What::Models => models(),
    };
    let mut json = arguments.options.open()?;
    for entry in &listing.entries {
        json.object(|| entry.clone())?;
    }
    if json.leaves_standard_output() {
        output::print(&listing.table().to_string())?;
    }
    Ok(Outcome::Done)
}

impl Listing {
    fn table(&self) -> Table {
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let numeric = |key: &str| self.entries.iter().all(|e| e[key].is_number());
        let align = |key: &'static str| (key, if numeric(key) { Align::Right } else { Align::Left });
        let mut table = Table::new(&self.columns.iter().map(|key| align(key)).collect::<Vec<_>>());
        for entry in &self.entries {
            table.row(self.columns.iter().map(|key| text(&entry[*key])));
        }
        table
    }
}

fn claims() -> Listing {
    let entry = |c: claim::Claim| {
        json!({
            "claim": c.id, "title": c.title, "statement": c.statement, "source": c.source,
            "theorem": c.theorem, "item": c.item, "expected": c.expected.word(),
        })
    };
    let entries = claim::all().into_iter().map(entry).collect();
    Listing { columns: &["claim", "expected", "title"], entries }
}

/// The bounds that claims evaluate, in the order of the claims.
fn bounds() -> Listing {
    let entry = |c: claim::Claim| json!({ "bound": c.item, "claim": c.id, "theorem": c.theorem.unwrap_or("-"), "statement": c.statement });
    let claims = claim::all().into_iter().filter(|c| c.item.starts_with("bound::"));
    Listing { columns: &["bound", "claim", "theorem"], entries: claims.map(entry).collect() }
}

fn datasets() -> Listing {
    let entry = |b: &builtin::Builtin| {
        json!({
            "dataset": b.name, "rows": b.rows, "features": b.features, "task": b.task.to_string(),
            "provenance": b.provenance, "licence": b.licence,
        })
    };
    let columns = &["dataset", "rows", "features", "task", "licence", "provenance"];
    Listing { columns, entries: builtin::NAMES.iter().map(entry).collect() }
}

fn models() -> Listing {
    let linear = Loss::ALL.iter().map(|loss| {
        json!({ "model": format!("linear:{loss}"), "meaning": format!("one affine layer, {loss} loss") })
    });
    let activations: Vec<&str> = Activation::ALL.iter().map(|a| a.name()).collect();
    let losses: Vec<&str> = Loss::ALL.iter().map(|l| l.name()).collect();
    let mlp = json!({
        "model": "mlp:WIDTHS:ACTIVATION:LOSS",
        "meaning": format!(
            "affine layers, such as mlp:64-32-10:tanh:softmax; activations {}; losses {}",
            activations.join(", "),
            losses.join(", ")
        ),
    });
    Listing { columns: &["model", "meaning"], entries: linear.chain([mlp]).collect() }
}
