//! Claims: statements from the literature (or derived here), each with a checker that compares what is
//! claimed with true retraining, and the verdict that is expected.

pub mod amended;
pub mod ascent;
pub mod carried;
pub mod case;
pub mod controls;
pub mod datamodel;
pub mod direct;
mod directed;
pub mod evidence;
pub mod exact;
pub mod fixed;
pub mod hybrid;
pub mod identities;
pub mod klom;
pub mod ladder;
pub mod ladder_features;
pub mod ladder_guo;
pub mod ladder_privacy;
pub mod ladder_taylor;
mod leave_out;
pub mod legonet;
pub mod masks;
pub mod matching;
pub mod muso;
pub mod outliers;
pub mod proposition2;
pub mod second_order;
pub mod sgd;
pub mod sisa;
pub mod steps;
mod system;
pub mod tested;
pub mod woodfisher;

pub use case::Case;
pub use evidence::{Evidence, Verdict};

use crate::error::Result;
use crate::loss::Loss;

/// A claim and how to check it.
#[derive(Clone, Copy)]
pub struct Claim {
    /// Short name, used on the command line.
    pub id: &'static str,
    /// One line for the table.
    pub title: &'static str,
    /// The statement with every constant.
    pub statement: &'static str,
    /// Author, year, arXiv number, theorem; or "derived here". Says when it is recalled, not read.
    pub source: &'static str,
    /// Name of the machine-checked theorem that proves (or refutes) it, if there is one.
    pub theorem: Option<&'static str>,
    /// The Rust item that evaluates it.
    pub item: &'static str,
    /// What an honest check must find.
    pub expected: Verdict,
    /// The problems it speaks about.
    pub domain: Domain,
    /// Compares both sides on one case.
    pub check: fn(&Case) -> Result<Outcome>,
    /// Hand-made cases, tried first: the smallest counterexamples of refuted claims.
    pub directed: fn() -> Vec<Case>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Both sides, as intervals.
    Compared(Evidence),
    /// The claim says nothing about this case, and why.
    NotApplicable(String),
}

/// The problems a claim speaks about; cases are drawn accordingly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Domain {
    /// Losses to draw from.
    pub losses: &'static [Loss],
    /// Linear models, networks with hidden layers, or either.
    pub depth: Depth,
    /// May parameters be pruned?
    pub masks: bool,
    /// May the run use momentum?
    pub momentum: bool,
    /// Does the claim need a run of stochastic gradient descent (rather than a minimiser)?
    pub run: bool,
    /// Are there fewer rows than parameters (where the model interpolates)?
    pub wide: bool,
}

/// Which depths a claim covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// One layer.
    Linear,
    /// At least one hidden layer.
    Hidden,
    /// Both.
    Any,
}

/// Every claim, in the order of the table.
pub fn all() -> Vec<Claim> {
    [
        sgd::claims(),
        direct::claims(),
        carried::claims(),
        second_order::claims(),
        ladder::claims(),
        ladder_taylor::claims(),
        ladder_features::claims(),
        ladder_privacy::claims(),
        ladder_guo::claims(),
        identities::claims(),
        steps::claims(),
        outliers::claims(),
        exact::claims(),
        masks::claims(),
        proposition2::claims(),
        controls::claims(),
        woodfisher::claims(),
        sisa::claims(),
        hybrid::claims(),
        amended::claims(),
        legonet::claims(),
        muso::claims(),
        datamodel::claims(),
        matching::claims(),
        klom::claims(),
        ascent::claims(),
    ]
    .concat()
}
