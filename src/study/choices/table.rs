//! Choices and losses, and forecasts beside what came.

use super::run::Config;
use super::{Record, record::Ran};
use crate::report::number::short;
use crate::report::paragraph::paragraph;
use crate::report::table::{Align, Table as Text};
use crate::study::stream::gain::Range;
use std::fmt;

/// The table of a study of choices.
pub struct Table<'a> {
    config: &'a Config,
    records: &'a [Record],
}

impl<'a> Table<'a> {
    /// Of the records of a study.
    pub fn new(config: &'a Config, records: &'a [Record]) -> Table<'a> {
        Table { config, records }
    }

    /// The largest loss.
    pub fn loss(&self) -> f64 {
        self.records.iter().map(Record::loss).fold(0.0, f64::max)
    }

    /// The branches of every forget set once.
    fn branches(&self) -> impl Iterator<Item = &Ran> {
        let first = self.config.tolerances.first().map_or(0.0, |t| t.distance());
        self.records.iter().filter(move |r| r.tolerance == first).flat_map(|r| &r.branches)
    }

    fn of(&self, forgotten: usize, tolerance: f64) -> impl Iterator<Item = &Record> + Clone {
        self.records.iter().filter(move |r| r.forgotten == forgotten && r.tolerance == tolerance)
    }

    /// What the study says in sentences.
    pub fn findings(&self) -> Vec<String> {
        let n = self.records.len();
        let kept = |holds: &dyn Fn(&Record) -> bool| self.records.iter().filter(|r| holds(r)).count();
        let mut all = vec![format!(
            "{} of {n} answers are within their tolerance by their own certificate, or retrained. The choice was the branch \
             with the fewest counted row visits among those within the tolerance, or stopped there, in {}; the answers took at \
             most {} % more row visits than that branch. {} choices rested on a bound known beforehand, the others on a \
             forecast; {} were followed by a dearer branch.",
            kept(&|r| r.within),
            kept(&|r| r.loss() == 0.0),
            short(100.0 * self.loss()),
            kept(&|r| r.certain),
            kept(&|r| r.visits > r.predicted && r.answer != r.chosen),
        )];
        let named = |name: &'static str| self.branches().filter(move |b| b.branch.starts_with(name));
        let cheap = self.branches().filter(|b| b.branch != "retrain");
        let (exact, total) =
            cheap.fold((0, 0), |(e, t), b| (e + usize::from(b.predicted == b.visits), t + 1));
        let ratio = |b: &Ran| b.visits as f64 / b.predicted as f64;
        let retrain = Range::of(named("retrain").map(ratio).collect());
        let told = retrain.map_or(String::new(), |r| {
            format!(" Of retraining, whose steps are a forecast, the counted visits are {r} times the predicted ones.")
        });
        all.push(format!(
            "Of the branches other than retraining, all run to their ends, the visits counted are those predicted in {exact} of \
             {total}.{told}"
        ));
        let forecast = |b: &Ran| Some(b.certified? / b.forecast.filter(|f| *f > 0.0)?);
        if let Some(range) = Range::of(named("newton").filter_map(forecast).collect()) {
            all.push(format!("The certificates of Newton's steps are {range} times the forecasts."));
        }
        let timed = |r: &Record| Some(r.seconds? / r.predicted_seconds.filter(|p| *p > 0.0)?);
        if let Some(range) = Range::of(self.records.iter().filter_map(timed).collect()) {
            let best = |r: &Record| {
                let within =
                    |b: &&Ran| b.branch == "retrain" || b.certified.is_some_and(|c| c <= r.tolerance);
                let seconds = r.branches.iter().filter(within).filter_map(|b| b.seconds);
                let least = seconds.fold(f64::INFINITY, f64::min);
                let mine = r.branches.iter().find(|b| b.branch == r.answer)?.seconds?;
                Some(mine <= 1.1 * least)
            };
            let good = self.records.iter().filter(|r| best(r) == Some(true)).count();
            all.push(format!(
                "Seconds of the answers over those predicted for the chosen branch: {range}. The branch that answered was, to \
                 10 %, the fastest of those within the tolerance in {good} of {n}: visits of different kinds differ in seconds."
            ));
        }
        all
    }

    /// What the columns are.
    pub fn legend() -> &'static str {
        "chosen: branches chosen, over the seeds; best: those with the fewest counted row visits among those within the \
         tolerance; visits: of the answers, the mean, with what was tried in vain; of retrain: as a share of those of \
         retraining (%); loss: the largest of the answers' visits over those of the best branch, minus 1 (%); certified: the \
         largest certificate of an answer (that of a retrained model is about the minimiser over the reals)."
    }

    /// One row per number of rows forgotten and tolerance.
    fn text(&self) -> Text {
        let mut text = Text::new(&[
            ("forget", Align::Right),
            ("tolerance", Align::Right),
            ("chosen", Align::Left),
            ("best", Align::Left),
            ("visits", Align::Right),
            ("of retrain", Align::Right),
            ("loss", Align::Right),
            ("certified", Align::Right),
        ]);
        for &forgotten in &self.config.forget {
            for tolerance in &self.config.tolerances {
                let here = || self.of(forgotten, tolerance.distance());
                let count = here().count().max(1) as f64;
                let visits = here().map(|r| r.visits as f64).sum::<f64>() / count;
                let retrain =
                    |r: &Record| r.branches.iter().find(|b| b.branch == "retrain").map(|b| b.visits);
                let scratch = here().filter_map(retrain).map(|v| v as f64).sum::<f64>() / count;
                text.row([
                    forgotten.to_string(),
                    tolerance.to_string(),
                    names(here().map(|r| r.chosen.as_str())),
                    names(here().map(|r| r.best.as_str())),
                    short(visits),
                    format!("{:.2}", 100.0 * visits / scratch),
                    short(100.0 * here().map(Record::loss).fold(0.0, f64::max)),
                    short(here().filter_map(|r| r.certified).fold(0.0, f64::max)),
                ]);
            }
        }
        text
    }
}

/// Distinct names with their counts where there is more than one.
fn names<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    for name in all {
        match counted.iter_mut().find(|(n, _)| *n == name) {
            Some((_, c)) => *c += 1,
            None => counted.push((name, 1)),
        }
    }
    let one = counted.len() == 1;
    let text =
        |(name, count): &(&str, usize)| if one { (*name).to_owned() } else { format!("{count} {name}") };
    counted.iter().map(text).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.text(), paragraph("", Table::legend()))?;
        for finding in self.findings() {
            write!(f, "\n{}", paragraph("", &finding))?;
        }
        Ok(())
    }
}
