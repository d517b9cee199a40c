//! One model trained to a minimiser: how good the choices of its planner ([`crate::hybrid::estimate`]) are.
//!
//! For every forget set all branches are run, so that afterwards it is known what each took and how far from the
//! retrained model it is certified to be; then the request is served at several tolerances. The best branch is the one
//! with the fewest counted row visits among those whose own certificate is within the tolerance, retraining always
//! being one. What the planner lost is what its answer took (branches tried in vain included) over that, minus one.
//!
//! Row visits are those of branches. Planning and certifying visit rows too, the same ones whatever is chosen; they are
//! counted apart.
//!
//! | file | what |
//! |---|---|
//! | [`run`] | forget sets, branches, answers |
//! | [`record`] | one line per answer |
//! | [`table`] | choices, losses, and forecasts beside what came |

pub mod record;
pub mod run;
pub mod table;

pub use record::Record;
pub use run::{Config, Study};
