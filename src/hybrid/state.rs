//! A stream of requests that outlives its process: a directory that can be killed at any moment.
//!
//! The directory holds a journal (what was asked for and answered, in order), checkpoints of the shards
//! ([`crate::sisa::checkpoint::Directory`]) and a lock. What is to be done is written to the journal, and flushed, before it is
//! done; what came out, after. A state that is opened again finishes what was begun, to the same bytes in journal and
//! checkpoints as if it had never been interrupted: a deletion that was asked for is never lost. The parameters
//! of updated shards stand in the journal; those of exact ones are their last checkpoints.
//!
//! The journal names forgotten rows by their numbers and holds updated parameters, which were derived from them. Healing a
//! shard makes its model exact; the journal still tells that there was a request. Delete the directory and make it
//! anew when that must be forgotten too.

pub use super::history::Entry;
use super::history::{Begun, History, listed, update_text};
use super::journal::{self, Journal, damaged};
use super::shard::Log;
use super::stream::{Move, Spent, Stream, StreamPlan};
use super::terms::Terms;
use crate::data::RowSet;
use crate::error::{Error, Result};
use crate::sisa::blueprint::Blueprint;
use crate::sisa::checkpoint::{Digest, Directory, Store};
use crate::sisa::ensemble::{Status, Update};
use std::path::{Path, PathBuf};

/// Where the checkpoints are in the directory.
const CHECKPOINTS: &str = "checkpoints";

/// What a state knows of itself without its data.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// What the maker of the state wrote down.
    pub description: Vec<String>,
    /// Row visits of training.
    pub training: u64,
    /// All rows deleted so far, increasing.
    pub deleted: Vec<usize>,
    /// Per shard what is known of it.
    pub status: Vec<Status>,
    /// Per shard how many of its rows are deleted.
    pub gone: Vec<usize>,
    /// What was answered, in order.
    pub entries: Vec<Entry>,
    /// Was something begun and not finished?
    pub interrupted: bool,
}

/// A stream with its directory.
pub struct State<S: Store = Directory> {
    path: PathBuf,
    journal: Journal,
    stream: Stream<S>,
    finished: bool,
}

/// What a state was made with; needs neither data nor a lock.
///
/// # Errors
/// [`Error::File`] when there is no state or it is damaged.
pub fn summary(directory: &Path) -> Result<Summary> {
    let history = history(directory, &journal::read(directory)?)?;
    Ok(Summary {
        status: (0..history.gone.len()).map(|k| history.status(k)).collect(),
        gone: history.gone.iter().map(Vec::len).collect(),
        interrupted: history.begun.is_some(),
        description: history.description,
        training: history.training,
        deleted: history.deleted,
        entries: history.entries,
    })
}

/// Does the directory hold a state?
pub fn exists(directory: &Path) -> bool {
    journal::read(directory).is_ok_and(|records| !records.is_empty())
}

fn history(directory: &Path, records: &[journal::Record]) -> Result<History> {
    History::of(records).map_err(|line| damaged(&directory.join("journal"), line))
}

impl State {
    /// Makes a state and trains its ensemble; a training that was interrupted is gone on with.
    ///
    /// `description` is kept for whoever opens the state: strings without tabs and line breaks.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is a finished state, or one of another ensemble, in the directory;
    /// [`Error::File`] for what the system refuses; as [`Stream::train`].
    pub fn create(directory: &Path, blueprint: Blueprint, description: &[String]) -> Result<State> {
        let checkpoints = directory.join(CHECKPOINTS);
        State::create_with(directory, blueprint, description, || Directory::open(&checkpoints))
    }

    /// Opens a state and finishes what was begun.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the state is of another ensemble, [`Error::File`] when there is none, it is damaged, or
    /// another process is at work on it.
    pub fn open(directory: &Path, blueprint: Blueprint) -> Result<State> {
        State::open_with(directory, blueprint, || Directory::open(&directory.join(CHECKPOINTS)))
    }
}

impl<S: Store> State<S> {
    /// As [`State::create`], with checkpoints kept elsewhere; the store is opened when the lock is held.
    ///
    /// # Errors
    /// As [`State::create`].
    pub fn create_with(
        directory: &Path,
        blueprint: Blueprint,
        description: &[String],
        store: impl FnOnce() -> Result<S>,
    ) -> Result<State<S>> {
        if let Some(t) = description.iter().find(|t| t.contains(['\t', '\n', '\r'])) {
            return Err(Error::Invalid(format!("'{t}' cannot be kept: it has a tab or a line break")));
        }
        let (mut journal, mut records) = Journal::open(directory, true)?;
        if records.is_empty() {
            let shards = blueprint.shards().to_string();
            let mut record = vec!["created".into(), digest(&blueprint), shards];
            record.extend_from_slice(description);
            journal.append(&record)?;
            records.push(record);
        }
        let known = history(directory, &records)?;
        if known.begun != Some(Begun::Training) {
            return Err(Error::Invalid(format!(
                "{} holds a trained state already; use another directory, or unlearn remove --state",
                directory.display()
            )));
        }
        State::resume(directory, journal, known, blueprint, store()?)
    }

    /// As [`State::open`], with checkpoints kept elsewhere.
    ///
    /// # Errors
    /// As [`State::open`].
    pub fn open_with(
        directory: &Path,
        blueprint: Blueprint,
        store: impl FnOnce() -> Result<S>,
    ) -> Result<State<S>> {
        let (journal, records) = Journal::open(directory, false)?;
        let known = history(directory, &records)?;
        State::resume(directory, journal, known, blueprint, store()?)
    }

    fn resume(
        directory: &Path,
        journal: Journal,
        history: History,
        blueprint: Blueprint,
        store: S,
    ) -> Result<State<S>> {
        if history.digest != digest(&blueprint) {
            return Err(Error::Invalid(format!(
                "{} was made with other data or settings: the same file, model and training are needed",
                directory.display()
            )));
        }
        let total = blueprint.problem().rows();
        let deleted =
            (!history.deleted.is_empty()).then(|| RowSet::new(total, history.deleted.clone())).transpose()?;
        let mut updates: Vec<Update> = history.updates.iter().flatten().cloned().collect();
        // What was begun and not finished is computed again: the same numbers, since they depend on the records alone.
        if let (Some(Begun::Request { moves, amendment }), Some(gone)) = (&history.begun, &deleted) {
            for &(k, choice) in moves.iter().filter(|(_, m)| *m != Move::Retrain) {
                let known = updates.iter().position(|u| u.shard == k).map(|at| updates.remove(at));
                let log = Log::new(history.bases[k].clone());
                updates.push(log.again(&blueprint, k, gone, (choice, *amendment), known)?);
            }
        }
        let kept = updates.clone();
        let (stream, _) = Stream::restore(blueprint, deleted.as_ref(), updates, &history.bases, store)?;
        let mut state =
            State { path: directory.to_owned(), journal, stream, finished: history.begun.is_some() };
        if let Some(begun) = history.begun {
            let record = match begun {
                Begun::Training => {
                    let plans = (0..state.blueprint().shards())
                        .map(|k| state.blueprint().plan(k).plan.visits() as u64);
                    vec!["trained".into(), plans.sum::<u64>().to_string()]
                }
                Begun::Healing => vec!["healed".into()],
                Begun::Request { moves, .. } => answered(&moves, &kept),
            };
            state.journal.append(&record)?;
        }
        Ok(state)
    }

    /// Was work of an interrupted process finished when the state was opened?
    pub fn finished_interrupted_work(&self) -> bool {
        self.finished
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The stream.
    pub fn stream(&self) -> &Stream<S> {
        &self.stream
    }

    fn blueprint(&self) -> &Blueprint {
        self.stream.ensemble().blueprint()
    }

    /// How a request would be answered; changes nothing.
    ///
    /// # Errors
    /// As [`Stream::plan`].
    pub fn plan(&mut self, request: &RowSet, terms: impl Into<Terms>) -> Result<StreamPlan> {
        self.stream.plan(request, terms)
    }

    /// Answers a request as planned for the state as it is.
    ///
    /// # Errors
    /// As [`Stream::carry_out`]. Once it was written down the request stands: after an error, opening the state again goes
    /// on with it.
    pub fn carry_out(&mut self, plan: &StreamPlan) -> Result<Spent> {
        if plan.rows.is_empty() {
            return Ok(Spent::default());
        }
        self.stream.check(plan)?;
        let partition = self.blueprint().partition();
        let place = |i: &usize| {
            partition
                .place(*i)
                .map(|(k, _)| format!("{k}:{i}"))
                .ok_or_else(|| Error::Invalid(format!("row {i} is in no shard")))
        };
        let rows = plan.rows.iter().map(place).collect::<Result<Vec<_>>>()?;
        let moves: Vec<(usize, Move)> = plan.shards.iter().map(|s| (s.shard, s.choice)).collect();
        self.journal.append(&[
            "asked".into(),
            Terms { policy: plan.policy, amendment: plan.amendment }.to_string(),
            plan.visits().to_string(),
            plan.coordinates().to_string(),
            listed(rows.into_iter()),
            listed(moves.iter().map(|(k, m)| format!("{k}:{}", m.name()))),
        ])?;
        let (spent, updates) = self.stream.carry_out_with(plan)?;
        self.journal.append(&answered(&moves, &updates))?;
        Ok(spent)
    }

    /// Plans and answers.
    ///
    /// # Errors
    /// As [`State::plan`] and [`State::carry_out`].
    pub fn answer(&mut self, request: &RowSet, terms: impl Into<Terms>) -> Result<(StreamPlan, Spent)> {
        let plan = self.plan(request, terms)?;
        let spent = self.carry_out(&plan)?;
        Ok((plan, spent))
    }

    /// Retrains every shard that is not exact.
    ///
    /// # Errors
    /// As [`Stream::heal`].
    pub fn heal(&mut self) -> Result<Spent> {
        let stale = self.stream.stale();
        if stale.is_empty() {
            return Ok(Spent::default());
        }
        let visits = self.stream.ensemble().healing()?.visits;
        self.journal.append(&[
            "healing".into(),
            visits.to_string(),
            listed(stale.iter().map(usize::to_string)),
        ])?;
        let spent = self.stream.heal()?;
        self.journal.append(&["healed".into()])?;
        Ok(spent)
    }
}

/// The record of what came out.
fn answered(moves: &[(usize, Move)], updates: &[Update]) -> journal::Record {
    let mut record = vec!["answered".to_owned()];
    for (k, _) in moves.iter().filter(|(_, m)| *m != Move::Retrain) {
        let update =
            updates.iter().find(|u| u.shard == *k).expect("an update for every shard that is not retrained");
        record.push(update_text(update));
    }
    record
}

/// Data, model, partition and training, in one number.
fn digest(blueprint: &Blueprint) -> String {
    let mut bytes = Vec::new();
    for k in 0..blueprint.shards() {
        let last = blueprint.plan(k).stages.len() - 1;
        bytes.extend_from_slice(&blueprint.provenance(k, last, None).key().0);
    }
    Digest::of(&bytes).to_string()
}
