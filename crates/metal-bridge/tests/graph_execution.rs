//! Every operation on its way through the compiler, against the reference interpreter.

mod graph;

use graph::{Random, check, check_with, compile, placeholder, run};
use metal_bridge::Result;
use metal_bridge::graph::{
    AttentionDescriptor, Convolution2dDescriptor, Graph, GraphDevice, GraphOptimization, GraphTensor,
    Operand, Pooling2dDescriptor, Shape, TensorData, TensorDataType,
};

use TensorDataType::{BFloat16, Bool, Float16, Float32, Int32, Int64, UInt8};

/// What executes graphs here. The unit tests of `graph/lower` run these tests, too, on a device of theirs.
fn test_device() -> metal_bridge::Device {
    metal_bridge::Device::system_default().unwrap()
}

const FLOATS: [TensorDataType; 3] = [Float32, Float16, BFloat16];

fn refs(tensors: &[GraphTensor]) -> Vec<&GraphTensor> {
    tensors.iter().collect()
}

#[test]
fn unary_operations() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(1);
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    for data_type in FLOATS {
        let x = placeholder(&graph, &[7, 9], data_type);
        let data = random.data(data_type, &[7, 9]);
        let positive = graph.abs(&x)?;
        for y in [
            graph.neg(&x),
            graph.abs(&x),
            graph.sign(&x),
            graph.reciprocal(&x),
            graph.sqrt(&positive),
            graph.rsqrt(&positive),
            graph.exp(&x),
            graph.log(&positive),
            graph.sin(&x),
            graph.cos(&x),
            graph.tanh(&x),
            graph.erf(&x),
            graph.sigmoid(&x),
            graph.relu(&x),
            graph.floor(&x),
            graph.ceil(&x),
            graph.round(&x),
            graph.trunc(&x),
            graph.is_nan(&x),
            graph.is_finite(&x),
            graph.gelu(&x),
            graph.silu(&x),
            graph.square(&x),
            graph.log(&x),
            graph.sqrt(&x),
        ]
        .into_iter()
        .take(if data_type == Float32 { 25 } else { 8 })
        {
            targets.push(y?);
        }
        inputs.push((x, data));
    }
    for data_type in [Int32, Int64, UInt8] {
        let x = placeholder(&graph, &[31], data_type);
        for y in [graph.neg(&x), graph.abs(&x), graph.sign(&x), graph.relu(&x), graph.logical_not(&x)] {
            targets.push(y?);
        }
        inputs.push((x, random.data(data_type, &[31])));
    }
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    // Reciprocals and logarithms near zero are large.
    check(&refs(&targets), &inputs);
    Ok(())
}

#[test]
fn floats_have_their_special_values() -> Result<()> {
    let graph = Graph::new();
    let values =
        [0.0f32, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-40, -3.5, 2.5, 0.5, -1.5, 1e30, 300.0];
    let x = placeholder(&graph, &[12], Float32);
    let y = placeholder(&graph, &[12], Float32);
    let mut targets = Vec::new();
    for tensor in [
        graph.relu(&x),
        graph.sigmoid(&x),
        graph.tanh(&x),
        graph.erf(&x),
        graph.sign(&x),
        graph.maximum(&x, &y),
        graph.minimum(&x, &y),
        graph.round(&x),
        graph.is_nan(&x),
        graph.is_finite(&x),
        graph.equal(&x, &y),
        graph.not_equal(&x, &y),
        graph.less_than(&x, &y),
        graph.greater_than_or_equal_to(&x, &y),
        graph.cast(&x, Int32),
        graph.cast(&x, Int64),
        graph.cast(&x, UInt8),
        graph.cast(&x, Bool),
        graph.cast(&x, Float16),
        graph.cast(&x, BFloat16),
        graph.reduction_maximum(&x, &[0], false),
        graph.reduction_minimum(&x, &[0], false),
        graph.reduction_arg_maximum(&x, &[0], false),
        graph.reduction_arg_minimum(&x, &[0], false),
        graph.division(&x, &y),
        graph.exp(&x),
        graph.log(&x),
        graph.sqrt(&x),
    ] {
        targets.push(tensor?);
    }
    let mut turned = values;
    turned.rotate_left(5);
    let data = |values: &[f32]| TensorData::new([12], values).unwrap();
    check(&refs(&targets), &[(&x, data(&values)), (&y, data(&turned))]);
    Ok(())
}

#[test]
fn binary_operations_and_casts() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(2);
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    for data_type in TensorDataType::ALL {
        // Broadcast along both.
        let a = placeholder(&graph, &[5, 1, 9], data_type);
        let b = placeholder(&graph, &[4, 9], data_type);
        let condition = graph.less_than(&a, &b).or_else(|_| graph.equal(&a, &b))?;
        let results = [
            graph.addition(&a, &b),
            graph.subtraction(&a, &b),
            graph.multiplication(&a, &b),
            graph.division(&a, &b),
            graph.modulo(&a, &b),
            graph.maximum(&a, &b),
            graph.minimum(&a, &b),
            graph.equal(&a, &b),
            graph.greater_than(&a, &b),
            graph.less_than_or_equal_to(&a, &b),
            graph.logical_and(&a, &b),
            graph.logical_or(&a, &b),
            graph.logical_xor(&a, &b),
            graph.select(&condition, &a, &b),
        ];
        // Not every operation takes every type.
        targets.extend(results.into_iter().flatten());
        if data_type.is_float() {
            targets.push(graph.pow(&graph.abs(&a)?, &b)?);
        }
        for to in TensorDataType::ALL {
            targets.push(graph.cast(&a, to)?);
        }
        let (a_data, b_data) = (random.data(data_type, &[5, 1, 9]), random.data(data_type, &[4, 9]));
        inputs.extend([(a, a_data), (b, b_data)]);
    }
    assert!(targets.len() > 100);
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check(&refs(&targets), &inputs);
    Ok(())
}

#[test]
fn integers_wrap_and_divide_by_zero() -> Result<()> {
    let graph = Graph::new();
    let mut targets = Vec::new();
    let (a, b) = (placeholder(&graph, &[6], Int32), placeholder(&graph, &[6], Int32));
    let (c, d) = (placeholder(&graph, &[6], Int64), placeholder(&graph, &[6], Int64));
    for (x, y) in [(&a, &b), (&c, &d)] {
        for tensor in [
            graph.addition(x, y),
            graph.subtraction(x, y),
            graph.multiplication(x, y),
            graph.division(x, y),
            graph.modulo(x, y),
            graph.abs(x),
            graph.neg(x),
            graph.cast(x, UInt8),
            graph.cast(x, Float32),
        ] {
            targets.push(tensor?);
        }
    }
    let data32 = |v: &[i32]| TensorData::new([6], v).unwrap();
    let data64 = |v: &[i64]| TensorData::new([6], v).unwrap();
    check(
        &refs(&targets),
        &[
            (&a, data32(&[i32::MIN, i32::MIN, i32::MAX, -7, 7, 5])),
            (&b, data32(&[-1, 0, 2, 2, -2, 0])),
            (&c, data64(&[i64::MIN, i64::MIN, i64::MAX, -7, 7, 1 << 40])),
            (&d, data64(&[-1, 0, 2, 2, -2, 3])),
        ],
    );
    Ok(())
}

#[test]
fn movements() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(3);
    let x = placeholder(&graph, &[3, 4, 5], Float32);
    let y = placeholder(&graph, &[3, 2, 5], Float32);
    let sum = (&x + 1.0)?;
    let permuted = graph.permute(&sum, &[2, 0, 1])?;
    let padded = graph.pad(&sum, &[1, 0, 3], &[2, 1, 0], 7.0)?;
    let sliced = graph.strided_slice(&padded, &[1, 0, 2], &[6, 5, 8], &[2, 3, 1])?;
    let many: Vec<GraphTensor> = (0..15).map(|i| &x * f64::from(i)).collect::<Result<_>>()?;
    let targets = [
        graph.reshape(&x, [5, 12])?,
        graph.transpose(&x, 0, 2)?,
        graph.reshape(&permuted, [4, 15])?,
        permuted,
        sliced,
        padded,
        graph.concat(&[&x, &y, &x], 1)?,
        graph.concat(&refs(&many), 2)?,
        graph.reverse(&sum, &[0, 2])?,
        graph.broadcast_to(&graph.slice(&x, 1, 2..3)?, [2, 3, 1, 5])?,
        graph.tile(&y, &[2, 1, 3])?,
        graph.one_hot(&graph.constant_with_data([4], &[1i32, 9, -1, 0])?, 5, Float32)?,
        graph.coordinate_along_axis(-1, [3, 200], UInt8)?,
        graph.coordinate_along_axis(0, [3, 4], Float32)?,
        graph.stack(&[&y, &y], 1)?,
        x.clone(),
    ];
    check(&refs(&targets), &[(&x, random.data(Float32, &[3, 4, 5])), (&y, random.data(Float32, &[3, 2, 5]))]);
    Ok(())
}

#[test]
fn reductions() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(4);
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    for (data_type, shape) in [
        (Float32, vec![3, 5, 70]),
        (Float16, vec![6, 129]),
        (BFloat16, vec![2, 3, 4, 5]),
        (Int32, vec![4, 70]),
        (Int64, vec![2, 70]),
        (UInt8, vec![3, 70]),
    ] {
        let x = placeholder(&graph, &shape, data_type);
        let last = shape.len() as isize - 1;
        targets.push(graph.reduction_sum(&x, &[last], false)?);
        targets.push(graph.reduction_maximum(&x, &[last], true)?);
        targets.push(graph.reduction_sum(&x, &[0], false)?);
        targets.push(graph.reduction_product(&x, &[1], false)?);
        targets.push(graph.reduction_arg_maximum(&x, &[-1], false)?);
        if data_type.is_float() {
            targets.push(graph.reduction_minimum(&x, &[0, last], false)?);
            targets.push(graph.reduction_sum(&x, &[], false)?);
            targets.push(graph.reduction_arg_minimum(&x, &[0], true)?);
        }
        let data = random.data(data_type, &shape);
        inputs.push((x, data));
    }
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check(&refs(&targets), &inputs);
    Ok(())
}

#[test]
fn long_reductions() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(5);
    let x = placeholder(&graph, &[70_000], Float32);
    let y = placeholder(&graph, &[33_000, 3], Float16);
    let z = placeholder(&graph, &[4, 3, 40, 50], Float32);
    let targets = [
        graph.reduction_sum(&x, &[0], false)?,
        graph.reduction_maximum(&graph.square(&x)?, &[0], true)?,
        graph.reduction_mean(&y, &[0], false)?,
        graph.reduction_sum(&z, &[0, 2, 3], false)?,
    ];
    let inputs = [
        (&x, random.data(Float32, &[70_000])),
        (&y, random.data(Float16, &[33_000, 3])),
        (&z, random.data(Float32, &[4, 3, 40, 50])),
    ];
    check(&refs(&targets), &inputs);
    Ok(())
}

#[test]
fn sums_of_sums_over_other_axes() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(20);
    let x = placeholder(&graph, &[2, 3], Float32);
    let y = placeholder(&graph, &[70, 80, 3], Float32);
    let over = |x: &GraphTensor, axis: isize| graph.reduction_sum(x, &[axis], false);
    let targets = [over(&over(&x, 0)?, 0)?, over(&over(&y, 0)?, 0)?, over(&over(&over(&y, 1)?, 0)?, 0)?];
    let inputs = [(&x, random.data(Float32, &[2, 3])), (&y, random.data(Float32, &[70, 80, 3]))];
    check(&refs(&targets), &inputs);
    Ok(())
}

/// Large enough for routines of the device, which read operands through views.
#[test]
fn large_products_of_views() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(21);
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    for data_type in FLOATS {
        let x = placeholder(&graph, &[40, 3, 50], data_type);
        let y = placeholder(&graph, &[50, 60], data_type);
        let z = placeholder(&graph, &[4, 1, 40, 64], data_type);
        // One product of 120 rows.
        targets.push(graph.matrix_multiplication(&x, &y)?);
        // Matrices that lie among each other.
        let columns = graph.permute(&x, &[1, 2, 0])?;
        targets.push(graph.matrix_multiplication(&columns, &graph.permute(&x, &[1, 0, 2])?)?);
        // Of every second row from the third one on, and of the rows backwards.
        let rows = graph.slice(&graph.slice(&y, 0, 2..)?, 1, 7..47)?;
        targets.push(graph.matrix_multiplication(&graph.transpose(&rows, 0, 1)?, &rows)?);
        targets.push(graph.matrix_multiplication(&graph.transpose(&y, 0, 1)?, &graph.reverse(&y, &[0])?)?);
        // Batches of which one side has one matrix for all, or for some.
        let keys = graph.transpose(&z, -1, -2)?;
        targets.push(graph.matrix_multiplication(&z, &keys)?);
        targets.push(graph.matrix_multiplication(
            &graph.reshape(&x, [3, 40, 50])?,
            &graph.broadcast_to(&y, [4, 3, 50, 60])?,
        )?);
        // Computed operands, and results that others use.
        let both = graph.matrix_multiplication(&graph.tanh(&graph.reshape(&x, [120, 50])?)?, &y)?;
        targets.push(graph.relu(&(&both + 0.5)?)?);
        targets.push(graph.reduction_sum(&both, &[0], false)?);
        for (tensor, shape) in [(&x, vec![40, 3, 50]), (&y, vec![50, 60]), (&z, vec![4, 1, 40, 64])] {
            inputs.push((tensor.clone(), random.data(data_type, &shape)));
        }
    }
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check(&refs(&targets), &inputs);
    Ok(())
}

/// Routines take in a bias and an activation, if nobody else needs what is before them.
#[test]
fn what_follows_large_products() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(23);
    let shapes: [&[usize]; 8] =
        [&[6, 20, 50], &[50, 60], &[60], &[20, 1], &[6, 20, 60], &[2, 6, 20, 23], &[8, 6, 3, 3], &[8]];
    let tensors: Vec<GraphTensor> = shapes.iter().map(|shape| placeholder(&graph, shape, Float32)).collect();
    let [x, w, bias, column, whole, image, filters, filter_bias] = &tensors[..] else { unreachable!() };
    let product = || graph.matrix_multiplication(x, w);
    let layer = graph.relu(&(&product()? + bias)?)?;
    let both = graph.matrix_multiplication(x, &graph.tanh(w)?)?;
    let shared = (&graph.matrix_multiplication(x, &graph.neg(w)?)? + bias)?;
    let descriptor = Convolution2dDescriptor { padding_top: 1, ..Convolution2dDescriptor::default() };
    let filtered = graph.convolution_2d(image, filters, Some(filter_bias), &descriptor)?;
    let taken = [
        layer.clone(),
        graph.relu(&graph.matrix_multiplication(&graph.exp(x)?, w)?)?,
        (&graph.square(bias)? + &graph.matrix_multiplication(&graph.square(x)?, w)?)?,
        graph.relu(&filtered)?,
    ];
    let others = [
        // The bias is none: one for each row, one for each element, and one that is a product itself.
        (&graph.matrix_multiplication(&graph.sin(x)?, w)? + column)?,
        graph.relu(&(&graph.matrix_multiplication(&graph.cos(x)?, w)? + whole)?)?,
        (&graph.matrix_multiplication(&graph.abs(x)?, w)?
            + &graph.matrix_multiplication(x, &graph.abs(w)?)?)?,
        // What is before is needed, too.
        (&graph.relu(&both)? + &both)?,
        shared.clone(),
        graph.relu(&shared)?,
        graph.relu(&graph.neg(&graph.convolution_2d(
            &graph.neg(image)?,
            filters,
            None,
            &descriptor,
        )?)?)?,
    ];
    let energy = graph.reduction_sum(&graph.square(&(&layer * 0.1)?)?, &[], false)?;
    let mut targets = taken.to_vec();
    targets.extend(others);
    targets.extend(graph.gradients(&energy, &[x, w, bias])?);
    let inputs: Vec<_> =
        tensors.iter().zip(shapes).map(|(tensor, shape)| (tensor, random.data(Float32, shape))).collect();
    check_with(&refs(&targets), &inputs, 2.0);

    let device = metal_bridge::graph::GraphDevice::new(&crate::test_device());
    let descriptor = metal_bridge::graph::GraphCompilationDescriptor::new();
    let executable = graph.compile(&device, &[x, w, bias], &[&layer], &descriptor)?;
    assert!(!executable.sources()[0].contains("kernel void"), "{}", executable.sources()[0]);
    Ok(())
}

/// Large enough for routines of the device, and some with too few filters for them.
#[test]
fn large_convolutions_and_their_gradients() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(22);
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    for (data_type, source, weights, stride, dilation, padding, groups) in [
        (Float32, [2, 6, 20, 23], [8, 6, 3, 3], 1, 1, 1, 1),
        (Float32, [2, 20, 12, 13], [32, 20, 3, 3], 1, 1, 1, 1),
        (Float32, [1, 8, 21, 17], [12, 4, 3, 2], 2, 1, 0, 2),
        (Float32, [2, 5, 18, 18], [10, 5, 1, 1], 1, 1, 0, 1),
        (Float32, [1, 6, 30, 40], [6, 1, 3, 3], 1, 2, 2, 6),
        (Float16, [2, 6, 20, 23], [8, 6, 3, 3], 1, 1, 1, 1),
        (BFloat16, [1, 4, 24, 24], [5, 4, 5, 3], 3, 2, 3, 1),
    ] {
        let (x, w) = (placeholder(&graph, &source, data_type), placeholder(&graph, &weights, data_type));
        let descriptor = Convolution2dDescriptor {
            stride_x: stride,
            stride_y: stride,
            dilation_x: dilation,
            dilation_y: dilation,
            padding_left: padding,
            padding_top: padding,
            padding_bottom: 1,
            groups,
            ..Convolution2dDescriptor::default()
        };
        let y = graph.convolution_2d(&x, &w, None, &descriptor)?;
        let energy = graph.reduction_sum(&(&graph.square(&y)? * 0.01)?, &[], false)?;
        targets.push(graph.relu(&y)?);
        targets.extend(graph.gradients(&energy, &[&x, &w])?);
        inputs.push((x, random.data(data_type, &source)));
        inputs.push((w, random.data(data_type, &weights)));
    }
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check(&refs(&targets), &inputs);
    Ok(())
}

/// Weights that never change have a form of the device's own, beside the one that everything else reads.
#[test]
fn routines_of_constants() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(23);
    let mut targets = Vec::new();
    let descriptor = Convolution2dDescriptor::default().with_padding(1);
    let image = placeholder(&graph, &[2, 20, 9, 12], Float32);
    for filters in [6, 40] {
        let weights = graph.constant(random.data(Float32, &[filters, 20, 3, 3]))?;
        let bias = graph.constant(random.data(Float32, &[filters]))?;
        targets.push(graph.relu(&graph.convolution_2d(&image, &weights, Some(&bias), &descriptor)?)?);
        targets.push(graph.reduction_sum(&weights, &[1, 2, 3], false)?);
    }
    let rows = placeholder(&graph, &[12, 50], Float32);
    let weights = graph.constant(random.data(Float32, &[70, 50]))?;
    let product = graph.matrix_multiplication(&rows, &graph.transpose(&weights, 0, 1)?)?;
    targets.push(graph.relu(&(&product + &graph.reduction_sum(&weights, &[1], false)?)?)?);
    let inputs = [(&image, random.data(Float32, &[2, 20, 9, 12])), (&rows, random.data(Float32, &[12, 50]))];
    check(&refs(&targets), &inputs);
    Ok(())
}

#[test]
fn matrix_products() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(6);
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    for data_type in FLOATS {
        for (a_shape, b_shape) in [
            (vec![1, 1], vec![1, 1]),
            (vec![17, 33], vec![33, 40]),
            (vec![5, 3, 8], vec![8, 35]),
            (vec![2, 1, 4, 9], vec![3, 9, 7]),
        ] {
            let (a, b) = (placeholder(&graph, &a_shape, data_type), placeholder(&graph, &b_shape, data_type));
            let product = graph.matrix_multiplication(&a, &b)?;
            targets.push(graph.relu(&(&product + 0.25)?)?);
            // The same, made of transposed matrices.
            let (ta, tb) = (graph.transpose(&a, -1, -2)?, graph.transpose(&b, -1, -2)?);
            let transposed = graph.matrix_multiplication(&tb, &ta).or_else(|_| graph.neg(&product))?;
            targets.extend([transposed, product]);
            let data = (random.data(data_type, &a_shape), random.data(data_type, &b_shape));
            inputs.extend([(a, data.0), (b, data.1)]);
        }
    }
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check(&refs(&targets), &inputs);
    Ok(())
}

#[test]
fn gathers_and_scatters() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(7);
    let table = placeholder(&graph, &[10, 6], Float32);
    let updates = placeholder(&graph, &[2, 3, 6], Float32);
    let indices = graph.constant_with_data([2, 3], &[1i32, 9, 1, 0, -1, 10])?;
    let wide = graph
        .constant_with_data([10, 2], &[0i64, 5, 1, 1, 6, 2, 3, 3, 4, 4, 5, 5, 0, 0, 1, -1, 2, 2, 3, 3])?;
    let gathered = graph.gather(&table, &indices, 0)?;
    let along = graph.gather_along_axis(&table, &wide, 1)?;
    let targets = [
        graph.scatter_add(&table, &indices, &updates, 0)?,
        graph.gradients(&graph.square(&gathered)?, &[&table])?.remove(0),
        graph.gradients(&graph.exp(&along)?, &[&table])?.remove(0),
        gathered,
        along,
    ];
    check(
        &refs(&targets),
        &[(&table, random.data(Float32, &[10, 6])), (&updates, random.data(Float32, &[2, 3, 6]))],
    );
    Ok(())
}

#[test]
fn random_numbers() -> Result<()> {
    let graph = Graph::new();
    let counter = placeholder(&graph, &[], Int64);
    let x = placeholder(&graph, &[37], Float32);
    let targets = [
        graph.random_uniform([3, 50], Float32, -1.0, 1.0, 42, &counter)?,
        graph.random_normal([70], Float32, 0.0, 1.0, 7, &counter)?,
        graph.dropout(&x, 0.3, 5, &counter)?,
    ];
    let step = TensorData::new(Shape::scalar(), &[(1i64 << 35) + 9]).unwrap();
    check(&refs(&targets), &[(&counter, step), (&x, Random::new(8).data(Float32, &[37]))]);
    Ok(())
}

#[test]
fn convolutions_and_their_gradients() -> Result<()> {
    let mut random = Random::new(9);
    let graph = Graph::new();
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    let plain = Convolution2dDescriptor::default();
    let uneven = Convolution2dDescriptor { padding_top: 0, padding_bottom: 1, padding_left: 2, ..plain };
    for (data_type, source_shape, weights_shape, descriptor) in [
        (Float32, [2, 3, 7, 9], [4, 3, 3, 3], plain.with_padding(1)),
        (
            Float32,
            [1, 4, 11, 10],
            [6, 2, 3, 2],
            Convolution2dDescriptor { stride_y: 2, stride_x: 3, dilation_y: 2, groups: 2, ..plain },
        ),
        (Float16, [2, 2, 6, 6], [2, 2, 2, 2], Convolution2dDescriptor { stride_x: 2, stride_y: 2, ..uneven }),
        (Float32, [2, 4, 8, 33], [4, 1, 1, 1], Convolution2dDescriptor { groups: 4, ..plain }),
    ] {
        let source = placeholder(&graph, &source_shape, data_type);
        let weights = placeholder(&graph, &weights_shape, data_type);
        let bias = placeholder(&graph, &weights_shape[..1], data_type);
        let result = graph.convolution_2d(&source, &weights, Some(&bias), &descriptor)?;
        let loss = graph.square(&result)?;
        targets.extend(graph.gradients(&loss, &[&source, &weights, &bias])?);
        targets.push(graph.relu(&result)?);
        inputs.push((source, random.data(data_type, &source_shape)));
        inputs.push((weights, random.data(data_type, &weights_shape)));
        inputs.push((bias, random.data(data_type, &weights_shape[..1])));
    }
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check(&refs(&targets), &inputs);
    Ok(())
}

#[test]
fn pooling_and_its_gradients() -> Result<()> {
    let mut random = Random::new(10);
    let graph = Graph::new();
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    let plain = Pooling2dDescriptor::new(2, 3).with_stride(1);
    for (shape, descriptor) in [
        ([2, 3, 8, 9], Pooling2dDescriptor::new(2, 2)),
        (
            [1, 2, 7, 7],
            Pooling2dDescriptor {
                stride_y: 2,
                padding_right: 0,
                ..Pooling2dDescriptor::new(3, 3).with_stride(1).with_padding(1)
            },
        ),
        (
            [1, 1, 9, 9],
            Pooling2dDescriptor {
                dilation_x: 2,
                dilation_y: 2,
                padding_top: 1,
                include_zero_pad_to_average: true,
                ..plain
            },
        ),
    ] {
        let x = placeholder(&graph, &shape, Float32);
        let greatest = graph.max_pool_2d(&x, &descriptor)?;
        let mean = graph.avg_pool_2d(&x, &descriptor)?;
        let first = graph.gradients(&graph.square(&greatest)?, &[&x])?.remove(0);
        // The second derivative picks by places.
        let second = graph.gradients(&graph.square(&first)?, &[&x])?.remove(0);
        targets.extend([
            graph.gradients(&graph.square(&mean)?, &[&x])?.remove(0),
            first,
            second,
            greatest,
            mean,
        ]);
        inputs.push((x, random.data(Float32, &shape)));
    }
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check(&refs(&targets), &inputs);
    Ok(())
}

#[test]
fn normalisations_and_losses() -> Result<()> {
    let mut random = Random::new(11);
    let graph = Graph::new();
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    for (data_type, shape) in [
        (Float32, [6, 130]),
        (Float32, [9, 10]),
        (Float16, [4, 64]),
        (BFloat16, [3, 33]),
        (Float32, [1, 200]),
    ] {
        let x = placeholder(&graph, &shape, data_type);
        let scale = placeholder(&graph, &shape[1..], data_type);
        let shift = placeholder(&graph, &shape[1..], data_type);
        let normal = graph.layer_norm(&x, &[-1], Some(&scale), Some(&shift), 1e-5)?;
        targets.extend([
            graph.softmax(&x, -1)?,
            graph.softmax(&x, 0)?,
            graph.log_softmax(&x, 1)?,
            graph.rms_norm(&x, &[-1], Some(&scale), 1e-6)?,
        ]);
        if data_type == Float32 {
            targets.extend(graph.gradients(&graph.square(&normal)?, &[&x, &scale, &shift])?);
        }
        targets.push(normal);
        inputs.push((x, random.data(data_type, &shape)));
        inputs.push((scale, random.data(data_type, &shape[1..])));
        inputs.push((shift, random.data(data_type, &shape[1..])));
    }
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check_with(&refs(&targets), &inputs, 3.0);
    Ok(())
}

/// Rows that a SIMD-group shares: with and without what is left over beside whole iterations of its loops.
#[test]
fn rows_of_all_kinds_of_lengths() -> Result<()> {
    let mut random = Random::new(15);
    let graph = Graph::new();
    let (mut targets, mut inputs) = (Vec::new(), Vec::new());
    for length in [63, 64, 65, 96, 127, 128, 129, 160, 255, 256, 331, 1024, 1100] {
        let shape = [3, length];
        let x = placeholder(&graph, &shape, Float32);
        let whole = placeholder(&graph, &shape, Int32);
        targets.extend([
            graph.softmax(&x, -1)?,
            graph.layer_norm(&x, &[-1], None, None, 1e-5)?,
            graph.reduction_minimum(&x, &[-1], false)?,
            graph.reduction_sum(&whole, &[-1], false)?,
            graph.reduction_maximum(&whole, &[-1], false)?,
        ]);
        inputs.push((x, random.data(Float32, &shape)));
        inputs.push((whole, random.data(Int32, &shape)));
    }
    // Of rows over several axes, and of views.
    let x = placeholder(&graph, &[2, 3, 7, 40], Float32);
    targets.extend([
        graph.layer_norm(&x, &[-2, -1], None, None, 1e-5)?,
        graph.softmax(&graph.permute(&x, &[0, 2, 3, 1])?, -2)?,
        graph.layer_norm(
            &graph.reshape(&graph.permute(&x, &[3, 0, 1, 2])?, [20, 84])?,
            &[-1],
            None,
            None,
            1e-5,
        )?,
    ]);
    inputs.push((x, random.data(Float32, &[2, 3, 7, 40])));
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check_with(&refs(&targets), &inputs, 3.0);
    Ok(())
}

/// Far from 0, a variance that is the mean of squares less the square of the mean would have no correct digit.
#[test]
fn layer_norm_far_from_zero() -> Result<()> {
    const LENGTH: usize = 1000;
    let graph = Graph::new();
    let x = placeholder(&graph, &[1, LENGTH], Float32);
    let normal = graph.layer_norm(&x, &[-1], None, None, 0.0)?;
    let values: Vec<f32> = (0..LENGTH).map(|i| 1e4 + (i * 7919 % 1009) as f32 / 1024.0).collect();
    let wide: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
    let mean = wide.iter().sum::<f64>() / LENGTH as f64;
    let variance = wide.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / LENGTH as f64;
    let inputs = [(&x, TensorData::new([1, LENGTH], &values)?)];
    let device = GraphDevice::new(&test_device());
    let executable = compile(&device, &[&normal], &inputs, GraphOptimization::Level1);
    let results = run(&executable, &[&normal], &inputs);
    for (got, value) in results[0].to_f64().iter().zip(&wide) {
        let expected = (value - mean) / variance.sqrt();
        assert!((got - expected).abs() < 0.01, "{got} instead of {expected}");
    }
    Ok(())
}

#[test]
fn operands_may_be_numbers_that_do_nothing() -> Result<()> {
    let graph = Graph::new();
    let x = placeholder(&graph, &[40], Float32);
    let number = |v: f64| Operand::from(v);
    let a = graph.addition(&graph.multiplication(&x, number(1.0))?, number(-0.0))?;
    let b = graph.neg(&graph.neg(&graph.pow(&a, number(2.0))?)?)?;
    let c = graph.permute(&graph.reshape(&graph.reshape(&b, [5, 8])?, [8, 5])?, &[1, 0])?;
    let d = graph.permute(&c, &[1, 0])?;
    check(&[&d, &a], &[(&x, Random::new(12).data(Float32, &[40]))]);
    Ok(())
}

#[test]
fn more_operands_than_a_kernel_has_buffers() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(13);
    let inputs: Vec<_> =
        (0..45).map(|_| (placeholder(&graph, &[33], Float32), random.data(Float32, &[33]))).collect();
    let sums: Vec<GraphTensor> = inputs
        .chunks(15)
        .map(|part| part[1..].iter().try_fold(part[0].0.clone(), |sum, (x, _)| &sum + x))
        .collect::<Result<_>>()?;
    let chosen = graph.select(&graph.less_than(&sums[0], &sums[1])?, &sums[1], &sums[2])?;
    let joined = graph.concat(&refs(&inputs.iter().map(|(x, _)| x.clone()).collect::<Vec<_>>()), 0)?;
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check(&[&chosen, &joined], &inputs);
    Ok(())
}

#[test]
fn attention_and_transposed_convolution() -> Result<()> {
    let graph = Graph::new();
    let mut random = Random::new(14);
    let [query, key, value] = [[2, 3, 9, 8], [2, 3, 9, 8], [2, 3, 9, 5]]
        .map(|shape| (placeholder(&graph, &shape, Float32), random.data(Float32, &shape)));
    let descriptor = AttentionDescriptor { causal: true, ..AttentionDescriptor::default() };
    let attention = graph.scaled_dot_product_attention(&query.0, &key.0, &value.0, &descriptor)?;
    let mut targets = graph.gradients(&graph.square(&attention)?, &[&query.0, &key.0, &value.0])?;
    let image = (placeholder(&graph, &[1, 2, 4, 5], Float32), random.data(Float32, &[1, 2, 4, 5]));
    let weights = (placeholder(&graph, &[2, 3, 3, 3], Float32), random.data(Float32, &[2, 3, 3, 3]));
    let convolution = Convolution2dDescriptor { stride_x: 2, ..Convolution2dDescriptor::default() };
    let spread = graph.convolution_transpose_2d(&image.0, &weights.0, [1, 3, 6, 11], &convolution)?;
    targets.extend([attention, spread]);
    let inputs = [query, key, value, image, weights];
    let inputs: Vec<_> = inputs.iter().map(|(x, data)| (x, data.clone())).collect();
    check_with(&refs(&targets), &inputs, 3.0);
    Ok(())
}
