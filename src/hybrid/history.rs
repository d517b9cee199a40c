//! What the records of a state say: which rows are gone, and what every shard is.
//!
//! | record | fields after its name |
//! |---|---|
//! | `created` | digest of the ensemble, number of shards, whatever the maker wants to know again |
//! | `trained` | row visits |
//! | `asked` | policy (and amendment, [`Terms`]), row visits and coordinates that the answer takes, rows, `shard:move` per shard hit |
//! | `answered` | `shard:bound:parameters` per shard not retrained, floats as their 64 bits in hexadecimal |
//! | `healing` | row visits, shards |
//! | `healed` | |
//!
//! `asked` and `healing` come before the work, so that it can be finished by whoever opens the state next; the others
//! come after it.

use super::journal::Record;
use super::stream::Move;
use super::terms::Terms;
use crate::sisa::ensemble::Status;
use crate::sisa::ensemble::Update;
use crate::unlearn::slice_fine_tune::Amendment;
use nalgebra::DVector;

/// Work that was begun.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Begun {
    Training,
    Request { moves: Vec<(usize, Move)>, amendment: Option<Amendment> },
    Healing,
}

/// One finished request, or healing.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Who decided, and how updates were to be amended; `None` for healing.
    pub policy: Option<String>,
    /// The rows that were new.
    pub rows: Vec<usize>,
    /// What was done with each shard hit.
    pub moves: Vec<(usize, Move)>,
    /// Row visits.
    pub visits: u64,
    /// Coordinates read by updates.
    pub coordinates: u64,
}

/// What the records add up to.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    pub(super) digest: String,
    pub(super) description: Vec<String>,
    pub(super) training: u64,
    pub(super) deleted: Vec<usize>,
    /// Per shard the rows of its that are deleted.
    pub(super) gone: Vec<Vec<usize>>,
    /// Per shard the rows that were deleted when it was last exact.
    pub(super) bases: Vec<Vec<usize>>,
    /// Per shard what it was updated to since.
    pub(super) updates: Vec<Option<Update>>,
    pub(super) entries: Vec<Entry>,
    pub(super) begun: Option<Begun>,
}

impl History {
    /// Reads the records; `Err` is the number of the first one that does not fit.
    pub(super) fn of(records: &[Record]) -> Result<History, usize> {
        let mut history = History::default();
        for (n, record) in records.iter().enumerate() {
            history.take(n, record).ok_or(n + 1)?;
        }
        Ok(history)
    }

    fn take(&mut self, n: usize, record: &[String]) -> Option<()> {
        let fields: Vec<&str> = record.iter().map(String::as_str).collect();
        match (self.begun.clone(), fields.as_slice()) {
            (None, ["created", digest, shards, description @ ..]) if n == 0 => {
                // A shard takes at least one row, and rows are counted in memory.
                let shards: usize = shards.parse().ok().filter(|s| *s < 1 << 32)?;
                self.digest = (*digest).into();
                self.description = description.iter().map(|t| (*t).to_owned()).collect();
                self.gone = vec![Vec::new(); shards];
                self.bases = vec![Vec::new(); shards];
                self.updates = vec![None; shards];
                self.begun = Some(Begun::Training);
            }
            (Some(Begun::Training), ["trained", visits]) => {
                self.training = visits.parse().ok()?;
                self.begun = None;
            }
            (None, ["asked", policy, visits, coordinates, rows, moves]) if n > 0 => {
                let rows = list(rows, |t| {
                    let (shard, row) = t.split_once(':')?;
                    Some((shard.parse::<usize>().ok()?, row.parse::<usize>().ok()?))
                })?;
                let moves = list(moves, |t| {
                    let (shard, name) = t.split_once(':')?;
                    Some((shard.parse::<usize>().ok()?, move_named(name)?))
                })?;
                if rows.iter().map(|r| r.0).chain(moves.iter().map(|m| m.0)).any(|k| k >= self.gone.len()) {
                    return None;
                }
                let (visits, coordinates) = (visits.parse().ok()?, coordinates.parse().ok()?);
                // Amended shards must be made again when the answer is missing.
                let amendment = match moves.iter().any(|(_, m)| *m == Move::Amend) {
                    true => Some(policy.parse::<Terms>().ok()?.amendment?),
                    false => None,
                };
                for (shard, row) in &rows {
                    insert(&mut self.gone[*shard], *row)?;
                    insert(&mut self.deleted, *row)?;
                }
                for (k, _) in moves.iter().filter(|(_, m)| *m == Move::Retrain) {
                    self.clean(*k);
                }
                let rows = rows.into_iter().map(|r| r.1).collect();
                let policy = Some((*policy).to_owned());
                self.entries.push(Entry { policy, rows, moves: moves.clone(), visits, coordinates });
                self.begun = Some(Begun::Request { moves, amendment });
            }
            (Some(Begun::Request { moves, .. }), ["answered", updates @ ..]) => {
                let updates: Option<Vec<Update>> = updates.iter().map(|t| update_of(t)).collect();
                let updates = updates?;
                let kept = moves.iter().filter(|(_, m)| *m != Move::Retrain).map(|(k, _)| *k);
                if !kept.eq(updates.iter().map(|u| u.shard)) {
                    return None;
                }
                for update in updates {
                    let k = update.shard;
                    self.updates[k] = Some(update);
                }
                self.begun = None;
            }
            (None, ["healing", visits, shards]) if n > 0 => {
                let moves = list(shards, |t| Some((t.parse::<usize>().ok()?, Move::Retrain)))?;
                if moves.iter().any(|(k, _)| self.updates.get(*k).is_none_or(Option::is_none)) {
                    return None;
                }
                moves.iter().for_each(|(k, _)| self.clean(*k));
                let visits = visits.parse().ok()?;
                self.entries.push(Entry { policy: None, rows: Vec::new(), moves, visits, coordinates: 0 });
                self.begun = Some(Begun::Healing);
            }
            (Some(Begun::Healing), ["healed"]) => self.begun = None,
            _ => return None,
        }
        Some(())
    }

    /// The shard is, or will be, retrained without all that is gone.
    fn clean(&mut self, shard: usize) {
        self.bases[shard] = self.gone[shard].clone();
        self.updates[shard] = None;
    }

    /// What is known of a shard.
    pub(super) fn status(&self, shard: usize) -> Status {
        if let Some(Begun::Request { moves, .. }) = &self.begun
            && moves.iter().any(|(k, _)| *k == shard)
        {
            return Status::Unknown;
        }
        match (&self.updates[shard], &self.begun) {
            (_, Some(Begun::Training | Begun::Healing)) => Status::Unknown,
            (None, _) => Status::Exact,
            (Some(update), _) => update.bound.map_or(Status::Unknown, Status::Within),
        }
    }
}

/// Inserts into a sorted list; `None` when it is there already.
fn insert(sorted: &mut Vec<usize>, row: usize) -> Option<()> {
    match sorted.binary_search(&row) {
        Ok(_) => None,
        Err(at) => {
            sorted.insert(at, row);
            Some(())
        }
    }
}

fn list<T>(text: &str, item: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    if text == "-" { Some(Vec::new()) } else { text.split(',').map(item).collect() }
}

/// A list as a field.
pub(super) fn listed(items: impl Iterator<Item = String>) -> String {
    let text = items.collect::<Vec<_>>().join(",");
    if text.is_empty() { "-".into() } else { text }
}

fn move_named(name: &str) -> Option<Move> {
    [Move::Retrain, Move::Update, Move::Amend, Move::Leave].into_iter().find(|m| m.name() == name)
}

fn bits(x: f64) -> String {
    format!("{:016x}", x.to_bits())
}

fn float(text: &str) -> Option<f64> {
    let sixteen = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    sixteen.then(|| u64::from_str_radix(text, 16).ok().map(f64::from_bits))?
}

/// `shard:bound:parameters`.
pub(super) fn update_text(update: &Update) -> String {
    let bound = update.bound.map_or_else(|| "-".into(), bits);
    let theta: String = update.theta.iter().map(|v| bits(*v)).collect();
    format!("{}:{bound}:{theta}", update.shard)
}

fn update_of(text: &str) -> Option<Update> {
    let mut parts = text.split(':');
    let (shard, bound, theta) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !theta.is_ascii() || theta.len() % 16 != 0 {
        return None;
    }
    let bound = if bound == "-" { None } else { Some(float(bound)?) };
    let numbers: Option<Vec<f64>> =
        (0..theta.len() / 16).map(|i| float(&theta[16 * i..16 * i + 16])).collect();
    Some(Update { shard: shard.parse().ok()?, theta: DVector::from_vec(numbers?), bound })
}
