//! Where the parameters of a masked network are while it is trained: every unit's weights in chunks of eight numbers
//! of their own, filled up with zeros, so that no loop over them has a remainder.
//!
//! A unit that reads all inputs, or more than a small share of them ([`listed`]), has a place for every input; a mask
//! keeps the pruned places 0. Those units of a layer lie one after the other, so that all of them pass by a few
//! inputs held in registers. A unit that reads fewer has places for those alone and a list of the inputs. On vector
//! registers a list costs several times as much per weight as a place does: that, not the memory, sets the share.

use crate::model::Network;
use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Chunk, chunks, put, take};

/// A unit lists its inputs where that takes less than a place for each, which costs one per chunk: what a chunk of a list
/// costs, where the two ways took the same time (64-32-10, batches of one row, a Zen 5 processor). The wider the
/// registers, the more a list must leave out.
fn listed(kernel: Kernel) -> usize {
    match kernel.name() {
        "avx512" => 6,
        "avx2" => 5,
        _ => 3,
    }
}

/// What a unit reads.
#[derive(Debug, Clone)]
pub(super) enum Reads {
    /// Every input.
    All,
    /// Those where the mask is 1; its chunks begin here in [`Layout::masks`].
    Masked(usize),
    /// Those listed. Of a unit on which no output depends, nothing is ever read.
    Listed(List),
}

/// Some inputs.
#[derive(Debug, Clone)]
pub(super) struct List {
    /// In their order, filled up with one of them.
    pub(super) inputs: Vec<[u32; 8]>,
    /// Which lanes of the last chunk are meant.
    pub(super) last: u8,
}

impl List {
    fn new(inputs: &[u32]) -> List {
        let fill = inputs.first().copied().unwrap_or(0);
        let padded = inputs.chunks(8).map(|c| std::array::from_fn(|i| c.get(i).copied().unwrap_or(fill)));
        let lanes = inputs.len() - inputs.len().saturating_sub(1) / 8 * 8;
        List { inputs: padded.collect(), last: u8::MAX >> (8 - lanes.max(1)) }
    }

    /// The lanes of chunk `c` that are meant.
    #[inline(always)]
    pub(super) fn lanes(&self, c: usize) -> u8 {
        if c + 1 == self.inputs.len() { self.last } else { u8::MAX }
    }
}

/// One unit.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// First chunk of its weights.
    pub(super) start: usize,
    /// Chunks of its weights.
    pub(super) length: usize,
    pub(super) reads: Reads,
    /// Place of its parameters among the kept ones: the weights, and their number.
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
    /// Live units with a place for every input.
    pub(super) placed: Vec<u32>,
    /// First chunk of their weights, which lie in this order without gaps.
    pub(super) first: usize,
    /// First chunk of their masks in [`Layout::masks`], in the same order; nothing where none of them is pruned.
    pub(super) masks: Option<usize>,
    /// Live units that list their inputs.
    pub(super) listed: Vec<u32>,
    /// All units that do, live or not.
    pub(super) lists: Vec<u32>,
    /// Units on which an output depends. The gradient of others is 0.
    pub(super) live: Vec<u32>,
}

/// All layers.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) layers: Vec<Layer>,
    /// A bit per lane, a number per chunk.
    pub(super) masks: Vec<u8>,
    /// Chunks of all parameters.
    pub(super) length: usize,
    /// Kept parameters.
    pub(super) active: usize,
}

impl Unit {
    /// The inputs it reads, in increasing order.
    pub(super) fn kept(&self) -> &[u32] {
        &self.kept.1
    }

    /// Chunk and lane of the weight on `input`, if it is kept.
    pub(super) fn place(&self, input: usize, masks: &[u8]) -> Option<(usize, usize)> {
        let at = match &self.reads {
            Reads::All => input,
            Reads::Masked(mask) => {
                (masks[mask + input / 8] >> (input % 8) & 1 != 0).then_some(())?;
                input
            }
            Reads::Listed(_) => self.kept.1.binary_search(&(input as u32)).ok()?,
        };
        Some((self.start + at / 8, at % 8))
    }
}

impl Layout {
    pub(super) fn new(network: &Network, kernel: Kernel) -> Layout {
        let (mut layers, mut masks, mut next) = (Vec::new(), Vec::new(), 0);
        let alive = alive(network);
        for (layer, alive) in network.layers.iter().zip(alive) {
            let inputs = chunks(layer.fan_in);
            let full = |unit: &crate::model::network::Unit| unit.inputs.len() == layer.fan_in;
            let place = |(unit, live): (&crate::model::network::Unit, &bool)| {
                *live && (full(unit) || listed(kernel) * chunks(unit.inputs.len()) >= inputs)
            };
            let is_placed: Vec<bool> = layer.units.iter().zip(&alive).map(place).collect();
            let of = |wanted: &dyn Fn(usize) -> bool| -> Vec<u32> {
                (0..layer.units.len()).filter(|&j| wanted(j)).map(|j| j as u32).collect()
            };
            let placed = of(&|j| is_placed[j]);
            let masked = placed.iter().any(|&j| !full(&layer.units[j as usize]));
            let (first, first_mask) = (next, masks.len());
            let mut units = Vec::with_capacity(layer.units.len());
            let (mut start_placed, mut start_listed) = (next, next + placed.len() * inputs);
            for (unit, is_placed) in layer.units.iter().zip(&is_placed) {
                let reads = if !is_placed {
                    Reads::Listed(List::new(&unit.inputs))
                } else {
                    let mask = masks.len();
                    if masked {
                        masks.resize(mask + inputs, 0);
                        unit.inputs.iter().for_each(|&i| masks[mask + i as usize / 8] |= 1 << (i % 8));
                    }
                    if full(unit) { Reads::All } else { Reads::Masked(mask) }
                };
                let length = if *is_placed { inputs } else { chunks(unit.inputs.len()) };
                let start = if *is_placed { &mut start_placed } else { &mut start_listed };
                let kept = (unit.start, unit.inputs.clone());
                units.push(Unit { start: *start, length, reads, kept, bias: unit.bias });
                *start += length;
            }
            next = start_listed;
            let mut bias_mask = vec![Chunk::ZERO; chunks(units.len())];
            for (j, unit) in units.iter().enumerate() {
                bias_mask[j / 8].0[j % 8] = f64::from(u8::from(unit.bias.is_some()));
            }
            layers.push(Layer {
                inputs,
                bias: next,
                bias_mask,
                placed,
                first,
                masks: masked.then_some(first_mask),
                listed: of(&|j| !is_placed[j] && alive[j]),
                lists: of(&|j| !is_placed[j]),
                live: of(&|j| alive[j]),
                units,
            });
            next += chunks(layer.units.len());
        }
        Layout { layers, masks, length: next, active: network.active() }
    }

    /// Puts the kept parameters `values` into their places.
    pub(super) fn load(&self, values: &[f64], to: &mut [Chunk]) {
        assert_eq!(values.len(), self.active, "{} numbers for {} parameters", values.len(), self.active);
        for layer in &self.layers {
            for (j, unit) in layer.units.iter().enumerate() {
                let (first, inputs) = &unit.kept;
                let weights = &values[*first..first + inputs.len()];
                if let Reads::Masked(_) = unit.reads {
                    for (w, &i) in weights.iter().zip(inputs) {
                        to[unit.start + i as usize / 8].0[i as usize % 8] = *w;
                    }
                } else {
                    put(weights, &mut to[unit.start..unit.start + unit.length]);
                }
                if let Some(b) = unit.bias {
                    to[layer.bias + j / 8].0[j % 8] = values[b];
                }
            }
        }
    }

    /// The inverse of [`Layout::load`].
    pub(super) fn store(&self, from: &[Chunk], values: &mut [f64]) {
        assert_eq!(values.len(), self.active, "{} numbers for {} parameters", values.len(), self.active);
        for layer in &self.layers {
            for (j, unit) in layer.units.iter().enumerate() {
                let (first, inputs) = &unit.kept;
                let weights = &mut values[*first..first + inputs.len()];
                if let Reads::Masked(_) = unit.reads {
                    for (w, &i) in weights.iter_mut().zip(inputs) {
                        *w = from[unit.start + i as usize / 8].0[i as usize % 8];
                    }
                } else {
                    take(&from[unit.start..unit.start + unit.length], weights);
                }
                if let Some(b) = unit.bias {
                    values[b] = from[layer.bias + j / 8].0[j % 8];
                }
            }
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
