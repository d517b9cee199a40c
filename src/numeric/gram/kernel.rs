//! The micro-kernel of every product of samples: one small tile of `Σ_r a_r b_rᵀ`, held in registers.
//!
//! This is the only file of the crate with `unsafe` code. What is to be audited, in full:
//!
//! 1. vector loads and stores through pointers: each is inside a slice whose length [`Kernel::multiply`] has asserted;
//! 2. calls of functions compiled for AVX2+FMA or AVX-512: reached only through a [`Kernel`], and a `Kernel` other
//!    than `Portable` is only made by [`Kernel::available`], after the processor was asked. [`Kernel::run`] calls
//!    safe code of other files so; it needs nothing else.
//!
//! Written with intrinsics and tile shapes for which the compiler keeps every accumulator in a register: 24 × 8
//! (AVX-512: 24 of 32 registers) and 8 × 6 (AVX2: 12 of 16). A 12 × 4 tile on AVX2 has as many accumulators but
//! spills, and runs at half the speed (measured).
#![allow(unsafe_code)]

use crate::numeric::lanes::{Rounded, Vectorised};

/// Most rows of a tile, whatever the kernel.
pub(super) const MOST_ROWS: usize = 24;
/// Most columns of a tile, whatever the kernel.
pub(super) const MOST_COLUMNS: usize = 8;

/// A tile: column `j` is `tile[j]`, of which the first rows are meaningful.
pub(super) type Tile = [[f64; MOST_ROWS]; MOST_COLUMNS];

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
        #[allow(unused_mut)]
        let mut found = vec![Kernel(Instructions::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Kernel(Instructions::Avx2));
            }
            if is_x86_feature_detected!("avx512f") {
                found.push(Kernel(Instructions::Avx512));
            }
        }
        found
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

    /// Rows of one vector register: strips of rows are multiples of it.
    pub(super) fn lanes(self) -> usize {
        match self.0 {
            Instructions::Portable => 4,
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => 4,
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => 8,
        }
    }

    /// Rows and columns of a full tile.
    pub(super) fn tile(self) -> (usize, usize) {
        match self.0 {
            Instructions::Portable => (4, 4),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => (8, 6),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => (24, 8),
        }
    }

    /// `tile ← Σ_r a_r b_rᵀ` for `samples` packed columns: `a_r` is `a[r·width..][..width]` and `b_r` is
    /// `b[r·columns..][..columns]`, `width` a multiple of [`Kernel::lanes`] up to the tile's rows and `columns` the
    /// tile's.
    pub(super) fn multiply(self, samples: usize, a: &[f64], width: usize, b: &[f64], tile: &mut Tile) {
        let (rows, columns) = self.tile();
        assert!(width > 0 && width <= rows && width.is_multiple_of(self.lanes()), "a strip of {width} rows");
        assert!(a.len() >= samples * width, "{} packed numbers for {samples} × {width}", a.len());
        assert!(b.len() >= samples * columns, "{} packed numbers for {samples} × {columns}", b.len());
        match self.0 {
            Instructions::Portable => portable(samples, a, b, tile),
            // SAFETY (both): the kernel exists, so the processor has the instructions; the lengths are asserted above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe {
                match width / 4 {
                    1 => x86::avx2::<1>(samples, a.as_ptr(), b.as_ptr(), tile),
                    _ => x86::avx2::<2>(samples, a.as_ptr(), b.as_ptr(), tile),
                }
            },
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe {
                match width / 8 {
                    1 => x86::avx512::<1>(samples, a.as_ptr(), b.as_ptr(), tile),
                    2 => x86::avx512::<2>(samples, a.as_ptr(), b.as_ptr(), tile),
                    _ => x86::avx512::<3>(samples, a.as_ptr(), b.as_ptr(), tile),
                }
            },
        }
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
}

/// 4 × 4, in a form that compilers vectorise for any processor.
fn portable(samples: usize, a: &[f64], b: &[f64], tile: &mut Tile) {
    let mut c = [[0.0; 4]; 4];
    let (a, b) = (a.as_chunks::<4>().0, b.as_chunks::<4>().0);
    for (a, b) in a[..samples].iter().zip(&b[..samples]) {
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

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Tile;
    use crate::numeric::lanes::{Fused, Vectorised};
    use std::arch::x86_64::{
        _mm256_fmadd_pd, _mm256_loadu_pd, _mm256_set1_pd, _mm256_setzero_pd, _mm256_storeu_pd,
        _mm512_fmadd_pd, _mm512_loadu_pd, _mm512_set1_pd, _mm512_setzero_pd, _mm512_storeu_pd,
    };

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn run_avx2<T: Vectorised>(task: T) -> T::Output {
        task.run::<Fused>()
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn run_avx512<T: Vectorised>(task: T) -> T::Output {
        task.run::<Fused>()
    }

    /// `4V × 6`. Safety: AVX2 and FMA are there; `a` has `4V·samples` and `b` has `6·samples` numbers.
    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2<const V: usize>(
        samples: usize,
        mut a: *const f64,
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
            // SAFETY: at most one past the end.
            unsafe {
                a = a.add(4 * V);
                b = b.add(6);
            }
        }
        for j in 0..6 {
            for v in 0..V {
                // SAFETY: a tile's column has 24 ≥ 4V places.
                unsafe { _mm256_storeu_pd(tile[j].as_mut_ptr().add(4 * v), c[j][v]) };
            }
        }
    }

    /// `8V × 8`. Safety: AVX-512F is there; `a` has `8V·samples` and `b` has `8·samples` numbers.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn avx512<const V: usize>(
        samples: usize,
        mut a: *const f64,
        mut b: *const f64,
        tile: &mut Tile,
    ) {
        let mut c = [[_mm512_setzero_pd(); V]; 8];
        for _ in 0..samples {
            let mut x = [_mm512_setzero_pd(); V];
            for v in 0..V {
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
            // SAFETY: at most one past the end.
            unsafe {
                a = a.add(8 * V);
                b = b.add(8);
            }
        }
        for j in 0..8 {
            for v in 0..V {
                // SAFETY: a tile's column has 24 ≥ 8V places.
                unsafe { _mm512_storeu_pd(tile[j].as_mut_ptr().add(8 * v), c[j][v]) };
            }
        }
    }
}
