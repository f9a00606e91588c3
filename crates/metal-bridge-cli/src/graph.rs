//! `metal-bridge graph`: shows and times a graph that a program has saved.

use std::io::{self, Write};

use bytemuck::Pod;
use metal_bridge::graph::{
    Dim, Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutable, GraphTensor, TensorDataType,
};
use metal_bridge::{Buffer, Device, ResourceOptions};

use crate::cli::{GraphArguments, GraphForm};
use crate::devices;
use crate::error::{Failure, Result};
use crate::source;

/// Prints or saves the form that is wanted.
pub(crate) fn run(arguments: &GraphArguments) -> Result<()> {
    let path = &arguments.file;
    let text = source::read(path)?;
    let (graph, targets) = Graph::from_json(&text)
        .map_err(|source| Failure::Contained { path: path.clone(), source: Box::new(source) })?;
    check_names(&graph, arguments)?;
    let compiles = !matches!(arguments.emit, GraphForm::Text | GraphForm::Dot | GraphForm::Svg);
    if let (false, Some((name, _))) = (compiles, arguments.size.first()) {
        return Err(Failure::option(
            format!("--size {name}"),
            "changes nothing in what is shown: give --emit optimized, msl, memory or times as well",
        ));
    }
    let shown = match arguments.emit {
        GraphForm::Text => graph.to_text(),
        GraphForm::Dot => graph.to_dot(),
        GraphForm::Svg => graph.to_svg(),
        GraphForm::Optimized => compile(&graph, &targets, arguments)?.optimized_graphs().concat(),
        GraphForm::Msl => compile(&graph, &targets, arguments)?.sources().concat(),
        GraphForm::Memory => compile(&graph, &targets, arguments)?.memory_pictures().concat(),
        GraphForm::Times => times(&compile(&graph, &targets, arguments)?, arguments)?,
    };
    match &arguments.output {
        Some(path) => {
            std::fs::write(path, shown).map_err(|source| Failure::File { path: path.clone(), source })?;
        }
        None => io::stdout().lock().write_all(shown.as_bytes())?,
    }
    Ok(())
}

/// The size that was given for a name.
fn size(arguments: &GraphArguments, name: &str) -> Option<usize> {
    arguments.size.iter().rev().find(|(given, _)| given == name).map(|(_, size)| *size)
}

/// The names of all open dimensions, sorted.
fn names(graph: &Graph) -> Vec<String> {
    let shapes: Vec<_> = graph.placeholders().iter().map(GraphTensor::shape).collect();
    let dims = shapes.iter().flat_map(|shape| shape.dims());
    let mut names: Vec<String> = dims.flat_map(Dim::names).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// A size for a name that the graph does not have is a mistake.
fn check_names(graph: &Graph, arguments: &GraphArguments) -> Result<()> {
    let names = names(graph);
    match arguments.size.iter().find(|(name, _)| !names.contains(name)) {
        Some((name, _)) if names.is_empty() => {
            Err(Failure::option(format!("--size {name}"), "all dimensions of this graph have known sizes"))
        }
        Some((name, _)) => Err(Failure::option(
            format!("--size {name}"),
            format!("the graph's open dimensions are called {}", names.join(", ")),
        )),
        None => Ok(()),
    }
}

fn compile(graph: &Graph, targets: &[GraphTensor], arguments: &GraphArguments) -> Result<GraphExecutable> {
    let missing: Vec<String> =
        names(graph).into_iter().filter(|name| size(arguments, name).is_none()).collect();
    if !missing.is_empty() {
        let options: Vec<String> = missing.iter().map(|name| format!("--size {name}=N")).collect();
        let message = format!("the graph has open dimensions; give {}", options.join(" "));
        return Err(Failure::option("--emit", message));
    }
    let device = devices::choose(arguments.device.as_deref())?;
    let mut descriptor = GraphCompilationDescriptor::new();
    for (name, size) in &arguments.size {
        descriptor = descriptor.dimension(name, *size);
    }
    let feeds = graph.placeholders();
    let feeds: Vec<&GraphTensor> = feeds.iter().collect();
    let targets: Vec<&GraphTensor> = targets.iter().collect();
    let executable = graph.compile(&GraphDevice::new(&device), &feeds, &targets, &descriptor)?;
    if executable.step_counts().is_empty() {
        let message =
            "the graph has open dimensions that no placeholder has, so that their sizes cannot be given";
        return Err(Failure::option("--emit", message));
    }
    Ok(executable)
}

/// The table of the steps' times, with inputs of made-up values.
fn times(executable: &GraphExecutable, arguments: &GraphArguments) -> Result<String> {
    let device = executable.device().device();
    let feeds = executable.feeds();
    let buffers =
        feeds.iter().map(|feed| values(device, feed, arguments)).collect::<Result<Vec<Buffer>>>()?;
    let inputs: Vec<_> = feeds.iter().zip(&buffers).collect();
    let profile = executable.profile(&device.new_command_queue()?, &inputs, arguments.runs as usize)?;
    Ok(profile.to_string())
}

/// A buffer of values for a placeholder: floats from -1 to 1, and zeros and ones, which are most likely to be within
/// whatever they count.
fn values(device: &Device, feed: &GraphTensor, arguments: &GraphArguments) -> Result<Buffer> {
    let shape = feed.shape();
    let data_type = feed.data_type();
    let mut sizes = shape.dims().iter().map(|dim| dim.resolve(|name| size(arguments, name)));
    let length = sizes.try_fold(data_type.size(), |bytes, size| bytes.checked_mul(size?));
    let buffer = device.new_buffer_with_length(length.unwrap_or(usize::MAX), ResourceOptions::default())?;
    let mut random = Random(1);
    match data_type {
        TensorDataType::Float32 => fill(&buffer, || random.number())?,
        TensorDataType::Float16 => fill(&buffer, || half::f16::from_f32(random.number()))?,
        TensorDataType::BFloat16 => fill(&buffer, || half::bf16::from_f32(random.number()))?,
        TensorDataType::Int32 => fill(&buffer, || i32::from(random.bit()))?,
        TensorDataType::Int64 => fill(&buffer, || i64::from(random.bit()))?,
        _ => fill(&buffer, || random.bit())?,
    }
    Ok(buffer)
}

fn fill<T: Pod>(buffer: &Buffer, mut value: impl FnMut() -> T) -> Result<()> {
    buffer.map_write::<T>()?.iter_mut().for_each(|element| *element = value());
    Ok(())
}

/// Numbers that are the same each time.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    fn number(&mut self) -> f32 {
        self.next() as f32 / (1 << 23) as f32 - 1.0
    }

    fn bit(&mut self) -> u8 {
        (self.next() >> 23) as u8
    }
}
