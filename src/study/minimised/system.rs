//! One strategy on one stream of requests, looked at after each of several numbers of requests.

use super::shard::{Shard, Work};
use super::{Record, Strategy};
use crate::data::RowSet;
use crate::error::Result;
use crate::hybrid::Branch;
use crate::objective::Problem;
use crate::sisa::aggregate::{Aggregate, Weights, combine, outputs};
use crate::sisa::partition::Partition;
use crate::study::stream::run::{Cell, Rows};
use cpu_time::ThreadTime;
use nalgebra::DVector;

/// An ensemble before the first request. A shard without rows left is no more.
pub(super) struct System {
    shards: Vec<Shard>,
    partition: Partition,
}

impl System {
    pub(super) fn train(all: &Problem, partition: Partition) -> Result<System> {
        let shard = |slices: &Vec<Vec<usize>>| {
            let mut rows = slices.concat();
            rows.sort_unstable();
            Shard::train(all, rows, DVector::zeros(all.active()))
        };
        let shards = partition.shards().iter().map(shard).collect::<Result<_>>()?;
        Ok(System { shards, partition })
    }

    pub(super) fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The records after each of the numbers of requests, which increase; the cell says what they are called.
    pub(super) fn records(
        &self,
        rows: &Rows,
        requests: &[RowSet],
        counts: &[usize],
        strategy: Strategy,
        (cell, seed, timings): (Cell, u64, bool),
    ) -> Result<Vec<Record>> {
        let mut run = Run {
            shards: self.shards.iter().map(|s| Some(s.trained())).collect(),
            deleted: Vec::new(),
            work: Work::default(),
            answers: [0; 4],
            certified: Some(0.0),
            seconds: 0.0,
        };
        let (mut records, mut answered) = (Vec::new(), 0);
        for &count in counts {
            for request in &requests[answered..count.min(requests.len())] {
                run.answer(&rows.train, &self.partition, request, strategy)?;
                answered += 1;
            }
            let mut record = run.record(rows, timings)?;
            (record.seed, record.shards, record.arrival) = (seed, cell.shards, cell.arrival.to_string());
            (record.requests, record.answered, record.strategy) = (count, answered, strategy.to_string());
            records.push(record);
        }
        Ok(records)
    }
}

/// An ensemble after some requests.
struct Run {
    shards: Vec<Option<Shard>>,
    deleted: Vec<usize>,
    work: Work,
    answers: [usize; 4],
    certified: Option<f64>,
    seconds: f64,
}

impl Run {
    fn answer(
        &mut self,
        train: &Problem,
        partition: &Partition,
        request: &RowSet,
        strategy: Strategy,
    ) -> Result<()> {
        let begun = ThreadTime::now();
        let place = |i: usize| partition.place(i).expect("a row of the partition").0;
        for (k, slot) in self.shards.iter_mut().enumerate() {
            let hit: Vec<usize> = request.rows().iter().copied().filter(|&i| place(i) == k).collect();
            if hit.is_empty() {
                continue;
            }
            let shard = slot.as_mut().expect("rows are asked for once, so this one is left");
            if shard.size() == hit.len() {
                // Nothing is left to learn from: exact, and without a visit.
                *slot = None;
                self.answers[3] += 1;
                continue;
            }
            let answered = shard.forget(train, &hit, strategy, &mut self.work)?;
            let kind = match answered.branch {
                Branch::Noop => 0,
                Branch::Influence => 1,
                Branch::Newton { .. } | Branch::RidgeDeletion => 2,
                Branch::Retrain => 3,
            };
            self.answers[kind] += 1;
            self.certified = self.certified.zip(answered.certified).map(|(a, b)| a.max(b));
        }
        self.seconds += begun.elapsed().as_secs_f64();
        self.deleted.extend(request.rows());
        Ok(())
    }

    fn record(&self, rows: &Rows, timings: bool) -> Result<Record> {
        let Work { branches, predicted, planning, certifying, preparation, preparation_seconds } = self.work;
        let (mut distance, mut reference) = (0.0_f64, 0.0_f64);
        for shard in self.shards.iter().flatten() {
            let (apart, certified) = shard.measured(&rows.train)?;
            (distance, reference) = (distance.max(apart), reference.max(certified));
        }
        let deleted = RowSet::new(rows.train.rows(), self.deleted.clone())?;
        let every: Vec<usize> = (0..rows.test.rows()).collect();
        Ok(Record {
            seed: 0,
            shards: 0,
            arrival: String::new(),
            requests: 0,
            answered: 0,
            forgotten: deleted.len(),
            strategy: String::new(),
            branches,
            predicted,
            planning,
            certifying,
            preparation,
            total: branches + planning + certifying + preparation,
            hits: self.answers.iter().sum(),
            answers: self.answers,
            certified: self.certified,
            distance,
            reference,
            test_accuracy: self.accuracy(&rows.test, &every)?,
            retained_accuracy: self.accuracy(&rows.train, &deleted.complement())?,
            forgotten_accuracy: self.accuracy(&rows.train, deleted.rows())?,
            seconds: timings.then_some(self.seconds),
            preparation_seconds: timings.then_some(preparation_seconds),
        })
    }

    /// The share of rows whose label the mean of the shards' probabilities predicts.
    fn accuracy(&self, problem: &Problem, rows: &[usize]) -> Result<f64> {
        let shards: Vec<&Shard> = self.shards.iter().flatten().collect();
        let weights = Weights::Uniform.of(shards.iter().map(|s| s.size()));
        let mut right = 0;
        for &i in rows {
            let x = problem.data().design().row(i);
            let each: Vec<Vec<f64>> = shards.iter().map(|s| outputs(problem, s.theta(), x)).collect();
            let seen = combine(problem.model().loss(), &each, &weights, Aggregate::Mean)?;
            right += usize::from(seen.label == Some(problem.target()[i] as usize));
        }
        Ok(right as f64 / rows.len() as f64)
    }
}
