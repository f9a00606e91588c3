//! What lies at the edges of executables: many dimensions, numbers that types hardly hold, windows in the padding, values that
//! are only copied.

mod graph;

use graph::{Random, assert_close, check, compile, placeholder, run};
use metal_bridge::graph::{
    Convolution2dDescriptor, Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutionDescriptor,
    GraphOptimization, GraphTensor, Pooling2dDescriptor, Shape, TensorData, TensorDataType, reference,
};
use metal_bridge::{AllocatorConfig, BufferAllocator, ResourceOptions, Result};

use TensorDataType::{BFloat16, Bool, Float16, Float32, Int32, Int64, UInt8};

/// What executes graphs here. The unit tests of `graph/lower` run these tests, too, on a device of theirs.
fn test_device() -> metal_bridge::Device {
    metal_bridge::Device::system_default().unwrap()
}

fn refs(tensors: &[GraphTensor]) -> Vec<&GraphTensor> {
    tensors.iter().collect()
}

/// A tensor that has been moved, cut, joined or reduced in some way.
fn moved(graph: &Graph, random: &mut Random, x: &GraphTensor) -> Result<GraphTensor> {
    let sizes = x.shape().known().unwrap_or_default();
    let rank = sizes.len();
    let axis = if rank == 0 { 0 } else { random.below(rank) };
    let mut some = |most: usize| -> Vec<usize> { (0..rank).map(|_| random.below(most)).collect() };
    let (starts, strides, before, after) = (some(2), some(3), some(2), some(3));
    let subset: Vec<isize> =
        some(2).iter().enumerate().filter(|(_, chosen)| **chosen == 1).map(|(i, _)| i as isize).collect();
    match random.below(10) {
        0 => {
            let mut axes: Vec<isize> = (0..rank as isize).collect();
            for i in (1..rank).rev() {
                axes.swap(i, random.below(i + 1));
            }
            graph.permute(x, &axes)
        }
        1 => {
            let starts: Vec<usize> = starts.iter().zip(&sizes).map(|(&s, &size)| s.min(size - 1)).collect();
            let strides: Vec<usize> = strides.iter().map(|stride| stride + 1).collect();
            graph.strided_slice(x, &starts, &sizes, &strides)
        }
        2 if x.data_type() != Bool => graph.pad(x, &before, &after, 3.0),
        3 if !subset.is_empty() => graph.reverse(x, &subset),
        4 if rank > 0 => graph.concat(&[x, x], axis as isize),
        5 => graph.expand_dims(x, &[axis as isize]),
        6 => {
            let mut shape = vec![1 + random.below(2)];
            shape.extend(sizes.iter().map(|&size| if size == 1 { 1 + random.below(3) } else { size }));
            graph.broadcast_to(x, shape)
        }
        7 if x.data_type() != Bool && !subset.is_empty() => {
            graph.reduction_sum(x, &subset, random.below(2) == 0)
        }
        8 if x.data_type() != Bool && rank > 0 => {
            let kept: Vec<isize> = vec![axis as isize];
            graph.reduction_maximum(x, &kept, random.below(2) == 0)
        }
        _ if rank > 1 => {
            let mut shape = sizes.clone();
            let last = shape.remove(axis);
            let place = axis.min(shape.len() - 1);
            shape[place] *= last;
            graph.reshape(x, shape)
        }
        _ => graph.expand_dims(x, &[0]),
    }
}

/// `METAL_BRIDGE_GRAPHS=2000` tries more.
#[test]
fn tensors_of_many_dimensions_move() -> Result<()> {
    let count: u64 = std::env::var("METAL_BRIDGE_GRAPHS").ok().and_then(|n| n.parse().ok()).unwrap_or(14);
    for seed in 1..=count {
        let graph = Graph::new();
        let mut random = Random::new(seed);
        let data_type = TensorDataType::ALL[random.below(TensorDataType::ALL.len())];
        let shape: Vec<usize> = (0..random.below(8)).map(|_| 1 + random.below(3)).collect();
        let x = placeholder(&graph, &shape, data_type);
        let mut tensors = vec![x.clone()];
        for _ in 0..8 {
            let from = tensors[tensors.len() - 1 - random.below(tensors.len().min(3))].clone();
            let made = moved(&graph, &mut random, &from)?;
            let small = made
                .shape()
                .known()
                .is_some_and(|sizes| sizes.len() < 9 && sizes.iter().product::<usize>() < 3000);
            if small && !tensors.contains(&made) {
                tensors.push(made);
            }
        }
        let targets: Vec<&GraphTensor> = tensors[1..].iter().rev().take(3).collect();
        if targets.is_empty() {
            continue;
        }
        let inputs = [(&x, random.data(data_type, &shape))];
        let expected = reference::evaluate(&targets, &inputs)?;
        let device = GraphDevice::new(&crate::test_device());
        let executable = compile(&device, &targets, &inputs, GraphOptimization::Level1);
        for (i, (got, expected)) in run(&executable, &targets, &inputs).iter().zip(&expected).enumerate() {
            assert_close(&format!("seed {seed}, target {i}: {:?}", targets[i]), got, expected, 4.0);
        }
    }
    Ok(())
}

#[test]
fn many_axes_are_permuted() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(2);
    let shape = [2, 3, 1, 2, 3, 2, 2];
    let x = placeholder(&graph, &shape, Int32);
    let mut targets = Vec::new();
    for axes in [
        [6, 5, 4, 3, 2, 1, 0],
        [1, 0, 4, 3, 2, 6, 5],
        [5, 1, 6, 0, 4, 3, 2],
        [3, 4, 0, 2, 1, 5, 6],
        [0, 3, 1, 5, 2, 6, 4],
    ] {
        targets.push(graph.permute(&x, &axes)?);
    }
    targets.push(graph.reverse(&x, &[0, 3, 6])?);
    targets.push(graph.reduction_sum(&x, &[0, 3, 5], false)?);
    check(&refs(&targets), &[(&x, random.data(Int32, &shape))]);
    Ok(())
}

#[test]
fn floats_become_integers_that_hold_them() -> Result<()> {
    let values = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        0.0,
        -0.0,
        0.99,
        -0.99,
        1.5,
        -1.5,
        254.9,
        255.0,
        255.5,
        256.0,
        1e6,
        2_147_483_520.0,
        2_147_483_648.0,
        -2_147_483_648.0,
        -2_147_483_904.0,
        4e9,
        -4e9,
        9.223_371e18,
        9.223_372e18,
        -9.223_372e18,
        -9.3e18,
        1e30,
        -1e30,
        1e-40,
        65504.0,
        65520.0,
        3e38,
    ];
    let graph = Graph::new();
    let x = placeholder(&graph, &[values.len()], Float32);
    let mut targets = Vec::new();
    for to in [Int32, Int64, UInt8, Bool, Float16, BFloat16] {
        targets.push(graph.cast(&x, to)?);
    }
    check(&refs(&targets), &[(&x, TensorData::new([values.len()], &values)?)]);
    Ok(())
}

#[test]
fn integers_become_other_types() -> Result<()> {
    let values = [
        0,
        1,
        -1,
        255,
        256,
        257,
        -256,
        i64::from(i32::MAX),
        i64::from(i32::MIN),
        1 << 31,
        (1 << 31) + 5,
        1 << 32,
        -(1 << 32) - 7,
        (1 << 47) + 3,
        (1 << 53) - 1,
        (1 << 54) + 6,
        i64::MAX,
        i64::MIN,
        i64::MIN + 1,
    ];
    let graph = Graph::new();
    let wide = placeholder(&graph, &[values.len()], Int64);
    let narrow = graph.cast(&wide, Int32)?;
    let small = graph.cast(&wide, UInt8)?;
    let truth = graph.cast(&wide, Bool)?;
    let mut targets = vec![narrow.clone(), small.clone(), truth.clone(), graph.cast(&wide, Float32)?];
    targets.push(graph.addition(&wide, i64::MAX)?);
    targets.push(graph.logical_xor(&wide, 0x7654_3210_FEDC_BA98i64)?);
    for from in [&narrow, &small, &truth] {
        for to in [Int32, Int64, UInt8, Bool, Float32, Float16] {
            targets.push(graph.cast(from, to)?);
        }
    }
    let mut once: Vec<GraphTensor> = Vec::new();
    for target in targets {
        if !once.contains(&target) {
            once.push(target);
        }
    }
    check(&refs(&once), &[(&wide, TensorData::new([values.len()], &values)?)]);
    Ok(())
}

#[test]
fn quotients_of_large_integers_are_exact() -> Result<()> {
    let mut random = Random::new(91);
    let special = [
        0,
        1,
        -1,
        2,
        -2,
        3,
        7,
        -28,
        28,
        i64::from(i32::MAX),
        i64::from(i32::MIN),
        i64::MAX,
        i64::MIN,
        i64::MIN + 1,
    ];
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for &x in &special {
        for &y in &special {
            a.push(x);
            b.push(y);
        }
    }
    for _ in 0..400 {
        // Of all sizes, and sometimes a multiple.
        let (x, y) = (random.bits() as i64 >> random.below(64), random.bits() as i64 >> random.below(64));
        let y = if random.below(3) == 0 { x / (1 + random.below(1000) as i64) } else { y };
        a.push(if random.below(3) == 0 { y.wrapping_mul(random.below(1 << 20) as i64) } else { x });
        b.push(y);
    }
    let count = a.len();
    let graph = Graph::new();
    let (x, y) = (placeholder(&graph, &[count], Int64), placeholder(&graph, &[count], Int64));
    let mut targets = Vec::new();
    for to in [Int64, Int32, UInt8] {
        let (x, y) = (graph.cast(&x, to)?, graph.cast(&y, to)?);
        targets.push(graph.division(&x, &y)?);
        targets.push(graph.modulo(&x, &y)?);
    }
    let inputs = [(&x, TensorData::new([count], &a)?), (&y, TensorData::new([count], &b)?)];
    let executable = compile(
        &GraphDevice::new(&crate::test_device()),
        &refs(&targets),
        &inputs,
        GraphOptimization::Level1,
    );
    let expected = reference::evaluate(&refs(&targets), &inputs)?;
    // Bit by bit: numbers as f64 would hide the last digits.
    for ((got, expected), target) in
        run(&executable, &refs(&targets), &inputs).iter().zip(&expected).zip(&targets)
    {
        let differ = |bytes: &TensorData| bytes.bytes().to_vec();
        assert_eq!(differ(got), differ(expected), "{target:?}");
    }
    Ok(())
}

#[test]
fn wide_integers_are_reduced_and_scattered_exactly() -> Result<()> {
    let mut random = Random::new(17);
    let shape = [5, 7, 3];
    let values: Vec<i64> = (0..105).map(|_| random.bits() as i64).collect();
    let indices: Vec<i64> =
        (0..12).map(|_| random.below(9) as i64 - 2).chain([i64::MAX, i64::MIN, 1 << 32]).collect();
    let updates: Vec<i64> = (0..5 * 15 * 3).map(|_| random.bits() as i64).collect();
    let graph = Graph::new();
    let x = placeholder(&graph, &shape, Int64);
    let index = placeholder(&graph, &[15], Int64);
    let update = placeholder(&graph, &[5, 15, 3], Int64);
    let mut targets = vec![graph.scatter_add(&x, &index, &update, 1)?, graph.gather(&x, &index, 1)?];
    for axes in [&[][..], &[0], &[1], &[0, 2]] {
        targets.push(graph.reduction_sum(&x, axes, false)?);
        targets.push(graph.reduction_product(&x, axes, false)?);
        targets.push(graph.reduction_maximum(&x, axes, true)?);
        targets.push(graph.reduction_minimum(&x, axes, false)?);
    }
    targets.push(graph.reduction_arg_maximum(&x, &[1], false)?);
    targets.push(graph.reduction_arg_minimum(&x, &[2], false)?);
    let inputs = [
        (&x, TensorData::new(shape, &values)?),
        (&index, TensorData::new([15], &indices)?),
        (&update, TensorData::new([5, 15, 3], &updates)?),
    ];
    let expected = reference::evaluate(&refs(&targets), &inputs)?;
    let device = GraphDevice::new(&crate::test_device());
    let executable = compile(&device, &refs(&targets), &inputs, GraphOptimization::Level1);
    for ((got, expected), target) in
        run(&executable, &refs(&targets), &inputs).iter().zip(&expected).zip(&targets)
    {
        assert_eq!(got.bytes(), expected.bytes(), "{target:?}");
    }
    Ok(())
}

#[test]
fn positions_of_nan_and_of_equals_are_the_first() -> Result<()> {
    let rows = [
        [1.0, 5.0, 5.0, 2.0],
        [f32::NAN, 9.0, f32::NAN, 1.0],
        [3.0, f32::NAN, 9.0, f32::NAN],
        [f32::NEG_INFINITY; 4],
        [f32::INFINITY; 4],
        [-0.0, 0.0, 0.0, -0.0],
    ];
    let values = rows.concat();
    let graph = Graph::new();
    let x = placeholder(&graph, &[6, 4], Float32);
    let half = graph.cast(&x, Float16)?;
    let mut targets = Vec::new();
    for x in [&x, &half] {
        for axis in [0, 1] {
            targets.push(graph.reduction_arg_maximum(x, &[axis], false)?);
            targets.push(graph.reduction_arg_minimum(x, &[axis], false)?);
            targets.push(graph.reduction_maximum(x, &[axis], false)?);
            targets.push(graph.reduction_minimum(x, &[axis], false)?);
        }
    }
    check(&refs(&targets), &[(&x, TensorData::new([6, 4], &values)?)]);
    Ok(())
}

#[test]
fn windows_may_lie_in_the_padding() -> Result<()> {
    let mut random = Random::new(8);
    for data_type in [Float32, Float16, Int32, Int64, UInt8] {
        let graph = Graph::new();
        let x = placeholder(&graph, &[2, 2, 1, 5], data_type);
        let window = Pooling2dDescriptor {
            dilation_x: 2,
            dilation_y: 3,
            stride_x: 2,
            padding_top: 3,
            padding_bottom: 3,
            padding_left: 2,
            padding_right: 1,
            ..Pooling2dDescriptor::new(2, 3)
        };
        let pooled = graph.max_pool_2d(&x, &window)?;
        let mut targets = vec![pooled.clone()];
        let mut data = random.data(data_type, &[2, 2, 1, 5]);
        if data_type.is_float() {
            let sum = graph.reduction_sum(&graph.square(&graph.relu(&pooled)?)?, &[], false)?;
            let first = graph.gradients(&sum, &[&x])?.remove(0);
            let again = graph.reduction_sum(&graph.square(&first)?, &[], false)?;
            targets.push(graph.gradients(&again, &[&x])?.remove(0));
            targets.push(first);
            for include_zero_pad_to_average in [true, false] {
                let mean =
                    graph.avg_pool_2d(&x, &Pooling2dDescriptor { include_zero_pad_to_average, ..window })?;
                let sum = graph.reduction_sum(&graph.square(&mean)?, &[], false)?;
                targets.push(graph.gradients(&sum, &[&x])?.remove(0));
                targets.push(mean);
            }
        }
        if data_type == Float32 {
            // Equals, NaN, and what is as small as padding.
            let mut values = [1.0f32; 20];
            (values[0], values[3], values[7], values[12]) = (f32::NEG_INFINITY, f32::NAN, f32::NAN, 2.0);
            values[5..7].fill(f32::NEG_INFINITY);
            data = TensorData::new([2, 2, 1, 5], &values)?;
            targets.truncate(1);
        }
        check(&refs(&targets), &[(&x, data)]);
    }
    Ok(())
}

#[test]
fn padding_may_be_wider_than_the_window() -> Result<()> {
    let mut random = Random::new(12);
    let graph = Graph::new();
    let x = placeholder(&graph, &[2, 4, 3, 5], Float32);
    let weights = placeholder(&graph, &[6, 2, 1, 2], Float32);
    let descriptor = Convolution2dDescriptor {
        stride_x: 2,
        dilation_x: 2,
        padding_top: 2,
        padding_bottom: 1,
        padding_left: 4,
        padding_right: 3,
        groups: 2,
        ..Convolution2dDescriptor::default()
    };
    let y = graph.convolution_2d(&x, &weights, None, &descriptor)?;
    let energy = graph.reduction_sum(&graph.square(&y)?, &[], false)?;
    let mut targets = graph.gradients(&energy, &[&x, &weights])?;
    targets.push(y);
    let inputs = [(&x, random.data(Float32, &[2, 4, 3, 5])), (&weights, random.data(Float32, &[6, 2, 1, 2]))];
    check(&refs(&targets), &inputs);
    Ok(())
}

#[test]
fn products_may_be_deep_and_wide() -> Result<()> {
    let mut random = Random::new(3);
    let graph = Graph::new();
    let (a, b) = (placeholder(&graph, &[2, 17_000], Float32), placeholder(&graph, &[17_000, 3], Float32));
    let (c, d) = (placeholder(&graph, &[2, 1], Float32), placeholder(&graph, &[1, 33_000], Float32));
    let images = placeholder(&graph, &[33_000, 1, 1, 1], Float32);
    let weights = placeholder(&graph, &[1, 1, 1, 1], Float32);
    let filtered = graph.convolution_2d(&images, &weights, None, &Convolution2dDescriptor::default())?;
    let mean = graph.reduction_mean(&graph.square(&filtered)?, &[], false)?;
    let mut targets = graph.gradients(&mean, &[&images, &weights])?;
    targets.extend([graph.matrix_multiplication(&a, &b)?, graph.matrix_multiplication(&c, &d)?, filtered]);
    let inputs: Vec<(&GraphTensor, TensorData)> = [&a, &b, &c, &d, &images, &weights]
        .into_iter()
        .map(|x| (x, random.data(Float32, &x.shape().known().unwrap_or_default())))
        .collect();
    let expected = reference::evaluate(&refs(&targets), &inputs)?;
    let device = GraphDevice::new(&crate::test_device());
    let executable = compile(&device, &refs(&targets), &inputs, GraphOptimization::Level1);
    for ((got, expected), target) in
        run(&executable, &refs(&targets), &inputs).iter().zip(&expected).zip(&targets)
    {
        assert_close(&format!("{target:?}"), got, expected, 4.0);
    }
    Ok(())
}

#[test]
fn values_that_are_not_computed_are_copied() -> Result<()> {
    let graph = Graph::new();
    let x = placeholder(&graph, &[2, 1, 3], Float32);
    let [a, b, c] = [1.0f32, 2.0, 3.0]
        .map(|value| graph.variable(TensorData::new([6], &[value; 6]).unwrap(), "v").unwrap());
    let constant = graph.constant_with_data([3], &[true, false, true])?;
    let filled = graph.constant_tensor(7.5, [2, 2], Float16)?;
    let number = graph.constant_with_data(Shape::scalar(), &[i64::MIN])?;
    let flat = graph.reshape(&x, [6])?;
    // `a` and `b` change places, and `c` becomes what is fed; nothing is computed at all.
    let (to_a, to_b, to_c) = (graph.assign(&a, &b)?, graph.assign(&b, &a)?, graph.assign(&c, &flat)?);
    let targets = [&x, &a, &to_a, &b, &to_b, &c, &to_c, &constant, &filled, &number, &flat];
    for level in [GraphOptimization::Level0, GraphOptimization::Level1] {
        let device = GraphDevice::new(&crate::test_device());
        let inputs = [(&x, TensorData::new([2, 1, 3], &[1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0])?)];
        let executable = compile(&device, &targets, &inputs, level);
        let mut interpreter = reference::Interpreter::new(&graph);
        for turn in 0..2 {
            let expected = interpreter.evaluate(&targets, &inputs)?;
            for (i, (got, expected)) in run(&executable, &targets, &inputs).iter().zip(&expected).enumerate()
            {
                assert_eq!(got, expected, "{level:?}, turn {turn}, target {i}");
            }
            for variable in [&a, &b, &c] {
                assert_eq!(device.read_variable(variable)?, interpreter.variable(variable)?);
            }
        }
    }
    Ok(())
}

#[test]
fn targets_and_variables_may_be_one_value() -> Result<()> {
    let graph = Graph::new();
    let [a, b] =
        [1.0f32, 2.0].map(|value| graph.variable(TensorData::new([70], &[value; 70]).unwrap(), "v").unwrap());
    let sum = (&a + &b)?;
    let (to_a, to_b) = (graph.assign(&a, &sum)?, graph.assign(&b, &sum)?);
    let device = GraphDevice::new(&crate::test_device());
    for targets in [vec![&sum, &to_a, &to_b], vec![&to_b, &to_a]] {
        let before = [device.read_variable(&a)?.to_f64()[0], device.read_variable(&b)?.to_f64()[0]];
        let executable = compile(&device, &targets, &[], GraphOptimization::Level1);
        for value in run(&executable, &targets, &[]) {
            assert_eq!(value.to_f64(), [before[0] + before[1]; 70]);
        }
        assert_eq!(device.read_variable(&a)?, device.read_variable(&b)?);
        assert_eq!(device.read_variable(&a)?.to_f64(), [before[0] + before[1]; 70]);
    }
    Ok(())
}

/// A pooled buffer begins within another one, which MPSGraph knows no way to say.
#[test]
fn buffers_may_be_parts_of_others() -> Result<()> {
    let device = crate::test_device();
    let allocator = BufferAllocator::new(&device, AllocatorConfig::new())?;
    let new = |value: u8, length: usize| {
        allocator.allocate_with_data(&vec![value; length], ResourceOptions::default())
    };
    let graph = Graph::new();
    let (x, y) = (placeholder(&graph, &[5, 3], Int32), placeholder(&graph, &[3], UInt8));
    let wide = graph.cast(&y, Int32)?;
    let (sum, odd) = ((&x + &wide)?, graph.addition(&y, 200)?);
    // One lies at the start of the memory of all, the others do not.
    let buffers = [new(1, 60)?, new(2, 3)?, new(0, 60)?, new(9, 7)?, new(0, 3)?, new(8, 5)?];
    let [to_x, to_y, to_sum, before, to_odd, after] = &buffers;
    to_x.write(&std::array::from_fn::<i32, 15, _>(|i| i as i32 * 100))?;
    let executable = graph.compile(
        &GraphDevice::new(&device),
        &[&x, &y],
        &[&sum, &odd, &x],
        &GraphCompilationDescriptor::new(),
    )?;
    let queue = device.new_command_queue()?;
    for _ in 0..2 {
        let inputs = [(&y, to_y), (&x, to_x)];
        let results = [(&odd, to_odd), (&sum, to_sum)];
        let execution =
            executable.execute(&queue, &inputs, Some(&results), &GraphExecutionDescriptor::new())?;
        assert_eq!(
            execution.read(&sum)?.to_vec::<i32>()?,
            std::array::from_fn::<i32, 15, _>(|i| i as i32 * 100 + 2)
        );
        assert_eq!(execution.read(&x)?.to_vec::<i32>()?[14], 1400);
        assert_eq!(to_odd.read::<u8>()?, [202; 3]);
        assert_eq!((before.read::<u8>()?, after.read::<u8>()?), (vec![9; 7], vec![8; 5]));
    }
    Ok(())
}
