//! `STREAMS.md` is the committed records of `unlearn streams`, printed.

use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use unlearn::report::paragraph::paragraph;
use unlearn::sisa::blueprint::Settings;
use unlearn::sisa::schedule::Epochs;
use unlearn::study::scale::Scale;
use unlearn::study::stream::cost::{Measure, Vectors};
use unlearn::study::stream::gain::About;
use unlearn::study::stream::page::frontier;
use unlearn::study::stream::table::Table;
use unlearn::study::stream::{Arrival, Config, Record, Strategy};
use unlearn::train::optimiser::Optimiser;
use unlearn::train::plan::Schedule;

const HEAD: &str = "# Retrain or update: what streams of requests cost

Written by `unlearn streams --timings --json FILE` and `unlearn choices --timings --json FILE`; printed from
`tests/study/streams/` and kept true by `tests/study.rs` (`UPDATE_STREAMS=1 cargo test --test study`). Do not edit by hand.

The hybrid is a reconstruction from the abstract of Li et al. 2024 (arXiv 2412.14505). Its gains here are while answering;
carrying vectors for every row beforehand costs many trainings, in visits and in seconds, which the columns \"all %\" show:
with it counted, the hybrid is dearer than SISA. [Shards that are minimisers](#shards-that-are-minimisers) need none, and
there everything is counted. What is certified is the distance of every shard's parameters from those of
exact retraining.

Row visits are the same on every machine. Seconds are processor time of one thread on one core of an AMD EPYC (Zen 5) that
others used at the same time, recorded once: every request is answered three times from the same state and the least
counts, carrying vectors is measured once, and carrying all of them is estimated from what a visit of carrying took in one
shard. A visit of training these small linear models takes a fraction of a microsecond, and evaluating the bound of an
update is a loop over the steps of the run too: so the gains in seconds are far below those in visits.
";

/// The configuration that a committed file was written with; its header says whether that is so.
struct Written {
    name: &'static str,
    command: &'static str,
    shown: (Arrival, usize, usize, usize),
    config: fn() -> Config,
}

const WRITTEN: [Written; 2] = [
    Written {
        name: "wdbc",
        command: "unlearn streams --requests 8,20,40 --amended 0.001 --seeds 2 --timings --jobs 1",
        shown: (Arrival::Bursts, 40, 20, 5),
        config: || Config {
            data: "wdbc".into(),
            test: 0.3,
            scale: Scale::Standardize,
            model: "linear:logistic".into(),
            bias: true,
            ridge: 0.01,
            training: training(6),
            shards: vec![5, 20],
            slices: vec![1, 5],
            arrivals: vec![Arrival::Uniform, Arrival::Clustered, Arrival::Recent, Arrival::Bursts],
            requests: vec![8, 20, 40],
            strategies: Strategy::all(&[0.001, 0.01, 0.1], 0.05, &[1e-3]).unwrap(),
            seed: 1,
            seeds: 2,
            timings: true,
        },
    },
    Written {
        name: "digits",
        command: "unlearn streams --data digits --shards 10,40 --slices 1,4 --requests 8,16,32 --arrivals uniform,bursts \\\n  \
                  --tolerance 0.01,0.1,1 --epochs 3 --amended 0.001 --seeds 2 --timings --jobs 1",
        shown: (Arrival::Bursts, 32, 40, 4),
        config: || Config {
            data: "digits".into(),
            test: 0.3,
            scale: Scale::Largest,
            model: "linear:softmax".into(),
            bias: true,
            ridge: 0.01,
            training: training(3),
            shards: vec![10, 40],
            slices: vec![1, 4],
            arrivals: vec![Arrival::Uniform, Arrival::Bursts],
            requests: vec![8, 16, 32],
            strategies: Strategy::all(&[0.01, 0.1, 1.0], 0.05, &[1e-3]).unwrap(),
            seed: 1,
            seeds: 2,
            timings: true,
        },
    },
];

pub(crate) fn training(epochs: usize) -> Settings {
    Settings {
        epochs: Epochs::Floor { unsliced: epochs },
        batch: 16,
        rate: Schedule::Constant { rate: 0.05 },
        optimiser: Optimiser::Sgd { momentum: 0.0 },
        weight_decay: None,
        seed: 1,
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The records of a committed file, whose header is as expected.
pub(crate) fn committed<R: DeserializeOwned>(name: &str, header: &Value) -> Vec<R> {
    let file = root().join(format!("tests/study/streams/{name}.jsonl.gz"));
    let mut text = String::new();
    GzDecoder::new(File::open(file).expect("records")).read_to_string(&mut text).expect("gzip");
    let (first, lines) = text.split_once('\n').expect("a header line");
    assert_eq!(first, header.to_string(), "{name}");
    lines.lines().map(|l| serde_json::from_str(l).expect("a record")).collect()
}

fn read(written: &Written) -> (Config, Vec<Record>) {
    let config = (written.config)();
    let records: Vec<Record> = committed(written.name, &config.header());
    let wanted = config.cells().len() * config.strategies.len() * config.seeds as usize;
    assert_eq!(records.len(), wanted, "{}", written.name);
    (config, records)
}

#[test]
fn the_document_is_the_records() {
    let mut text = String::from(HEAD);
    let update = std::env::var_os("UPDATE_STREAMS").is_some();
    for written in &WRITTEN {
        let (config, records) = read(written);
        super::streams::check(&records, &config.strategies);
        let table = Table::new(&config, &records);
        // As the head of the page says.
        for of in config.strategies.iter().filter(|s| s.hybrid().is_some()) {
            for measure in [Measure::Visits, Measure::Seconds] {
                let about = About { measure, vectors: Vectors::All, arrival: None };
                assert!(
                    table.gain(Strategy::Sisa, *of, about).expect("both ran").high < 1.0,
                    "{of}: {measure:?}"
                );
            }
        }
        write!(text, "\n## {}\n\n```sh\n{}\n```\n", written.name, written.command).unwrap();
        table.findings().iter().for_each(|finding| write!(text, "\n{}", paragraph("", finding)).unwrap());
        write!(text, "\n```\n{}```\n\n{}", table.gains(), paragraph("", Table::gains_legend())).unwrap();
        let block = table
            .blocks
            .iter()
            .find(|b| (b.cell.arrival, b.cell.requests, b.cell.shards, b.cell.slices) == written.shown)
            .expect("the cell shown");
        write!(text, "\n{block}; down and to the left is better, exact ones are drawn at 1e-8 and costs of 0 at 0.01 %:\n\n").unwrap();
        for (measure, name) in [(Measure::Visits, "visits"), (Measure::Seconds, "seconds")] {
            let picture = format!("tests/study/streams/{}-{name}.svg", written.name);
            let svg = frontier(block, measure).svg();
            if update {
                fs::write(root().join(&picture), &svg).expect("the picture can be written");
            }
            let committed = fs::read_to_string(root().join(&picture)).expect("a picture");
            assert!(committed == svg, "{picture}: UPDATE_STREAMS=1");
            writeln!(text, "![{name} against certified distance]({picture})").unwrap();
        }
        write!(text, "\n```\n{}```\n\n{}", table.of(block), paragraph("", &table.legend())).unwrap();
    }
    text += &super::minimised::section();
    text += &super::choices::sections();
    let file = root().join("STREAMS.md");
    if update {
        fs::write(&file, &text).expect("STREAMS.md can be written");
    }
    let committed = fs::read_to_string(&file).expect("STREAMS.md");
    assert!(
        committed == text,
        "STREAMS.md is not what the records say: UPDATE_STREAMS=1 cargo test --test study"
    );
}

/// What the records say of visits, distances and choices comes out again; times are of the day they were measured.
#[test]
fn a_cell_of_the_records_comes_out_again() {
    let (config, records) = read(&WRITTEN[0]);
    let mut small = config.clone();
    (small.shards, small.slices, small.arrivals) = (vec![20], vec![5], vec![Arrival::Bursts]);
    (small.requests, small.seeds, small.timings) = (vec![8], 1, false);
    let data = unlearn::data::builtin::load("wdbc").unwrap();
    let again = unlearn::study::stream::Study::new(small, data).unwrap().run(1, &|| ()).unwrap();
    assert_eq!(again.len(), config.strategies.len());
    for record in again {
        let same = |r: &&Record| {
            (r.seed, r.shards, r.slices, r.requests)
                == (record.seed, record.shards, record.slices, record.requests)
                && (&r.arrival, &r.strategy) == (&record.arrival, &record.strategy)
        };
        let known = records.iter().find(same).expect("the record of the same run");
        let numbers = |r: &Record| {
            let answers = [r.answered, r.forgotten, r.retrained, r.updated, r.amended];
            (
                answers,
                [r.visits, r.predicted, r.coordinates, r.training, r.carried, r.preparation, r.regret],
                r.exact,
            )
        };
        assert_eq!(numbers(&record), numbers(known), "{}", record.strategy);
        // Matrix products round differently on other machines.
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * (a.abs() + b.abs()) + 1e-12;
        assert!(near(record.distance, known.distance), "{record:?} {known:?}");
        assert!(
            near(record.certified.unwrap_or(-1.0), known.certified.unwrap_or(-1.0)),
            "{record:?} {known:?}"
        );
    }
}
