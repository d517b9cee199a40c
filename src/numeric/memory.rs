//! Memory for large results: fresh pages are what a system hands out slowest.
//!
//! The first touch of a page costs about as much as filling it eight times over (measured on a virtual machine: 4 µs of
//! 4 KiB, 33 ms of a matrix of order 2,048, as long as factoring it; a fifth of a Hessian of order 2,410). Large pages cost a tenth of that.

use super::gram::Kernel;
use nalgebra::{DMatrix, Dyn, VecStorage};
use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Numbers from which large pages are asked for: two of them (4 MiB).
const LARGE: usize = 1 << 19;

/// So many zeros, on large pages where there are many and the system has them.
///
/// ```
/// assert_eq!(unlearn::numeric::memory::zeros(3), [0.0; 3]);
/// ```
pub fn zeros(length: usize) -> Vec<f64> {
    let zeros = vec![0.0; length];
    if length >= LARGE {
        Kernel::best().advise_large_pages(&zeros);
    }
    zeros
}

/// A matrix of zeros, as [`zeros`].
///
/// ```
/// use unlearn::numeric::memory::zero_matrix;
/// assert_eq!(zero_matrix(2, 3), nalgebra::DMatrix::zeros(2, 3));
/// ```
pub fn zero_matrix(rows: usize, columns: usize) -> DMatrix<f64> {
    DMatrix::from_data(VecStorage::new(Dyn(rows), Dyn(columns), zeros(rows * columns)))
}

/// A copy of the lower triangle of a square matrix, zeros above; by as many threads as are allowed where it is large.
///
/// ```
/// use nalgebra::dmatrix;
/// use unlearn::numeric::memory::copy_lower;
/// assert_eq!(copy_lower(&dmatrix![1.0, 2.0; 3.0, 4.0]), dmatrix![1.0, 0.0; 3.0, 4.0]);
/// ```
///
/// Panics when the matrix is not square.
pub fn copy_lower(a: &DMatrix<f64>) -> DMatrix<f64> {
    let k = a.nrows();
    let mut copy = zero_matrix(k, k);
    fill_lower(a, copy.as_mut_slice());
    copy
}

/// Copies the lower triangle.
fn fill_lower(a: &DMatrix<f64>, copy: &mut [f64]) {
    /// Columns of a task.
    const TASK: usize = 128;
    let k = a.nrows();
    assert_eq!(k, a.ncols(), "a {k} × {} matrix has no lower triangle", a.ncols());
    let part = |task: usize, to: &mut [f64]| {
        for (c, (to, from)) in
            to.chunks_exact_mut(k).zip(a.as_slice()[task * TASK * k..].chunks_exact(k)).enumerate()
        {
            let diagonal = task * TASK + c;
            to[diagonal..].copy_from_slice(&from[diagonal..]);
        }
    };
    let mut tasks: Vec<&mut [f64]> = copy.chunks_mut(TASK * k.max(1)).collect();
    if k * k < LARGE {
        tasks.iter_mut().enumerate().for_each(|(t, to)| part(t, to));
    } else {
        super::threads::each(&mut tasks, || (), |(), t, to| part(t, to));
    }
}

/// Vectors that a thread keeps for its next kernel, at most, and the numbers in all of them (32 MiB).
const MOST_KEPT: (usize, usize) = (16, 1 << 22);

thread_local! {
    static KEPT: RefCell<Vec<Vec<f64>>> = const { RefCell::new(Vec::new()) };
}

/// Working memory of a kernel, kept for the next one on the same thread. What is in it at first is left from others.
#[derive(Debug, Default)]
pub(super) struct Kept(Vec<f64>);

impl Kept {
    /// At least `length` numbers.
    pub(super) fn reserve(&mut self, length: usize) {
        if self.0.len() < length {
            *self = Kept(KEPT.with_borrow_mut(|kept| take(kept, length)).unwrap_or_else(|| zeros(length)));
        }
    }
}

/// A copy of the lower triangle of a square matrix in memory that was [`recycle`]d, where there is some; what is above the
/// diagonal has no meaning.
pub(super) fn copy_lower_to_kept(a: &DMatrix<f64>) -> DMatrix<f64> {
    let k = a.nrows();
    let Some(mut values) = KEPT.with_borrow_mut(|kept| take(kept, k * k)) else { return copy_lower(a) };
    values.truncate(k * k);
    fill_lower(a, &mut values);
    DMatrix::from_data(VecStorage::new(Dyn(k), Dyn(k), values))
}

/// Keeps the memory of a matrix for the next kernel.
pub(super) fn recycle(matrix: DMatrix<f64>) {
    drop(Kept(matrix.data.into()));
}

/// The shortest vector that is long enough.
fn take(kept: &mut Vec<Vec<f64>>, length: usize) -> Option<Vec<f64>> {
    let enough = kept.iter().enumerate().filter(|(_, v)| v.len() >= length);
    let best = enough.min_by_key(|(_, v)| v.len()).map(|(i, _)| i);
    best.map(|i| kept.swap_remove(i))
}

impl Drop for Kept {
    fn drop(&mut self) {
        let vector = std::mem::take(&mut self.0);
        // Fails when the thread ends, and then there is no next kernel.
        let _ = KEPT.try_with(|kept| {
            let mut kept = kept.borrow_mut();
            let held: usize = kept.iter().map(Vec::len).sum();
            if !vector.is_empty() && kept.len() < MOST_KEPT.0 && held + vector.len() <= MOST_KEPT.1 {
                kept.push(vector);
            }
        });
    }
}

impl Deref for Kept {
    type Target = [f64];

    #[inline(always)]
    fn deref(&self) -> &[f64] {
        &self.0
    }
}

impl DerefMut for Kept {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.0
    }
}
