//! Claims about sharded training: what resuming from checkpoints reproduces, and what it does not.
//!
//! The ensembles are made from a case: its problem, at most 24 of its rows in their order, its batch size, step
//! size and momentum. "Equal" means equal bits where a claim holds, and is measured by the number of parameters whose
//! bits differ; where one is refuted the distance is measured.

pub mod cost;
pub mod retraining;
pub(super) mod sharded;

use self::retraining::{Order, forgotten, healed, repacked, resumed, stale, stateless, visited};
use super::directed::{Small, case};
use super::{Case, Claim, Depth, Domain, Verdict};
use crate::data::RowSet;
use crate::loss::Loss;
use crate::train::plan::{Plan, Step};

const BOURTOULE: &str = "Bourtoule et al. 2021 (arXiv 1912.03817)";

const RUNS: Domain =
    Domain { losses: &Loss::ALL, depth: Depth::Any, masks: true, momentum: true, run: true, wide: false };

/// The claims of this file.
pub fn claims() -> Vec<Claim> {
    let holds = Claim {
        id: "sisa-resume",
        title: "resuming at the slice is retraining",
        statement: "retraining the shards hit from the last checkpoint that saw no forgotten row gives the bits of training \
                    from scratch, SGD and Adam; the other shards keep theirs",
        source: BOURTOULE,
        theorem: None,
        item: "sisa::ensemble::Ensemble",
        expected: Verdict::Holds,
        domain: RUNS,
        check: |case| forgotten(case, Order::AtOnce, |e| e.models().to_vec()),
        directed: Vec::new,
    };
    let refuted = Claim { expected: Verdict::Refuted, ..holds };
    let mut claims = vec![
        holds,
        Claim {
            id: "sisa-order",
            title: "one by one or all at once",
            statement: "requests served one by one, forwards or backwards, give the bits of serving them together",
            check: |case| {
                super::identities::both(
                    forgotten(case, Order::Forwards, |e| e.models().to_vec())?,
                    forgotten(case, Order::Backwards, |e| e.models().to_vec())?,
                )
            },
            ..holds
        },
        Claim {
            id: "sisa-workload",
            title: "row visits of a request",
            statement: "a request visits Σ_{k hit} Σ_{i≥r_k} e_i Σ_{j≤i} n_{k,j} rows, n counted without deleted ones",
            source: "derived here from Bourtoule et al. 2021 (arXiv 1912.03817)",
            item: "sisa::workload::workload",
            check: |case| visited(case, |predicted| predicted),
            ..holds
        },
        Claim {
            id: "sisa-healing",
            title: "updates are healed by retraining",
            statement: "a shard whose request was answered by any change of its parameters has, once retrained, the bits of \
                        training from scratch without all deleted rows",
            source: "derived here",
            check: |case| healed(case, true),
            ..holds
        },
        Claim {
            id: "sisa-late",
            title: "resuming one slice late",
            statement: "resuming from the checkpoint after the first slice hit equals training from scratch",
            source: "a natural slip, false",
            item: "claim::sisa::retraining::resumed",
            check: |case| resumed(case, 1),
            directed: || vec![two_rows(1)],
            ..refuted
        },
        Claim {
            id: "sisa-adam-stateless",
            title: "Adam resumed without its state",
            statement: "with Adam, a checkpoint of the parameters alone resumes to what training from scratch gives",
            source: "the checkpoints of the code released with Bourtoule et al. 2021 (arXiv 1912.03817)",
            item: "claim::sisa::retraining::stateless",
            check: |case| stateless(case, true),
            directed: || vec![forgetting(two_rows(1), &[1])],
            ..refuted
        },
        Claim {
            id: "sisa-repacked",
            title: "batches packed anew",
            statement: "cutting the rows kept into new batches, in the same order, gives what excising the rows from the \
                        original batches gives",
            source: "a natural slip, false",
            item: "claim::sisa::retraining::repacked",
            check: repacked,
            directed: || vec![two_rows(2)],
            ..refuted
        },
        Claim {
            id: "sisa-stale",
            title: "a checkpoint from before a direct update",
            statement: "after a request was answered by a direct update, a later one may resume from the checkpoint before \
                        its own slice",
            source: "a natural slip, false; derived here",
            item: "claim::sisa::retraining::stale",
            check: stale,
            directed: || vec![forgetting(three_rows(), &[0, 2])],
            ..refuted
        },
    ];
    claims.extend(cost::claims());
    claims
}

/// Least squares on two rows, the first forgotten, with so many rows per batch.
fn two_rows(batch: usize) -> Case {
    let mut small =
        case(Small { rows: &[(&[1.0], 1.0), (&[1.0], -1.0)], forget: &[0], steps: &[(0, 0.5)], mask: None });
    let step = Step { rows: vec![0; batch], eta: 0.5 };
    small.plan = Plan::new(vec![step], 0.0, 0.0).expect("a valid plan");
    small.labelled("two rows")
}

fn three_rows() -> Case {
    let rows: &[(&[f64], f64)] = &[(&[1.0], 1.0), (&[1.0], 0.0), (&[1.0], -1.0)];
    case(Small { rows, forget: &[0], steps: &[(0, 0.5)], mask: None }).labelled("three rows")
}

fn forgetting(mut case: Case, rows: &[usize]) -> Case {
    case.forget = RowSet::new(case.problem.rows(), rows.to_vec()).expect("rows in range");
    case
}
