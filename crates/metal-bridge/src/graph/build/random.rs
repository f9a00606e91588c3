//! Random numbers, which follow from a seed and a counter alone.

use super::activation::number_within;
use super::{Built, Call, Operand};
use crate::error::Result;
use crate::graph::data_type::{Scalar, TensorDataType};
use crate::graph::error::GraphProblem;
use crate::graph::handle::{Graph, GraphTensor};
use crate::graph::ir::op::{BinaryOp, CompareOp, UnaryOp};
use crate::graph::ir::{NodeId, Op};
use crate::graph::shape::Shape;

/// How many random bits become a number: as many as f32 holds exactly.
const BITS: u32 = 24;

impl Graph {
    /// Uniformly random numbers of `low` to below `high`, in a type of floats. In 16-bit types rounding may
    /// reach `high`.
    ///
    /// The numbers follow from `seed` and `counter` alone, whatever the machine and the number of threads: they
    /// are those of Philox4x32-10 (Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, 2011).
    /// Different seeds or counters give unrelated numbers, equal ones the same; so each use in a graph takes a
    /// seed of its own, and a counter that changes from execution to execution gives new numbers each time.
    /// Both are whole numbers or scalars of type i64.
    ///
    /// ```
    /// use metal_bridge::graph::{Graph, Shape, TensorDataType};
    ///
    /// let graph = Graph::new();
    /// let step = graph.placeholder_tensor(Shape::scalar(), TensorDataType::Int64)?;
    /// let noise = graph.random_uniform([32, 10], TensorDataType::Float32, 0.0, 1.0, 42, &step)?;
    /// # assert_eq!(noise.shape(), [32, 10]);
    /// # Ok::<(), metal_bridge::Error>(())
    /// ```
    #[doc(alias = "randomUniformTensorWithShape:seed:name:")]
    #[track_caller]
    pub fn random_uniform<'a>(
        &self,
        shape: impl Into<Shape>,
        data_type: TensorDataType,
        low: f64,
        high: f64,
        seed: impl Into<Operand<'a>>,
        counter: impl Into<Operand<'a>>,
    ) -> Result<GraphTensor> {
        let (shape, seed, counter) = (shape.into(), seed.into(), counter.into());
        self.build("random_uniform", |call| {
            float_type(data_type)?;
            number_within("low", low, low.is_finite(), "a finite number")?;
            number_within(
                "high",
                high,
                high >= low && high.is_finite(),
                "a finite number of at least `low`",
            )?;
            let bits = call.random_bits(&shape, seed, counter)?;
            let unit = call.unit(bits, 0)?;
            let scaled = call.scaled(unit, high - low)?;
            let moved = call.shifted(scaled, low)?;
            call.cast(moved, data_type)
        })
    }

    /// Random numbers of a normal distribution with this mean and standard deviation, in a type of floats. See
    /// [`random_uniform`](Self::random_uniform) for `seed` and `counter`.
    #[doc(alias = "randomTensorWithShape:descriptor:seed:name:")]
    #[track_caller]
    pub fn random_normal<'a>(
        &self,
        shape: impl Into<Shape>,
        data_type: TensorDataType,
        mean: f64,
        deviation: f64,
        seed: impl Into<Operand<'a>>,
        counter: impl Into<Operand<'a>>,
    ) -> Result<GraphTensor> {
        let (shape, seed, counter) = (shape.into(), seed.into(), counter.into());
        self.build("random_normal", |call| {
            float_type(data_type)?;
            number_within("mean", mean, mean.is_finite(), "a finite number")?;
            let holds = deviation >= 0.0 && deviation.is_finite();
            number_within("deviation", deviation, holds, "a finite number of at least 0")?;
            crate::graph::ir::check_shape("shape", data_type, &shape)?;
            // Two numbers each, by Box and Muller: √(-2 ln u) · cos(2π v).
            let mut pairs = shape.clone();
            pairs.dims_mut().insert(0, 2.into());
            let bits = call.random_bits(&pairs, seed, counter)?;
            let mut halves = [bits; 2];
            for (i, half) in halves.iter_mut().enumerate() {
                let part = call.slice_axis(bits, 0, i.into(), (i + 1).into(), 1)?;
                *half = call.reshape(part, &shape)?;
            }
            let u = call.unit(halves[0], 1)?; // never 0
            let log = call.unary(UnaryOp::Log, u)?;
            let log = call.scaled(log, -2.0)?;
            let radius = call.unary(UnaryOp::Sqrt, log)?;
            let v = call.unit(halves[1], 0)?;
            let angle = call.scaled(v, std::f64::consts::TAU)?;
            let cos = call.unary(UnaryOp::Cos, angle)?;
            let normal = call.times(radius, cos)?;
            let scaled = call.scaled(normal, deviation)?;
            let moved = call.shifted(scaled, mean)?;
            call.cast(moved, data_type)
        })
    }

    /// Dropout, of floats: each element is 0 with probability `rate`, and else divided by `1 - rate`. See
    /// [`random_uniform`](Self::random_uniform) for `seed` and `counter`: each dropout of a graph takes a seed
    /// of its own, and a new counter drops other elements.
    ///
    /// # Errors
    ///
    /// The tensor is not of floats, or the rate is not within 0 and 1, or 1.
    #[doc(alias = "dropoutTensor:rate:name:")]
    #[track_caller]
    pub fn dropout<'a>(
        &self,
        tensor: &GraphTensor,
        rate: f64,
        seed: impl Into<Operand<'a>>,
        counter: impl Into<Operand<'a>>,
    ) -> Result<GraphTensor> {
        let (seed, counter) = (seed.into(), counter.into());
        self.build("dropout", |call| {
            let x = call.tensor("tensor", tensor)?;
            call.float("tensor", x)?;
            number_within("rate", rate, (0.0..1.0).contains(&rate), "at least 0 and less than 1")?;
            let shape = call.shape(x);
            let bits = call.random_bits(&shape, seed, counter)?;
            let bits = call.low_bits(bits)?;
            let limit = (rate * f64::from(1 << BITS)).round();
            let stays = call.compare_number(CompareOp::GreaterEqual, bits, limit)?;
            let scaled = call.scaled(x, 1.0 / (1.0 - rate))?;
            let zero = call.fill_like(x, 0.0)?;
            call.select(stays, scaled, zero)
        })
    }
}

fn float_type(data_type: TensorDataType) -> std::result::Result<(), GraphProblem> {
    if data_type.is_float() {
        return Ok(());
    }
    Err(GraphProblem::Parameter {
        parameter: "data_type",
        got: data_type.to_string(),
        expected: "f32, f16 or bf16".into(),
    })
}

impl Call<'_> {
    fn random_bits(&mut self, shape: &Shape, seed: Operand<'_>, counter: Operand<'_>) -> Built {
        let seed = self.scalar_operand("seed", seed, TensorDataType::Int64)?;
        let counter = self.scalar_operand("counter", counter, TensorDataType::Int64)?;
        self.add(Op::RandomBits { shape: shape.clone() }, &[seed, counter])
    }

    /// A number as a scalar tensor; a tensor as it is.
    pub(crate) fn scalar_operand(
        &mut self,
        argument: &'static str,
        operand: Operand<'_>,
        data_type: TensorDataType,
    ) -> Built {
        if let Operand::Tensor(tensor) = operand {
            let node = self.tensor(argument, tensor)?;
            let got = self.data_type(node);
            if got != data_type {
                return Err(GraphProblem::DataType { argument, got, expected: data_type.name() });
            }
            if self.rank(node) != 0 {
                return Err(GraphProblem::Rank { argument, got: self.shape(node), expected: "0: a scalar" });
            }
            return Ok(node);
        }
        let value: Scalar = operand.scalar(argument, data_type).expect("a number")?;
        self.add(Op::Fill { value, shape: Shape::scalar() }, &[])
    }

    /// The low 24 bits.
    fn low_bits(&mut self, bits: NodeId) -> Built {
        let mask = self.fill_like(bits, f64::from((1 << BITS) - 1))?;
        self.binary(BinaryOp::And, bits, mask)
    }

    /// (low bits + `plus`) / 2^24, in f32.
    fn unit(&mut self, bits: NodeId, plus: u32) -> Built {
        let mut bits = self.low_bits(bits)?;
        if plus > 0 {
            bits = self.shifted(bits, f64::from(plus))?;
        }
        let number = self.cast(bits, TensorDataType::Float32)?;
        self.scaled(number, 1.0 / f64::from(1 << BITS))
    }
}
