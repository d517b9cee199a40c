//! The neighbours of exact retraining that are systems of their own: what they promise, and where the promise ends.
//!
//! | module | system | exact | not exact |
//! |---|---|---|---|
//! | [`encoder`] | random Fourier features, random projections | fixed by a seed: deletion does not touch them | |
//! | [`legonet`] | LegoNet: k nearest of n adapters (arXiv 2210.16023) | given the keys; with external keys, or re-keyed | keys of deleted donors kept |
//! | [`muso`] | MUSO: relabelling for interpolating random features (arXiv 2410.08557) | labels of the linear theorem | other starts, other labels |
//! | [`head`] | MUSO's alternation for networks | | everything: hard labels of a linearised head |
//! | [`lasso`] | datamodels by retraining on random subsets | an output that is additive in the rows | otherwise |
//! | [`linear_theory`] | oracle matching in linear models (arXiv 2410.23232) | iterates in closed form | Theorem 2 as printed |
//! | [`ascent`] | descent–ascent moves away from the oracle (arXiv 2509.26427) | three closed forms | |
//!
//! Those that serve an ordinary request are methods: [`crate::unlearn::muso`], [`crate::unlearn::datamodel`],
//! [`crate::unlearn::oracle_matching`].

pub mod ascent;
pub mod encoder;
pub mod head;
pub mod keys;
pub mod lasso;
pub mod legonet;
pub mod linear_theory;
pub mod muso;
