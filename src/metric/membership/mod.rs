//! Membership-inference attacks on an unlearned model: are its forgotten rows told from rows it never saw?
//!
//! Both attacks see one number per row, the probability of the row's own label, and are fitted to the model itself:
//! members are retained training rows, non-members are test rows, equally many. *Efficacy* is the share of the
//! forgotten rows that are then called non-members. Only its difference from that of the retrained model means
//! anything: rows that were truly never seen do not score 1, nor ½.
//!
//! | attack | rule | source |
//! |---|---|---|
//! | [`svm_attack`] | support vector machine, Gaussian kernel, `C = 3`, `γ = 1` ("auto" for one feature) | Jia et al. 2023 (arXiv 2304.04934), as in the released `SVC_MIA.py`, feature "confidence" |
//! | [`threshold_attack`] | the threshold of largest balanced accuracy | Yeom et al. 2018 (arXiv 1709.01604), recalled |

pub mod svm;

use super::confidence::confidences;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::objective::Problem;
use nalgebra::DVector;
use svm::Svm;

/// What the attacks see.
#[derive(Debug, Clone, PartialEq)]
pub struct Confidences {
    /// Of retained training rows.
    pub members: Vec<f64>,
    /// Of test rows, as many.
    pub others: Vec<f64>,
    /// Of the forgotten rows.
    pub forgotten: Vec<f64>,
}

/// What an attack found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Efficacy {
    /// The share of the forgotten rows called non-members.
    pub score: f64,
    /// Mean of the shares of members and non-members called rightly, on the rows that the attack was fitted to.
    /// At ½ the attack knows nothing and its score says nothing.
    pub balanced_accuracy: f64,
}

impl Confidences {
    /// Evaluates the model. With `s = min(retained, tested)`, members are the first `s` retained rows and
    /// non-members the first `s` of `tested`, in stored order.
    ///
    /// # Errors
    /// As [`confidences`] and [`Problem::check_forget`]; [`Error::Invalid`] when `tested` is empty.
    pub fn of(
        train: &Problem,
        forget: &RowSet,
        test: &Problem,
        tested: &[usize],
        theta: &DVector<f64>,
    ) -> Result<Confidences> {
        train.check_forget(forget)?;
        if tested.is_empty() {
            return Err(Error::Invalid(
                "an attack on membership needs test rows; keep some rows for testing".into(),
            ));
        }
        let retained = forget.complement();
        let size = retained.len().min(tested.len());
        Ok(Confidences {
            members: confidences(train, theta, &retained[..size])?,
            others: confidences(test, theta, &tested[..size])?,
            forgotten: confidences(train, theta, forget.rows())?,
        })
    }

    fn judge(&self, is_member: impl Fn(f64) -> bool) -> Efficacy {
        let share = |values: &[f64], member: bool| {
            values.iter().filter(|&&p| is_member(p) == member).count() as f64 / values.len() as f64
        };
        Efficacy {
            score: share(&self.forgotten, false),
            balanced_accuracy: 0.5 * (share(&self.members, true) + share(&self.others, false)),
        }
    }
}

/// The attack as published: a support vector machine on the confidence.
///
/// # Errors
/// As [`Svm::fit`].
pub fn svm_attack(seen: &Confidences) -> Result<Efficacy> {
    let svm = Svm::fit(&seen.members, &seen.others, svm::PUBLISHED)?;
    Ok(seen.judge(|p| svm.decision(p) > 0.0))
}

/// The calibrated attack: rows of confidence at least `t` are members, with the `t` among the observed
/// confidences of largest balanced accuracy, the smallest such. (A `t` above all of them is no better than the
/// smallest: everybody is called the same.)
///
/// ```
/// use unlearn::metric::membership::{Confidences, threshold_attack};
/// let seen = Confidences { members: vec![0.9, 0.8], others: vec![0.5, 0.85], forgotten: vec![0.4, 0.8] };
/// let found = threshold_attack(&seen); // t = 0.8: both members and one of the others
/// assert_eq!((found.balanced_accuracy, found.score), (0.75, 0.5));
/// ```
pub fn threshold_attack(seen: &Confidences) -> Efficacy {
    let mut values: Vec<(f64, bool)> = seen.members.iter().map(|&p| (p, true)).collect();
    values.extend(seen.others.iter().map(|&p| (p, false)));
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Calls that become right (+) or wrong (−) when the threshold rises above a value, a member counting as the
    // number of non-members and the other way round: integers, so that ties are ties.
    let (member, other) = (seen.others.len() as i64, seen.members.len() as i64);
    let (mut balance, mut best, mut threshold) = (0, i64::MIN, f64::INFINITY);
    for (k, &(value, is_member)) in values.iter().enumerate() {
        if balance > best && (k == 0 || values[k - 1].0 < value) {
            (best, threshold) = (balance, value);
        }
        balance += if is_member { -member } else { other };
    }
    seen.judge(|p| p >= threshold)
}
