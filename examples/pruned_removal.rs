//! Prune a digit classifier, forget thirty rows, and see what each method leaves, beside doing nothing.
//!
//! ```text
//! cargo run --release --example pruned_removal
//! ```

use unlearn::data::{Amount, Forget, Split, Standardizer, builtin};
use unlearn::error::Result;
use unlearn::loss::Loss;
use unlearn::mask::Mask;
use unlearn::model::Model;
use unlearn::objective::Problem;
use unlearn::train::newton::minimise;
use unlearn::unlearn::report::compare;
use unlearn::unlearn::{Guarantee, Request, Trained};

fn main() -> Result<()> {
    let digits = builtin::load("digits")?;
    let split = Split::draw(&digits, Amount::Fraction(0.2), &Forget::Random(Amount::Count(30)), 7)?;
    let digits = Standardizer::fit(&digits, split.train())?.apply(&digits)?;
    let (train, forget) = split.training_data(&digits)?;

    let model = Model::linear(train.cols(), 10, Loss::Softmax, true)?;
    let dense = Problem::new(train.into(), model, 0.01)?;
    let start = nalgebra::DVector::zeros(dense.active());
    let fit = minimise(&dense.full(), start)?;
    // One-shot magnitude pruning to a tenth of the 650 parameters, then training what is left.
    let mask = Mask::magnitude(fit.theta.as_slice(), 65)?;
    let pruned = dense.with_mask(mask)?;
    let fit = minimise(&pruned.full(), nalgebra::DVector::zeros(pruned.active()))?;

    let request = Request { problem: &pruned, forget: &forget, trained: Trained::Minimiser(&fit) };
    println!(
        "{} of {} parameters kept, {} rows forgotten",
        pruned.active(),
        pruned.model().parameters(),
        forget.len()
    );
    for row in compare(&request, &["influence", "newton"], 7)? {
        let promise = match row.guarantee {
            Guarantee::Exact { .. } => "exact".into(),
            Guarantee::Within { distance, theorem } => format!("within {distance:.2e} by {theorem}"),
            Guarantee::None { why } => why,
        };
        println!("{:18} at most {:.2e} from retraining; promised: {promise}", row.method, row.distance.hi());
    }
    Ok(())
}
