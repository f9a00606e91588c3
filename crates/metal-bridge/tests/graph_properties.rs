//! What holds for graphs of any shapes, and that no argument, however wild, makes a call panic.

use metal_bridge::graph::TensorDataType::{Float32, Int32};
use metal_bridge::graph::reference::{Interpreter, evaluate, evaluate_f64};
use metal_bridge::graph::{
    AttentionDescriptor, Convolution2dDescriptor, Dim, Graph, GraphTensor, LossReduction,
    Pooling2dDescriptor, Shape, TensorData, TensorDataType,
};
use proptest::prelude::*;

fn counting(shape: &[usize]) -> TensorData {
    let values: Vec<f32> =
        (0..shape.iter().product::<usize>()).map(|i| (i * 7 % 23) as f32 / 4.0 - 2.0).collect();
    TensorData::new(shape, &values).unwrap()
}

fn constant(graph: &Graph, shape: &[usize]) -> GraphTensor {
    graph.constant(counting(shape)).unwrap()
}

fn value(tensor: &GraphTensor) -> Vec<f64> {
    evaluate(&[tensor], &[]).unwrap()[0].to_f64()
}

/// Shapes in which sizes of 1 are common.
fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![Just(1usize), 1..4usize], 0..5)
}

/// NumPy's rule, from its documentation.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], i: usize| if i < shape.len() { shape[shape.len() - 1 - i] } else { 1 };
    let mut result: Vec<usize> = (0..rank)
        .map(|i| match (size(a, i), size(b, i)) {
            (a, b) if a == b => Some(a),
            (1, b) => Some(b),
            (a, 1) => Some(a),
            _ => None,
        })
        .collect::<Option<_>>()?;
    result.reverse();
    Some(result)
}

/// The element that broadcasting puts at a position.
fn broadcast_element(values: &[f64], shape: &[usize], mut i: usize, result: &[usize]) -> f64 {
    let mut offset = 0;
    let mut stride = 1;
    for axis in (0..result.len()).rev() {
        let position = i % result[axis];
        i /= result[axis];
        if let Some(own) = (axis + shape.len()).checked_sub(result.len()) {
            offset += if shape[own] == 1 { 0 } else { position * stride };
            stride *= shape[own];
        }
    }
    values[offset]
}

proptest! {
    #[test]
    fn broadcasting_is_numpys(a in shapes(), b in shapes()) {
        let graph = Graph::new();
        let (x, y) = (constant(&graph, &a), constant(&graph, &b));
        match broadcast(&a, &b) {
            None => prop_assert!((&x + &y).is_err()),
            Some(shape) => {
                let sum = (&x + &y).unwrap();
                prop_assert_eq!(sum.shape().known(), Some(shape.clone()));
                let (x, y) = (value(&x), value(&y));
                for (i, got) in value(&sum).into_iter().enumerate() {
                    let expected = broadcast_element(&x, &a, i, &shape) + broadcast_element(&y, &b, i, &shape);
                    prop_assert_eq!(got, expected);
                }
            }
        }
    }

    #[test]
    fn a_gradient_through_broadcasting_adds_up(a in shapes(), b in shapes()) {
        let graph = Graph::new();
        let (x, y) = (constant(&graph, &a), constant(&graph, &b));
        let Ok(product) = &x * &y else { return Ok(()) };
        let gradients = graph.gradients(&product, &[&x, &y]).unwrap();
        prop_assert_eq!(gradients[0].shape(), x.shape());
        prop_assert_eq!(gradients[1].shape(), y.shape());
        // The sum of x · ∂/∂x is the sum of the product.
        let dot = |g: &GraphTensor, x: &GraphTensor| value(g).iter().zip(value(x)).map(|(g, x)| g * x).sum::<f64>();
        let total: f64 = value(&product).iter().sum();
        prop_assert!((dot(&gradients[0], &x) - total).abs() < 1e-4 * (1.0 + total.abs()));
        prop_assert!((dot(&gradients[1], &y) - total).abs() < 1e-4 * (1.0 + total.abs()));
    }

    #[test]
    fn movements_undo_each_other(
        shape in prop::collection::vec(1..4usize, 1..5),
        seed in prop::collection::vec(0..1000usize, 5),
    ) {
        let graph = Graph::new();
        let x = constant(&graph, &shape);
        let expected = value(&x);
        let rank = shape.len();
        let mut order: Vec<isize> = (0..rank as isize).collect();
        for i in (1..rank).rev() {
            order.swap(i, seed[i] % (i + 1));
        }
        let mut back = vec![0isize; rank];
        for (place, &axis) in order.iter().enumerate() {
            back[axis as usize] = place as isize;
        }
        let there = graph.permute(&x, &order).unwrap();
        prop_assert_eq!(&value(&graph.permute(&there, &back).unwrap()), &expected);

        let (before, after): (Vec<usize>, Vec<usize>) = (0..rank).map(|i| (seed[i] % 3, seed[i] % 2)).unzip();
        let padded = graph.pad(&x, &before, &after, 9.0).unwrap();
        let ends: Vec<usize> = (0..rank).map(|i| before[i] + shape[i]).collect();
        let cut = graph.strided_slice(&padded, &before, &ends, &vec![1; rank]).unwrap();
        prop_assert_eq!(&value(&cut), &expected);

        let axis = (seed[0] % rank) as isize;
        let parts = graph.split_evenly(&x, shape[axis as usize], axis).unwrap();
        let whole = graph.concat(&parts.iter().collect::<Vec<_>>(), axis).unwrap();
        prop_assert_eq!(&value(&whole), &expected);

        let reversed = graph.reverse(&x, &[axis]).unwrap();
        prop_assert_eq!(&value(&graph.reverse(&reversed, &[axis]).unwrap()), &expected);

        let tiled = graph.tile(&x, &vec![2; rank]).unwrap();
        let sum: f64 = value(&tiled).iter().sum();
        prop_assert_eq!(sum, expected.iter().sum::<f64>() * f64::from(1 << rank));
    }

    /// Sizes that are given at execution and sizes that are known before make the same graph.
    #[test]
    fn open_dimensions_are_known_ones_later(
        batch in 1..5usize,
        steps in prop::collection::vec(0..12u8, 0..8),
    ) {
        let build = |first: Dim| -> (Graph, GraphTensor, Vec<GraphTensor>) {
            let graph = Graph::new();
            let x = graph.placeholder_tensor([first, 3.into(), 4.into()], Float32).unwrap();
            let mut y = x.clone();
            for &step in &steps {
                y = chain(&graph, &y, step);
            }
            let gradients = graph.gradients(&y, &[&x]).unwrap();
            (graph, x, vec![y, gradients[0].clone()])
        };
        let run = |(_graph, x, targets): (Graph, GraphTensor, Vec<GraphTensor>)| {
            evaluate(&targets.iter().collect::<Vec<_>>(), &[(&x, counting(&[batch, 3, 4]))]).unwrap()
        };
        prop_assert_eq!(run(build(Dim::open("batch"))), run(build(batch.into())));
    }

    /// Whatever sizes, steps and paddings: an error or a tensor.
    #[test]
    fn no_argument_panics(
        wild in prop::collection::vec(prop_oneof![
            0..5usize,
            Just(usize::MAX),
            Just(isize::MAX as usize),
            Just(1 << 62),
            Just(1 << 32),
            any::<usize>(),
        ], 16),
        axis in prop_oneof![-4..4isize, Just(isize::MIN), Just(isize::MAX)],
        number in prop_oneof![any::<f64>(), Just(f64::NAN), Just(0.5), Just(f64::INFINITY)],
        images in prop::collection::vec(1..6usize, 4),
    ) {
        let graph = Graph::new();
        let x = graph.placeholder_tensor(images.as_slice(), Float32).unwrap();
        let huge = graph.placeholder_tensor([1 << 20, 1 << 20, 1, 1 << 19], Float32).unwrap();
        let whole = graph.placeholder_tensor(&images[..2], Int32).unwrap();
        let weights = graph.placeholder_tensor([2, images[1], 2, 2], Float32).unwrap();
        let mut made = vec![x.clone(), huge.clone()];
        let convolution = Convolution2dDescriptor {
            stride_x: wild[0], stride_y: wild[1], dilation_x: wild[2], dilation_y: wild[3], padding_left: wild[4],
            padding_right: wild[5], padding_top: wild[6], padding_bottom: wild[7], groups: wild[8] % 4,
        };
        let pooling = Pooling2dDescriptor {
            kernel_width: wild[8], kernel_height: wild[9], stride_x: wild[0], stride_y: wild[1],
            dilation_x: wild[2], dilation_y: wild[3], padding_left: wild[4], padding_right: wild[5],
            padding_top: wild[6], padding_bottom: wild[7], include_zero_pad_to_average: wild[10] % 2 == 0,
        };
        let four = |from: usize| &wild[from..from + 4];
        for x in [&x, &huge] {
            made.extend(graph.convolution_2d(x, &weights, None, &convolution));
            made.extend(graph.convolution_2d_data_gradient(x, &weights, four(4), &convolution));
            made.extend(graph.convolution_2d_weights_gradient(x, x, four(8), &convolution));
            made.extend(graph.max_pool_2d(x, &pooling));
            made.extend(graph.avg_pool_2d(x, &pooling));
            made.extend(graph.reshape(x, four(0)));
            made.extend(graph.broadcast_to(x, four(2)));
            made.extend(graph.pad(x, four(0), four(4), number));
            made.extend(graph.strided_slice(x, four(0), four(4), four(8)));
            made.extend(graph.slice(x, axis, wild[0]..=wild[1]));
            made.extend(graph.tile(x, four(3)));
            made.extend(graph.split_evenly(x, wild[0], axis).into_iter().flatten().take(2));
            made.extend(graph.split(x, four(0), axis).into_iter().flatten());
            made.extend(graph.transpose(x, axis, 1));
            made.extend(graph.permute(x, &[axis, 0, 1, 2]));
            made.extend(graph.expand_dims(x, &[axis]));
            made.extend(graph.squeeze(x, &[axis]));
            made.extend(graph.flatten(x, axis));
            made.extend(graph.softmax(x, axis));
            made.extend(graph.reduction_product(x, &[axis], true));
            made.extend(graph.reduction_arg_maximum(x, &[], false));
            made.extend(graph.gather(x, &whole, axis));
            made.extend(graph.gather_along_axis(x, &whole, axis));
            made.extend(graph.leaky_relu(x, number));
            made.extend(graph.clamp(x, number, 1.0));
            made.extend(graph.pow(x, number));
            made.extend(graph.addition(x, number));
            made.extend(graph.layer_norm(x, &[axis], None, None, number));
            made.extend(graph.dropout(x, number, wild[0] as i64, 1));
            made.extend(graph.matrix_multiplication(x, x));
            made.extend(graph.scaled_dot_product_attention(x, x, x, &AttentionDescriptor { scale: Some(number), ..Default::default() }));
            made.extend(graph.softmax_cross_entropy(x, &whole, axis, LossReduction::Mean));
        }
        made.extend(graph.one_hot(&whole, wild[0], Float32));
        made.extend(graph.coordinate_along_axis(axis, four(0), Int32));
        made.extend(graph.random_normal(four(4), Float32, number, 1.0, 1, 2));
        made.extend(graph.placeholder_tensor(wild.as_slice(), Float32));
        made.extend(graph.constant_tensor(number, &wild[..2], TensorDataType::UInt8));
        prop_assert!(TensorData::from_bytes(Float32, &wild[..3], &[0; 8]).is_err() || wild[..3].iter().product::<usize>() == 2);
        for tensor in made.iter().filter(|tensor| tensor.data_type().is_float()) {
            let _ = graph.gradients(tensor, &[&x, &huge]);
        }
        prop_assert!(graph.to_text().lines().count() == graph.operation_count());
        let closed = graph.to_dot().ends_with("}\n");
        prop_assert!(closed);
    }
}

/// One more step on a tensor of shape `[batch…, …]`.
fn chain(graph: &Graph, x: &GraphTensor, step: u8) -> GraphTensor {
    let rank = x.rank();
    let last = if rank > 1 { -1 } else { 0 };
    let result = match step {
        0 => graph.relu(x),
        1 => x * 0.5 + x,
        2 => graph.transpose(x, last, 1.min(rank as isize - 1)),
        3 if rank > 1 => graph.flatten(x, 0),
        3 => graph.tanh(x),
        4 if rank > 1 => graph.reduction_mean(x, &[0], true).and_then(|mean| x - &mean),
        4 => graph.reduction_variance(x, &[0], true).and_then(|variance| x * &variance),
        5 => graph.softmax(x, 0),
        6 => graph.concat(&[x, x], 0),
        7 => graph.reverse(x, &[0]),
        8 => {
            graph.concat(&[x, x], 0).and_then(|x| graph.split_evenly(&x, 2, 0)).map(|parts| parts[1].clone())
        }
        9 => graph.layer_norm(x, &[last], None, None, 1e-5),
        10 if rank > 1 => graph
            .transpose(x, -1, -2)
            .and_then(|t| graph.matrix_multiplication(x, &t))
            .and_then(|y| graph.tanh(&y)),
        10 => graph.sigmoid(x),
        _ => graph.coordinate_along_axis(0, x.shape(), Float32).and_then(|i| x - i * 0.125),
    };
    result.unwrap_or_else(|error| panic!("step {step} on {x:?}: {error}"))
}

#[test]
fn handles_go_between_threads() {
    fn check<T: Send + Sync + Clone>() {}
    check::<Graph>();
    check::<GraphTensor>();
    check::<TensorData>();
    let graph = Graph::new();
    let x = constant(&graph, &[4]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    (&x + &x).unwrap();
                }
            });
        }
    });
    assert_eq!(graph.operation_count(), 201);
}

#[test]
fn text_and_dot_show_operations_types_and_places() {
    let graph = Graph::new();
    let x = graph.placeholder_tensor([Dim::open("n"), 2.into()], Float32).unwrap().with_label("x");
    let w = graph.variable(TensorData::new([2], &[0.5f32, 2.0]).unwrap(), "w").unwrap();
    let y = (&x * &w).unwrap();
    let line = line!() - 1;
    graph.slice(&y, 1, 1..).unwrap();
    let expected = format!(
        "variable @0 \"w\" = f32[2] [0.5, 2.0]\n\
         %0 = placeholder : f32[n, 2]  // placeholder_tensor at graph_properties.rs:{} \"x\"\n\
         %1 = read @0 : f32[2]  // variable at graph_properties.rs:{} \"w\"\n\
         %2 = broadcast %1 : f32[n, 2]  // multiplication at graph_properties.rs:{line}\n\
         %3 = mul %0, %2 : f32[n, 2]  // multiplication at graph_properties.rs:{line}\n\
         %4 = slice [0..n, 1..2] %3 : f32[n, 1]  // slice at graph_properties.rs:{}\n",
        line - 2,
        line - 1,
        line + 2,
    );
    assert_eq!(graph.to_text(), expected);
    let dot = graph.to_dot();
    assert!(dot.contains("n3 [label=\"%3 mul\\nf32[n, 2]\\nmultiplication at graph_properties.rs:"), "{dot}");
    assert!(dot.contains("n2 -> n3;"), "{dot}");
}

#[test]
fn gradients_of_what_does_not_depend_are_zeros() {
    let graph = Graph::new();
    let (x, y) = (constant(&graph, &[3]), constant(&graph, &[2]));
    let steps = graph.floor(&x).unwrap();
    let stopped = (graph.stop_gradient(&x).unwrap() * &x).unwrap();
    let gradients = graph.gradients(&steps, &[&x, &y]).unwrap();
    assert_eq!((value(&gradients[0]), value(&gradients[1])), (vec![0.0; 3], vec![0.0; 2]));
    let gradients = graph.gradients(&stopped, &[&x]).unwrap();
    assert_eq!(value(&gradients[0]), value(&x));
    // By itself, and by something on the way.
    let square = graph.square(&x).unwrap();
    let exp = graph.exp(&square).unwrap();
    let gradients = graph.gradients(&exp, &[&exp, &square]).unwrap();
    assert_eq!((value(&gradients[0]), value(&gradients[1])), (vec![1.0; 3], value(&exp)));
}

/// A derivative of the third order, and one through a product with zeros.
#[test]
fn higher_orders() {
    let graph = Graph::new();
    let x = graph.placeholder_tensor([2, 3], Float32).unwrap();
    let numbers = [0.0, 2.0, 3.0, 0.0, 0.0, 5.0];
    let product = graph.reduction_product(&x, &[1], false).unwrap();
    let mut order = product;
    for _ in 0..3 {
        order = graph.gradients(&order, &[&x]).unwrap().remove(0);
    }
    // The sum of all third derivatives of abc with different variables: each of the six orders of the other two.
    let got = evaluate_f64(&[&order], &[(&x, &[2, 3], &numbers)]).unwrap();
    assert_eq!(got[0], [2.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
}

#[test]
fn random_numbers_are_reproducible_and_as_they_should_be() {
    let graph = Graph::new();
    let step = graph.placeholder_tensor(Shape::scalar(), TensorDataType::Int64).unwrap();
    let uniform = graph.random_uniform([4096], Float32, -1.0, 3.0, 7, &step).unwrap();
    let normal = graph.random_normal([4096], Float32, 2.0, 0.5, 8, &step).unwrap();
    let ones = graph.constant_tensor(1.0, [4096], Float32).unwrap();
    let dropped = graph.dropout(&ones, 0.25, 9, &step).unwrap();
    let targets = [&uniform, &normal, &dropped];
    let run = |step_value: i64| {
        evaluate(&targets, &[(&step, TensorData::new(Shape::scalar(), &[step_value]).unwrap())]).unwrap()
    };
    let (first, again, second) = (run(1), run(1), run(2));
    assert_eq!(first, again);
    for (a, b) in first.iter().zip(&second) {
        assert_ne!(a, b);
    }
    let moments = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
    };
    // Within five standard errors of 4096 numbers.
    let near = |got: f64, expected: f64, deviation: f64| {
        assert!((got - expected).abs() < 5.0 * deviation / 64.0, "{got}")
    };
    let numbers = first[0].to_f64();
    assert!(numbers.iter().all(|n| (-1.0..3.0).contains(n)));
    let (mean, deviation) = moments(&numbers);
    near(mean, 1.0, 1.155);
    near(deviation, 1.155, 1.155);
    let (mean, deviation) = moments(&first[1].to_f64());
    near(mean, 2.0, 0.5);
    near(deviation, 0.5, 0.5);
    let kept = first[2].to_f64();
    assert!(kept.iter().all(|&v| v == 0.0 || (v - 4.0 / 3.0).abs() < 1e-6));
    near(kept.iter().filter(|&&v| v != 0.0).count() as f64 / 4096.0, 0.75, 0.433);
}

/// A small network learns: everything together.
#[test]
fn a_network_learns_exclusive_or() {
    let graph = Graph::new();
    let x = graph.constant_with_data([4, 2], &[0.0f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]).unwrap();
    let labels = graph.constant_with_data([4], &[0i32, 1, 1, 0]).unwrap();
    let random = |shape: &[usize], seed: i64| {
        let noise = graph.random_normal(shape, Float32, 0.0, 0.7, seed, 0).unwrap();
        evaluate(&[&noise], &[]).unwrap().remove(0)
    };
    let w1 = graph.variable(random(&[2, 8], 1), "w1").unwrap();
    let b1 = graph.variable(random(&[8], 2), "b1").unwrap();
    let w2 = graph.variable(random(&[8, 2], 3), "w2").unwrap();
    let hidden = graph.tanh(&(graph.matrix_multiplication(&x, &w1).unwrap() + &b1).unwrap()).unwrap();
    let logits = graph.matrix_multiplication(&hidden, &w2).unwrap();
    let loss = graph.softmax_cross_entropy(&logits, &labels, -1, LossReduction::Mean).unwrap();
    let parameters = [&w1, &b1, &w2];
    let gradients = graph.gradients(&loss, &parameters).unwrap();
    let gradients: Vec<&GraphTensor> = gradients.iter().collect();
    let step = graph.adam_step(&parameters, &gradients, 0.05, &Default::default()).unwrap();
    let mut targets: Vec<&GraphTensor> = vec![&loss];
    targets.extend(&step);
    let mut interpreter = Interpreter::new(&graph);
    let mut losses = Vec::new();
    for _ in 0..100 {
        losses.push(interpreter.evaluate(&targets, &[]).unwrap()[0].to_f64()[0]);
    }
    assert!(losses[0] > 0.5 && losses[99] < 0.05, "{losses:?}");
}

/// An index that is not there reads zeros and writes nothing.
#[test]
fn indices_out_of_range_are_harmless() {
    let graph = Graph::new();
    let x = graph.constant_with_data([2, 2], &[1.0f32, 2.0, 3.0, 4.0]).unwrap();
    let indices = graph.constant_with_data([3], &[1i32, -1, 2]).unwrap();
    assert_eq!(value(&graph.gather(&x, &indices, 0).unwrap()), [3.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
    let updates = graph.constant_tensor(10.0, [3, 2], Float32).unwrap();
    let added = graph.scatter_add(&x, &indices, &updates, 0).unwrap();
    assert_eq!(value(&added), [1.0, 2.0, 13.0, 14.0]);
    assert_eq!(value(&graph.one_hot(&indices, 2, Int32).unwrap()), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
}

/// Integers divide as the operations' documentation says.
#[test]
fn integers_divide_without_faults() {
    let graph = Graph::new();
    let a = graph.constant_with_data([4], &[7i32, -7, i32::MIN, 5]).unwrap();
    let b = graph.constant_with_data([4], &[2i32, 2, -1, 0]).unwrap();
    assert_eq!(value(&(&a / &b).unwrap()), [3.0, -3.0, f64::from(i32::MIN), 0.0]);
    assert_eq!(value(&graph.modulo(&a, &b).unwrap()), [1.0, -1.0, 0.0, 0.0]);
}

/// A query that may look at no key gets zeros, and no gradient becomes NaN.
#[test]
fn attention_to_nothing_is_zero() {
    let graph = Graph::new();
    let [q, k, v] = [[2, 4], [3, 4], [3, 2]].map(|shape| constant(&graph, &shape));
    let mask = graph.constant_with_data([2, 3], &[false, false, false, true, false, true]).unwrap();
    let descriptor = AttentionDescriptor { mask: Some(&mask), ..Default::default() };
    let y = graph.scaled_dot_product_attention(&q, &k, &v, &descriptor).unwrap();
    assert_eq!(value(&y)[..2], [0.0, 0.0]);
    for gradient in graph.gradients(&y, &[&q, &k, &v]).unwrap() {
        assert!(value(&gradient).iter().all(|g| g.is_finite()));
    }
}

/// Windows that are nearly all padding are computed in the time of what is not.
#[test]
fn vast_windows_end() {
    let graph = Graph::new();
    let x = constant(&graph, &[1, 1, 2, 2]);
    let window = Pooling2dDescriptor::new(1 << 40, 1 << 20).with_padding((1 << 20) - 1);
    let window = Pooling2dDescriptor { padding_top: (1 << 40) - 2, padding_bottom: 0, ..window };
    let whole = Pooling2dDescriptor { include_zero_pad_to_average: true, ..window };
    let values = value(&x);
    let greatest = values.iter().copied().fold(f64::MIN, f64::max);
    let got = value(&graph.max_pool_2d(&x, &window).unwrap());
    assert!(got.contains(&greatest), "{got:?}");
    let mean = value(&graph.avg_pool_2d(&x, &whole).unwrap());
    assert!(mean.iter().all(|mean| mean.abs() < 1e-9), "{mean:?}");
}
