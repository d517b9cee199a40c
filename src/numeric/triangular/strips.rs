//! Panels of a matrix as the micro-kernel reads them, and products of two of them subtracted from a matrix.

use crate::numeric::gram::{Kernel, MOST_COLUMNS, MOST_ROWS};
use crate::numeric::lanes::{Arithmetic, Vectorised};
use crate::numeric::memory::Kept;
use std::ops::Range;

/// Numbers between two strips: without them strips would lie a multiple of a page apart, where caches keep only a few
/// lines.
const GAP: usize = 8;

/// Strips of `width` rows of a panel, each with its columns one after the other; the last strip is filled up with zeros.
/// Every strip has room for `room` columns, the last of them zeros unless they are written.
#[derive(Debug, Default)]
pub(in crate::numeric) struct Strips {
    values: Kept,
    rows: usize,
    width: usize,
    unit: usize,
    room: usize,
}

impl Strips {
    /// Makes room for `rows × room` in strips of `width` rows, the last one only a multiple of `unit` wide.
    pub(in crate::numeric) fn reset(&mut self, rows: usize, room: usize, (width, unit): (usize, usize)) {
        (self.rows, self.room, self.width, self.unit) = (rows, room, width, unit);
        let size = rows.div_ceil(width) * self.stride();
        self.values.reserve(size);
    }

    fn stride(&self) -> usize {
        self.width * self.room + GAP
    }

    /// How many strips there are.
    pub(in crate::numeric) fn count(&self) -> usize {
        self.rows.div_ceil(self.width)
    }

    /// Rows of a strip, filled up.
    #[inline(always)]
    fn tall(&self, index: usize) -> usize {
        self.width.min((self.rows - index * self.width).next_multiple_of(self.unit))
    }

    /// A strip and how many rows its columns have.
    #[inline(always)]
    pub(in crate::numeric) fn strip(&self, index: usize) -> (&[f64], usize) {
        let tall = self.tall(index);
        (&self.values[index * self.stride()..][..tall * self.room], tall)
    }

    /// The same, to be changed.
    #[inline(always)]
    pub(in crate::numeric) fn strip_mut(&mut self, index: usize) -> (&mut [f64], usize) {
        let (tall, stride) = (self.tall(index), self.stride());
        (&mut self.values[index * stride..][..tall * self.room], tall)
    }

    /// Packs the rows of the strips `some` from columns `height` apart, of which the first row is `from[0]`.
    pub(in crate::numeric) fn pack(
        &mut self,
        kernel: Kernel,
        some: Range<usize>,
        from: &[f64],
        (height, columns): (usize, usize),
    ) {
        kernel.run(Pack { strips: self, some, from, height, columns });
    }

    /// The opposite of [`Strips::pack`].
    pub(in crate::numeric) fn unpack(
        &self,
        kernel: Kernel,
        some: Range<usize>,
        to: &mut [f64],
        (height, columns): (usize, usize),
    ) {
        kernel.run(Unpack { strips: self, some, to, height, columns });
    }

    /// Packs the transpose of a panel whose columns, `height` apart, are the rows of the strips: sample `r` is row `r`.
    pub(in crate::numeric) fn pack_transposed(
        &mut self,
        kernel: Kernel,
        from: &[f64],
        (height, samples): (usize, usize),
    ) {
        kernel.run(Turn { strips: self, from, height, samples });
    }
}

/// [`Strips::pack`].
struct Pack<'a> {
    strips: &'a mut Strips,
    some: Range<usize>,
    from: &'a [f64],
    height: usize,
    columns: usize,
}

impl Vectorised for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Pack { strips, some, from, height, columns } = self;
        let (width, stride, rows, room) = (strips.width, strips.stride(), strips.rows, strips.room);
        assert!(columns <= room, "{columns} columns where there is room for {room}");
        let last = strips.tall(some.end - 1);
        let part = &mut strips.values[some.start * stride..some.end * stride];
        let end = rows.min(some.end * width);
        for c in 0..columns {
            let column = &from[c * height + some.start * width..][..end - some.start * width];
            for (packed, values) in part.chunks_exact_mut(stride).zip(column.chunks(width)) {
                if values.len() == width {
                    put(values, &mut packed[c * width..][..width]);
                } else {
                    let packed = &mut packed[c * last..][..last];
                    packed[..values.len()].copy_from_slice(values);
                    packed[values.len()..].fill(0.0);
                }
            }
        }
        // Old numbers must not be taken for columns.
        for (s, packed) in part.chunks_exact_mut(stride).enumerate() {
            let tall = if some.start + s + 1 == some.end { last } else { width };
            packed[columns * tall..room * tall].fill(0.0);
        }
    }
}

/// [`Strips::unpack`].
struct Unpack<'a> {
    strips: &'a Strips,
    some: Range<usize>,
    to: &'a mut [f64],
    height: usize,
    columns: usize,
}

impl Vectorised for Unpack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Unpack { strips, some, to, height, columns } = self;
        let (width, stride, rows) = (strips.width, strips.stride(), strips.rows);
        let last = strips.tall(some.end - 1);
        let part = &strips.values[some.start * stride..some.end * stride];
        let end = rows.min(some.end * width);
        for c in 0..columns {
            let column = &mut to[c * height + some.start * width..][..end - some.start * width];
            for (packed, values) in part.chunks_exact(stride).zip(column.chunks_mut(width)) {
                if values.len() == width {
                    put(&packed[c * width..][..width], values);
                } else {
                    values.copy_from_slice(&packed[c * last..][..values.len()]);
                }
            }
        }
    }
}

/// [`Strips::pack_transposed`].
struct Turn<'a> {
    strips: &'a mut Strips,
    from: &'a [f64],
    height: usize,
    samples: usize,
}

impl Vectorised for Turn<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Turn { strips, from, height, samples } = self;
        let (width, stride, rows, count) = (strips.width, strips.stride(), strips.rows, strips.count());
        for (s, packed) in strips.values[..count * stride].chunks_exact_mut(stride).enumerate() {
            let here = width.min(rows - s * width);
            if here < width {
                packed.fill(0.0);
            }
            let mut c = 0;
            while c < here {
                // Four at a time: what is written is a vector, not a number.
                if c + 4 <= here {
                    let [a, b, u, v] = [0, 1, 2, 3].map(|i| &from[(s * width + c + i) * height..][..samples]);
                    for (r, packed) in packed.chunks_exact_mut(width).take(samples).enumerate() {
                        packed[c..c + 4].copy_from_slice(&[a[r], b[r], u[r], v[r]]);
                    }
                    c += 4;
                } else {
                    let column = &from[(s * width + c) * height..][..samples];
                    packed.chunks_exact_mut(width).zip(column).for_each(|(p, v)| p[c] = *v);
                    c += 1;
                }
            }
        }
    }
}

/// A copy of vectors, for lengths at which a call takes longer than they do.
#[inline(always)]
pub(in crate::numeric) fn put(from: &[f64], to: &mut [f64]) {
    let ((from, from_rest), (to, to_rest)) = (from.as_chunks::<8>(), to.as_chunks_mut::<8>());
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    to_rest.iter_mut().zip(from_rest).for_each(|(to, from)| *to = *from);
}

/// Rows of the left side that stay in the second-level cache while the right side passes.
const LEFT_ROWS: usize = 240;

/// `out −= P Qᵀ` where `P` are the left strips and `Q` the rows `columns` of the right ones, a multiple of its width first; of
/// the tiles that lie wholly above the diagonal (row < column) nothing is computed. Row `r` of column `c` is
/// `out[(c − columns.start)·height + first + r]`.
pub(in crate::numeric) struct SubtractLower<'a> {
    pub(in crate::numeric) kernel: Kernel,
    pub(in crate::numeric) samples: usize,
    pub(in crate::numeric) left: &'a Strips,
    pub(in crate::numeric) right: &'a Strips,
    pub(in crate::numeric) columns: Range<usize>,
    pub(in crate::numeric) out: &'a mut [f64],
    pub(in crate::numeric) height: usize,
    pub(in crate::numeric) first: usize,
}

impl Vectorised for SubtractLower<'_> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let SubtractLower { kernel, samples, left, right, columns, out, height, first } = self;
        let (rows, strip, width) = (left.rows, left.width, right.width);
        let mut tile = [[0.0; MOST_ROWS]; MOST_COLUMNS];
        let start = columns.start / strip * strip;
        for top in (start..rows).step_by(LEFT_ROWS) {
            let bottom = rows.min(top + LEFT_ROWS);
            for j in columns.clone().step_by(width) {
                let (b, _) = right.strip(j / width);
                let here = columns.end.min(j + width) - j;
                for i in (top.max(j / strip * strip)..bottom).step_by(strip) {
                    let tall = rows.min(i + strip) - i;
                    let (a, step) = left.strip(i / strip);
                    let at = (j - columns.start) * height + first + i;
                    for c in 0..here {
                        kernel.fetch(&out[at + c * height..][..tall]);
                    }
                    if here == width && tall == step {
                        kernel.subtract(samples, (a, step, step), b, (&mut out[at..], height));
                        continue;
                    }
                    kernel.multiply(samples, (a, step, step), b, &mut tile);
                    for (c, column) in tile[..here].iter().enumerate() {
                        subtract(&column[..tall], &mut out[at + c * height..][..tall]);
                    }
                }
            }
        }
    }
}

/// `to −= values`.
#[inline(always)]
pub(super) fn subtract(values: &[f64], to: &mut [f64]) {
    match (values.first_chunk::<MOST_ROWS>(), to.first_chunk_mut::<MOST_ROWS>()) {
        (Some(values), Some(to)) => (0..MOST_ROWS).for_each(|i| to[i] -= values[i]),
        _ => to.iter_mut().zip(values).for_each(|(t, v)| *t -= v),
    }
}
