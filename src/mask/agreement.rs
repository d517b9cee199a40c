//! How much two masks agree: what a forget set had to do with the choice of a mask.

use super::Mask;

/// Agreement of two masks on some coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Kept by both over kept by either (Jaccard's index); 1 when neither keeps any.
    pub jaccard: f64,
    /// The share of coordinates on which the masks say the same.
    pub equal: f64,
}

impl Agreement {
    /// Compares two masks on the coordinates that pruning could have removed; those it must keep would
    /// agree by definition.
    ///
    /// At a sparsity `s` two unrelated masks are equal on `s² + (1−s)²` of the coordinates and have a
    /// Jaccard index of about `(1−s)/(1+s)`: judge the index, which does not grow with `s` by itself.
    ///
    /// ```
    /// use unlearn::mask::{Agreement, Mask};
    /// let a = Mask::new(&[true, true, false, false]).unwrap();
    /// let b = Mask::new(&[true, false, true, false]).unwrap();
    /// let found = Agreement::on(&a, &b, &[0, 1, 2, 3]);
    /// assert_eq!((found.jaccard, found.equal), (1.0 / 3.0, 0.5));
    /// ```
    ///
    /// Panics when the masks differ in their number of parameters or a coordinate does not exist.
    pub fn on(a: &Mask, b: &Mask, coordinates: &[usize]) -> Agreement {
        assert_eq!(a.parameters(), b.parameters(), "masks for different numbers of parameters");
        let (a, b) = (a.flags(), b.flags());
        let count = |f: &dyn Fn(usize) -> bool| coordinates.iter().filter(|&&j| f(j)).count() as f64;
        let either = count(&|j| a[j] || b[j]);
        let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
        Agreement {
            jaccard: ratio(count(&|j| a[j] && b[j]), either),
            equal: ratio(count(&|j| a[j] == b[j]), coordinates.len() as f64),
        }
    }
}
