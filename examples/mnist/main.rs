//! A convolutional network learns handwritten digits: graphs, kernels, the manager of operations and the allocator
//! at work together.
//!
//! ```text
//! cargo xtask demo
//! ```

mod arguments;
mod checkpoint;
mod data;
mod model;
mod pictures;
mod report;
mod training;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use metal_bridge::{Device, DeviceConfig};

use arguments::{Arguments, Optimiser};
use checkpoint::Progress;
use data::Digits;
use training::Trainer;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    ctrlc::set_handler(move || {
        // Who asks twice does not want to wait for the checkpoint.
        if asked.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    })?;
    run(&arguments, &stop)
}

fn run(arguments: &Arguments, stop: &AtomicBool) -> Result<()> {
    let start = Instant::now();
    let device = device(arguments)?;
    println!("device       {}", device.name());
    let limit = arguments.limit.map_or(usize::MAX, |limit| limit as usize);
    let train = Arc::new(Digits::load(&arguments.data, "train", limit)?);
    let test = Arc::new(Digits::load(&arguments.data, "t10k", limit)?);
    let batch = arguments.batch as usize;
    let steps_of_epoch = train.count() / batch;
    ensure!(steps_of_epoch > 0, "{} images are less than a batch of {batch}", train.count());
    println!("data         {} training and {} test images", train.count(), test.count());
    std::fs::create_dir_all(&arguments.output)
        .with_context(|| format!("cannot create {}", arguments.output.display()))?;
    if arguments.compare > 0 && !arguments.resume {
        compare(&device, arguments, &train)?;
    }

    let trainer = Trainer::new(&device, arguments.optimiser, arguments.seed, batch)?;
    println!("ready        after {:.1} s", start.elapsed().as_secs_f64());
    let variables = trainer.model.graph.variables();
    let saved = arguments.output.join("checkpoint.safetensors");
    let settings = format!(
        "seed {}, {} epochs, batches of {batch} of {} images, Adam by the {:?}",
        arguments.seed,
        arguments.epochs,
        train.count(),
        arguments.optimiser
    )
    .to_lowercase();
    let mut progress = Progress::default();
    if arguments.resume {
        progress = checkpoint::load(&saved, &trainer.graph_device, &variables, &settings)?;
        println!("resumed      after {} epochs and {} steps", progress.epochs, progress.steps);
    }

    trainer.manager.start_trace(100_000);
    let all = arguments.epochs * steps_of_epoch as u64;
    let mut training = 0.0;
    let mut steps_left = arguments.stop_after.unwrap_or(u64::MAX);
    let mut evaluation = None;
    while progress.epochs < arguments.epochs {
        let bar = bar(&progress, arguments.epochs, steps_of_epoch);
        let order = order(arguments.seed, progress.epochs, train.count());
        let (first, before) = (progress.steps as usize, progress.losses.len() as u64);
        let steps = first..first.saturating_add(usize::try_from(steps_left).unwrap_or(usize::MAX));
        let begin = Instant::now();
        let (mut smooth, mut correct, mut seen) = (None, 0, 0);
        let done = trainer.train(&train, &order, steps, before, all, |outcome| {
            let loss = smooth.map_or(outcome.loss, |before: f32| 0.95 * before + 0.05 * outcome.loss);
            smooth = Some(loss);
            correct += outcome.correct;
            seen += batch;
            progress.losses.push(outcome.loss);
            steps_left = steps_left.saturating_sub(1);
            let rate = seen as f64 / begin.elapsed().as_secs_f64();
            let accuracy = 100.0 * correct as f64 / seen as f64;
            bar.set_message(format!("loss {loss:.4}  accuracy {accuracy:.2} %  {rate:.0} images/s"));
            bar.inc(1);
            outcome.loss.is_finite() && !stop.load(Ordering::SeqCst)
        })?;
        training += begin.elapsed().as_secs_f64();
        progress.steps += done as u64;
        bar.finish();
        if progress.losses.last().is_some_and(|loss| !loss.is_finite()) {
            bail!("the loss is no number any more after {} steps", progress.losses.len());
        }
        if (progress.steps as usize) < steps_of_epoch {
            checkpoint::save(&saved, &trainer.graph_device, &variables, &settings, &progress)?;
            println!("stopped; go on with --resume, which reads {}", saved.display());
            return Ok(());
        }
        (progress.epochs, progress.steps) = (progress.epochs + 1, 0);
        let result = trainer.evaluate(&test)?;
        progress.accuracies.push(result.correct as f64 / test.count() as f64);
        println!(
            "             {:.2} % of the test images",
            100.0 * progress.accuracies[progress.accuracies.len() - 1]
        );
        evaluation = Some(result);
        checkpoint::save(&saved, &trainer.graph_device, &variables, &settings, &progress)?;
    }

    let evaluation = match evaluation {
        Some(evaluation) => evaluation,
        None => trainer.evaluate(&test)?,
    };
    let accuracy = 100.0 * evaluation.correct as f64 / test.count() as f64;
    let output = |name: &str| arguments.output.join(name);
    let trace = trainer.manager.stop_trace();
    std::fs::write(output("trace.json"), trace.to_json())?;
    pictures::learning_curve(&output("learning-curve.png"), &progress, steps_of_epoch)?;
    pictures::mistakes(&output("mistakes.png"), &test, &evaluation.digits)?;
    checkpoint::save(
        &output("digits.safetensors"),
        &trainer.graph_device,
        &trainer.model.weights,
        &settings,
        &progress,
    )?;

    println!("\n{}", report::times(&trace));
    println!("{}", report::steps(&trainer.profile()?));
    println!("accuracy     {accuracy:.2} % of the test images ({} wrong)", test.count() - evaluation.correct);
    if training > 0.0 {
        println!("training     {training:.1} s");
    }
    println!("total        {:.1} s", start.elapsed().as_secs_f64());
    if let Some(bytes) = report::peak_memory() {
        println!("memory       {} MB at most", bytes / 1_000_000);
    }
    let pooled = trainer.allocator.memory_stats();
    println!("buffers      {} KB from the allocator", pooled.active / 1000);
    for (what, name) in [
        ("curve", "learning-curve.png"),
        ("mistakes", "mistakes.png"),
        ("weights", "digits.safetensors"),
        ("trace", "trace.json"),
    ] {
        let hint = if what == "trace" { "  (open it in https://ui.perfetto.dev)" } else { "" };
        println!("{what:<12} {}{hint}", output(name).display());
    }
    Ok(())
}

/// The device that is asked for.
fn device(arguments: &Arguments) -> Result<Device> {
    if let Some(threads) = arguments.threads {
        ensure!(
            arguments.device.as_deref().is_none_or(|name| "cpu".contains(&name.to_lowercase())),
            "--threads is for the CPU device"
        );
        return Ok(Device::cpu(DeviceConfig::new().threads(threads))?);
    }
    let Some(name) = &arguments.device else { return Ok(Device::system_default()?) };
    let devices = Device::all()?;
    let wanted = name.to_lowercase();
    let found = devices.iter().find(|device| device.name().to_lowercase().contains(&wanted));
    found.cloned().with_context(|| {
        let names: Vec<&str> = devices.iter().map(Device::name).collect();
        format!("no device's name has `{name}` in it; there are: {}", names.join(", "))
    })
}

/// The order of the training images in an epoch.
fn order(seed: u64, epoch: u64, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    fastrand::Rng::with_seed(seed ^ (epoch + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)).shuffle(&mut order);
    order
}

fn bar(progress: &Progress, epochs: u64, steps: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {elapsed}  {msg}")
        .expect("the template is right");
    let bar = ProgressBar::new(steps as u64).with_style(style.progress_chars("█▌ "));
    bar.set_prefix(format!("epoch {}/{epochs}   ", progress.epochs + 1));
    bar.set_position(progress.steps);
    bar
}

/// Trains two networks that begin alike with the same batches, one with each optimiser. They must stay alike: both
/// compute the same formula, though in another order.
fn compare(device: &Device, arguments: &Arguments, data: &Arc<Digits>) -> Result<()> {
    const TOLERANCE: f32 = 1e-3;
    let batch = arguments.batch as usize;
    let order = order(arguments.seed, 0, data.count());
    let mut weights = Vec::new();
    for optimiser in [Optimiser::Kernel, Optimiser::Graph] {
        let trainer = Trainer::new(device, optimiser, arguments.seed, batch)?;
        trainer.train(data, &order, 0..arguments.compare as usize, 0, arguments.compare, |_| true)?;
        let mut all: Vec<f32> = Vec::new();
        for weight in &trainer.model.weights {
            all.extend(trainer.graph_device.read_variable(weight)?.to_vec::<f32>()?);
        }
        weights.push(all);
    }
    let apart = weights[0].iter().zip(&weights[1]).map(|(a, b)| (a - b).abs()).fold(0.0f32, f32::max);
    println!(
        "optimisers   after {} steps, weights of the kernel's and the graph's Adam differ by {apart:.1e} at most",
        arguments.compare
    );
    ensure!(apart <= TOLERANCE, "the optimisers do not agree: {apart} is more than {TOLERANCE}");
    Ok(())
}
