//! Products `Σ_r s_r p_r q_rᵀ` over samples: the shape of every Hessian block and every weighted Gram matrix.
//!
//! Samples are taken in blocks of 256; both sides of a block are packed into strips (with the weights, and where a
//! [`Panel`] forms its columns on the way, with those), and a register-sized tile of the result is added up by a
//! [`Kernel`] before the next. Of a symmetric product only the tiles that meet the lower triangle are computed. The
//! order of all operations depends on the sizes and the kernel alone.
//!
//! Scheme: Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication" (ACM TOMS 34).

mod kernel;
mod packed;
mod panel;
mod runs;

pub use kernel::Kernel;
pub use panel::{Columns, Panel};

pub(crate) use packed::Packed;
pub(crate) use runs::Sums;

use super::lanes::{Arithmetic, Work};
use super::threads;
pub(in crate::numeric) use kernel::{MOST_COLUMNS, MOST_ROWS};
use nalgebra::DMatrix;

/// Samples packed together: a strip of either side stays in the first-level cache.
const SAMPLES: usize = 256;
/// Most rows of the left side that stay in the second-level cache while the right side passes.
const LEFT_ROWS: usize = 264;
/// Most rows of a left side that is read where it is stored: beyond, its samples are too far apart.
const UNPACKED: usize = 128;
/// Multiplications below which a product is not worth a second thread.
const WORTH_THREADS: usize = 1 << 22;
/// Columns of a task, at least.
const TASK_COLUMNS: usize = 48;

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
    add_part(kernel, samples, p, q, Part::All, out.as_mut_slice(), p.rows());
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
    add_part(kernel, samples, p, q, Part::LowerTriangle, out.as_mut_slice(), p.rows());
}

/// `out += Σ_r p_r q_rᵀ`, or its lower triangle, where column `c` of the sum is `out[c · height..]`; by as many threads
/// as are allowed where it is worth it.
pub(crate) fn add_part(
    kernel: Kernel,
    samples: usize,
    p: &impl Panel,
    q: &impl Panel,
    part: Part,
    out: &mut [f64],
    height: usize,
) {
    let columns = q.rows();
    let work = samples.saturating_mul(p.rows()).saturating_mul(columns);
    match (p.stored(), q.stored()) {
        (Some(p), Some(q)) if work >= WORTH_THREADS && threads::allowed() > 1 => {
            // Eight tasks for two threads: the last ones are short.
            let wide = columns.div_ceil(8).max(TASK_COLUMNS).next_multiple_of(TASK_COLUMNS);
            let mut tasks: Vec<&mut [f64]> =
                out.chunks_mut(height * wide).take(columns.div_ceil(wide)).collect();
            threads::each(&mut tasks, Buffers::default, |buffers, t, out| {
                let first = t * wide;
                let q = q.part(first..columns.min(first + wide));
                // Of a lower triangle, the rows above the task's first column are not needed.
                let above = if part == Part::LowerTriangle { first } else { 0 };
                let p = p.part(above..p.rows());
                add_columns(kernel, buffers, samples, &p, &q, part, out, (height, above), |c| c);
            });
        }
        _ => add_columns(kernel, &mut Buffers::default(), samples, p, q, part, out, (height, 0), |c| c),
    }
}

/// Packed panels, kept between products so that none allocates.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    left: Packed,
    right: Packed,
}

/// The product goes to the rows of `out`, of `height` rows, from `first_row` on; its column `c` to column `place(c)`.
#[allow(clippy::too_many_arguments)]
pub(crate) fn add_columns(
    kernel: Kernel,
    buffers: &mut Buffers,
    samples: usize,
    p: &impl Panel,
    q: &impl Panel,
    part: Part,
    out: &mut [f64],
    (height, first_row): (usize, usize),
    place: impl Fn(usize) -> usize,
) {
    let Buffers { left, right } = buffers;
    for begin in (0..samples).step_by(SAMPLES) {
        let block = begin..samples.min(begin + SAMPLES);
        let length = block.len();
        right.pack_right(kernel, q, block.clone());
        let stored = p.stored().filter(|p| p.rows() <= UNPACKED);
        let left = match stored.as_ref().and_then(|p| p.readable(begin, kernel.lanes())) {
            Some((values, step)) => Left::Stored(values, step, p.rows()),
            None => {
                left.pack_left(kernel, p, block);
                Left::Packed(left)
            }
        };
        add_packed(kernel, length, left, right, part, out, (height, first_row), &place);
    }
}

/// The left side of a product.
#[derive(Clone, Copy)]
pub(crate) enum Left<'a> {
    /// In strips.
    Packed(&'a Packed),
    /// Samples so many numbers apart, so many rows of each.
    Stored(&'a [f64], usize, usize),
}

impl Left<'_> {
    fn rows(&self) -> usize {
        match *self {
            Left::Packed(packed) => packed.rows(),
            Left::Stored(_, _, rows) => rows,
        }
    }
}

/// The same for sides that are packed already, for `samples` of them.
#[allow(clippy::too_many_arguments)]
pub(crate) fn add_packed(
    kernel: Kernel,
    samples: usize,
    left: Left<'_>,
    right: &Packed,
    part: Part,
    out: &mut [f64],
    corner: (usize, usize),
    place: impl Fn(usize) -> usize,
) {
    kernel.work::<AddTiles, _>((kernel, samples, left, right, part, out, corner, place));
}

/// The arguments of [`add_packed`].
type Tiles<'a, F> = (Kernel, usize, Left<'a>, &'a Packed, Part, &'a mut [f64], (usize, usize), F);

/// What [`add_packed`] does, compiled for the kernel's vectors.
struct AddTiles;

impl<F: Fn(usize) -> usize> Work<Tiles<'_, F>> for AddTiles {
    type Output = ();

    #[inline(always)]
    fn work<A: Arithmetic>(tiles: Tiles<'_, F>) {
        add_tiles(tiles);
    }
}

#[inline(always)]
fn add_tiles<F: Fn(usize) -> usize>(
    (kernel, samples, left, right, part, out, (height, first_row), place): Tiles<'_, F>,
) {
    let (rows, columns) = (left.rows(), right.rows());
    let ((strip, width), lanes) = (kernel.tile(), kernel.lanes());
    let mut tile = [[0.0; MOST_ROWS]; MOST_COLUMNS];
    // Parts of about the same height: a short last one would have the right side pass for little. Of no rows, no part.
    let tall = rows.div_ceil(rows.div_ceil(LEFT_ROWS).max(1)).max(1).next_multiple_of(strip);
    for top in (0..rows).step_by(tall) {
        let bottom = rows.min(top + tall);
        for j in (0..columns).step_by(width) {
            let (b, _) = right.strip(j / width);
            let here = columns.min(j + width) - j;
            // Of a tile that meets the diagonal, whole vectors of rows above it are left out.
            let first = if part == Part::LowerTriangle { top.max(j / lanes * lanes) } else { top };
            for strip_begin in (first / strip * strip..bottom).step_by(strip) {
                let i = strip_begin.max(first);
                let tall = rows.min(strip_begin + strip) - i;
                let a = match left {
                    Left::Packed(packed) => {
                        let (a, width) = packed.strip(strip_begin / strip);
                        (&a[i - strip_begin..], width, width - (i - strip_begin))
                    }
                    Left::Stored(values, step, _) => (&values[i..], step, tall),
                };
                for c in 0..here {
                    let at = place(j + c) * height + first_row + i;
                    kernel.fetch(&out[at..at + tall]);
                }
                kernel.multiply(samples, a, b, &mut tile);
                for (c, column) in tile[..here].iter().enumerate() {
                    let at = place(j + c) * height + first_row + i;
                    add(&column[..tall], &mut out[at..at + tall]);
                }
            }
        }
    }
}

/// `sums += values`.
#[inline(always)]
fn add(values: &[f64], sums: &mut [f64]) {
    match (values.first_chunk::<MOST_ROWS>(), sums.first_chunk_mut::<MOST_ROWS>()) {
        (Some(values), Some(sums)) => (0..MOST_ROWS).for_each(|i| sums[i] += values[i]),
        _ => sums.iter_mut().zip(values).for_each(|(s, v)| *s += v),
    }
}
