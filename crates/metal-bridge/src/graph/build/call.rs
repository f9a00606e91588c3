//! One call of the program while it adds operations.

use std::sync::Arc;

use super::Operand;
use crate::graph::data_type::{Scalar, TensorDataType};
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::op::{BinaryOp, CompareOp, ReduceOp, UnaryOp};
use crate::graph::ir::{Arena, NodeId, Op, Origin, TensorType, infer};
use crate::graph::shape::Shape;
use crate::sync::MutexGuard;

/// What calls on nodes return.
pub(crate) type Built = Result<NodeId, GraphProblem>;

/// One call of the program: holds the graph's lock, and adds operations that all have the call's origin.
pub(crate) struct Call<'a> {
    pub(crate) arena: MutexGuard<'a, Arena>,
    graph: &'a Graph,
    pub(crate) origin: Origin,
}

impl<'a> Call<'a> {
    pub(crate) fn new(graph: &'a Graph, origin: Origin) -> Self {
        Self { arena: graph.lock(), graph, origin }
    }

    /// Adds an operation.
    pub(crate) fn add(&mut self, op: Op, operands: &[NodeId]) -> Built {
        self.arena.add(op, operands, self.origin)
    }

    pub(crate) fn ty(&self, id: NodeId) -> &TensorType {
        self.arena.ty(id)
    }

    pub(crate) fn shape(&self, id: NodeId) -> Shape {
        self.ty(id).shape.clone()
    }

    pub(crate) fn data_type(&self, id: NodeId) -> TensorDataType {
        self.ty(id).data_type
    }

    pub(crate) fn rank(&self, id: NodeId) -> usize {
        self.ty(id).shape.rank()
    }

    pub(crate) fn set_label(&mut self, id: NodeId, label: &str) {
        self.arena.nodes[id].label = Arc::from(label);
    }

    // Arguments.

    /// The node of a tensor, which must be of this graph.
    pub(crate) fn tensor(&self, argument: &'static str, tensor: &GraphTensor) -> Built {
        if tensor.graph().is(self.graph) {
            return Ok(tensor.id());
        }
        Err(GraphProblem::ForeignTensor { argument })
    }

    /// The nodes of several tensors.
    pub(crate) fn tensors(
        &self,
        argument: &'static str,
        tensors: &[&GraphTensor],
    ) -> Result<Vec<NodeId>, GraphProblem> {
        tensors.iter().map(|tensor| self.tensor(argument, tensor)).collect()
    }

    /// Checks that a tensor is of floats.
    pub(crate) fn float(&self, argument: &'static str, id: NodeId) -> Result<(), GraphProblem> {
        let got = self.data_type(id);
        if got.is_float() {
            return Ok(());
        }
        Err(GraphProblem::DataType { argument, got, expected: "f32, f16 or bf16" })
    }

    /// The number of an axis, which counts from the last one if negative.
    pub(crate) fn axis(
        &self,
        parameter: &'static str,
        axis: isize,
        id: NodeId,
    ) -> Result<usize, GraphProblem> {
        axis_of(parameter, axis, self.rank(id))
    }

    /// The numbers of several axes, ascending.
    pub(crate) fn axes(
        &self,
        parameter: &'static str,
        axes: &[isize],
        id: NodeId,
    ) -> Result<Vec<usize>, GraphProblem> {
        let mut axes: Vec<usize> =
            axes.iter().map(|&axis| self.axis(parameter, axis, id)).collect::<Result<_, _>>()?;
        axes.sort_unstable();
        match axes.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(GraphProblem::RepeatedAxis { parameter, axis: pair[0] }),
            None => Ok(axes),
        }
    }

    /// Nodes for two operands: a number becomes a tensor of the other's type and shape, and tensors are
    /// broadcast to one shape.
    pub(crate) fn operands(
        &mut self,
        [a_name, b_name]: [&'static str; 2],
        a: Operand<'_>,
        b: Operand<'_>,
    ) -> Result<[NodeId; 2], GraphProblem> {
        match (a, b) {
            (Operand::Tensor(a), Operand::Tensor(b)) => {
                let (a, b) = (self.tensor(a_name, a)?, self.tensor(b_name, b)?);
                self.broadcast_pair([a_name, b_name], a, b)
            }
            (Operand::Tensor(a), number) => {
                let a = self.tensor(a_name, a)?;
                Ok([a, self.number_like(b_name, number, a)?])
            }
            (number, Operand::Tensor(b)) => {
                let b = self.tensor(b_name, b)?;
                Ok([self.number_like(a_name, number, b)?, b])
            }
            _ => Err(GraphProblem::NoTensor { argument: a_name }),
        }
    }

    fn number_like(&mut self, argument: &'static str, number: Operand<'_>, like: NodeId) -> Built {
        let value = number.scalar(argument, self.data_type(like)).expect("tensors are handled before")?;
        let shape = self.shape(like);
        self.add(Op::Fill { value, shape }, &[])
    }

    /// Broadcasts two tensors of one type to one shape.
    pub(crate) fn broadcast_pair(
        &mut self,
        [a_name, b_name]: [&'static str; 2],
        a: NodeId,
        b: NodeId,
    ) -> Result<[NodeId; 2], GraphProblem> {
        let (a_type, b_type) = (self.ty(a), self.ty(b));
        if a_type.data_type != b_type.data_type {
            return Err(GraphProblem::DataTypes {
                argument: b_name,
                got: b_type.data_type,
                other: a_name,
                expected: a_type.data_type,
            });
        }
        let shape = infer::broadcast(b_name, &b_type.shape, a_name, &a_type.shape)?;
        Ok([self.broadcast(a, &shape)?, self.broadcast(b, &shape)?])
    }

    // Operations, made simpler where there is nothing to do.

    /// One value for all elements, of the type and shape of another tensor.
    pub(crate) fn fill_like(&mut self, like: NodeId, value: f64) -> Built {
        let TensorType { data_type, shape } = self.ty(like).clone();
        self.add(Op::Fill { value: Scalar::from_f64(data_type, value), shape }, &[])
    }

    /// One value for all elements.
    pub(crate) fn fill(&mut self, data_type: TensorDataType, shape: &Shape, value: f64) -> Built {
        self.add(Op::Fill { value: Scalar::from_f64(data_type, value), shape: shape.clone() }, &[])
    }

    pub(crate) fn unary(&mut self, op: UnaryOp, x: NodeId) -> Built {
        self.add(Op::Unary(op), &[x])
    }

    /// An operation on tensors of one shape.
    pub(crate) fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> Built {
        self.add(Op::Binary(op), &[a, b])
    }

    /// An operation of a tensor and a number.
    pub(crate) fn binary_number(&mut self, op: BinaryOp, a: NodeId, b: f64) -> Built {
        let b = self.fill_like(a, b)?;
        self.binary(op, a, b)
    }

    pub(crate) fn plus(&mut self, a: NodeId, b: NodeId) -> Built {
        self.binary(BinaryOp::Add, a, b)
    }

    pub(crate) fn minus(&mut self, a: NodeId, b: NodeId) -> Built {
        self.binary(BinaryOp::Sub, a, b)
    }

    pub(crate) fn times(&mut self, a: NodeId, b: NodeId) -> Built {
        self.binary(BinaryOp::Mul, a, b)
    }

    pub(crate) fn over(&mut self, a: NodeId, b: NodeId) -> Built {
        self.binary(BinaryOp::Div, a, b)
    }

    pub(crate) fn negated(&mut self, x: NodeId) -> Built {
        self.unary(UnaryOp::Neg, x)
    }

    pub(crate) fn squared(&mut self, x: NodeId) -> Built {
        self.times(x, x)
    }

    pub(crate) fn scaled(&mut self, x: NodeId, by: f64) -> Built {
        if by == 1.0 {
            return Ok(x);
        }
        self.binary_number(BinaryOp::Mul, x, by)
    }

    pub(crate) fn shifted(&mut self, x: NodeId, by: f64) -> Built {
        self.binary_number(BinaryOp::Add, x, by)
    }

    pub(crate) fn compare(&mut self, op: CompareOp, a: NodeId, b: NodeId) -> Built {
        self.add(Op::Compare(op), &[a, b])
    }

    pub(crate) fn compare_number(&mut self, op: CompareOp, a: NodeId, b: f64) -> Built {
        let b = self.fill_like(a, b)?;
        self.compare(op, a, b)
    }

    pub(crate) fn select(&mut self, condition: NodeId, a: NodeId, b: NodeId) -> Built {
        self.add(Op::Select, &[condition, a, b])
    }

    pub(crate) fn cast(&mut self, x: NodeId, data_type: TensorDataType) -> Built {
        if self.data_type(x) == data_type {
            return Ok(x);
        }
        self.add(Op::Cast(data_type), &[x])
    }

    pub(crate) fn reshape(&mut self, x: NodeId, shape: &Shape) -> Built {
        if self.ty(x).shape == *shape {
            return Ok(x);
        }
        self.add(Op::Reshape { shape: shape.clone() }, &[x])
    }

    pub(crate) fn permute(&mut self, x: NodeId, axes: &[usize]) -> Built {
        if axes.len() == self.rank(x) && axes.iter().copied().eq(0..axes.len()) {
            return Ok(x);
        }
        self.add(Op::Permute { axes: axes.to_vec() }, &[x])
    }

    /// The tensor with its two last axes exchanged.
    pub(crate) fn transposed(&mut self, x: NodeId) -> Built {
        let rank = self.rank(x);
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(rank - 1, rank - 2);
        self.permute(x, &axes)
    }

    pub(crate) fn broadcast(&mut self, x: NodeId, shape: &Shape) -> Built {
        if self.ty(x).shape == *shape {
            return Ok(x);
        }
        self.add(Op::Broadcast { shape: shape.clone() }, &[x])
    }

    /// Reduces along ascending axes, which may be none. With `keepdim` they stay, with size 1.
    pub(crate) fn reduce(&mut self, op: ReduceOp, x: NodeId, axes: &[usize], keepdim: bool) -> Built {
        let shape = self.shape(x);
        let reduced = self.add(Op::Reduce { op, axes: axes.to_vec() }, &[x])?;
        if keepdim { self.reshape(reduced, &kept(&shape, axes)) } else { Ok(reduced) }
    }

    pub(crate) fn sum(&mut self, x: NodeId, axes: &[usize], keepdim: bool) -> Built {
        self.reduce(ReduceOp::Sum, x, axes, keepdim)
    }
}

/// A shape in which the sizes along some axes are 1.
pub(crate) fn kept(shape: &Shape, axes: &[usize]) -> Shape {
    let mut shape = shape.clone();
    for &axis in axes {
        shape.dims_mut()[axis] = 1.into();
    }
    shape
}

/// The number of an axis, which counts from the last one if negative.
pub(crate) fn axis_of(parameter: &'static str, axis: isize, rank: usize) -> Result<usize, GraphProblem> {
    let wrong = || GraphProblem::Axis { parameter, axis, rank };
    let number = if axis < 0 { rank.checked_add_signed(axis) } else { Some(axis.cast_unsigned()) };
    number.filter(|&number| number < rank).ok_or_else(wrong)
}
