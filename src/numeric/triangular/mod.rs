//! Triangular systems by the register tiles of [`super::gram`].
//!
//! Unknowns are taken in blocks. What earlier blocks contribute is a product of packed panels, summed in registers; the
//! triangle on the diagonal is solved on the tile while it is there. Right-hand sides lie in the lanes of a vector, so
//! that no step waits for a sum across lanes: a *strip* holds a few of them, all their first entries, all their second
//! entries, and so on.
//!
//! Every entry is `(b_j − Σ l_jp x_p)·fl(1/l_jj)` with its terms in some order: one rounding more than with a division, so
//! the componentwise bound of Higham 2002, Theorem 8.5, holds with `γ_{k+1}`.

mod many;
mod one;
mod strips;
mod triangle;

pub(super) use many::{Sides, solve_both, solve_lower};
pub(super) use one::{solve_one_lower, solve_one_transposed};
pub(super) use strips::{Strips, SubtractLower};
pub(super) use triangle::{Direction, Triangle};
