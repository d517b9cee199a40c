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
    #[arg(value_enum, value_name = "claims|methods|bounds|datasets|models")]
    what: What,
    #[command(flatten)]
    options: output::Options,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy)]
enum What {
    Claims,
    Methods,
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
        What::Methods => methods(),
        What::Bounds => bounds(),
        What::Datasets => datasets(),
        What::Models => models(),
    };
    let mut json = arguments.options.open(&[])?;
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
            "theorem": c.theorem, "item": c.item, "test": c.test(), "expected": c.expected.word(),
        })
    };
    let entries = claim::all().into_iter().map(entry).collect();
    Listing { columns: &["claim", "expected", "title"], entries }
}

/// What each method does and which models it takes: minimisers, recorded runs (`train --sgd`), or both.
const METHODS: [(&str, &str, &str); 25] = [
    ("noop", "both", "leave the model as it is: the error every method has to beat"),
    ("retrain", "both", "repeat the training without the forgotten rows, given the mask"),
    ("retrain-uncoupled", "both", "retrain with another start or other batches: the floor"),
    ("retrain-repruned", "both", "prune again without the forgotten rows, then retrain on that mask"),
    ("addback-start", "run", "add the forgotten gradients back, taken at the start of the run"),
    ("addback-end", "run", "add the forgotten gradients back, taken at its end: one ascent step"),
    ("addback-recorded", "run", "add the forgotten gradients back as they were recorded"),
    ("amnesiac", "run", "subtract the recorded updates of all batches with a forgotten row"),
    ("recollection", "run", "carry the removal through the recorded run; exact for quadratics"),
    ("precomputed", "run", "add vectors carried per row before the request; bounded in advance"),
    ("deltagrad", "run", "replay the run with guessed gradients between explicit steps"),
    ("direct-fine-tune", "run", "subtract what was recorded, then fine-tune to a stated gradient"),
    ("influence", "both", "one step with the Hessian on all rows, simplex weights"),
    ("influence-boolean", "both", "the same with weight 1/n on the rows kept"),
    ("influence-cg", "both", "influence by conjugate gradients, without a matrix"),
    ("woodfisher", "both", "influence with the empirical Fisher, inverted row by row"),
    ("newton", "both", "Newton's step on the rows kept; exact for quadratics"),
    ("ridge-deletion", "minimiser", "closed form for ridge regression with the sum reduction; exact"),
    (
        "datamodel",
        "minimiser",
        "subtract single-deletion datamodels (DM-Direct); exact for one row of ridge, sum",
    ),
    (
        "muso",
        "minimiser",
        "relabel the forgotten rows as the retrained model would, train on all (linear models)",
    ),
    (
        "oracle-matching",
        "minimiser",
        "descend until outputs are those of the retrained model (OM, DMM; linear models)",
    ),
    ("fine-tune", "both", "go on training on the rows kept (FT)"),
    ("gradient-ascent", "both", "raise the loss of the forgotten rows for some epochs (GA; not an add-back)"),
    ("fisher", "both", "noise where the rows kept do not hold the parameters (FF)"),
    ("l1-sparse", "both", "fine-tune under an l1 penalty; its zeros are exact"),
];

fn methods() -> Listing {
    let entries = METHODS
        .map(|(method, model, meaning)| json!({ "method": method, "model": model, "meaning": meaning }));
    Listing { columns: &["method", "model", "meaning"], entries: entries.into() }
}

/// The bounds that claims evaluate, in the order of the claims.
fn bounds() -> Listing {
    let entry = |c: claim::Claim| json!({ "bound": c.item, "claim": c.id, "theorem": c.theorem.unwrap_or("-"), "title": c.title, "statement": c.statement });
    let claims = claim::all()
        .into_iter()
        .filter(|c| c.item.starts_with("bound::") && c.expected == claim::Verdict::Holds);
    Listing { columns: &["bound", "claim", "title"], entries: claims.map(entry).collect() }
}

fn datasets() -> Listing {
    let entry = |b: &builtin::Builtin| {
        json!({
            "dataset": b.name, "rows": b.rows, "features": b.features, "task": b.task.to_string(),
            "provenance": b.provenance, "licence": b.licence,
        })
    };
    let columns = &["dataset", "rows", "features", "task", "provenance"];
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

#[cfg(test)]
mod tests {
    use super::METHODS;
    use std::sync::Arc;
    use unlearn::data::{Dataset, Design, RowSet};
    use unlearn::loss::Loss;
    use unlearn::model::Model;
    use unlearn::objective::{Problem, Reduction};
    use unlearn::train::coupling::Normalisation;
    use unlearn::train::plan::{Plan, Step};
    use unlearn::train::{newton, sgd};
    use unlearn::unlearn::{Request, Trained, methods};

    /// Every method is listed, and takes the models that the list says.
    #[test]
    fn the_list_of_methods_is_true() {
        let x = Design::dense(3, 1, vec![1.0, 2.0, -1.0]).unwrap();
        let data = Arc::new(Dataset::new("three", x, vec![1.0, 3.0, 0.5]).unwrap());
        let model = Model::linear(1, 1, Loss::Squared, false).unwrap();
        let problem = Problem::new(data, model, 0.5).unwrap().with_reduction(Reduction::Sum);
        let forget = RowSet::new(3, vec![1]).unwrap();
        let start = nalgebra::DVector::zeros(1);
        let fit = newton::minimise(&problem.full(), start.clone()).unwrap();
        let plan = Plan::new(vec![Step { rows: vec![0, 1], eta: 0.1 }; 3], 0.0, 0.1).unwrap();
        let trajectory = sgd::train(&problem, &plan, start).unwrap();
        let normalisation = Normalisation::Fixed;
        let run = Trained::Run { plan: &plan, trajectory: &trajectory, normalisation };
        let all = methods(1);
        assert_eq!(all.iter().map(|m| m.name()).collect::<Vec<_>>(), METHODS.map(|(name, ..)| name));
        for (method, (name, model, _)) in all.iter().zip(METHODS) {
            let takes =
                |trained| method.remove(&Request { problem: &problem, forget: &forget, trained }).is_ok();
            let found = match (takes(Trained::Minimiser(&fit)), takes(run)) {
                (true, true) => "both",
                (true, false) => "minimiser",
                (false, true) => "run",
                (false, false) => "neither",
            };
            assert_eq!(found, model, "{name}");
        }
    }
}
