//! Streams of requests to an ensemble whose shards are minimisers, with everything counted.
//!
//! Where a shard is trained to its minimiser an update needs no vectors carried through its run: one Hessian with its
//! factor and one enclosed gradient per exact model serve every request until the next retraining
//! ([`crate::hybrid::Prepared`]). So here no cost is left out of the comparison:
//!
//! | strategy | model | a request is answered by |
//! |---|---|---|
//! | `full` | one | Newton's method from 0 on the rows kept |
//! | `update:ε` | one | [`crate::hybrid::serve`] within ε: the cheapest branch, retraining from 0 when none is within ε |
//! | `update` | one | one Newton step on the rows kept from where the last one ended, whatever its error; never retrained |
//! | `sisa` | `S` shards | Newton's method from 0 on the rows kept of every shard that is hit |
//! | `sisa:warm` | `S` shards | the same from the shard's last minimiser |
//! | `hybrid:ε` | `S` shards | [`crate::hybrid::serve`] within ε for every shard that is hit |
//!
//! The minimiser is unique, so `sisa:warm` is as exact as `sisa`, up to rounding. Retraining inside `update:ε` and
//! `hybrid:ε` starts from 0, as `sisa` does: these two are alike. `sisa:warm` is the stronger baseline.
//!
//! The forget set of an answer is every row of the shard deleted since its last exact fit, so a certificate covers all of
//! them. A retrained shard starts anew on a problem without its deleted rows.
//!
//! Visits: gradients, Hessians and Hessian–vector products of a row count one each, enclosed ones too. *Branches* are what
//! was run, in vain or not; *planning* and *certifying* as [`crate::hybrid::Answer`] counts them, with the right side of an
//! influence step that was planned and not taken; *preparation* is three visits per row (Hessian, enclosed gradient,
//! constants) when a shard is first asked after an exact fit. The total is all four. The training before the first request
//! is not counted: every strategy has it.
//!
//! | file | what |
//! |---|---|
//! | [`strategy`] | who answers |
//! | `shard` | one shard: its exact fit, what was deleted since, its answers |
//! | [`run`] | the grid; `system`: one strategy on one stream |
//! | [`record`] | one line per strategy, cell and seed |
//! | [`table`] | gains in total cost |

pub mod record;
pub mod run;
mod shard;
pub mod strategy;
mod system;
pub mod table;

pub use record::Record;
pub use run::{Config, Study};
pub use strategy::Strategy;
