//! Graphs as JSON: operations in their order, one on a line, with labels and the calls that they come from.

use std::collections::HashSet;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::data::TensorData;
use super::error::{GraphError, GraphProblem};
use super::handle::{Graph, GraphTensor};
use super::ir::{Arena, Key as _, NodeId, Op, Origin, Table, Variable, VariableId};
use crate::error::Result;

/// The number of the format: another one where files of the old one would be misunderstood.
const VERSION: u32 = 1;

/// All that is in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    metal_bridge_graph: u32,
    variables: Vec<SavedVariable>,
    operations: Vec<SavedOperation>,
    targets: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedVariable {
    name: String,
    initial: TensorData,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedOperation {
    op: Op,
    /// Numbers of earlier operations.
    operands: Vec<u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    label: String,
    call: String,
    file: String,
    line: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    gradient: bool,
}

impl Graph {
    /// What some targets need, as JSON: for another program, or for the command `metal-bridge graph`, which shows it
    /// and times it. Constants are in it, and variables with the values that they have before the first execution.
    /// [`from_json`](Self::from_json) reads it, also of later versions of this library.
    ///
    /// ```
    /// use metal_bridge::{Graph, TensorDataType};
    ///
    /// let graph = Graph::new();
    /// let x = graph.placeholder_tensor([2, 3], TensorDataType::Float32)?.with_label("x");
    /// let y = graph.softmax(&x, -1)?.with_label("y");
    ///
    /// let (copy, targets) = Graph::from_json(&graph.to_json(&[&y])?)?;
    /// assert_eq!(copy.to_text(), graph.to_text());
    /// assert_eq!(targets[0].label(), "y");
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A target is of another graph.
    #[track_caller]
    pub fn to_json(&self, targets: &[&GraphTensor]) -> Result<String> {
        if targets.iter().any(|target| !target.graph().is(self)) {
            let problem = GraphProblem::ForeignTensor { argument: "targets" };
            return Err(GraphError::new("to_json", Location::caller(), problem).into());
        }
        let targets: Vec<NodeId> = targets.iter().map(|target| target.id()).collect();
        Ok(write(&self.lock(), &targets))
    }

    /// The graph that [`to_json`](Self::to_json) has written, and its targets. Everything is checked as if it were
    /// built anew. Operations keep the places in the program that has built them, for prints; errors of them name
    /// the place of this call.
    ///
    /// # Errors
    ///
    /// The text is no saved graph, or an operation in it is not possible: [`GraphProblem::NotSaved`],
    /// [`GraphProblem::SavedOperation`].
    #[track_caller]
    pub fn from_json(text: &str) -> Result<(Self, Vec<GraphTensor>)> {
        let location = Location::caller();
        let (arena, targets) =
            read(text, location).map_err(|problem| GraphError::new("from_json", location, problem))?;
        let graph = Self::from_arena(arena);
        let targets = targets.into_iter().map(|id| graph.tensor(id)).collect();
        Ok((graph, targets))
    }

    /// The placeholders, in the order in which they were made.
    #[doc(alias = "placeholderTensors")]
    pub fn placeholders(&self) -> Vec<GraphTensor> {
        let is_placeholder = |op: &Op| matches!(op, Op::Placeholder { .. });
        let ids: Vec<NodeId> =
            self.lock().nodes.iter().filter(|(_, node)| is_placeholder(&node.op)).map(|(id, _)| id).collect();
        ids.into_iter().map(|id| self.tensor(id)).collect()
    }
}

fn write(arena: &Arena, targets: &[NodeId]) -> String {
    let mut nodes = Table::<NodeId, u32>::filled(arena.nodes.len(), 0);
    let mut variables = Table::<VariableId, Option<VariableId>>::filled(arena.variables.len(), None);
    let mut saved_variables = Vec::new();
    let mut operations = Vec::new();
    for id in arena.reachable(targets) {
        let node = &arena.nodes[id];
        let mut op = node.op.clone();
        if let Op::Read(variable) | Op::Assign(variable) = &mut op {
            *variable = *variables[*variable].get_or_insert_with(|| {
                let Variable { name, initial } = &arena.variables[*variable];
                let saved = SavedVariable { name: name.to_string(), initial: initial.clone() };
                saved_variables.push(json(&saved));
                VariableId::from_index(saved_variables.len() - 1)
            });
        }
        nodes[id] = operations.len() as u32;
        operations.push(json(&SavedOperation {
            op,
            operands: node.operands.iter().map(|&operand| nodes[operand]).collect(),
            label: node.label.to_string(),
            call: node.origin.call.into(),
            file: node.origin.file().into(),
            line: node.origin.line(),
            gradient: node.origin.gradient,
        }));
    }
    let targets: Vec<u32> = targets.iter().map(|&target| nodes[target]).collect();
    format!(
        "{{\"metal_bridge_graph\": {VERSION},\n\"variables\": {},\n\"operations\": {},\n\"targets\": {}}}\n",
        lines(&saved_variables),
        lines(&operations),
        json(&targets)
    )
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("numbers, texts and lists of them can be written")
}

fn lines(items: &[String]) -> String {
    if items.is_empty() { "[]".into() } else { format!("[\n{}\n]", items.join(",\n")) }
}

fn read(text: &str, location: &'static Location<'static>) -> Result<(Arena, Vec<NodeId>), GraphProblem> {
    let not_saved = |message: String| GraphProblem::NotSaved { message };
    let saved: Saved = serde_json::from_str(text).map_err(|error| not_saved(error.to_string()))?;
    if saved.metal_bridge_graph != VERSION {
        return Err(not_saved(format!(
            "it is of version {}, and this library reads version {VERSION}",
            saved.metal_bridge_graph
        )));
    }
    let mut arena = Arena::default();
    for SavedVariable { name, initial } in saved.variables {
        arena.variables.push(Variable { name: name.into(), initial });
    }
    for (number, operation) in saved.operations.into_iter().enumerate() {
        let add = |arena: &mut Arena| {
            let SavedOperation { op, operands, label, call, file, line, gradient } = operation;
            let among = |what: &str, index: u32, count: usize| match index as usize {
                index if index < count => Ok(()),
                index => Err(not_saved(format!("there is no {what} {index} before it, only {count}"))),
            };
            if let Op::Read(variable) | Op::Assign(variable) = &op {
                among("variable", variable.index() as u32, arena.variables.len())?;
            }
            operands.iter().try_for_each(|&operand| among("operation", operand, arena.nodes.len()))?;
            let operands: Vec<NodeId> =
                operands.into_iter().map(|operand| NodeId::from_index(operand as usize)).collect();
            let saved = Some((known_for_ever(&file), line));
            let origin = Origin { call: known_for_ever(&call), location, saved, gradient };
            let id = arena.add(op, &operands, origin)?;
            arena.nodes[id].label = label.into();
            Ok(())
        };
        add(&mut arena)
            .map_err(|problem| GraphProblem::SavedOperation { number, problem: Box::new(problem) })?;
    }
    if let Some(target) = saved.targets.iter().find(|&&target| target as usize >= arena.nodes.len()) {
        let count = arena.nodes.len();
        return Err(not_saved(format!("the target {target} is none of its {count} operations")));
    }
    let targets = saved.targets.into_iter().map(|target| NodeId::from_index(target as usize)).collect();
    Ok((arena, targets))
}

/// A name that lives as long as the process, since origins are copied everywhere. There are few in real graphs: of
/// methods and source files. Whatever files say, no more than some megabytes are kept.
fn known_for_ever(name: &str) -> &'static str {
    const MOST: usize = 10_000;
    const LONGEST: usize = 200;
    static KNOWN: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(found) = known.get(name) {
        return found;
    }
    if known.len() >= MOST || name.len() > LONGEST {
        return "…";
    }
    let kept: &'static str = Box::leak(name.into());
    known.insert(kept);
    kept
}
