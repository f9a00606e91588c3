//! A network in the middle of its training, as a safetensors file.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use metal_bridge::graph::{Checkpoint, GraphDevice, GraphTensor};

/// How far training has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Progress {
    /// Epochs that have ended.
    pub(crate) epochs: u64,
    /// Steps of the epoch that has not.
    pub(crate) steps: u64,
    /// The loss of each step so far.
    pub(crate) losses: Vec<f32>,
    /// The part of the test images that were told right, after each epoch.
    pub(crate) accuracies: Vec<f64>,
}

/// Writes the values of all variables, with the settings that must be the same when training goes on.
pub(crate) fn save(
    path: &Path,
    device: &GraphDevice,
    variables: &[GraphTensor],
    settings: &str,
    progress: &Progress,
) -> Result<()> {
    let mut checkpoint = device.checkpoint(variables)?;
    let metadata = [
        ("settings", settings.to_owned()),
        ("epochs", progress.epochs.to_string()),
        ("steps", progress.steps.to_string()),
        ("losses", serde_json::to_string(&progress.losses)?),
        ("accuracies", serde_json::to_string(&progress.accuracies)?),
    ];
    checkpoint.metadata.extend(metadata.map(|(key, text)| (key.to_owned(), text)));
    Ok(checkpoint.save(path)?)
}

/// Gives all variables the values of a file.
pub(crate) fn load(
    path: &Path,
    device: &GraphDevice,
    variables: &[GraphTensor],
    settings: &str,
) -> Result<Progress> {
    let checkpoint = Checkpoint::load(path)?;
    let entry =
        |key: &str| checkpoint.metadata.get(key).with_context(|| format!("{} has no {key}", path.display()));
    let saved = entry("settings")?;
    ensure!(saved == settings, "the checkpoint is of training with {saved}, not {settings}");
    device.restore(&checkpoint, variables)?;
    Ok(Progress {
        epochs: entry("epochs")?.parse()?,
        steps: entry("steps")?.parse()?,
        losses: serde_json::from_str(entry("losses")?)?,
        accuracies: serde_json::from_str(entry("accuracies")?)?,
    })
}
