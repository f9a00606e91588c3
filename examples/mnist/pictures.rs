//! What training looked like, as pictures.

use std::path::Path;
use std::sync::Once;

use anyhow::{Result, anyhow};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

use crate::checkpoint::Progress;
use crate::data::{Digits, SIDE};

const FONT: &str = "sans-serif";

/// Gives the pictures' text a font that is the same everywhere.
fn use_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // A font that cannot be read leaves pictures without text.
        let _ = register_font(FONT, FontStyle::Normal, dejavu::sans::regular());
    });
}

/// The loss of each step, smoothed, and the accuracy on the test images after each epoch.
pub(crate) fn learning_curve(path: &Path, progress: &Progress, steps_of_epoch: usize) -> Result<()> {
    use_font();
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw {}: {error}", path.display());
    let root = BitMapBackend::new(path, (960, 540)).into_drawing_area();
    root.fill(&WHITE).map_err(|e| failed(&e))?;
    let mut smooth = Vec::new();
    for &loss in &progress.losses {
        let before = smooth.last().map_or(loss, |&(_, before)| before);
        smooth.push((smooth.len() as f32 / steps_of_epoch as f32, 0.95 * before + 0.05 * loss));
    }
    let epochs = (progress.losses.len() as f32 / steps_of_epoch as f32).max(0.1);
    let highest = smooth.iter().map(|&(_, loss)| loss).fold(0.1f32, f32::max);
    let lowest = progress.accuracies.iter().copied().fold(0.99, f64::min);
    let mut chart = ChartBuilder::on(&root)
        .caption("MNIST", (FONT, 24))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(60)
        .right_y_label_area_size(60)
        .build_cartesian_2d(0f32..epochs, 0f32..highest)
        .map_err(|e| failed(&e))?
        .set_secondary_coord(0f32..epochs, lowest * 100.0 - 1.0..100.0);
    chart
        .configure_mesh()
        .x_desc("epoch")
        .y_desc("training loss")
        .label_style((FONT, 15))
        .draw()
        .map_err(|e| failed(&e))?;
    chart
        .configure_secondary_axes()
        .y_desc("test accuracy, %")
        .label_style((FONT, 15))
        .draw()
        .map_err(|e| failed(&e))?;
    chart
        .draw_series(LineSeries::new(smooth, BLUE.stroke_width(2)))
        .map_err(|e| failed(&e))?
        .label("training loss")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], BLUE));
    let accuracies: Vec<(f32, f64)> =
        progress.accuracies.iter().enumerate().map(|(i, a)| (i as f32 + 1.0, a * 100.0)).collect();
    chart
        .draw_secondary_series(LineSeries::new(accuracies.clone(), RED.stroke_width(2)).point_size(4))
        .map_err(|e| failed(&e))?
        .label("test accuracy")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], RED));
    chart
        .draw_secondary_series(accuracies.iter().map(|&(x, y)| {
            Text::new(format!("{y:.2} %"), (x - epochs * 0.06, y - 0.2), (FONT, 15).into_font().color(&RED))
        }))
        .map_err(|e| failed(&e))?;
    chart
        .configure_series_labels()
        .label_font((FONT, 15))
        .border_style(BLACK)
        .background_style(WHITE)
        .position(SeriesLabelPosition::UpperMiddle)
        .draw()
        .map_err(|e| failed(&e))?;
    root.present().map_err(|e| failed(&e))
}

/// The first test images that were told wrong: under each what it is, and what it was taken for.
pub(crate) fn mistakes(path: &Path, data: &Digits, digits: &[u8]) -> Result<()> {
    const COLUMNS: usize = 10;
    const ROWS: usize = 5;
    const SCALE: usize = 3;
    const CELL: (usize, usize) = (SIDE * SCALE + 12, SIDE * SCALE + 32);
    use_font();
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw {}: {error}", path.display());
    let size = ((COLUMNS * CELL.0) as u32, (ROWS * CELL.1) as u32);
    let root = BitMapBackend::new(path, size).into_drawing_area();
    root.fill(&WHITE).map_err(|e| failed(&e))?;
    let wrong = digits.iter().enumerate().filter(|&(i, &digit)| digit != data.label(i));
    for (place, (number, digit)) in wrong.take(COLUMNS * ROWS).enumerate() {
        let (left, top) = (place % COLUMNS * CELL.0 + 6, place / COLUMNS * CELL.1 + 6);
        for (i, &pixel) in data.image(number).iter().enumerate() {
            let (x, y) = ((left + i % SIDE * SCALE) as i32, (top + i / SIDE * SCALE) as i32);
            let ink = 255 - pixel;
            let square = Rectangle::new(
                [(x, y), (x + SCALE as i32, y + SCALE as i32)],
                RGBColor(ink, ink, ink).filled(),
            );
            root.draw(&square).map_err(|e| failed(&e))?;
        }
        let text = format!("{}, not {digit}", data.label(number));
        let at = (left as i32, (top + SIDE * SCALE + 4) as i32);
        root.draw(&Text::new(text, at, (FONT, 15).into_font().color(&BLACK))).map_err(|e| failed(&e))?;
    }
    root.present().map_err(|e| failed(&e))
}
