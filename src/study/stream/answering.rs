//! One strategy on one stream of requests, looked at after each of several numbers of requests.
//!
//! Vectors are carried when their rows are first asked for; what carrying all of them beforehand takes follows from the
//! plans of the runs and is counted, not done. The answers are the same.
//!
//! Seconds are processor time of the thread, so that what else runs on the machine adds little; kernels that share their
//! work with other threads are to be held to one (`--jobs 1`). A request is answered [`TRIALS`] times from the same state and
//! the least counts. Seconds of carrying are measured once.

use super::run::Rows;
use super::score::{accuracy, all, attack};
use super::{Arrival, Record, Strategy};
use crate::data::RowSet;
use crate::error::Result;
use crate::hybrid::calibrate::{StreamRates, TRIALS};
use crate::hybrid::stream::{Move, ShardPlan, Spent, Stream, StreamPlan};
use crate::sisa::blueprint::Blueprint;
use crate::sisa::checkpoint::Memory;
use crate::sisa::ensemble::{Ensemble, Status};
use crate::sisa::partition::Partition;
use crate::unlearn::slice_fine_tune::Amendment;
use cpu_time::ThreadTime;

/// A system before the first request.
pub(super) struct System {
    stream: Stream<Memory>,
    training: u64,
    preparation: u64,
    rates: Option<StreamRates>,
}

impl System {
    /// Trains it, and measures what its work takes in seconds where times are wanted.
    pub(super) fn new(blueprint: Blueprint, timings: bool, amendment: Option<Amendment>) -> Result<System> {
        let (stream, work) = Stream::train(blueprint, Memory::default())?;
        let rates = timings.then(|| StreamRates::measure(&stream, amendment)).transpose()?;
        let preparation = stream.preparation().iter().sum();
        Ok(System { stream, training: work.visits, preparation, rates })
    }

    pub(super) fn partition(&self) -> &Partition {
        self.stream.ensemble().blueprint().partition()
    }
}

/// One strategy on one stream of requests.
pub(super) struct Answering<'a> {
    pub(super) rows: &'a Rows,
    pub(super) shards: usize,
    pub(super) slices: usize,
    pub(super) arrival: Arrival,
    pub(super) seed: u64,
    pub(super) strategy: Strategy,
}

/// What was spent so far.
struct Tally {
    answered: usize,
    spent: Spent,
    regret: u64,
    retrained: usize,
    updated: usize,
    amended: usize,
    certified: Option<f64>,
    carried: u64,
    preparation: u64,
    seconds: f64,
    predicted_seconds: f64,
    carried_seconds: f64,
}

impl Answering<'_> {
    /// The records after each of the numbers of requests, which increase.
    pub(super) fn records(
        &self,
        system: &System,
        requests: &[RowSet],
        counts: &[usize],
    ) -> Result<Vec<Record>> {
        let mut stream = system.stream.clone();
        let mut tally = Tally {
            answered: 0,
            spent: Spent::default(),
            regret: 0,
            retrained: 0,
            updated: 0,
            amended: 0,
            certified: Some(0.0),
            carried: 0,
            preparation: if self.strategy.updates() { system.preparation } else { 0 },
            seconds: 0.0,
            predicted_seconds: 0.0,
            carried_seconds: 0.0,
        };
        let mut records = Vec::new();
        for &count in counts {
            for request in &requests[tally.answered..count.min(requests.len())] {
                self.answer(&mut stream, system.rates.as_ref(), request, &mut tally)?;
            }
            records.push(self.record(system, &stream, &tally, count)?);
        }
        Ok(records)
    }

    /// A record of the same strategy and requests in this cell.
    pub(super) fn named(&self, record: &Record) -> Record {
        let (shards, slices, arrival) = (self.shards, self.slices, self.arrival.to_string());
        Record { shards, slices, arrival, ..record.clone() }
    }

    fn answer(
        &self,
        stream: &mut Stream<Memory>,
        rates: Option<&StreamRates>,
        request: &RowSet,
        tally: &mut Tally,
    ) -> Result<()> {
        if self.strategy.updates() {
            let begun = ThreadTime::now();
            tally.carried += stream.prepare_rows(request)?;
            tally.carried_seconds += begun.elapsed().as_secs_f64();
        }
        let mut least = f64::INFINITY;
        let mut timed = |stream: &mut Stream<Memory>| -> Result<(StreamPlan, Spent)> {
            let begun = ThreadTime::now();
            let done = stream.answer(request, self.strategy.terms())?;
            least = least.min(begun.elapsed().as_secs_f64());
            Ok(done)
        };
        if rates.is_some() {
            for _ in 1..TRIALS {
                timed(&mut stream.clone())?;
            }
        }
        let (plan, spent) = timed(stream)?;
        tally.answered += 1;
        tally.seconds += least;
        tally.predicted_seconds += rates.map_or(0.0, |r| r.seconds(&plan));
        tally.spent.visits += spent.visits;
        tally.spent.predicted += spent.predicted;
        tally.spent.coordinates += spent.coordinates;
        tally.regret += plan.shards.iter().map(|s| self.regret(s)).sum::<u64>();
        tally.updated += plan.shards.iter().filter(|s| s.choice == Move::Update).count();
        tally.amended += plan.shards.iter().filter(|s| s.choice == Move::Amend).count();
        let left = stream.preparation();
        for shard in plan.shards.iter().filter(|s| s.choice == Move::Retrain) {
            tally.retrained += 1;
            if self.strategy.updates() {
                // In the background: vectors along the new run.
                tally.preparation += left[shard.shard];
            }
        }
        for status in stream.ensemble().status() {
            tally.certified = match (tally.certified, status) {
                (Some(worst), Status::Within(bound)) => Some(worst.max(*bound)),
                (worst, Status::Exact) => worst,
                _ => None,
            };
        }
        Ok(())
    }

    fn record(
        &self,
        system: &System,
        stream: &Stream<Memory>,
        tally: &Tally,
        count: usize,
    ) -> Result<Record> {
        let ensemble = stream.ensemble();
        let deleted = ensemble.deleted().expect("something was forgotten");
        let (scratch, _) =
            Ensemble::train(ensemble.blueprint().clone(), Some(deleted), &mut Memory::default())?;
        let apart = ensemble.models().iter().zip(scratch.models()).map(|(a, b)| (a - b).norm());
        let (train, test) = (&self.rows.train, &self.rows.test);
        let attack = attack(ensemble, train, test, deleted)?;
        let timed = |seconds: &dyn Fn(&StreamRates) -> f64| system.rates.as_ref().map(seconds);
        Ok(Record {
            seed: self.seed,
            shards: self.shards,
            slices: self.slices,
            arrival: self.arrival.to_string(),
            requests: count,
            answered: tally.answered,
            forgotten: deleted.len(),
            strategy: self.strategy.to_string(),
            visits: tally.spent.visits,
            predicted: tally.spent.predicted,
            coordinates: tally.spent.coordinates,
            training: system.training,
            carried: tally.carried,
            preparation: tally.preparation,
            retrained: tally.retrained,
            updated: tally.updated,
            amended: tally.amended,
            regret: tally.regret,
            certified: tally.certified,
            distance: apart.fold(0.0, f64::max),
            exact: ensemble.models() == scratch.models(),
            test_accuracy: accuracy(ensemble, test, &all(test))?,
            retained_accuracy: accuracy(ensemble, train, &deleted.complement())?,
            forgotten_accuracy: accuracy(ensemble, train, deleted.rows())?,
            membership: attack.score,
            attack: attack.balanced_accuracy,
            seconds: timed(&|_| tally.seconds),
            predicted_seconds: timed(&|_| tally.predicted_seconds),
            carried_seconds: timed(&|_| tally.carried_seconds),
            preparation_seconds: timed(&|r| r.carry * tally.preparation as f64),
        })
    }

    /// Visits that were not necessary: a shard was retrained although its update was within the promise.
    fn regret(&self, shard: &ShardPlan) -> u64 {
        let bound = shard.update.as_ref().ok().and_then(|u| u.bound);
        let allowed = match (self.strategy.promise(), bound) {
            (Some(promise), Some(bound)) => promise.distance() > 0.0 && promise.holds(bound),
            _ => false,
        };
        if allowed && shard.choice == Move::Retrain { shard.redo.visits } else { 0 }
    }
}
