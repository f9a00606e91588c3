//! Graphs as drawings in SVG.

use std::fmt::Write as _;

use super::layered::{Item, layout};
use super::print::{Described, colour};
use super::{Arena, Node, NodeId, Table};
use crate::svg::escaped;

/// All lengths are in pixels.
const FONT: f64 = 10.0;
const LINE: f64 = 12.0;
/// About the mean width of a letter.
const LETTER: f64 = 5.6;
const MARGIN: f64 = 10.0;
/// Longer lines are cut; the whole shows under the pointer.
const LONGEST: usize = 44;

/// Draws the nodes in layers, operands above what is made of them.
pub(crate) fn svg(arena: &Arena, nodes: &[NodeId]) -> String {
    let mut numbers = Table::<NodeId, usize>::filled(arena.nodes.len(), 0);
    let mut items = Vec::new();
    let mut texts = Vec::new();
    for (number, &id) in nodes.iter().enumerate() {
        numbers[id] = number;
        let Node { op, operands, ty, label, .. } = &arena.nodes[id];
        let mut lines = vec![format!("{id} {}", Described(op)), ty.to_string()];
        if !label.is_empty() {
            lines.insert(0, label.to_string());
        }
        let lines: Vec<String> = lines.iter().map(|line| cut(line)).collect();
        let letters = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        items.push(Item {
            size: [letters as f64 * LETTER + 12.0, lines.len() as f64 * LINE + 8.0],
            after: operands.iter().map(|&operand| numbers[operand]).collect(),
        });
        texts.push(lines);
    }
    let drawn = layout(&items);
    let mut svg = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{0} {0} {1:.0} {2:.0}\" font-family=\"sans-serif\" \
         font-size=\"{FONT}\" text-anchor=\"middle\">\n\
         <rect x=\"{0}\" y=\"{0}\" width=\"100%\" height=\"100%\" fill=\"white\"/>",
        -MARGIN,
        drawn.size[0] + 2.0 * MARGIN,
        drawn.size[1] + 2.0 * MARGIN,
    );
    let mut bends = drawn.bends.iter();
    for (to, item) in items.iter().enumerate() {
        for &from in &item.after {
            let [x, y] = drawn.centres[from];
            let mut last = [x, y + items[from].size[1] / 2.0];
            let _ = write!(svg, "<path d=\"M{:.1} {:.1}", last[0], last[1]);
            let [x, y] = drawn.centres[to];
            let end = [x, y - item.size[1] / 2.0];
            for point in bends.next().into_iter().flatten().chain([&end]) {
                // Curves leave and arrive vertically.
                let middle = f64::midpoint(last[1], point[1]);
                let _ = write!(
                    svg,
                    "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}",
                    last[0], point[0], point[0], point[1]
                );
                last = *point;
            }
            svg.push_str("\" fill=\"none\" stroke=\"#888888\" stroke-width=\"0.8\"/>\n");
        }
    }
    for ((number, &id), lines) in nodes.iter().enumerate().zip(&texts) {
        let node = &arena.nodes[id];
        let ([x, y], [width, height]) = (drawn.centres[number], items[number].size);
        let of = if node.origin.gradient { "gradient of " } else { "" };
        let _ = write!(
            svg,
            "<g><title>{}</title><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"4\" \
             fill=\"{}\" stroke=\"#444444\" stroke-width=\"0.8\"/>",
            escaped(&format!(
                "{} {id} {} : {}, {of}{} at {}:{}",
                node.label,
                Described(&node.op),
                node.ty,
                node.origin.call,
                node.origin.file(),
                node.origin.line()
            )),
            x - width / 2.0,
            y - height / 2.0,
            colour(node),
        );
        for (line, text) in lines.iter().enumerate() {
            let baseline = y - height / 2.0 + 4.0 + (line as f64 + 0.8) * LINE;
            let _ = write!(svg, "<text x=\"{x:.1}\" y=\"{baseline:.1}\">{}</text>", escaped(text));
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
