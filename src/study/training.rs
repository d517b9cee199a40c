//! How the models of a study are trained and retrained.

use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use crate::train::coupling::Normalisation;
use crate::train::newton::{Fit, minimise};
use crate::train::plan::{Batches, Plan, Schedule, Step};
use crate::train::sgd::{self, Trajectory};
use crate::train::start::start;
use crate::unlearn::Trained;
use nalgebra::DVector;
use serde::{Deserialize, Serialize};

/// The optimiser with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "optimiser")]
pub enum Training {
    /// To the minimiser, by Newton's method; for linear models.
    Newton,
    /// Minibatch stochastic gradient descent with heavy-ball momentum and constant step size; weight decay λ.
    Sgd {
        /// Passes over the rows.
        epochs: usize,
        /// Rows per batch.
        batch: usize,
        /// Step size.
        rate: f64,
        /// Momentum.
        momentum: f64,
    },
}

/// A trained model.
#[derive(Debug, Clone)]
pub enum Fitted {
    /// A minimiser.
    Minimiser(Fit),
    /// A recorded run.
    Run {
        /// What was run.
        plan: Plan,
        /// Its points.
        trajectory: Trajectory,
    },
}

/// How coupled retraining divides: by the rows left in a batch, as training on them would.
pub const NORMALISATION: Normalisation = Normalisation::Renormalised;

impl Fitted {
    /// The kept parameters.
    pub fn theta(&self) -> &DVector<f64> {
        self.trained().theta()
    }

    /// As methods take it.
    pub fn trained(&self) -> Trained<'_> {
        match self {
            Fitted::Minimiser(fit) => Trained::Minimiser(fit),
            Fitted::Run { plan, trajectory } => {
                Trained::Run { plan, trajectory, normalisation: NORMALISATION }
            }
        }
    }
}

/// A seed of its own for each use of chance; splitmix64, so that neighbouring seeds share nothing.
pub(super) fn derived(seed: u64, role: u64) -> u64 {
    let mut z =
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(role.wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Training {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming what is wrong.
    pub fn check(&self, linear: bool) -> Result<()> {
        match *self {
            Training::Newton if !linear => Err(Error::Invalid(
                "newton trains linear models; a network is trained with --optimiser sgd".into(),
            )),
            Training::Sgd { epochs: 0, .. } => {
                Err(Error::Invalid("--epochs 0: at least one pass is needed".into()))
            }
            Training::Newton => Ok(()),
            Training::Sgd { batch, rate, momentum, .. } => {
                let batches = Batches { rows: 1, size: batch, epochs: 1, seed: 0 };
                Plan::shuffled(batches, Schedule::Constant { rate }, momentum, 0.0).map(|_| ())
            }
        }
    }

    /// Checks that what training keeps in memory fits there.
    ///
    /// # Errors
    /// [`Error::Invalid`] saying what to make smaller.
    pub fn check_size(&self, rows: usize, parameters: usize) -> Result<()> {
        // A gigabyte of recorded points, or of Hessian.
        const MOST: usize = 1 << 27;
        let (kept, remedy) = match *self {
            Training::Newton => (parameters, "use --optimiser sgd"),
            Training::Sgd { epochs, batch, .. } => (
                rows.div_ceil(batch.max(1)).saturating_mul(epochs),
                "use fewer epochs, larger batches or a smaller model",
            ),
        };
        if kept.saturating_mul(parameters) > MOST {
            return Err(Error::Invalid(format!(
                "training keeps {kept} × {parameters} numbers, more than {MOST}; {remedy}"
            )));
        }
        Ok(())
    }

    /// Trains on all rows but those of `without`, from a start and in an order drawn from `seed`. The mask does not
    /// change what is drawn.
    ///
    /// # Errors
    /// Whatever training raises.
    pub fn fit(&self, problem: &Problem, without: Option<&RowSet>, seed: u64) -> Result<Fitted> {
        let from = start(problem, derived(seed, 1));
        match *self {
            Training::Newton => {
                let objective = match without {
                    Some(forget) => problem.retained(forget)?,
                    None => problem.full(),
                };
                Ok(Fitted::Minimiser(minimise(&objective, from)?))
            }
            Training::Sgd { .. } => {
                let rows = without.map_or_else(|| (0..problem.rows()).collect(), RowSet::complement);
                let plan = self.plan(&rows, problem.ridge(), seed)?;
                let trajectory = sgd::train(problem, &plan, from)?;
                Ok(Fitted::Run { plan, trajectory })
            }
        }
    }

    /// The batches of a run over these rows. Panics for Newton's method, which has none.
    pub fn plan(&self, rows: &[usize], weight_decay: f64, seed: u64) -> Result<Plan> {
        let Training::Sgd { epochs, batch, rate, momentum } = *self else {
            panic!("Newton's method has no batches")
        };
        let batches = Batches { rows: rows.len(), size: batch, epochs, seed: derived(seed, 2) };
        let plan = Plan::shuffled(batches, Schedule::Constant { rate }, momentum, weight_decay)?;
        let renamed = |s: &Step| Step { rows: s.rows.iter().map(|&k| rows[k]).collect(), eta: s.eta };
        Plan::new(plan.steps.iter().map(renamed).collect(), momentum, weight_decay)
    }

    /// Row visits of what [`Training::fit`] did on `rows` rows.
    pub fn row_visits(&self, fitted: &Fitted, rows: usize) -> f64 {
        match fitted {
            Fitted::Minimiser(fit) => 2.0 * ((fit.iterations + 1) * rows) as f64,
            Fitted::Run { plan, .. } => plan.visits() as f64,
        }
    }
}
