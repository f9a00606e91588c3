//! Attention.

use super::activation::number_within;
use crate::error::Result;
use crate::graph::data_type::TensorDataType;
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::Op;
use crate::graph::ir::op::CompareOp;
use crate::graph::shape::Shape;

/// What may be different in attention.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttentionDescriptor<'a> {
    /// What each query may look at. Booleans: where true. Floats of the queries' type: added to the scores.
    /// Broadcasts to the scores, `[…, queries, keys]`.
    pub mask: Option<&'a GraphTensor>,
    /// Whether query `i` looks at the keys `0..=i` only.
    pub causal: bool,
    /// What products of queries and keys are multiplied by. By default 1 / √(size of a query).
    pub scale: Option<f64>,
}

impl Graph {
    /// Scaled dot-product attention, of floats: softmax(query · keyᵀ · scale) · value. Shapes are `[…, queries,
    /// d]`, `[…, keys, d]` and `[…, keys, e]`, the result's `[…, queries, e]`; leading sizes broadcast. A
    /// query that may look at nothing gets zeros. Of 16-bit floats, the scores are computed in f32.
    ///
    /// ```
    /// use metal_bridge::graph::{AttentionDescriptor, Graph, TensorDataType::Float32};
    ///
    /// let graph = Graph::new();
    /// let [q, k, v] = [0; 3].map(|_| graph.placeholder_tensor([8, 4, 256, 64], Float32).unwrap());
    /// let descriptor = AttentionDescriptor { causal: true, ..Default::default() };
    /// let y = graph.scaled_dot_product_attention(&q, &k, &v, &descriptor)?;
    /// # assert_eq!(y.shape(), q.shape());
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    #[doc(alias = "scaledDotProductAttentionWithQueryTensor:keyTensor:valueTensor:maskTensor:scale:name:")]
    #[track_caller]
    pub fn scaled_dot_product_attention(
        &self,
        query: &GraphTensor,
        key: &GraphTensor,
        value: &GraphTensor,
        descriptor: &AttentionDescriptor<'_>,
    ) -> Result<GraphTensor> {
        self.build("scaled_dot_product_attention", |call| {
            let query = call.tensor("query", query)?;
            let key = call.tensor("key", key)?;
            let value = call.tensor("value", value)?;
            let data_type = call.data_type(query);
            for (argument, node) in [("query", query), ("key", key), ("value", value)] {
                call.float(argument, node)?;
                let got = call.data_type(node);
                if got != data_type {
                    return Err(GraphProblem::DataTypes {
                        argument,
                        got,
                        other: "query",
                        expected: data_type,
                    });
                }
                if call.rank(node) < 2 {
                    return Err(GraphProblem::Rank {
                        argument,
                        got: call.shape(node),
                        expected: "at least 2: positions and features",
                    });
                }
            }
            let features = call.shape(query)[call.rank(query) - 1].clone();
            for (argument, node, axis_from_end, expected, whose) in [
                ("key", key, 1, features.clone(), "features, as many as `query` has"),
                (
                    "value",
                    value,
                    2,
                    call.shape(key)[call.rank(key) - 2].clone(),
                    "positions, as many as `key` has",
                ),
            ] {
                let got = call.shape(node);
                if got[got.rank() - axis_from_end] != expected {
                    return Err(GraphProblem::Shape {
                        argument,
                        got,
                        expected: format!("{expected} {whose}"),
                    });
                }
            }
            let scale = match (descriptor.scale, features.value()) {
                (Some(scale), _) => scale,
                (None, Some(features)) => 1.0 / (features as f64).sqrt(),
                (None, None) => {
                    return Err(GraphProblem::Open {
                        argument: "query",
                        shape: call.shape(query),
                        why: "the scale follows from the number of features; set it in the descriptor",
                    });
                }
            };
            number_within("scale", scale, scale.is_finite(), "a finite number")?;

            let key = call.transposed(key)?;
            // The smaller operand is scaled, and before the product, so that f16 does not overflow.
            let query = call.scaled(query, scale)?;
            let scores = call.add(Op::MatMul, &[query, key])?;
            let mut scores = call.cast(scores, TensorDataType::Float32)?;
            let shape = call.shape(scores);

            let mut allowed = None;
            if let Some(mask) = descriptor.mask {
                let mask = call.tensor("mask", mask)?;
                let mask_shape = call.shape(mask);
                if crate::graph::ir::infer::broadcast("mask", &mask_shape, "scores", &shape)? != shape {
                    return Err(GraphProblem::Shape {
                        argument: "mask",
                        got: mask_shape,
                        expected: format!("a shape that broadcasts to {shape}, the scores'"),
                    });
                }
                let mask_type = call.data_type(mask);
                if mask_type == TensorDataType::Bool {
                    allowed = Some(call.broadcast(mask, &shape)?);
                } else if mask_type == data_type || mask_type == TensorDataType::Float32 {
                    let mask = call.cast(mask, TensorDataType::Float32)?;
                    let mask = call.broadcast(mask, &shape)?;
                    scores = call.plus(scores, mask)?;
                } else {
                    return Err(GraphProblem::DataType {
                        argument: "mask",
                        got: mask_type,
                        expected: "bool, or the type of `query`",
                    });
                }
            }
            if descriptor.causal {
                let rank = shape.rank();
                let square: Shape = shape[rank - 2..].into();
                let position =
                    |axis| Op::Iota { data_type: TensorDataType::Int32, shape: square.clone(), axis };
                let (queries, keys) = (call.add(position(0), &[])?, call.add(position(1), &[])?);
                let causal = call.compare(CompareOp::LessEqual, keys, queries)?;
                let causal = call.broadcast(causal, &shape)?;
                allowed = Some(match allowed {
                    Some(mask) => call.binary(crate::graph::ir::op::BinaryOp::And, mask, causal)?,
                    None => causal,
                });
            }
            let axis = shape.rank() - 1;
            let probabilities = match allowed {
                None => call.softmax(scores, axis)?,
                Some(allowed) => {
                    // A finite bound keeps rows without any key free of NaN; the second selection makes them 0.
                    let least = call.fill_like(scores, f64::from(f32::MIN))?;
                    let scores = call.select(allowed, scores, least)?;
                    let probabilities = call.softmax(scores, axis)?;
                    let zero = call.fill_like(probabilities, 0.0)?;
                    call.select(allowed, probabilities, zero)?
                }
            };
            let probabilities = call.cast(probabilities, data_type)?;
            call.add(Op::MatMul, &[probabilities, value])
        })
    }
}
