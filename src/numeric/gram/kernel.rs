//! The micro-kernel of every product of samples: one small tile of `Σ_r a_r b_rᵀ`, held in registers.
//!
//! This is the only file of the crate with `unsafe` code. What is to be audited, in full:
//!
//! 1. vector loads and stores through pointers: each is inside a slice whose length [`Kernel::multiply`]
//!    or another method of [`Kernel`] has asserted;
//! 2. calls of functions compiled for AVX2+FMA or AVX-512: reached only through a [`Kernel`], and a `Kernel` other
//!    than `Portable` is only made by [`Kernel::available`], after the processor was asked. [`Kernel::run`] calls
//!    safe code of other files so; it needs nothing else;
//! 3. one system call, `madvise` with `MADV_HUGEPAGE` on whole pages inside a slice: it changes no byte.
//!
//! Written with intrinsics and tile shapes for which the compiler keeps every accumulator in a register: 24 × 8
//! (AVX-512: 24 of 32 registers) and 8 × 6 (AVX2: 12 of 16). A 12 × 4 tile on AVX2 has as many accumulators but
//! spills, and runs at half the speed (measured).
#![allow(unsafe_code)]

use crate::numeric::lanes::{Rounded, Task, Vectorised, Work};
use std::marker::PhantomData;

/// Most rows of a tile, whatever the kernel.
pub(in crate::numeric) const MOST_ROWS: usize = 24;
/// Most columns of a tile, whatever the kernel.
pub(in crate::numeric) const MOST_COLUMNS: usize = 8;

/// A tile: column `j` is `tile[j]`, of which the first rows are meaningful.
pub(in crate::numeric) type Tile = [[f64; MOST_ROWS]; MOST_COLUMNS];

/// Which instructions multiply. Results agree to rounding, not to the bit: the portable kernel rounds every product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernel(Instructions);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instructions {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// Every kernel that this processor can run, the slowest first.
    ///
    /// ```
    /// use unlearn::numeric::gram::Kernel;
    /// assert_eq!(Kernel::available()[0].name(), "portable");
    /// ```
    pub fn available() -> Vec<Kernel> {
        let known = [
            (true, Instructions::Portable),
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"), Instructions::Avx2),
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx512f"), Instructions::Avx512),
        ];
        known.into_iter().filter(|(there, _)| *there).map(|(_, i)| Kernel(i)).collect()
    }

    /// The fastest kernel of this processor.
    pub fn best() -> Kernel {
        use std::sync::OnceLock;
        static BEST: OnceLock<Kernel> = OnceLock::new();
        *BEST.get_or_init(|| *Kernel::available().last().expect("the portable kernel is always there"))
    }

    /// `portable`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Instructions::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => "avx512",
        }
    }

    /// Multiplications and additions per cycle and core that the instructions allow (two vector units).
    pub fn flops_per_cycle(self) -> usize {
        match self.0 {
            Instructions::Portable => 4,
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => 16,
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => 32,
        }
    }

    /// Multiplies a full tile of 64 samples, all in the first-level cache, `rounds` times; returns how many floating
    /// point operations that took. Its speed is the machine's limit (within 2 % of a loop on registers alone,
    /// measured), by which benches divide.
    ///
    /// ```
    /// use unlearn::numeric::gram::Kernel;
    /// assert_eq!(Kernel::available()[0].at_the_limit(3), 3 * 2 * 64 * 4 * 4);
    /// ```
    pub fn at_the_limit(self, rounds: usize) -> usize {
        const SAMPLES: usize = 64;
        let (rows, columns) = self.tile();
        let (a, b) = (vec![0.5; SAMPLES * rows], vec![0.25; SAMPLES * columns]);
        let mut tile = [[0.0; MOST_ROWS]; MOST_COLUMNS];
        for _ in 0..rounds {
            self.multiply(SAMPLES, (&a, rows, rows), &b, std::hint::black_box(&mut tile));
        }
        2 * SAMPLES * rows * columns * rounds
    }

    /// Rows of one vector register: strips of rows are multiples of it.
    pub(in crate::numeric) fn lanes(self) -> usize {
        match self.0 {
            Instructions::Portable => 4,
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => 4,
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => 8,
        }
    }

    /// Rows and columns of a full tile.
    pub(in crate::numeric) fn tile(self) -> (usize, usize) {
        match self.0 {
            Instructions::Portable => (4, 4),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => (8, 6),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => (24, 8),
        }
    }

    /// Asks for memory that is about to be read and written; has no other effect.
    #[inline(always)]
    pub(in crate::numeric) fn fetch(self, soon: &[f64]) {
        #[cfg(target_arch = "x86_64")]
        for line in soon.chunks(8) {
            // SAFETY: a hint that reads nothing, and every x86-64 processor has the instruction.
            unsafe {
                std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(line.as_ptr().cast())
            };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = soon;
    }

    /// Tells the system that large pages would do for what is in `values`; has no other effect, and none where the system
    /// does not know of them.
    pub(in crate::numeric) fn advise_large_pages(self, values: &[f64]) {
        #[cfg(target_os = "linux")]
        {
            unsafe extern "C" {
                fn madvise(address: *const f64, length: usize, advice: i32) -> i32;
            }
            const HUGE_PAGES: i32 = 14;
            /// A multiple of every size of small pages.
            const PAGE: usize = 1 << 16;
            let skipped = values.as_ptr().align_offset(PAGE).min(values.len());
            let whole = size_of_val(&values[skipped..]) / PAGE * PAGE;
            // Whether the advice was taken makes no difference to anyone.
            // SAFETY: this advice changes no byte and no right, whatever lies there; the pages lie inside the slice.
            let _ = unsafe { madvise(values.as_ptr().wrapping_add(skipped), whole, HUGE_PAGES) };
        }
        #[cfg(not(target_os = "linux"))]
        let _ = values;
    }

    /// Most left and right runs of one call of [`Kernel::sums`].
    pub(super) fn most_runs(self) -> (usize, usize) {
        match self.0 {
            Instructions::Portable => (2, 2),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => (2, 4),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => (3, 8),
        }
    }

    /// `tile[n][m] ← Σ_r w_r a_m[r] b_n[r]` for runs of `w.len()` samples, a multiple of 8: `a_m` is
    /// `a[left[m]..]` and `b_n` is `b[right[n]..]`.
    pub(super) fn sums(
        self,
        w: &[f64],
        (a, left): (&[f64], &[usize]),
        (b, right): (&[f64], &[usize]),
        tile: &mut Tile,
    ) {
        let (most_left, most_right) = self.most_runs();
        let length = w.len();
        assert!((1..=most_left).contains(&left.len()), "{} left runs", left.len());
        assert!((1..=most_right).contains(&right.len()), "{} right runs", right.len());
        assert!(length.is_multiple_of(8), "runs of {length} samples");
        assert!(left.iter().all(|&at| at <= a.len() && length <= a.len() - at), "a left run past the end");
        assert!(right.iter().all(|&at| at <= b.len() && length <= b.len() - at), "a right run past the end");
        match self.0 {
            Instructions::Portable => portable_sums(w, (a, left), (b, right), tile),
            // SAFETY (both): the kernel exists, so the processor has the instructions; every run is inside its slice.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::avx2_sums(w, (a, left), (b, right), tile) },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { x86::avx512_sums(w, (a, left), (b, right), tile) },
        }
    }

    /// `tile ← Σ_r a_r b_rᵀ` for `samples` columns: `a_r` is `a[r·step..][..width]` and `b_r` is
    /// `b[r·columns..][..columns]`, `width` a multiple of [`Kernel::lanes`] up to the tile's rows and `columns` the
    /// tile's.
    pub(in crate::numeric) fn multiply(
        self,
        samples: usize,
        (a, step, width): (&[f64], usize, usize),
        b: &[f64],
        tile: &mut Tile,
    ) {
        let (rows, columns) = self.tile();
        assert!(width > 0 && width <= rows && width.is_multiple_of(self.lanes()), "a strip of {width} rows");
        assert!(width <= step, "columns of {width} numbers, {step} apart");
        assert!(
            samples > 0 && a.len() >= (samples - 1) * step + width,
            "{} numbers for {samples} × {step}",
            a.len()
        );
        assert!(b.len() >= samples * columns, "{} packed numbers for {samples} × {columns}", b.len());
        match self.0 {
            Instructions::Portable => portable(samples, (a, step), b, tile),
            // SAFETY (both): the kernel exists, so the processor has the instructions; the lengths are asserted above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe {
                match width / 4 {
                    1 => x86::avx2::<1>(samples, a.as_ptr(), step, b.as_ptr(), tile),
                    _ => x86::avx2::<2>(samples, a.as_ptr(), step, b.as_ptr(), tile),
                }
            },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe {
                match width / 8 {
                    1 => x86::avx512::<1>(samples, a.as_ptr(), step, b.as_ptr(), tile),
                    2 => x86::avx512::<2>(samples, a.as_ptr(), step, b.as_ptr(), tile),
                    _ => x86::avx512::<3>(samples, a.as_ptr(), step, b.as_ptr(), tile),
                }
            },
        }
    }

    /// `out −= Σ_r a_r b_rᵀ` for a full tile whose column `c` is `out[c·height..][..width]`; the rest as
    /// [`Kernel::multiply`].
    #[inline(always)]
    pub(in crate::numeric) fn subtract(
        self,
        samples: usize,
        (a, step, width): (&[f64], usize, usize),
        b: &[f64],
        (out, height): (&mut [f64], usize),
    ) {
        self.check(samples, (a, step, width), b, (out, height));
        let (a, b, out) = ((a.as_ptr(), step), b.as_ptr(), (out.as_mut_ptr(), height));
        // SAFETY (all): the kernel exists, so the processor has the instructions; the lengths are asserted.
        match self.0 {
            Instructions::Portable => unsafe { portable_subtract(samples, a, b, out) },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe {
                match width / 4 {
                    1 => x86::avx2_subtract::<1>(samples, a, b, out),
                    _ => x86::avx2_subtract::<2>(samples, a, b, out),
                }
            },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe {
                match width / 8 {
                    1 => x86::avx512_subtract::<1>(samples, a, b, out),
                    2 => x86::avx512_subtract::<2>(samples, a, b, out),
                    _ => x86::avx512_subtract::<3>(samples, a, b, out),
                }
            },
        }
    }

    /// `X ← (X − Σ_r a_r b_rᵀ) T⁻¹` for a full tile, as [`Kernel::subtract`], where `T` is triangular of the order of a tile's
    /// columns: `triangle` holds by how much unknown `c` depends on `j` at `j·columns + c`, then the reciprocals of the diagonal.
    /// With `LAST_FIRST` the last unknown is solved first.
    #[inline(always)]
    pub(in crate::numeric) fn solve<const LAST_FIRST: bool>(
        self,
        samples: usize,
        (a, step, width): (&[f64], usize, usize),
        b: &[f64],
        triangle: &[f64],
        (x, height): (&mut [f64], usize),
    ) {
        self.check(samples, (a, step, width), b, (x, height));
        let columns = self.tile().1;
        assert!(triangle.len() >= columns * (columns + 1), "{} numbers of a triangle", triangle.len());
        let (a, b, x) = ((a.as_ptr(), step), b.as_ptr(), (x.as_mut_ptr(), height));
        let t = triangle.as_ptr();
        // SAFETY (all): the kernel exists, so the processor has the instructions; the lengths are asserted.
        match self.0 {
            Instructions::Portable => unsafe { portable_solve::<LAST_FIRST>(samples, a, b, t, x) },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe {
                match width / 4 {
                    1 => x86::avx2_solve::<1, LAST_FIRST>(samples, a, b, t, x),
                    _ => x86::avx2_solve::<2, LAST_FIRST>(samples, a, b, t, x),
                }
            },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe {
                match width / 8 {
                    1 => x86::avx512_solve::<1, LAST_FIRST>(samples, a, b, t, x),
                    2 => x86::avx512_solve::<2, LAST_FIRST>(samples, a, b, t, x),
                    _ => x86::avx512_solve::<3, LAST_FIRST>(samples, a, b, t, x),
                }
            },
        }
    }

    /// What the tiles of [`Kernel::subtract`] and [`Kernel::solve`] read and write is there.
    #[inline(always)]
    fn check(
        self,
        samples: usize,
        (a, step, width): (&[f64], usize, usize),
        b: &[f64],
        (out, height): (&[f64], usize),
    ) {
        let (rows, columns) = self.tile();
        assert!(width > 0 && width <= rows && width.is_multiple_of(self.lanes()), "a strip of {width} rows");
        assert!(width <= step && width <= height, "columns of {width} numbers, {step} and {height} apart");
        assert!(
            samples == 0 || a.len() >= (samples - 1) * step + width,
            "{} numbers for {samples} × {step}",
            a.len()
        );
        assert!(b.len() >= samples * columns, "{} packed numbers for {samples} × {columns}", b.len());
        assert!(
            out.len() >= (columns - 1) * height + width,
            "{} numbers for {columns} × {height}",
            out.len()
        );
    }
}

impl Kernel {
    /// Runs a computation as compiled for these instructions.
    #[inline(always)]
    pub(crate) fn run<T: Vectorised>(self, task: T) -> T::Output {
        match self.0 {
            Instructions::Portable => task.run::<Rounded>(),
            // SAFETY (both): the kernel exists, so the processor has the instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { x86::run_avx2(task) },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { x86::run_avx512(task) },
        }
    }

    /// `W::work(arguments)` as compiled for these instructions.
    #[inline(always)]
    pub(crate) fn work<W: Work<T>, T>(self, arguments: T) -> W::Output {
        self.run(Task::<W, T>(PhantomData, arguments))
    }
}

/// 4 × 4, in a form that compilers vectorise for any processor.
fn portable(samples: usize, (a, step): (&[f64], usize), b: &[f64], tile: &mut Tile) {
    let mut c = [[0.0; 4]; 4];
    for (r, b) in b.as_chunks::<4>().0[..samples].iter().enumerate() {
        let a = a[r * step..].first_chunk::<4>().expect("four rows per column");
        for (c, b) in c.iter_mut().zip(b) {
            for (c, a) in c.iter_mut().zip(a) {
                *c += a * b;
            }
        }
    }
    for (tile, c) in tile.iter_mut().zip(&c) {
        tile[..4].copy_from_slice(c);
    }
}

/// Safety: as asserted by [`Kernel::check`] for tiles of 4 × 4.
unsafe fn portable_difference(
    samples: usize,
    (a, step): (*const f64, usize),
    b: *const f64,
    (x, height): (*const f64, usize),
) -> [[f64; 4]; 4] {
    let mut sums = [[0.0; 4]; 4];
    for r in 0..samples {
        for c in 0..4 {
            for i in 0..4 {
                // SAFETY: inside the sample's four numbers on either side.
                sums[c][i] += unsafe { *a.add(r * step + i) * *b.add(r * 4 + c) };
            }
        }
    }
    for c in 0..4 {
        for i in 0..4 {
            // SAFETY: inside the tile.
            sums[c][i] = unsafe { *x.add(c * height + i) } - sums[c][i];
        }
    }
    sums
}

/// Safety: as asserted by [`Kernel::check`] for tiles of 4 × 4.
unsafe fn portable_subtract(
    samples: usize,
    a: (*const f64, usize),
    b: *const f64,
    (out, height): (*mut f64, usize),
) {
    // SAFETY: as of this function; then inside the tile.
    let left = unsafe { portable_difference(samples, a, b, (out, height)) };
    for c in 0..4 {
        unsafe { out.add(c * height).cast::<[f64; 4]>().write(left[c]) };
    }
}

/// Safety: as asserted by [`Kernel::check`] for tiles of 4 × 4; 20 numbers in the triangle.
unsafe fn portable_solve<const LAST_FIRST: bool>(
    samples: usize,
    a: (*const f64, usize),
    b: *const f64,
    triangle: *const f64,
    (x, height): (*mut f64, usize),
) {
    // SAFETY: as of this function; then inside the triangle and the tile.
    let mut left = unsafe { portable_difference(samples, a, b, (x, height)) };
    for step in 0..4 {
        let j = if LAST_FIRST { 3 - step } else { step };
        for i in 0..4 {
            left[j][i] *= unsafe { *triangle.add(16 + j) };
        }
        for c in if LAST_FIRST { 0..j } else { j + 1..4 } {
            for i in 0..4 {
                left[c][i] -= unsafe { *triangle.add(4 * j + c) } * left[j][i];
            }
        }
    }
    for c in 0..4 {
        unsafe { x.add(c * height).cast::<[f64; 4]>().write(left[c]) };
    }
}

/// Eight partial sums per entry, added pairwise.
fn portable_sums(w: &[f64], (a, left): (&[f64], &[usize]), (b, right): (&[f64], &[usize]), tile: &mut Tile) {
    for (tile, &right) in tile.iter_mut().zip(right) {
        for (entry, &left) in tile.iter_mut().zip(left) {
            let mut s = [0.0; 8];
            let (a, b) = (a[left..].as_chunks::<8>().0, b[right..].as_chunks::<8>().0);
            for ((w, a), b) in w.as_chunks::<8>().0.iter().zip(a).zip(b) {
                for i in 0..8 {
                    s[i] += w[i] * a[i] * b[i];
                }
            }
            *entry = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Tile;
    use crate::numeric::lanes::{Arithmetic, Chunk, Fused, Vectorised};
    use std::arch::x86_64::{
        _MM_HINT_T0, _mm_prefetch, _mm256_fmadd_pd, _mm256_fnmadd_pd, _mm256_loadu_pd, _mm256_mul_pd,
        _mm256_set1_pd, _mm256_setzero_pd, _mm256_storeu_pd, _mm256_sub_pd, _mm512_add_pd, _mm512_fmadd_pd,
        _mm512_fnmadd_pd, _mm512_loadu_pd, _mm512_maskz_mov_pd, _mm512_mul_pd, _mm512_set1_pd,
        _mm512_setzero_pd, _mm512_shuffle_f64x2, _mm512_storeu_pd, _mm512_sub_pd, _mm512_unpackhi_pd,
        _mm512_unpacklo_pd,
    };

    /// Samples between what is multiplied and what is fetched.
    const AHEAD: usize = 8;

    /// Safety: AVX2 and FMA are there; every run of `w.len()` numbers, a multiple of 8, is inside its slice; one or
    /// two left runs, one to four right ones.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2_sums(
        w: &[f64],
        (a, left): (&[f64], &[usize]),
        (b, right): (&[f64], &[usize]),
        tile: &mut Tile,
    ) {
        /// Safety: as of the outer function, for `M` left and `N` right runs.
        #[target_feature(enable = "avx2,fma")]
        unsafe fn run<const M: usize, const N: usize>(
            w: &[f64],
            a: [*const f64; M],
            b: [*const f64; N],
            tile: &mut Tile,
        ) {
            let mut c = [[_mm256_setzero_pd(); M]; N];
            for r in (0..w.len()).step_by(4) {
                // SAFETY (all loads): r + 4 ≤ w.len(), and every run has as many numbers.
                let weight = unsafe { _mm256_loadu_pd(w.as_ptr().add(r)) };
                let mut x = [weight; M];
                for m in 0..M {
                    x[m] = _mm256_mul_pd(weight, unsafe { _mm256_loadu_pd(a[m].add(r)) });
                }
                for n in 0..N {
                    let y = unsafe { _mm256_loadu_pd(b[n].add(r)) };
                    for m in 0..M {
                        c[n][m] = _mm256_fmadd_pd(x[m], y, c[n][m]);
                    }
                }
            }
            for n in 0..N {
                for m in 0..M {
                    let mut lanes = [0.0; 4];
                    // SAFETY: four numbers.
                    unsafe { _mm256_storeu_pd(lanes.as_mut_ptr(), c[n][m]) };
                    tile[n][m] = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
                }
            }
        }
        macro_rules! choose {
            ($(($m:literal, $n:literal)),*) => {
                match (left.len(), right.len()) {
                    $(($m, $n) => unsafe {
                        // SAFETY: the runs begin inside their slices.
                        let a = std::array::from_fn(|m| a.as_ptr().add(left[m]));
                        let b = std::array::from_fn(|n| b.as_ptr().add(right[n]));
                        run::<$m, $n>(w, a, b, tile)
                    },)*
                    (m, n) => unreachable!("{m} × {n} runs"),
                }
            };
        }
        choose!((1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (2, 4));
    }

    /// Safety: AVX-512F is there; every run of `w.len()` numbers, a multiple of 8, is inside its slice; one to three
    /// left runs, one to eight right ones.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512_sums(
        w: &[f64],
        (a, left): (&[f64], &[usize]),
        (b, right): (&[f64], &[usize]),
        tile: &mut Tile,
    ) {
        /// Safety: as of the outer function, for `M` left and `N` right runs.
        #[target_feature(enable = "avx512f")]
        unsafe fn run<const M: usize, const N: usize>(
            w: &[f64],
            a: [*const f64; M],
            b: [*const f64; N],
            tile: &mut Tile,
        ) {
            let mut c = [[_mm512_setzero_pd(); 8]; M];
            for r in (0..w.len()).step_by(8) {
                // SAFETY (all loads): r + 8 ≤ w.len(), and every run has as many numbers.
                let weight = unsafe { _mm512_loadu_pd(w.as_ptr().add(r)) };
                let mut x = [weight; M];
                for m in 0..M {
                    x[m] = _mm512_mul_pd(weight, unsafe { _mm512_loadu_pd(a[m].add(r)) });
                }
                for n in 0..N {
                    let y = unsafe { _mm512_loadu_pd(b[n].add(r)) };
                    for m in 0..M {
                        c[m][n] = _mm512_fmadd_pd(x[m], y, c[m][n]);
                    }
                }
            }
            for m in 0..M {
                // The sums of eight vectors at once: neighbours, then halves, then quarters.
                let pair = |a, b| _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
                let fold =
                    |a, b| _mm512_add_pd(_mm512_shuffle_f64x2(a, b, 0x88), _mm512_shuffle_f64x2(a, b, 0xdd));
                let c = &c[m];
                let low = fold(pair(c[0], c[1]), pair(c[2], c[3]));
                let high = fold(pair(c[4], c[5]), pair(c[6], c[7]));
                let mut sums = [0.0; 8];
                // SAFETY: eight numbers.
                unsafe { _mm512_storeu_pd(sums.as_mut_ptr(), fold(low, high)) };
                for n in 0..N {
                    tile[n][m] = sums[n];
                }
            }
        }
        macro_rules! choose {
            ($($m:literal: $($n:literal),*;)*) => {
                match (left.len(), right.len()) {
                    $($(($m, $n) => unsafe {
                        // SAFETY: the runs begin inside their slices.
                        let a = std::array::from_fn(|m| a.as_ptr().add(left[m]));
                        let b = std::array::from_fn(|n| b.as_ptr().add(right[n]));
                        run::<$m, $n>(w, a, b, tile)
                    },)*)*
                    (m, n) => unreachable!("{m} × {n} runs"),
                }
            };
        }
        choose!(1: 1, 2, 3, 4, 5, 6, 7, 8; 2: 1, 2, 3, 4, 5, 6, 7, 8; 3: 1, 2, 3, 4, 5, 6, 7, 8;);
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn run_avx2<T: Vectorised>(task: T) -> T::Output {
        task.run::<Fused>()
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn run_avx512<T: Vectorised>(task: T) -> T::Output {
        task.run::<Masked>()
    }

    /// [`Fused`], and masks of their own registers. Only [`run_avx512`] can name it, so whoever computes with it runs
    /// where AVX-512F is there.
    #[derive(Clone, Copy)]
    struct Masked;

    impl Arithmetic for Masked {
        #[inline(always)]
        fn mul_add(a: f64, b: f64, c: f64) -> f64 {
            Fused::mul_add(a, b, c)
        }

        #[inline(always)]
        fn keep(bits: u8, x: &Chunk) -> Chunk {
            let mut out = Chunk::ZERO;
            // SAFETY: AVX-512F is there (see the type); eight numbers are read and written.
            unsafe {
                let x = _mm512_loadu_pd(x.0.as_ptr());
                _mm512_storeu_pd(out.0.as_mut_ptr(), _mm512_maskz_mov_pd(bits, x));
            }
            out
        }
    }

    /// A tile of vectors minus what it is to lose, in registers; loops over columns are written out, so that none is
    /// indexed by a number that is only known when it runs. Safety: as of the functions that use it.
    macro_rules! difference {
        ($zero:ident, $load:ident, $set:ident, $fma:ident, $sub:ident, $lanes:literal, $columns:literal,
         $samples:ident, $a:ident, $b:ident, $x:ident) => {{
            let ((mut a, step), mut b, (x, height)) = ($a, $b, $x);
            let mut c = [[$zero(); V]; $columns];
            for _ in 0..$samples {
                let mut row = [$zero(); V];
                for v in 0..V {
                    // SAFETY: inside the sample's numbers.
                    row[v] = unsafe { $load(a.add($lanes * v)) };
                }
                for j in 0..$columns {
                    // SAFETY: inside the sample's numbers.
                    let y = $set(unsafe { *b.add(j) });
                    for v in 0..V {
                        c[j][v] = $fma(row[v], y, c[j][v]);
                    }
                }
                // The last step may leave the slice; nothing is read there.
                a = a.wrapping_add(step);
                b = b.wrapping_add($columns);
            }
            for j in 0..$columns {
                for v in 0..V {
                    // SAFETY: inside the tile.
                    c[j][v] = $sub(unsafe { $load(x.add(j * height + $lanes * v)) }, c[j][v]);
                }
            }
            c
        }};
    }

    /// Solves for unknown `$j` and takes it from others. Safety: the triangle holds `$columns·($columns + 1)` numbers.
    macro_rules! eliminate {
        ($c:ident, $t:ident, $columns:literal, $set:ident, $mul:ident, $fnma:ident, $($j:literal: $($other:literal)*;)*) => {
            $(
                // SAFETY (both): inside the triangle.
                let inverse = $set(unsafe { *$t.add($columns * $columns + $j) });
                for v in 0..V {
                    $c[$j][v] = $mul($c[$j][v], inverse);
                }
                $(
                    let f = $set(unsafe { *$t.add($columns * $j + $other) });
                    for v in 0..V {
                        $c[$other][v] = $fnma(f, $c[$j][v], $c[$other][v]);
                    }
                )*
            )*
        };
    }

    /// Safety: AVX2 and FMA are there; lengths as asserted by `Kernel::check` for `4V × 6`.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2_subtract<const V: usize>(
        samples: usize,
        a: (*const f64, usize),
        b: *const f64,
        out: (*mut f64, usize),
    ) {
        let c = difference!(
            _mm256_setzero_pd,
            _mm256_loadu_pd,
            _mm256_set1_pd,
            _mm256_fmadd_pd,
            _mm256_sub_pd,
            4,
            6,
            samples,
            a,
            b,
            out
        );
        for j in 0..6 {
            for v in 0..V {
                // SAFETY: inside the tile.
                unsafe { _mm256_storeu_pd(out.0.add(j * out.1 + 4 * v), c[j][v]) };
            }
        }
    }

    /// Safety: as of [`avx2_subtract`]; 42 numbers in the triangle.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2_solve<const V: usize, const LAST_FIRST: bool>(
        samples: usize,
        a: (*const f64, usize),
        b: *const f64,
        t: *const f64,
        x: (*mut f64, usize),
    ) {
        let mut c = difference!(
            _mm256_setzero_pd,
            _mm256_loadu_pd,
            _mm256_set1_pd,
            _mm256_fmadd_pd,
            _mm256_sub_pd,
            4,
            6,
            samples,
            a,
            b,
            x
        );
        if LAST_FIRST {
            eliminate!(c, t, 6, _mm256_set1_pd, _mm256_mul_pd, _mm256_fnmadd_pd,
                5: 0 1 2 3 4; 4: 0 1 2 3; 3: 0 1 2; 2: 0 1; 1: 0; 0: ;);
        } else {
            eliminate!(c, t, 6, _mm256_set1_pd, _mm256_mul_pd, _mm256_fnmadd_pd,
                0: 1 2 3 4 5; 1: 2 3 4 5; 2: 3 4 5; 3: 4 5; 4: 5; 5: ;);
        }
        for j in 0..6 {
            for v in 0..V {
                // SAFETY: inside the tile.
                unsafe { _mm256_storeu_pd(x.0.add(j * x.1 + 4 * v), c[j][v]) };
            }
        }
    }

    /// Safety: AVX-512F is there; lengths as asserted by `Kernel::check` for `8V × 8`.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512_subtract<const V: usize>(
        samples: usize,
        a: (*const f64, usize),
        b: *const f64,
        out: (*mut f64, usize),
    ) {
        let c = difference!(
            _mm512_setzero_pd,
            _mm512_loadu_pd,
            _mm512_set1_pd,
            _mm512_fmadd_pd,
            _mm512_sub_pd,
            8,
            8,
            samples,
            a,
            b,
            out
        );
        for j in 0..8 {
            for v in 0..V {
                // SAFETY: inside the tile.
                unsafe { _mm512_storeu_pd(out.0.add(j * out.1 + 8 * v), c[j][v]) };
            }
        }
    }

    /// Safety: as of [`avx512_subtract`]; 72 numbers in the triangle.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512_solve<const V: usize, const LAST_FIRST: bool>(
        samples: usize,
        a: (*const f64, usize),
        b: *const f64,
        t: *const f64,
        x: (*mut f64, usize),
    ) {
        let mut c = difference!(
            _mm512_setzero_pd,
            _mm512_loadu_pd,
            _mm512_set1_pd,
            _mm512_fmadd_pd,
            _mm512_sub_pd,
            8,
            8,
            samples,
            a,
            b,
            x
        );
        if LAST_FIRST {
            eliminate!(c, t, 8, _mm512_set1_pd, _mm512_mul_pd, _mm512_fnmadd_pd,
                7: 0 1 2 3 4 5 6; 6: 0 1 2 3 4 5; 5: 0 1 2 3 4; 4: 0 1 2 3; 3: 0 1 2; 2: 0 1; 1: 0; 0: ;);
        } else {
            eliminate!(c, t, 8, _mm512_set1_pd, _mm512_mul_pd, _mm512_fnmadd_pd,
                0: 1 2 3 4 5 6 7; 1: 2 3 4 5 6 7; 2: 3 4 5 6 7; 3: 4 5 6 7; 4: 5 6 7; 5: 6 7; 6: 7; 7: ;);
        }
        for j in 0..8 {
            for v in 0..V {
                // SAFETY: inside the tile.
                unsafe { _mm512_storeu_pd(x.0.add(j * x.1 + 8 * v), c[j][v]) };
            }
        }
    }

    /// `4V × 6`. Safety: AVX2 and FMA are there; 4V numbers from every multiple of `step`
    /// below `samples·step` on are inside `a`, and `b` has `6·samples`.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2<const V: usize>(
        samples: usize,
        mut a: *const f64,
        step: usize,
        mut b: *const f64,
        tile: &mut Tile,
    ) {
        let mut c = [[_mm256_setzero_pd(); V]; 6];
        for _ in 0..samples {
            let mut x = [_mm256_setzero_pd(); V];
            for v in 0..V {
                // SAFETY: inside the sample's 4V numbers.
                x[v] = unsafe { _mm256_loadu_pd(a.add(4 * v)) };
            }
            for j in 0..6 {
                // SAFETY: inside the sample's 6 numbers.
                let y = _mm256_set1_pd(unsafe { *b.add(j) });
                for v in 0..V {
                    c[j][v] = _mm256_fmadd_pd(x[v], y, c[j][v]);
                }
            }
            // The last step may leave the slice; nothing is read there.
            a = a.wrapping_add(step);
            b = b.wrapping_add(6);
        }
        for j in 0..6 {
            for v in 0..V {
                // SAFETY: a tile's column has 24 ≥ 4V places.
                unsafe { _mm256_storeu_pd(tile[j].as_mut_ptr().add(4 * v), c[j][v]) };
            }
        }
    }

    /// `8V × 8`. Safety: AVX-512F is there; 8V numbers from every multiple of `step` below
    /// `samples·step` on are inside `a`, and `b` has `8·samples`.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512<const V: usize>(
        samples: usize,
        mut a: *const f64,
        step: usize,
        mut b: *const f64,
        tile: &mut Tile,
    ) {
        let mut c = [[_mm512_setzero_pd(); V]; 8];
        for _ in 0..samples {
            let mut x = [_mm512_setzero_pd(); V];
            for v in 0..V {
                // A hint that reads nothing, for any address: the left side streams from the second-level cache.
                _mm_prefetch::<_MM_HINT_T0>(a.wrapping_add(AHEAD * step + 8 * v).cast());
                // SAFETY: inside the sample's 8V numbers.
                x[v] = unsafe { _mm512_loadu_pd(a.add(8 * v)) };
            }
            for j in 0..8 {
                // SAFETY: inside the sample's 8 numbers.
                let y = _mm512_set1_pd(unsafe { *b.add(j) });
                for v in 0..V {
                    c[j][v] = _mm512_fmadd_pd(x[v], y, c[j][v]);
                }
            }
            // The last step may leave the slice; nothing is read there.
            a = a.wrapping_add(step);
            b = b.wrapping_add(8);
        }
        for j in 0..8 {
            for v in 0..V {
                // SAFETY: a tile's column has 24 ≥ 8V places.
                unsafe { _mm512_storeu_pd(tile[j].as_mut_ptr().add(8 * v), c[j][v]) };
            }
        }
    }
}
