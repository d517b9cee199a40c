//! From the common options to a problem.

use super::output;
use nalgebra::DVector;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use unlearn::data::{Amount, Dataset, Forget, RowSet, Split, Standardizer, open, read};
use unlearn::error::{Error, Result};
use unlearn::mask::Mask;
use unlearn::model::Spec;
use unlearn::objective::{Problem, Reduction};

/// Which problem is meant.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(super) struct Options {
    /// linear:squared, linear:logistic, linear:softmax, or mlp:WIDTHS:ACTIVATION:LOSS such as
    /// mlp:30-8-1:tanh:logistic
    #[arg(long, value_name = "SPEC")]
    pub(super) model: Spec,
    /// A built-in data set (wdbc, digits, wine, iris, diabetes) or a file (.csv, .svm, .npz, IDX)
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) data: String,
    /// Target column of a CSV file [default: the last]
    #[arg(long, value_name = "COL")]
    target: Option<String>,
    /// Centre and scale every feature, as learned from the training rows
    #[arg(long)]
    standardize: bool,
    /// Layers without bias
    #[arg(long)]
    no_bias: bool,
    /// λ in (λ/2)‖θ‖², on every active parameter
    #[arg(long, value_name = "λ", default_value_t = 0.0, allow_negative_numbers = true)]
    ridge: f64,
    /// mean (over the rows that count) or sum of the row losses
    #[arg(long, value_name = "mean|sum", default_value = "mean")]
    reduction: Reduction,
    /// One 0 or 1 per parameter: which are active
    #[arg(long, value_name = "FILE")]
    pub(super) mask: Option<PathBuf>,
    /// Rows to forget: one 0-based index per line, or an integer .npy
    #[arg(long, value_name = "FILE")]
    pub(super) forget: Option<PathBuf>,
}

/// What is drawn at random besides.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Draw {
    /// The share of all rows kept aside for testing.
    pub(super) test: Option<f64>,
    /// The share of the training rows to forget, where no file names them.
    pub(super) forget: Option<f64>,
    /// The seed of both.
    pub(super) seed: u64,
}

/// A problem on the training rows.
pub(super) struct Input {
    /// The problem.
    pub(super) problem: Problem,
    /// What is to be forgotten, in the numbering of the training rows.
    pub(super) forget: Option<RowSet>,
    /// The same model on the rows kept aside.
    pub(super) test: Option<Problem>,
}

impl Options {
    /// Reads, splits, standardises and checks everything.
    pub(super) fn load(&self, draw: Draw) -> Result<Input> {
        let whole = open(&self.data, &read::Options { target: self.target.clone() })?;
        let (train, test, forget) = self.split(whole.clone(), draw)?;
        // From all rows, so that the number of classes does not depend on the split.
        let model = self.model.resolve(&whole, !self.no_bias)?;
        // A mask of this size takes 512 MiB; what is computed with it takes a multiple.
        const MOST_PARAMETERS: usize = 1 << 26;
        if model.parameters() > MOST_PARAMETERS {
            return Err(Error::Invalid(format!(
                "model {} has {} parameters; at most {MOST_PARAMETERS} are accepted",
                self.model,
                model.parameters()
            )));
        }
        let mask = match &self.mask {
            Some(path) => Mask::new(&read::mask(path, model.parameters())?)?,
            None => Mask::full(model.parameters()),
        };
        let problem = |data: Dataset| {
            let problem = Problem::new(Arc::new(data), model.clone(), self.ridge)?;
            problem.with_reduction(self.reduction).with_mask(mask.clone())
        };
        let input = Input { problem: problem(train)?, forget, test: test.map(problem).transpose()? };
        if let Some(forget) = &input.forget {
            input.problem.check_forget(forget)?;
        }
        Ok(input)
    }

    fn split(&self, whole: Dataset, draw: Draw) -> Result<(Dataset, Option<Dataset>, Option<RowSet>)> {
        let named = self.forget.as_ref().map(|path| read::indices(path, whole.rows())).transpose()?;
        let standardized = |data: &Dataset, train: &[usize]| {
            if self.standardize { Standardizer::fit(data, train)?.apply(data) } else { Ok(data.clone()) }
        };
        if draw.test.is_none() && draw.forget.is_none() {
            let all: Vec<usize> = (0..whole.rows()).collect();
            return Ok((standardized(&whole, &all)?, None, named));
        }
        let forgets = named.is_some() || draw.forget.is_some();
        let what = match (named, draw.forget) {
            (Some(rows), _) => Forget::Rows(rows.rows().to_vec()),
            (None, Some(share)) => Forget::Random(Amount::Fraction(share)),
            // A split always forgets something; the test rows do not depend on what, and the row is not used.
            (None, None) => Forget::Random(Amount::Count(1)),
        };
        let split = Split::draw(&whole, Amount::Fraction(draw.test.unwrap_or(0.0)), &what, draw.seed)?;
        let whole = standardized(&whole, split.train())?;
        let (train, forget) = split.training_data(&whole)?;
        Ok((train, split.test_data(&whole)?, forgets.then_some(forget)))
    }
}

impl Input {
    /// The problem in JSON.
    pub(super) fn describe(&self, options: &Options) -> Value {
        let problem = &self.problem;
        json!({
            "model": options.model.to_string(),
            "data": options.data,
            "rows": problem.rows(),
            "forgotten": self.forget.as_ref().map_or(0, RowSet::len),
            "ridge": problem.ridge(),
            "reduction": match problem.reduction() {
                Reduction::Mean => "mean",
                Reduction::Sum => "sum",
            },
            "active": problem.active(),
            "parameters": problem.model().parameters(),
        })
    }
}

/// Reads a vector on the parameters: all `d` in the model's order, or only the `k` active ones. Numbers
/// at pruned places have no effect; unless `quiet`, a line on standard error says so.
pub(super) fn parameters(problem: &Problem, path: &Path, quiet: bool) -> Result<DVector<f64>> {
    let (mask, values) = (problem.mask(), read::vector(path)?);
    if values.len() == mask.len() && !mask.is_full() {
        return Ok(DVector::from_vec(values));
    }
    if values.len() != mask.parameters() {
        let or_active =
            if mask.is_full() { String::new() } else { format!(" ({} of them active)", mask.len()) };
        return Err(Error::File {
            file: path.display().to_string(),
            message: format!(
                "{} numbers, but the model has {} parameters{or_active}",
                values.len(),
                mask.parameters()
            ),
        });
    }
    let kept = mask.restrict(&values)?;
    let lost = values.iter().filter(|v| **v != 0.0).count() - kept.iter().filter(|v| **v != 0.0).count();
    if lost > 0 && !quiet {
        output::complain(&format!(
            "note: {}: {lost} nonzero numbers stand at pruned places and count as 0",
            path.display()
        ));
    }
    Ok(kept)
}

/// Refuses to train without a Hessian where one is needed and would not fit into memory: with a ridge none is.
pub(super) fn check_trainable(problem: &Problem) -> Result<()> {
    if problem.ridge() > 0.0 {
        return Ok(());
    }
    let k = problem.active();
    check_size(
        "the Hessian",
        k,
        k,
        "use a --ridge above 0 (no Hessian is needed then), train with --sgd, or prune with --mask",
    )
}

/// Refuses a dense matrix that would not fit into memory: `rows × columns` numbers.
pub(super) fn check_size(what: &str, rows: usize, columns: usize, remedy: &str) -> Result<()> {
    if rows.checked_mul(columns).is_none_or(|n| n > read::LARGEST_DENSE) {
        return Err(Error::Invalid(format!(
            "{what} would hold {rows} x {columns} numbers ({:.1} GiB); {remedy}",
            rows as f64 * columns as f64 * 8.0 / f64::from(1 << 30)
        )));
    }
    Ok(())
}
