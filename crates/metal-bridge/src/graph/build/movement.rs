//! Shapes, and moving elements.

use std::ops::{Bound, RangeBounds};

use super::call::axis_of;
use super::{Built, Call, Operand};
use crate::error::Result;
use crate::graph::dim::Dim;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::op::SliceRange;
use crate::graph::ir::{NodeId, Op};
use crate::graph::shape::{Shape, product};

/// The most parts that a tensor can be cut into by number: each is an operation.
const MAX_PARTS: usize = 1 << 16;

impl Graph {
    /// The same elements in the same order, in another shape.
    ///
    /// # Errors
    ///
    /// The shape has another number of elements.
    #[doc(alias = "reshapeTensor:withShape:name:")]
    #[track_caller]
    pub fn reshape(&self, tensor: &GraphTensor, shape: impl Into<Shape>) -> Result<GraphTensor> {
        let shape = shape.into();
        self.build("reshape", |call| {
            let x = call.tensor("tensor", tensor)?;
            call.reshape(x, &shape)
        })
    }

    /// All axes from `start_axis` to the last one made one.
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType, graph::Dim};
    ///
    /// let graph = Graph::new();
    /// let images = graph.placeholder_tensor([Dim::open("batch"), 28.into(), 28.into()], TensorDataType::Float32)?;
    /// assert_eq!(graph.flatten(&images, 1)?.shape().to_string(), "[batch, 784]");
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    #[doc(alias = "flatten2DTensor:axis:name:")]
    #[track_caller]
    pub fn flatten(&self, tensor: &GraphTensor, start_axis: isize) -> Result<GraphTensor> {
        self.build("flatten", |call| {
            let x = call.tensor("tensor", tensor)?;
            let axis = call.axis("start_axis", start_axis, x)?;
            let shape = call.shape(x);
            let mut flat: Shape = shape[..axis].into();
            flat.dims_mut().push(product(&shape[axis..]).expect("a part of a product that fits"));
            call.reshape(x, &flat)
        })
    }

    /// The tensor with two axes exchanged.
    #[doc(alias = "transposeTensor:dimension:withDimension:name:")]
    #[track_caller]
    pub fn transpose(
        &self,
        tensor: &GraphTensor,
        dimension1: isize,
        dimension2: isize,
    ) -> Result<GraphTensor> {
        self.build("transpose", |call| {
            let x = call.tensor("tensor", tensor)?;
            let (a, b) = (call.axis("dimension1", dimension1, x)?, call.axis("dimension2", dimension2, x)?);
            let mut axes: Vec<usize> = (0..call.rank(x)).collect();
            axes.swap(a, b);
            call.permute(x, &axes)
        })
    }

    /// The axes in another order: axis `i` of the result is axis `axes[i]` of the tensor.
    ///
    /// # Errors
    ///
    /// `axes` does not have each axis once.
    #[doc(alias = "transposeTensor:permutation:name:")]
    #[track_caller]
    pub fn permute(&self, tensor: &GraphTensor, axes: &[isize]) -> Result<GraphTensor> {
        self.build("permute", |call| {
            let x = call.tensor("tensor", tensor)?;
            let axes: Vec<usize> =
                axes.iter().map(|&axis| call.axis("axes", axis, x)).collect::<std::result::Result<_, _>>()?;
            call.permute(x, &axes)
        })
    }

    /// The tensor repeated along new leading axes and along axes of size 1.
    ///
    /// # Errors
    ///
    /// A size, counted from the last, is neither 1 nor the shape's.
    #[doc(alias = "broadcastTensor:toShape:name:")]
    #[track_caller]
    pub fn broadcast_to(&self, tensor: &GraphTensor, shape: impl Into<Shape>) -> Result<GraphTensor> {
        let shape = shape.into();
        self.build("broadcast_to", |call| {
            let x = call.tensor("tensor", tensor)?;
            call.broadcast(x, &shape)
        })
    }

    /// The tensor without some axes, which must be of size 1. An empty list means all axes of size 1.
    #[doc(alias = "squeezeTensor:axes:name:")]
    #[track_caller]
    pub fn squeeze(&self, tensor: &GraphTensor, axes: &[isize]) -> Result<GraphTensor> {
        self.build("squeeze", |call| {
            let x = call.tensor("tensor", tensor)?;
            let shape = call.shape(x);
            let listed = call.axes("axes", axes, x)?;
            let gone = |axis: usize| if axes.is_empty() { shape[axis] == 1 } else { listed.contains(&axis) };
            if let Some(axis) = listed.iter().find(|&&axis| shape[axis] != 1) {
                return Err(GraphProblem::Shape {
                    argument: "tensor",
                    got: shape.clone(),
                    expected: format!("size 1 along axis {axis}"),
                });
            }
            let rest =
                (0..shape.rank()).filter(|&axis| !gone(axis)).map(|axis| shape[axis].clone()).collect();
            call.reshape(x, &rest)
        })
    }

    /// The tensor with new axes of size 1, at these places in the result.
    #[doc(alias = "expandDimsOfTensor:axes:name:")]
    #[doc(alias = "unsqueeze")]
    #[track_caller]
    pub fn expand_dims(&self, tensor: &GraphTensor, axes: &[isize]) -> Result<GraphTensor> {
        self.build("expand_dims", |call| {
            let x = call.tensor("tensor", tensor)?;
            let shape = call.shape(x);
            let rank = shape.rank() + axes.len();
            let mut dims: Vec<Option<Dim>> = vec![None; rank];
            for &axis in axes {
                let axis = axis_of("axes", axis, rank)?;
                if dims[axis].replace(1.into()).is_some() {
                    return Err(GraphProblem::RepeatedAxis { parameter: "axes", axis });
                }
            }
            let mut rest = shape.iter().cloned();
            let dims: Shape = dims
                .into_iter()
                .map(|dim| dim.or_else(|| rest.next()).expect("as many places as axes"))
                .collect();
            call.reshape(x, &dims)
        })
    }

    /// Tensors one after the other along an axis. All other sizes must agree.
    ///
    /// # Errors
    ///
    /// There are no tensors, or types or sizes differ.
    #[doc(alias = "concatTensors:dimension:name:")]
    #[track_caller]
    pub fn concat(&self, tensors: &[&GraphTensor], axis: isize) -> Result<GraphTensor> {
        self.build("concat", |call| {
            let nodes = call.some_tensors("tensors", tensors)?;
            let axis = call.axis("axis", axis, nodes[0])?;
            call.concat(&nodes, axis)
        })
    }

    /// Tensors of one shape along a new axis.
    ///
    /// # Errors
    ///
    /// There are no tensors, or types or shapes differ.
    #[doc(alias = "stackTensors:axis:name:")]
    #[track_caller]
    pub fn stack(&self, tensors: &[&GraphTensor], axis: isize) -> Result<GraphTensor> {
        self.build("stack", |call| {
            let mut nodes = call.some_tensors("tensors", tensors)?;
            let shape = call.shape(nodes[0]);
            let axis = axis_of("axis", axis, shape.rank() + 1)?;
            let mut with_axis = shape.clone();
            with_axis.dims_mut().insert(axis, 1.into());
            for node in &mut nodes {
                if call.ty(*node).shape != shape {
                    return Err(GraphProblem::Shape {
                        argument: "tensors",
                        got: call.shape(*node),
                        expected: format!("{shape}, as the first of them"),
                    });
                }
                *node = call.reshape(*node, &with_axis)?;
            }
            call.concat(&nodes, axis)
        })
    }

    /// Parts of these sizes along an axis.
    ///
    /// # Errors
    ///
    /// The sizes do not add up to the axis's.
    #[doc(alias = "splitTensor:splitSizes:axis:name:")]
    #[track_caller]
    pub fn split(&self, tensor: &GraphTensor, sizes: &[usize], axis: isize) -> Result<Vec<GraphTensor>> {
        let parts = self.call("split", |call| {
            let x = call.tensor("tensor", tensor)?;
            let axis = call.axis("axis", axis, x)?;
            let size = call.shape(x)[axis].clone();
            let total = sizes.iter().try_fold(0usize, |sum, &size| sum.checked_add(size));
            if total.is_none_or(|total| size != total) {
                return Err(GraphProblem::Parameter {
                    parameter: "sizes",
                    got: format!("{sizes:?}"),
                    expected: format!("sizes that add up to {size}, the tensor's along axis {axis}"),
                });
            }
            let mut start = 0;
            sizes
                .iter()
                .map(|&size| {
                    let part = call.slice_axis(x, axis, start.into(), (start + size).into(), 1);
                    start += size;
                    part
                })
                .collect::<std::result::Result<Vec<_>, _>>()
        })?;
        Ok(parts.into_iter().map(|id| self.tensor(id)).collect())
    }

    /// `count` parts of equal size along an axis, at most 65536.
    ///
    /// # Errors
    ///
    /// The size along the axis is no multiple of `count`, or there would be more parts.
    #[doc(alias = "splitTensor:numSplits:axis:name:")]
    #[doc(alias = "chunk")]
    #[track_caller]
    pub fn split_evenly(&self, tensor: &GraphTensor, count: usize, axis: isize) -> Result<Vec<GraphTensor>> {
        let parts = self.call("split_evenly", |call| {
            let x = call.tensor("tensor", tensor)?;
            let axis = call.axis("axis", axis, x)?;
            let size = call.shape(x)[axis].clone();
            let part = size.exact_div(&count.into()).filter(|_| count <= MAX_PARTS);
            let part = part.ok_or_else(|| GraphProblem::Parameter {
                parameter: "count",
                got: count.to_string(),
                expected: format!(
                    "a divisor of {size}, the tensor's size along axis {axis}, and at most {MAX_PARTS}"
                ),
            })?;
            (0..count)
                .map(|i| {
                    let at = |i: usize| part.checked_mul(&i.into()).expect("at most the size");
                    call.slice_axis(x, axis, at(i), at(i + 1), 1)
                })
                .collect::<std::result::Result<Vec<_>, _>>()
        })?;
        Ok(parts.into_iter().map(|id| self.tensor(id)).collect())
    }

    /// The part within a range along one axis.
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType};
    ///
    /// let graph = Graph::new();
    /// let x = graph.placeholder_tensor([8, 10], TensorDataType::Float32)?;
    /// assert_eq!(graph.slice(&x, 1, 2..6)?.shape(), [8, 4]);
    /// assert_eq!(graph.slice(&x, 0, 3..)?.shape(), [5, 10]);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The range is empty or not within the axis, or it is a part of an open dimension.
    #[doc(alias = "sliceTensor:dimension:start:length:name:")]
    #[doc(alias = "narrow")]
    #[track_caller]
    pub fn slice(
        &self,
        tensor: &GraphTensor,
        axis: isize,
        range: impl RangeBounds<usize>,
    ) -> Result<GraphTensor> {
        self.build("slice", |call| {
            let x = call.tensor("tensor", tensor)?;
            let axis = call.axis("axis", axis, x)?;
            let start = match range.start_bound() {
                Bound::Included(&start) => start,
                Bound::Excluded(&before) => before.saturating_add(1),
                Bound::Unbounded => 0,
            };
            let stop = match range.end_bound() {
                Bound::Included(&last) => last.saturating_add(1).into(),
                Bound::Excluded(&stop) => stop.into(),
                Bound::Unbounded => call.shape(x)[axis].clone(),
            };
            call.slice_axis(x, axis, start.into(), stop, 1)
        })
    }

    /// The elements `starts[i]`, `starts[i] + strides[i]`, … before `ends[i]` along each axis `i`.
    ///
    /// # Errors
    ///
    /// There is not one of each for every axis, a range is empty or not within its axis, or a stride is 0.
    #[doc(alias = "sliceTensor:starts:ends:strides:name:")]
    #[track_caller]
    pub fn strided_slice(
        &self,
        tensor: &GraphTensor,
        starts: &[usize],
        ends: &[usize],
        strides: &[usize],
    ) -> Result<GraphTensor> {
        self.build("strided_slice", |call| {
            let x = call.tensor("tensor", tensor)?;
            let rank = call.rank(x);
            for (parameter, list) in [("starts", starts), ("ends", ends), ("strides", strides)] {
                if list.len() != rank {
                    return Err(GraphProblem::Parameter {
                        parameter,
                        got: format!("{list:?}"),
                        expected: format!("one number for each of the {rank} axes"),
                    });
                }
            }
            let ranges = (0..rank).map(|axis| SliceRange {
                start: starts[axis].into(),
                stop: ends[axis].into(),
                step: strides[axis],
            });
            call.add(Op::Slice { ranges: ranges.collect() }, &[x])
        })
    }

    /// The tensor with elements of one value around it: `before[i]` before and `after[i]` after it along each
    /// axis `i`.
    ///
    /// # Errors
    ///
    /// There is not one of each for every axis, the type cannot hold the value, or an open dimension would be
    /// padded.
    #[doc(alias = "padTensor:withPaddingMode:leftPadding:rightPadding:constantValue:name:")]
    #[track_caller]
    pub fn pad<'a>(
        &self,
        tensor: &GraphTensor,
        before: &[usize],
        after: &[usize],
        value: impl Into<Operand<'a>>,
    ) -> Result<GraphTensor> {
        let value = value.into();
        self.build("pad", |call| {
            let x = call.tensor("tensor", tensor)?;
            let value =
                value.scalar("value", call.data_type(x)).ok_or_else(|| GraphProblem::Parameter {
                    parameter: "value",
                    got: "a tensor".into(),
                    expected: "a number".into(),
                })??;
            let dims = |sizes: &[usize]| sizes.iter().map(|&size| size.into()).collect();
            call.add(Op::Pad { before: dims(before), after: dims(after), value }, &[x])
        })
    }

    /// The last element first, along each of the axes. An empty list means all axes.
    #[doc(alias = "reverseTensor:axes:name:")]
    #[doc(alias = "flip")]
    #[track_caller]
    pub fn reverse(&self, tensor: &GraphTensor, axes: &[isize]) -> Result<GraphTensor> {
        self.build("reverse", |call| {
            let x = call.tensor("tensor", tensor)?;
            let axes = call.axes_or_all("axes", axes, x)?;
            call.add(Op::Reverse { axes }, &[x])
        })
    }

    /// The tensor `repeats[i]` times one after the other along each axis `i`.
    ///
    /// # Errors
    ///
    /// There is not one number for every axis, or one is 0.
    #[doc(alias = "tileTensor:withMultiplier:name:")]
    #[track_caller]
    pub fn tile(&self, tensor: &GraphTensor, repeats: &[usize]) -> Result<GraphTensor> {
        self.build("tile", |call| {
            let x = call.tensor("tensor", tensor)?;
            let shape = call.shape(x);
            if repeats.len() != shape.rank() || repeats.contains(&0) {
                return Err(GraphProblem::Parameter {
                    parameter: "repeats",
                    got: format!("{repeats:?}"),
                    expected: format!("a number of at least 1 for each of the {} axes", shape.rank()),
                });
            }
            let mut result = x;
            for (axis, &count) in repeats.iter().enumerate().filter(|&(_, &count)| count > 1) {
                result = call.repeat_axis(result, axis, count)?;
            }
            Ok(result)
        })
    }
}

impl Call<'_> {
    /// The nodes of at least one tensor.
    fn some_tensors(
        &self,
        argument: &'static str,
        tensors: &[&GraphTensor],
    ) -> std::result::Result<Vec<NodeId>, GraphProblem> {
        if tensors.is_empty() {
            return Err(GraphProblem::Parameter {
                parameter: argument,
                got: "an empty list".into(),
                expected: "at least one tensor".into(),
            });
        }
        self.tensors(argument, tensors)
    }

    pub(crate) fn concat(&mut self, tensors: &[NodeId], axis: usize) -> Built {
        self.add(Op::Concat { axis }, tensors)
    }

    /// A range along one axis, and all of the others.
    pub(crate) fn slice_axis(&mut self, x: NodeId, axis: usize, start: Dim, stop: Dim, step: usize) -> Built {
        let shape = self.shape(x);
        if start == 0 && stop == shape[axis] && step == 1 {
            return Ok(x);
        }
        let mut ranges: Vec<SliceRange> =
            shape.iter().map(|size| SliceRange { start: 0.into(), stop: size.clone(), step: 1 }).collect();
        ranges[axis] = SliceRange { start, stop, step };
        self.add(Op::Slice { ranges }, &[x])
    }

    /// The tensor several times along an axis: a new axis before it is broadcast and made one with it. The other
    /// axes are made two meanwhile, so that there is room for it.
    fn repeat_axis(&mut self, x: NodeId, axis: usize, count: usize) -> Built {
        let shape = self.shape(x);
        let flat = |dims: &[Dim]| product(dims).expect("a part of a product that fits");
        let (front, back) = (flat(&shape[..axis]), flat(&shape[axis + 1..]));
        let mut wide: Shape = [front, 1.into(), shape[axis].clone(), back].into();
        let reshaped = self.reshape(x, &wide)?;
        wide.dims_mut()[1] = count.into();
        let repeated = self.broadcast(reshaped, &wide)?;
        let mut result = shape;
        result.dims_mut()[axis] = flat(&wide[1..3]);
        self.reshape(repeated, &result)
    }
}
