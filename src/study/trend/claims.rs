//! What is said of sparsity and unlearning, as families of paired comparisons over the records of a study.

use super::finding::{Claim, Group, Part, Unit};
use crate::metric::summary::disparity;
use crate::study::config::Config;
use crate::study::method::{COUPLED, FLOOR, NOOP, REFERENCE, VARIANTS};
use crate::study::record::Record;
use crate::study::scenario::Scenario;
use crate::study::table::{Metric, metrics};

const TABLE: &str = "Jia et al. 2023 (arXiv 2304.04934), main table, read";
const ABSTRACT: &str = "Jia et al. 2023 (arXiv 2304.04934), post of the authors, read";
const TOLD: &str = "told of Jia et al. 2023 (arXiv 2304.04934), not read there";
const PROPOSITION: &str = "Jia et al. 2023 (arXiv 2304.04934), reading of Proposition 2; not implied by it: only \
    worst-case constants are monotone (derived here)";
const HERE: &str = "asked here";

/// Records by seed.
struct Evidence<'a> {
    config: &'a Config,
    records: &'a [Record],
    metrics: Vec<Metric>,
    dense: f64,
    sparse: f64,
}

/// Every claim that the records can speak about. "Dense" is the least sparsity of the study, "sparse" the largest.
/// What no seed has both sides of is no statement and does not count in its family.
pub fn claims(config: &Config, records: &[Record]) -> Vec<Claim> {
    let least = config.sparsity.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = config.sparsity.iter().copied().fold(0.0, f64::max);
    let metrics = metrics(&config.scenario);
    let e = Evidence { config, records, metrics, dense: least, sparse: largest };
    let mut all = Vec::new();
    if least < largest {
        all.extend([e.gaps(), e.reference(), e.fine_tune_gains_most()]);
        if matches!(config.scenario, Scenario::Trojan { .. }) {
            all.push(e.trojan());
        }
        all.extend([
            e.size("error-falls", ERROR, |r| r.bounded_distance),
            e.size("bound-falls", BOUND, |r| r.bound),
        ]);
    }
    all.extend([e.schedules(), e.masks()]);
    all.retain(|claim| !claim.groups.is_empty());
    all
}

const ERROR: &str = "the distance of the unlearned parameters from exactly retrained ones (coupled retraining for a \
    run, the minimiser otherwise) is smaller";
const BOUND: &str = "what the method guarantees about that distance without retraining is smaller";

impl Evidence<'_> {
    fn record(&self, seed: u64, sparsity: f64, method: &str) -> Option<&Record> {
        self.records.iter().find(|r| r.seed == seed && r.sparsity == sparsity && r.method == method)
    }

    /// One pair per seed that has both sides.
    fn part(&self, name: &str, of: impl Fn(u64) -> Option<(f64, f64)>) -> Part {
        let seeds = self.config.seed..self.config.seed + self.config.seeds;
        Part { name: name.to_owned(), pairs: seeds.filter_map(of).collect() }
    }

    /// Is there this row?
    fn has(&self, method: &str) -> bool {
        self.config.methods.iter().any(|m| m.method == method)
    }

    /// The methods that forget, under their usual schedules, and leaving the model as it is.
    fn methods(&self) -> Vec<&str> {
        let reference = |name: &str| [REFERENCE, FLOOR, COUPLED, "retrain-repruned"].contains(&name);
        let variant = |name: &str| VARIANTS.iter().any(|(v, ..)| *v == name);
        let names = self.config.methods.iter().map(|m| m.method.as_str());
        names.filter(|name| !reference(name) && !variant(name)).collect()
    }

    fn gap(&self, seed: u64, sparsity: f64, method: &str, metric: &Metric) -> Option<f64> {
        let of = |name| self.record(seed, sparsity, name).and_then(metric.of);
        Some((of(method)? - of(REFERENCE)?).abs())
    }

    fn disparity(&self, seed: u64, sparsity: f64, method: &str) -> Option<f64> {
        let gaps: Option<Vec<f64>> =
            self.metrics.iter().map(|m| self.gap(seed, sparsity, method, m)).collect();
        disparity(&gaps?)
    }

    fn names(&self) -> String {
        self.metrics.iter().map(|m| m.name).collect::<Vec<_>>().join(", ")
    }

    /// "at 95 % than at 0 %"
    fn than(&self) -> String {
        format!("at {} than at {}", percent(self.sparse), percent(self.dense))
    }

    /// One statement per name, with one part.
    fn each(&self, names: &[&str], of: impl Fn(u64, &str) -> Option<(f64, f64)>) -> Vec<Group> {
        let group = |name: &&str| {
            let part = self.part(name, |seed| of(seed, name));
            (!part.pairs.is_empty()).then(|| Group { name: part.name.clone(), parts: vec![part] })
        };
        names.iter().filter_map(group).collect()
    }

    fn gaps(&self) -> Claim {
        let mut groups = Vec::new();
        for method in self.methods() {
            for metric in &self.metrics {
                let name = format!("{method} {}", metric.name);
                groups.extend(self.each(&[&name], |seed, _| {
                    let gap = |sparsity| self.gap(seed, sparsity, method, metric);
                    Some((gap(self.dense)?, gap(self.sparse)?))
                }));
            }
        }
        Claim {
            id: "gap-closes",
            statement: format!("|method − Retrain|, both under the same mask, is smaller {}", self.than()),
            source: TABLE,
            unit: Unit::Share,
            groups,
        }
    }

    fn reference(&self) -> Claim {
        let wanted: Vec<&Metric> =
            self.metrics.iter().filter(|m| matches!(m.name, "RA" | "TA" | "SA")).collect();
        let names: Vec<&str> = wanted.iter().map(|m| m.name).collect();
        let groups = self.each(&names, |seed, name| {
            let metric = wanted.iter().find(|m| m.name == name)?;
            let of = |sparsity| self.record(seed, sparsity, REFERENCE).and_then(metric.of);
            Some((of(self.dense)?, of(self.sparse)?))
        });
        Claim {
            id: "reference-moves",
            statement: format!(
                "Retrain itself has lower accuracy {}, so that part of a change of gap is not the method's",
                self.than()
            ),
            source: HERE,
            unit: Unit::Share,
            groups,
        }
    }

    fn fine_tune_gains_most(&self) -> Claim {
        const FINE_TUNE: &str = "fine-tune";
        let gain = |seed, method: &str| {
            Some(self.disparity(seed, self.dense, method)? - self.disparity(seed, self.sparse, method)?)
        };
        let others = self.methods().into_iter().filter(|m| ![FINE_TUNE, NOOP].contains(m));
        let parts: Vec<Part> = others
            .map(|other| self.part(other, |seed| Some((gain(seed, FINE_TUNE)?, gain(seed, other)?))))
            .filter(|part| !part.pairs.is_empty())
            .collect();
        Claim {
            id: "fine-tune-gains-most",
            statement: format!(
                "the mean of |gap| over {} falls by more for {FINE_TUNE} than for every other method, from {} to {}",
                self.names(),
                percent(self.dense),
                percent(self.sparse)
            ),
            source: ABSTRACT,
            unit: Unit::Share,
            groups: joint("every other method", parts),
        }
    }

    fn schedules(&self) -> Claim {
        let mut groups = Vec::new();
        for &sparsity in &self.config.sparsity {
            let others = VARIANTS.iter().filter(|(name, base, _)| self.has(name) && self.has(base));
            let part = |(name, base, schedule): &(&str, &str, &str)| {
                self.part(schedule, |seed| {
                    Some((self.disparity(seed, sparsity, name)?, self.disparity(seed, sparsity, base)?))
                })
            };
            let parts = others.map(part).filter(|part| !part.pairs.is_empty()).collect();
            groups.extend(joint(&format!("at {}", percent(sparsity)), parts));
        }
        Claim {
            id: "decreasing-schedule-best",
            statement: format!(
                "l1-sparse with γ decreasing linearly has a smaller mean of |gap| over {} than with γ constant and with \
                 γ growing, all from the same largest γ",
                self.names()
            ),
            source: TOLD,
            unit: Unit::Share,
            groups,
        }
    }

    fn masks(&self) -> Claim {
        let groups = self.each(&["omp", "synflow", "random"], |seed, pruner| {
            let found = &self.record(seed, self.sparse, REFERENCE)?.pruner_agreement;
            Some((*found.get(pruner)?, *found.get("imp")?))
        });
        Claim {
            id: "mask-depends-less-than-imp",
            statement: format!(
                "the mask agrees more with the one made without the forgotten rows (Jaccard index of the weights kept, \
                 same start and batches) than that of imp does, at {}",
                percent(self.sparse)
            ),
            source: TOLD,
            unit: Unit::Share,
            groups,
        }
    }

    fn trojan(&self) -> Claim {
        let mut names = vec![REFERENCE];
        names.extend(self.methods());
        let groups = self.each(&names, |seed, method| {
            let of = |sparsity| self.record(seed, sparsity, method)?.asr;
            Some((of(self.dense)?, of(self.sparse)?))
        });
        Claim {
            id: "trojan-success-falls",
            statement: format!(
                "after unlearning, fewer triggered test rows of other classes are labelled as the target {}; {NOOP} is \
                 the Trojan before unlearning, {REFERENCE} the floor",
                self.than()
            ),
            source: "Jia et al. 2023 (arXiv 2304.04934), figure of the Trojan, read",
            unit: Unit::Share,
            groups,
        }
    }

    fn size(&self, id: &'static str, what: &str, of: fn(&Record) -> Option<f64>) -> Claim {
        let groups = self.each(&self.methods(), |seed, method| {
            let of = |sparsity| self.record(seed, sparsity, method).and_then(of).filter(|x| *x > 0.0);
            Some((of(self.dense)?, of(self.sparse)?))
        });
        Claim {
            id,
            statement: format!("{what} {}", self.than()),
            source: PROPOSITION,
            unit: Unit::Ratio,
            groups,
        }
    }
}

/// One statement of several parts, or none.
fn joint(name: &str, parts: Vec<Part>) -> Vec<Group> {
    if parts.is_empty() { Vec::new() } else { vec![Group { name: name.to_owned(), parts }] }
}

/// A share as percent, rounded where 100 · 0.55 is not 55.
fn percent(share: f64) -> String {
    format!("{} %", crate::report::number::exact((1e10 * share).round() / 1e8))
}
