//! The report's picture: bars of the factors, on a logarithmic scale.

use std::path::Path;
use std::sync::Once;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

use crate::Result;

/// One comparison.
#[derive(Clone)]
pub(crate) struct Bar {
    pub(crate) work: String,
    pub(crate) peer: &'static str,
    /// By how much ours is faster.
    pub(crate) factor: f64,
    /// What it should be.
    pub(crate) target: Option<f64>,
}

const FONT: &str = "report";
const WIDTH: u32 = 1400;
/// Of pixels: of a bar with the space around it, of what lies left of the bars, and above and below them.
const BAR: u32 = 20;
const NAMES: i32 = 560;
const AROUND: u32 = 130;

/// For peers in the order in which they first come.
const COLOURS: [RGBColor; 8] = [
    RGBColor(221, 81, 47),
    RGBColor(66, 112, 194),
    RGBColor(68, 150, 84),
    RGBColor(232, 172, 48),
    RGBColor(140, 140, 140),
    RGBColor(133, 84, 166),
    RGBColor(60, 160, 170),
    RGBColor(150, 100, 70),
];

/// Draws the bars in their order, from the top. Nothing is drawn if there are none.
pub(crate) fn draw(path: &Path, title: &str, bars: &[Bar]) -> Result<()> {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| {
        // It only fails for what is no font.
        let _ = register_font(FONT, FontStyle::Normal, dejavu::sans::regular());
    });
    if bars.is_empty() {
        return Ok(());
    }
    let mut peers: Vec<&str> = Vec::new();
    for bar in bars {
        if !peers.contains(&bar.peer) {
            peers.push(bar.peer);
        }
    }
    let count = bars.len();
    let root = BitMapBackend::new(path, (WIDTH, AROUND + BAR * count as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    let (low, high) = range(bars);
    let mut chart = ChartBuilder::on(&root)
        .caption(title, (FONT, 22))
        .margin(14)
        .margin_right(40)
        .x_label_area_size(46)
        .y_label_area_size(NAMES)
        .build_cartesian_2d((low..high).log_scale(), 0.0..count as f64)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(0)
        .x_desc("above 1 ours is faster, or needs less memory (logarithmic); black: the target")
        .label_style((FONT, 14))
        .x_label_formatter(&|factor| format!("{factor}"))
        .draw()?;
    for (i, peer) in peers.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        let bars = bars.iter().enumerate().filter(|(_, bar)| bar.peer == *peer).map(|(row, bar)| {
            let bottom = (count - 1 - row) as f64;
            Rectangle::new([(1.0, bottom + 0.15), (bar.factor, bottom + 0.85)], colour.filled())
        });
        chart
            .draw_series(bars)?
            .label(format!("against {peer}"))
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 16, y + 5)], colour.filled()));
    }
    let lines = bars.iter().enumerate().filter_map(|(row, bar)| {
        let bottom = (count - 1 - row) as f64;
        let target = bar.target?;
        Some(PathElement::new(vec![(target, bottom), (target, bottom + 1.0)], BLACK.stroke_width(3)))
    });
    chart.draw_series(lines)?;
    let one = vec![(1.0, 0.0), (1.0, count as f64)];
    chart.draw_series([PathElement::new(one, BLACK.mix(0.5))])?;
    for (row, bar) in bars.iter().enumerate() {
        let (x, y) = chart.backend_coord(&(low, (count - 1 - row) as f64 + 0.5));
        let style = (FONT, 13).into_font().color(&BLACK).pos(Pos::new(HPos::Right, VPos::Center));
        root.draw(&Text::new(bar.work.clone(), (x - 8, y), style))?;
    }
    chart
        .configure_series_labels()
        .label_font((FONT, 14))
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.4))
        .position(SeriesLabelPosition::LowerRight)
        .draw()?;
    Ok(root.present()?)
}

/// What holds all factors, all targets and 1, with some room beside them.
fn range(bars: &[Bar]) -> (f64, f64) {
    let values = || bars.iter().flat_map(|bar| [Some(bar.factor), bar.target]).flatten();
    let low = values().fold(1.0, f64::min) / 1.5;
    let high = values().fold(1.0, f64::max) * 1.5;
    (low.max(1e-6), high)
}
