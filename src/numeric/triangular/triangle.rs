//! A triangle on the diagonal, packed, and strips of right-hand sides solved with it.

use crate::numeric::gram::{Kernel, MOST_COLUMNS};
use crate::numeric::lanes::{Arithmetic, Vectorised};

/// Which system is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::numeric) enum Direction {
    /// `Lx = b`, first unknown first.
    Lower,
    /// `Lᵀx = b`, last unknown first.
    Transposed,
}

/// A lower triangle `L` of some order, in blocks of as many unknowns as a tile has columns. Block by block: the
/// coefficients by which its unknowns depend on those solved before, one known unknown after the other; those by which
/// they depend on each other; the reciprocals of its diagonal.
#[derive(Debug, Default)]
pub(in crate::numeric) struct Triangle {
    values: Vec<f64>,
    starts: Vec<usize>,
    order: usize,
    block: usize,
}

impl Triangle {
    /// Nothing yet, for blocks of `block` unknowns of `order`.
    pub(in crate::numeric) fn reset(&mut self, order: usize, block: usize) {
        (self.order, self.block) = (order, block);
        self.starts.clear();
        self.values.clear();
        self.starts.push(0);
    }

    /// Packs the triangle whose columns are `height` apart, from its corner `l[0]` on.
    pub(in crate::numeric) fn pack(
        &mut self,
        kernel: Kernel,
        direction: Direction,
        l: &[f64],
        (height, order, block): (usize, usize, usize),
    ) {
        self.reset(order, block);
        kernel.run(Pack { triangle: self, direction, l, height });
    }

    /// Room for the coefficients of known unknowns of the next block; zeros.
    #[inline(always)]
    pub(in crate::numeric) fn open(&mut self, direction: Direction) -> &mut [f64] {
        let (begin, number) = (self.values.len(), self.starts.len() - 1);
        let samples = self.samples(direction, number).len();
        self.values.resize(begin + samples * self.block, 0.0);
        &mut self.values[begin..]
    }

    /// What follows them: `within[j · block + c]` is by how much unknown `c` depends on `j`, solved before it; then the
    /// reciprocals of the diagonal, 1 for what fills the last block.
    #[inline(always)]
    pub(in crate::numeric) fn close(&mut self, within: &[f64]) {
        self.values.extend_from_slice(within);
        self.starts.push(self.values.len());
    }

    /// The unknowns that are known before block `number`.
    #[inline(always)]
    fn samples(&self, direction: Direction, number: usize) -> std::ops::Range<usize> {
        match direction {
            Direction::Lower => 0..number * self.block,
            Direction::Transposed => self.order.min((number + 1) * self.block)..self.order,
        }
    }

    /// Solves a strip of `width` right-hand sides in place; the room after the last unknown is for what fills the last
    /// block.
    pub(in crate::numeric) fn solve(
        &self,
        kernel: Kernel,
        direction: Direction,
        strip: &mut [f64],
        width: usize,
    ) {
        let triangle = self;
        match direction {
            Direction::Lower => kernel.run(Solve::<false> { kernel, triangle, strip, width }),
            Direction::Transposed => kernel.run(Solve::<true> { kernel, triangle, strip, width }),
        }
    }
}

/// [`Triangle::pack`].
struct Pack<'a> {
    triangle: &'a mut Triangle,
    direction: Direction,
    l: &'a [f64],
    height: usize,
}

impl Vectorised for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Pack { triangle, direction, l, height } = self;
        let (order, block) = (triangle.order, triangle.block);
        for first in (0..order).step_by(block) {
            let end = order.min(first + block);
            let panel = triangle.open(direction);
            match direction {
                Direction::Lower => {
                    for (p, known) in panel.chunks_exact_mut(block).enumerate() {
                        known[..end - first].copy_from_slice(&l[p * height + first..p * height + end]);
                    }
                }
                Direction::Transposed => {
                    for c in 0..end - first {
                        let column = &l[(first + c) * height..][..order];
                        panel.chunks_exact_mut(block).zip(&column[end..]).for_each(|(p, v)| p[c] = *v);
                    }
                }
            }
            let mut within = [0.0; MOST_COLUMNS * (MOST_COLUMNS + 1)];
            within[block * block..][..block].fill(1.0);
            for j in 0..end - first {
                within[block * block + j] = 1.0 / l[(first + j) * height + first + j];
                for c in 0..end - first {
                    let (row, column) = if direction == Direction::Lower { (c, j) } else { (j, c) };
                    if row > column {
                        within[j * block + c] = l[(first + column) * height + first + row];
                    }
                }
            }
            triangle.close(&within[..block * (block + 1)]);
        }
    }
}

/// [`Triangle::solve`], block by block.
struct Solve<'a, const LAST_FIRST: bool> {
    kernel: Kernel,
    triangle: &'a Triangle,
    strip: &'a mut [f64],
    width: usize,
}

impl<const LAST_FIRST: bool> Vectorised for Solve<'_, LAST_FIRST> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Solve { kernel, triangle, strip, width } = self;
        let (block, blocks) = (triangle.block, triangle.starts.len() - 1);
        for step in 0..blocks {
            let number = if LAST_FIRST { blocks - 1 - step } else { step };
            let (before, rest) = strip.split_at_mut(number * block * width);
            let (here, after) = rest.split_at_mut(block * width);
            let values = &triangle.values[triangle.starts[number]..triangle.starts[number + 1]];
            let (panel, within) = values.split_at(values.len() - block * (block + 1));
            let (known, samples) = (if LAST_FIRST { after } else { before }, panel.len() / block);
            kernel.solve::<LAST_FIRST>(samples, (known, width, width), panel, within, (here, width));
        }
    }
}
