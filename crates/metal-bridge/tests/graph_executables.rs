//! Executables as a program sees them: variables, buffers, sizes, errors, determinism; and random graphs, optimised
//! and not.

mod graph;

use std::sync::mpsc;

use graph::{Random, assert_close, buffer, compile, placeholder, run};
use metal_bridge::graph::{
    AdamDescriptor, Convolution2dDescriptor, Dim, Graph, GraphCompilationDescriptor, GraphDevice,
    GraphExecutionDescriptor, GraphOptimization, GraphProblem, GraphTensor, Pooling2dDescriptor,
    SgdDescriptor, Shape, TensorData, TensorDataType,
    reference::{self, Interpreter},
};
use metal_bridge::{Buffer, Device, Error, ResourceOptions, Result};

use TensorDataType::{Float32, Int32, Int64};

/// What executes graphs here. The unit tests of `graph/lower` run these tests, too, on a device of theirs.
fn test_device() -> metal_bridge::Device {
    metal_bridge::Device::system_default().unwrap()
}

fn problem<T>(result: Result<T>) -> GraphProblem {
    match result {
        Err(Error::Graph(error)) => error.problem().clone(),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("no error"),
    }
}

/// Two layers with a loss; the variables are trained by Adam or SGD.
#[allow(clippy::type_complexity, reason = "taken apart where it is called")]
fn perceptron(adam: bool) -> Result<(Graph, [GraphTensor; 2], Vec<GraphTensor>, Vec<GraphTensor>)> {
    let graph = Graph::new();
    let mut random = Random::new(77);
    let mut variable = |shape: &[usize], name: &str| graph.variable(random.data(Float32, shape), name);
    let variables = [
        variable(&[12, 70], "w1")?,
        variable(&[70], "b1")?,
        variable(&[70, 5], "w2")?,
        variable(&[5], "b2")?,
    ];
    let x = graph.placeholder_tensor([Dim::open("batch"), 12.into()], Float32)?.with_label("x");
    let labels = graph.placeholder_tensor([Dim::open("batch")], Int32)?.with_label("labels");
    let [w1, b1, w2, b2] = &variables;
    let hidden = graph.relu(&(&graph.matrix_multiplication(&x, w1)? + b1)?)?.with_label("hidden");
    let logits = (&graph.matrix_multiplication(&hidden, w2)? + b2)?;
    let picked = graph.one_hot(&labels, 5, Float32)?;
    let losses = graph.reduction_sum(&(&graph.log_softmax(&logits, -1)? * &picked)?, &[-1], false)?;
    let loss = graph.neg(&graph.reduction_mean(&losses, &[], false)?)?.with_label("loss");
    let by: Vec<&GraphTensor> = variables.iter().collect();
    let gradients = graph.gradients(&loss, &by)?;
    let gradients: Vec<&GraphTensor> = gradients.iter().collect();
    let mut targets = if adam {
        graph.adam_step(&by, &gradients, 0.01, &AdamDescriptor::default())?
    } else {
        graph.sgd_step(&by, &gradients, 0.01, &SgdDescriptor { momentum: 0.9, ..SgdDescriptor::default() })?
    };
    targets.insert(0, loss);
    Ok((graph, [x, labels], targets, variables.to_vec()))
}

#[test]
fn training_follows_the_reference_for_batches_of_any_size() -> Result<()> {
    for adam in [true, false] {
        let (graph, [x, labels], targets, variables) = perceptron(adam)?;
        let targets: Vec<&GraphTensor> = targets.iter().collect();
        let device = crate::test_device();
        let graph_device = GraphDevice::new(&device);
        // The steps are made whether their values are asked for or not.
        let (wanted, rest) = targets.split_at(if adam { 1 } else { targets.len() });
        let descriptor = GraphCompilationDescriptor::new().target_operations(rest.iter().copied());
        let executable = graph.compile(&graph_device, &[&x, &labels], wanted, &descriptor)?;
        assert!(executable.sources().is_empty(), "the batch's size is not known yet");
        let queue = device.new_command_queue()?;
        let mut interpreter = Interpreter::new(&graph);
        let mut random = Random::new(5);
        for step in 0..6 {
            let batch = [8, 3][step % 2];
            let x_data = random.data(Float32, &[batch, 12]);
            let label_data: Vec<i32> = (0..batch).map(|_| random.below(5) as i32).collect();
            let label_data = TensorData::new([batch], &label_data).unwrap();
            let inputs = [(&x, &buffer(&device, &x_data)), (&labels, &buffer(&device, &label_data))];
            let execution = executable.execute(&queue, &inputs, None, &GraphExecutionDescriptor::new())?;
            let expected = interpreter.evaluate(&targets, &[(&x, x_data), (&labels, label_data)])?;
            assert_eq!(execution.results().len(), wanted.len());
            assert_close("loss", &execution.read(targets[0])?, &expected[0], 10.0);
        }
        for variable in &variables {
            let (got, expected) = (graph_device.read_variable(variable)?, interpreter.variable(variable)?);
            assert_close(&variable.label(), &got, &expected, 50.0);
        }
        assert_eq!(executable.sources().len(), 2);
        assert!(executable.sources()[0].contains("\"hidden\""), "{}", executable.sources()[0]);
    }
    Ok(())
}

#[test]
fn variables_are_read_as_they_were_before() -> Result<()> {
    let graph = Graph::new();
    let a = graph.variable(TensorData::new([70], &[1.0f32; 70]).unwrap(), "a")?;
    let b = graph.variable(TensorData::new([70], &[10.0f32; 70]).unwrap(), "b")?;
    // They change places, and the sum of the old values reads both in another order than they are written in.
    let (to_a, to_b) = (graph.assign(&a, &b)?, graph.assign(&b, &graph.reverse(&a, &[0])?)?);
    let sum = graph.reduction_sum(&(&a + &(2.0 * &b)?)?, &[], false)?;
    for level in [GraphOptimization::Level0, GraphOptimization::Level1] {
        let device = GraphDevice::new(&crate::test_device());
        let executable = compile(&device, &[&to_a, &sum, &to_b, &a], &[], level);
        for turn in 0..3 {
            let values = run(&executable, &[&to_a, &sum, &to_b, &a], &[]);
            let (old_a, old_b) = if turn % 2 == 0 { (1.0, 10.0) } else { (10.0, 1.0) };
            assert_eq!(values[0].to_f64(), [old_b; 70]);
            assert_eq!(values[1].to_f64(), [70.0 * (old_a + 2.0 * old_b)]);
            assert_eq!(values[2].to_f64(), [old_a; 70]);
            assert_eq!(values[3].to_f64(), [old_a; 70]);
        }
        device.write_variable(&a, &TensorData::new([70], &[3.0f32; 70]).unwrap())?;
        run(&executable, &[&to_a], &[]);
        assert_eq!(device.read_variable(&b)?.to_f64(), [3.0; 70]);
    }
    Ok(())
}

#[test]
fn results_go_where_they_are_wanted_and_handlers_run() -> Result<()> {
    let graph = Graph::new();
    let x = placeholder(&graph, &[4], Float32);
    let (double, square) = ((2.0 * &x)?, graph.square(&x)?);
    let device = crate::test_device();
    let executable = graph.compile(
        &GraphDevice::new(&device),
        &[&x],
        &[&double, &square],
        &GraphCompilationDescriptor::new(),
    )?;
    let queue = device.new_command_queue()?;
    let input = device.new_buffer_with_data(&[1.0f32, 2.0, 3.0, 4.0], ResourceOptions::default())?;
    let longer = device.new_buffer_with_length(32, ResourceOptions::default())?;
    let (sender, receiver) = mpsc::channel();
    let descriptor =
        GraphExecutionDescriptor::new().wait_until_completed(true).completion_handler(move |done| {
            let _ = sender.send(done.status());
        });
    let execution = executable.execute(&queue, &[(&x, &input)], Some(&[(&square, &longer)]), &descriptor)?;
    assert_eq!(longer.read::<f32>()?[..4], [1.0, 4.0, 9.0, 16.0]);
    assert_eq!(execution.result(&square), Some(&longer));
    assert_eq!(execution.read(&double)?.to_f64(), [2.0, 4.0, 6.0, 8.0]);
    assert_eq!(receiver.recv(), Ok(metal_bridge::CommandBufferStatus::Completed));
    Ok(())
}

#[test]
fn wrong_compilations_are_errors() -> Result<()> {
    let graph = Graph::new();
    let x = placeholder(&graph, &[4], Float32);
    let y = (&x + 1.0)?;
    let other = Graph::new();
    let foreign = placeholder(&other, &[4], Float32);
    let device = GraphDevice::new(&crate::test_device());
    let descriptor = GraphCompilationDescriptor::new();
    let attempt = |feeds: &[&GraphTensor], targets: &[&GraphTensor]| {
        problem(graph.compile(&device, feeds, targets, &descriptor))
    };
    assert!(matches!(attempt(&[&x], &[]), GraphProblem::Parameter { parameter: "targets", .. }));
    assert!(matches!(attempt(&[&foreign], &[&y]), GraphProblem::ForeignTensor { argument: "feeds" }));
    assert!(matches!(attempt(&[&x], &[&foreign]), GraphProblem::ForeignTensor { argument: "targets" }));
    assert!(matches!(attempt(&[&y], &[&y]), GraphProblem::Parameter { parameter: "feeds", .. }));
    assert!(matches!(attempt(&[&x, &x], &[&y]), GraphProblem::Parameter { parameter: "feeds", .. }));
    assert!(matches!(attempt(&[], &[&y]), GraphProblem::MissingInput { .. }));
    for (operation, argument) in [(&y, "target_operations"), (&foreign, "")] {
        let descriptor = descriptor.clone().target_operations([operation]);
        match problem(graph.compile(&device, &[&x], &[&y], &descriptor)) {
            GraphProblem::Parameter { parameter, .. } => assert_eq!(parameter, argument),
            other => assert_eq!(other, GraphProblem::ForeignTensor { argument: "target_operations" }),
        }
    }
    let unknown = descriptor.clone().dimension("nobody", 3);
    let result = graph.compile(&device, &[&x], &[&y], &unknown);
    assert!(matches!(problem(result), GraphProblem::Parameter { parameter: "dimension", .. }));
    assert!(matches!(
        problem(device.read_variable(&x)),
        GraphProblem::Parameter { parameter: "variable", .. }
    ));
    Ok(())
}

#[test]
fn wrong_executions_are_errors() -> Result<()> {
    let graph = Graph::new();
    let batch = Dim::open("batch");
    let x = graph.placeholder_tensor([batch.clone(), 4.into()], Float32)?.with_label("x");
    let z = graph.placeholder_tensor([batch, Dim::open("width")], Float32)?;
    let y = (&x + 1.0)?;
    let w = (&z + 1.0)?;
    let device = crate::test_device();
    let graph_device = GraphDevice::new(&device);
    let executable = graph.compile(&graph_device, &[&x], &[&y], &GraphCompilationDescriptor::new())?;
    let queue = device.new_command_queue()?;
    let data = device.new_buffer_with_length(32, ResourceOptions::default())?;
    let small = device.new_buffer_with_length(20, ResourceOptions::default())?;
    let result = device.new_buffer_with_length(32, ResourceOptions::default())?;
    let plain = GraphExecutionDescriptor::new();
    let attempt = |inputs: &[(&GraphTensor, &Buffer)], results: &[(&GraphTensor, &Buffer)]| {
        problem(executable.execute(&queue, inputs, Some(results), &plain))
    };
    assert!(matches!(attempt(&[], &[]), GraphProblem::UnknownDimension { .. }));
    assert!(matches!(
        attempt(&[(&x, &small)], &[]),
        GraphProblem::BufferLength { got: 20, expected: 32, .. }
    ));
    assert!(matches!(
        attempt(&[(&x, &data)], &[(&y, &small)]),
        GraphProblem::BufferLength { expected: 32, .. }
    ));
    assert!(matches!(attempt(&[(&x, &data)], &[(&y, &data)]), GraphProblem::SharedBuffer { .. }));
    assert!(matches!(attempt(&[(&y, &data)], &[]), GraphProblem::Parameter { parameter: "inputs", .. }));
    assert!(matches!(attempt(&[(&x, &data), (&x, &data)], &[]), GraphProblem::Parameter { .. }));
    assert!(matches!(
        attempt(&[(&x, &data)], &[(&x, &result)]),
        GraphProblem::Parameter { parameter: "results", .. }
    ));
    let longer = plain.clone().dimension("batch", 3);
    let execution = executable.execute(&queue, &[(&x, &data)], None, &longer);
    assert!(matches!(problem(execution), GraphProblem::BufferLength { expected: 48, .. }));
    let shorter = plain.clone().dimension("batch", 1).wait_until_completed(true);
    assert_eq!(executable.execute(&queue, &[(&x, &data)], None, &shorter)?.read(&y)?.shape(), [1, 4]);

    let both = graph.compile(&graph_device, &[&z], &[&w], &GraphCompilationDescriptor::new())?;
    assert!(matches!(
        problem(both.execute(&queue, &[(&z, &data)], None, &plain)),
        GraphProblem::UnknownDimension { .. }
    ));
    let width = plain.clone().dimension("width", 2);
    assert_eq!(both.execute(&queue, &[(&z, &data)], None, &width)?.read(&w)?.shape(), [4, 2]);

    let stranger = Device::null();
    let queue = stranger.new_command_queue()?;
    let result = executable.execute(&queue, &[(&x, &data)], None, &plain);
    assert!(matches!(result, Err(Error::DeviceMismatch { .. })));
    Ok(())
}

/// A device of its own, so that nobody else allocates.
#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn executions_allocate_nothing_when_they_are_given_buffers() -> Result<()> {
    use metal_bridge::DeviceConfig;
    let (graph, [x, labels], targets, _) = perceptron(false)?;
    let targets: Vec<&GraphTensor> = targets.iter().collect();
    let device = Device::cpu(DeviceConfig::new())?;
    let descriptor = GraphCompilationDescriptor::new().dimension("batch", 8).cached_shapes(1);
    let executable = graph.compile(&GraphDevice::new(&device), &[&x, &labels], &targets, &descriptor)?;
    let queue = device.new_command_queue()?;
    let buffer = |length| device.new_buffer_with_length(length, ResourceOptions::default());
    let (inputs, results) =
        ((buffer(8 * 12 * 4)?, buffer(8 * 4)?), targets.iter().map(|_| buffer(12 * 70 * 4)));
    let results: Vec<Buffer> = results.collect::<Result<_>>()?;
    let results: Vec<(&GraphTensor, &Buffer)> = targets.iter().copied().zip(&results).collect();
    let run = || -> Result<()> {
        let inputs = [(&x, &inputs.0), (&labels, &inputs.1)];
        executable
            .execute(&queue, &inputs, Some(&results), &GraphExecutionDescriptor::new())?
            .wait_until_completed()
    };
    run()?;
    let before = device.current_allocated_size();
    run()?;
    run()?;
    assert_eq!(device.current_allocated_size(), before);
    Ok(())
}

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn bits_do_not_depend_on_the_number_of_threads() -> Result<()> {
    use metal_bridge::DeviceConfig;
    use std::num::NonZeroUsize;
    let mut all = Vec::new();
    for threads in [1, 2, 5] {
        let graph = Graph::new();
        let mut random = Random::new(31);
        let x = placeholder(&graph, &[300, 90], Float32);
        let product = graph.matrix_multiplication(&graph.transpose(&x, 0, 1)?, &x)?;
        let image = graph.reshape(&x, [3, 1, 100, 90])?;
        let weights = random.data(Float32, &[8, 1, 5, 3]);
        let weights = graph.variable(weights, "weights")?;
        let filtered = graph.convolution_2d(&image, &weights, None, &Convolution2dDescriptor::default())?;
        let energy = graph.reduction_sum(&graph.square(&filtered)?, &[], false)?;
        let [by_image, by_weights] = graph.gradients(&energy, &[&x, &weights])?.try_into().expect("two");
        let targets = [
            graph.reduction_sum(&x, &[], false)?,
            graph.softmax(&x, -1)?,
            graph.reduction_mean(&graph.exp(&x)?, &[0], false)?,
            product,
            filtered,
            by_image,
            by_weights,
        ];
        let targets: Vec<&GraphTensor> = targets.iter().collect();
        let device = Device::cpu(DeviceConfig::new().threads(NonZeroUsize::new(threads).unwrap()))?;
        let inputs = [(&x, random.data(Float32, &[300, 90]))];
        let executable = compile(&GraphDevice::new(&device), &targets, &inputs, GraphOptimization::Level1);
        all.push(run(&executable, &targets, &inputs));
    }
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
    Ok(())
}

/// A tensor as an image, convolved or pooled.
fn image(graph: &Graph, random: &mut Random, x: &GraphTensor) -> Result<GraphTensor> {
    let count = x.shape().known().unwrap_or_default().iter().product::<usize>();
    let channels = if count.is_multiple_of(2) { 2 } else { 1 };
    let height = [12, 6, 5, 4, 3, 1].into_iter().find(|n| (count / channels).is_multiple_of(*n)).unwrap_or(1);
    let width = count / channels / height;
    let x = graph.reshape(x, [1, channels, height, width])?;
    let mut window = Pooling2dDescriptor::new(1 + random.below(3), 1 + random.below(3));
    (window.stride_x, window.stride_y) = (1 + random.below(3), 1 + random.below(3));
    let result = match random.below(3) {
        0 => graph.max_pool_2d(&x, &window)?,
        1 => graph.avg_pool_2d(&x, &window)?,
        _ => {
            let filters = channels * (1 + random.below(6));
            let groups = if random.below(2) == 0 { 1 } else { channels };
            let shape = [filters, channels / groups, 1 + random.below(3), 1 + random.below(3)];
            let weights = graph.constant_with_data(
                shape,
                &random.data(Float32, &shape).to_f64().iter().map(|&x| (x * 0.2) as f32).collect::<Vec<_>>(),
            )?;
            let descriptor = Convolution2dDescriptor {
                stride_x: window.stride_x,
                stride_y: window.stride_y,
                padding_left: random.below(3),
                padding_right: random.below(2),
                padding_top: random.below(2),
                groups,
                ..Convolution2dDescriptor::default()
            };
            graph.convolution_2d(&x, &weights, None, &descriptor)?
        }
    };
    let [_, channels, height, width] = result.shape().known().unwrap_or_default()[..] else {
        unreachable!("images have four axes")
    };
    graph.reshape(&result, [channels * height, width])
}

/// A graph of random operations on tensors of a few shapes.
#[allow(clippy::type_complexity, reason = "taken apart where it is called")]
fn random_graph(seed: u64) -> Result<(Graph, Vec<GraphTensor>, Vec<(GraphTensor, TensorData)>)> {
    let graph = Graph::new();
    let mut random = Random::new(seed);
    let shape = [[6, 8], [3, 70], [17, 5], [40, 48]][random.below(4)];
    let mut tensors = Vec::new();
    let mut inputs = Vec::new();
    for shape in [vec![shape[0], shape[1]], vec![shape[0], shape[1]], vec![shape[1]], vec![shape[0], 1]] {
        let x = placeholder(&graph, &shape, Float32);
        inputs.push((x.clone(), random.data(Float32, &shape)));
        tensors.push(x);
    }
    let counter = graph.constant_with_data(Shape::scalar(), &[7i64])?;
    debug_assert_eq!(counter.data_type(), Int64);
    for _ in 0..4 + random.below(14) {
        let x = &tensors[random.below(tensors.len())];
        let y = &tensors[random.below(tensors.len())];
        let rank = x.rank();
        let axis = if rank == 0 { 0 } else { random.below(rank) as isize };
        let made = match random.below(26) {
            0 => graph.addition(x, y),
            1 => graph.multiplication(x, y),
            2 => graph.subtraction(x, y),
            3 => graph.maximum(x, y),
            4 => graph.tanh(x),
            5 => graph.sigmoid(x),
            6 => graph.relu(x),
            7 => graph.square(&graph.tanh(x)?),
            8 => graph.softmax(x, axis),
            9 => graph.reduction_sum(x, &[axis], true).and_then(|sum| &sum * 0.1),
            10 => graph.reduction_maximum(x, &[axis], random.below(2) == 0),
            11 => graph.transpose(x, 0, axis),
            12 => graph.reverse(x, &[axis]),
            13 => x.shape().element_count().map_or_else(
                || graph.neg(x),
                |count| graph.reshape(x, [count]).and_then(|flat| graph.reverse(&flat, &[0])),
            ),
            14 => graph.pad(x, &vec![1; rank], &vec![random.below(3); rank], 0.5),
            15 => graph.slice(x, axis, random.below(2)..),
            16 => graph.concat(&[x, x], axis),
            17 => graph
                .transpose(y, -1, -2)
                .and_then(|y| graph.matrix_multiplication(x, &y))
                .and_then(|p| &p * 0.1),
            18 => graph.layer_norm(x, &[axis], None, None, 1e-2),
            19 => graph.reduction_sum(x, &[axis], false).and_then(|sum| &sum * 0.1),
            20..=22 => image(&graph, &mut random, x),
            23 => graph.less_than(x, y).and_then(|smaller| graph.select(&smaller, x, &graph.tanh(y)?)),
            24 => graph.reduction_sum(x, &[], false).and_then(|sum| {
                let by = &inputs[random.below(inputs.len())].0;
                Ok(graph.gradients(&(&sum * 0.01)?, &[by])?.remove(0))
            }),
            _ => graph.dropout(x, 0.5, seed as i64, &counter),
        };
        // What does not fit is left out; large tensors would only take time.
        if let Ok(made) = made
            && made.shape().known().is_some_and(|sizes| sizes.iter().product::<usize>() < 4000)
        {
            // Building gives back what is there where nothing is to be done.
            if !tensors.contains(&made) {
                tensors.push(made);
            }
        }
    }
    let count = 1 + random.below(3);
    let targets: Vec<GraphTensor> = tensors.iter().rev().take(count).cloned().collect();
    Ok((graph, targets, inputs))
}

/// `METAL_BRIDGE_GRAPHS=2000` tries more.
#[test]
fn random_graphs_are_the_same_optimised_or_not() -> Result<()> {
    let count: u64 = std::env::var("METAL_BRIDGE_GRAPHS").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    let device = GraphDevice::new(&crate::test_device());
    for seed in 1..=count {
        let (_, targets, inputs) = random_graph(seed)?;
        let targets: Vec<&GraphTensor> = targets.iter().collect();
        let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
        let expected = reference::evaluate(&targets, &inputs)?;
        let optimised = compile(&device, &targets, &inputs, GraphOptimization::Level1);
        let got = run(&optimised, &targets, &inputs);
        for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
            assert_close(&format!("seed {seed}, target {i}"), got, expected, 20.0);
        }
        // Without optimisation it takes much longer to compile.
        if seed % 4 == 0 {
            let plain = compile(&device, &targets, &inputs, GraphOptimization::Level0);
            for (i, (plain, got)) in run(&plain, &targets, &inputs).iter().zip(&got).enumerate() {
                assert_close(&format!("seed {seed}, target {i}, plain"), plain, got, 20.0);
            }
        }
    }
    Ok(())
}
