//! Streams of requests: promises kept, work predicted, the choice cheaper than either pure strategy.

use proptest::prelude::*;
use unlearn::data::{Dataset, builtin};
use unlearn::sisa::blueprint::Settings;
use unlearn::sisa::schedule::Epochs;
use unlearn::study::scale::Scale;
use unlearn::study::stream::page::page;
use unlearn::study::stream::table::Table;
use unlearn::study::stream::{Arrival, Config, Record, Strategy, Study};
use unlearn::train::optimiser::Optimiser;
use unlearn::train::plan::Schedule;

fn config(data: &Dataset, tolerances: &[f64], seed: u64) -> Config {
    Config {
        data: data.name.clone(),
        test: 0.3,
        scale: Scale::Standardize,
        model: "linear:softmax".into(),
        bias: true,
        ridge: 0.05,
        training: Settings {
            epochs: Epochs::Floor { unsliced: 3 },
            batch: 8,
            rate: Schedule::Constant { rate: 0.05 },
            optimiser: Optimiser::Sgd { momentum: 0.0 },
            weight_decay: None,
            seed: 0,
        },
        shards: vec![3],
        slices: vec![3],
        arrivals: vec![Arrival::Bursts],
        requests: vec![8],
        strategies: Strategy::all(tolerances, 0.05).unwrap(),
        seed,
        seeds: 2,
        timings: false,
    }
}

fn of<'a>(records: &'a [Record], strategy: &str) -> Vec<&'a Record> {
    records.iter().filter(|r| r.strategy == strategy).collect()
}

/// Whatever is drawn: work is predicted to the visit, no promise is broken, exact strategies end exactly.
pub(crate) fn check(records: &[Record], strategies: &[Strategy]) {
    for record in records {
        assert_eq!(record.predicted, record.visits, "{record:?}");
        assert_eq!(record.regret, 0, "{record:?}");
        let strategy = strategies.iter().find(|s| s.to_string() == record.strategy).unwrap();
        if let Some(promise) = strategy.promise() {
            assert!(promise.holds(record.distance), "{record:?}");
            if promise.distance().is_finite() {
                assert!(promise.holds(record.certified.unwrap()), "{record:?}");
            }
            assert!(promise.distance() > 0.0 || record.exact, "{record:?}");
        }
        if let Some(bound) = record.certified {
            assert!(record.distance <= bound, "{record:?}");
        }
    }
}

#[test]
fn mixed_requests_are_served_more_cheaply_by_choosing() {
    let data = builtin::load("wine").unwrap();
    let config = config(&data, &[0.02], 3);
    let study = Study::new(config, data).unwrap();
    let records = study.run(1, &|| ()).unwrap();
    check(&records, &study.config.strategies);
    let visits = |s: &str| of(&records, s).iter().map(|r| r.visits).sum::<u64>();
    let hybrid = visits("hybrid:0.02");
    assert!(hybrid > 0 && hybrid < visits("sisa") && hybrid < visits("update:0.02"), "{records:#?}");
    assert!(visits("sisa") < visits("full") && visits("update") == 0);
    // Updating without end is not within the tolerance that was asked of the others: that is what it saves.
    assert!(of(&records, "update").iter().any(|r| r.certified.is_none_or(|c| c > 0.02)));
    // The same bytes on two threads; a page that shows the table.
    let again = study.run(2, &|| ()).unwrap();
    assert_eq!(
        records.iter().map(Record::line).collect::<String>(),
        again.iter().map(Record::line).collect::<String>()
    );
    let table = Table::new(&study.config, &records);
    let page = page(&study.config, &table).html();
    assert!(page.contains("<svg") && page.contains("hybrid:0.02") && page.contains("reconstruction"));
    assert_eq!(table.blocks[0].rows.len(), 6);
    assert!(table.to_string().contains("in 12 of 12 runs"), "{table}");
    let read: Vec<Record> = records.iter().map(|r| serde_json::from_str(&r.line()).unwrap()).collect();
    assert_eq!(read, records);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn promises_are_kept_on_any_stream(
        seed in 0u64..1000,
        shards in 1usize..5,
        slices in 1usize..4,
        requests in 1usize..10,
        pattern in 0usize..4,
        exponent in -4.0f64..0.0,
        batch in 1usize..20,
        rate in 0.005f64..0.1,
        ridge in 0.005f64..0.5,
        threshold in 0.0f64..1.0,
    ) {
        let data = builtin::load("iris").unwrap();
        let mut config = config(&data, &[10f64.powf(exponent)], seed);
        config.shards = vec![shards];
        config.slices = vec![slices];
        config.requests = vec![requests];
        config.arrivals = vec![unlearn::study::stream::arrival::PATTERNS[pattern].0];
        config.ridge = ridge;
        config.training.batch = batch;
        config.training.rate = Schedule::Constant { rate };
        config.strategies.pop();
        config.strategies.push(Strategy::Threshold(threshold));
        config.seeds = 1;
        let study = Study::new(config, data).unwrap();
        check(&study.run(1, &|| ()).unwrap(), &study.config.strategies);
    }
}

#[test]
fn streams_that_cannot_be_are_refused() {
    let data = builtin::load("iris").unwrap();
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = config(&data, &[0.1], 1);
        change(&mut config);
        Study::new(config, data.clone()).unwrap_err().to_string()
    };
    assert!(refused(&|c| c.requests = vec![0]).contains("at least one request"));
    assert!(refused(&|c| c.shards = vec![0]).contains("shard"));
    assert!(refused(&|c| c.slices = vec![1000]).contains("slice"));
    assert!(refused(&|c| c.seeds = 0).contains("--seeds 0"));
    assert!(refused(&|c| c.ridge = 0.0).contains("--ridge > 0"));
    assert!(refused(&|c| c.model = "mlp:4-4-3:tanh:softmax".into()).contains("linear"));
    assert!(refused(&|c| c.model = "linear:squared".into()).contains("no classes"));
    assert!(refused(&|c| c.arrivals.clear()).contains("arrivals"));
    for tolerances in [&[0.0][..], &[f64::INFINITY], &[-1.0], &[f64::NAN], &[]] {
        assert!(Strategy::all(tolerances, 0.1).is_err(), "{tolerances:?}");
    }
    assert!(Strategy::all(&[0.1], 1.5).is_err());
}
