//! Steps of optimisers.

use super::activation::number_within;
use super::{Built, Call, Operand};
use crate::error::Result;
use crate::graph::data::TensorData;
use crate::graph::data_type::TensorDataType;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::op::UnaryOp;
use crate::graph::ir::{NodeId, Op, Variable, VariableId};
use crate::graph::shape::Shape;

/// Stochastic gradient descent, as PyTorch's `SGD`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SgdDescriptor {
    /// How much of the last step's direction is kept. 0 keeps nothing, and no state.
    pub momentum: f64,
    /// How much less a gradient counts in the kept direction.
    pub dampening: f64,
    /// Added to gradients, times the value.
    pub weight_decay: f64,
    /// Whether the direction looks one step ahead, as Nesterov's. Needs momentum and no dampening.
    pub nesterov: bool,
}

/// Adam, as PyTorch's `Adam`, and `AdamW`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamDescriptor {
    /// How much of the mean gradient is kept from step to step.
    pub beta1: f64,
    /// How much of the mean squared gradient is kept from step to step.
    pub beta2: f64,
    /// Added to the root that is divided by.
    pub epsilon: f64,
    /// How much values shrink; see `decoupled`.
    pub weight_decay: f64,
    /// Whether values shrink by themselves, as in AdamW, or through the gradient, to which they are added.
    pub decoupled: bool,
}

impl Default for AdamDescriptor {
    /// Betas of 0.9 and 0.999, an epsilon of 1e-8, and no weight decay.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decoupled: false }
    }
}

impl AdamDescriptor {
    /// AdamW with its usual weight decay of 0.01, else as by default.
    pub fn adamw() -> Self {
        Self { weight_decay: 0.01, decoupled: true, ..Self::default() }
    }
}

impl Graph {
    /// One step of stochastic gradient descent for each of the variables, with its gradient. Returns what
    /// must be among an execution's targets for the step to be made: the variables' new values first, in
    /// order, then the optimiser's own state.
    ///
    /// State is f32, and steps are computed in f32, also for variables of 16-bit floats. `learning_rate` is a
    /// number or a scalar tensor of f32.
    ///
    /// ```
    /// use metal_bridge::graph::{Graph, SgdDescriptor, TensorData, reference::Interpreter};
    ///
    /// let graph = Graph::new();
    /// let x = graph.variable(TensorData::new([2], &[3.0f32, -4.0])?, "x")?;
    /// let loss = graph.reduction_sum(&graph.square(&x)?, &[], false)?;
    /// let gradients = graph.gradients(&loss, &[&x])?;
    /// let step = graph.sgd_step(&[&x], &[&gradients[0]], 0.25, &SgdDescriptor::default())?;
    ///
    /// let mut interpreter = Interpreter::new(&graph);
    /// interpreter.evaluate(&[&step[0]], &[])?;
    /// assert_eq!(interpreter.variable(&x)?.to_f64(), [1.5, -2.0]);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A tensor is no variable, is given twice or is not of floats; a gradient has another type or shape; there
    /// are more of one than of the other; or a parameter is negative.
    #[doc(alias = "stochasticGradientDescentWithLearningRateTensor:valuesTensor:gradientTensor:name:")]
    #[track_caller]
    pub fn sgd_step<'a>(
        &self,
        variables: &[&GraphTensor],
        gradients: &[&GraphTensor],
        learning_rate: impl Into<Operand<'a>>,
        descriptor: &SgdDescriptor,
    ) -> Result<Vec<GraphTensor>> {
        let learning_rate = learning_rate.into();
        let SgdDescriptor { momentum, dampening, weight_decay, nesterov } = *descriptor;
        let targets = self.call("sgd_step", |call| {
            for (parameter, value) in
                [("momentum", momentum), ("dampening", dampening), ("weight_decay", weight_decay)]
            {
                let holds = value >= 0.0 && value.is_finite();
                number_within(parameter, value, holds, "a finite number of at least 0")?;
            }
            if nesterov && (momentum == 0.0 || dampening != 0.0) {
                return Err(GraphProblem::Parameter {
                    parameter: "nesterov",
                    got: "true".into(),
                    expected: "false, or momentum and no dampening".into(),
                });
            }
            let rate = call.scalar_operand("learning_rate", learning_rate, TensorDataType::Float32)?;
            let steps = call.steps(variables, gradients)?;
            let (mut values, mut states) = (Vec::new(), Vec::new());
            // PyTorch's first direction is the gradient itself, without dampening.
            let first = (momentum != 0.0 && dampening != 0.0)
                .then(|| call.counter_of_steps("sgd.started", &mut states))
                .transpose()?;
            for Step { variable, value, gradient } in steps {
                let mut direction = call.decayed(gradient, value, weight_decay)?;
                if momentum != 0.0 {
                    let (state, kept) = call.state(variable, "momentum")?;
                    let old = call.scaled(kept, momentum)?;
                    let mut new = direction;
                    if let Some(started) = first {
                        let damped = call.scaled(direction, 1.0 - dampening)?;
                        let started = call.broadcast(started, &call.shape(value))?;
                        new = call.select(started, damped, direction)?;
                    }
                    let new = call.plus(old, new)?;
                    states.push(call.add(Op::Assign(state), &[new])?);
                    direction = if nesterov {
                        let ahead = call.scaled(new, momentum)?;
                        call.plus(direction, ahead)?
                    } else {
                        new
                    };
                }
                let rate = call.broadcast(rate, &call.shape(value))?;
                let change = call.times(direction, rate)?;
                let new = call.minus(value, change)?;
                values.push(call.assign_as(variable, new)?);
            }
            values.extend(states);
            Ok(values)
        })?;
        Ok(targets.into_iter().map(|id| self.tensor(id)).collect())
    }

    /// One step of Adam, or AdamW, for each of the variables, with its gradient. Returns what must be among an
    /// execution's targets for the step to be made: the variables' new values first, in order, then the
    /// optimiser's own state.
    ///
    /// State is f32, and steps are computed in f32, also for variables of 16-bit floats. `learning_rate` is a
    /// number or a scalar tensor of f32.
    ///
    /// # Errors
    ///
    /// As for [`sgd_step`](Self::sgd_step); betas must be less than 1.
    #[doc(
        alias = "adamWithLearningRateTensor:beta1Tensor:beta2Tensor:epsilonTensor:beta1PowerTensor:beta2PowerTensor:valuesTensor:momentumTensor:velocityTensor:maximumVelocityTensor:gradientTensor:name:"
    )]
    #[track_caller]
    pub fn adam_step<'a>(
        &self,
        variables: &[&GraphTensor],
        gradients: &[&GraphTensor],
        learning_rate: impl Into<Operand<'a>>,
        descriptor: &AdamDescriptor,
    ) -> Result<Vec<GraphTensor>> {
        let learning_rate = learning_rate.into();
        let AdamDescriptor { beta1, beta2, epsilon, weight_decay, decoupled } = *descriptor;
        let targets = self.call("adam_step", |call| {
            for (parameter, value) in [("beta1", beta1), ("beta2", beta2)] {
                number_within(parameter, value, (0.0..1.0).contains(&value), "at least 0 and less than 1")?;
            }
            for (parameter, value) in [("epsilon", epsilon), ("weight_decay", weight_decay)] {
                let holds = value >= 0.0 && value.is_finite();
                number_within(parameter, value, holds, "a finite number of at least 0")?;
            }
            let rate = call.scalar_operand("learning_rate", learning_rate, TensorDataType::Float32)?;
            let steps = call.steps(variables, gradients)?;
            let (mut values, mut states) = (Vec::new(), Vec::new());
            let correction1 = call.correction(beta1, "adam.correction1", &mut states)?;
            let correction2 = call.correction(beta2, "adam.correction2", &mut states)?;
            let root2 = call.unary(UnaryOp::Sqrt, correction2)?;
            let step_size = call.over(rate, correction1)?;
            for Step { variable, value, gradient } in steps {
                let shape = call.shape(value);
                let (mut value, mut gradient) = (value, gradient);
                if decoupled && weight_decay != 0.0 {
                    let shrink = call.scaled(rate, -weight_decay)?;
                    let shrink = call.shifted(shrink, 1.0)?;
                    let shrink = call.broadcast(shrink, &shape)?;
                    value = call.times(value, shrink)?;
                } else {
                    gradient = call.decayed(gradient, value, weight_decay)?;
                }
                let (state, old) = call.state(variable, "momentum")?;
                let mean = call.mixed(old, gradient, beta1)?;
                states.push(call.add(Op::Assign(state), &[mean])?);
                let (state, old) = call.state(variable, "velocity")?;
                let square = call.squared(gradient)?;
                let mean_square = call.mixed(old, square, beta2)?;
                states.push(call.add(Op::Assign(state), &[mean_square])?);

                let root = call.unary(UnaryOp::Sqrt, mean_square)?;
                let root2 = call.broadcast(root2, &shape)?;
                let root = call.over(root, root2)?;
                let root = call.shifted(root, epsilon)?;
                let step_size = call.broadcast(step_size, &shape)?;
                let change = call.over(mean, root)?;
                let change = call.times(change, step_size)?;
                let new = call.minus(value, change)?;
                values.push(call.assign_as(variable, new)?);
            }
            values.extend(states);
            Ok(values)
        })?;
        Ok(targets.into_iter().map(|id| self.tensor(id)).collect())
    }
}

/// What a step is made of: a variable, and its value and gradient in f32.
struct Step {
    variable: VariableId,
    value: NodeId,
    gradient: NodeId,
}

impl Call<'_> {
    /// Checks variables and gradients.
    fn steps(
        &mut self,
        variables: &[&GraphTensor],
        gradients: &[&GraphTensor],
    ) -> std::result::Result<Vec<Step>, GraphProblem> {
        if variables.len() != gradients.len() {
            return Err(GraphProblem::Parameter {
                parameter: "gradients",
                got: format!("a list of {}", gradients.len()),
                expected: format!("one for each of the {} variables", variables.len()),
            });
        }
        let mut steps: Vec<Step> = Vec::new();
        for (variable, gradient) in variables.iter().zip(gradients) {
            let value = self.tensor("variables", variable)?;
            let gradient = self.tensor("gradients", gradient)?;
            let variable = self.variable("variables", value)?;
            self.float("variables", value)?;
            if steps.iter().any(|step| step.variable == variable) {
                return Err(GraphProblem::Parameter {
                    parameter: "variables",
                    got: format!("{} twice", self.arena.describe(value)),
                    expected: "each variable once".into(),
                });
            }
            let (got, expected) = (self.ty(gradient).clone(), self.ty(value).clone());
            if got.data_type != expected.data_type {
                return Err(GraphProblem::DataTypes {
                    argument: "gradients",
                    got: got.data_type,
                    other: "variables",
                    expected: expected.data_type,
                });
            }
            if got.shape != expected.shape {
                return Err(GraphProblem::Shape {
                    argument: "gradients",
                    got: got.shape,
                    expected: format!("{}, the shape of {}", expected.shape, self.arena.describe(value)),
                });
            }
            let value = self.cast(value, TensorDataType::Float32)?;
            let gradient = self.cast(gradient, TensorDataType::Float32)?;
            steps.push(Step { variable, value, gradient });
        }
        Ok(steps)
    }

    /// New state of zeros for a variable: its id, and its value.
    fn state(
        &mut self,
        of: VariableId,
        what: &str,
    ) -> std::result::Result<(VariableId, NodeId), GraphProblem> {
        let Variable { name, initial } = &self.arena.variables[of];
        let (name, shape) = (format!("{name}.{what}"), initial.shape().to_vec());
        self.new_state(&name, &shape)
    }

    fn new_state(
        &mut self,
        name: &str,
        shape: &[usize],
    ) -> std::result::Result<(VariableId, NodeId), GraphProblem> {
        crate::graph::ir::check_shape("variables", TensorDataType::Float32, &shape.into())?;
        let bytes = vec![0; shape.iter().product::<usize>() * TensorDataType::Float32.size()];
        let initial = TensorData::from_parts(TensorDataType::Float32, shape.to_vec(), bytes);
        let variable = self.arena.variables.push(Variable { name: name.into(), initial });
        let read = self.add(Op::Read(variable), &[])?;
        self.set_label(read, name);
        Ok((variable, read))
    }

    /// Whether a step has been made before: false in the first execution.
    fn counter_of_steps(&mut self, name: &str, states: &mut Vec<NodeId>) -> Built {
        let (variable, read) = self.new_state(name, &[])?;
        let one = self.fill(TensorDataType::Float32, &Shape::scalar(), 1.0)?;
        states.push(self.add(Op::Assign(variable), &[one])?);
        self.cast(read, TensorDataType::Bool)
    }

    /// 1 - beta^t in step t = 1, 2, …: kept as it is, because the difference would lose digits.
    fn correction(&mut self, beta: f64, name: &str, states: &mut Vec<NodeId>) -> Built {
        let (variable, old) = self.new_state(name, &[])?;
        let scaled = self.binary_number(crate::graph::ir::op::BinaryOp::Mul, old, beta)?;
        let new = self.shifted(scaled, 1.0 - beta)?;
        states.push(self.add(Op::Assign(variable), &[new])?);
        Ok(new)
    }

    /// old · beta + new · (1 - beta).
    fn mixed(&mut self, old: NodeId, new: NodeId, beta: f64) -> Built {
        let old = self.scaled(old, beta)?;
        let new = self.scaled(new, 1.0 - beta)?;
        self.plus(old, new)
    }

    /// gradient + value · decay.
    fn decayed(&mut self, gradient: NodeId, value: NodeId, decay: f64) -> Built {
        if decay == 0.0 {
            return Ok(gradient);
        }
        let decay = self.scaled(value, decay)?;
        self.plus(gradient, decay)
    }

    /// Assigns a value in f32 to a variable of any type of floats.
    fn assign_as(&mut self, variable: VariableId, value: NodeId) -> Built {
        let data_type = self.arena.variables[variable].initial.data_type();
        let value = self.cast(value, data_type)?;
        self.add(Op::Assign(variable), &[value])
    }
}
