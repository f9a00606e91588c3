//! What is wrong with a graph is the error of the call that makes it: operation, argument, got, expected, place.

use metal_bridge::graph::TensorDataType::{Bool, Float16, Float32, Int32, Int64, UInt8};
use metal_bridge::graph::reference::{Interpreter, evaluate, evaluate_f64};
use metal_bridge::graph::{
    AdamDescriptor, AttentionDescriptor, Convolution2dDescriptor, Dim, Graph, GraphTensor, LossReduction,
    Pooling2dDescriptor, SgdDescriptor, Shape, TensorData, TensorDataType,
};
use metal_bridge::{Error, GraphError};

#[track_caller]
fn graph_error<T: std::fmt::Debug>(result: Result<T, Error>) -> GraphError {
    match result {
        Err(Error::Graph(error)) => error,
        other => panic!("expected an error of a graph, got {other:?}"),
    }
}

/// Checks an error's operation and problem, as `operation: problem`.
#[track_caller]
fn check<T: std::fmt::Debug>(result: Result<T, Error>, expected: &str) {
    let error = graph_error(result);
    assert_eq!(format!("{}: {}", error.operation(), error.problem()), expected);
}

fn placeholder(graph: &Graph, data_type: TensorDataType, shape: &[usize]) -> GraphTensor {
    graph.placeholder_tensor(shape, data_type).unwrap()
}

fn floats(graph: &Graph, shape: &[usize]) -> GraphTensor {
    placeholder(graph, Float32, shape)
}

#[test]
fn errors_name_the_place_of_the_call() {
    let graph = Graph::new();
    let (a, b) = (floats(&graph, &[2]), floats(&graph, &[3]));
    let method = graph_error(graph.addition(&a, &b));
    assert!(method.location().file().ends_with("graph_errors.rs"));
    assert_eq!(method.location().line(), line!() - 2);
    let expected = "addition at ";
    assert!(method.to_string().starts_with(expected), "{method}");
    // In a formula, the operator that is wrong.
    let operator = graph_error(&a * &a + &b);
    assert_eq!((operator.operation(), operator.location().line()), ("addition", line!() - 1));
    let operator = graph_error(&a - 2.0 / &b);
    assert_eq!(operator.operation(), "subtraction");
    let composed = graph_error(graph.softmax(&a, 1));
    assert_eq!((composed.operation(), composed.location().line()), ("softmax", line!() - 1));
    // An error on the left stays the error.
    let first = graph_error(&a / &b + &b);
    assert_eq!(first.operation(), "division");
}

#[test]
fn a_failed_call_adds_nothing_that_matters() {
    let graph = Graph::new();
    let a = floats(&graph, &[2]);
    let before = graph.operation_count();
    graph.addition(&a, &floats(&Graph::new(), &[2])).unwrap_err();
    assert_eq!(graph.operation_count(), before);
}

#[test]
fn shapes() {
    let graph = Graph::new();
    check(
        graph.placeholder_tensor([2, 0], Float32),
        "placeholder_tensor: `result` has shape [2, 0], expected sizes of at least 1",
    );
    check(
        graph.placeholder_tensor([1; 17], Float32),
        "placeholder_tensor: `result` has shape [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] of rank 17, expected at most 16",
    );
    check(
        graph.placeholder_tensor([usize::MAX, 2], UInt8),
        "placeholder_tensor: `result` of shape [18446744073709551615, 2] and type u8 would have more than 9223372036854775807 bytes",
    );
    check(
        graph.placeholder_tensor([1 << 62], Float32),
        "placeholder_tensor: `result` of shape [4611686018427387904] and type f32 would have more than 9223372036854775807 bytes",
    );
    check(
        graph.placeholder_tensor([Dim::open("two words")], Float32),
        "placeholder_tensor: `shape` is a dimension called \"two words\", expected a name of letters, digits and `_`, which does not begin with a digit",
    );
    check(
        graph.placeholder_tensor([Dim::open("")], Float32),
        "placeholder_tensor: `shape` is a dimension called \"\", expected a name of letters, digits and `_`, which does not begin with a digit",
    );
    check(
        graph.constant_with_data([2, 2], &[1.0f32]),
        "constant_with_data: f32[2, 2] needs 16 bytes, but the data has 4",
    );
    check(
        graph.constant_with_data([Dim::open("n")], &[1.0f32]),
        "constant_with_data: `shape` has the open shape [n]: values need known sizes",
    );
    check(
        graph.constant_tensor(1.5, [2], Int32),
        "constant_tensor: `value` is 1.5, which i32 cannot hold; expected a whole number in its range",
    );
    check(
        graph.constant_tensor(256, [2], UInt8),
        "constant_tensor: `value` is 256, which u8 cannot hold; expected a whole number in its range",
    );
    check(
        graph.constant_tensor(1e6, [2], Float16),
        "constant_tensor: `value` is 1000000.0, which f16 cannot hold; expected a number in its range",
    );
    check(
        graph.constant_tensor(true, [2], Float32),
        "constant_tensor: `value` is true, which f32 cannot hold; expected a number in its range",
    );
    check(
        graph.constant_tensor(1, [2], Bool),
        "constant_tensor: `value` is 1, which bool cannot hold; expected true or false",
    );
    let x = floats(&graph, &[2]);
    check(
        graph.constant_tensor(&x, [2], Bool),
        "constant_tensor: `value` is a tensor, expected a number; use broadcast_to",
    );
    check(x.dim(1), "dim: `axis`: there is no axis 1; the axes are -1 to 0");
}

#[test]
fn data() {
    check(
        TensorData::from_bytes(Bool, [2], &[1, 2]),
        "TensorData::from_bytes: `bytes` is the byte 2, expected 0 or 1 for each bool",
    );
    check(TensorData::new([3], &[1i64]), "TensorData::new: i64[3] needs 24 bytes, but the data has 8");
    let data = TensorData::new([1], &[1i64]).unwrap();
    check(
        data.to_vec::<f32>(),
        "TensorData::to_vec: `data` has data type i64, expected f32; convert it with cast",
    );
}

#[test]
fn elementwise() {
    let graph = Graph::new();
    let (a, b) = (floats(&graph, &[2, 3]), floats(&graph, &[4, 3]));
    let (i, t) = (placeholder(&graph, Int32, &[2, 3]), placeholder(&graph, Bool, &[2, 3]));
    check(
        graph.addition(&a, &b),
        "addition: `b` of shape [4, 3] does not broadcast with `a` of shape [2, 3]: size 4 against 2; sizes, from the last one, must be equal or 1",
    );
    check(
        graph.multiplication(&a, &i),
        "multiplication: `b` has data type i32, but `a` has f32; convert one with cast",
    );
    check(
        graph.addition(&t, &t),
        "addition: `a` has data type bool, expected a type of numbers; convert it with cast",
    );
    check(
        graph.addition(1.0, 2.0),
        "addition: `a` is a number, but at least one operand must be a tensor; use constant_tensor",
    );
    check(
        graph.maximum(&i, 0.5),
        "maximum: `b` is 0.5, which i32 cannot hold; expected a whole number in its range",
    );
    check(graph.pow(&i, 2), "pow: `a` has data type i32, expected f32, f16 or bf16; convert it with cast");
    check(
        graph.logical_and(&a, &a),
        "logical_and: `a` has data type f32, expected bool or an integer type; convert it with cast",
    );
    check(
        graph.less_than(&t, &t),
        "less_than: `a` has data type bool, expected a type of numbers; convert it with cast",
    );
    check(graph.exp(&i), "exp: `tensor` has data type i32, expected f32, f16 or bf16; convert it with cast");
    check(
        graph.relu(&t),
        "relu: `tensor` has data type bool, expected a type of numbers; convert it with cast",
    );
    check(
        graph.sigmoid(&i),
        "sigmoid: `tensor` has data type i32, expected f32, f16 or bf16; convert it with cast",
    );
    check(
        graph.logical_not(&a),
        "logical_not: `tensor` has data type f32, expected bool or an integer type; convert it with cast",
    );
    check(
        graph.select(&a, &a, &a),
        "select: `condition` has data type f32, expected bool; convert it with cast",
    );
    check(
        graph.select(&t, 1.0, 2.0),
        "select: `a` is a number, but at least one operand must be a tensor; use constant_tensor",
    );
    check(
        graph.select(&t, &b, 2.0),
        "select: `condition` of shape [2, 3] does not broadcast with `a` of shape [4, 3]: size 2 against 4; sizes, from the last one, must be equal or 1",
    );
    check(graph.clamp(&a, 1.0, -1.0), "clamp: `minimum` is 1.0, expected at most `maximum`, -1.0");
    check(graph.clamp(&a, f64::NAN, 1.0), "clamp: `minimum` is NaN, expected at most `maximum`, 1.0");
    check(
        graph.clamp(&a, &b, 1.0),
        "clamp: `minimum` is a tensor, expected a number; use maximum and minimum",
    );
    check(-&t, "neg: `tensor` has data type bool, expected a type of numbers; convert it with cast");
    check(graph.square(&floats(&Graph::new(), &[1])), "square: `tensor` belongs to another graph");
    check(&a + &floats(&Graph::new(), &[1]), "addition: `b` belongs to another graph");
}

#[test]
fn reductions() {
    let graph = Graph::new();
    let (x, t) = (floats(&graph, &[2, 3]), placeholder(&graph, Bool, &[2]));
    check(
        graph.reduction_sum(&x, &[2], false),
        "reduction_sum: `axes`: there is no axis 2; the axes are -2 to 1",
    );
    check(
        graph.reduction_sum(&x, &[-3], false),
        "reduction_sum: `axes`: there is no axis -3; the axes are -2 to 1",
    );
    check(graph.reduction_sum(&x, &[1, -1], false), "reduction_sum: `axes`: axis 1 is given twice");
    check(
        graph.reduction_sum(&t, &[], false),
        "reduction_sum: `tensor` has data type bool, expected a type of numbers; convert it with cast",
    );
    check(
        graph.reduction_sum(&placeholder(&graph, Bool, &[]), &[], false),
        "reduction_sum: `tensor` has data type bool, expected a type of numbers; convert it with cast",
    );
    check(
        graph.reduction_and(&x, &[], false),
        "reduction_and: `tensor` has data type f32, expected bool; convert it with cast",
    );
    check(
        graph.reduction_mean(&placeholder(&graph, Int32, &[2]), &[], false),
        "reduction_mean: `tensor` has data type i32, expected f32, f16 or bf16; convert it with cast",
    );
    check(
        graph.softmax(&floats(&graph, &[]), 0),
        "softmax: `axis`: there is no axis 0; a scalar has no axes",
    );
    let long = placeholder(&graph, UInt8, &[1 << 40]);
    check(
        graph.reduction_arg_maximum(&long, &[], false),
        "reduction_arg_maximum: `tensor` has shape [1099511627776], expected at most 2147483647 elements along the axis, for positions are i32",
    );
}

#[test]
fn movement() {
    let graph = Graph::new();
    let x = floats(&graph, &[2, 3]);
    let open = graph.placeholder_tensor([Dim::open("batch"), 4.into()], Float32).unwrap();
    check(
        graph.reshape(&x, [4, 2]),
        "reshape: `tensor` of shape [2, 3] has 6 elements, but shape [4, 2] has 8",
    );
    check(
        graph.reshape(&open, [8, 4]),
        "reshape: `tensor` of shape [batch, 4] has 4*batch elements, but shape [8, 4] has 32",
    );
    check(
        graph.reshape(&x, [usize::MAX, usize::MAX]),
        "reshape: `shape` of shape [18446744073709551615, 18446744073709551615] and type f32 would have more than 9223372036854775807 bytes",
    );
    check(graph.transpose(&x, 0, 2), "transpose: `dimension2`: there is no axis 2; the axes are -2 to 1");
    check(graph.permute(&x, &[0]), "permute: `axes` is [0], expected each of the 2 axes of the tensor once");
    check(graph.permute(&x, &[1, 1]), "permute: `axes`: axis 1 is given twice");
    check(
        graph.broadcast_to(&x, [3, 3]),
        "broadcast_to: `tensor` of shape [2, 3] does not broadcast with `shape` of shape [3, 3]: size 2 against 3; sizes, from the last one, must be equal or 1",
    );
    check(
        graph.broadcast_to(&x, [3]),
        "broadcast_to: `tensor` has shape [2, 3], expected a shape that broadcasts to [3]: sizes, from the last one, equal or 1",
    );
    check(graph.squeeze(&x, &[0]), "squeeze: `tensor` has shape [2, 3], expected size 1 along axis 0");
    check(graph.expand_dims(&x, &[0, 0]), "expand_dims: `axes`: axis 0 is given twice");
    check(graph.expand_dims(&x, &[4]), "expand_dims: `axes`: there is no axis 4; the axes are -3 to 2");
    check(graph.concat(&[], 0), "concat: `tensors` is an empty list, expected at least one tensor");
    check(
        graph.concat(&[&x, &floats(&graph, &[3, 3])], 1),
        "concat: `tensors` has shape [3, 3], expected [2, 3] as the first of them has, but for axis 1",
    );
    check(
        graph.concat(&[&x, &placeholder(&graph, Int32, &[2, 3])], 1),
        "concat: `tensors` has data type i32, but `the first of them` has f32; convert one with cast",
    );
    check(
        graph.concat(&[&open, &floats(&graph, &[1, 4])], 0),
        "concat: `tensors` has the open shape [1, 4]: its size along the axis cannot be added to the others': only sizes of the same name can",
    );
    check(
        graph.stack(&[&x, &open], 0),
        "stack: `tensors` has shape [batch, 4], expected [2, 3], as the first of them",
    );
    check(
        graph.split(&x, &[1, 1], 1),
        "split: `sizes` is [1, 1], expected sizes that add up to 3, the tensor's along axis 1",
    );
    check(
        graph.split(&x, &[usize::MAX, 4], 1),
        "split: `sizes` is [18446744073709551615, 4], expected sizes that add up to 3, the tensor's along axis 1",
    );
    check(
        graph.split_evenly(&x, 2, 1),
        "split_evenly: `count` is 2, expected a divisor of 3, the tensor's size along axis 1, and at most 65536",
    );
    check(
        graph.split_evenly(&x, 0, 1),
        "split_evenly: `count` is 0, expected a divisor of 3, the tensor's size along axis 1, and at most 65536",
    );
    check(
        graph.slice(&x, 1, 1..4),
        "slice: `range` is 1..4 in steps of 1 along axis 1, expected 0 ≤ start < stop ≤ 3, and a step of at least 1",
    );
    check(
        graph.slice(&x, 1, 2..2),
        "slice: `range` is 2..2 in steps of 1 along axis 1, expected 0 ≤ start < stop ≤ 3, and a step of at least 1",
    );
    check(
        graph.slice(&open, 0, 0..2),
        "slice: `tensor` has the open shape [batch, 4]: of an open dimension only the whole can be taken, or parts between multiples of it",
    );
    check(
        graph.strided_slice(&x, &[0], &[1], &[1]),
        "strided_slice: `starts` is [0], expected one number for each of the 2 axes",
    );
    check(
        graph.strided_slice(&x, &[0, 0], &[1, 1], &[1, 0]),
        "strided_slice: `range` is 0..1 in steps of 0 along axis 1, expected 0 ≤ start < stop ≤ 3, and a step of at least 1",
    );
    check(
        graph.pad(&x, &[0], &[0, 0], 0.0),
        "pad: `before` is of length 1, expected one for each of the 2 axes",
    );
    check(
        graph.pad(&x, &[usize::MAX, 0], &[1, 0], 0.0),
        "pad: `padding` is 18446744073709551615 before and 1 after 2 elements, expected a sum that fits usize",
    );
    check(
        graph.pad(&open, &[1, 0], &[0, 0], 0.0),
        "pad: `tensor` has the open shape [batch, 4]: an open dimension cannot be padded by a number of elements",
    );
    check(
        graph.tile(&x, &[1, 0]),
        "tile: `repeats` is [1, 0], expected a number of at least 1 for each of the 2 axes",
    );
}

#[test]
fn open_dimensions() {
    let graph = Graph::new();
    let a = graph.placeholder_tensor([Dim::open("batch"), 4.into()], Float32).unwrap();
    let b = graph.placeholder_tensor([Dim::open("tokens"), 4.into()], Float32).unwrap();
    check(
        &a + &b,
        "addition: `b` of shape [tokens, 4] does not broadcast with `a` of shape [batch, 4]: size tokens against batch; sizes, from the last one, must be equal or 1",
    );
    check(
        &a + &floats(&graph, &[8, 4]),
        "addition: `b` of shape [8, 4] does not broadcast with `a` of shape [batch, 4]: size 8 against batch; sizes, from the last one, must be equal or 1",
    );
    assert_eq!((&a + &floats(&graph, &[1, 4])).unwrap().shape(), a.shape());
    let product = graph.reduction_product(&a, &[0], false).unwrap();
    check(
        graph.gradients(&product, &[&a]),
        "gradients: `of` has the open shape [batch, 4]: the derivative of a product along an open dimension needs its size",
    );
}

#[test]
fn indices() {
    let graph = Graph::new();
    let (x, i) = (floats(&graph, &[5, 3]), placeholder(&graph, Int32, &[2, 3]));
    check(
        graph.gather(&x, &x, 0),
        "gather: `indices` has data type f32, expected i32 or i64; convert it with cast",
    );
    check(
        graph.gather_along_axis(&x, &i, 1),
        "gather_along_axis: `indices` has shape [2, 3], expected [5, 3] as the tensor, but for axis 1",
    );
    check(
        graph.scatter_add(&x, &i, &x, 0),
        "scatter_add: `updates` has shape [5, 3], expected [2, 3, 3], the shape of what the indices select",
    );
    check(
        graph.scatter_add(&x, &i, &i, 0),
        "scatter_add: `updates` has data type i32, but `tensor` has f32; convert one with cast",
    );
    check(
        graph.scatter_add_along_axis(&x, &i, &x, 0),
        "scatter_add_along_axis: `updates` has shape [5, 3], expected [2, 3], the shape of `indices`",
    );
    check(
        graph.one_hot(&x, 4, Float32),
        "one_hot: `indices` has data type f32, expected i32, i64 or u8; convert it with cast",
    );
    check(
        graph.one_hot(&placeholder(&graph, UInt8, &[2]), 257, Float32),
        "one_hot: `data_type` is u8, expected a type that counts to 256",
    );
    check(
        graph.one_hot(&i, 0, Float32),
        "one_hot: `result` has shape [2, 3, 0], expected sizes of at least 1",
    );
    check(
        graph.coordinate_along_axis(1, [4], Int32),
        "coordinate_along_axis: `axis`: there is no axis 1; the axes are -1 to 0",
    );
    check(
        graph.coordinate_along_axis(0, [4], Bool),
        "coordinate_along_axis: `data_type` is bool, expected a type of numbers",
    );
}

#[test]
fn contractions() {
    let graph = Graph::new();
    let (a, b) = (floats(&graph, &[2, 3]), floats(&graph, &[4, 5]));
    check(
        graph.matrix_multiplication(&a, &b),
        "matrix_multiplication: `b` has shape [4, 5], expected 3 rows, as many as `a` of shape [2, 3] has columns",
    );
    check(
        graph.matrix_multiplication(&a, &floats(&graph, &[])),
        "matrix_multiplication: `b` has shape [] of rank 0, expected at least 2: rows and columns",
    );
    let i = placeholder(&graph, Int32, &[2, 2]);
    check(
        graph.matrix_multiplication(&i, &i),
        "matrix_multiplication: `a` has data type i32, expected f32, f16 or bf16; convert it with cast",
    );
    check(
        graph.matrix_multiplication(&floats(&graph, &[2, 1, 3]), &floats(&graph, &[4, 3, 1])),
        "matrix_multiplication: `a` of shape [2] does not broadcast with `b` of shape [4]: size 2 against 4; sizes, from the last one, must be equal or 1",
    );

    let (x, w) = (floats(&graph, &[1, 4, 5, 6]), floats(&graph, &[8, 4, 3, 3]));
    let d = Convolution2dDescriptor::default();
    check(
        graph.convolution_2d(&a, &w, None, &d),
        "convolution_2d: `source` has shape [2, 3] of rank 2, expected 4: batch, channels, height, width",
    );
    check(
        graph.convolution_2d(&x, &a, None, &d),
        "convolution_2d: `weights` has shape [2, 3] of rank 2, expected 4: output channels, channels of a group, height, width",
    );
    check(
        graph.convolution_2d(&x, &w, None, &d.with_groups(3)),
        "convolution_2d: `groups` is 3, expected a divisor of the number of output channels, 8",
    );
    check(
        graph.convolution_2d(&x, &w, None, &d.with_groups(0)),
        "convolution_2d: `groups` is 0, expected a divisor of the number of output channels, 8",
    );
    check(
        graph.convolution_2d(&x, &w, None, &d.with_groups(2)),
        "convolution_2d: `weights` has shape [8, 4, 3, 3], expected [outputs, channels / groups, height, width] with 4 channels, as `source` of shape [1, 4, 5, 6] has, and 2 groups",
    );
    check(
        graph.convolution_2d(&x, &w, None, &d.with_stride(0)),
        "convolution_2d: `strides` is [0, 0], expected at least 1 along height and width",
    );
    check(
        graph.convolution_2d(&x, &w, None, &d.with_dilation(3)),
        "convolution_2d: `source` has shape [1, 4, 5, 6], expected a height that with its padding of 0 and 0 has at least the 7 elements of the window",
    );
    check(
        graph.convolution_2d(&x, &w, None, &d.with_padding(usize::MAX)),
        "convolution_2d: `padding` is 18446744073709551615 and 18446744073709551615 along the height, with a dilation of 1, expected numbers whose sum with the other sizes fits isize",
    );
    check(
        graph.convolution_2d(&x, &w, Some(&a), &d),
        "convolution_2d: `bias` has shape [2, 3], expected [8]: one element for each channel",
    );
    let open =
        graph.placeholder_tensor([1.into(), 4.into(), Dim::open("height"), 6.into()], Float32).unwrap();
    check(
        graph.convolution_2d(&open, &w, None, &d),
        "convolution_2d: `source` has the open shape [1, 4, height, 6]: height and width can be open only where the result has the same: a stride of 1, and as much padding as the window takes away",
    );
    assert_eq!(
        graph.convolution_2d(&open, &w, None, &d.with_padding(1)).unwrap().shape().to_string(),
        "[1, 8, height, 6]"
    );
    check(
        graph.convolution_2d_data_gradient(&x, &w, [1, 4, 5, 6], &d),
        "convolution_2d_data_gradient: `incoming_gradient` has shape [1, 4, 5, 6], expected [1, 8, 3, 4], the shape of the convolution's result",
    );
    check(
        graph.convolution_2d_weights_gradient(&x, &x, [8, 4, 3, 3], &d),
        "convolution_2d_weights_gradient: `incoming_gradient` has shape [1, 4, 5, 6], expected [1, 8, 3, 4], the shape of the convolution's result",
    );
    check(
        graph.convolution_transpose_2d(&x, &floats(&graph, &[4, 8, 3, 3]), [1, 8, 5, 6], &d),
        "convolution_transpose_2d: `source` has shape [1, 4, 5, 6], expected [1, 4, 3, 4], the shape of the convolution's result",
    );

    check(
        graph.max_pool_2d(&a, &Pooling2dDescriptor::new(2, 2)),
        "max_pool_2d: `source` has shape [2, 3] of rank 2, expected 4: batch, channels, height, width",
    );
    check(
        graph.max_pool_2d(&x, &Pooling2dDescriptor::new(0, 2).with_stride(1)),
        "max_pool_2d: `kernel` is [0, 2], expected at least 1 along height and width",
    );
    check(
        graph.max_pool_2d(&x, &Pooling2dDescriptor::new(2, 2).with_padding(2)),
        "max_pool_2d: `padding` is [2, 2] along the height, expected at most 1, so that no window has nothing but padding",
    );
    check(
        graph.avg_pool_2d(&x, &Pooling2dDescriptor::new(6, 2)),
        "avg_pool_2d: `source` has shape [1, 4, 5, 6], expected a height that with its padding of 0 and 0 has at least the 6 elements of the window",
    );
    check(
        graph.avg_pool_2d(&placeholder(&graph, Int32, &[1, 1, 4, 4]), &Pooling2dDescriptor::new(2, 2)),
        "avg_pool_2d: `source` has data type i32, expected f32, f16 or bf16; convert it with cast",
    );
}

#[test]
fn networks() {
    let graph = Graph::new();
    let (x, labels) = (floats(&graph, &[4, 10]), placeholder(&graph, Int64, &[4, 10]));
    check(
        graph.softmax_cross_entropy(&x, &labels, -1, LossReduction::Mean),
        "softmax_cross_entropy: `labels` has shape [4, 10], expected [4], the logits' without axis 1, for labels that are numbers",
    );
    check(
        graph.softmax_cross_entropy(&x, &floats(&graph, &[4]), -1, LossReduction::Mean),
        "softmax_cross_entropy: `labels` has shape [4], expected [4, 10], the logits', for labels that are probabilities",
    );
    check(
        graph.layer_norm(&x, &[-1], Some(&floats(&graph, &[4])), None, 1e-5),
        "layer_norm: `gamma` of shape [4] does not broadcast with `tensor` of shape [4, 10]: size 4 against 10; sizes, from the last one, must be equal or 1",
    );
    check(
        graph.layer_norm(&x, &[-1], None, None, f64::NAN),
        "layer_norm: `epsilon` is NaN, expected a number of at least 0",
    );
    check(
        graph.batch_norm_training(&x, Some(&floats(&graph, &[4])), None, 1e-5),
        "batch_norm_training: `gamma` has shape [4], expected [10]: one element for each channel",
    );
    check(
        graph.batch_norm_training(&floats(&graph, &[4]), None, None, 1e-5),
        "batch_norm_training: `tensor` has shape [4] of rank 1, expected at least 2: batch and channels",
    );
    check(graph.dropout(&x, 1.0, 1, 2), "dropout: `rate` is 1.0, expected at least 0 and less than 1");
    check(
        graph.dropout(&x, 0.5, 1.5, 2),
        "dropout: `seed` is 1.5, which i64 cannot hold; expected a whole number in its range",
    );
    check(
        graph.random_uniform([2], Int32, 0.0, 1.0, 1, 2),
        "random_uniform: `data_type` is i32, expected f32, f16 or bf16",
    );
    check(
        graph.random_uniform([2], Float32, 1.0, 0.0, 1, 2),
        "random_uniform: `high` is 0.0, expected a finite number of at least `low`",
    );
    check(
        graph.random_normal([2], Float32, 0.0, 1.0, &x, 2),
        "random_normal: `seed` has data type f32, expected i64; convert it with cast",
    );
    check(
        graph.random_normal([2], Float32, 0.0, 1.0, 0, &labels),
        "random_normal: `counter` has shape [4, 10] of rank 2, expected 0: a scalar",
    );
    let (q, k) = (floats(&graph, &[2, 3, 4]), floats(&graph, &[2, 5, 3]));
    let plain = AttentionDescriptor::default();
    check(
        graph.scaled_dot_product_attention(&q, &k, &k, &plain),
        "scaled_dot_product_attention: `key` has shape [2, 5, 3], expected 4 features, as many as `query` has",
    );
    let masked = AttentionDescriptor { mask: Some(&k), ..plain };
    check(
        graph.scaled_dot_product_attention(&q, &q, &q, &masked),
        "scaled_dot_product_attention: `mask` of shape [2, 5, 3] does not broadcast with `scores` of shape [2, 3, 3]: size 5 against 3; sizes, from the last one, must be equal or 1",
    );
}

#[test]
fn state() {
    let graph = Graph::new();
    let x = floats(&graph, &[2]);
    let v = graph.variable(TensorData::new([2], &[1.0f32, 2.0]).unwrap(), "v").unwrap();
    check(graph.assign(&x, &x), "assign: `variable` is placeholder %0, expected a tensor made by `variable`");
    check(
        graph.assign(&v, &floats(&graph, &[3])),
        "assign: `value` has shape [3], expected [2], the variable's",
    );
    let sgd = SgdDescriptor::default();
    check(
        graph.sgd_step(&[&v], &[], 0.1, &sgd),
        "sgd_step: `gradients` is a list of 0, expected one for each of the 1 variables",
    );
    check(
        graph.sgd_step(&[&v, &v], &[&x, &x], 0.1, &sgd),
        "sgd_step: `variables` is read \"v\" twice, expected each variable once",
    );
    check(
        graph.sgd_step(&[&v], &[&floats(&graph, &[1])], 0.1, &sgd),
        "sgd_step: `gradients` has shape [1], expected [2], the shape of read \"v\"",
    );
    check(
        graph.sgd_step(&[&v], &[&x], 0.1, &SgdDescriptor { nesterov: true, ..sgd }),
        "sgd_step: `nesterov` is true, expected false, or momentum and no dampening",
    );
    check(
        graph.adam_step(&[&v], &[&x], &x, &AdamDescriptor::default()),
        "adam_step: `learning_rate` has shape [2] of rank 1, expected 0: a scalar",
    );
    check(
        graph.adam_step(&[&v], &[&x], 0.1, &AdamDescriptor { beta1: 1.0, ..AdamDescriptor::default() }),
        "adam_step: `beta1` is 1.0, expected at least 0 and less than 1",
    );
    check(
        graph.gradients(&placeholder(&graph, Int32, &[1]), &[&x]),
        "gradients: `of` has data type i32, expected f32, f16 or bf16; convert it with cast",
    );

    let twice = [graph.assign(&v, &x).unwrap(), graph.assign(&v, &v).unwrap()];
    let data = TensorData::new([2], &[0.0f32; 2]).unwrap();
    let mut interpreter = Interpreter::new(&graph);
    let error = graph_error(interpreter.evaluate(&[&twice[0], &twice[1]], &[(&x, data)]));
    assert!(error.to_string().ends_with("expected at most one assignment of variable \"v\""), "{error}");
    assert_eq!(interpreter.variable(&v).unwrap().to_f64(), [1.0, 2.0]);
}

#[test]
fn inputs() {
    let graph = Graph::new();
    let x = graph.placeholder_tensor([Dim::open("n"), Dim::open("m")], Float32).unwrap().with_label("x");
    let y = graph.placeholder_tensor([Dim::open("m")], Float32).unwrap().with_label("y");
    let sum = (&x + &y).unwrap();
    let ones = |shape: &[usize]| TensorData::new(shape, &vec![1.0f32; shape.iter().product()]).unwrap();
    check(
        evaluate(&[&sum], &[(&x, ones(&[2, 3]))]),
        "evaluate: placeholder \"y\" has no value, but a target needs it",
    );
    check(
        evaluate(&[&sum], &[(&x, ones(&[2, 3])), (&y, ones(&[2]))]),
        "evaluate: placeholder \"y\": a value of shape [2] does not fit its shape [m]: m is 2 here, but 3 elsewhere",
    );
    check(
        evaluate(&[&sum], &[(&x, ones(&[2]))]),
        "evaluate: placeholder \"x\": a value of shape [2] does not fit its shape [n, m]: its rank is 1, not 2",
    );
    check(evaluate(&[&sum], &[(&sum, ones(&[2, 3]))]), "evaluate: `inputs` is add %3, expected placeholders");
    check(
        evaluate(&[&sum], &[(&y, ones(&[2])), (&y, ones(&[2]))]),
        "evaluate: `inputs` is placeholder \"y\" twice, expected one value for each",
    );
    let whole = TensorData::new([2], &[1i32, 2]).unwrap();
    check(
        evaluate(&[&sum], &[(&y, whole)]),
        "evaluate: `inputs` has data type i32, but `placeholder` has f32; convert one with cast",
    );
    // What is not possible with these sizes is an error of the operation.
    let bound = evaluate(&[&sum], &[(&x, ones(&[1 << 10, 1])), (&y, ones(&[1]))]).unwrap();
    assert_eq!(bound[0].shape(), [1 << 10, 1]);
    let large = graph.constant_tensor(1.0, [1 << 40], Float32).unwrap();
    check(
        evaluate(&[&large], &[]),
        "evaluate: `targets` has shape [1099511627776], expected at most 268435456 elements in all tensors together",
    );
    check(
        evaluate_f64(&[&sum], &[(&y, &[usize::MAX, 2], &[1.0])]),
        "evaluate: `inputs` has shape [18446744073709551615, 2], expected as many elements as there are values, 1",
    );
    let bytes = graph.placeholder_tensor([Dim::open("k")], UInt8).unwrap();
    let positions = graph.coordinate_along_axis(0, [Dim::open("k")], UInt8).unwrap().with_label("positions");
    let place = line!() - 1;
    let counted = (&bytes + &positions).unwrap();
    let bytes_of = |count: usize| TensorData::new([count], &vec![1u8; count]).unwrap();
    let error = graph_error(evaluate(&[&counted], &[(&bytes, bytes_of(257))]));
    assert!(error.to_string().starts_with("coordinate_along_axis \"positions\" at "), "{error}");
    assert!(error.to_string().ends_with("`data_type` is u8, expected a type that counts to 256"), "{error}");
    assert_eq!(error.location().line(), place);
    assert_eq!(evaluate(&[&counted], &[(&bytes, bytes_of(2))]).unwrap()[0].to_f64(), [1.0, 2.0]);
    let known = graph.placeholder_tensor([2, 3], Float32).unwrap();
    check(
        evaluate(&[&known], &[(&known, ones(&[3, 2]))]),
        "evaluate: placeholder %8: a value of shape [3, 2] does not fit its shape [2, 3]: 3 is not 2",
    );
    assert_eq!(Shape::from([2, 3]).to_string(), "[2, 3]");
}
