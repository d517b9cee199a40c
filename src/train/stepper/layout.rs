//! Where the parameters of a masked network are while it is trained: every unit's weights in chunks of eight numbers
//! of their own, filled up with zeros, so that no loop over them has a remainder.
//!
//! A unit that reads all inputs, or more than the share [`listed`] of them, has a place for every input; a mask of zeros
//! and ones keeps the pruned places 0. A unit that reads fewer has places for those alone and a list of the inputs. On
//! vector registers a list costs several times as much per weight as a place does: that, not the memory, sets the share.

use crate::model::Network;
use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Chunk, chunks, put, take};

/// Below this share of kept inputs a unit lists them: where the two ways took the same time (64-32-10, batches of one row,
/// a Zen 5 processor). The wider the registers, the more a list must leave out.
fn listed(kernel: Kernel) -> f64 {
    match kernel.name() {
        "avx512" => 0.15,
        "avx2" => 0.2,
        _ => 0.35,
    }
}

/// What a unit reads.
#[derive(Debug, Clone)]
pub(super) enum Reads {
    /// Every input.
    All,
    /// Those where the mask is 1; its chunks begin here in [`Layout::masks`].
    Masked(usize),
    /// Those listed.
    Listed(Vec<u32>),
}

/// One unit.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// First chunk of its weights.
    pub(super) start: usize,
    /// Chunks of its weights.
    pub(super) length: usize,
    pub(super) reads: Reads,
    /// Does an output depend on it? Otherwise its activation is never computed and its gradient is 0.
    pub(super) live: bool,
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
    /// What has to be evaluated, in order.
    pub(super) blocks: Vec<Block>,
}

/// Live units that are evaluated together.
#[derive(Debug, Clone, Copy)]
pub(super) enum Block {
    /// Four neighbours with a place for every input.
    Four(usize),
    /// One of them.
    One(usize),
    /// One that lists its inputs.
    Listed(usize),
}

/// All layers.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) layers: Vec<Layer>,
    pub(super) masks: Vec<Chunk>,
    /// Chunks of all parameters.
    pub(super) length: usize,
    /// Kept parameters.
    pub(super) active: usize,
}

impl Unit {
    /// Chunk and lane of the weight on `input`, if it is kept.
    pub(super) fn place(&self, input: usize, masks: &[Chunk]) -> Option<(usize, usize)> {
        let at = match &self.reads {
            Reads::All => input,
            Reads::Masked(mask) => {
                (masks[mask + input / 8].0[input % 8] != 0.0).then_some(())?;
                input
            }
            Reads::Listed(inputs) => inputs.binary_search(&(input as u32)).ok()?,
        };
        Some((self.start + at / 8, at % 8))
    }
}

impl Layout {
    pub(super) fn new(network: &Network, kernel: Kernel) -> Layout {
        let (mut layers, mut masks, mut next) = (Vec::new(), Vec::new(), 0);
        let alive = alive(network);
        for (layer, alive) in network.layers.iter().zip(alive) {
            let mut units = Vec::with_capacity(layer.units.len());
            for (unit, live) in layer.units.iter().zip(alive) {
                let share = unit.inputs.len() as f64 / layer.fan_in as f64;
                let reads = if unit.inputs.len() == layer.fan_in {
                    Reads::All
                } else if share >= listed(kernel) {
                    let first = masks.len();
                    masks.resize(first + chunks(layer.fan_in), Chunk::ZERO);
                    unit.inputs.iter().for_each(|&i| masks[first + i as usize / 8].0[i as usize % 8] = 1.0);
                    Reads::Masked(first)
                } else {
                    Reads::Listed(unit.inputs.clone())
                };
                let length = match &reads {
                    Reads::Listed(inputs) => chunks(inputs.len()),
                    Reads::All | Reads::Masked(_) => chunks(layer.fan_in),
                };
                let kept = (unit.start, unit.inputs.clone());
                units.push(Unit { start: next, length, reads, live, kept, bias: unit.bias });
                next += length;
            }
            let mut bias_mask = vec![Chunk::ZERO; chunks(units.len())];
            for (j, unit) in units.iter().enumerate() {
                bias_mask[j / 8].0[j % 8] = f64::from(u8::from(unit.bias.is_some()));
            }
            let blocks = blocks(&units);
            layers.push(Layer { inputs: chunks(layer.fan_in), units, bias: next, bias_mask, blocks });
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

fn blocks(units: &[Unit]) -> Vec<Block> {
    let (mut blocks, mut j) = (Vec::new(), 0);
    let placed = |u: &Unit| u.live && !matches!(u.reads, Reads::Listed(_));
    while j < units.len() {
        if j + 4 <= units.len() && units[j..j + 4].iter().all(placed) {
            blocks.push(Block::Four(j));
            j += 4;
            continue;
        }
        if placed(&units[j]) {
            blocks.push(Block::One(j));
        } else if units[j].live {
            blocks.push(Block::Listed(j));
        }
        j += 1;
    }
    blocks
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
