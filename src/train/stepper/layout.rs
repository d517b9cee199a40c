//! Where the parameters of a masked network are while it is trained: every unit's weights in chunks of eight numbers
//! of their own, filled up with zeros, so that no loop over them has a remainder.
//!
//! Live units of a layer go in groups ([`groups`]) that have a place for the same inputs, so that all units of a group pass by a few
//! inputs held in registers: every input of the layer, or those that some unit of the group keeps, which are gathered
//! once for all of them. A mask holds the places of a unit that keeps fewer at 0. The fewer weights are kept, the more it
//! pays to leave places out; gathering costs several times as much as passing by, and sets the size of the groups.

use super::groups::{self, Group, List};
use crate::model::Network;
use crate::model::network::Unit as Wires;
use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Chunk, chunks, put, take};

/// One unit.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// First chunk of its weights.
    pub(super) start: usize,
    /// Places of the kept weights from there on, increasing; nothing where they are 0, 1, 2 ….
    places: Vec<u32>,
    /// Place of its parameters among the kept ones: the weights, and the inputs they are for.
    kept: (usize, Vec<u32>),
    /// Place of its bias among the kept parameters.
    bias: Option<usize>,
}

/// One layer.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// Chunks of an input.
    pub(super) inputs: usize,
    pub(super) units: Vec<Unit>,
    /// First chunk of the biases, one per unit; pruned ones are 0.
    pub(super) bias: usize,
    /// 1 where a bias is kept.
    pub(super) bias_mask: Vec<Chunk>,
    /// Units on which an output depends, in order.
    pub(super) groups: Vec<Group>,
    /// The same units.
    pub(super) live: Vec<u32>,
    /// The chunks of all others: never evaluated, their gradient is 0.
    pub(super) dead: std::ops::Range<usize>,
}

/// All layers.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) layers: Vec<Layer>,
    /// A bit per lane, a number per chunk.
    pub(super) masks: Vec<u8>,
    /// Chunks of what groups gather.
    pub(super) gathered: usize,
    /// Chunks of all parameters.
    pub(super) length: usize,
    /// Kept parameters.
    pub(super) active: usize,
}

impl Unit {
    fn new(start: usize, wires: &Wires, list: Option<&[u32]>) -> Unit {
        let inputs = &wires.inputs;
        let place = |i: &u32| match list {
            Some(list) => list.binary_search(i).expect("a group lists what its units keep") as u32,
            None => *i,
        };
        let places: Vec<u32> = inputs.iter().map(place).collect();
        // Increasing: they have no gap when the last one has none.
        let dense = places.last().is_none_or(|&last| last as usize + 1 == places.len());
        Unit {
            start,
            places: if dense { Vec::new() } else { places },
            kept: (wires.start, inputs.clone()),
            bias: wires.bias,
        }
    }

    fn at(&self, weight: usize) -> (usize, usize) {
        let at = self.places.get(weight).map_or(weight, |p| *p as usize);
        (self.start + at / 8, at % 8)
    }

    /// Chunk and lane of the weight on `input`, if it is kept.
    pub(super) fn place(&self, input: usize) -> Option<(usize, usize)> {
        let kept = &self.kept.1;
        // Of a unit that reads every input, number i is input i.
        let guess = kept.get(input).is_some_and(|&i| i as usize == input);
        let weight = if guess { input } else { kept.binary_search(&(input as u32)).ok()? };
        Some(self.at(weight))
    }
}

impl Layout {
    pub(super) fn new(network: &Network, kernel: Kernel) -> Layout {
        let alive = alive(network);
        let mut layout = Layout {
            layers: Vec::new(),
            masks: Vec::new(),
            gathered: 0,
            length: 0,
            active: network.active(),
        };
        for (layer, alive) in network.layers.iter().zip(alive) {
            let live: Vec<u32> = (0..layer.units.len() as u32).filter(|&j| alive[j as usize]).collect();
            let mut units: Vec<Option<Unit>> = vec![None; layer.units.len()];
            let groups = groups::cut(&layer.units, &live, layer.fan_in, kernel)
                .into_iter()
                .map(|(members, list)| layout.group(&layer.units, layer.fan_in, members, list, &mut units))
                .collect();
            let dead = layout.length;
            for (unit, wires) in units.iter_mut().zip(&layer.units).filter(|(unit, _)| unit.is_none()) {
                *unit = Some(Unit::new(layout.length, wires, Some(&wires.inputs)));
                layout.length += chunks(wires.inputs.len());
            }
            let mut bias_mask = vec![Chunk::ZERO; chunks(units.len())];
            for (j, unit) in layer.units.iter().enumerate() {
                bias_mask[j / 8].0[j % 8] = f64::from(u8::from(unit.bias.is_some()));
            }
            let bias = layout.length;
            layout.length += bias_mask.len();
            layout.layers.push(Layer {
                inputs: chunks(layer.fan_in),
                units: units.into_iter().flatten().collect(),
                bias,
                bias_mask,
                groups,
                live,
                dead: dead..bias,
            });
        }
        layout
    }

    /// Gives a group its chunks.
    fn group(
        &mut self,
        wires: &[Wires],
        fan_in: usize,
        members: &[u32],
        list: Option<Vec<u32>>,
        units: &mut [Option<Unit>],
    ) -> Group {
        let inputs = list.as_ref().map_or(fan_in, Vec::len);
        let (first, length) = (self.length, chunks(inputs));
        let masked = members.iter().any(|&j| wires[j as usize].inputs.len() < inputs);
        let masks = masked.then_some(self.masks.len());
        for &j in members {
            let unit = Unit::new(self.length, &wires[j as usize], list.as_deref());
            if masked {
                let mask = self.masks.len();
                self.masks.resize(mask + length, 0);
                for weight in 0..unit.kept.1.len() {
                    let (chunk, lane) = unit.at(weight);
                    self.masks[mask + chunk - unit.start] |= 1 << lane;
                }
            }
            units[j as usize] = Some(unit);
            self.length += length;
        }
        let gathered = self.gathered;
        self.gathered += if list.is_some() { length } else { 0 };
        Group {
            units: members.to_vec(),
            list: list.as_deref().map(List::new),
            gathered,
            length,
            first,
            masks,
        }
    }

    /// Puts the kept parameters `values` into their places.
    pub(super) fn load(&self, values: &[f64], to: &mut [Chunk]) {
        assert_eq!(values.len(), self.active, "{} numbers for {} parameters", values.len(), self.active);
        self.each_unit(|layer, j, unit| {
            let (first, inputs) = &unit.kept;
            let weights = &values[*first..first + inputs.len()];
            if unit.places.is_empty() {
                put(weights, &mut to[unit.start..]);
            } else {
                for (w, &at) in weights.iter().zip(&unit.places) {
                    to[unit.start + at as usize / 8].0[at as usize % 8] = *w;
                }
            }
            if let Some(b) = unit.bias {
                to[layer.bias + j / 8].0[j % 8] = values[b];
            }
        });
    }

    /// The inverse of [`Layout::load`].
    pub(super) fn store(&self, from: &[Chunk], values: &mut [f64]) {
        assert_eq!(values.len(), self.active, "{} numbers for {} parameters", values.len(), self.active);
        self.each_unit(|layer, j, unit| {
            let (first, inputs) = &unit.kept;
            let weights = &mut values[*first..first + inputs.len()];
            if unit.places.is_empty() {
                take(&from[unit.start..], weights);
            } else {
                for (w, &at) in weights.iter_mut().zip(&unit.places) {
                    *w = from[unit.start + at as usize / 8].0[at as usize % 8];
                }
            }
            if let Some(b) = unit.bias {
                values[b] = from[layer.bias + j / 8].0[j % 8];
            }
        });
    }

    fn each_unit(&self, mut work: impl FnMut(&Layer, usize, &Unit)) {
        for layer in &self.layers {
            layer.units.iter().enumerate().for_each(|(j, unit)| work(layer, j, unit));
        }
    }
}

/// Per layer and unit: is there a way along kept weights to an output?
fn alive(network: &Network) -> Vec<Vec<bool>> {
    let mut alive: Vec<Vec<bool>> = network.layers.iter().map(|l| vec![false; l.units.len()]).collect();
    let last = alive.len() - 1;
    alive[last].fill(true);
    for l in (0..last).rev() {
        let (here, above) = alive.split_at_mut(l + 1);
        for (unit, _) in network.layers[l + 1].units.iter().zip(&above[0]).filter(|(_, alive)| **alive) {
            unit.inputs.iter().for_each(|&i| here[l][i as usize] = true);
        }
    }
    alive
}
