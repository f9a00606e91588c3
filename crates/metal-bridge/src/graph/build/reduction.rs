//! Reductions along axes.

use super::{Built, Call};
use crate::error::Result;
use crate::graph::data_type::TensorDataType;
use crate::graph::dim::Dim;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::op::{ArgReduceOp, ReduceOp};
use crate::graph::ir::{NodeId, Op};
use crate::graph::shape::{Shape, product};

macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident => $build:expr;)*) => {
        impl Graph {
            $(
                $(#[$doc])*
                ///
                /// Negative axes count from the last one; an empty list means all axes. With `keepdim` the
                /// axes stay, with size 1.
                #[track_caller]
                pub fn $name(
                    &self,
                    tensor: &GraphTensor,
                    axes: &[isize],
                    keepdim: bool,
                ) -> Result<GraphTensor> {
                    self.build(stringify!($name), |call| {
                        let x = call.tensor("tensor", tensor)?;
                        let axes = call.axes_or_all("axes", axes, x)?;
                        let build: fn(&mut Call<'_>, NodeId, &[usize], bool) -> Built = $build;
                        build(call, x, &axes, keepdim)
                    })
                }
            )*
        }
    };
}

reductions! {
    /// The sum along axes, of numbers. 16-bit floats accumulate in f32; integers wrap around.
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType};
    ///
    /// let graph = Graph::new();
    /// let x = graph.placeholder_tensor([2, 3, 4], TensorDataType::Float32)?;
    /// assert_eq!(graph.reduction_sum(&x, &[-1], true)?.shape(), [2, 3, 1]);
    /// assert_eq!(graph.reduction_sum(&x, &[0, 2], false)?.shape(), [3]);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    #[doc(alias = "reductionSumWithTensor:axes:name:")]
    reduction_sum => |call, x, axes, keepdim| call.sum(x, axes, keepdim);
    /// The mean along axes, of floats. 16-bit floats are computed in f32.
    #[doc(alias = "meanOfTensor:axes:name:")]
    reduction_mean => |call, x, axes, keepdim| {
        call.float("tensor", x)?;
        call.in_f32([x], |call, [x]| call.mean(x, axes, keepdim))
    };
    /// The mean of the squared distances from the mean along axes, of floats: the biased variance. 16-bit
    /// floats are computed in f32.
    #[doc(alias = "varianceOfTensor:axes:name:")]
    reduction_variance => |call, x, axes, keepdim| {
        call.float("tensor", x)?;
        call.in_f32([x], |call, [x]| {
            let mean = call.mean(x, axes, true)?;
            let mean = call.broadcast(mean, &call.shape(x))?;
            let distance = call.minus(x, mean)?;
            let square = call.squared(distance)?;
            call.mean(square, axes, keepdim)
        })
    };
    /// The product along axes, of numbers. 16-bit floats accumulate in f32; integers wrap around.
    #[doc(alias = "reductionProductWithTensor:axes:name:")]
    reduction_product => |call, x, axes, keepdim| call.reduce(ReduceOp::Product, x, axes, keepdim);
    /// The greatest element along axes, of numbers; NaN if there is one. Its gradient is shared by equal ones.
    #[doc(alias = "reductionMaximumWithTensor:axes:name:")]
    reduction_maximum => |call, x, axes, keepdim| call.reduce(ReduceOp::Max, x, axes, keepdim);
    /// The least element along axes, of numbers; NaN if there is one. Its gradient is shared by equal ones.
    #[doc(alias = "reductionMinimumWithTensor:axes:name:")]
    reduction_minimum => |call, x, axes, keepdim| call.reduce(ReduceOp::Min, x, axes, keepdim);
    /// Whether all elements along axes are true, of booleans.
    #[doc(alias = "reductionAndWithTensor:axes:name:")]
    reduction_and => |call, x, axes, keepdim| call.reduce_bool(ReduceOp::Min, x, axes, keepdim);
    /// Whether some element along axes is true, of booleans.
    #[doc(alias = "reductionOrWithTensor:axes:name:")]
    reduction_or => |call, x, axes, keepdim| call.reduce_bool(ReduceOp::Max, x, axes, keepdim);
    /// The position of the greatest element along axes, as i32: of equal ones the first, and NaN is greater
    /// than every number. Along several axes it is the position in row-major order of these axes.
    #[doc(alias = "reductionArgMaximumWithTensor:axis:name:")]
    reduction_arg_maximum => |call, x, axes, keepdim| call.arg_reduce(ArgReduceOp::Max, x, axes, keepdim);
    /// The position of the least element along axes, as i32: of equal ones the first, and NaN is less than
    /// every number. Along several axes it is the position in row-major order of these axes.
    #[doc(alias = "reductionArgMinimumWithTensor:axis:name:")]
    reduction_arg_minimum => |call, x, axes, keepdim| call.arg_reduce(ArgReduceOp::Min, x, axes, keepdim);
}

impl Call<'_> {
    /// The numbers of axes, ascending; all axes for an empty list.
    pub(crate) fn axes_or_all(
        &self,
        parameter: &'static str,
        axes: &[isize],
        x: NodeId,
    ) -> std::result::Result<Vec<usize>, GraphProblem> {
        if axes.is_empty() { Ok((0..self.rank(x)).collect()) } else { self.axes(parameter, axes, x) }
    }

    /// The mean of floats that are wide enough for their sum.
    pub(crate) fn mean(&mut self, x: NodeId, axes: &[usize], keepdim: bool) -> Built {
        let sum = self.sum(x, axes, keepdim)?;
        let count = self.count_like(sum, x, axes)?;
        self.over(sum, count)
    }

    /// How many elements of floats are reduced to one, in the type and shape of what they are reduced to. Along
    /// open dimensions it is known at execution: it is the sum of ones.
    pub(crate) fn count_like(&mut self, reduced: NodeId, x: NodeId, axes: &[usize]) -> Built {
        match self.count_along(x, axes).value() {
            Some(count) => self.fill_like(reduced, count as f64),
            None => {
                let ones = self.fill_like(x, 1.0)?;
                let count = self.sum(ones, axes, false)?;
                self.reshape(count, &self.shape(reduced))
            }
        }
    }

    /// How many elements are reduced to one.
    pub(crate) fn count_along(&self, x: NodeId, axes: &[usize]) -> Dim {
        let shape = &self.ty(x).shape;
        let sizes: Vec<Dim> = axes.iter().map(|&axis| shape[axis].clone()).collect();
        product(&sizes).expect("a part of a product that fits")
    }

    fn reduce_bool(&mut self, op: ReduceOp, x: NodeId, axes: &[usize], keepdim: bool) -> Built {
        let got = self.data_type(x);
        if got != TensorDataType::Bool {
            return Err(GraphProblem::DataType { argument: "tensor", got, expected: "bool" });
        }
        let numbers = self.cast(x, TensorDataType::UInt8)?;
        let reduced = self.reduce(op, numbers, axes, keepdim)?;
        self.cast(reduced, TensorDataType::Bool)
    }

    fn arg_reduce(&mut self, op: ArgReduceOp, x: NodeId, axes: &[usize], keepdim: bool) -> Built {
        let shape = self.shape(x);
        let flat = self.axes_last(x, axes)?;
        let axis = self.rank(flat) - 1;
        let position = self.add(Op::ArgReduce { op, axis }, &[flat])?;
        if keepdim { self.reshape(position, &super::kept(&shape, axes)) } else { Ok(position) }
    }

    /// The tensor with some axes made one, which comes last.
    pub(crate) fn axes_last(&mut self, x: NodeId, axes: &[usize]) -> Built {
        let shape = self.shape(x);
        let others = (0..shape.rank()).filter(|axis| !axes.contains(axis));
        let order: Vec<usize> = others.clone().chain(axes.iter().copied()).collect();
        let permuted = self.permute(x, &order)?;
        let mut flat: Shape = others.map(|axis| shape[axis].clone()).collect();
        flat.dims_mut().push(self.count_along(x, axes));
        self.reshape(permuted, &flat)
    }
}
