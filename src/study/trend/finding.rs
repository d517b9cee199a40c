//! What the seeds say about a claim: effect, p-values, verdict.

use super::holm::holm;
use super::permutation::{fewest, sign_flip};
use crate::metric::summary::Summary;
use crate::numeric::tolerance::tol;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The level of every family of tests.
pub const LEVEL: f64 = 0.05;

/// How the two sides of a comparison are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Shares, by their difference.
    Share,
    /// Positive sizes, by the logarithm of their ratio; pairs with a 0 are left out.
    Ratio,
}

/// Paired values: the claim is that the left lies above the right. One pair per seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What is compared.
    pub name: String,
    /// Left and right.
    pub pairs: Vec<(f64, f64)>,
}

/// One statement of a family; with several parts it says that all of them hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What it is about.
    pub name: String,
    /// Its parts; at least one.
    pub parts: Vec<Part>,
}

/// A family of statements that are tested together.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Its name.
    pub id: &'static str,
    /// What is said, with every quantity.
    pub statement: String,
    /// Who says it.
    pub source: &'static str,
    /// How sides are compared.
    pub unit: Unit,
    /// Its statements.
    pub groups: Vec<Group>,
}

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Significant at [`LEVEL`] in its family.
    Supported,
    /// The opposite is.
    Contradicted,
    /// Neither.
    Undecided,
}

/// The outcome for one statement. For a statement of several parts the numbers are those of the part with the weakest
/// support, and the p-values those of the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The claim.
    pub claim: String,
    /// What is said.
    pub statement: String,
    /// Who says it.
    pub source: String,
    /// Which of its statements.
    pub part: String,
    /// How sides are compared.
    pub unit: Unit,
    /// Mean of the left side over the seeds; the geometric mean for ratios.
    pub left: Option<f64>,
    /// That of the right side.
    pub right: Option<f64>,
    /// Left − right, or left / right.
    pub effect: Option<f64>,
    /// Lower end of its 95 % bootstrap interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Seeds with both sides.
    pub seeds: usize,
    /// Those on which the sides differ.
    pub differing: usize,
    /// Those that would do for the level to be in reach, whatever the rest of the family says.
    pub needs: usize,
    /// How many statements the family has.
    pub family: usize,
    /// One-sided p-value.
    pub p: f64,
    /// After Holm's correction.
    pub adjusted: f64,
    /// One-sided p-value of the opposite, after Holm's correction.
    pub opposite: f64,
    /// The verdict.
    pub verdict: Verdict,
}

/// A part, tested.
struct Tested {
    left: Option<f64>,
    right: Option<f64>,
    difference: Option<Summary>,
    differing: usize,
    above: f64,
    below: f64,
}

impl Part {
    fn test(&self, unit: Unit, seed: u64) -> Tested {
        let usable = |&(l, r): &(f64, f64)| match unit {
            Unit::Share => (l.is_finite() && r.is_finite()).then_some((l, r)),
            // A logarithm below the smallest number is no logarithm.
            Unit::Ratio => (l > 0.0 && r > 0.0 && (l.ln() - r.ln()).is_finite()).then(|| (l.ln(), r.ln())),
        };
        let pairs: Vec<(f64, f64)> = self.pairs.iter().filter_map(usable).collect();
        // Shares and logarithms that rounding alone tells apart are equal.
        let difference =
            |(l, r): &(f64, f64)| if (l - r).abs() <= tol(2, l.abs().max(r.abs())) { 0.0 } else { l - r };
        let differences: Vec<f64> = pairs.iter().map(difference).collect();
        let mean = |of: fn(&(f64, f64)) -> f64| {
            let sum: f64 = pairs.iter().map(of).sum();
            (!pairs.is_empty()).then(|| back(unit, sum / pairs.len() as f64))
        };
        let found = sign_flip(&differences, seed);
        Tested {
            left: mean(|p| p.0),
            right: mean(|p| p.1),
            difference: Summary::of(&differences, seed),
            differing: found.differing,
            above: found.above,
            below: found.below,
        }
    }
}

/// From the scale of the test to that of the reader.
fn back(unit: Unit, x: f64) -> f64 {
    match unit {
        Unit::Share => x,
        Unit::Ratio => x.exp(),
    }
}

impl Claim {
    /// Tests every statement of the family. A statement of several parts is supported by its largest p-value, for all
    /// parts must hold (intersection–union, Berger 1982, recalled), and contradicted by the smallest p-value of the
    /// opposites after Holm's correction over its parts; then Holm's correction over the family, once for the claims
    /// and once for their opposites. So the probability of any false "supported" in a family is at most [`LEVEL`],
    /// and that of any false "contradicted" too.
    ///
    /// ```
    /// use unlearn::study::trend::finding::{Claim, Group, Part, Unit, Verdict};
    /// let pairs = |right: f64| (0..6).map(|i| (f64::from(i), f64::from(i) + right)).collect();
    /// let group = |name: &str, right| {
    ///     Group { name: name.into(), parts: vec![Part { name: "all".into(), pairs: pairs(right) }] }
    /// };
    /// let groups = vec![group("falls", -1.0), group("grows", 1.0)];
    /// let claim = Claim { id: "falls", statement: String::new(), source: "", unit: Unit::Share, groups };
    /// let found = claim.findings(0);
    /// // Six seeds of one sign: 1/64, doubled for two statements.
    /// assert_eq!((found[0].p, found[0].adjusted), (1.0 / 64.0, 1.0 / 32.0));
    /// assert_eq!((found[0].verdict, found[1].verdict), (Verdict::Supported, Verdict::Contradicted));
    /// ```
    ///
    /// Panics when a statement has no part.
    pub fn findings(&self, seed: u64) -> Vec<Finding> {
        let tested: Vec<Vec<Tested>> =
            self.groups.iter().map(|g| g.parts.iter().map(|p| p.test(self.unit, seed)).collect()).collect();
        let p: Vec<f64> = tested.iter().map(|t| t.iter().map(|t| t.above).fold(0.0, f64::max)).collect();
        let contrary = |t: &Vec<Tested>| {
            holm(&t.iter().map(|t| t.below).collect::<Vec<f64>>()).into_iter().fold(1.0, f64::min)
        };
        let adjusted = holm(&p);
        let opposite = holm(&tested.iter().map(contrary).collect::<Vec<f64>>());
        let family = self.groups.len();
        let one = |k: usize| {
            let (group, parts) = (&self.groups[k], &tested[k]);
            let weakest = (0..parts.len()).max_by(|&a, &b| parts[a].above.total_cmp(&parts[b].above));
            let weakest = weakest.expect("a statement has parts");
            let t = &parts[weakest];
            let mut part = group.name.clone();
            if parts.len() > 1 {
                part += &format!(" (weakest: {})", group.parts[weakest].name);
            }
            let end = |of: fn(&Summary) -> f64| t.difference.as_ref().map(|d| back(self.unit, of(d)));
            Finding {
                claim: self.id.to_owned(),
                statement: self.statement.clone(),
                source: self.source.to_owned(),
                part,
                unit: self.unit,
                left: t.left,
                right: t.right,
                effect: end(|d| d.mean),
                low: end(|d| d.low),
                high: end(|d| d.high),
                seeds: t.difference.map_or(0, |d| d.count),
                differing: t.differing,
                needs: fewest(family, LEVEL),
                family,
                p: p[k],
                adjusted: adjusted[k],
                opposite: opposite[k],
                verdict: if adjusted[k] <= LEVEL {
                    Verdict::Supported
                } else if opposite[k] <= LEVEL {
                    Verdict::Contradicted
                } else {
                    Verdict::Undecided
                },
            }
        };
        (0..family).map(one).collect()
    }
}

impl Finding {
    /// The line in a file of verdicts.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("a finding has only string keys") + "\n"
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Supported => "supported",
            Verdict::Contradicted => "contradicted",
            Verdict::Undecided => "undecided",
        })
    }
}
