//! A network in the middle of its training, as a safetensors file.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use metal_bridge::graph::{GraphDevice, GraphTensor, TensorData, TensorDataType};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

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

/// Writes the values of all variables, with the settings that must be the same when training goes on. A file that is
/// there is replaced in one step, so that there is a whole one at any time.
pub(crate) fn save(
    path: &Path,
    device: &GraphDevice,
    variables: &[GraphTensor],
    settings: &str,
    progress: &Progress,
) -> Result<()> {
    let mut values = Vec::new();
    for variable in variables {
        values.push((variable.label(), device.read_variable(variable)?));
    }
    let mut views = Vec::new();
    for (name, value) in &values {
        views.push((name.as_str(), TensorView::new(Dtype::F32, value.shape().to_vec(), value.bytes())?));
    }
    let metadata = HashMap::from([
        ("settings".to_owned(), settings.to_owned()),
        ("epochs".to_owned(), progress.epochs.to_string()),
        ("steps".to_owned(), progress.steps.to_string()),
        ("losses".to_owned(), serde_json::to_string(&progress.losses)?),
        ("accuracies".to_owned(), serde_json::to_string(&progress.accuracies)?),
    ]);
    let bytes = safetensors::serialize(views, Some(metadata))?;
    let unfinished = path.with_extension("unfinished");
    let write = || -> std::io::Result<()> {
        fs::write(&unfinished, &bytes)?;
        fs::File::open(&unfinished)?.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Gives all variables the values of a file.
pub(crate) fn load(
    path: &Path,
    device: &GraphDevice,
    variables: &[GraphTensor],
    settings: &str,
) -> Result<Progress> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (_, header) = SafeTensors::read_metadata(&bytes)?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let entry = |key: &str| metadata.get(key).with_context(|| format!("{} has no {key}", path.display()));
    let saved = entry("settings")?;
    ensure!(saved == settings, "the checkpoint is of training with {saved}, not {settings}");
    let tensors = SafeTensors::deserialize(&bytes)?;
    for variable in variables {
        let name = variable.label();
        let tensor = tensors.tensor(&name).with_context(|| format!("there is no {name}"))?;
        if tensor.dtype() != Dtype::F32 {
            bail!("{name} is of type {:?}, not F32", tensor.dtype());
        }
        let value = TensorData::from_bytes(TensorDataType::Float32, tensor.shape(), tensor.data())?;
        device.write_variable(variable, &value)?;
    }
    Ok(Progress {
        epochs: entry("epochs")?.parse()?,
        steps: entry("steps")?.parse()?,
        losses: serde_json::from_str(entry("losses")?)?,
        accuracies: serde_json::from_str(entry("accuracies")?)?,
    })
}
