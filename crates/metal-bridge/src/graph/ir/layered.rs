//! Places for the nodes of a directed graph without cycles, in layers from the top down: the method of Sugiyama, Tagawa
//! and Toda (*Methods for visual understanding of hierarchical system structures*, 1981).
//!
//! Each step takes time in proportion to nodes and edges, however the graph is made.

/// How often layers are put in order, and how often nodes are moved, along all layers downwards and upwards.
const SWEEPS: usize = 12;
/// Space between neighbours.
const GAP: f64 = 14.0;
/// Space between layers.
const LAYER_GAP: f64 = 30.0;
/// Points of edges in layers that they only cross, above which edges are drawn straight instead.
const MOST_POINTS: usize = 50_000;

/// A node before it has a place: how large it is, and what it comes after, by numbers of earlier nodes.
pub(super) struct Item {
    pub(super) size: [f64; 2],
    pub(super) after: Vec<usize>,
}

/// Where everything is.
pub(super) struct Layout {
    /// Width and height of all.
    pub(super) size: [f64; 2],
    /// The centres of the items.
    pub(super) centres: Vec<[f64; 2]>,
    /// The edges, in the order of the items and of what they come after: points in the layers from one end to the other,
    /// without the ends.
    pub(super) bends: Vec<Vec<[f64; 2]>>,
}

/// A box with a place in its layer: an item, or a point of an edge that crosses the layer.
struct Cell {
    size: [f64; 2],
    layer: usize,
    /// Neighbours in the layer above.
    above: Vec<usize>,
    /// Neighbours in the layer below.
    below: Vec<usize>,
}

pub(super) fn layout(items: &[Item]) -> Layout {
    let layers = layers_of(items);
    let mut cells: Vec<Cell> = items
        .iter()
        .zip(&layers)
        .map(|(item, &layer)| Cell { size: item.size, layer, above: Vec::new(), below: Vec::new() })
        .collect();
    let edges =
        || items.iter().enumerate().flat_map(|(to, item)| item.after.iter().map(move |&from| (from, to)));
    let points: usize = edges().map(|(from, to)| layers[to] - layers[from] - 1).sum();
    let mut chains = Vec::new();
    for (from, to) in edges() {
        let mut chain = Vec::new();
        if points <= MOST_POINTS {
            for layer in layers[from] + 1..layers[to] {
                chain.push(cells.len());
                cells.push(Cell { size: [2.0, 0.0], layer, above: Vec::new(), below: Vec::new() });
            }
        }
        let ends = std::iter::once(from).chain(chain.iter().copied()).chain([to]);
        let ends: Vec<usize> = ends.collect();
        for pair in ends.windows(2) {
            cells[pair[0]].below.push(pair[1]);
            cells[pair[1]].above.push(pair[0]);
        }
        chains.push(chain);
    }
    let rows = in_order(&cells);
    let x = across(&cells, &rows);
    let (y, height) = down(&cells, &rows);
    let left = (0..cells.len()).map(|cell| x[cell] - cells[cell].size[0] / 2.0).fold(f64::MAX, f64::min);
    let right = (0..cells.len()).map(|cell| x[cell] + cells[cell].size[0] / 2.0).fold(f64::MIN, f64::max);
    let place = |cell: usize| [x[cell] - left, y[cells[cell].layer]];
    Layout {
        size: if cells.is_empty() { [0.0; 2] } else { [right - left, height] },
        centres: (0..items.len()).map(place).collect(),
        bends: chains.iter().map(|chain| chain.iter().map(|&cell| place(cell)).collect()).collect(),
    }
}

/// Each item as low as what comes after it allows: what is made early for a late use is drawn there.
fn layers_of(items: &[Item]) -> Vec<usize> {
    let mut layers = vec![0; items.len()];
    for (number, item) in items.iter().enumerate() {
        layers[number] = item.after.iter().map(|&before| layers[before] + 1).max().unwrap_or(0);
    }
    let mut lowest: Vec<Option<usize>> = vec![None; items.len()];
    for (number, item) in items.iter().enumerate().rev() {
        layers[number] = lowest[number].unwrap_or(layers[number]);
        for &before in &item.after {
            let room = layers[number] - 1;
            lowest[before] = Some(lowest[before].map_or(room, |layer| layer.min(room)));
        }
    }
    layers
}

/// The cells of each layer from left to right, such that few edges cross: each at the mean of its neighbours' positions.
fn in_order(cells: &[Cell]) -> Vec<Vec<usize>> {
    let count = cells.iter().map(|cell| cell.layer + 1).max().unwrap_or(0);
    let mut rows = vec![Vec::new(); count];
    let mut position = vec![0.0; cells.len()];
    // Neighbours at first in the order in which a walk from the results finds them.
    for cell in walk(cells) {
        let row: &mut Vec<usize> = &mut rows[cells[cell].layer];
        position[cell] = row.len() as f64;
        row.push(cell);
    }
    for sweep in 0..SWEEPS {
        let downwards = sweep % 2 == 1;
        let mut sort = |row: &mut Vec<usize>| {
            let wanted = |cell: usize| {
                let near = if downwards { &cells[cell].above } else { &cells[cell].below };
                mean(near, &position).unwrap_or(position[cell])
            };
            let mut keyed: Vec<(f64, usize)> = row.iter().map(|&cell| (wanted(cell), cell)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (place, (_, cell)) in keyed.iter().enumerate() {
                position[*cell] = place as f64;
            }
            *row = keyed.into_iter().map(|(_, cell)| cell).collect();
        };
        match downwards {
            true => rows.iter_mut().for_each(&mut sort),
            false => rows.iter_mut().rev().for_each(&mut sort),
        }
    }
    rows
}

/// All cells, each right after a walk upwards from one below it has found it.
fn walk(cells: &[Cell]) -> Vec<usize> {
    let (mut found, mut order) = (vec![false; cells.len()], Vec::with_capacity(cells.len()));
    let ends = (0..cells.len()).filter(|&cell| cells[cell].below.is_empty());
    let mut waiting: Vec<usize> = ends.collect();
    waiting.reverse();
    while let Some(cell) = waiting.pop() {
        if !std::mem::replace(&mut found[cell], true) {
            order.push(cell);
            waiting.extend(cells[cell].above.iter().rev());
        }
    }
    order
}

fn mean(cells: &[usize], of: &[f64]) -> Option<f64> {
    (!cells.is_empty()).then(|| cells.iter().map(|&cell| of[cell]).sum::<f64>() / cells.len() as f64)
}

/// The centres along x: each cell as near to its neighbours' mean as the order and the sizes of its layer allow.
fn across(cells: &[Cell], rows: &[Vec<usize>]) -> Vec<f64> {
    let mut x = vec![0.0; cells.len()];
    for row in rows {
        let mut right = 0.0;
        for &cell in row {
            x[cell] = right + cells[cell].size[0] / 2.0;
            right += cells[cell].size[0] + GAP;
        }
        row.iter().for_each(|&cell| x[cell] -= right / 2.0);
    }
    for sweep in 0..SWEEPS {
        let downwards = sweep % 2 == 1;
        let mut shift = |row: &Vec<usize>| {
            let wanted = |cell: usize| {
                let near = if downwards { &cells[cell].above } else { &cells[cell].below };
                mean(near, &x).unwrap_or(x[cell])
            };
            let widths: Vec<f64> = row.iter().map(|&cell| cells[cell].size[0]).collect();
            let wanted: Vec<f64> = row.iter().map(|&cell| wanted(cell)).collect();
            let placed = apart(&wanted, &widths);
            row.iter().zip(placed).for_each(|(&cell, place)| x[cell] = place);
        };
        match downwards {
            true => rows.iter().for_each(&mut shift),
            false => rows.iter().rev().for_each(&mut shift),
        }
    }
    x
}

/// Centres in this order, with gaps, that differ least in squares from those wanted: isotonic regression.
fn apart(wanted: &[f64], widths: &[f64]) -> Vec<f64> {
    // Where each would be if all stood side by side.
    let mut packed = vec![0.0; widths.len()];
    for i in 1..widths.len() {
        packed[i] = packed[i - 1] + (widths[i - 1] + widths[i]) / 2.0 + GAP;
    }
    // Runs of cells that touch: their number and the mean of what they want.
    let mut runs: Vec<(usize, f64)> = Vec::new();
    for (wanted, packed) in wanted.iter().zip(&packed) {
        runs.push((1, wanted - packed));
        while let [.., (many, before), (few, after)] = runs[..]
            && before > after
        {
            let count = many + few;
            runs.truncate(runs.len() - 2);
            runs.push((count, (before * many as f64 + after * few as f64) / count as f64));
        }
    }
    let starts = runs.into_iter().flat_map(|(count, start)| std::iter::repeat_n(start, count));
    starts.zip(packed).map(|(start, packed)| start + packed).collect()
}

/// The centres of the layers, and the height of all.
fn down(cells: &[Cell], rows: &[Vec<usize>]) -> (Vec<f64>, f64) {
    let (mut centres, mut end) = (Vec::new(), 0.0);
    for row in rows {
        let height = row.iter().map(|&cell| cells[cell].size[1]).fold(0.0, f64::max);
        // Wide layers get room for edges to cross.
        let gap = LAYER_GAP + (row.len() as f64).sqrt() * 3.0;
        centres.push(end + height / 2.0);
        end += height + gap;
    }
    (centres, (end - LAYER_GAP).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph of nodes that each come after some of those shortly before, at random.
    fn random(seed: u64, count: usize) -> Vec<Item> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut below = move |end: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize % end
        };
        let item = |number: usize| Item {
            size: [20.0 + below(80) as f64, 10.0 + below(30) as f64],
            after: (0..below(4).min(number)).map(|_| number - 1 - below(number.min(15))).collect(),
        };
        (0..count).map(item).collect()
    }

    #[test]
    fn boxes_are_apart_and_edges_lead_downwards() {
        for seed in 0..50 {
            let items = random(seed, 1 + seed as usize * 3);
            let Layout { size, centres, bends } = layout(&items);
            for (i, a) in items.iter().enumerate() {
                for axis in 0..2 {
                    let (low, high) =
                        (centres[i][axis] - a.size[axis] / 2.0, centres[i][axis] + a.size[axis] / 2.0);
                    assert!(low > -1e-6 && high < size[axis] + 1e-6, "seed {seed}: {i} is outside");
                }
                for (j, b) in items.iter().enumerate().take(i) {
                    let distance = |axis: usize| {
                        (centres[i][axis] - centres[j][axis]).abs() - (a.size[axis] + b.size[axis]) / 2.0
                    };
                    let apart = distance(0) > GAP - 1e-6 || distance(1) > LAYER_GAP - 1e-6;
                    assert!(apart, "seed {seed}: {i} and {j} overlap");
                }
            }
            let mut bends = bends.into_iter();
            for (to, item) in items.iter().enumerate() {
                for &from in &item.after {
                    let mut heights = vec![centres[from][1]];
                    heights.extend(bends.next().unwrap().iter().map(|point| point[1]));
                    heights.push(centres[to][1]);
                    assert!(heights.is_sorted_by(|a, b| a < b), "seed {seed}: {from} to {to}");
                }
            }
            assert!(bends.next().is_none());
        }
    }

    #[test]
    fn a_chain_is_straight_and_its_sources_are_beside_it() {
        let item = |after: &[usize]| Item { size: [50.0, 20.0], after: after.to_vec() };
        // Two sources, of which the second is used at the end only.
        let items = [item(&[]), item(&[]), item(&[0]), item(&[2]), item(&[3, 1])];
        let Layout { centres, bends, .. } = layout(&items);
        assert_eq!(centres[1][1], centres[3][1]);
        assert_eq!(centres[0][0], centres[2][0]);
        assert!(bends.iter().all(Vec::is_empty));
    }

    #[test]
    fn large_graphs_take_no_squares_of_their_size() {
        // Each node comes after its predecessor and the first one: crossing points would be as many as pairs.
        let items: Vec<Item> = (0..20_000)
            .map(|number: usize| Item {
                size: [10.0, 10.0],
                after: if number == 0 { vec![] } else { vec![number - 1, 0] },
            })
            .collect();
        let Layout { bends, .. } = layout(&items);
        assert!(bends.iter().all(Vec::is_empty));
    }
}
