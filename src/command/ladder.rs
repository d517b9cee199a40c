//! The part of `remove` that says what bounds its distance and which perturbation would certify it.

use nalgebra::DVector;
use serde_json::{Value, json};
use unlearn::bound::ladder::{Ladder, Method, Rung};
use unlearn::bound::removal::Budget;
use unlearn::data::RowSet;
use unlearn::error::{Error, Result};
use unlearn::objective::{Problem, Reduction};
use unlearn::report::between::above;
use unlearn::report::number::short;
use unlearn::report::paragraph::paragraph;
use unlearn::report::table::{Align, Table};

#[derive(clap::Args)]
#[group(skip)]
pub(super) struct Options {
    /// With --delta: the Gaussian perturbation that would certify (ε, δ), for newton and influence on linear models
    #[arg(long, value_name = "ε", requires = "delta", allow_negative_numbers = true)]
    epsilon: Option<f64>,
    /// With --epsilon: the probability δ
    #[arg(long, value_name = "δ", requires = "epsilon", allow_negative_numbers = true)]
    delta: Option<f64>,
}

impl Options {
    /// The budget asked for, checked before any work is done.
    pub(super) fn budget(&self, method: &str, linear: bool, minimiser: bool) -> Result<Option<Budget>> {
        let (Some(epsilon), Some(delta)) = (self.epsilon, self.delta) else { return Ok(None) };
        let budget = Budget::new(epsilon, delta)?;
        budget.gradient_per_deviation()?;
        if Method::named(method).is_none() || !linear || !minimiser {
            return Err(Error::Invalid(
                "--epsilon and --delta need the gradient that a removal leaves to be bounded: use --method newton or \
                 influence on a linear model, without --sgd"
                    .into(),
            ));
        }
        Ok(Some(budget))
    }
}

/// The rungs of a removal, with the scale of perturbation that each would need.
pub(super) struct Rungs {
    ladder: Ladder,
    budget: Option<Budget>,
    reduction: Reduction,
}

impl Rungs {
    /// Nothing for methods and models without a ladder, unless a budget was asked for.
    pub(super) fn of(
        problem: &Problem,
        forget: &RowSet,
        (before, after): (&DVector<f64>, &DVector<f64>),
        method: &str,
        budget: Option<Budget>,
    ) -> Result<Option<Rungs>> {
        let Some(method) = Method::named(method).filter(|_| problem.model().is_linear()) else {
            return Ok(None);
        };
        match Ladder::of(problem, forget, before, after, method) {
            Ok(ladder) => Ok(Some(Rungs { ladder, budget, reduction: problem.reduction() })),
            Err(Error::Hypothesis { .. }) if budget.is_none() => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Nothing where no finite number is proved.
    fn sigma(&self, rung: &Rung) -> Option<f64> {
        let budget = self.budget?;
        budget.gaussian_scale(rung.gradient.hi()).ok().filter(|sigma| sigma.is_finite())
    }

    fn distance(&self, rung: &Rung) -> f64 {
        self.ladder.distance(rung).unwrap_or(f64::INFINITY)
    }

    pub(super) fn text(&self) -> String {
        let mut columns =
            vec![("bound", Align::Left), ("gradient left", Align::Right), ("distance", Align::Right)];
        if self.budget.is_some() {
            columns.push(("sigma", Align::Right));
        }
        let mut table = Table::new(&columns);
        for rung in &self.ladder.rungs {
            let at_most = |x: f64| format!("<= {}", above(x));
            let mut cells =
                vec![rung.name.to_owned(), at_most(rung.gradient.hi()), at_most(self.distance(rung))];
            if self.budget.is_some() {
                cells.push(self.sigma(rung).map_or("none".into(), above));
            }
            table.row(cells);
        }
        format!("{table}{}", self.explanation())
    }

    fn explanation(&self) -> String {
        let Some(budget) = self.budget else {
            return "each bounds the one above it; the worst case needs only n, m, the ridge and the longest row\n".into();
        };
        let objective = match self.reduction {
            Reduction::Mean => "mean",
            Reduction::Sum => "summed",
        };
        paragraph(
            "sigma: ",
            &format!(
                "deviation of a Gaussian vector b that, drawn before training, added to the {objective} objective as \
                 <b, theta> and kept for the removal, makes every removal whose gradient stays within the bound \
                 ({}, {})-certified. Only the worst case is known before training; with another sigma a removal \
                 beyond its bound must be retrained. These parameters were trained without b: nothing is certified \
                 for them.",
                short(budget.epsilon()),
                short(budget.delta())
            ),
        )
    }

    pub(super) fn json(&self) -> Value {
        let rung = |rung: &Rung| {
            let mut value = json!({
                "bound": rung.name,
                "gradient": rung.gradient.hi(),
                "distance": self.distance(rung),
                "theorem": rung.theorem,
            });
            if let Some(budget) = self.budget {
                value["sigma"] = self.sigma(rung).into();
                value["laplace_scale"] = budget.laplace_scale(rung.gradient.hi()).into();
            }
            value
        };
        let mut value = json!({
            "strong_convexity": self.ladder.strong_convexity,
            "rungs": self.ladder.rungs.iter().map(rung).collect::<Vec<_>>(),
        });
        if let Some(budget) = self.budget {
            value["epsilon"] = budget.epsilon().into();
            value["delta"] = budget.delta().into();
        }
        value
    }
}
