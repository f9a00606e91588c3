//! Steps of training, and what the network makes of the test images.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc;

use anyhow::{Context, Result};
use metal_bridge::graph::{
    GraphCompilationDescriptor, GraphDevice, GraphExecutable, GraphExecutionDescriptor, GraphProfile,
    GraphTensor,
};
use metal_bridge::{
    AllocatorConfig, Buffer, BufferAllocator, CommandBufferManager, CommandQueue, CompileOptions,
    ComputePipelineState, Device, METAL_KERNEL_SOURCE, OperationId, PendingOperation, ResourceOptions,
};

use crate::arguments::Optimiser;
use crate::data::{Digits, PIXELS};
use crate::model::{BETAS, EPSILON, Model, learning_rate};

/// Batches that are prepared while others are trained with.
const AHEAD: usize = 3;

/// A network on a device, ready to be trained and used.
pub(crate) struct Trainer {
    pub(crate) model: Model,
    pub(crate) graph_device: GraphDevice,
    pub(crate) manager: CommandBufferManager,
    pub(crate) allocator: BufferAllocator,
    step: Arc<Step>,
    evaluation: GraphExecutable,
    slots: Vec<Slot>,
    batch: usize,
}

/// The buffers of a batch. While one is trained with, others are filled.
#[derive(Clone)]
struct Slot {
    images: Buffer,
    labels: Buffer,
    step: Buffer,
    rate: Buffer,
    loss: Buffer,
    digits: Buffer,
}

/// What training with a batch has shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// The mean over the batch.
    pub(crate) loss: f32,
    /// Images that were told right.
    pub(crate) correct: usize,
}

/// What the network says of the test images.
pub(crate) struct Evaluation {
    /// The digit for each image.
    pub(crate) digits: Vec<u8>,
    pub(crate) correct: usize,
}

/// One step of training.
struct Step {
    executable: GraphExecutable,
    images: GraphTensor,
    labels: GraphTensor,
    step: GraphTensor,
    rate: GraphTensor,
    loss: GraphTensor,
    digits: GraphTensor,
    adam: Option<KernelAdam>,
}

/// The built-in kernel on the buffers of the weights.
struct KernelAdam {
    pipeline: ComputePipelineState,
    tensors: Vec<Updated>,
}

/// A weight with what its update needs.
struct Updated {
    gradient: GraphTensor,
    /// Weight, gradient, momentum and velocity, as the kernel's arguments are.
    buffers: [Buffer; 4],
    elements: usize,
}

impl Trainer {
    /// Compiles what is needed.
    pub(crate) fn new(device: &Device, optimiser: Optimiser, seed: u64, batch: usize) -> Result<Self> {
        let model = Model::new(seed)?;
        let queue = device.new_command_queue()?;
        let manager = CommandBufferManager::new(device, &queue)?;
        let allocator = BufferAllocator::new(device, AllocatorConfig::new())?;
        let graph_device = GraphDevice::new(device);
        let feeds = [&model.images, &model.labels, &model.step, &model.rate];
        let mut targets = vec![&model.training.loss, &model.training.digits];
        let descriptor = GraphCompilationDescriptor::new();
        let mut training = descriptor.clone().dimension("batch", batch);
        match optimiser {
            Optimiser::Kernel => targets.extend(&model.gradients),
            Optimiser::Graph => training = training.target_operations(&model.adam),
        }
        let executable = model.graph.compile(&graph_device, &feeds, &targets, &training)?;
        let evaluation =
            model.graph.compile(&graph_device, &[&model.images], &[&model.evaluation.digits], &descriptor)?;
        let adam = match optimiser {
            Optimiser::Kernel => Some(KernelAdam::new(&model, &graph_device, &allocator)?),
            Optimiser::Graph => None,
        };
        let buffer = |bytes: usize| allocator.allocate(bytes, ResourceOptions::default());
        let slots = (0..AHEAD).map(|_| {
            Ok(Slot {
                images: buffer(batch * PIXELS * size_of::<f32>())?,
                labels: buffer(batch * size_of::<i32>())?,
                step: buffer(size_of::<i64>())?,
                rate: buffer(size_of::<f32>())?,
                loss: buffer(size_of::<f32>())?,
                digits: buffer(batch * size_of::<i32>())?,
            })
        });
        let slots = slots.collect::<Result<_>>()?;
        let step = Arc::new(Step {
            executable,
            images: model.images.clone(),
            labels: model.labels.clone(),
            step: model.step.clone(),
            rate: model.rate.clone(),
            loss: model.training.loss.clone(),
            digits: model.training.digits.clone(),
            adam,
        });
        Ok(Self { model, graph_device, manager, allocator, step, evaluation, slots, batch })
    }

    /// Trains with the batches of an epoch, but for those before `steps`, and no more than these. `before` steps of
    /// `all` have been made.
    /// `each` hears of the steps in their order and says whether to go on. Gives the number of steps.
    pub(crate) fn train(
        &self,
        data: &Arc<Digits>,
        order: &[usize],
        steps: Range<usize>,
        before: u64,
        all: u64,
        mut each: impl FnMut(Outcome) -> bool,
    ) -> Result<usize> {
        let mut running: VecDeque<(OperationId, mpsc::Receiver<Outcome>)> = VecDeque::new();
        let mut done = 0;
        let mut wanted = true;
        let mut batches = order.chunks_exact(self.batch).skip(steps.start).take(steps.len()).enumerate();
        loop {
            while wanted && running.len() < AHEAD {
                let Some((i, numbers)) = batches.next() else { break };
                running.push_back(self.queue(
                    data,
                    numbers,
                    before + i as u64,
                    all,
                    &self.slots[i % AHEAD],
                )?);
            }
            let Some((operation, outcome)) = running.pop_front() else { return Ok(done) };
            self.manager.wait_for_operation(operation)?;
            done += 1;
            wanted &= each(outcome.recv().context("a step told no result")?);
        }
    }

    /// Queues the preparation of a batch and the step with it. The buffers that they declare put them in order:
    /// a batch is prepared when the step that used its slot before has ended, and steps follow each other
    /// because all write the weights.
    fn queue(
        &self,
        data: &Arc<Digits>,
        numbers: &[usize],
        number: u64,
        all: u64,
        slot: &Slot,
    ) -> Result<(OperationId, mpsc::Receiver<Outcome>)> {
        let rate = learning_rate(number, all);
        let (data, numbers, filled) = (data.clone(), numbers.to_vec(), slot.clone());
        let prepare = PendingOperation::new(self.manager.generate_operation_id())
            .label("prepare a batch")
            .output_buffers([&slot.images, &slot.labels, &slot.step, &slot.rate])
            .execute(move || {
                let (images, labels) = data.moved_batch(&numbers, number);
                filled.images.write(&images)?;
                filled.labels.write(&labels)?;
                filled.step.write(&[number as i64])?;
                filled.rate.write(&[rate])
            });
        self.manager.queue_operation(prepare)?;

        let (sender, receiver) = mpsc::channel();
        let operation = self.manager.generate_operation_id();
        let (step, used) = (self.step.clone(), slot.clone());
        let weights = self.model.weights.iter().map(|weight| self.graph_device.variable_buffer(weight));
        let weights = weights.collect::<metal_bridge::Result<Vec<_>>>()?;
        let train = PendingOperation::new(operation)
            .label("train")
            .input_buffers([&slot.images, &slot.labels, &slot.step, &slot.rate])
            .output_buffers(weights.iter().chain([&slot.loss, &slot.digits]))
            .execute_with(move |context| {
                let outcome = step.run(context.command_queue(), &used, number, rate)?;
                // Nobody listens any more if an earlier step has failed.
                let _ = sender.send(outcome);
                Ok(())
            });
        self.manager.queue_operation(train)?;
        Ok((operation, receiver))
    }

    /// How long each part of a training step takes, with the batch that is there. With the graph's own Adam, the weights are
    /// others afterwards.
    pub(crate) fn profile(&self) -> Result<GraphProfile> {
        const RUNS: usize = 20;
        let queue = self.graph_device.device().new_command_queue()?;
        Ok(self.step.executable.profile(&queue, &self.step.inputs(&self.slots[0]), RUNS)?)
    }

    /// Tells the digits of all images, as operations of the manager.
    pub(crate) fn evaluate(&self, data: &Arc<Digits>) -> Result<Evaluation> {
        const BATCH: usize = 500;
        let numbers: Vec<usize> = (0..data.count()).collect();
        let mut running = Vec::new();
        for numbers in numbers.chunks(BATCH) {
            let (sender, receiver) = mpsc::channel();
            let (data, numbers, executable) = (data.clone(), numbers.to_vec(), self.evaluation.clone());
            let (images, digits) = (self.model.images.clone(), self.model.evaluation.digits.clone());
            let operation = PendingOperation::new(self.manager.generate_operation_id())
                .label("evaluate")
                .temporary(numbers.len() * PIXELS * size_of::<f32>(), ResourceOptions::default())
                .execute_with(move |context| {
                    let input = &context.temporaries()[0];
                    input.write(&data.batch(&numbers).0)?;
                    let descriptor = GraphExecutionDescriptor::new().dimension("batch", numbers.len());
                    let execution = executable.execute(
                        context.command_queue(),
                        &[(&images, input)],
                        None,
                        &descriptor,
                    )?;
                    let _ = sender.send(execution.read(&digits)?.to_vec::<i32>()?);
                    Ok(())
                });
            let id = operation.id();
            self.manager.queue_operation(operation)?;
            running.push((id, receiver));
        }
        let mut digits = Vec::new();
        for (id, receiver) in running {
            self.manager.wait_for_operation(id)?;
            digits.extend(
                receiver.recv().context("an evaluation told no result")?.into_iter().map(|d| d as u8),
            );
        }
        let correct = digits.iter().enumerate().filter(|&(i, &digit)| digit == data.label(i)).count();
        Ok(Evaluation { digits, correct })
    }
}

impl Step {
    fn inputs<'a>(&'a self, slot: &'a Slot) -> Vec<(&'a GraphTensor, &'a Buffer)> {
        let mut inputs =
            vec![(&self.images, &slot.images), (&self.labels, &slot.labels), (&self.step, &slot.step)];
        if self.adam.is_none() {
            inputs.push((&self.rate, &slot.rate));
        }
        inputs
    }

    fn run(
        &self,
        queue: &CommandQueue,
        slot: &Slot,
        number: u64,
        rate: f32,
    ) -> metal_bridge::Result<Outcome> {
        let inputs = self.inputs(slot);
        let mut results = vec![(&self.loss, &slot.loss), (&self.digits, &slot.digits)];
        let updated = self.adam.iter().flat_map(|adam| &adam.tensors);
        results.extend(updated.map(|updated| (&updated.gradient, &updated.buffers[1])));
        let execution =
            self.executable.execute(queue, &inputs, Some(&results), &GraphExecutionDescriptor::new())?;
        if let Some(adam) = &self.adam {
            adam.update(queue, number, rate)?;
        }
        let loss = execution.read(&self.loss)?.to_vec::<f32>()?[0];
        let digits = execution.read(&self.digits)?.to_vec::<i32>()?;
        let labels = slot.labels.read::<i32>()?;
        let correct = digits.iter().zip(&labels).filter(|(digit, label)| digit == label).count();
        Ok(Outcome { loss, correct })
    }
}

impl KernelAdam {
    fn new(model: &Model, graph_device: &GraphDevice, allocator: &BufferAllocator) -> Result<Self> {
        let device = graph_device.device();
        let library = device.new_library_with_source(METAL_KERNEL_SOURCE, &CompileOptions::default())?;
        let function = library.new_function_with_name("adam_update_float32")?;
        let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
        // The graph's own Adam keeps its state in variables; the kernel works on the same ones.
        let variables = model.graph.variables();
        let state = |weight: &GraphTensor, what: &str| -> Result<Buffer> {
            let name = format!("{}.{what}", weight.label());
            let variable = variables.iter().find(|variable| variable.label() == name);
            Ok(graph_device
                .variable_buffer(variable.with_context(|| format!("there is no variable {name}"))?)?)
        };
        let tensors = model.weights.iter().zip(&model.gradients).map(|(weight, gradient)| {
            let value = graph_device.variable_buffer(weight)?;
            let room = allocator.allocate(value.length(), ResourceOptions::default())?;
            Ok(Updated {
                gradient: gradient.clone(),
                elements: value.length() / size_of::<f32>(),
                buffers: [value, room, state(weight, "momentum")?, state(weight, "velocity")?],
            })
        });
        Ok(Self { pipeline, tensors: tensors.collect::<Result<_>>()? })
    }

    /// Encodes the update of all weights, after the work that computes their gradients, and waits for it.
    fn update(&self, queue: &CommandQueue, number: u64, rate: f32) -> metal_bridge::Result<()> {
        let command_buffer = queue.new_command_buffer();
        command_buffer.set_label("adam");
        let mut encoder = command_buffer.new_compute_command_encoder()?;
        encoder.set_compute_pipeline_state(&self.pipeline)?;
        for (index, value) in [rate, BETAS[0], BETAS[1], EPSILON].into_iter().enumerate() {
            encoder.set_bytes(&[value], 4 + index)?;
        }
        encoder.set_bytes(&[u32::try_from(number + 1).unwrap_or(u32::MAX)], 8)?;
        for updated in &self.tensors {
            for (index, buffer) in updated.buffers.iter().enumerate() {
                encoder.set_buffer(buffer, 0, index)?;
            }
            encoder.dispatch_threads((updated.elements, 1, 1), (updated.elements.min(256), 1, 1))?;
        }
        encoder.end_encoding()?;
        command_buffer.commit()?;
        command_buffer.wait_until_completed()
    }
}
