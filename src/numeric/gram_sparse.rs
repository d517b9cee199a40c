//! `Σ_r w_r x_r x_rᵀ` for sparse rows: entry by entry, in the order of the rows.
//!
//! Three ways, chosen by counted operations ([`choose`]): products of the stored entries into a dense lower triangle, the dense
//! kernel on rows that are written out while they are packed, and for wide matrices a lower triangle that is sparse
//! itself (Gustavson 1978, row by row). All three add the products of an entry row by row, so they agree up to the
//! rounding of that sum.

use super::csr::Csr;
use super::gram::{Kernel, Panel, add_lower};
use nalgebra::DMatrix;

/// How to form a weighted Gram matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Products of stored entries.
    Entries,
    /// The dense kernel of [`super::gram`].
    Dense,
}

/// A product of stored entries takes as long as this many multiplications and additions of the dense kernel, since it loads its
/// place and stores there: where the result stays in the second-level cache, and beyond. Measured on AVX-512, where the
/// ways cross at 27 % of stored entries for d = 512 and at 20 % for d = 1500; see `benches/table/csr.rs`.
const ENTRY: (f64, f64) = (14.0, 25.0);

/// The widest result that counts as near.
const NEAR: usize = 1024;

/// The cheaper way for these rows: `Σ m_r(m_r + 1)/2` products of stored entries, at the cost of 14 (25 beyond 1,024 columns) each, against the
/// `n·d²/2` of the kernel.
///
/// ```
/// use unlearn::numeric::{csr::Csr, gram_sparse::{Way, choose}};
/// let row = |m: usize| (0..m as u32).map(|c| (c, 1.0)).collect::<Vec<_>>();
/// let with = |m: usize| Csr::from_rows(100, &vec![row(m); 50]).unwrap();
/// assert_eq!((choose(&with(2)), choose(&with(90))), (Way::Entries, Way::Dense));
/// ```
pub fn choose(x: &Csr) -> Way {
    let d = x.cols() as f64;
    let stored = |i: usize| x.row(i).0.len() as f64;
    let entries: f64 = (0..x.rows()).map(|i| stored(i) * (stored(i) + 1.0) / 2.0).sum();
    let entry = if x.cols() <= NEAR { ENTRY.0 } else { ENTRY.1 };
    if entry * entries <= x.rows() as f64 * d * d / 2.0 { Way::Entries } else { Way::Dense }
}

/// Adds the lower triangle of `Σ w_r x_r x_rᵀ` to that of `out`, the cheaper way; above the diagonal `out` is left with
/// meaningless numbers. Rows of weight 0 are skipped.
///
/// ```
/// use nalgebra::DMatrix;
/// use unlearn::numeric::{csr::Csr, gram_sparse::add_lower_triangle};
/// // Rows (1, 2) and (0, 3) with weights 10 and 1: [10 20; 20 49].
/// let x = Csr::new(2, vec![0, 2, 3], vec![0, 1, 1], vec![1.0, 2.0, 3.0]).unwrap();
/// let mut out = DMatrix::zeros(2, 2);
/// add_lower_triangle(&x, &[10.0, 1.0], &mut out);
/// assert_eq!((out[(0, 0)], out[(1, 0)], out[(1, 1)]), (10.0, 20.0, 49.0));
/// ```
///
/// Panics when `out` is not square of the order of the columns or there is not one weight per row.
pub fn add_lower_triangle(x: &Csr, weights: &[f64], out: &mut DMatrix<f64>) {
    add_by(choose(x), x, weights, out);
}

/// As [`add_lower_triangle`], the way that is named.
pub fn add_by(way: Way, x: &Csr, weights: &[f64], out: &mut DMatrix<f64>) {
    let d = x.cols();
    assert_eq!(out.shape(), (d, d), "the shape of a Gram matrix of {d} columns");
    assert_eq!(weights.len(), x.rows(), "{} weights for {} rows", weights.len(), x.rows());
    match way {
        Way::Entries => add_entries(x, weights, out.as_mut_slice()),
        Way::Dense => {
            let (p, q) = (Rows { x, weights: None }, Rows { x, weights: Some(weights) });
            add_lower(Kernel::best(), x.rows(), &p, &q, out);
        }
    }
}

fn add_entries(x: &Csr, weights: &[f64], out: &mut [f64]) {
    let d = x.cols();
    for (r, &w) in weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
        let (columns, values) = x.row(r);
        for (i, (&c, &v)) in columns.iter().zip(values).enumerate() {
            let column = &mut out[c as usize * d..(c as usize + 1) * d];
            let scaled = w * v;
            for (&below, &u) in columns[i..].iter().zip(&values[i..]) {
                column[below as usize] += scaled * u;
            }
        }
    }
}

/// Sparse rows, written out one at a time.
struct Rows<'a> {
    x: &'a Csr,
    weights: Option<&'a [f64]>,
}

impl Panel for Rows<'_> {
    fn rows(&self) -> usize {
        self.x.cols()
    }

    fn scale(&self, sample: usize) -> f64 {
        self.weights.map_or(1.0, |w| w[sample])
    }

    fn values<'s>(&'s self, sample: usize, scratch: &'s mut [f64]) -> &'s [f64] {
        scratch.fill(0.0);
        let (columns, values) = self.x.row(sample);
        columns.iter().zip(values).for_each(|(&c, v)| scratch[c as usize] = *v);
        scratch
    }
}

/// The lower triangle of `Σ w_r x_r x_rᵀ + shift·I` as a sparse matrix: row `j` holds the entries `(j, i)`, `i ≤ j`, that some row
/// meets, the diagonal always. `None` when more than `most` entries would be stored.
///
/// Row `j` is the sum over the rows `r` that hold column `j` of `w_r x_{rj}` times the part of `x_r` up to `j`
/// (Gustavson 1978): as many products as there are in [`Way::Entries`], into one dense row at a time.
///
/// ```
/// use unlearn::numeric::{csr::Csr, gram_sparse::lower_triangle};
/// // Rows (1, 0, 2) and (0, 3, 0): [1 . .; . 9 .; 2 . 4], and ½ on the diagonal.
/// let x = Csr::new(3, vec![0, 2, 3], vec![0, 2, 1], vec![1.0, 2.0, 3.0]).unwrap();
/// let g = lower_triangle(&x, &[1.0, 1.0], 0.5, 100).unwrap();
/// assert_eq!((g.row(0), g.row(1)), ((&[0][..], &[1.5][..]), (&[1][..], &[9.5][..])));
/// assert_eq!(g.row(2), (&[0, 2][..], &[2.0, 4.5][..]));
/// assert!(lower_triangle(&x, &[1.0, 1.0], 0.5, 3).is_none());
/// ```
///
/// Panics when there is not one weight per row.
pub fn lower_triangle(x: &Csr, weights: &[f64], shift: f64, most: usize) -> Option<Csr> {
    assert_eq!(weights.len(), x.rows(), "{} weights for {} rows", weights.len(), x.rows());
    let d = x.cols();
    let (starts, holders) = by_column(x, weights);
    let mut sums = vec![0.0; d];
    let mut met = vec![false; d];
    let mut here: Vec<u32> = Vec::new();
    let (mut offsets, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    for j in 0..d {
        here.clear();
        here.push(j as u32);
        met[j] = true;
        sums[j] = shift;
        for &(r, v) in &holders[starts[j]..starts[j + 1]] {
            let (columns, entries) = x.row(r as usize);
            let scaled = weights[r as usize] * v;
            for (&c, &u) in columns.iter().zip(entries).take_while(|(c, _)| **c as usize <= j) {
                if !met[c as usize] {
                    met[c as usize] = true;
                    here.push(c);
                }
                sums[c as usize] += scaled * u;
            }
        }
        if values.len() + here.len() > most {
            return None;
        }
        here.sort_unstable();
        for &c in &here {
            indices.push(c);
            values.push(std::mem::take(&mut sums[c as usize]));
            met[c as usize] = false;
        }
        offsets.push(values.len());
    }
    Some(Csr::new(d, offsets, indices, values).expect("sorted columns below d"))
}

/// The rows of weight other than 0 that hold each column, with the entry: rows increase within a column.
fn by_column(x: &Csr, weights: &[f64]) -> (Vec<usize>, Vec<(u32, f64)>) {
    let mut starts = vec![0usize; x.cols() + 1];
    let live = || (0..x.rows()).filter(|&r| weights[r] != 0.0);
    live().for_each(|r| x.row(r).0.iter().for_each(|&c| starts[c as usize + 1] += 1));
    (0..x.cols()).for_each(|c| starts[c + 1] += starts[c]);
    let mut next = starts.clone();
    let mut holders = vec![(0u32, 0.0); starts[x.cols()]];
    assert!(u32::try_from(x.rows()).is_ok(), "{} rows are more than 32 bits number", x.rows());
    for r in live() {
        let (columns, values) = x.row(r);
        for (&c, &v) in columns.iter().zip(values) {
            holders[next[c as usize]] = (r as u32, v);
            next[c as usize] += 1;
        }
    }
    (starts, holders)
}
