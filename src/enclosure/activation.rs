//! Activations and their derivatives over intervals.

use crate::model::Activation;
use crate::numeric::elementary::{sigmoid, softplus};
use crate::numeric::hyperbolic::tanh;
use crate::numeric::interval::Interval;
use crate::numeric::logistic::{bend, jerk, slope};

/// Times a power of two: exact away from overflow, where the product is unbounded as it should be.
fn scaled(power: f64, x: Interval) -> Interval {
    Interval::new(power * x.lo(), power * x.hi())
}

impl Activation {
    /// An enclosure of `{φ(z)}`.
    ///
    /// ```
    /// use unlearn::{model::Activation, numeric::interval::Interval};
    /// assert!(Activation::Softplus.enclose(Interval::ZERO).contains(std::f64::consts::LN_2));
    /// ```
    pub fn enclose(self, z: Interval) -> Interval {
        match self {
            Activation::Tanh => tanh(z),
            Activation::Sigmoid => sigmoid(z),
            Activation::Softplus => softplus(z),
            Activation::Identity => z,
        }
    }

    /// An enclosure of `{φ′(z)}`.
    pub fn enclose_slope(self, z: Interval) -> Interval {
        match self {
            Activation::Tanh => scaled(4.0, slope(scaled(2.0, z))),
            Activation::Sigmoid => slope(z),
            Activation::Softplus => sigmoid(z),
            Activation::Identity => Interval::ONE,
        }
    }

    /// An enclosure of `{φ″(z)}`.
    pub fn enclose_bend(self, z: Interval) -> Interval {
        match self {
            Activation::Tanh => scaled(8.0, bend(scaled(2.0, z))),
            Activation::Sigmoid => bend(z),
            Activation::Softplus => slope(z),
            Activation::Identity => Interval::ZERO,
        }
    }

    /// An enclosure of `{φ‴(z)}`.
    ///
    /// ```
    /// use unlearn::{model::Activation, numeric::interval::Interval};
    /// assert!(Activation::Tanh.enclose_jerk(Interval::ZERO).contains(-2.0));
    /// ```
    pub fn enclose_jerk(self, z: Interval) -> Interval {
        match self {
            Activation::Tanh => scaled(16.0, jerk(scaled(2.0, z))),
            Activation::Sigmoid => jerk(z),
            Activation::Softplus => bend(z),
            Activation::Identity => Interval::ZERO,
        }
    }
}
