//! The cases that `generate.py` has made: `values.jsonl`.

use metal_bridge::graph::{
    AttentionDescriptor, Convolution2dDescriptor, Graph, GraphTensor, LossReduction, Pooling2dDescriptor,
    TensorData, TensorDataType,
};
use serde_json::Value;

/// Values of a tensor. Those of floats are in no particular type.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    pub(crate) data_type: TensorDataType,
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Vec<f64>,
}

impl Values {
    fn parse(value: &Value) -> Self {
        let data_type = data_type(value["type"].as_str().unwrap());
        let shape = sizes(&value["shape"]);
        let number = |value: &Value| match value {
            Value::String(text) => text.parse().unwrap(), // "nan", "inf", "-inf"
            number => number.as_f64().unwrap(),
        };
        let mut numbers: Vec<f64> = value["values"].as_array().unwrap().iter().map(number).collect();
        let count = shape.iter().product();
        if numbers.len() == 1 {
            numbers = vec![numbers[0]; count];
        }
        assert_eq!(numbers.len(), count);
        Self { data_type, shape, numbers }
    }

    fn parse_list(value: &Value) -> Vec<Self> {
        value.as_array().map_or_else(Vec::new, |values| values.iter().map(Self::parse).collect())
    }

    /// The values in a type of floats if they are floats, else in their own type.
    pub(crate) fn data(&self, floats: TensorDataType) -> TensorData {
        let data_type = if self.data_type.is_float() { floats } else { self.data_type };
        let mut bytes = Vec::new();
        for &number in &self.numbers {
            match data_type {
                TensorDataType::Float32 => bytes.extend((number as f32).to_ne_bytes()),
                TensorDataType::Float16 => bytes.extend(half::f16::from_f64(number).to_ne_bytes()),
                TensorDataType::BFloat16 => bytes.extend(half::bf16::from_f64(number).to_ne_bytes()),
                TensorDataType::Int32 => bytes.extend((number as i32).to_ne_bytes()),
                TensorDataType::Int64 => bytes.extend((number as i64).to_ne_bytes()),
                _ => bytes.push(number as u8),
            }
        }
        TensorData::from_bytes(data_type, self.shape.as_slice(), &bytes).unwrap()
    }

    /// Whether a type of floats holds all values exactly.
    pub(crate) fn exact_in(&self, floats: TensorDataType) -> bool {
        self.data(floats)
            .to_f64()
            .iter()
            .zip(&self.numbers)
            .all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
    }

    /// The greatest finite magnitude.
    pub(crate) fn magnitude(&self) -> f64 {
        self.numbers.iter().filter(|n| n.is_finite()).fold(0.0, |greatest, n| greatest.max(n.abs()))
    }
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The line's number and operation, for messages.
    pub(crate) name: String,
    pub(crate) op: String,
    pub(crate) params: Value,
    pub(crate) inputs: Vec<Values>,
    pub(crate) outputs: Vec<Values>,
    /// What the outputs are multiplied by before they are summed up and differentiated; none if they are not.
    pub(crate) weights: Vec<Values>,
    /// The gradients by the inputs of floats.
    pub(crate) first: Vec<Values>,
    /// The gradients of half the sum of the squares of `first`; may be empty.
    pub(crate) second: Vec<Values>,
}

/// All cases.
pub(crate) fn load() -> Vec<Case> {
    let text = include_str!("values.jsonl");
    let cases = text.lines().enumerate().map(|(i, line)| {
        let value: Value = serde_json::from_str(line).unwrap();
        let op = value["op"].as_str().unwrap().to_owned();
        Case {
            name: format!("values.jsonl:{} {op} {}", i + 1, value["params"]),
            op,
            params: value["params"].clone(),
            inputs: Values::parse_list(&value["inputs"]),
            outputs: Values::parse_list(&value["outputs"]),
            weights: Values::parse_list(&value["weights"]),
            first: Values::parse_list(&value["first"]),
            second: Values::parse_list(&value["second"]),
        }
    });
    cases.collect()
}

fn data_type(name: &str) -> TensorDataType {
    TensorDataType::ALL.into_iter().find(|data_type| data_type.name() == name).unwrap()
}

fn sizes(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|size| size.as_u64().unwrap().try_into().unwrap()).collect()
}

/// A case as a graph.
pub(crate) struct Built {
    pub(crate) graph: Graph,
    pub(crate) inputs: Vec<GraphTensor>,
    pub(crate) outputs: Vec<GraphTensor>,
    /// As many as the case has.
    pub(crate) first: Vec<GraphTensor>,
    pub(crate) second: Vec<GraphTensor>,
}

impl Case {
    /// Whether it is of steps of an optimiser, which is no graph of inputs and outputs.
    pub(crate) fn is_optimiser(&self) -> bool {
        matches!(self.op.as_str(), "sgd" | "adam" | "adamw")
    }

    /// The case's graph, with placeholders as inputs.
    pub(crate) fn build(&self, floats: TensorDataType) -> metal_bridge::Result<Built> {
        let graph = Graph::new();
        let of = |data_type: TensorDataType| if data_type.is_float() { floats } else { data_type };
        let inputs: Vec<GraphTensor> = self
            .inputs
            .iter()
            .map(|values| graph.placeholder_tensor(values.shape.as_slice(), of(values.data_type)))
            .collect::<Result<_, _>>()?;
        let outputs = self.outputs_of(&graph, &inputs, floats)?;
        let mut built = Built { graph, inputs, outputs, first: Vec::new(), second: Vec::new() };
        if self.weights.is_empty() {
            return Ok(built);
        }
        let graph = &built.graph;
        let by: Vec<&GraphTensor> =
            built.inputs.iter().filter(|input| input.data_type().is_float()).collect();
        let mut total: Option<GraphTensor> = None;
        for (output, weights) in built.outputs.iter().zip(&self.weights) {
            let weights = graph.cast(&graph.constant(weights.data(floats))?, output.data_type())?;
            let sum = graph.reduction_sum(&(output * &weights)?, &[], false)?;
            let sum = graph.cast(&sum, floats)?;
            total = Some(match total {
                Some(total) => (total + sum)?,
                None => sum,
            });
        }
        built.first = graph.gradients(&total.unwrap(), &by)?;
        if !self.second.is_empty() {
            let mut total: Option<GraphTensor> = None;
            for gradient in &built.first {
                let sum = (graph.reduction_sum(&graph.square(gradient)?, &[], false)? * 0.5)?;
                total = Some(match total {
                    Some(total) => (total + sum)?,
                    None => sum,
                });
            }
            built.second = graph.gradients(&total.unwrap(), &by)?;
        }
        Ok(built)
    }

    fn convolution(&self) -> Convolution2dDescriptor {
        let pair = |name: &str| self.list(name).unwrap_or_else(|| vec![1, 1]);
        let (strides, dilations) = (pair("stride"), pair("dilation"));
        let padding = self.list("padding").unwrap_or_else(|| vec![0; 4]);
        Convolution2dDescriptor {
            stride_y: strides[0],
            stride_x: strides[1],
            dilation_y: dilations[0],
            dilation_x: dilations[1],
            padding_left: padding[0],
            padding_right: padding[1],
            padding_top: padding[2],
            padding_bottom: padding[3],
            groups: self.params["groups"].as_u64().unwrap_or(1).try_into().unwrap(),
        }
    }

    fn pooling(&self) -> Pooling2dDescriptor {
        let kernel = self.list("kernel").unwrap();
        let window = self.convolution();
        Pooling2dDescriptor {
            stride_x: window.stride_x,
            stride_y: window.stride_y,
            dilation_x: window.dilation_x,
            dilation_y: window.dilation_y,
            padding_left: window.padding_left,
            padding_right: window.padding_right,
            padding_top: window.padding_top,
            padding_bottom: window.padding_bottom,
            include_zero_pad_to_average: self.flag("count_padding"),
            ..Pooling2dDescriptor::new(kernel[0], kernel[1])
        }
    }

    fn list(&self, name: &str) -> Option<Vec<usize>> {
        self.params.get(name).map(sizes)
    }

    fn flag(&self, name: &str) -> bool {
        self.params[name].as_bool().unwrap_or(false)
    }

    fn number(&self, name: &str) -> f64 {
        self.params[name].as_f64().unwrap()
    }

    fn size(&self, name: &str) -> usize {
        self.params[name].as_u64().unwrap().try_into().unwrap()
    }

    fn axis(&self, name: &str) -> isize {
        self.params[name].as_i64().unwrap().try_into().unwrap()
    }

    fn axes(&self) -> Vec<isize> {
        let axes = self.params["axes"].as_array().unwrap();
        axes.iter().map(|axis| axis.as_i64().unwrap().try_into().unwrap()).collect()
    }

    fn loss(&self) -> LossReduction {
        match self.params["reduction"].as_str().unwrap() {
            "none" => LossReduction::None,
            "sum" => LossReduction::Sum,
            "mean" => LossReduction::Mean,
            other => panic!("{other}"),
        }
    }

    fn outputs_of(
        &self,
        graph: &Graph,
        inputs: &[GraphTensor],
        floats: TensorDataType,
    ) -> metal_bridge::Result<Vec<GraphTensor>> {
        macro_rules! unary {
            ($name:ident) => {
                graph.$name(&inputs[0])
            };
        }
        macro_rules! binary {
            ($name:ident) => {
                graph.$name(&inputs[0], &inputs[1])
            };
        }
        macro_rules! reduction {
            ($name:ident) => {
                graph.$name(&inputs[0], &self.axes(), self.flag("keepdim"))
            };
        }
        let x = &inputs[0];
        let second = inputs.get(1);
        let third = inputs.get(2);
        let one = match self.op.as_str() {
            "neg" => unary!(neg),
            "abs" => unary!(abs),
            "sign" => unary!(sign),
            "reciprocal" => unary!(reciprocal),
            "sqrt" => unary!(sqrt),
            "rsqrt" => unary!(rsqrt),
            "exp" => unary!(exp),
            "log" => unary!(log),
            "sin" => unary!(sin),
            "cos" => unary!(cos),
            "tan" => unary!(tan),
            "tanh" => unary!(tanh),
            "erf" => unary!(erf),
            "floor" => unary!(floor),
            "ceil" => unary!(ceil),
            "round" => unary!(round),
            "trunc" => unary!(trunc),
            "square" => unary!(square),
            "relu" => unary!(relu),
            "sigmoid" => unary!(sigmoid),
            "silu" => unary!(silu),
            "gelu" => unary!(gelu),
            "gelu_tanh" => unary!(gelu_tanh),
            "is_nan" => unary!(is_nan),
            "is_finite" => unary!(is_finite),
            "logical_not" => unary!(logical_not),
            "leaky_relu" => graph.leaky_relu(x, self.number("slope")),
            "clamp" => graph.clamp(x, self.number("minimum"), self.number("maximum")),
            "addition" => binary!(addition),
            "subtraction" => binary!(subtraction),
            "multiplication" => binary!(multiplication),
            "division" => binary!(division),
            "modulo" => binary!(modulo),
            "pow" => binary!(pow),
            "pow_number" => graph.pow(x, self.number("power")),
            "maximum" => binary!(maximum),
            "minimum" => binary!(minimum),
            "equal" => binary!(equal),
            "not_equal" => binary!(not_equal),
            "less_than" => binary!(less_than),
            "less_than_or_equal_to" => binary!(less_than_or_equal_to),
            "greater_than" => binary!(greater_than),
            "greater_than_or_equal_to" => binary!(greater_than_or_equal_to),
            "logical_and" => binary!(logical_and),
            "logical_or" => binary!(logical_or),
            "logical_xor" => binary!(logical_xor),
            "select" => graph.select(x, &inputs[1], &inputs[2]),
            "cast" => {
                let to = data_type(self.params["to"].as_str().unwrap());
                graph.cast(x, if to.is_float() { floats } else { to })
            }
            "reduction_sum" => reduction!(reduction_sum),
            "reduction_mean" => reduction!(reduction_mean),
            "reduction_variance" => reduction!(reduction_variance),
            "reduction_product" => reduction!(reduction_product),
            "reduction_maximum" => reduction!(reduction_maximum),
            "reduction_minimum" => reduction!(reduction_minimum),
            "reduction_and" => reduction!(reduction_and),
            "reduction_or" => reduction!(reduction_or),
            "reduction_arg_maximum" => reduction!(reduction_arg_maximum),
            "reduction_arg_minimum" => reduction!(reduction_arg_minimum),
            "reshape" => graph.reshape(x, self.list("shape").unwrap()),
            "flatten" => graph.flatten(x, self.axis("axis")),
            "transpose" => graph.transpose(x, self.axis("a"), self.axis("b")),
            "permute" => graph.permute(x, &self.axes()),
            "broadcast_to" => graph.broadcast_to(x, self.list("shape").unwrap()),
            "squeeze" => graph.squeeze(x, &self.axes()),
            "expand_dims" => graph.expand_dims(x, &self.axes()),
            "concat" => graph.concat(&inputs.iter().collect::<Vec<_>>(), self.axis("axis")),
            "stack" => graph.stack(&inputs.iter().collect::<Vec<_>>(), self.axis("axis")),
            "split" => return graph.split(x, &self.list("sizes").unwrap(), self.axis("axis")),
            "split_evenly" => return graph.split_evenly(x, self.size("count"), self.axis("axis")),
            "slice" => graph.slice(x, self.axis("axis"), self.size("start")..self.size("stop")),
            "strided_slice" => {
                let list = |name| self.list(name).unwrap();
                graph.strided_slice(x, &list("starts"), &list("ends"), &list("strides"))
            }
            "pad" => {
                let list = |name| self.list(name).unwrap();
                graph.pad(x, &list("before"), &list("after"), self.number("value"))
            }
            "reverse" => graph.reverse(x, &self.axes()),
            "tile" => graph.tile(x, &self.list("repeats").unwrap()),
            "gather" => graph.gather(x, &inputs[1], self.axis("axis")),
            "gather_along_axis" => graph.gather_along_axis(x, &inputs[1], self.axis("axis")),
            "scatter_add" => graph.scatter_add(x, &inputs[1], &inputs[2], self.axis("axis")),
            "scatter_add_along_axis" => {
                graph.scatter_add_along_axis(x, &inputs[1], &inputs[2], self.axis("axis"))
            }
            "one_hot" => graph.one_hot(x, self.size("depth"), floats),
            "matrix_multiplication" => binary!(matrix_multiplication),
            "convolution_2d" => graph.convolution_2d(x, &inputs[1], third, &self.convolution()),
            "convolution_2d_data_gradient" => {
                let shape = self.list("shape").unwrap();
                graph.convolution_2d_data_gradient(x, &inputs[1], shape, &self.convolution())
            }
            "convolution_2d_weights_gradient" => {
                let shape = self.list("shape").unwrap();
                graph.convolution_2d_weights_gradient(x, &inputs[1], shape, &self.convolution())
            }
            "convolution_transpose_2d" => {
                let shape = self.list("shape").unwrap();
                graph.convolution_transpose_2d(x, &inputs[1], shape, &self.convolution())
            }
            "max_pool_2d" => graph.max_pool_2d(x, &self.pooling()),
            "avg_pool_2d" => graph.avg_pool_2d(x, &self.pooling()),
            "softmax" => graph.softmax(x, self.axis("axis")),
            "log_softmax" => graph.log_softmax(x, self.axis("axis")),
            "softmax_cross_entropy" => {
                graph.softmax_cross_entropy(x, &inputs[1], self.axis("axis"), self.loss())
            }
            "mean_squared_error" => graph.mean_squared_error(x, &inputs[1], self.loss()),
            "layer_norm" => graph.layer_norm(x, &self.axes(), second, third, self.number("epsilon")),
            "rms_norm" => graph.rms_norm(x, &self.axes(), second, self.number("epsilon")),
            "batch_norm_inference" => {
                let [x, mean, variance, gamma, beta] = inputs else { panic!() };
                let epsilon = self.number("epsilon");
                graph.batch_norm_inference(x, mean, variance, Some(gamma), Some(beta), epsilon)
            }
            "batch_norm_training" => {
                let norm = graph.batch_norm_training(x, second, third, self.number("epsilon"))?;
                return Ok(vec![norm.output, norm.mean, norm.variance]);
            }
            "scaled_dot_product_attention" => {
                let descriptor = AttentionDescriptor {
                    mask: inputs.get(3),
                    causal: self.flag("causal"),
                    scale: self.params["scale"].as_f64(),
                };
                graph.scaled_dot_product_attention(x, &inputs[1], &inputs[2], &descriptor)
            }
            other => panic!("an operation that this test does not know: {other}"),
        };
        Ok(vec![one?])
    }
}
