//! What of a masked network matters to its second derivatives: units that reach an output, and what they read.
//!
//! Everything is numbered by *slots*: the live inputs of a layer in increasing order, then 1 for the biases. A hidden
//! unit that no live unit reads moves nothing, so it is dropped with its parameters; the slots of the units left are
//! those of the inputs of the next layer.

use crate::model::network::Network;

/// One live unit: its parameters in increasing order, each with the slot of what it multiplies.
pub(super) struct Wired {
    pub(super) slots: Vec<usize>,
    pub(super) parameters: Vec<usize>,
    /// How many of them are weights; a bias follows.
    pub(super) weights: usize,
}

/// One layer.
pub(super) struct Stage {
    /// Live inputs, by their number in the layer below.
    pub(super) inputs: Vec<usize>,
    /// Live inputs, and 1 if any bias is kept.
    pub(super) width: usize,
    pub(super) units: Vec<Wired>,
    /// The slots of units with parameters, increasing.
    pub(super) trained: Vec<usize>,
    /// Place of a unit in `trained`; meaningless for others.
    pub(super) place: Vec<usize>,
    /// Per live input: the slots of the units that read it, with the parameter.
    pub(super) readers: Vec<Vec<(usize, usize)>>,
}

impl Wired {
    /// Slots and positions of the weights.
    pub(super) fn weights(&self) -> impl Iterator<Item = (usize, usize)> + Clone + '_ {
        self.slots.iter().copied().zip(self.parameters.iter().copied()).take(self.weights)
    }

    /// Number of parameters.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Position of the bias.
    pub(super) fn bias(&self) -> Option<usize> {
        self.parameters.get(self.weights).copied()
    }
}

/// All layers, the first one first.
pub(super) fn wire(net: &Network) -> Vec<Stage> {
    let mut live: Vec<usize> = (0..net.outputs()).collect();
    let mut stages: Vec<Stage> = Vec::with_capacity(net.layers.len());
    for layer in net.layers.iter().rev() {
        let stage = stage(layer.fan_in, live.iter().map(|&j| &layer.units[j]).collect());
        live.clone_from(&stage.inputs);
        stages.push(stage);
    }
    stages.reverse();
    stages
}

fn stage(fan_in: usize, units: Vec<&crate::model::network::Unit>) -> Stage {
    const DEAD: usize = usize::MAX;
    let mut slot = vec![DEAD; fan_in];
    for input in units.iter().flat_map(|unit| &unit.inputs) {
        slot[*input as usize] = 0;
    }
    let inputs: Vec<usize> = (0..fan_in).filter(|&i| slot[i] != DEAD).collect();
    for (s, &i) in inputs.iter().enumerate() {
        slot[i] = s;
    }
    let mut readers = vec![Vec::new(); inputs.len()];
    let mut wired = Vec::with_capacity(units.len());
    for (u, unit) in units.iter().enumerate() {
        let mut slots: Vec<usize> = unit.inputs.iter().map(|&i| slot[i as usize]).collect();
        let mut parameters: Vec<usize> = (unit.start..unit.start + slots.len()).collect();
        for (&s, &p) in slots.iter().zip(&parameters) {
            readers[s].push((u, p));
        }
        let weights = slots.len();
        if let Some(b) = unit.bias {
            slots.push(inputs.len());
            parameters.push(b);
        }
        wired.push(Wired { slots, parameters, weights });
    }
    let trained: Vec<usize> = (0..wired.len()).filter(|&u| wired[u].len() > 0).collect();
    let mut place = vec![0; wired.len()];
    for (p, &u) in trained.iter().enumerate() {
        place[u] = p;
    }
    let width = inputs.len() + usize::from(units.iter().any(|u| u.bias.is_some()));
    Stage { inputs, width, units: wired, trained, place, readers }
}
