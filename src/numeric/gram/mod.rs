//! Products `Σ_r s_r p_r q_rᵀ` over samples: the shape of every Hessian block and every weighted Gram matrix.
//!
//! Samples are taken in blocks of 256; both sides of a block are packed into strips (with the weights, and where a
//! [`Panel`] forms its columns on the way, with those), and a register-sized tile of the result is added up by a
//! [`Kernel`] before the next. Of a symmetric product only the tiles that meet the lower triangle are computed. The
//! order of all operations depends on the sizes and the kernel alone.
//!
//! Scheme: Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication" (ACM TOMS 34).

mod kernel;
mod panel;

pub use kernel::Kernel;
pub use panel::{Columns, Panel};

use kernel::{MOST_COLUMNS, MOST_ROWS};
use nalgebra::DMatrix;
use panel::Packed;

/// Samples packed together: a strip of either side stays in the first-level cache.
const SAMPLES: usize = 256;
/// Rows of the left side that stay in the second-level cache while the right side passes.
const LEFT_ROWS: usize = 240;

/// Which part of a product is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Every entry.
    All,
    /// On and below the diagonal.
    LowerTriangle,
}

/// `out += P · Vᵀ` for `P: p × r` and `V: q × r` (samples in columns).
///
/// ```
/// use nalgebra::DMatrix;
/// use unlearn::numeric::gram::add_product;
/// let p = DMatrix::from_row_slice(1, 2, &[1.0, 2.0]);
/// let v = DMatrix::from_row_slice(2, 2, &[3.0, 4.0, 5.0, 6.0]);
/// let mut out = DMatrix::zeros(1, 2);
/// add_product(&p, &v, &mut out);
/// assert_eq!(out.as_slice(), [11.0, 17.0]);
/// ```
///
/// Panics when the sizes disagree.
pub fn add_product(p: &DMatrix<f64>, v: &DMatrix<f64>, out: &mut DMatrix<f64>) {
    assert_eq!(p.ncols(), v.ncols(), "{} against {} samples", p.ncols(), v.ncols());
    let samples = p.ncols();
    let (p, v) = (Columns::new(p.nrows(), p.as_slice()), Columns::new(v.nrows(), v.as_slice()));
    add_panels(Kernel::best(), samples, &p, &v, out);
}

/// `out += Σ_{r < samples} p_r q_rᵀ` with the kernel given.
///
/// Panics when `out` is not `p.rows() × q.rows()`.
pub fn add_panels(kernel: Kernel, samples: usize, p: &impl Panel, q: &impl Panel, out: &mut DMatrix<f64>) {
    assert_eq!(out.shape(), (p.rows(), q.rows()), "the shape of a sum of such products");
    add_columns(kernel, &mut Buffers::default(), samples, p, q, Part::All, out, 0, |c| c);
}

/// Adds the lower triangle of the symmetric `Σ_{r < samples} p_r q_rᵀ`, where `q_r` is `p_r` times a weight, to that
/// of `out`; above the diagonal `out` is left with meaningless numbers.
///
/// ```
/// use nalgebra::DMatrix;
/// use unlearn::numeric::gram::{Columns, Kernel, add_lower};
/// // Two samples (1, 2) and (3, 4) with weights 10 and 1: Σ w x xᵀ = [19 32; 32 56].
/// let x = [1.0, 2.0, 3.0, 4.0];
/// let (p, w) = (Columns::new(2, &x), [10.0, 1.0]);
/// let mut out = DMatrix::zeros(2, 2);
/// add_lower(Kernel::best(), 2, &p, &p.weighted(&w), &mut out);
/// assert_eq!((out[(0, 0)], out[(1, 0)], out[(1, 1)]), (19.0, 32.0, 56.0));
/// ```
///
/// Panics when `out` is not square of order `p.rows()`.
pub fn add_lower(kernel: Kernel, samples: usize, p: &impl Panel, q: &impl Panel, out: &mut DMatrix<f64>) {
    assert_eq!(out.shape(), (p.rows(), q.rows()), "the shape of a sum of such products");
    add_columns(kernel, &mut Buffers::default(), samples, p, q, Part::LowerTriangle, out, 0, |c| c);
}

/// Packed panels, kept between products so that none allocates.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    left: Packed,
    right: Packed,
}

/// The product goes to the rows of `out` from `first_row` on; its column `c` to column `place(c)`.
#[allow(clippy::too_many_arguments)]
pub(crate) fn add_columns(
    kernel: Kernel,
    buffers: &mut Buffers,
    samples: usize,
    p: &impl Panel,
    q: &impl Panel,
    part: Part,
    out: &mut DMatrix<f64>,
    first_row: usize,
    place: impl Fn(usize) -> usize,
) {
    let (rows, columns, height) = (p.rows(), q.rows(), out.nrows());
    let (strip, width) = kernel.tile();
    let Buffers { left, right } = buffers;
    let mut tile = [[0.0; MOST_ROWS]; MOST_COLUMNS];
    for begin in (0..samples).step_by(SAMPLES) {
        let block = begin..samples.min(begin + SAMPLES);
        let length = block.len();
        left.pack(p, block.clone(), strip, kernel.lanes());
        right.pack(q, block, width, width);
        for top in (0..rows).step_by(LEFT_ROWS) {
            let bottom = rows.min(top + LEFT_ROWS);
            for j in (0..columns).step_by(width) {
                let b = right.strip(j / width);
                let here = columns.min(j + width) - j;
                // Of a tile that meets the diagonal all of it is computed.
                let begin = if part == Part::LowerTriangle { top.max(j / strip * strip) } else { top };
                for i in (begin..bottom).step_by(strip) {
                    let a = left.strip(i / strip);
                    kernel.multiply(length, a, a.len() / length, b, &mut tile);
                    let tall = rows.min(i + strip) - i;
                    for (c, column) in tile[..here].iter().enumerate() {
                        let at = place(j + c) * height + first_row + i;
                        let sums = &mut out.as_mut_slice()[at..at + tall];
                        sums.iter_mut().zip(column).for_each(|(s, v)| *s += v);
                    }
                }
            }
        }
    }
}
