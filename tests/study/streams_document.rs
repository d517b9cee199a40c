//! `STREAMS.md` is the committed records of `unlearn streams`, printed.

use flate2::read::GzDecoder;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use unlearn::report::paragraph::paragraph;
use unlearn::sisa::blueprint::Settings;
use unlearn::sisa::schedule::Epochs;
use unlearn::study::scale::Scale;
use unlearn::study::stream::cost::Measure;
use unlearn::study::stream::page::frontier;
use unlearn::study::stream::table::Table;
use unlearn::study::stream::{Arrival, Config, Record, Strategy};
use unlearn::train::optimiser::Optimiser;
use unlearn::train::plan::Schedule;

const HEAD: &str = "# Retrain or update: what streams of requests cost

Written by `unlearn streams --json FILE`; printed from `tests/study/streams/` and kept true by `tests/study.rs`
(`UPDATE_STREAMS=1 cargo test --test study`). Do not edit by hand.

The hybrid is a reconstruction from the abstract of Li et al. 2024 (arXiv 2412.14505). Its gains here are in row visits while
answering; carrying vectors for every row beforehand costs many trainings, which the column \"prepared %\" shows. What is
certified is the distance of every shard's parameters from those of exact retraining.
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
        command: "unlearn streams --seeds 2",
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
            requests: vec![8, 40],
            strategies: Strategy::all(&[0.001, 0.01, 0.1], 0.05).unwrap(),
            seed: 1,
            seeds: 2,
            timings: false,
        },
    },
    Written {
        name: "digits",
        command: "unlearn streams --data digits --shards 10,40 --slices 1,4 --requests 16 --arrivals uniform,bursts \\\n  \
                  --tolerance 0.01,0.1,1 --epochs 3 --seeds 1",
        shown: (Arrival::Bursts, 16, 40, 4),
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
            requests: vec![16],
            strategies: Strategy::all(&[0.01, 0.1, 1.0], 0.05).unwrap(),
            seed: 1,
            seeds: 1,
            timings: false,
        },
    },
];

fn training(epochs: usize) -> Settings {
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

fn read(written: &Written) -> (Config, Vec<Record>) {
    let file = root().join(format!("tests/study/streams/{}.jsonl.gz", written.name));
    let mut text = String::new();
    GzDecoder::new(File::open(file).expect("records")).read_to_string(&mut text).expect("gzip");
    let (header, lines) = text.split_once('\n').expect("a header line");
    let config = (written.config)();
    assert_eq!(header, config.header().to_string(), "{}", written.name);
    let records: Vec<Record> = lines.lines().map(|l| serde_json::from_str(l).expect("a record")).collect();
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
        write!(text, "\n## {}\n\n```sh\n{}\n```\n", written.name, written.command).unwrap();
        table.findings().iter().for_each(|finding| write!(text, "\n{}", paragraph("", finding)).unwrap());
        write!(text, "\n```\n{}```\n\n{}", table.gains(), paragraph("", Table::gains_legend())).unwrap();
        let block = table
            .blocks
            .iter()
            .find(|b| (b.cell.arrival, b.cell.requests, b.cell.shards, b.cell.slices) == written.shown)
            .expect("the cell shown");
        write!(text, "\n{block}; down and to the left is better:\n\n").unwrap();
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
