//! One line of the table: what is measured, and what came out.

use super::measure::{Effort, Own, Rounds, Side, alternate, median, ratio};
use super::memory::peak_of;
use super::peer::{Job, Peers, Prepared, Role};
use super::target::{Target, Verdict};
use nalgebra::DMatrix;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use unlearn::data::write;

/// What is to be measured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Case {
    /// Short.
    pub(crate) name: String,
    /// Sizes and seed.
    pub(crate) size: String,
    /// Useful operations of one call.
    pub(crate) flops: Option<f64>,
    /// How many of what one call does, for rates.
    pub(crate) units: Option<(f64, &'static str)>,
    /// What it is held to.
    pub(crate) targets: Vec<Target>,
    /// Peers.
    pub(crate) jobs: Vec<Job>,
    /// Cores used; 0 counts as 1.
    pub(crate) threads: usize,
    /// Is peak memory of interest?
    pub(crate) memory: bool,
}

impl Case {
    /// A case of this name and size.
    pub(crate) fn new(name: impl Into<String>, size: impl Into<String>) -> Case {
        Case { name: name.into(), size: size.into(), ..Case::default() }
    }

    /// Adds a peer's call.
    pub(crate) fn against(
        mut self,
        peer: &'static str,
        function: &'static str,
        role: Role,
        arguments: Value,
    ) -> Case {
        self.jobs.push(Job { peer, function, role, arguments, once: false });
        self
    }

    /// The call added last takes so long that once must do.
    pub(crate) fn once(mut self) -> Case {
        if let Some(job) = self.jobs.last_mut() {
            job.once = true;
        }
        self
    }
}

/// Another side, beside own code.
#[derive(Debug, Clone)]
pub(crate) struct Compared {
    /// What it is.
    pub(crate) name: String,
    /// Of a peer; `None` is own code of another kind.
    pub(crate) role: Option<Role>,
    /// Its time over that of the case, median over rounds.
    pub(crate) ratio: f64,
    /// Largest difference of the results over the largest entry.
    pub(crate) difference: Option<f64>,
    /// Peak memory.
    pub(crate) memory: Option<u64>,
}

/// What came out.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// The case.
    pub(crate) case: Case,
    /// Seconds of one call, median.
    pub(crate) seconds: f64,
    /// Rounds.
    pub(crate) rounds: usize,
    /// Share of the limit, median over rounds.
    pub(crate) share: Option<f64>,
    /// Peak memory of one call.
    pub(crate) memory: Option<u64>,
    /// The other sides.
    pub(crate) sides: Vec<Compared>,
    /// On the targets.
    pub(crate) verdicts: Vec<Verdict>,
}

impl Measured {
    /// The fastest peer, whatever its role.
    pub(crate) fn tuned(&self) -> Option<&Compared> {
        self.sides.iter().filter(|s| s.role.is_some()).min_by(|a, b| a.ratio.total_cmp(&b.ratio))
    }

    /// Own code of the name.
    pub(crate) fn side(&self, name: &str) -> Option<&Compared> {
        self.sides.iter().find(|s| s.role.is_none() && s.name == name)
    }

    /// Of the case's unit, per second.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.case.units.map(|(n, _)| n / self.seconds)
    }
}

/// Own code under a name.
pub(crate) type Other<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Measures cases and keeps what came out, by family.
pub(crate) struct Bench {
    /// The peers.
    pub(crate) peers: Peers,
    /// Short of time?
    pub(crate) quick: bool,
    /// Families in order: title, introduction, lines.
    pub(crate) families: Vec<(String, String, Vec<Measured>)>,
    effort: Effort,
    folder: tempfile::TempDir,
    files: usize,
}

impl Bench {
    /// With these peers.
    pub(crate) fn new(peers: Peers, quick: bool) -> Bench {
        let effort = if quick {
            Effort { budget: 0.4, turn: 0.01, rounds: (1, 5) }
        } else {
            Effort { budget: 2.5, turn: 0.03, rounds: (3, 11) }
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        Bench { peers, quick, families: Vec::new(), effort, folder, files: 0 }
    }

    /// What follows belongs to this family.
    pub(crate) fn family(&mut self, title: &str, introduction: &str) {
        println!("\n== {title}");
        self.families.push((title.into(), introduction.into(), Vec::new()));
    }

    fn path(&mut self) -> PathBuf {
        self.files += 1;
        self.folder.path().join(format!("{}.npy", self.files))
    }

    /// The vector as a file for peers.
    pub(crate) fn vector(&mut self, values: &[f64]) -> Value {
        let path = self.path();
        write::vector(&path, values).expect("a writable folder");
        json!(path)
    }

    /// The matrix as a file for peers.
    pub(crate) fn matrix(&mut self, values: &DMatrix<f64>) -> Value {
        let path = self.path();
        write::matrix(&path, values).expect("a writable folder");
        json!(path)
    }

    /// Measures own code, which leaves its result in `state`, against peers. `flat` gives the numbers of the result
    /// in row order, as peers give them.
    pub(crate) fn measure<S>(
        &mut self,
        case: Case,
        mut state: S,
        own: impl Fn(&mut S),
        flat: impl Fn(&S) -> Vec<f64>,
        others: Vec<Other<'_>>,
    ) -> Measured {
        let threads = case.threads.max(1);
        let ((), memory) = peak_of(|| own(&mut state));
        let numbers = if case.jobs.is_empty() { Vec::new() } else { flat(&state) };
        let prepared = self.prepare(&case, threads);
        let (names, rounds, compared) = {
            let mut prepared = prepared;
            let mut first = Own(Box::new(|| own(std::hint::black_box(&mut state))));
            let mut once = vec![false];
            let mut names = Vec::new();
            let mut compared = Vec::new();
            let mut own_sides: Vec<Own<'_>> = Vec::new();
            for (name, call) in others {
                names.push((name.to_owned(), None));
                once.push(false);
                own_sides.push(Own(call));
            }
            let mut sides: Vec<&mut dyn Side> = vec![&mut first];
            sides.extend(own_sides.iter_mut().map(|s| s as &mut dyn Side));
            for (job, p) in &prepared {
                names.push((p.note.clone(), Some(job.role)));
                once.push(job.once);
            }
            sides.extend(prepared.iter_mut().map(|(_, p)| p as &mut dyn Side));
            let rounds = alternate(&mut sides, &once, threads, self.effort);
            for (i, (_, p)) in prepared.iter().enumerate() {
                let timed = rounds.failures[names.len() - prepared.len() + i + 1].is_none();
                let difference = if timed { self.difference(p, &numbers) } else { None };
                compared.push((difference, p.peak.filter(|_| case.memory)));
            }
            (names, rounds, compared)
        };
        let own_sides = names.len() - compared.len();
        let sides = names.into_iter().enumerate().filter_map(|(i, (name, role))| {
            if let Some(e) = &rounds.failures[i + 1] {
                eprintln!("skipped: {name}: {e}");
            }
            let ratio = ratio(&rounds.seconds[0], &rounds.seconds[i + 1])?;
            let (difference, memory) = i.checked_sub(own_sides).map_or((None, None), |p| compared[p]);
            Some(Compared { name, role, ratio, difference, memory })
        });
        let measured = conclude(case, &rounds, memory, sides.collect());
        println!("{}", super::table::line(&measured));
        self.families.last_mut().expect("a family was opened").2.push(measured.clone());
        measured
    }

    fn prepare(&mut self, case: &Case, threads: usize) -> Vec<(Job, Prepared)> {
        let mut ready = Vec::new();
        for job in &case.jobs {
            if self.quick && job.once {
                continue;
            }
            match self.peers.prepare(job, threads) {
                Ok(prepared) => ready.push((job.clone(), prepared)),
                // An absent peer was reported once.
                Err(e) if !self.peers.absent.contains_key(job.peer) => {
                    eprintln!("skipped: {} {}: {e}", job.peer, job.function);
                }
                Err(_) => {}
            }
        }
        ready
    }

    fn difference(&mut self, peer: &Prepared, own: &[f64]) -> Option<f64> {
        if own.is_empty() {
            return None;
        }
        let path = self.path();
        let theirs = peer.result(&path).map_err(|e| eprintln!("{}: no result: {e}", peer.note)).ok()?;
        assert_eq!(own.len(), theirs.len(), "{}: another number of results", peer.note);
        Some(relative_difference(own, &theirs))
    }
}

/// `max |a − b| / max |b|`.
pub(crate) fn relative_difference(a: &[f64], b: &[f64]) -> f64 {
    let largest = b.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    a.iter().zip(b).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs())) / largest.max(f64::MIN_POSITIVE)
}

fn conclude(case: Case, rounds: &Rounds, memory: Option<u64>, sides: Vec<Compared>) -> Measured {
    let own = &rounds.seconds[0];
    let share = case.flops.map(|f| {
        let shares: Vec<f64> = own.iter().zip(&rounds.limit).map(|(t, limit)| f / t / limit).collect();
        median(&shares)
    });
    let memory = memory.filter(|_| case.memory);
    let mut m = Measured {
        seconds: median(own),
        rounds: own.len(),
        share,
        memory,
        sides,
        verdicts: Vec::new(),
        case,
    };
    m.verdicts = m.case.targets.iter().map(|t| t.judge(&m)).collect();
    m
}

/// Arguments of a job from names and values.
pub(crate) fn arguments<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>())
}
