//! One block column of a factorisation.

use super::blocks::BLOCK;
use crate::numeric::gram::{Kernel, MOST_COLUMNS};
use crate::numeric::lanes::{Arithmetic, Vectorised};
use crate::numeric::triangular::{Direction, Strips, SubtractLower, Triangle};

/// Rows that are packed, solved and written back together: they stay in the second-level cache.
const ROWS: usize = 240;

/// A factored block column, packed: its triangle, and what is below as both sides of products.
#[derive(Debug, Default)]
pub(super) struct Panel {
    square: Vec<f64>,
    triangle: Triangle,
    left: Strips,
    right: Strips,
    width: usize,
}

impl Panel {
    /// With room for any panel of a matrix of order `k`, so that no thread needs memory of its own.
    pub(super) fn with_room(kernel: Kernel, k: usize) -> Panel {
        let (rows, across) = kernel.tile();
        let mut panel = Panel::default();
        panel.left.reset(k, BLOCK, (rows, kernel.lanes()));
        panel.right.reset(k, BLOCK, (across, across));
        panel
    }

    /// Factors columns of `k` numbers from row `first` on; `Err(j)` when pivot `j` is not above `least`.
    pub(super) fn factor(
        &mut self,
        kernel: Kernel,
        columns: &mut [f64],
        k: usize,
        first: usize,
        least: f64,
    ) -> Result<(), usize> {
        let width = columns.len() / k;
        self.width = width;
        self.square(kernel, columns, k, first, least)?;
        let below = k - first - width;
        if below == 0 {
            return Ok(());
        }
        let (rows, across) = kernel.tile();
        self.left.reset(below, width.next_multiple_of(across), (rows, kernel.lanes()));
        self.right.reset(below, width, (across, across));
        let from = first + width;
        let strips = ROWS / rows;
        for begin in (0..self.left.count()).step_by(strips) {
            let some = begin..self.left.count().min(begin + strips);
            self.left.pack(kernel, some.clone(), &columns[from..], (k, width));
            for s in some.clone() {
                let (strip, tall) = self.left.strip_mut(s);
                self.triangle.solve(kernel, Direction::Lower, strip, tall);
            }
            self.left.unpack(kernel, some.clone(), &mut columns[from..], (k, width));
            let right = begin * rows / across..(some.end * rows / across).min(self.right.count());
            let right = if some.end == self.left.count() { right.start..self.right.count() } else { right };
            self.right.pack(kernel, right, &columns[from..], (k, width));
        }
        Ok(())
    }

    /// Takes the panel's products from other columns: those `offset` after the row `below`, the first one under the panel.
    pub(super) fn take_from(
        &self,
        kernel: Kernel,
        columns: &mut [f64],
        k: usize,
        (below, offset): (usize, usize),
    ) {
        let some = offset..offset + columns.len() / k;
        let Panel { left, right, width, .. } = self;
        let (samples, height, first) = (*width, k, below);
        kernel.run(SubtractLower {
            kernel,
            samples,
            left,
            right,
            columns: some,
            out: columns,
            height,
            first,
        });
    }

    /// The triangle of the panel itself: tile by tile of a copy whose columns are close together.
    fn square(
        &mut self,
        kernel: Kernel,
        columns: &mut [f64],
        k: usize,
        first: usize,
        least: f64,
    ) -> Result<(), usize> {
        let (rows, across) = kernel.tile();
        let width = self.width;
        let height = width.next_multiple_of(8) + rows;
        // Whole tiles are solved: of columns and rows that there are not, numbers without meaning.
        self.square.clear();
        self.square.resize(height * width.next_multiple_of(across), 0.0);
        for (copy, column) in self.square.chunks_exact_mut(height).zip(columns.chunks_exact(k)) {
            copy[..width].copy_from_slice(&column[first..first + width]);
        }
        let (square, triangle) = (&mut self.square, &mut self.triangle);
        triangle.reset(width, across);
        kernel
            .run(Square { kernel, square, triangle, width, height, least })
            .map_err(|pivot| first + pivot)?;
        for ((c, copy), column) in
            self.square.chunks_exact(height).enumerate().zip(columns.chunks_exact_mut(k))
        {
            column[first + c..first + width].copy_from_slice(&copy[c..width]);
        }
        Ok(())
    }
}

/// Factors a square whose columns are `height` apart, left to right in blocks of as many columns as a tile has.
struct Square<'a> {
    kernel: Kernel,
    square: &'a mut [f64],
    triangle: &'a mut Triangle,
    width: usize,
    height: usize,
    least: f64,
}

impl Vectorised for Square<'_> {
    type Output = Result<(), usize>;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> Result<(), usize> {
        let Square { kernel, square, triangle, width, height, least } = self;
        let (rows, block) = kernel.tile();
        for first in (0..width).step_by(block) {
            let here = block.min(width - first);
            let (done, rest) = square.split_at_mut(first * height);
            let known = triangle.open(Direction::Lower);
            for (known, column) in known.chunks_exact_mut(block).zip(done.chunks_exact(height)) {
                // Of a ragged block the rest is of rows that there are not.
                known.iter_mut().zip(&column[first..]).for_each(|(k, v)| *k = *v);
            }
            let known = &*known;
            let tall = |top: usize| rows.min((width - top).next_multiple_of(kernel.lanes()));
            let a = |top: usize| (done.get(top..).unwrap_or_default(), height, tall(top));
            kernel.subtract(first, a(first), known, (&mut rest[first..], height));
            let corner = Corner::factor::<A>(&rest[first..], height, (here, block), least)
                .map_err(|pivot| first + pivot)?;
            // The rows of the corner are solved as all below, then overwritten: their diagonal is a root, not a
            // quotient.
            kernel.solve::<false>(0, a(first), &[], &corner.triangle[..], (&mut rest[first..], height));
            for c in 0..here {
                rest[c * height + first..][c..here].copy_from_slice(&corner.columns[c][c..here]);
            }
            for top in (first + rows..width).step_by(rows) {
                kernel.solve::<false>(first, a(top), known, &corner.triangle, (&mut rest[top..], height));
            }
            triangle.close(&corner.triangle[..block * (block + 1)]);
        }
        Ok(())
    }
}

/// A factored corner of the order of a tile's columns, and what [`Kernel::solve`] needs of it.
struct Corner {
    columns: [[f64; MOST_COLUMNS]; MOST_COLUMNS],
    triangle: [f64; MOST_COLUMNS * (MOST_COLUMNS + 1)],
}

impl Corner {
    /// The first `here` of `block` columns, `height` apart.
    #[inline(always)]
    fn factor<A: Arithmetic>(
        a: &[f64],
        height: usize,
        (here, block): (usize, usize),
        least: f64,
    ) -> Result<Corner, usize> {
        let mut columns = [[0.0; MOST_COLUMNS]; MOST_COLUMNS];
        for c in 0..here {
            columns[c][c..here].copy_from_slice(&a[c * height..][c..here]);
        }
        let mut triangle = [0.0; MOST_COLUMNS * (MOST_COLUMNS + 1)];
        triangle[block * block..block * (block + 1)].fill(1.0);
        for j in 0..here {
            let pivot = columns[j][j];
            // Written so that NaN fails too.
            if !(pivot > least && pivot.is_finite()) {
                return Err(j);
            }
            let root = pivot.sqrt();
            let inverse = 1.0 / root;
            columns[j][j] = root;
            triangle[block * block + j] = inverse;
            for i in j + 1..here {
                columns[j][i] *= inverse;
                triangle[block * j + i] = columns[j][i];
            }
            for c in j + 1..here {
                let f = -columns[j][c];
                for i in c..here {
                    columns[c][i] = A::mul_add(f, columns[j][i], columns[c][i]);
                }
            }
        }
        Ok(Corner { columns, triangle })
    }
}
