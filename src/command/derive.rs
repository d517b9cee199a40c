//! `unlearn derive`: value, gradient, Hessian and relatives at given parameters.

use super::{Outcome, input, output};
use nalgebra::{DMatrix, DVector};
use serde_json::{Value, json};
use std::path::PathBuf;
use unlearn::data::write;
use unlearn::error::{Error, Result};
use unlearn::objective::Objective;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// What to compute (fisher and empirical-fisher are those of the risk, without λ)
    #[arg(value_enum, value_name = "value|gradient|hessian|hvp|gauss-newton|fisher|empirical-fisher")]
    what: What,
    #[command(flatten)]
    input: input::Options,
    /// Where: one number per parameter in PyTorch's order (.npy, or one per line)
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// hvp: the vector that the Hessian is multiplied with, as long as the parameters
    #[arg(long, value_name = "FILE")]
    vector: Option<PathBuf>,
    /// Write the numbers to a .npy, .csv, .txt or .json file instead of printing them
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    options: output::Options,
}

#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Value,
    Gradient,
    Hessian,
    Hvp,
    GaussNewton,
    Fisher,
    EmpiricalFisher,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            What::Value => "value",
            What::Gradient => "gradient",
            What::Hessian => "hessian",
            What::Hvp => "hvp",
            What::GaussNewton => "gauss-newton",
            What::Fisher => "fisher",
            What::EmpiricalFisher => "empirical-fisher",
        }
    }

    fn is_matrix(self) -> bool {
        !matches!(self, What::Value | What::Gradient | What::Hvp)
    }
}

/// What came out.
enum Derived {
    Number(f64),
    Vector(DVector<f64>),
    Matrix(DMatrix<f64>),
}

pub(super) fn run(arguments: &Arguments) -> Result<Outcome> {
    let options = &arguments.options;
    if let Some(path) = &arguments.output {
        output::check_target(path, &["npy", "csv", "txt", "json"])?;
    }
    let input = arguments.input.load(input::Draw::default())?;
    let problem = &input.problem;
    let k = problem.active();
    if arguments.what.is_matrix() {
        input::check_size("the matrix", k, k, "use derive hvp, or prune with --mask")?;
    }
    if arguments.what == What::EmpiricalFisher {
        input::check_size("the gradients of all rows", k, problem.rows(), "use fewer rows or a --mask")?;
    }
    let theta = match &arguments.parameters {
        Some(path) => input::parameters(problem, path, options.quiet)?,
        None => {
            return Err(Error::Invalid(format!(
                "derive needs --parameters FILE: {} numbers, one per line or a .npy, each layer's weights \
                 (outputs x inputs, row by row) and then its bias",
                problem.model().parameters()
            )));
        }
    };
    let vector = match (&arguments.vector, arguments.what) {
        (Some(path), What::Hvp) => Some(input::parameters(problem, path, options.quiet)?),
        (None, What::Hvp) => {
            return Err(Error::Invalid("derive hvp needs --vector FILE, as long as the parameters".into()));
        }
        (Some(_), what) => {
            return Err(Error::Invalid(format!("--vector belongs to derive hvp, not to {}", what.name())));
        }
        (None, _) => None,
    };
    let mut json = options.open(&[&arguments.output])?;

    let objective = match &input.forget {
        Some(forget) => problem.retained(forget)?,
        None => problem.full(),
    };
    let derived = compute(arguments.what, &objective, &theta, vector.as_ref())?;
    json.object(|| describe(arguments, &input, &derived))?;
    match (&arguments.output, &derived) {
        (Some(path), Derived::Number(v)) => write::vector(path, &[*v])?,
        (Some(path), Derived::Vector(v)) => write::vector(path, v.as_slice())?,
        (Some(path), Derived::Matrix(m)) => write::matrix(path, m)?,
        (None, _) if json.leaves_standard_output() => output::print(&derived.text())?,
        (None, _) => {}
    }
    Ok(Outcome::Done)
}

fn compute(
    what: What,
    objective: &Objective<'_>,
    theta: &DVector<f64>,
    vector: Option<&DVector<f64>>,
) -> Result<Derived> {
    let derived = match what {
        What::Value => Derived::Number(objective.value(theta)),
        What::Gradient => Derived::Vector(objective.gradient(theta)),
        What::Hvp => Derived::Vector(objective.hvp(theta, vector.expect("asked for above"))),
        What::Hessian => Derived::Matrix(objective.hessian(theta)),
        What::GaussNewton => Derived::Matrix(objective.gauss_newton(theta)),
        What::Fisher => Derived::Matrix(objective.fisher(theta)),
        What::EmpiricalFisher => Derived::Matrix(objective.empirical_fisher(theta)),
    };
    let numbers = match &derived {
        Derived::Number(v) => std::slice::from_ref(v),
        Derived::Vector(v) => v.as_slice(),
        Derived::Matrix(m) => m.as_slice(),
    };
    if let Some(v) = numbers.iter().find(|v| !v.is_finite()) {
        return Err(Error::Data(format!(
            "the {} overflows at these parameters (a number is {v}); scale the data or the parameters down",
            what.name()
        )));
    }
    Ok(derived)
}

impl Derived {
    /// The shortest decimals that read back as the same numbers: a vector one per line, a matrix one row
    /// per line, separated by commas.
    fn text(&self) -> String {
        match self {
            Derived::Number(v) => format!("{v:?}\n"),
            Derived::Vector(v) => v.iter().map(|v| format!("{v:?}\n")).collect(),
            Derived::Matrix(m) => {
                let row = |r: Vec<String>| r.join(",") + "\n";
                m.row_iter().map(|r| row(r.iter().map(|v| format!("{v:?}")).collect())).collect()
            }
        }
    }

    fn shape(&self) -> Vec<usize> {
        match self {
            Derived::Number(_) => vec![],
            Derived::Vector(v) => vec![v.len()],
            Derived::Matrix(m) => vec![m.nrows(), m.ncols()],
        }
    }

    fn values(&self) -> Value {
        match self {
            Derived::Number(v) => json!(v),
            Derived::Vector(v) => json!(v.as_slice()),
            Derived::Matrix(m) => {
                m.row_iter().map(|r| r.iter().copied().collect::<Vec<f64>>()).collect::<Vec<_>>().into()
            }
        }
    }
}

fn describe(arguments: &Arguments, input: &input::Input, derived: &Derived) -> Value {
    let mut value = input.describe(&arguments.input);
    value["what"] = arguments.what.name().into();
    value["shape"] = derived.shape().into();
    value["values"] = derived.values();
    value
}
