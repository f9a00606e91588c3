//! The picture of a memory plan.

use std::fmt::Write as _;

use crate::graph::compile::description::Placement;
use crate::svg::escaped;

/// All lengths are in pixels.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 600.0;
const LEFT: f64 = 80.0;
const TOP: f64 = 46.0;
const FOOT: f64 = 44.0;
const FONT: f64 = 11.0;

/// Draws steps from left to right and bytes from the top down: a rectangle for each value, as long as it is needed.
pub(super) fn draw(steps: usize, arena: usize, memory: &[Placement]) -> String {
    let last = memory.iter().map(|value| value.to + 1).max().unwrap_or(0).max(steps).max(1);
    let (x, y) = (WIDTH / last as f64, HEIGHT / arena.max(1) as f64);
    let alone: usize = memory.iter().map(|value| value.size).sum();
    let mut svg = String::new();
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" \
         font-size=\"{FONT}\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"20\" font-size=\"13\">{} values in {}; {} without sharing; {steps} steps</text>\n\
         <rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#f4f4f4\"/>",
        LEFT + WIDTH + 20.0,
        TOP + HEIGHT + FOOT,
        memory.len(),
        bytes(arena),
        bytes(alone),
    );
    for tenth in 0..=4 {
        let at = arena / 4 * tenth;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            TOP + at as f64 * y + FONT / 2.0,
            bytes(at)
        );
    }
    // As many numbers as have room.
    let stride = (30.0 / x).ceil().max(1.0) as usize;
    for step in (0..last).step_by(stride) {
        let centre = LEFT + (step as f64 + 0.5) * x;
        let name = if step < steps { step.to_string() } else { "end".into() };
        let _ = writeln!(
            svg,
            "<text x=\"{centre:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>",
            TOP + HEIGHT + 16.0
        );
    }
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\">step</text>", TOP + HEIGHT + 34.0);
    for (number, value) in memory.iter().enumerate() {
        let Placement { offset, size, from, to, name } = value;
        let (left, top) = (LEFT + *from as f64 * x, TOP + *offset as f64 * y);
        let (width, height) = ((to - from + 1) as f64 * x, *size as f64 * y);
        // Successive values get hues that are far apart.
        let hue = number.wrapping_mul(137) % 360;
        let _ = writeln!(
            svg,
            "<g><title>{name}\n{size} bytes at {offset}, steps {from} to {to}</title>\
             <rect x=\"{left:.2}\" y=\"{top:.2}\" width=\"{width:.2}\" height=\"{height:.2}\" \
             fill=\"hsl({hue},60%,75%)\" stroke=\"#555555\" stroke-width=\"0.5\"/>",
            name = escaped(name)
        );
        // The name as far as there is room for it, at about half the font's size for each letter.
        let room = ((width - 6.0) / (FONT * 0.55)) as usize;
        if height >= FONT + 2.0 && room >= 4 {
            let shown: String = name.chars().take(room).collect();
            let _ = write!(
                svg,
                "<text x=\"{:.2}\" y=\"{:.2}\">{}</text>",
                left + 3.0,
                top + FONT,
                escaped(&shown)
            );
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn bytes(count: usize) -> String {
    let count = count as f64;
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.into_iter().find(|(_, shift)| count >= f64::from(1u32 << shift)) {
        Some((unit, shift)) => format!("{:.1} {unit}", count / f64::from(1u32 << shift)),
        None => format!("{count} B"),
    }
}
