//! Retrain or update? The cheapest way to serve a request whose error is certified to be within a tolerance.
//!
//! | setting | exact branch | cheaper branches | the error is certified by |
//! |---|---|---|---|
//! | one model trained to a minimiser ([`estimate`], [`answer`]) | retrain | doing nothing, influence, Newton's steps, ridge deletion | the enclosed gradient on the rows kept over μ |
//! | a stream of requests to a sharded ensemble ([`stream`]) | SISA: resume from a clean checkpoint | vectors carried through the recorded run; these, then the affected slices fine-tuned to a residual | the additive bound, for all rows deleted since the shard was exact; that and the way moved, or where the run ends |
//!
//! The rule ([`choose`](mod@choose)): tolerance 0 retrains, and then the result *is* the retrained model, bit for bit; an
//! infinite tolerance never retrains; in between the branch with the fewest predicted row visits among those that are
//! known, or forecast, to end within the tolerance. A forecast only decides what is tried: what is returned carries a
//! certificate computed from the result itself, and a branch whose certificate is not within the tolerance is
//! followed by the next dearer one, in the end by retraining. So no answer is outside the tolerance.
//!
//! On an ensemble ([`stream`]) the rule is asked shard by shard, or a [`Policy`] of the reconstruction decides by cost. A
//! stream that outlives its process is kept by a [`state`]: a directory that can be killed at any moment.
//!
//! Retraining is right by definition: its result is the reference, whatever rounding does to it. For a tolerance
//! below what floating point can certify it is the only answer, and its own certified distance from the minimiser over
//! the reals, which may then exceed the tolerance, is reported.
//!
//! Li et al. 2024 (arXiv 2412.14505, abstract only; the body is not public to us) estimate the workload that
//! retraining needs, retrain when it is light and update otherwise. Everything here is a reconstruction from that
//! sentence: the workload is exact, the boundary and the certificates are derived here.

mod amend;
pub mod answer;
pub mod branch;
pub mod calibrate;
pub mod choose;
mod decide;
pub mod estimate;
mod history;
mod journal;
mod moves;
pub mod policy;
pub mod prepared;
mod run_end;
mod shard;
pub mod state;
pub mod stream;
pub mod terms;
pub mod tolerance;

pub use answer::{Answer, serve};
pub use branch::{Branch, Workload};
pub use estimate::{Estimate, Plan};
pub use policy::Policy;
pub use prepared::Prepared;
pub use state::State;
pub use stream::Stream;
pub use terms::Terms;
pub use tolerance::Tolerance;
