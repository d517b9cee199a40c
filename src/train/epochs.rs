//! Epochs of stochastic gradient descent from given parameters on some of the rows: what fine-tuning,
//! gradient ascent and ℓ1-sparse unlearning share. Nothing is recorded but the state, so that a run can be
//! stopped after any epoch and continued to the same bits.
//!
//! Step of an epoch `e`, on a batch `B` of the rows in an order drawn from `(seed, e)`:
//! `v ← βv + s·(1/|B|) Σ_B ∇ℓᵢ(θ) + γθ + b`, `θ ← S_τ(θ − ηv)`, with `s = 1` for descent and `−1` for ascent,
//! `S_τ` soft thresholding at `τ = ηp_e/(1−β)` for a penalty `p_e‖θ‖₁`, and `b` the problem's perturbation
//! (descent only; divided by the number of rows under the sum reduction, as λ is).
//!
//! The factor `1/(1−β)` makes the fixed points right: at one `v = g/(1−β)`, and `0 ∈ g + p∂‖θ‖₁` follows from
//! `τ = ηp/(1−β)`, not from `ηp` (derived here).

use super::stepper::Stepper;
use crate::error::{Error, Result};
use crate::objective::{Problem, Reduction};
use nalgebra::DVector;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// More epochs than this are refused: nobody waits for them, and a mistyped number must not hang.
pub const MOST_EPOCHS: usize = 1_000_000;

/// Which way the loss goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Down.
    Descent,
    /// Up: the loss gradient changes its sign, the weight decay does not.
    Ascent,
}

/// Hyper-parameters of a run in epochs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Passes over the rows.
    pub epochs: usize,
    /// Step size `η`, 0 or larger; 0 changes nothing, to the bit.
    pub rate: f64,
    /// Rows per batch; the last batch of an epoch may be smaller.
    pub batch: usize,
    /// `β`, in `[0, 1)`.
    pub momentum: f64,
    /// `γ`; `None`: what the ridge amounts to on a batch mean, λ (divided by the number of rows under the sum
    /// reduction).
    pub weight_decay: Option<f64>,
    /// Seed of the orders.
    pub seed: u64,
}

/// Where a run in epochs stands: all that its continuation depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The `k` kept parameters.
    pub theta: DVector<f64>,
    /// The momentum buffer `v`; zeros without momentum, where nothing depends on it.
    pub velocity: DVector<f64>,
    /// Epochs done.
    pub epoch: usize,
}

impl State {
    /// Before the first epoch.
    pub fn start(theta: DVector<f64>) -> State {
        State { velocity: DVector::zeros(theta.len()), theta, epoch: 0 }
    }
}

impl Settings {
    /// Checks the domains.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the setting.
    pub fn check(&self) -> Result<()> {
        let refuse = |text: String| Err(Error::Invalid(text));
        if self.epochs > MOST_EPOCHS {
            return refuse(format!("epochs {}: at most {MOST_EPOCHS}", self.epochs));
        }
        if self.batch == 0 {
            return refuse("batch 0: a batch needs at least one row".into());
        }
        if !(self.rate >= 0.0 && self.rate.is_finite()) {
            return refuse(format!("rate {}: it must be a finite number, 0 or larger", self.rate));
        }
        if !(0.0..1.0).contains(&self.momentum) {
            return refuse(format!("momentum {}: it must be in [0, 1)", self.momentum));
        }
        match self.weight_decay {
            Some(decay) if !(decay >= 0.0 && decay.is_finite()) => {
                refuse(format!("weight-decay {decay}: it must be a finite number, 0 or larger"))
            }
            _ => Ok(()),
        }
    }

    /// The rows of epoch `e` in their order: a shuffle that depends on the seed and `e` alone.
    pub fn order(&self, rows: &[usize], epoch: usize) -> Vec<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(epoch as u64);
        let mut order = rows.to_vec();
        order.shuffle(&mut rng);
        order
    }

    /// Continues to the end of epoch `until` (at most [`Settings::epochs`]). `penalty(e)` is the weight of
    /// `‖θ‖₁` in epoch `e`, counted from 0; all kept parameters are penalised, biases included.
    ///
    /// ```
    /// use unlearn::data::{Dataset, Design};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// use unlearn::train::epochs::{Direction, Settings, State};
    /// let x = Design::dense(1, 1, vec![1.0]).unwrap();
    /// let data = Dataset::new("one", x, vec![2.0]).unwrap();
    /// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 0.0).unwrap();
    /// let settings = Settings { epochs: 2, rate: 0.5, batch: 1, momentum: 0.0, weight_decay: None, seed: 0 };
    /// let run = |direction, penalty: f64| {
    ///     let start = State::start(nalgebra::dvector![0.0]);
    ///     settings.advance(&problem, &[0], direction, |_| penalty, start, 2).unwrap().theta[0]
    /// };
    /// assert_eq!(run(Direction::Descent, 0.0), 1.5);     // θ ← θ − ½(θ − 2): 1, 1.5
    /// assert_eq!(run(Direction::Ascent, 0.0), -2.5);     // θ ← θ + ½(θ − 2): −1, −2.5
    /// assert_eq!(run(Direction::Descent, 2.0), 0.0);     // the threshold ½·2 takes each step back
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] for settings or a penalty out of their domains or no rows, or when a parameter
    /// overflows; [`Error::Shape`] for a state of another length.
    pub fn advance(
        &self,
        problem: &Problem,
        rows: &[usize],
        direction: Direction,
        penalty: impl Fn(usize) -> f64,
        mut state: State,
        until: usize,
    ) -> Result<State> {
        self.check()?;
        if rows.is_empty() {
            return Err(Error::Invalid("there is no row to train on".into()));
        }
        Error::check_shape("parameters", problem.active(), state.theta.len())?;
        Error::check_shape("momentum buffer", problem.active(), state.velocity.len())?;
        let until = until.min(self.epochs);
        if self.rate == 0.0 {
            state.epoch = state.epoch.max(until);
            return Ok(state);
        }
        let share = match problem.reduction() {
            Reduction::Mean => 1.0,
            Reduction::Sum => 1.0 / rows.len() as f64,
        };
        let decay = self.weight_decay.unwrap_or(problem.ridge() * share);
        let sign = if direction == Direction::Descent { 1.0 } else { -1.0 };
        let mut run = Stepper::new(problem, state.theta.as_slice(), self.momentum, decay)?;
        match direction {
            // The sum reduction divides the perturbation by the rows trained on, as it does λ.
            Direction::Descent => run.set_perturbation_factor(share),
            Direction::Ascent => run.set_perturbation_factor(0.0),
        }
        run.set_velocity(state.velocity.as_slice());
        while state.epoch < until {
            let weight = penalty(state.epoch);
            let threshold = self.rate * weight / (1.0 - self.momentum);
            if !(threshold >= 0.0 && threshold.is_finite()) {
                return Err(Error::Invalid(format!(
                    "penalty {weight:e} at rate {:e}: both must be 0 or larger and their product finite",
                    self.rate
                )));
            }
            for batch in self.order(rows, state.epoch).chunks(self.batch) {
                let divisor = sign * batch.len() as f64;
                run.step(batch, divisor, self.rate);
                if threshold > 0.0 {
                    run.shrink(threshold);
                }
            }
            state.epoch += 1;
            if !run.is_finite() {
                return Err(Error::Invalid(format!(
                    "a parameter overflowed in epoch {} at rate {:e}: use a smaller rate or fewer epochs",
                    state.epoch, self.rate
                )));
            }
        }
        run.read(state.theta.as_mut_slice());
        run.read_velocity(state.velocity.as_mut_slice());
        Ok(state)
    }
}
