//! The file of a study: the same bytes however it was run, however often it was interrupted.

use super::{config, iris, run};
use std::path::Path;
use unlearn::study::journal::Journal;
use unlearn::study::run::Running;
use unlearn::study::{Config, Record, Scenario, Study};

fn study() -> Study {
    let data = iris();
    let config = config(&data, Scenario::Random { fraction: 0.1 }, &["fine-tune"]);
    Study::new(config, data).unwrap()
}

/// Begins or continues the study in a file; how many records were there.
fn go_on(study: &Study, path: &Path, jobs: usize) -> unlearn::error::Result<usize> {
    let (mut journal, records) = Journal::open(path, &study.config.header(), &study.grid())?;
    let running = Running { jobs, ..Running::default() };
    study.run(&running, records.len(), &mut |new| journal.append(&new), &|| {})?;
    Ok(records.len())
}

#[test]
fn interrupted_anywhere_it_ends_in_the_same_bytes() {
    let study = study();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.jsonl");
    assert_eq!(go_on(&study, &path, 1).unwrap(), 0);
    let whole = std::fs::read_to_string(&path).unwrap();
    assert_eq!(whole.lines().count(), 1 + 2 * 2 * 4);
    // Nothing is left to do.
    assert_eq!(go_on(&study, &path, 2).unwrap(), 16);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
    // Cut in the header, at its end, inside a line, just before and after its end.
    let ends: Vec<usize> = whole.match_indices('\n').map(|(i, _)| i + 1).collect();
    let cuts = [0, 5, ends[0] - 1, ends[0], ends[1] + 20, ends[3] - 1, ends[4], ends[7] + 1, ends[16] - 1];
    for (jobs, cut) in (1..4).cycle().zip(cuts) {
        std::fs::write(&path, &whole[..cut]).unwrap();
        go_on(&study, &path, jobs).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), whole, "cut at {cut}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let study = study();
    assert_eq!(run(&study, 1), run(&study, 3));
}

#[test]
fn another_study_is_not_continued() {
    let study = study();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.jsonl");
    let refused = |text: &str, study: &Study, part: &str| {
        std::fs::write(&path, text).unwrap();
        let error = go_on(study, &path, 1).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains("delete"), "{error}\nlacks {part}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "a refused file is left alone");
    };
    go_on(&study, &path, 2).unwrap();
    let whole = std::fs::read_to_string(&path).unwrap();
    let changed = |change: &dyn Fn(&mut Config)| {
        let mut other = study.clone();
        change(&mut other.config);
        other
    };
    refused(&whole, &changed(&|c| c.seeds = 3), "seeds is 2 there and 3 here");
    refused(&whole, &changed(&|c| c.ridge = 0.5), "ridge is 0.001 there and 0.5 here");
    refused(&whole, &changed(&|c| c.fingerprint.digest = "0".into()), "fingerprint");
    let slower = changed(&|c| {
        c.methods[3].settings.insert("epochs".into(), "3".into());
    });
    refused(&whole, &slower, "methods");
    let lines: Vec<&str> = whole.lines().collect();
    refused(&whole.replacen(lines[2], "{}", 1), &study, "line 3");
    refused(&whole.replacen(&format!("{}\n", lines[2]), "", 1), &study, "line 3: noop is not the next cell");
    refused(&format!("{whole}{}\n", lines[16]), &study, "line 18");
    refused("x,y\n1,2\n", &study, "not that of a study");
    refused("some notes", &study, "not that of a study");
    refused("{\"a\":1}\n", &study, "not that of a study");
}

#[test]
fn a_line_reads_back_as_it_was() {
    let study = study();
    for record in run(&study, 2) {
        let back: Record = serde_json::from_str(&record.line()).unwrap();
        assert_eq!(back.line(), record.line());
    }
    assert_eq!(Config::from_header(&study.config.header()), Some(study.config));
}
