//! Machine unlearning whose error bounds are checked against true retraining.
//!
//! When a row must be forgotten, the exact answer is to retrain without it. Everything cheaper is an
//! approximation; this crate computes how far off it is, from linear models and smooth networks, dense
//! or pruned, with a theorem behind every number.
//!
//! # The way through
//!
//! ```
//! use unlearn::data::{RowSet, builtin, Standardizer};
//! use unlearn::{loss::Loss, model::Model, objective::Problem, train::newton};
//! use unlearn::unlearn::{Guarantee, Request, Trained, method};
//!
//! # fn main() -> unlearn::error::Result<()> {
//! // data → objective → train
//! let data = builtin::load("wdbc")?;
//! let all: Vec<usize> = (0..data.rows()).collect();
//! let data = Standardizer::fit(&data, &all)?.apply(&data)?;
//! let model = Model::linear(data.cols(), 1, Loss::Logistic, true)?;
//! let problem = Problem::new(data.into(), model, 0.01)?;
//! let fit = newton::minimise(&problem.full(), nalgebra::DVector::zeros(problem.active()))?;
//!
//! // → unlearn → bound
//! let forget = RowSet::new(problem.rows(), vec![3, 17, 42])?;
//! let request = Request { problem: &problem, forget: &forget, trained: Trained::Minimiser(&fit) };
//! let forgotten = method("newton", 0)?.remove(&request)?;
//! let Guarantee::Within { distance, .. } = forgotten.guarantee else { panic!("λ > 0 gives a bound") };
//!
//! // → verdict: the guarantee against true retraining
//! let retrained = newton::minimise(&problem.retained(&forget)?, fit.theta.clone())?;
//! let error = (&forgotten.theta - &retrained.theta).norm();
//! assert!(error <= distance && distance < 1e-4);
//! # Ok(())
//! # }
//! ```
//!
//! # Conventions
//!
//! - **Objective.** `F_w(θ) = Σ wᵢ ℓᵢ(θ) + (λ/2)‖θ‖² + ⟨b, θ⟩` on the kept coordinates. `mean` (default):
//!   `wᵢ = 1/n`, after removal `1/(n−m)` on the rows kept. `sum`: `wᵢ = 1`. λ is the same before and after,
//!   and multiplies every kept parameter, biases included. Squared loss is `½(f−y)²`.
//! - **Labels.** Logistic: 0/1 (−1/+1 is mapped). Softmax: 0…C−1. Squared: any real.
//! - **Parameter order** is that of `torch.nn.utils.parameters_to_vector` for a stack of `nn.Linear`: for each
//!   layer the weight `out × in` row by row, then the bias. Linear softmax has all C rows; λ fixes the
//!   redundant direction.
//! - **Masks.** A pruned model is a vector of its `k` kept parameters; its Hessian is `k × k`. Pruned parameters
//!   are zero and stay zero. "Retrained" means retrained given the mask. Sparsity is the share of prunable
//!   parameters pruned, by default the weights of all layers: biases are kept.
//! - **Sign.** A removal update is what is added to the trained parameters.
//! - **Rows** are 0-based.
//!
//! ```
//! // Sum and mean, λ and removal, on rows x = 1, 3 with targets 1, 1 and λ = 1.
//! use nalgebra::DVector;
//! use unlearn::data::{Dataset, Design, RowSet};
//! use unlearn::{loss::Loss, model::Model, objective::{Problem, Reduction}};
//! let x = Design::dense(2, 1, vec![1.0, 3.0]).unwrap();
//! let data = Dataset::new("tiny", x, vec![1.0, 1.0]).unwrap();
//! let mean = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
//! let sum = mean.clone().with_reduction(Reduction::Sum);
//! let (theta, first) = (DVector::from_element(1, 1.0), RowSet::new(2, vec![0]).unwrap());
//! assert_eq!(mean.full().value(&theta), (0.0 + 2.0) / 2.0 + 0.5);
//! assert_eq!(sum.full().value(&theta), (0.0 + 2.0) + 0.5);
//! assert_eq!(mean.retained(&first).unwrap().value(&theta), 2.0 / 1.0 + 0.5);
//! assert_eq!(sum.retained(&first).unwrap().value(&theta), 2.0 + 0.5);
//! ```
//!
//! # What a verdict rests on
//!
//! Both sides of a claim are intervals. Bounds are evaluated in outward-rounded interval arithmetic from
//! proved eigenvalue bounds and closed-form constants. What is measured is enclosed too: the exact run around
//! the recorded one ([`train::rounding`]), a minimiser by its enclosed gradient over μ, the exact result of a
//! method around the floats it returns. Identities are evaluated on both sides to about 25 digits. Claims hold and
//! are refuted up to a relative [`claim::evidence::RESOLUTION`].
//!
//! # Features
//!
//! `verify` (property campaigns, brings in proptest), `certificate` (certified distances as files that Coq checks,
//! brings in sha2) and `cli` (the command). All are on by default; the library alone needs none. `sparse` (not on by default)
//! brings in faer: where the Hessian of a wide linear model is sparse and its factor stays small, training factors it instead of
//! using conjugate gradients ([`train::newton_cg`]).

pub mod bound;
#[cfg(feature = "certificate")]
pub mod certificate;
pub mod claim;
pub mod constants;
pub mod data;
pub mod enclosure;
pub mod error;
pub mod loss;
pub mod mask;
pub mod metric;
pub mod model;
pub mod numeric;
pub mod objective;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "cli")]
pub mod study;
pub mod train;
pub mod unlearn;
#[cfg(feature = "verify")]
pub mod verify;
