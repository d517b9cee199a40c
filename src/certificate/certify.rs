//! Making a certificate, and verifying one from its own numbers alone.

use super::number::{is_moderate, power};
use super::{Certificate, MOST_ACTIVE, MOST_COUNTED, MOST_ROWS, Runs};
use crate::bound::audit::Certifier;
use crate::constants::kept_inputs;
use crate::data::{Dataset, Design, RowSet};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::Model;
use crate::numeric::interval::Interval;
use crate::numeric::product::norm;
use crate::objective::{Problem, Reduction};
use nalgebra::DVector;

/// 2⁻⁷⁰: how far the checker's sigmoids may be from the true ones (`SigmoidValue.sigmoid_error`).
const SIGMOID_ERROR: f64 = power(-70);

impl Certificate {
    /// Whether there are certificates for this kind of problem, and if not, why.
    ///
    /// # Errors
    /// [`Error::Invalid`] for networks with hidden layers, the softmax loss, λ = 0, a linear term `b`, or more
    /// than [`MOST_ROWS`] rows kept or [`MOST_ACTIVE`] active parameters.
    pub fn check(problem: &Problem, forget: Option<&RowSet>) -> Result<()> {
        let refuse = |why: String| Err(Error::Invalid(format!("no certificate can be written: {why}")));
        let kept = problem.rows() - forget.map_or(0, RowSet::len);
        if !problem.model().is_linear() || problem.model().loss() == Loss::Softmax {
            return refuse(
                "the checker in proofs/ knows linear models with squared or logistic loss \
                 (linear:squared, linear:logistic)"
                    .into(),
            );
        }
        if problem.ridge() == 0.0 {
            return refuse("the checker rests on strong convexity from --ridge, which is 0".into());
        }
        if problem.perturbation().is_some() {
            return refuse("the objective has a linear term, which the format has no place for".into());
        }
        if problem.active() == 0 || problem.active() > MOST_ACTIVE || kept > MOST_ROWS {
            return refuse(format!(
                "{kept} rows are kept and {} parameters active, but the checker in proofs/ takes at most {MOST_ROWS} rows \
                 and 1 to {MOST_ACTIVE} parameters; choose fewer with --mask and --forget, or audit without --certificate",
                problem.active()
            ));
        }
        if problem.rows().max(problem.model().parameters()) >= MOST_COUNTED {
            return refuse(format!("rows and parameters must number fewer than {MOST_COUNTED}"));
        }
        Ok(())
    }

    /// The certificate for `θ` by way of any reference `θ̂`, such as the one [`crate::bound::audit::audit`] found.
    /// What is written can be verified: `ρ` and the ends are rounded outwards.
    ///
    /// ```
    /// use unlearn::certificate::Certificate;
    /// use unlearn::data::{Dataset, Design, RowSet};
    /// use unlearn::{loss::Loss, model::Model, objective::Problem};
    /// // Without row 1: ½(θ − 1)² + ½θ², least at ½. The parameter 2 is 3/2 away.
    /// let x = Design::dense(2, 1, vec![1.0, 3.0]).unwrap();
    /// let data = Dataset::new("tiny", x, vec![1.0, 1.0]).unwrap();
    /// let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Squared, false).unwrap(), 1.0).unwrap();
    /// let forget = RowSet::new(2, vec![1]).unwrap();
    /// let (theta, reference) = (nalgebra::dvector![2.0], nalgebra::dvector![0.5]);
    /// let c = Certificate::new(&problem, Some(&forget), &theta, &reference).unwrap();
    /// assert!(c.distance().contains(1.5) && c.distance().hi() - c.distance().lo() < 1e-14);
    /// assert!(c.verify().is_ok() && c.design() == [1.0] && c.forgotten().runs() == [(1, 1)]);
    /// ```
    ///
    /// # Errors
    /// As [`Certificate::check`]; [`Error::Shape`] and [`Error::Invalid`] when `θ` or `θ̂` does not have `k` finite
    /// entries, when a number is neither 0 nor of a magnitude from 2⁻³⁰⁰ to 2³⁰⁰, or when overflow leaves no finite upper end.
    pub fn new(
        problem: &Problem,
        forget: Option<&RowSet>,
        theta: &DVector<f64>,
        reference: &DVector<f64>,
    ) -> Result<Certificate> {
        Certificate::check(problem, forget)?;
        Error::check_shape("kept parameters", problem.active(), theta.len())?;
        Error::check_shape("kept parameters of the reference", problem.active(), reference.len())?;
        if let Some(v) = theta.iter().chain(reference.iter()).find(|v| !v.is_finite()) {
            return Err(Error::Invalid(format!("a parameter is {v}; all must be finite")));
        }
        let objective = forget.map_or_else(|| Ok(problem.full()), |forget| problem.retained(forget))?;
        let (_, design, _) = kept_inputs(&objective);
        let target = objective.support().map(|(i, _)| problem.target()[i]).collect::<Vec<_>>();
        // The format has one zero.
        let plain = |v: &[f64]| v.iter().map(|x| x + 0.0).collect::<Vec<_>>();
        let mut certificate = Certificate {
            loss: problem.model().loss(),
            reduction: problem.reduction(),
            forgotten: Runs::of(problem.rows(), forget.map_or(&[], RowSet::rows)),
            active: Runs::of(problem.model().parameters(), problem.mask().active()),
            ridge: problem.ridge(),
            theta: plain(theta.as_slice()),
            // Any reference will do, so one without very small numbers.
            reference: reference.iter().map(|v| if v.abs() < power(-300) { 0.0 } else { *v }).collect(),
            radius: 0.0,
            lo: 0.0,
            hi: 0.0,
            design: plain(&design),
            target: plain(&target),
        };
        certificate.check_numbers()?;
        certificate.radius = certificate.radius_needed()?;
        let distance = certificate.distance_shown();
        if !(certificate.radius.is_finite() && distance.hi().is_finite()) {
            let what = "its interval has no finite upper end; scale the data or raise the ridge";
            return Err(Error::Invalid(format!("no certificate can be written: {what}")));
        }
        (certificate.lo, certificate.hi) = (distance.lo(), distance.hi());
        Ok(certificate)
    }

    /// Verifies the claim from the numbers in the certificate alone, in interval arithmetic.
    ///
    /// # Errors
    /// [`Error::Invalid`] when λ is not positive, the gradient at `θ̂` is not shown to be at most `λρ`, or an end
    /// is not shown; a claim may be true and yet closer than intervals can see, but what [`Certificate::new`] made is
    /// always verified.
    pub fn verify(&self) -> Result<()> {
        let refuse = |why: String| Err(Error::Invalid(format!("the certificate is not verified: {why}")));
        if self.ridge <= 0.0 {
            return refuse(format!("lambda is {}, not positive", self.ridge));
        }
        let (needed, shown) = (self.radius_needed()?, self.distance_shown());
        if needed > self.radius {
            return refuse(format!("the radius is {:e}, but only {needed:e} is shown", self.radius));
        }
        if self.lo > shown.lo() {
            return refuse(format!(
                "the distance is shown to be at least {:e}, not {:e}",
                shown.lo(),
                self.lo
            ));
        }
        if self.hi < shown.hi() {
            return refuse(format!(
                "the distance is shown to be at most {:e}, not {:e}",
                shown.hi(),
                self.hi
            ));
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<()> {
        let vectors = [&self.theta, &self.reference, &self.design, &self.target];
        match vectors.into_iter().flatten().chain([&self.ridge]).find(|v| !is_moderate(**v)) {
            Some(v) => Err(Error::Invalid(format!(
                "no certificate can be written: the number {v:e} occurs, but the checker in proofs/ takes magnitudes from \
                 2^-300 to 2^300 and 0; scale the data"
            ))),
            None => Ok(()),
        }
    }

    /// The least `ρ` for which the checker is sure to see `‖∇F_R(θ̂)‖ ≤ λρ`.
    ///
    /// It replaces each sigmoid by a number at most δ = 2⁻⁷⁰ away, which moves the gradient by at most
    /// `e = wδ Σᵢⱼ|xᵢⱼ|`, and then adds `e`: so `2e` more than the gradient norm is enough.
    fn radius_needed(&self) -> Result<f64> {
        let (n, k) = (self.target.len(), self.theta.len());
        let data =
            Dataset::new("certificate", Design::dense(n, k, self.design.clone())?, self.target.clone())?;
        let problem = Problem::new(data.into(), Model::linear(k, 1, self.loss, false)?, self.ridge)?
            .with_reduction(self.reduction);
        let reference = DVector::from_column_slice(&self.reference);
        let mut gradient = Certifier::new(&problem, None)?.certify(&reference, &reference)?.gradient_norm;
        if self.loss == Loss::Logistic {
            let mass = self.design.iter().fold(Interval::ZERO, |s, x| s + Interval::point(x.abs()));
            let weight = match self.reduction {
                Reduction::Mean => Interval::ONE / Interval::point(n as f64),
                Reduction::Sum => Interval::ONE,
            };
            gradient = gradient + Interval::point(2.0 * SIGMOID_ERROR) * weight * mass;
        }
        Ok((gradient / Interval::point(self.ridge)).hi())
    }

    /// `‖θ − θ̂‖ ± ρ`.
    fn distance_shown(&self) -> Interval {
        let difference: Vec<Interval> = self
            .theta
            .iter()
            .zip(&self.reference)
            .map(|(a, b)| Interval::point(*a) - Interval::point(*b))
            .collect();
        (norm(&difference) + Interval::new(-self.radius, self.radius)).nonnegative()
    }
}
