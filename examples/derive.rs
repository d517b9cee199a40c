//! Value, gradient, Hessian and Gauss–Newton matrix of a model at given parameters.
//!
//! ```text
//! cargo run --release --example derive -- DATA.csv MODEL PARAMETERS RIDGE dense|sparse [MASK]
//! cargo run --release --example derive -- datasets/iris.csv linear:softmax theta.txt 0.01 dense
//! ```
//!
//! The data has a header row and the target in its last column; it is used as it stands. PARAMETERS
//! holds one number per parameter, each on its own line, in the order of
//! `torch.nn.utils.parameters_to_vector` (per layer the weights row by row, then the biases); MASK one
//! 0 or 1 per parameter. Losses are averaged over the rows. Indices printed are those of the kept
//! parameters; of the two matrices, which are symmetric, the lower triangle is printed.

use std::fs::read_to_string;
use std::io::Write;
use unlearn::data::{Dataset, Design};
use unlearn::mask::Mask;
use unlearn::model::Spec;
use unlearn::objective::Problem;

type Failure = Box<dyn std::error::Error>;

fn numbers(path: &str) -> Result<Vec<f64>, Failure> {
    read_to_string(path)
        .map_err(|e| format!("{path}: {e}"))?
        .split_whitespace()
        .map(|word| word.parse().map_err(|_| format!("{path}: '{word}' is not a number").into()))
        .collect()
}

fn read(path: &str, sparse: bool) -> Result<Dataset, Failure> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for record in csv::Reader::from_path(path)?.deserialize() {
        let mut row: Vec<f64> = record?;
        y.push(row.pop().ok_or("a row without numbers")?);
        x.extend(row);
    }
    let design = Design::dense(y.len(), x.len() / y.len().max(1), x)?;
    Ok(Dataset::new(path, if sparse { design.to_sparse() } else { design }, y)?)
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, model, parameters, ridge, storage, rest @ ..] = arguments.as_slice() else {
        return Err("usage: derive DATA.csv MODEL PARAMETERS RIDGE dense|sparse [MASK]".into());
    };
    if !["dense", "sparse"].contains(&storage.as_str()) {
        return Err(format!("storage '{storage}': choose dense or sparse").into());
    }
    let data = read(data, storage == "sparse")?;
    let model = model.parse::<Spec>()?.resolve(&data, true)?;
    let mask = match rest.first() {
        Some(path) => Mask::new(&numbers(path)?.iter().map(|&flag| flag != 0.0).collect::<Vec<_>>())?,
        None => Mask::full(model.parameters()),
    };
    let theta = mask.restrict(&numbers(parameters)?)?;
    let problem = Problem::new(data.into(), model, ridge.parse()?)?.with_mask(mask)?;
    let objective = problem.full();

    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "quantity,i,j,value")?;
    // Rust prints the shortest decimal that reads back as the same float.
    writeln!(out, "value,,,{}", objective.value(&theta))?;
    for (i, g) in objective.gradient(&theta).iter().enumerate() {
        writeln!(out, "gradient,{i},,{g}")?;
    }
    let matrices = [("hessian", objective.hessian(&theta)), ("gauss-newton", objective.gauss_newton(&theta))];
    for (name, matrix) in matrices {
        for i in 0..matrix.nrows() {
            for j in 0..=i {
                writeln!(out, "{name},{i},{j},{}", matrix[(i, j)])?;
            }
        }
    }
    Ok(out.flush()?)
}
