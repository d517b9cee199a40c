//! Units that are trained together: a few inputs in registers serve all of them.

use crate::model::network::Unit as Wires;
use crate::numeric::gram::Kernel;
use crate::numeric::lanes::{Chunk, chunks};

/// What gathering a chunk of inputs costs, in passings of a unit by a chunk, and what a group costs by itself: where layouts
/// took the same time (64-32-10, batches of one row, a Zen 5 processor). The wider the registers, the more.
fn costs(kernel: Kernel) -> (usize, usize) {
    match kernel.name() {
        "avx512" => (10, 20),
        "avx2" => (6, 12),
        _ => (3, 6),
    }
}

/// Some inputs.
#[derive(Debug, Clone)]
pub(super) struct List {
    /// In increasing order, filled up with one of them.
    pub(super) inputs: Vec<[u32; 8]>,
    /// How many are meant.
    pub(super) count: usize,
}

impl List {
    pub(super) fn new(inputs: &[u32]) -> List {
        let fill = inputs.first().copied().unwrap_or(0);
        let padded = inputs.chunks(8).map(|c| std::array::from_fn(|i| c.get(i).copied().unwrap_or(fill)));
        List { inputs: padded.collect(), count: inputs.len() }
    }

    /// The lanes of chunk `c` that are meant.
    #[inline(always)]
    pub(super) fn lanes(&self, c: usize) -> u8 {
        u8::MAX >> (8 - (self.count - 8 * c).min(8))
    }
}

/// Live units that have places for the same inputs.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) units: Vec<u32>,
    /// The inputs; nothing where they are all of the layer.
    pub(super) list: Option<List>,
    /// Where the listed ones are put together.
    pub(super) gathered: usize,
    /// Chunks of a unit.
    pub(super) length: usize,
    /// First chunk of the weights, which lie unit after unit without gaps.
    pub(super) first: usize,
    /// Where the masks of the units begin in [`Layout::masks`]; nothing where no unit keeps fewer.
    pub(super) masks: Option<usize>,
}

impl Group {
    /// Those of all units among all parameters.
    #[inline(always)]
    pub(super) fn weights<'t>(&self, theta: &'t [Chunk]) -> &'t [Chunk] {
        &theta[self.first..][..self.units.len() * self.length]
    }
}

/// The cheapest way to cut live units into groups, with what each lists: all of them with a place for every input, or 1, 2,
/// 4 … neighbours with places for what they keep.
pub(super) fn cut<'l>(
    units: &[Wires],
    live: &'l [u32],
    fan_in: usize,
    kernel: Kernel,
) -> Vec<(&'l [u32], Option<Vec<u32>>)> {
    let (gather, start) = costs(kernel);
    let whole = live.len() * chunks(fan_in);
    let mut best = (whole + start, if live.is_empty() { Vec::new() } else { vec![(live, None)] });
    let sizes = std::iter::successors(Some(1), |size| Some(2 * size)).take_while(|&size| size <= live.len());
    for size in sizes {
        let mut cost = 0;
        let mut found = Vec::new();
        for members in live.chunks(size) {
            let mut list: Vec<u32> =
                members.iter().flat_map(|&j| units[j as usize].inputs.iter().copied()).collect();
            list.sort_unstable();
            list.dedup();
            cost += start + (members.len() + gather) * chunks(list.len());
            found.push((members, Some(list)));
        }
        if cost < best.0 {
            best = (cost, found);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(kept: usize) -> (Vec<Wires>, Vec<u32>) {
        let inputs = |j: usize| (0..kept).map(move |i| ((i * 64) / kept.max(1) + j) as u32 % 64);
        let unit = |j| {
            let mut inputs: Vec<u32> = inputs(j).collect();
            inputs.sort_unstable();
            Wires { start: j * kept, inputs, bias: None }
        };
        ((0..32).map(unit).collect(), (0..32).collect())
    }

    #[test]
    fn a_dense_layer_is_one_group_and_a_sparse_one_lists() {
        for kernel in Kernel::available() {
            for (kept, listed) in [(64, false), (32, false), (1, true), (0, true)] {
                let (units, live) = layer(kept);
                let groups = cut(&units, &live, 64, kernel);
                assert_eq!(
                    groups.iter().all(|(_, list)| list.is_some()),
                    listed,
                    "{kept}, {}",
                    kernel.name()
                );
                assert_eq!(groups.len() == 1 && !listed, !listed, "{kept}");
                let members: Vec<u32> = groups.iter().flat_map(|(members, _)| members.to_vec()).collect();
                assert_eq!(members, live);
                for (members, list) in &groups {
                    let needed = members.iter().flat_map(|&j| &units[j as usize].inputs);
                    assert!(needed.clone().all(|i| list.as_ref().is_none_or(|l| l.contains(i))));
                }
            }
        }
    }

    #[test]
    fn a_list_means_its_inputs() {
        let list = List::new(&[3, 5, 6, 7, 8, 9, 10, 11, 12, 40]);
        assert_eq!(list.inputs[1], [12, 40, 3, 3, 3, 3, 3, 3]);
        assert_eq!((list.lanes(0), list.lanes(1)), (255, 0b11));
    }
}
