//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Trains a convolutional network on MNIST's handwritten digits and shows how it went.
///
/// Pictures, the trained network and a trace of the schedule are written to a folder. Ctrl-C ends after the current
/// step and keeps a checkpoint, from which `--resume` goes on exactly where it was.
#[derive(Clone, Debug, Parser)]
#[command(name = "mnist", max_term_width = 100)]
pub(crate) struct Arguments {
    /// Run on the first device whose name has this text in it, such as `cpu`.
    #[arg(long, value_name = "NAME")]
    pub(crate) device: Option<String>,
    /// Times that all training images are gone through.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) epochs: u64,
    /// Images of a step.
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) batch: u64,
    /// What the first weights, the order of the images, and dropout follow from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Worker threads of the CPU device; by default, one for each processor.
    #[arg(long)]
    pub(crate) threads: Option<std::num::NonZeroUsize>,
    /// Go on from the checkpoint in the output folder.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Who updates the weights.
    #[arg(long, value_enum, default_value_t = Optimiser::Kernel)]
    pub(crate) optimiser: Optimiser,
    /// Steps for which both optimisers are compared before training; 0 for none.
    #[arg(long, default_value_t = 20, value_name = "STEPS")]
    pub(crate) compare: u64,
    /// Use only so many images for training, and as many for testing.
    #[arg(long, value_name = "IMAGES", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// End with a checkpoint after so many steps, as Ctrl-C would.
    #[arg(long, value_name = "STEPS")]
    pub(crate) stop_after: Option<u64>,
    /// Where the four files of MNIST are.
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/data/mnist"))]
    pub(crate) data: PathBuf,
    /// Where results are written.
    #[arg(long, value_name = "DIR", default_value = "target/mnist")]
    pub(crate) output: PathBuf,
}

/// Who updates the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Optimiser {
    /// The built-in kernel `adam_update_float32`, run on the gradients that the graph computes.
    Kernel,
    /// Adam as a part of the graph.
    Graph,
}
