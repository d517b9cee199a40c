//! Streams of requests: promises kept, work predicted, the choice cheaper than either pure strategy.

use proptest::prelude::*;
use unlearn::data::{Dataset, RowSet, builtin};
use unlearn::hybrid::calibrate::StreamRates;
use unlearn::hybrid::{Policy, Tolerance};
use unlearn::sisa::blueprint::Settings;
use unlearn::sisa::partition::Partition;
use unlearn::sisa::schedule::Epochs;
use unlearn::study::scale::Scale;
use unlearn::study::stream::page::page;
use unlearn::study::stream::table::Table;
use unlearn::study::stream::{Arrival, Config, Record, Strategy, Study};
use unlearn::train::optimiser::Optimiser;
use unlearn::train::plan::Schedule;
use unlearn::unlearn::slice_fine_tune::Amendment;

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
        strategies: Strategy::all(tolerances, 0.05, &[1e-4]).unwrap(),
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
        // How many steps fine-tuning takes is a forecast.
        assert!(record.amended > 0 || record.predicted == record.visits, "{record:?}");
        assert!(record.carried <= record.preparation, "{record:?}");
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
    assert_eq!(table.blocks[0].rows.len(), 7);
    assert!(
        of(&records, "amended:1e-4").iter().all(|r| r.amended > 0 && r.visits > 0 && r.certified.is_some())
    );
    assert!(table.to_string().contains("in 12 of 12 runs without amended"), "{table}");
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
        config.strategies.truncate(config.strategies.len() - 2);
        config.strategies.push(Strategy::Threshold(threshold));
        config.strategies.push(Strategy::Amended { threshold, residual: 10f64.powf(exponent) });
        config.seeds = 1;
        let study = Study::new(config, data).unwrap();
        check(&study.run(1, &|| ()).unwrap(), &study.config.strategies);
    }
}

/// Who asks has nothing to do with where rows are, although one seed draws both: twenty rows are in more than seven of
/// twenty shards, whatever the seed, and the same rows ask whatever the shards.
#[test]
fn requests_do_not_follow_the_partition() {
    for seed in 0..20 {
        let partition = |shards| Partition::uniform(400, shards, 2, seed).unwrap();
        let requests = |p: &Partition| Arrival::Bursts.requests(p, 4, seed).unwrap();
        let (few, many) = (partition(5), partition(20));
        let burst = requests(&many)[3].clone();
        let mut hit: Vec<usize> = burst.rows().iter().map(|&i| many.place(i).unwrap().0).collect();
        hit.sort_unstable();
        hit.dedup();
        // 20(1 − 0.95^20) = 12.8 on average, with a deviation of 1.4.
        assert!(burst.len() == 20 && hit.len() > 7, "seed {seed}: {hit:?}");
        assert_eq!(requests(&few), requests(&many));
    }
}

/// Fewer requests are the first ones of more; times change nothing else.
#[test]
fn one_stream_is_looked_at_on_the_way() {
    let data = builtin::load("wine").unwrap();
    let run = |requests: &[usize], timings: bool| {
        let mut config = config(&data, &[0.02], 5);
        (config.requests, config.timings, config.seeds) = (requests.to_vec(), timings, 1);
        Study::new(config, data.clone()).unwrap().run(1, &|| ()).unwrap()
    };
    let both = run(&[9, 4, 9], false);
    let (four, nine) = (run(&[4], false), run(&[9], false));
    assert_eq!(both, [four, nine].concat());
    let timed = run(&[4, 9], true);
    for r in &timed {
        let times = [r.seconds, r.predicted_seconds, r.carried_seconds, r.preparation_seconds];
        assert!(times.iter().all(|t| t.is_some_and(|t| t >= 0.0)), "{r:?}");
        assert!(r.seconds > Some(0.0) && r.predicted_seconds > Some(0.0), "{r:?}");
        assert_eq!(r.preparation > 0, r.preparation_seconds > Some(0.0), "{r:?}");
    }
    let bare = |r: &Record| Record {
        seconds: None,
        predicted_seconds: None,
        carried_seconds: None,
        preparation_seconds: None,
        ..r.clone()
    };
    assert_eq!(timed.iter().map(bare).collect::<Vec<_>>(), both);
    let mut config = config(&data, &[0.02], 5);
    (config.requests, config.timings, config.seeds) = (vec![4, 9], true, 1);
    let table = Table::new(&config, &timed);
    assert!(table.gains().contains("seconds") && table.to_string().contains("ms each"));
    assert!(table.findings().iter().any(|f| f.starts_with("Seconds of answering")), "{table}");
}

/// Seconds follow the plan: so much per shard, visit and vector.
#[test]
fn seconds_are_predicted_from_the_plan() {
    let data = builtin::load("wine").unwrap();
    let study = Study::new(config(&data, &[0.02], 5), data).unwrap();
    let rates = StreamRates { retrain: 100.0, visit: 1.0, update: 7.0, vector: 0.5, tune: 2.0, carry: 0.0 };
    let mut stream = study.stream(5, 3, 3).unwrap();
    let total = stream.ensemble().blueprint().problem().rows();
    let request = RowSet::new(total, vec![0, 1, 2, 3]).unwrap();
    let exact = stream.plan(&request, Policy::Certified(Tolerance::EXACT)).unwrap();
    let visits = exact.visits() as f64;
    assert_eq!(rates.seconds(&exact), 100.0 * exact.shards.len() as f64 + visits);
    let any = stream.plan(&request, Policy::Certified(Tolerance::ANY)).unwrap();
    assert_eq!(rates.seconds(&any), 7.0 * any.shards.len() as f64 + 0.5 * 4.0);
    let amended = Policy::Threshold { share: 0.0 }.amended(Amendment::new(1e-4).unwrap());
    let plan = stream.plan(&request, amended).unwrap();
    assert_eq!(rates.seconds(&plan), rates.seconds(&any) + 2.0 * plan.predicted() as f64);
    let measured = StreamRates::measure(&stream, Some(Amendment::new(1e-4).unwrap())).unwrap();
    assert!(measured.visit > 0.0 && measured.carry > 0.0 && measured.vector > 0.0, "{measured:?}");
    stream.answer(&request, Policy::Certified(Tolerance::ANY)).unwrap();
    assert!(
        StreamRates::measure(&stream, None).unwrap_err().to_string().contains("before the first request")
    );
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
        assert!(Strategy::all(tolerances, 0.1, &[]).is_err(), "{tolerances:?}");
    }
    assert!(Strategy::all(&[0.1], 1.5, &[]).is_err());
    assert!([0.0, -1.0, f64::NAN, f64::INFINITY].iter().all(|r| Strategy::all(&[0.1], 0.5, &[*r]).is_err()));
}
