//! What happens on average, over fixed seeds: plain subtraction after many epochs, the additive form against doing
//! nothing, the order of the propagated error.

use super::{case, drawn, rows, shuffled};
use unlearn::bound::ledger::Reference;
use unlearn::claim::Case;
use unlearn::loss::Loss;
use unlearn::train::units::Units;
use unlearn::unlearn::addback::addback;
use unlearn::unlearn::precomputed::Precomputed;
use unlearn::unlearn::recollection::recollect;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn drawn_case(loss: Loss, n: usize, count: usize, epochs: usize, seed: u64) -> Case {
    let problem = drawn(loss, n, 7, 0.05, seed);
    let plan = shuffled(&problem, 8, epochs, 0.05, seed + 1000);
    case(problem, plan, rows(n, 0..count))
}

/// Errors of plain subtraction, of doing nothing and of propagation.
fn errors(case: &Case) -> [f64; 3] {
    let (coupling, run, rerun) = (case.coupling().unwrap(), case.run().unwrap(), case.rerun().unwrap());
    let carried = recollect(&coupling, run);
    let propagated = run.last() + &carried[carried.len() - 1];
    let plain = addback(&coupling, run, Reference::Recorded);
    [plain, run.last().clone(), propagated].map(|theta| (theta - rerun.last()).norm())
}

/// H8. The share of seeds where subtraction is worse than nothing grows from none to all; propagation stays exact.
#[test]
fn plain_subtraction_gets_worse_than_nothing() {
    const SEEDS: u64 = 40;
    for (loss, table) in [
        (Loss::Squared, [(1, 0.0, 0.1), (10, 0.9, 1.0), (30, 0.9, 1.0)]),
        (Loss::Logistic, [(1, 0.0, 0.1), (10, 0.0, 1.0), (30, 0.5, 1.0)]),
    ] {
        let mut shares = Vec::new();
        for (epochs, least, most) in table {
            let found: Vec<[f64; 3]> =
                (0..SEEDS).map(|seed| errors(&drawn_case(loss, 48, 4, epochs, seed))).collect();
            let worse = found.iter().filter(|e| e[0] > e[1]).count() as f64 / SEEDS as f64;
            let medians = [0, 1, 2].map(|j| median(found.iter().map(|e| e[j]).collect()));
            println!("{loss:?}, {epochs} epochs: worse {worse:.2}, plain/nothing/propagated {medians:?}");
            assert!((least..=most).contains(&worse), "{loss:?}, {epochs} epochs: {worse}");
            assert!(medians[2] < 0.05 * medians[1], "{medians:?}");
            shares.push(worse);
        }
        assert!(shares.is_sorted());
    }
}

/// H6, second half: better than nothing, and less so the more is forgotten.
#[test]
fn the_additive_form_misses_more_the_more_is_forgotten() {
    const SEEDS: u64 = 10;
    let counts = [1, 2, 4, 8, 16, 32];
    let mut ratios = vec![Vec::new(); counts.len()];
    for seed in 0..SEEDS {
        let whole = drawn_case(Loss::Squared, 192, 32, 10, seed);
        let units = Units::rows(192);
        let stored = Precomputed::new(&whole.problem, &whole.plan, whole.run().unwrap(), &units).unwrap();
        for (count, ratios) in counts.iter().zip(&mut ratios) {
            let case = drawn_case(Loss::Squared, 192, *count, 10, seed);
            let rerun = case.rerun().unwrap().last();
            let off = |theta: &nalgebra::DVector<f64>| (theta - rerun).norm();
            let error = off(&stored.remove(&case.forget).unwrap().theta);
            let nothing = off(case.run().unwrap().last());
            assert!(error < nothing, "seed {seed}, {count} rows: {error:e} against {nothing:e}");
            ratios.push(error / nothing);
        }
    }
    let medians: Vec<f64> = ratios.into_iter().map(median).collect();
    println!("additive over nothing, {counts:?} rows: {medians:.3?}");
    assert!(medians.is_sorted() && medians[0] < 0.05, "{medians:?}");
}

/// H7: second order in what separates the runs.
#[test]
fn the_propagated_error_is_of_second_order() {
    let points: Vec<(f64, f64)> = [1, 2, 4, 8, 16]
        .map(|count| {
            let found: Vec<[f64; 3]> =
                (0..10).map(|seed| errors(&drawn_case(Loss::Logistic, 192, count, 3, seed))).collect();
            let mean = |j: usize| found.iter().map(|e| e[j].ln()).sum::<f64>() / found.len() as f64;
            (mean(1), mean(2))
        })
        .to_vec();
    let n = points.len() as f64;
    let (x, y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>()
        / points.iter().map(|p| (p.0 - x).powi(2)).sum::<f64>();
    println!(
        "slope {slope:.2}, constant {:.3}",
        points.iter().map(|p| (p.1 - 2.0 * p.0).exp()).sum::<f64>() / n
    );
    assert!(slope >= 1.8, "{slope}");
}
