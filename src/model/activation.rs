//! Smooth activations with their derivatives and the suprema of those derivatives.

use crate::error::{Error, Result};
use crate::numeric::lanes::{Arithmetic, Chunk, Number};
use crate::numeric::scalar::{sigmoid, sigmoid_bend, sigmoid_jerk, sigmoid_slope};
use crate::numeric::training_functions::{sigmoid_jet, softplus, tanh};
use std::fmt;
use std::str::FromStr;

/// An activation that is three times continuously differentiable.
///
/// ReLU is left out on purpose: its Hessian is not defined on a set that training reaches, and it
/// has no Hessian-Lipschitz constant, so no second-order bound could be stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `tanh z`.
    Tanh,
    /// `1/(1+e^{−z})`.
    Sigmoid,
    /// `log(1+e^z)`.
    Softplus,
    /// `z`: deep linear networks.
    Identity,
}

/// `Bᵢ = sup |φ⁽ⁱ⁾|` over the reals, rounded upwards; `value` is infinite where φ is unbounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActivationConstants {
    /// `B₀ = sup |φ|`.
    pub value: f64,
    /// `B₁ = sup |φ′|`.
    pub slope: f64,
    /// `B₂ = sup |φ″|`.
    pub bend: f64,
    /// `B₃ = sup |φ‴|`.
    pub jerk: f64,
}

impl Activation {
    /// All activations.
    pub const ALL: [Activation; 4] =
        [Activation::Tanh, Activation::Sigmoid, Activation::Softplus, Activation::Identity];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Activation::Tanh => "tanh",
            Activation::Sigmoid => "sigmoid",
            Activation::Softplus => "softplus",
            Activation::Identity => "identity",
        }
    }

    /// `φ(z)`.
    pub fn value(self, z: f64) -> f64 {
        match self {
            Activation::Tanh => z.tanh(),
            Activation::Sigmoid => sigmoid(z),
            Activation::Softplus => crate::numeric::scalar::softplus(z),
            Activation::Identity => z,
        }
    }

    /// `φ′(z)`, accurate in both tails.
    ///
    /// ```
    /// use unlearn::model::Activation;
    /// assert_eq!(Activation::Tanh.slope(0.0), 1.0);
    /// // 1 − tanh² would be 0 here; 4σ(2z)σ(−2z) is not.
    /// assert!(Activation::Tanh.slope(20.0) > 0.0);
    /// ```
    pub fn slope(self, z: f64) -> f64 {
        match self {
            Activation::Tanh => 4.0 * sigmoid_slope(2.0 * z),
            Activation::Sigmoid => sigmoid_slope(z),
            Activation::Softplus => sigmoid(z),
            Activation::Identity => 1.0,
        }
    }

    /// `φ″(z)`.
    pub fn bend(self, z: f64) -> f64 {
        match self {
            Activation::Tanh => 8.0 * sigmoid_bend(2.0 * z),
            Activation::Sigmoid => sigmoid_bend(z),
            Activation::Softplus => sigmoid_slope(z),
            Activation::Identity => 0.0,
        }
    }

    /// `(φ(z), φ′(z), φ″(z))` of eight numbers at once, to the few ulps of `numeric::training_functions`.
    #[inline(always)]
    pub(crate) fn jets<A: Arithmetic>(self, z: Chunk) -> (Chunk, Chunk, Chunk) {
        match self {
            Activation::Tanh => {
                let (value, slope) = tanh::<A, Chunk>(z);
                (value, slope, slope.times(value).times(Chunk::all(-2.0)))
            }
            Activation::Sigmoid => sigmoid_jet::<A, Chunk>(z),
            Activation::Softplus => {
                let (value, slope) = softplus::<A, Chunk>(z);
                (value, slope, sigmoid_jet::<A, Chunk>(z).1)
            }
            Activation::Identity => (z, Chunk::all(1.0), Chunk::ZERO),
        }
    }

    /// `φ‴(z)`.
    pub fn jerk(self, z: f64) -> f64 {
        match self {
            Activation::Tanh => 16.0 * sigmoid_jerk(2.0 * z),
            Activation::Sigmoid => sigmoid_jerk(z),
            Activation::Softplus => sigmoid_bend(z),
            Activation::Identity => 0.0,
        }
    }

    /// The suprema of `|φ|, |φ′|, |φ″|, |φ‴|`.
    ///
    /// ```
    /// use unlearn::model::Activation;
    /// let b = Activation::Tanh.constants();
    /// assert_eq!((b.value, b.slope, b.jerk), (1.0, 1.0, 2.0));
    /// assert!((b.bend - 0.7698003589195010).abs() < 1e-15); // 4/(3√3)
    /// ```
    pub fn constants(self) -> ActivationConstants {
        let sqrt3 = 3.0_f64.sqrt();
        let sigmoid_third = (1.0 / (6.0 * sqrt3)).next_up().next_up();
        let (value, slope, bend, jerk) = match self {
            Activation::Tanh => (1.0, 1.0, (4.0 / (3.0 * sqrt3)).next_up().next_up(), 2.0),
            Activation::Sigmoid => (1.0, 0.25, sigmoid_third, 0.125),
            Activation::Softplus => (f64::INFINITY, 1.0, 0.25, sigmoid_third),
            Activation::Identity => (f64::INFINITY, 1.0, 0.0, 0.0),
        };
        ActivationConstants { value, slope, bend, jerk }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Activation {
    type Err = Error;
    fn from_str(s: &str) -> Result<Activation> {
        if s == "relu" {
            return Err(Error::Invalid(
                "relu has no second derivative at 0 and no Hessian-Lipschitz constant, so exact Hessians and \
                 second-order bounds do not exist for it; choose tanh, sigmoid, softplus or identity"
                    .into(),
            ));
        }
        Activation::ALL.into_iter().find(|a| a.name() == s).ok_or_else(|| {
            Error::Invalid(format!("unknown activation '{s}'; choose tanh, sigmoid, softplus or identity"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::gram::Kernel;
    use crate::numeric::lanes::Vectorised;

    struct At(Activation, f64);

    impl Vectorised for At {
        type Output = [f64; 3];

        #[inline(always)]
        fn run<A: Arithmetic>(self) -> [f64; 3] {
            let (value, slope, bend) = self.0.jets::<A>(Chunk::all(self.1));
            [value.0[7], slope.0[7], bend.0[7]]
        }
    }

    #[test]
    fn jets_are_values_slopes_and_bends() {
        let spread = (0..2000).map(|i| 2.0_f64.powf(-30.0 + 38.0 * f64::from(i) / 2000.0));
        for (kernel, z) in Kernel::available().into_iter().flat_map(|k| spread.clone().map(move |z| (k, z))) {
            for (phi, z) in Activation::ALL.into_iter().flat_map(|phi| [(phi, z), (phi, -z)]) {
                let exact = [phi.value(z), phi.slope(z), phi.bend(z)];
                for (found, exact) in kernel.run(At(phi, z)).into_iter().zip(exact) {
                    // At most nine ulps for a product of two functions, and five for the other side.
                    let slack = 14.0 * f64::EPSILON * exact.abs() + f64::MIN_POSITIVE;
                    assert!(
                        (found - exact).abs() <= slack,
                        "{phi} at {z}, {}: {found} for {exact}",
                        kernel.name()
                    );
                }
            }
        }
    }
}
