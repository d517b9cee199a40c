//! Many right-hand sides.

use super::strips::Strips;
use super::triangle::{Direction, Triangle};
use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Arithmetic, Vectorised};
use crate::numeric::memory::Kept;
use crate::numeric::threads;

/// Unknowns whose triangle is solved at once.
const BLOCK: usize = 120;
/// Solved unknowns whose products are subtracted at once: a strip of them stays in the first-level cache.
const SAMPLES: usize = 192;
/// Operations below which a second thread is not worth it.
const WORTH_THREADS: usize = 1 << 22;

/// Right-hand sides `B` of `k` rows in strips: all first entries of a strip, all second entries, and so on.
#[derive(Debug)]
pub(in crate::numeric) struct Sides {
    values: Kept,
    sides: usize,
    k: usize,
    kernel: Kernel,
}

impl Sides {
    /// Takes right-hand sides stored by columns, each times a scale.
    pub(in crate::numeric) fn of(kernel: Kernel, b: &[f64], k: usize, scale: impl Fn(usize) -> f64) -> Sides {
        let sides = b.len().checked_div(k).unwrap_or(0);
        let mut values = Kept::default();
        values.reserve(room(kernel, k) * sides.next_multiple_of(kernel.lanes()));
        let mut out = Sides { values, sides, k, kernel };
        for (first, width, strip) in out.strips() {
            for (i, strip) in strip.chunks_exact_mut(width).enumerate() {
                if i < k {
                    for (c, v) in strip.iter_mut().enumerate() {
                        let column = first + c;
                        *v = if column < sides { scale(column) * b[column * k + i] } else { 0.0 };
                    }
                } else {
                    strip.fill(0.0);
                }
            }
        }
        out
    }

    /// Every strip with its first side and its width.
    fn strips(&mut self) -> Vec<Strip<'_>> {
        let (rows, lanes, room) = (self.kernel.tile().0, self.kernel.lanes(), room(self.kernel, self.k));
        let all = &mut self.values[..room * self.sides.next_multiple_of(lanes)];
        let strips = all.chunks_mut((room * rows).max(1)).enumerate();
        strips.map(|(s, strip)| (s * rows, strip.len() / room, strip)).collect()
    }

    /// Writes them back by columns.
    pub(in crate::numeric) fn write(&mut self, b: &mut [f64]) {
        let k = self.k;
        for (first, width, strip) in self.strips() {
            let columns = b[first * k..].chunks_exact_mut(k).take(width);
            for (c, column) in columns.enumerate() {
                column.iter_mut().zip(strip.chunks_exact(width)).for_each(|(v, s)| *v = s[c]);
            }
        }
    }

    /// Writes them by rows: entry `i` of all sides, then entry `i + 1`.
    pub(in crate::numeric) fn write_rows(&mut self, b: &mut [f64]) {
        let (k, sides) = (self.k, self.sides);
        for (first, width, strip) in self.strips() {
            let here = width.min(sides - first);
            for (row, strip) in b.chunks_exact_mut(sides).zip(strip.chunks_exact(width)).take(k) {
                row[first..first + here].copy_from_slice(&strip[..here]);
            }
        }
    }

    /// `B ← L⁻¹B`, then `B ← L⁻ᵀB`, as told, strips shared out among threads; each strip by itself, so that no bit depends
    /// on how many there are.
    fn solve(&mut self, l: &[f64], directions: &[Direction]) {
        let (k, kernel) = (self.k, self.kernel);
        assert_eq!(l.len(), k * k, "a factor of {} numbers for {k} unknowns", l.len());
        let work = self.sides * k * k * directions.len();
        let mut all = self.strips();
        let hands = if work < WORTH_THREADS { 1 } else { threads::allowed() };
        let share = all.len().div_ceil(hands).max(1);
        let mut tasks: Vec<_> = all.chunks_mut(share).collect();
        threads::each(&mut tasks, Blocks::default, |blocks, _, strips| {
            for direction in directions {
                match direction {
                    Direction::Lower => {
                        for first in (0..k).step_by(BLOCK) {
                            blocks.lower(kernel, l, k, first, strips);
                        }
                    }
                    Direction::Transposed => {
                        for first in (0..k).step_by(BLOCK).rev() {
                            blocks.transposed(kernel, l, k, first, strips);
                        }
                    }
                }
            }
        });
    }
}

/// `B ← L⁻¹B` for the lower triangle of `l`.
pub(in crate::numeric) fn solve_lower(l: &[f64], sides: &mut Sides) {
    sides.solve(l, &[Direction::Lower]);
}

/// `B ← (LLᵀ)⁻¹B`.
pub(in crate::numeric) fn solve_both(l: &[f64], sides: &mut Sides) {
    sides.solve(l, &[Direction::Lower, Direction::Transposed]);
}

/// Places for the unknowns of one side: whole blocks of them.
fn room(kernel: Kernel, k: usize) -> usize {
    k.next_multiple_of(kernel.tile().1)
}

/// The first side of a strip, its width and its numbers.
type Strip<'a> = (usize, usize, &'a mut [f64]);

/// What of the factor is packed at a time.
#[derive(Debug, Default)]
struct Blocks {
    triangle: Triangle,
    right: Strips,
}

impl Blocks {
    fn lower(&mut self, kernel: Kernel, l: &[f64], k: usize, first: usize, strips: &mut [Strip<'_>]) {
        let end = k.min(first + BLOCK);
        let columns = kernel.tile().1;
        for begin in (0..first).step_by(SAMPLES) {
            let samples = SAMPLES.min(first - begin);
            self.right.reset(end - first, samples, (columns, columns));
            let all = 0..self.right.count();
            self.right.pack(kernel, all, &l[begin * k + first..], (k, samples));
            for (_, width, strip) in strips.iter_mut() {
                let (known, rest) = strip.split_at_mut(first * *width);
                let known = &known[begin * *width..];
                let (width, right) = (*width, &self.right);
                kernel.run(SubtractKnown { kernel, samples, known, width, right, rest });
            }
        }
        self.triangle.pack(kernel, Direction::Lower, &l[first * k + first..], (k, end - first, columns));
        for (_, width, strip) in strips {
            self.triangle.solve(kernel, Direction::Lower, &mut strip[first * *width..], *width);
        }
    }

    fn transposed(&mut self, kernel: Kernel, l: &[f64], k: usize, first: usize, strips: &mut [Strip<'_>]) {
        let end = k.min(first + BLOCK);
        let columns = kernel.tile().1;
        for begin in (end..k).step_by(SAMPLES) {
            let samples = SAMPLES.min(k - begin);
            self.right.reset(end - first, samples, (columns, columns));
            self.right.pack_transposed(kernel, &l[first * k + begin..], (k, samples));
            for (_, width, strip) in strips.iter_mut() {
                let (before, known) = strip.split_at_mut(end * *width);
                let known = &known[(begin - end) * *width..];
                let (width, right, rest) = (*width, &self.right, &mut before[first * *width..]);
                kernel.run(SubtractKnown { kernel, samples, known, width, right, rest });
            }
        }
        self.triangle.pack(kernel, Direction::Transposed, &l[first * k + first..], (k, end - first, columns));
        for (_, width, strip) in strips {
            self.triangle.solve(kernel, Direction::Transposed, &mut strip[first * *width..], *width);
        }
    }
}

/// Takes from the unknowns at the front of `rest` what `known` ones contribute.
struct SubtractKnown<'a> {
    kernel: Kernel,
    samples: usize,
    known: &'a [f64],
    width: usize,
    right: &'a Strips,
    rest: &'a mut [f64],
}

impl Vectorised for SubtractKnown<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let SubtractKnown { kernel, samples, known, width, right, rest } = self;
        let columns = kernel.tile().1;
        for j in 0..right.count() {
            // Of the last block there is room for all unknowns.
            let rest = &mut rest[j * columns * width..];
            kernel.subtract(samples, (known, width, width), right.strip(j).0, (rest, width));
        }
    }
}
