//! L1–L3: exact given the keys, counted costs, and the gap that keys of deleted rows leave.

use super::{data, seeds, some_rows};
use proptest::prelude::*;
use unlearn::data::{Dataset, RowSet};
use unlearn::loss::Loss;
use unlearn::neighbour::encoder::Encoder;
use unlearn::neighbour::keys::Keys;
use unlearn::neighbour::legonet::{Donors, Forgotten, LegoNet, Settings};

#[derive(Debug, Clone)]
struct Drawn {
    data: Dataset,
    settings: Settings,
    encoder: Encoder,
    adapters: usize,
    forget: RowSet,
    noise: f64,
    seed: u64,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let sizes = (8usize..40, 1usize..5, 2usize..7, 1usize..4, 1usize..5);
    (sizes, 0..3usize, 0..3usize, -6..2i32, any::<bool>(), 0..3usize, seeds()).prop_map(
        |((rows, cols, adapters, nearest, forgotten), loss, encoder, ridge, bias, noise, seed)| {
            let loss = Loss::ALL[loss];
            let encoder = match encoder {
                0 => Encoder::identity(cols),
                1 => Encoder::projection(cols, 3, seed).unwrap(),
                _ => Encoder::fourier(cols, 4, 2.0, seed).unwrap(),
            };
            Drawn {
                data: data(rows, cols, loss, seed),
                settings: Settings { nearest: nearest.min(adapters), loss, ridge: 2.0_f64.powi(ridge), bias },
                encoder,
                adapters,
                forget: some_rows(rows, forgotten.min(rows - 7), seed ^ 1),
                noise: [0.0, 0.01, 0.5][noise],
                seed,
            }
        },
    )
}

impl Drawn {
    fn train(&self, keys: Keys, deleted: Option<&RowSet>) -> LegoNet {
        LegoNet::train(self.encoder.clone(), keys, &self.data, self.settings, deleted).unwrap()
    }

    fn own_keys(&self, deleted: Option<&RowSet>) -> Keys {
        Keys::from_training(&self.encoder, &self.data, self.adapters, self.noise, self.seed, deleted).unwrap()
    }

    fn external_keys(&self) -> Keys {
        let other = data(20, self.data.cols(), Loss::Squared, self.seed ^ 2);
        Keys::external(&self.encoder, &other, self.adapters, self.noise, self.seed).unwrap()
    }
}

fn bits(net: &LegoNet) -> Vec<Vec<u64>> {
    net.adapters().iter().map(|t| t.iter().map(|v| v.to_bits()).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// L1: the unlearned system is the one trained from scratch, also on data that never had the rows; the adapters that
    /// no forgotten row was near are untouched.
    #[test]
    fn given_the_keys_forgetting_is_exact(case in drawn()) {
        let keys = case.external_keys();
        let before = case.train(keys.clone(), None);
        let mut net = before.clone();
        let predicted = net.visits(&case.forget).unwrap();
        let Forgotten { adapters, rekeyed, visits } = net.forget(&case.data, &case.forget, Donors::Rekey).unwrap();
        prop_assert_eq!((rekeyed, visits), (0, predicted));
        prop_assert_eq!(&net, &case.train(keys.clone(), Some(&case.forget)));
        let smaller = case.data.select(&case.forget.complement()).unwrap();
        let scratch = LegoNet::train(case.encoder.clone(), keys, &smaller, case.settings, None);
        // Classes that only forgotten rows had make another model.
        if let Ok(scratch) = scratch && scratch.adapters()[0].len() == net.adapters()[0].len() {
            prop_assert_eq!(bits(&net), bits(&scratch));
        }
        let hit = |a: &usize| before.members()[*a].iter().any(|&i| case.forget.contains(i));
        prop_assert_eq!(&adapters, &(0..case.adapters).filter(hit).collect::<Vec<_>>());
        if case.forget.len() == 1 {
            prop_assert_eq!(adapters.len(), case.settings.nearest);
        }
        for a in (0..case.adapters).filter(|a| !adapters.contains(a)) {
            prop_assert_eq!(&bits(&net)[a], &bits(&before)[a]);
        }
        // A request in two parts is the request.
        let (first, rest) = case.forget.rows().split_at(case.forget.len() / 2);
        if !first.is_empty() {
            let mut twice = before.clone();
            for part in [first, rest] {
                let part = RowSet::new(case.data.rows(), part.to_vec()).unwrap();
                twice.forget(&case.data, &part, Donors::Rekey).unwrap();
            }
            prop_assert_eq!(twice, net);
        }
    }

    /// L2: every row is in k sets, and the mean cost over all single requests is the closed form, in integers.
    #[test]
    fn costs_are_counted(case in drawn()) {
        let net = case.train(case.external_keys(), None);
        let cost = net.expected_cost();
        let (n, k) = (case.data.rows(), case.settings.nearest);
        prop_assert_eq!(net.members().iter().map(Vec::len).sum::<usize>(), k * n);
        let mut total = 0;
        for i in 0..n {
            let mut other = net.clone();
            let one = RowSet::new(n, vec![i]).unwrap();
            total += other.forget(&case.data, &one, Donors::Keep).unwrap().visits as u128;
        }
        prop_assert_eq!(total + (k * n) as u128, cost.squares);
        // Σ|D_a|²/N ≥ k²N/n, without a division.
        prop_assert!(cost.squares * case.adapters as u128 >= (k * n).pow(2) as u128);
        prop_assert!(cost.exact() >= cost.least() - 1e-9 * cost.printed());
    }

    /// Deleted donors: with their keys drawn again the system is the one trained from scratch.
    #[test]
    fn drawing_keys_again_is_exact(case in drawn(), donor in 0usize..7) {
        let mut net = case.train(case.own_keys(None), None);
        let mut rows = case.forget.rows().to_vec();
        let donor = net.keys().donors().unwrap()[donor % case.adapters];
        if !rows.contains(&donor) {
            rows.push(donor);
        }
        let forget = RowSet::new(case.data.rows(), rows).unwrap();
        if forget.complement().len() >= case.adapters {
            let done = net.forget(&case.data, &forget, Donors::Rekey).unwrap();
            let scratch = case.train(case.own_keys(Some(&forget)), Some(&forget));
            prop_assert_eq!(&net, &scratch);
            prop_assert_eq!(done.visits, done.adapters.iter().map(|&a| net.members()[a].len()).sum::<usize>());
            prop_assert!(done.rekeyed >= 1 && done.adapters.contains(&(case.adapters - 1)));
        }
    }
}

/// L3: keeping the key of a deleted row is not retraining; deleting any other row is.
#[test]
fn a_kept_donor_key_is_noticed() {
    let all = data(60, 2, Loss::Squared, 3);
    let settings = Settings { nearest: 2, loss: Loss::Squared, ridge: 0.1, bias: true };
    let encoder = || Encoder::identity(2);
    let keys = |deleted: Option<&RowSet>| Keys::from_training(&encoder(), &all, 6, 0.0, 5, deleted).unwrap();
    let donors = keys(None).donors().unwrap().to_vec();
    let gap = |row: usize| {
        let forget = RowSet::new(60, vec![row]).unwrap();
        let mut net = LegoNet::train(encoder(), keys(None), &all, settings, None).unwrap();
        net.forget(&all, &forget, Donors::Keep).unwrap();
        let scratch = LegoNet::train(encoder(), keys(Some(&forget)), &all, settings, Some(&forget)).unwrap();
        let differ = |i: usize| {
            let mut x = [0.0; 2];
            all.design().row(i).write_dense(&mut x);
            (net.predict(&x).unwrap()[0] - scratch.predict(&x).unwrap()[0]).abs()
        };
        (0..60).map(differ).fold(0.0, f64::max)
    };
    for &donor in &donors {
        assert!(gap(donor) > 1e-3, "row {donor}: {:e}", gap(donor));
    }
    for row in (0..60).filter(|i| !donors.contains(i)).take(10) {
        assert_eq!(gap(row), 0.0, "row {row}");
    }
}

/// Equal distances: the earlier key, always.
#[test]
fn ties_are_broken_by_the_order_of_the_keys() {
    let line = Dataset::new(
        "line",
        unlearn::data::Design::dense(3, 1, vec![0.0, 0.0, 1.0]).unwrap(),
        vec![1.0, 2.0, 3.0],
    );
    let keys = Keys::given(vec![vec![1.0], vec![-1.0], vec![1.0], vec![-1.0]]).unwrap();
    let settings = Settings { nearest: 2, loss: Loss::Squared, ridge: 1.0, bias: false };
    let net = LegoNet::train(Encoder::identity(1), keys, &line.unwrap(), settings, None).unwrap();
    assert_eq!(net.members(), [vec![0, 1, 2], vec![0, 1], vec![2], vec![]]);
    // The adapter without rows answers with 0.
    assert_eq!(net.adapters()[3][0], 0.0);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let all = data(10, 2, Loss::Logistic, 1);
    let good = Settings { nearest: 1, loss: Loss::Logistic, ridge: 0.5, bias: true };
    let keys = || Keys::from_training(&Encoder::identity(2), &all, 3, 0.0, 1, None).unwrap();
    let train = |settings| LegoNet::train(Encoder::identity(2), keys(), &all, settings, None);
    for bad in [
        Settings { nearest: 0, ..good },
        Settings { nearest: 4, ..good },
        Settings { ridge: 0.0, ..good },
        Settings { ridge: f64::NAN, ..good },
    ] {
        assert!(train(bad).is_err(), "{bad:?}");
    }
    let mut net = train(good).unwrap();
    let before = net.clone();
    let all_rows = RowSet::new(10, (0..10).collect()).unwrap();
    let most = RowSet::new(10, (0..8).collect()).unwrap();
    let foreign = RowSet::new(11, vec![1]).unwrap();
    for request in [&all_rows, &most, &foreign] {
        assert!(net.forget(&all, request, Donors::Rekey).is_err());
        assert_eq!(net, before);
    }
    let one = RowSet::new(10, vec![4]).unwrap();
    net.forget(&all, &one, Donors::Rekey).unwrap();
    assert!(net.forget(&all, &one, Donors::Rekey).unwrap_err().to_string().contains("already"));
    assert!(Keys::given(vec![]).is_err() && Keys::given(vec![vec![1.0], vec![]]).is_err());
    assert!(Keys::from_training(&Encoder::identity(2), &all, 11, 0.0, 1, None).is_err());
    assert!(Keys::from_training(&Encoder::identity(2), &all, 3, -1.0, 1, None).is_err());
    assert!(Encoder::projection(1 << 20, 1 << 20, 0).is_err() && Encoder::fourier(2, 0, 1.0, 0).is_err());
    assert!(Encoder::fourier(2, 3, 0.0, 0).is_err() && net.predict(&[1.0]).is_err());
}

/// On real data: far better than chance, with probabilities.
#[test]
fn random_features_classify_digits() {
    let digits = unlearn::data::builtin::load("digits").unwrap();
    let every: Vec<usize> = (0..300).collect();
    let digits = digits.select(&every).unwrap();
    let encoder = Encoder::fourier(64, 40, 20.0, 1).unwrap();
    let other = data(40, 64, Loss::Squared, 4);
    let keys = Keys::external(&encoder, &other, 6, 0.0, 2).unwrap();
    let settings = Settings { nearest: 3, loss: Loss::Softmax, ridge: 0.01, bias: true };
    let net = LegoNet::train(encoder, keys, &digits, settings, None).unwrap();
    let mut x = vec![0.0; 64];
    let right = (0..300).filter(|&i| {
        digits.design().row(i).write_dense(&mut x);
        let p = net.predict(&x).unwrap();
        assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        Loss::Softmax.predict(&p) == digits.target()[i]
    });
    assert!(right.count() > 240);
}
