//! `unlearn remove`: forget rows with a method; what the result guarantees and what it cost.

use super::training::{self, Trained};
use super::{Outcome, input, ladder, output, settings};
use nalgebra::DVector;
use serde_json::{Value, json};
use std::path::PathBuf;
use unlearn::data::{RowSet, write};
use unlearn::error::{Error, Result};
use unlearn::mask::{Agreement, Mask, Scope};
use unlearn::metric::accuracy::accuracy;
use unlearn::objective::Problem;
use unlearn::report::between::above;
use unlearn::report::json::interval;
use unlearn::report::number::{count, short};
use unlearn::report::paragraph::paragraph;
use unlearn::report::table::{Align, Table};
use unlearn::train::newton::{Fit, rounding_floor_at};
use unlearn::unlearn::report::{Row, compare_methods};
use unlearn::unlearn::{self as methods, Guarantee, Request};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// How (see `unlearn list methods`)
    #[arg(long, value_name = "NAME")]
    method: String,
    #[command(flatten)]
    settings: settings::Options,
    #[command(flatten)]
    input: input::Options,
    /// Instead of --forget: this share of the training rows, drawn from the seed
    #[arg(long, value_name = "FRACTION", conflicts_with = "forget", allow_negative_numbers = true)]
    forget_fraction: Option<f64>,
    /// The trained parameters (a minimiser) instead of training here
    #[arg(long, value_name = "FILE", conflicts_with_all = ["sgd", "start"])]
    parameters: Option<PathBuf>,
    #[command(flatten)]
    training: training::Options,
    /// Keep this share of the rows aside for testing, drawn from the seed
    #[arg(long, value_name = "FRACTION", allow_negative_numbers = true)]
    test: Option<f64>,
    /// Write the new parameters, zeros at pruned places (.npy, .csv, .txt or .json)
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    privacy: ladder::Options,
    #[command(flatten)]
    options: output::Options,
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let options = &arguments.options;
    // Refused before any work is done.
    let method = arguments.settings.apply(&arguments.method, options.seed)?;
    if let Some(path) = &arguments.output {
        output::check_target(path, &["npy", "csv", "txt", "json"])?;
    }
    let draw = input::Draw { test: arguments.test, forget: arguments.forget_fraction, seed: options.seed };
    let input = arguments.input.load(draw)?;
    let Some(forget) = &input.forget else {
        return Err(Error::Invalid(
            "remove needs to know what to forget: --forget FILE or --forget-fraction FRACTION".into(),
        ));
    };
    let linear = input.problem.model().is_linear();
    let budget = arguments.privacy.budget(&arguments.method, linear, !arguments.training.sgd)?;
    let mut json = options.open(&[&arguments.output])?;
    let trained = train(arguments, &input.problem)?;
    let as_trained = match &trained {
        Trained::Minimiser(fit) => methods::Trained::Minimiser(fit),
        Trained::Run { plan, trajectory } => {
            let normalisation = arguments.training.normalisation();
            methods::Trained::Run { plan, trajectory, normalisation }
        }
    };
    let request = Request { problem: &input.problem, forget, trained: as_trained };
    let settings = method.settings();
    let rows = compare_methods(&request, vec![method], options.seed)?;
    let before = trained.theta();
    let mut result = Report { arguments, input: &input, forget, rows: &rows, settings, before, rungs: None };
    if matches!(trained, Trained::Minimiser(_)) {
        let step = (before, &result.row().theta);
        result.rungs = ladder::Rungs::of(&input.problem, forget, step, &arguments.method, budget)?;
    }
    if let Some(path) = &arguments.output {
        write::vector(path, result.embedded().as_slice())?;
    }
    json.object(|| result.json())?;
    if json.leaves_standard_output() && !options.quiet {
        output::print(&result.text())?;
    }
    Ok(Outcome::Done)
}

fn train(arguments: &Arguments, problem: &Problem) -> Result<Trained> {
    let options = &arguments.options;
    let k = problem.active();
    let solves = ["influence", "influence-boolean", "newton"].contains(&arguments.method.as_str());
    if arguments.training.sgd && solves && problem.ridge() == 0.0 {
        input::check_size("the Hessian", k, k, "use a --ridge above 0, influence-cg, or prune with --mask")?;
    }
    if arguments.method == "ridge-deletion" {
        input::check_size(
            "the Hessian",
            k,
            k,
            "use newton, which is exact for squared loss too, or prune with --mask",
        )?;
    }
    if !arguments.training.sgd {
        input::check_trainable(problem)?;
    }
    let Some(path) = &arguments.parameters else {
        return arguments.training.train(problem, options.seed, options.quiet);
    };
    let theta = input::parameters(problem, path, options.quiet)?;
    let objective = problem.full();
    let rounding = rounding_floor_at(&objective, &theta);
    let residual = objective.gradient(&theta).norm();
    Ok(Trained::Minimiser(Fit { theta, residual, rounding, iterations: 0 }))
}

/// What is reported about a removal.
struct Report<'a> {
    arguments: &'a Arguments,
    input: &'a input::Input,
    forget: &'a RowSet,
    rows: &'a [Row],
    settings: Vec<(&'static str, String)>,
    before: &'a DVector<f64>,
    /// For second-order methods on linear models.
    rungs: Option<ladder::Rungs>,
}

impl Report<'_> {
    /// The line of the method that was asked for.
    fn row(&self) -> &Row {
        let asked = |row: &&Row| row.method == self.arguments.method && row.settings == self.settings;
        self.rows.iter().find(asked).expect("the comparison holds the method that was asked for")
    }

    /// The result as all `d` parameters.
    fn embedded(&self) -> DVector<f64> {
        let row = self.row();
        row.mask.as_ref().unwrap_or(self.input.problem.mask()).embed(&row.theta)
    }

    /// Accuracies on the forgotten, retained and test rows, of parameters on the problem's mask or on their
    /// own; nothing for squared loss.
    fn accuracies(&self, theta: &DVector<f64>, mask: Option<&Mask>) -> Vec<(&'static str, f64)> {
        let on_mask = |p: &Problem| match mask {
            Some(mask) => p.clone().with_mask(mask.clone()).expect("a mask for the same model"),
            None => p.clone(),
        };
        let (problem, test) = (&on_mask(&self.input.problem), self.input.test.as_ref().map(on_mask));
        let test = test.as_ref();
        let every = |p: &Problem| (0..p.rows()).collect::<Vec<_>>();
        let shares = [
            ("forgotten", accuracy(problem, theta, self.forget.rows())),
            ("retained", accuracy(problem, theta, &self.forget.complement())),
            ("test", test.and_then(|test| accuracy(test, theta, &every(test)))),
        ];
        shares.into_iter().filter_map(|(rows, share)| Some((rows, share?))).collect()
    }

    fn text(&self) -> String {
        let (problem, row) = (&self.input.problem, self.row());
        let mut text = format!(
            "{} on {}: {} of {} forgotten by {}, {} of {} parameters active\n",
            self.arguments.input.model,
            problem.data().name,
            self.forget.len(),
            count(problem.rows(), "row"),
            row.method,
            problem.active(),
            problem.model().parameters(),
        );
        if let Some(note) = self.not_a_minimiser() {
            text.push_str(&paragraph("  note       ", &note));
        }
        let guarantee = match &row.guarantee {
            Guarantee::Exact { theorem } => format!("equal to the retrained model ({theorem})"),
            Guarantee::Within { distance, theorem } => {
                format!("within {} of the retrained model ({theorem})", above(*distance))
            }
            Guarantee::None { why } => format!("none: {why}"),
        };
        text.push_str(&paragraph("  guarantee  ", &guarantee));
        text.push_str(&format!(
            "  cost       {} row visits, {} operations, {} s\n",
            row.cost.row_visits,
            short(row.cost.flops),
            short(row.cost.seconds)
        ));
        if !row.settings.is_empty() {
            let settings: Vec<_> = row.settings.iter().map(|(name, v)| format!("{name} {v}")).collect();
            text.push_str(&paragraph("  settings   ", &settings.join(", ")));
        }
        let zeros = row.theta.iter().filter(|v| **v == 0.0).count();
        if zeros > 0 {
            text.push_str(&format!("  zeros      {zeros} of the {} active parameters\n", row.theta.len()));
        }
        if let Some(mask) = &row.mask {
            let found = self.agreement(mask);
            let line = format!(
                "chosen without the forgotten rows; shares {:.4} of what either mask keeps with the given one (Jaccard)",
                found.jaccard
            );
            text.push_str(&paragraph("  mask       ", &line));
        }
        for ((rows, before), (_, after)) in
            self.accuracies(self.before, None).into_iter().zip(self.accuracies(&row.theta, row.mask.as_ref()))
        {
            text.push_str(&format!(
                "  accuracy   {before:.4} before, {after:.4} after, on the {rows} rows\n"
            ));
        }
        let rungs = self.rungs.as_ref().map_or(String::new(), |rungs| format!("\n{}", rungs.text()));
        format!("{text}\n{}{}{rungs}", self.table(), self.legend())
    }

    /// Parameters from elsewhere may belong to another objective; every method but `retrain` relies on them.
    fn not_a_minimiser(&self) -> Option<String> {
        self.arguments.parameters.as_ref()?;
        let objective = self.input.problem.full();
        let gradient = objective.gradient(self.before).norm();
        // A millionth of what the rows' gradients add up to is stationary by any optimiser's standards.
        (gradient > 1e-6 * objective.gradient_mass(self.before)).then(|| {
            format!(
                "the gradient norm at these parameters is {}: they do not minimise this objective (check --ridge, \
                 --reduction, --standardize)",
                short(gradient)
            )
        })
    }

    /// How far a mask agrees with the given one on what pruning could have removed.
    fn agreement(&self, mask: &Mask) -> Agreement {
        let (model, given) = (self.input.problem.model(), self.input.problem.mask());
        let (scope, _) = Scope::of(model, given);
        Agreement::on(given, mask, &scope.coordinates(model))
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&[
            ("method", Align::Left),
            ("distance", Align::Right),
            ("of no-op", Align::Right),
            ("guaranteed", Align::Right),
            ("row visits", Align::Right),
        ]);
        let noop = self.rows[0].distance.lo();
        for row in self.rows {
            let (distance, ratio) = if !row.enclosed {
                (format!("~{}", short(row.distance.mid())), short(row.ratio))
            } else if row.distance.lo() > 0.0 {
                (short(row.distance.mid()), short(row.ratio))
            } else {
                // Below what rounding lets one see the computed digits mean nothing.
                let most = row.distance.hi();
                let share = if noop > 0.0 { format!("<= {}", above(most / noop)) } else { "-".into() };
                (format!("<= {}", above(most)), share)
            };
            table.row([
                row.method.to_owned(),
                distance,
                ratio,
                match &row.guarantee {
                    Guarantee::Exact { .. } => "exact".into(),
                    Guarantee::Within { distance, .. } => format!("<= {}", above(*distance)),
                    Guarantee::None { .. } => "none".into(),
                },
                row.cost.row_visits.to_string(),
            ]);
        }
        table
    }

    fn legend(&self) -> &'static str {
        if self.rows.iter().all(|row| row.enclosed) {
            "distance: from the retrained model (<=: too small to tell from rounding); of no-op: divided by that of \
             doing nothing\n"
        } else {
            "distance: from the retrained model as computed (~: its own error is not bounded, since it is not \
             the only minimum)\nof no-op: divided by the distance of doing nothing\n"
        }
    }

    fn json(&self) -> Value {
        let row = self.row();
        let mut value = self.input.describe(&self.arguments.input);
        let shares = |theta, mask| {
            let pairs = self.accuracies(theta, mask).into_iter();
            Value::Object(pairs.map(|(rows, share)| (rows.to_owned(), share.into())).collect())
        };
        value["method"] = row.method.into();
        value["result"] = self.row_json(row);
        value["accuracy_before"] = shares(self.before, None);
        value["accuracy"] = shares(&row.theta, row.mask.as_ref());
        value["ladder"] = self.rungs.as_ref().map_or(Value::Null, ladder::Rungs::json);
        value["comparison"] = self.rows.iter().map(|row| self.row_json(row)).collect();
        value["zeros"] = row.theta.iter().filter(|v| **v == 0.0).count().into();
        value["theta"] = self.embedded().as_slice().into();
        if let Some(mask) = &row.mask {
            let agreement = self.agreement(mask);
            value["mask"] = mask.flags().into_iter().map(u8::from).collect();
            value["mask_agreement"] = json!({ "jaccard": agreement.jaccard, "equal": agreement.equal });
        }
        value
    }

    fn row_json(&self, row: &Row) -> Value {
        let guarantee = match &row.guarantee {
            Guarantee::Exact { theorem } => json!({ "kind": "exact", "theorem": theorem }),
            Guarantee::Within { distance, theorem } => {
                json!({ "kind": "within", "distance": distance, "theorem": theorem })
            }
            Guarantee::None { why } => json!({ "kind": "none", "why": why }),
        };
        json!({
            "method": row.method,
            "distance": interval(row.distance),
            "enclosed": row.enclosed,
            "ratio_to_noop": row.ratio,
            "guarantee": guarantee,
            "row_visits": row.cost.row_visits,
            "flops": row.cost.flops,
            "settings": settings::json(&row.settings),
            "seconds": self.arguments.options.timings.then_some(row.cost.seconds),
        })
    }
}
