//! A device with the variables of graphs.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::buffer::{Buffer, ResourceOptions};
use crate::device::Device;
use crate::error::Result;
use crate::graph::data::TensorData;
use crate::graph::error::{GraphError, GraphProblem};
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::VariableId;
use crate::sync::{Mutex, lock};

/// A device that graphs are compiled for, with the values that their variables have on it.
///
/// All executables of a graph that are compiled for one `GraphDevice` share the graph's variables: one trains
/// what another evaluates. A variable gets its memory, and its first value, when the first executable that
/// needs it is compiled. Clones are the same; each [`new`](Self::new) begins with variables of its own.
///
/// ```
/// use metal_bridge::graph::{
///     Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutionDescriptor, Shape, TensorData,
/// };
/// use metal_bridge::Device;
///
/// # fn main() -> metal_bridge::Result<()> {
/// let graph = Graph::new();
/// let count = graph.variable(TensorData::new(Shape::scalar(), &[0i32]).unwrap(), "count")?;
/// let next = graph.assign(&count, &(&count + 1)?)?;
///
/// let device = Device::system_default()?;
/// let graph_device = GraphDevice::new(&device);
/// let executable = graph.compile(&graph_device, &[], &[&next], &GraphCompilationDescriptor::new())?;
/// let queue = device.new_command_queue()?;
/// for _ in 0..3 {
///     executable.execute(&queue, &[], None, &GraphExecutionDescriptor::new())?;
/// }
/// assert_eq!(graph_device.read_variable(&count)?.to_vec::<i32>().unwrap(), [3]);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "MPSGraphDevice")]
#[derive(Clone)]
pub struct GraphDevice(Arc<Inner>);

struct Inner {
    device: Device,
    states: Mutex<Vec<State>>,
}

struct State {
    graph: Graph,
    variable: VariableId,
    buffer: Buffer,
}

impl GraphDevice {
    /// A device without values of variables.
    #[doc(alias = "NewGraphDevice")]
    #[doc(alias = "deviceWithMTLDevice:")]
    pub fn new(device: &Device) -> Self {
        Self(Arc::new(Inner { device: device.clone(), states: Mutex::default() }))
    }

    /// The device.
    #[doc(alias = "metalDevice")]
    pub fn device(&self) -> &Device {
        &self.0.device
    }

    /// The value of a variable, after waiting for committed work that assigns it.
    ///
    /// # Errors
    ///
    /// The tensor was not made by [`Graph::variable`], or there is no memory.
    #[track_caller]
    pub fn read_variable(&self, variable: &GraphTensor) -> Result<TensorData> {
        let (id, initial) = self::variable("read_variable", variable, Location::caller())?;
        let buffer = self.buffer(variable.graph(), id, &initial)?;
        let length = initial.bytes().len();
        let bytes = buffer.read_range::<u8>(0..length)?;
        Ok(TensorData::from_parts(initial.data_type(), initial.shape().to_vec(), bytes))
    }

    /// Gives a variable a value, after waiting for committed work that uses it.
    ///
    /// # Errors
    ///
    /// The tensor was not made by [`Graph::variable`], the value is of another type or shape, or there is no
    /// memory.
    #[track_caller]
    pub fn write_variable(&self, variable: &GraphTensor, value: &TensorData) -> Result<()> {
        let location = Location::caller();
        let (id, initial) = self::variable("write_variable", variable, location)?;
        check_value(&initial, value)
            .map_err(|problem| GraphError::new("write_variable", location, problem))?;
        self.buffer(variable.graph(), id, &initial)?.write(value.bytes())
    }

    /// The memory of a variable, so that kernels and graphs can work on the same state. Work of one queue sees
    /// what the work before it has written, whichever wrote it.
    ///
    /// # Errors
    ///
    /// The tensor was not made by [`Graph::variable`], or there is no memory.
    #[track_caller]
    pub fn variable_buffer(&self, variable: &GraphTensor) -> Result<Buffer> {
        let (id, initial) = self::variable("variable_buffer", variable, Location::caller())?;
        self.buffer(variable.graph(), id, &initial)
    }

    /// The memory of a variable, made with its first value if there is none.
    pub(super) fn buffer(&self, graph: &Graph, variable: VariableId, initial: &TensorData) -> Result<Buffer> {
        let mut states = lock(&self.0.states);
        if let Some(state) = states.iter().find(|s| s.variable == variable && s.graph.is(graph)) {
            return Ok(state.buffer.clone());
        }
        let buffer = self.0.device.new_buffer_with_bytes(initial.bytes(), ResourceOptions::default())?;
        buffer.set_label(format!("variable {variable}"));
        states.push(State { graph: graph.clone(), variable, buffer: buffer.clone() });
        Ok(buffer)
    }
}

/// Whether a variable can have a value.
pub(crate) fn check_value(initial: &TensorData, value: &TensorData) -> Result<(), GraphProblem> {
    if value.data_type() != initial.data_type() {
        return Err(GraphProblem::DataTypes {
            argument: "value",
            got: value.data_type(),
            other: "variable",
            expected: initial.data_type(),
        });
    }
    if value.shape() != initial.shape() {
        return Err(GraphProblem::Shape {
            argument: "value",
            got: value.shape().into(),
            expected: format!("{:?}, the variable's", initial.shape()),
        });
    }
    Ok(())
}

/// The variable of a tensor, and its first value.
pub(crate) fn variable(
    operation: &'static str,
    tensor: &GraphTensor,
    location: &'static Location<'static>,
) -> Result<(VariableId, TensorData), GraphError> {
    let arena = tensor.graph().lock();
    match arena.nodes[tensor.id()].op {
        crate::graph::ir::Op::Read(id) => Ok((id, arena.variables[id].initial.clone())),
        _ => {
            let problem = GraphProblem::Parameter {
                parameter: "variable",
                got: arena.describe(tensor.id()),
                expected: "a tensor made by Graph::variable".into(),
            };
            Err(GraphError::new(operation, location, problem))
        }
    }
}

impl fmt::Debug for GraphDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphDevice")
            .field("device", &self.0.device.name())
            .field("variables", &lock(&self.0.states).len())
            .finish()
    }
}
