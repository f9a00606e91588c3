//! Tensors that no operation on others makes: placeholders, constants, variables.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::graph::data::TensorData;
use crate::graph::data_type::{Element, TensorDataType};
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::{NodeId, Op, Variable, VariableId};
use crate::graph::shape::Shape;

use super::Operand;

impl Graph {
    /// A tensor whose values are given for each execution. Sizes may be [open](crate::graph::Dim::open).
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType, graph::Dim};
    ///
    /// let graph = Graph::new();
    /// let images = graph.placeholder_tensor([Dim::open("batch"), 784.into()], TensorDataType::Float32)?;
    /// assert_eq!(images.shape().to_string(), "[batch, 784]");
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A size is 0, the rank is over 16, or the tensor could not lie in memory.
    #[doc(alias = "placeholderWithShape:dataType:name:")]
    #[track_caller]
    pub fn placeholder_tensor(
        &self,
        shape: impl Into<Shape>,
        data_type: TensorDataType,
    ) -> Result<GraphTensor> {
        let shape = shape.into();
        self.build("placeholder_tensor", |call| call.add(Op::Placeholder { data_type, shape }, &[]))
    }

    /// A tensor of one value.
    ///
    /// # Errors
    ///
    /// The type cannot hold the value, or the shape is not possible.
    #[doc(alias = "constantWithScalar:shape:dataType:")]
    #[track_caller]
    pub fn constant_tensor<'a>(
        &self,
        value: impl Into<Operand<'a>>,
        shape: impl Into<Shape>,
        data_type: TensorDataType,
    ) -> Result<GraphTensor> {
        let (value, shape) = (value.into(), shape.into());
        self.build("constant_tensor", |call| match value.scalar("value", data_type) {
            Some(value) => call.add(Op::Fill { value: value?, shape }, &[]),
            None => Err(GraphProblem::Parameter {
                parameter: "value",
                got: "a tensor".into(),
                expected: "a number; use broadcast_to".into(),
            }),
        })
    }

    /// A tensor of known values, in row-major order.
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType};
    ///
    /// let graph = Graph::new();
    /// let identity = graph.constant_with_data([2, 2], &[1.0f32, 0.0, 0.0, 1.0])?;
    /// assert_eq!(identity.data_type(), TensorDataType::Float32);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There are more or fewer values than the shape has elements, or the shape is not possible.
    #[doc(alias = "constantWithData:shape:dataType:")]
    #[track_caller]
    pub fn constant_with_data<T: Element>(
        &self,
        shape: impl Into<Shape>,
        values: &[T],
    ) -> Result<GraphTensor> {
        let shape = shape.into();
        self.build("constant_with_data", |call| {
            let data = TensorData::checked(T::DATA_TYPE, shape, bytemuck::cast_slice(values))?;
            call.add(Op::Data(data), &[])
        })
    }

    /// A tensor of values that are at hand already.
    ///
    /// # Errors
    ///
    /// None for now: the data has been checked when it was made.
    #[track_caller]
    pub fn constant(&self, data: TensorData) -> Result<GraphTensor> {
        self.build("constant", |call| call.add(Op::Data(data), &[]))
    }

    /// State that outlives executions: a tensor whose values an execution finds as the last one left them.
    /// The first finds `initial`.
    ///
    /// The result reads the variable as it was *before* an execution, whatever that execution
    /// [assigns](Self::assign). `name` also becomes its label.
    ///
    /// ```
    /// use metal_bridge::graph::{Graph, Shape, TensorData};
    ///
    /// let graph = Graph::new();
    /// let steps = graph.variable(TensorData::new(Shape::scalar(), &[0i64])?, "steps")?;
    /// let count = graph.assign(&steps, &(&steps + 1)?)?;
    /// # assert_eq!(count.shape(), []);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// None for now: the data has been checked when it was made.
    #[doc(alias = "variableWithData:shape:dataType:name:")]
    #[track_caller]
    pub fn variable(&self, initial: TensorData, name: &str) -> Result<GraphTensor> {
        self.build("variable", |call| {
            let variable = call.arena.variables.push(Variable { name: name.into(), initial });
            let read = call.add(Op::Read(variable), &[])?;
            call.set_label(read, name);
            Ok(read)
        })
    }

    /// All variables in the order in which they were made, those that optimisers keep their state in included:
    /// what a checkpoint has to hold. Their [labels](GraphTensor::label) are the names they were made with;
    /// optimisers name their state after the variable, as `w.momentum`.
    pub fn variables(&self) -> Vec<GraphTensor> {
        let ids: Vec<NodeId> = {
            let arena = self.lock();
            let reads = arena.nodes.iter().filter_map(|(id, node)| match node.op {
                Op::Read(variable) => Some((variable, id)),
                _ => None,
            });
            let mut first: BTreeMap<VariableId, NodeId> = BTreeMap::new();
            for (variable, id) in reads {
                first.entry(variable).or_insert(id);
            }
            first.into_values().collect()
        };
        ids.into_iter().map(|id| self.tensor(id)).collect()
    }

    /// Gives a [variable](Self::variable) a new value when an execution ends that has the result among its
    /// targets. The result is the value.
    ///
    /// # Errors
    ///
    /// `variable` is no variable, or `value` is of another type or shape.
    #[doc(alias = "assignVariable:withValueOfTensor:name:")]
    #[track_caller]
    pub fn assign(&self, variable: &GraphTensor, value: &GraphTensor) -> Result<GraphTensor> {
        self.build("assign", |call| {
            let (read, value) = (call.tensor("variable", variable)?, call.tensor("value", value)?);
            let variable = call.variable("variable", read)?;
            call.add(Op::Assign(variable), &[value])
        })
    }
}

impl super::Call<'_> {
    /// The variable that a node reads.
    pub(crate) fn variable(
        &self,
        parameter: &'static str,
        read: crate::graph::ir::NodeId,
    ) -> Result<VariableId, GraphProblem> {
        match self.arena.nodes[read].op {
            Op::Read(variable) => Ok(variable),
            _ => Err(GraphProblem::Parameter {
                parameter,
                got: self.arena.describe(read),
                expected: "a tensor made by `variable`".into(),
            }),
        }
    }
}
