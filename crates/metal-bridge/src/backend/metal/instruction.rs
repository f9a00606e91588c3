//! Instructions of programs as calls of MPSGraph.

use objc2::rc::Retained;
use objc2_foundation::{NSArray, NSData, NSNumber};
use objc2_metal_performance_shaders::{MPSDataType, MPSShape};
use objc2_metal_performance_shaders_graph::{
    MPSGraph, MPSGraphConvolution2DOpDescriptor, MPSGraphPaddingStyle, MPSGraphScatterMode, MPSGraphTensor,
    MPSGraphTensorNamedDataLayout,
};

use crate::backend::tensor_program::{Binary, Instruction, Operation, Reduction, TensorShape, Unary, Window};
use crate::error::{Error, Result};
use crate::graph::TensorDataType;

/// MPSGraph's name of a type.
pub(super) fn data_type(data_type: TensorDataType) -> MPSDataType {
    match data_type {
        TensorDataType::Float32 => MPSDataType::Float32,
        TensorDataType::Float16 => MPSDataType::Float16,
        TensorDataType::BFloat16 => MPSDataType::BFloat16,
        TensorDataType::Int32 => MPSDataType::Int32,
        TensorDataType::Int64 => MPSDataType::Int64,
        TensorDataType::UInt8 => MPSDataType::UInt8,
        TensorDataType::Bool => MPSDataType::Bool,
    }
}

/// Sizes, axes or positions.
pub(super) fn numbers(values: &[usize]) -> Retained<MPSShape> {
    let numbers: Vec<_> = values.iter().map(|&value| NSNumber::new_usize(value)).collect();
    NSArray::from_retained_slice(&numbers)
}

/// An axis, of which there are few.
fn axis(axis: usize) -> isize {
    axis as isize
}

/// Adds an instruction to a graph. To be called where exceptions are caught.
///
/// # Errors
///
/// MPSGraph makes something else of it than the program says; whatever used that might abort the process.
pub(super) fn add(
    graph: &MPSGraph,
    tensors: &[Retained<MPSGraphTensor>],
    instruction: &Instruction,
) -> Result<Retained<MPSGraphTensor>> {
    let Instruction { operation, operands, ty } = instruction;
    let operands: Vec<&MPSGraphTensor> = operands.iter().map(|operand| &*tensors[operand.index()]).collect();
    let tensor = call(graph, operation, &operands, ty)?;
    check(&tensor, operation, ty)?;
    Ok(tensor)
}

/// Compares what MPSGraph says of a tensor with what the program says.
fn check(tensor: &MPSGraphTensor, operation: &Operation, ty: &TensorShape) -> Result<()> {
    // SAFETY: both only read.
    let (sizes, got) = unsafe { (tensor.shape(), tensor.dataType()) };
    let sizes: Option<Vec<isize>> = sizes.map(|sizes| sizes.iter().map(|size| size.as_isize()).collect());
    let same = sizes.as_ref().is_some_and(|sizes| {
        sizes.len() == ty.sizes.len()
            && sizes.iter().zip(&ty.sizes).all(|(&got, &size)| usize::try_from(got) == Ok(size))
    });
    if same && got == data_type(ty.data_type) {
        return Ok(());
    }
    let message = format!("{operation:?} makes {got:?} {sizes:?}, not {ty}");
    Err(Error::Metal { call: "MPSGraph", message })
}

fn call(
    graph: &MPSGraph,
    operation: &Operation,
    operands: &[&MPSGraphTensor],
    ty: &TensorShape,
) -> Result<Retained<MPSGraphTensor>> {
    let x = |place: usize| operands[place];
    let tensor = match operation {
        // SAFETY: as of all that follow: the program has checked shapes and types, so nothing is asked of MPSGraph that its
        // documentation does not allow; and the tensors are of this graph.
        Operation::Placeholder(_) => unsafe {
            graph.placeholderWithShape_dataType_name(Some(&numbers(&ty.sizes)), data_type(ty.data_type), None)
        },
        Operation::Constant(data) => {
            let bytes = NSData::with_bytes(data.bytes());
            // SAFETY: as above; there are as many bytes as the shape needs, and MPSGraph keeps the data.
            unsafe {
                graph.constantWithData_shape_dataType(&bytes, &numbers(&ty.sizes), data_type(ty.data_type))
            }
        }
        // SAFETY: as above.
        Operation::Fill { value, .. } => unsafe {
            graph.constantWithScalar_shape_dataType(*value, &numbers(&ty.sizes), data_type(ty.data_type))
        },
        Operation::Coordinate { axis: along, .. } => {
            // SAFETY: as above. Of which type positions are is not documented.
            unsafe {
                let positions =
                    graph.coordinateAlongAxis_withShape_name(axis(*along), &numbers(&ty.sizes), None);
                if positions.dataType() == MPSDataType::Int32 {
                    positions
                } else {
                    graph.castTensor_toType_name(&positions, MPSDataType::Int32, None)
                }
            }
        }
        Operation::Unary(op) => unary(graph, *op, x(0)),
        Operation::Binary(op) => binary(graph, *op, x(0), x(1)),
        // SAFETY: as above.
        Operation::Select => unsafe {
            graph.selectWithPredicateTensor_truePredicateTensor_falsePredicateTensor_name(
                x(0),
                x(1),
                x(2),
                None,
            )
        },
        // SAFETY: as above.
        Operation::Cast(to) => unsafe { graph.castTensor_toType_name(x(0), data_type(*to), None) },
        Operation::Reduce { op, axes } if ty.data_type.is_float() => {
            reduction(graph, *op, x(0), &numbers(axes))
        }
        Operation::Reduce { op, axes } => integer_reduction(graph, *op, x(0), &numbers(axes)),
        // SAFETY: as above.
        Operation::Reshape(sizes) => unsafe {
            graph.reshapeTensor_withShape_name(x(0), &numbers(sizes), None)
        },
        // SAFETY: as above.
        Operation::Transpose(permutation) => unsafe {
            graph.transposeTensor_permutation_name(x(0), &numbers(permutation), None)
        },
        // SAFETY: as above.
        Operation::Broadcast(sizes) => unsafe {
            graph.broadcastTensor_toShape_name(x(0), &numbers(sizes), None)
        },
        // SAFETY: as above.
        Operation::Slice { starts, ends, strides } => unsafe {
            graph.sliceTensor_starts_ends_strides_name(
                x(0),
                &numbers(starts),
                &numbers(ends),
                &numbers(strides),
                None,
            )
        },
        // SAFETY: as above.
        Operation::Concat { axis: along } => unsafe {
            graph.concatTensors_dimension_name(&NSArray::from_slice(operands), axis(*along), None)
        },
        // SAFETY: as above.
        Operation::Reverse { axes } => unsafe { graph.reverseTensor_axes_name(x(0), &numbers(axes), None) },
        // SAFETY: as above; indices are within the axis, which the program sees to.
        Operation::Gather => unsafe {
            graph.gatherWithUpdatesTensor_indicesTensor_axis_batchDimensions_name(x(0), x(1), 0, 0, None)
        },
        // SAFETY: as for `Gather`.
        Operation::ScatterAdd => unsafe {
            graph.scatterWithDataTensor_updatesTensor_indicesTensor_axis_mode_name(
                x(0),
                x(1),
                x(2),
                0,
                MPSGraphScatterMode::Add,
                None,
            )
        },
        // SAFETY: as above.
        Operation::MatMul => unsafe {
            graph.matrixMultiplicationWithPrimaryTensor_secondaryTensor_name(x(0), x(1), None)
        },
        Operation::Conv2d { window, groups } => {
            let descriptor = convolution(window, *groups)?;
            // SAFETY: as above.
            unsafe {
                graph.convolution2DWithSourceTensor_weightsTensor_descriptor_name(
                    x(0),
                    x(1),
                    &descriptor,
                    None,
                )
            }
        }
        Operation::Conv2dDataGradient { window, groups, sizes } => {
            let descriptor = convolution(window, *groups)?;
            // SAFETY: as above.
            unsafe {
                graph.convolution2DDataGradientWithIncomingGradientTensor_weightsTensor_outputShape_forwardConvolutionDescriptor_name(
                    x(0), x(1), &numbers(sizes), &descriptor, None,
                )
            }
        }
        Operation::Conv2dWeightsGradient { window, groups, sizes } => {
            let descriptor = convolution(window, *groups)?;
            // SAFETY: as above.
            unsafe {
                graph.convolution2DWeightsGradientWithIncomingGradientTensor_sourceTensor_outputShape_forwardConvolutionDescriptor_name(
                    x(0), x(1), &numbers(sizes), &descriptor, None,
                )
            }
        }
    };
    Ok(tensor)
}

macro_rules! call {
    ($graph:ident.$method:ident($($argument:expr),*)) => {
        // SAFETY: as in `call`.
        unsafe { $graph.$method($($argument,)* None) }
    };
}

/// Calls the method of a variant with the arguments that all of them take.
macro_rules! choose {
    ($value:expr, $graph:ident $arguments:tt, $type:ident { $($variant:ident => $method:ident,)* }) => {
        match $value {
            $($type::$variant => call!($graph.$method $arguments),)*
        }
    };
}

fn unary(graph: &MPSGraph, op: Unary, x: &MPSGraphTensor) -> Retained<MPSGraphTensor> {
    choose!(op, graph(x), Unary {
        Negative => negativeWithTensor_name,
        Absolute => absoluteWithTensor_name,
        Sign => signWithTensor_name,
        Reciprocal => reciprocalWithTensor_name,
        SquareRoot => squareRootWithTensor_name,
        Exponent => exponentWithTensor_name,
        Logarithm => logarithmWithTensor_name,
        Sin => sinWithTensor_name,
        Cos => cosWithTensor_name,
        Tan => tanWithTensor_name,
        Tanh => tanhWithTensor_name,
        Erf => erfWithTensor_name,
        Sigmoid => sigmoidWithTensor_name,
        Floor => floorWithTensor_name,
        Ceil => ceilWithTensor_name,
        Rint => rintWithTensor_name,
        Truncate => truncateWithTensor_name,
        IsNaN => isNaNWithTensor_name,
        IsFinite => isFiniteWithTensor_name,
        Not => notWithTensor_name,
        BitwiseNot => bitwiseNOTWithTensor_name,
    })
}

fn binary(graph: &MPSGraph, op: Binary, a: &MPSGraphTensor, b: &MPSGraphTensor) -> Retained<MPSGraphTensor> {
    choose!(op, graph(a, b), Binary {
        Addition => additionWithPrimaryTensor_secondaryTensor_name,
        Subtraction => subtractionWithPrimaryTensor_secondaryTensor_name,
        Multiplication => multiplicationWithPrimaryTensor_secondaryTensor_name,
        Division => divisionWithPrimaryTensor_secondaryTensor_name,
        Modulo => moduloWithPrimaryTensor_secondaryTensor_name,
        Power => powerWithPrimaryTensor_secondaryTensor_name,
        MaximumWithNaNPropagation => maximumWithNaNPropagationWithPrimaryTensor_secondaryTensor_name,
        MinimumWithNaNPropagation => minimumWithNaNPropagationWithPrimaryTensor_secondaryTensor_name,
        BitwiseAnd => bitwiseANDWithPrimaryTensor_secondaryTensor_name,
        BitwiseOr => bitwiseORWithPrimaryTensor_secondaryTensor_name,
        BitwiseXor => bitwiseXORWithPrimaryTensor_secondaryTensor_name,
        BitwiseLeftShift => bitwiseLeftShiftWithPrimaryTensor_secondaryTensor_name,
        BitwiseRightShift => bitwiseRightShiftWithPrimaryTensor_secondaryTensor_name,
        LogicalAnd => logicalANDWithPrimaryTensor_secondaryTensor_name,
        LogicalOr => logicalORWithPrimaryTensor_secondaryTensor_name,
        LogicalXor => logicalXORWithPrimaryTensor_secondaryTensor_name,
        Equal => equalWithPrimaryTensor_secondaryTensor_name,
        NotEqual => notEqualWithPrimaryTensor_secondaryTensor_name,
        LessThan => lessThanWithPrimaryTensor_secondaryTensor_name,
        LessThanOrEqual => lessThanOrEqualToWithPrimaryTensor_secondaryTensor_name,
        GreaterThan => greaterThanWithPrimaryTensor_secondaryTensor_name,
        GreaterThanOrEqual => greaterThanOrEqualToWithPrimaryTensor_secondaryTensor_name,
    })
}

fn reduction(
    graph: &MPSGraph,
    op: Reduction,
    x: &MPSGraphTensor,
    axes: &MPSShape,
) -> Retained<MPSGraphTensor> {
    choose!(op, graph(x, Some(axes)), Reduction {
        Sum => reductionSumWithTensor_axes_name,
        Product => reductionProductWithTensor_axes_name,
        Maximum => reductionMaximumPropagateNaNWithTensor_axes_name,
        Minimum => reductionMinimumPropagateNaNWithTensor_axes_name,
    })
}

/// Integers, which are never NaN.
fn integer_reduction(
    graph: &MPSGraph,
    op: Reduction,
    x: &MPSGraphTensor,
    axes: &MPSShape,
) -> Retained<MPSGraphTensor> {
    choose!(op, graph(x, Some(axes)), Reduction {
        Sum => reductionSumWithTensor_axes_name,
        Product => reductionProductWithTensor_axes_name,
        Maximum => reductionMaximumWithTensor_axes_name,
        Minimum => reductionMinimumWithTensor_axes_name,
    })
}

fn convolution(window: &Window, groups: usize) -> Result<Retained<MPSGraphConvolution2DOpDescriptor>> {
    let Window { strides, dilations, padding: [[top, bottom], [left, right]] } = *window;
    // SAFETY: the program has checked the numbers.
    let descriptor = unsafe {
        MPSGraphConvolution2DOpDescriptor::descriptorWithStrideInX_strideInY_dilationRateInX_dilationRateInY_groups_paddingLeft_paddingRight_paddingTop_paddingBottom_paddingStyle_dataLayout_weightsLayout(
            strides[1],
            strides[0],
            dilations[1],
            dilations[0],
            groups,
            left,
            right,
            top,
            bottom,
            MPSGraphPaddingStyle::Explicit,
            MPSGraphTensorNamedDataLayout::NCHW,
            MPSGraphTensorNamedDataLayout::OIHW,
        )
    };
    descriptor.ok_or_else(|| Error::Metal {
        call: "MPSGraphConvolution2DOpDescriptor",
        message: format!("no descriptor of {window:?}"),
    })
}
