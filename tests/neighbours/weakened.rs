//! The checkers of the claims are handed wrong formulas, through the campaign that checks the right ones, and must refute
//! them.

use nalgebra::DVector;
use unlearn::claim::{ascent, datamodel, klom, legonet, matching, muso};
use unlearn::data::RowSet;
use unlearn::neighbour::legonet::Donors;
use unlearn::unlearn::muso::Labels;

#[test]
fn adapters_that_were_not_trained_again() {
    refuted!("legonet-given-keys":
        |c| legonet::given_keys(c, |_, _, _| Ok(())),
        |c| legonet::given_keys(c, |net, data, u| {
            // One row is left in.
            if u.len() > 1 {
                let part = RowSet::new(u.total(), u.rows()[1..].to_vec())?;
                net.forget(data, &part, Donors::Keep)?;
            }
            Ok(())
        }),
    );
    refuted!("legonet-rekeyed":
        |c| legonet::donors_deleted(c, Donors::Keep),
    );
}

#[test]
fn labels_that_are_not_the_retrained_outputs() {
    refuted!("muso-interpolation":
        |c| muso::interpolated(c, |m| m.trained()),
        |c| muso::interpolated(c, |m| m.unlearned(&(m.labels(0.0)? * (1.0 + 1e-7)), &m.trained()?)),
        |c| muso::interpolated(c, |m| m.unlearned(&m.labels(1e-6)?, &m.trained()?)),
        |c| muso::interpolated(c, |m| m.unlearned(&m.labels(0.0)?, &(m.trained()? * 2.0))),
    );
    refuted!("muso-downdate":
        |c| muso::downdated(c, 1.0),
        |c| muso::downdated(c, -1.0 - 1e-8),
    );
    refuted!("muso-ridge-labels":
        |c| muso::ridge_with(c, 1.0 + 1e-8),
        |c| muso::ridge_with(c, 0.0),
    );
    refuted!("muso-soft-labels":
        // Half of the weight of a relabelled row, or of every row.
        |c| muso::refitted(c, Labels::Soft, |new, _| new.weights.iter().map(|w| w * 0.5).collect()),
        |c| muso::refitted(c, Labels::Soft, |new, p| vec![1.0 / p.rows() as f64; new.weights.len()]),
    );
}

#[test]
fn datamodels_without_their_denominators() {
    refuted!("datamodel-oracle":
        |c| datamodel::oracle(c, |dm| dm.direct(1.0)),
        |c| datamodel::oracle(c, |dm| dm.oracle() * (1.0 + 1e-8)),
    );
    refuted!("datamodel-direct-single":
        |c| datamodel::oracle(c, |dm| dm.direct(0.9)),
        |c| datamodel::oracle(c, |dm| dm.direct(-1.0)),
    );
    refuted!("datamodel-direct-error":
        |c| datamodel::subtracts(c, |dm| dm.oracle()),
        |c| datamodel::subtracts(c, |dm| dm.direct(1.0 + 1e-7)),
    );
}

#[test]
fn wrong_iterates() {
    refuted!("matching-iterates":
        // One step more, twice the rate, the other update's matrix, the start.
        |c| matching::iterates(c, |l, u, s, eta, t| l.closed_form(u, s, eta, t + 1)),
        |c| matching::iterates(c, |l, u, s, eta, t| l.closed_form(u, s, 2.0 * eta, t)),
        |c| matching::iterates(c, |l, _, s, eta, t| {
            l.closed_form(unlearn::neighbour::linear_theory::Update::RetainedMatching, s, eta, t)
        }),
        |c| matching::iterates(c, |_, _, s: &DVector<f64>, _, _| Some(s.clone())),
    );
}

#[test]
fn a_larger_floor_and_other_ranges() {
    // A floor a thousand times smaller exceeds the cap.
    refuted!("klom-cap": |c| klom::capped(c, 1e-8));
    // Nine tenths of the least α, and no ascent at all.
    refuted!("ascent-order": |c| ascent::ordered(c, |_, least| 0.9 * least), |c| ascent::ordered(c, |_, _| 0.0));
}
