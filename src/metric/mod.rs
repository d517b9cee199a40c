//! What a model is worth on given rows, and how far an unlearned one is from the retrained one.
//!
//! Every metric of unlearning is read against the retrained model, never against 50 % or 100 %: a class that
//! nobody trained on *should* look unlearned, a random tenth of the rows should not.

pub mod accuracy;
pub mod backdoor;
pub mod confidence;
pub mod distance;
pub mod forgetting;
pub mod klom;
pub mod membership;
pub mod summary;
