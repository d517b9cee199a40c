//! A symmetric matrix times a vector, from its lower triangle alone: half the memory of the whole matrix.

use super::gram::Kernel;
use super::lanes::{Arithmetic, Vectorised};
use nalgebra::{DMatrix, DVector};

/// Columns that pass together.
const TOGETHER: usize = 4;

/// `Ax` and `‖A‖_F²` in one pass over the lower triangle of `a`; what is above the diagonal is not read.
///
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use unlearn::numeric::symmetric::product_and_square;
/// // [2 1; 1 3] · (1, 2) = (4, 7), 4 + 1 + 1 + 9 = 15.
/// let (y, square) = product_and_square(&dmatrix![2.0, f64::NAN; 1.0, 3.0], &dvector![1.0, 2.0]);
/// assert_eq!((y, square), (dvector![4.0, 7.0], 15.0));
/// ```
///
/// Panics when the sizes disagree.
pub fn product_and_square(a: &DMatrix<f64>, x: &DVector<f64>) -> (DVector<f64>, f64) {
    let d = x.len();
    assert_eq!(a.shape(), (d, d), "a matrix times {d} numbers");
    let mut y = DVector::zeros(d);
    let square = Kernel::best().run(Product { a: a.as_slice(), x: x.as_slice(), y: y.as_mut_slice() });
    (y, square)
}

struct Product<'a> {
    a: &'a [f64],
    x: &'a [f64],
    y: &'a mut [f64],
}

impl Vectorised for Product<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<A: Arithmetic>(self) -> f64 {
        let Product { a, x, y } = self;
        let d = x.len();
        let mut square = 0.0;
        for first in (0..d).step_by(TOGETHER) {
            let end = d.min(first + TOGETHER);
            for j in first..end {
                let column = &a[j * d..][..end];
                y[j] = A::mul_add(column[j], x[j], y[j]);
                square = A::mul_add(column[j], column[j], square);
                for i in j + 1..end {
                    y[i] = A::mul_add(column[i], x[j], y[i]);
                    y[j] = A::mul_add(column[i], x[i], y[j]);
                    square = A::mul_add(2.0 * column[i], column[i], square);
                }
            }
            if end < d {
                square += below::<A>(a, x, y, first);
            }
        }
        square
    }
}

/// The rows below a block of columns; twice their squares.
#[inline(always)]
fn below<A: Arithmetic>(a: &[f64], x: &[f64], y: &mut [f64], first: usize) -> f64 {
    let (d, end) = (x.len(), first + TOGETHER);
    let columns: [&[f64]; TOGETHER] = std::array::from_fn(|c| &a[(first + c) * d + end..(first + c + 1) * d]);
    let columns = columns.map(|c| c.as_chunks::<8>());
    let f: [f64; TOGETHER] = std::array::from_fn(|c| x[first + c]);
    let (before, after) = y.split_at_mut(end);
    let (known, (y, y_rest)) = (&mut before[first..], after.as_chunks_mut::<8>());
    let (x, x_rest) = x[end..].as_chunks::<8>();
    let (mut sums, mut squares) = ([[0.0; 8]; TOGETHER], [[0.0; 8]; 2]);
    let whole = columns.map(|(whole, _)| &whole[..y.len()]);
    for (r, (y, x)) in y.iter_mut().zip(x).enumerate() {
        let mut here = *y;
        for c in 0..TOGETHER {
            let column = &whole[c][r];
            // One loop each: compilers make one instruction of it.
            for i in 0..8 {
                here[i] = A::mul_add(column[i], f[c], here[i]);
            }
            for i in 0..8 {
                sums[c][i] = A::mul_add(column[i], x[i], sums[c][i]);
            }
            for i in 0..8 {
                squares[c % 2][i] = A::mul_add(column[i], column[i], squares[c % 2][i]);
            }
        }
        *y = here;
    }
    let add = |s: &[f64; 8]| ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
    let mut square = add(&squares[0]) + add(&squares[1]);
    for c in 0..TOGETHER {
        let mut sum = add(&sums[c]);
        for ((v, y), x) in columns[c].1.iter().zip(&mut *y_rest).zip(x_rest) {
            *y = A::mul_add(*v, f[c], *y);
            sum = A::mul_add(*v, *x, sum);
            square = A::mul_add(*v, *v, square);
        }
        known[c] += sum;
    }
    2.0 * square
}
