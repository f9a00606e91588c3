//! Indices into tensors, and positions as values.

use super::{Built, Call};
use crate::error::Result;
use crate::graph::data_type::TensorDataType;
use crate::graph::dim::Dim;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::op::CompareOp;
use crate::graph::ir::{NodeId, Op, infer};
use crate::graph::shape::Shape;

impl Graph {
    /// The elements at indices along an axis: of a tensor of shape `[A…, n, B…]` and indices of shape `[J…]`,
    /// a tensor of shape `[A…, J…, B…]`. With `axis` 0 and a matrix this looks rows up, as embeddings do.
    ///
    /// Indices are i32 or i64. An index that is not within the axis gives zeros.
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType};
    ///
    /// let graph = Graph::new();
    /// let words = graph.placeholder_tensor([1000, 64], TensorDataType::Float32)?;
    /// let tokens = graph.placeholder_tensor([8, 20], TensorDataType::Int32)?;
    /// assert_eq!(graph.gather(&words, &tokens, 0)?.shape(), [8, 20, 64]);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    #[doc(alias = "gatherWithUpdatesTensor:indicesTensor:axis:batchDimensions:name:")]
    #[doc(alias = "index_select")]
    #[doc(alias = "take")]
    #[doc(alias = "embedding")]
    #[track_caller]
    pub fn gather(&self, tensor: &GraphTensor, indices: &GraphTensor, axis: isize) -> Result<GraphTensor> {
        self.build("gather", |call| {
            let (x, indices) = (call.tensor("tensor", tensor)?, call.tensor("indices", indices)?);
            let axis = call.axis("axis", axis, x)?;
            call.add(Op::Gather { axis, batch: 0 }, &[x, indices])
        })
    }

    /// For each index the element at that position along the axis, and at the index's own position along all
    /// other axes. The indices have the tensor's shape but for the axis.
    ///
    /// Indices are i32 or i64. An index that is not within the axis gives zero.
    ///
    /// # Errors
    ///
    /// A size other than along the axis differs.
    #[doc(alias = "gatherAlongAxis:withUpdatesTensor:indicesTensor:name:")]
    #[doc(alias = "take_along_axis")]
    #[track_caller]
    pub fn gather_along_axis(
        &self,
        tensor: &GraphTensor,
        indices: &GraphTensor,
        axis: isize,
    ) -> Result<GraphTensor> {
        self.build("gather_along_axis", |call| {
            let (x, indices) = (call.tensor("tensor", tensor)?, call.tensor("indices", indices)?);
            let axis = call.axis("axis", axis, x)?;
            call.along("indices", indices, x, axis)?;
            let (there, back) = axis_last_and_back(call.rank(x), axis);
            let (x, indices) = (call.permute(x, &there)?, call.permute(indices, &there)?);
            let last = there.len() - 1;
            let gathered = call.add(Op::Gather { axis: last, batch: last }, &[x, indices])?;
            call.permute(gathered, &back)
        })
    }

    /// The tensor with updates added where [`gather`](Self::gather) with these indices would have read: the
    /// updates have the shape of what that gives. Updates of the same element are all added, always in the
    /// same order; updates at an index that is not within the axis are dropped.
    #[doc(alias = "scatterWithDataTensor:updatesTensor:indicesTensor:axis:mode:name:")]
    #[doc(alias = "index_add")]
    #[track_caller]
    pub fn scatter_add(
        &self,
        tensor: &GraphTensor,
        indices: &GraphTensor,
        updates: &GraphTensor,
        axis: isize,
    ) -> Result<GraphTensor> {
        self.build("scatter_add", |call| {
            let (x, indices) = (call.tensor("tensor", tensor)?, call.tensor("indices", indices)?);
            let updates = call.tensor("updates", updates)?;
            let axis = call.axis("axis", axis, x)?;
            call.add(Op::ScatterAdd { axis, batch: 0 }, &[x, indices, updates])
        })
    }

    /// The tensor with updates added where [`gather_along_axis`](Self::gather_along_axis) with these indices
    /// would have read. The updates have the indices' shape.
    #[doc(alias = "scatterAlongAxis:withDataTensor:updatesTensor:indicesTensor:mode:name:")]
    #[track_caller]
    pub fn scatter_add_along_axis(
        &self,
        tensor: &GraphTensor,
        indices: &GraphTensor,
        updates: &GraphTensor,
        axis: isize,
    ) -> Result<GraphTensor> {
        self.build("scatter_add_along_axis", |call| {
            let (x, indices) = (call.tensor("tensor", tensor)?, call.tensor("indices", indices)?);
            let updates = call.tensor("updates", updates)?;
            let axis = call.axis("axis", axis, x)?;
            call.along("indices", indices, x, axis)?;
            if call.shape(updates) != call.shape(indices) {
                return Err(GraphProblem::Shape {
                    argument: "updates",
                    got: call.shape(updates),
                    expected: format!("{}, the shape of `indices`", call.shape(indices)),
                });
            }
            let (there, back) = axis_last_and_back(call.rank(x), axis);
            let x = call.permute(x, &there)?;
            let (indices, updates) = (call.permute(indices, &there)?, call.permute(updates, &there)?);
            let last = there.len() - 1;
            let scattered = call.add(Op::ScatterAdd { axis: last, batch: last }, &[x, indices, updates])?;
            call.permute(scattered, &back)
        })
    }

    /// For each index a vector along a new last axis, which is 1 at the index and 0 elsewhere. An index that
    /// is not within 0 and `depth` gives zeros. Indices are of an integer type.
    ///
    /// # Errors
    ///
    /// The indices are no integers, or their type cannot count to `depth`.
    #[doc(alias = "oneHotWithIndicesTensor:depth:axis:dataType:name:")]
    #[track_caller]
    pub fn one_hot(
        &self,
        indices: &GraphTensor,
        depth: usize,
        data_type: TensorDataType,
    ) -> Result<GraphTensor> {
        self.build("one_hot", |call| {
            let indices = call.tensor("indices", indices)?;
            let axis = call.rank(indices);
            let hot = call.one_hot("indices", indices, axis, depth.into())?;
            call.cast(hot, data_type)
        })
    }

    /// A tensor of the position along an axis: 0, 1, 2, …
    ///
    /// # Errors
    ///
    /// The type is not one of numbers, or an integer type that cannot count so far.
    #[doc(alias = "coordinateAlongAxis:withShape:name:")]
    #[doc(alias = "iota")]
    #[doc(alias = "arange")]
    #[track_caller]
    pub fn coordinate_along_axis(
        &self,
        axis: isize,
        shape: impl Into<Shape>,
        data_type: TensorDataType,
    ) -> Result<GraphTensor> {
        let shape = shape.into();
        self.build("coordinate_along_axis", |call| {
            let axis = super::call::axis_of("axis", axis, shape.rank())?;
            call.add(Op::Iota { data_type, shape, axis }, &[])
        })
    }
}

impl Call<'_> {
    /// Checks that a tensor has another one's shape but for one axis.
    fn along(
        &self,
        argument: &'static str,
        it: NodeId,
        x: NodeId,
        axis: usize,
    ) -> std::result::Result<(), GraphProblem> {
        let (got, mut expected) = (self.shape(it), self.shape(x));
        if let Some(size) = got.get(axis) {
            expected.dims_mut()[axis] = size.clone();
        }
        if got == expected {
            return Ok(());
        }
        Err(GraphProblem::Shape {
            argument,
            got,
            expected: format!("{} as the tensor, but for axis {axis}", self.shape(x)),
        })
    }

    /// Booleans along a new axis, true where the position is the index.
    pub(crate) fn one_hot(
        &mut self,
        argument: &'static str,
        indices: NodeId,
        axis: usize,
        depth: Dim,
    ) -> Built {
        let data_type = self.data_type(indices);
        if !data_type.is_integer() {
            return Err(GraphProblem::DataType { argument, got: data_type, expected: "i32, i64 or u8" });
        }
        let mut shape = self.shape(indices);
        shape.dims_mut().insert(axis, 1.into());
        let indices = self.reshape(indices, &shape)?;
        shape.dims_mut()[axis] = depth;
        let positions = self.add(Op::Iota { data_type, shape: shape.clone(), axis }, &[])?;
        debug_assert!(infer::check_shape("result", data_type, &shape).is_ok());
        let indices = self.broadcast(indices, &shape)?;
        self.compare(CompareOp::Equal, positions, indices)
    }
}

/// The order of axes with one of them last, and the order that undoes it.
fn axis_last_and_back(rank: usize, axis: usize) -> (Vec<usize>, Vec<usize>) {
    let there: Vec<usize> = (0..rank).filter(|&a| a != axis).chain([axis]).collect();
    let mut back = vec![0; rank];
    for (i, &a) in there.iter().enumerate() {
        back[a] = i;
    }
    (there, back)
}
