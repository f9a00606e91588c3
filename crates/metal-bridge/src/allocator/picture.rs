//! The picture of a snapshot.

use std::fmt::Write;

use super::snapshot::{Bytes, ChunkUse, Snapshot};
use crate::svg::escaped;

/// All lengths are in pixels.
const WIDTH: f64 = 1000.0;
const ROW: f64 = 28.0;
const GAP: f64 = 22.0;
const HEAD: f64 = 48.0;
/// Chunks that are narrower are drawn without a border.
const BORDER_FROM: f64 = 2.0;

/// Draws a snapshot as SVG.
pub(super) fn draw(snapshot: &Snapshot) -> String {
    let longest = snapshot.blocks.iter().map(|block| block.length).max().unwrap_or(1).max(1) as f64;
    let height = HEAD + snapshot.blocks.len() as f64 * (ROW + GAP) + 10.0;
    let mut svg = String::new();
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
        WIDTH + 20.0
    );
    let stats = &snapshot.stats;
    let _ = writeln!(
        svg,
        "<text x=\"10\" y=\"20\">{}</text>\n<text x=\"10\" y=\"38\">{} buffers, {} used of {} reserved, {} free, \
         fragmentation {:.1} %</text>",
        escaped(&snapshot.device),
        stats.live(),
        Bytes(stats.used_memory),
        Bytes(stats.total_memory),
        Bytes(stats.total_free),
        100.0 * stats.fragmentation()
    );
    for (row, block) in snapshot.blocks.iter().enumerate() {
        let top = HEAD + row as f64 * (ROW + GAP) + GAP;
        let kind = if block.small { "small" } else { "large" };
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{}\">block {}: {}, {}, {kind}</text>",
            top - 5.0,
            block.id,
            Bytes(block.length as u64),
            escaped(&block.storage_mode)
        );
        for chunk in &block.chunks {
            let left = 10.0 + WIDTH * chunk.offset as f64 / longest;
            let width = WIDTH * chunk.size as f64 / longest;
            let (fill, title) = match &chunk.usage {
                ChunkUse::Free => ("#eeeeee".to_owned(), "free".to_owned()),
                ChunkUse::Kept => ("#cccccc".to_owned(), "kept for its size class".to_owned()),
                ChunkUse::Live(buffer) => {
                    // Successive numbers get hues that are far apart.
                    let hue = buffer.number.wrapping_mul(137) % 360;
                    let title = format!("{} {} ({} bytes)", buffer.number, buffer.label, buffer.length);
                    (format!("hsl({hue},60%,65%)"), title)
                }
            };
            let border = if width >= BORDER_FROM { " stroke=\"#666666\" stroke-width=\"0.5\"" } else { "" };
            let _ = writeln!(
                svg,
                "<rect x=\"{left:.2}\" y=\"{top}\" width=\"{width:.2}\" height=\"{ROW}\" fill=\"{fill}\"{border}>\
                 <title>{} at byte {}, {} bytes</title></rect>",
                escaped(&title),
                chunk.offset,
                chunk.size
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}
