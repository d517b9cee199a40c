//! Amended shards: at their residual, within their bounds, at the cost that was counted, exact once healed.

use super::ensemble::{Drawn, drawn_for_amendment, rows};
use super::stream::check;
use nalgebra::DVector;
use proptest::collection::vec;
use proptest::prelude::*;
use unlearn::data::RowSet;
use unlearn::hybrid::stream::{Amending, Move, StreamPlan};
use unlearn::hybrid::{Policy, Stream, Tolerance};
use unlearn::sisa::blueprint::Blueprint;
use unlearn::sisa::checkpoint::Memory;
use unlearn::sisa::ensemble::Status;
use unlearn::train::coupling::Normalisation;
use unlearn::train::newton::minimise;
use unlearn::train::plan::{Plan, Step};
use unlearn::train::sgd;
use unlearn::unlearn::slice_fine_tune::{Amendment, Method, Scope, Start};

fn amendments() -> impl Strategy<Value = Amendment> {
    let scope = prop_oneof![Just(Scope::Affected), Just(Scope::Hit), Just(Scope::All)];
    let method = prop_oneof![Just(Method::Newton), Just(Method::Descent)];
    let start = prop_oneof![Just(Start::Carried), Just(Start::Subtracted), Just(Start::Nothing)];
    (-9.0..0.0f64, scope, method, start).prop_map(|(e, scope, method, start)| Amendment {
        residual: 10f64.powf(e),
        scope,
        method,
        start,
    })
}

/// The rows of the slices that an amendment is about, deleted ones too.
fn slices(blueprint: &Blueprint, k: usize, since: &[usize], scope: Scope) -> Vec<usize> {
    let all = &blueprint.plan(k).slices;
    let hit: Vec<bool> = all.iter().map(|s| s.iter().any(|i| since.contains(i))).collect();
    scope.slices(&hit).into_iter().flat_map(|s| all[s].clone()).collect()
}

/// How far the shard's own step of length 1 on one batch of the rows goes: the gradient that fine-tuning is about.
fn pull(blueprint: &Blueprint, rows: &[usize], gone: &RowSet, k: usize, theta: &DVector<f64>) -> f64 {
    let own = &blueprint.plan(k).plan;
    let plan = Plan::new(vec![Step { rows: rows.to_vec(), eta: 1.0 }], 0.0, own.weight_decay).unwrap();
    let run = sgd::retrain(blueprint.problem(), &plan, theta.clone(), gone, Normalisation::Fixed).unwrap();
    (run.last() - theta).norm()
}

/// The minimiser of the objective that this gradient belongs to.
fn minimiser(blueprint: &Blueprint, rows: &[usize], gone: &RowSet, k: usize) -> DVector<f64> {
    let problem = blueprint.problem().clone().with_ridge(blueprint.plan(k).plan.weight_decay).unwrap();
    let weight =
        |i: usize| if rows.contains(&i) && !gone.contains(i) { 1.0 / rows.len() as f64 } else { 0.0 };
    let objective = problem.weighted((0..problem.rows()).map(weight).collect()).unwrap();
    minimise(&objective, DVector::zeros(problem.active())).unwrap().theta
}

/// What is said of an amended shard is true of it.
fn check_amended(
    stream: &Stream<Memory>,
    k: usize,
    since: &[usize],
    amendment: Amendment,
    a: &Amending,
) -> Result<(), TestCaseError> {
    let (ensemble, blueprint) = (stream.ensemble(), stream.ensemble().blueprint());
    let (theta, gone) = (&ensemble.models()[k], ensemble.deleted().unwrap());
    let chosen = slices(blueprint, k, since, amendment.scope);
    let whole: Vec<usize> = blueprint.plan(k).slices.concat();
    // Adding the step to θ and taking it off again rounds by a unit in the last place of θ.
    let rounding = 1e-14 * (1.0 + theta.norm());
    let found = pull(blueprint, &chosen, gone, k, theta);
    prop_assert!(a.residual <= amendment.residual && found <= a.residual + rounding, "{found:e} of {a:?}");
    for (rows, bound) in [(&chosen, a.to_minimiser), (&whole, a.to_shard_minimiser)] {
        let distance = (theta - minimiser(blueprint, rows, gone, k)).norm();
        // Newton's minimiser is exact to rounding over the curvature, 0.1 at least.
        prop_assert!(distance <= bound + 1e-11 * (1.0 + theta.norm()), "{distance:e}, {bound:e} promised");
    }
    let kept = chosen.iter().filter(|i| !gone.contains(**i)).count() as u64;
    let drops: usize = match amendment.start {
        Start::Subtracted => {
            let visited = |s: &Step| s.rows.iter().filter(|i| since.contains(i)).count();
            blueprint.plan(k).plan.steps.iter().map(visited).sum()
        }
        _ => 0,
    };
    let least = match amendment.method {
        Method::Newton => 2 * a.steps as u64 + 1,
        Method::Descent => a.steps as u64 + 1,
    };
    let tuning = a.visits - drops as u64;
    prop_assert_eq!(tuning % kept, 0);
    prop_assert!(tuning >= least * kept, "{a:?} on {kept} rows");
    match amendment.method {
        // One gradient after each step, and one before.
        Method::Descent => {
            prop_assert_eq!(tuning, least * kept);
            prop_assert!(a.predicted >= a.visits, "{a:?}");
        }
        Method::Newton if blueprint.problem().model().loss() == unlearn::loss::Loss::Squared => {
            // Rounding may take a second step to what is near it.
            prop_assert!(a.steps <= 1 || amendment.residual < 1e-7, "{a:?}");
            prop_assert!(a.steps > 1 || a.predicted == a.visits, "{a:?}");
        }
        Method::Newton => {}
    }
    Ok(())
}

/// The rows of each shard that were deleted since it was exact.
struct Since(Vec<Vec<usize>>);

impl Since {
    fn take(&mut self, stream: &Stream<Memory>, plan: &StreamPlan) {
        let partition = stream.ensemble().blueprint().partition();
        for &i in &plan.rows {
            self.0[partition.place(i).unwrap().0].push(i);
        }
        plan.shards.iter().filter(|s| s.choice == Move::Retrain).for_each(|s| self.0[s.shard].clear());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is asked for on whatever terms: at the residual, within the bound and the tolerance, counted right.
    #[test]
    fn amended_shards_are_what_is_said_of_them(
        drawn in drawn_for_amendment(),
        asked in vec((amendments(), prop_oneof![(-7.0..0.0f64).prop_map(Some), Just(None)], 0.0..0.6f64), 3),
    ) {
        let Drawn { blueprint, requests } = drawn;
        let (mut stream, _) = Stream::train(blueprint, Memory::default()).unwrap();
        let mut since = Since(vec![Vec::new(); stream.ensemble().models().len()]);
        let mut largest = Some(0.0_f64);
        for (request, (amendment, tolerance, share)) in requests.iter().zip(asked) {
            let policy = match tolerance {
                Some(e) => Policy::Certified(Tolerance::new(10f64.powf(e)).unwrap()),
                None => Policy::Threshold { share },
            };
            largest = largest.zip(tolerance).map(|(l, e)| l.max(10f64.powf(e)));
            let (plan, spent) = stream.answer(&rows(request), policy.amended(amendment)).unwrap();
            prop_assert_eq!(spent.visits, plan.visits());
            prop_assert_eq!(spent.predicted, plan.predicted());
            since.take(&stream, &plan);
            for s in plan.shards.iter().filter(|s| s.choice == Move::Amend) {
                let a = s.amend.as_ref().unwrap();
                check_amended(&stream, s.shard, &since.0[s.shard], amendment, a)?;
                if let Policy::Certified(t) = policy {
                    prop_assert!(t.holds(a.bound.unwrap()) && a.visits < s.redo.visits, "{s:?}");
                }
                let status = stream.ensemble().status()[s.shard];
                prop_assert_eq!(status, a.bound.map_or(Status::Unknown, Status::Within));
            }
            // What planning tries in vain never takes more than retraining.
            if tolerance.is_some() {
                prop_assert!(plan.in_vain() <= plan.workload.visits, "{plan:?}");
            }
            check(&stream, largest.map(|t| Tolerance::new(t).unwrap()).or(Some(Tolerance::ANY)))?;
        }
        let spent = stream.heal().unwrap();
        prop_assert_eq!(spent.visits, spent.predicted);
        check(&stream, Some(Tolerance::EXACT))?;
    }

    /// Calibrated: retrain when `c_s W ≤ c_d d·(vectors) + c_s·(rows visited by fine-tuning)`, and only then.
    #[test]
    fn calibrated_costs_count_fine_tuning(
        drawn in drawn_for_amendment(),
        amendment in amendments(),
        visit in (-3.0..1.0f64).prop_map(|e| 10f64.powf(e)),
    ) {
        let (mut free, _) = Stream::train(drawn.blueprint.clone(), Memory::default()).unwrap();
        let request = rows(&drawn.requests[0]);
        // Without a limit: what it takes.
        let all = free.plan(&request, Policy::Threshold { share: 0.0 }.amended(amendment)).unwrap();
        let (mut stream, _) = Stream::train(drawn.blueprint, Memory::default()).unwrap();
        let policy = Policy::Calibrated { visit, coordinate: 1.0 };
        let plan = stream.plan(&request, policy.amended(amendment)).unwrap();
        let made: Vec<_> = all.shards.iter().filter_map(|s| s.amend.as_ref().ok()).collect();
        if made.len() == all.shards.len() {
            let cost: f64 = made.iter().map(|a| a.coordinates as f64 + visit * a.visits as f64).sum();
            let retrain = visit * plan.workload.visits as f64;
            let expected = if retrain <= cost { Move::Retrain } else { Move::Amend };
            prop_assert!(plan.shards.iter().all(|s| s.choice == expected), "{plan:?}");
        }
    }
}

fn descent(epochs: usize, batch: usize, momentum: f64) -> Blueprint {
    use unlearn::data::{Dataset, Design};
    use unlearn::{loss::Loss, model::Model, objective::Problem};
    let x = Design::dense(24, 1, (0..24).map(|i| f64::from(i % 7) / 4.0 - 0.5).collect()).unwrap();
    let y = (0..24).map(|i| f64::from((i * i) % 3 == 1)).collect();
    let data = Dataset::new("24", x, y).unwrap();
    let problem = Problem::new(data.into(), Model::linear(1, 1, Loss::Logistic, true).unwrap(), 0.2).unwrap();
    let settings = unlearn::sisa::blueprint::Settings {
        epochs: unlearn::sisa::schedule::Epochs::Each(vec![2, epochs]),
        batch,
        rate: unlearn::train::plan::Schedule::Constant { rate: 1.0 },
        optimiser: unlearn::train::optimiser::Optimiser::Sgd { momentum },
        weight_decay: None,
        seed: 3,
    };
    Blueprint::uniform(problem, 2, 2, settings).unwrap()
}

/// After a long last stage of full batches the bound does not know how many rows were deleted: one or a third of a shard,
/// amended within what an update is far from.
#[test]
fn long_full_batch_runs_are_certified_whatever_is_deleted() {
    let (mut stream, _) = Stream::train(descent(200, 24, 0.0), Memory::default()).unwrap();
    let tolerance = Tolerance::new(1e-7).unwrap();
    let amendment: Amendment = "1e-9:all".parse().unwrap();
    let shard: Vec<usize> = stream.ensemble().blueprint().plan(0).slices.concat();
    for (first, last) in [(0, 1), (1, 4)] {
        let request = rows(&shard[first..last]);
        let alone = stream.plan(&request, Policy::Certified(tolerance)).unwrap();
        assert!(
            alone.shards[0].choice == Move::Retrain
                && alone.shards[0].update.as_ref().unwrap().bound.unwrap() > 1e-7
        );
        let (plan, spent) = stream.answer(&request, Policy::Certified(tolerance).amended(amendment)).unwrap();
        assert_eq!(plan.shards[0].choice, Move::Amend, "{plan:?}");
        let a = plan.shards[0].amend.as_ref().unwrap();
        assert!(a.because.contains("Amended") && 10 * spent.visits < plan.workload.visits, "{plan:?}");
        check(&stream, Some(tolerance)).unwrap();
    }
    // The literal reading leaves the first slice out when the second is hit: nothing near the tolerance.
    let (mut stream, _) = Stream::train(descent(200, 24, 0.0), Memory::default()).unwrap();
    let late = stream.ensemble().blueprint().plan(0).slices[1][0];
    let literal = Policy::Certified(tolerance).amended(Amendment::new(1e-9).unwrap());
    let plan = stream.plan(&rows(&[late]), literal).unwrap();
    let a = plan.shards[0].amend.as_ref().unwrap();
    assert!(
        plan.shards[0].choice == Move::Retrain && a.bound.unwrap() > 1e-3 && a.because.contains("left out")
    );
    assert_eq!(plan.in_vain(), a.visits);
}

/// With momentum only the way from an update is known, which never is below the update's bound.
#[test]
fn momentum_is_not_certified_by_the_end_of_the_run() {
    let (mut stream, _) = Stream::train(descent(200, 24, 0.3), Memory::default()).unwrap();
    let amendment: Amendment = "1e-9:all".parse().unwrap();
    let tolerance = Tolerance::new(1e-7).unwrap();
    let row = stream.ensemble().blueprint().plan(0).slices[0][0];
    let plan = stream.plan(&rows(&[row]), Policy::Certified(tolerance).amended(amendment)).unwrap();
    assert!(plan.shards[0].amend.as_ref().unwrap_err().why.contains("momentum"), "{plan:?}");
    let free = stream.plan(&rows(&[row]), Policy::Threshold { share: 0.0 }.amended(amendment)).unwrap();
    let (a, u) = (free.shards[0].amend.as_ref().unwrap(), free.shards[0].update.as_ref().unwrap());
    assert!(a.because.contains("way moved") && a.bound.unwrap() >= u.bound.unwrap());
}

/// Mini-batches end where no fine-tuning goes: foreseen, so that nothing is visited in vain.
#[test]
fn noise_is_foreseen() {
    let (mut stream, _) = Stream::train(descent(200, 4, 0.0), Memory::default()).unwrap();
    let terms = Policy::Certified(Tolerance::new(1e-4).unwrap()).amended("1e-9:all".parse().unwrap());
    let row = stream.ensemble().blueprint().plan(0).slices[0][0];
    let plan = stream.plan(&rows(&[row]), terms).unwrap();
    let why = &plan.shards[0].amend.as_ref().unwrap_err().why;
    assert!(why.contains("by forecast") && plan.in_vain() == 0, "{plan:?}");
}
