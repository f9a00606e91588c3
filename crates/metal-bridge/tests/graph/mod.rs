//! Executables against the reference interpreter, on the device that the crate's `test_device` gives.

#![allow(dead_code, reason = "each test uses a part")]

use metal_bridge::graph::{
    Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutable, GraphExecutionDescriptor,
    GraphOptimization, GraphTensor, TensorData, TensorDataType, reference,
};
use metal_bridge::{Buffer, Device, ResourceOptions};

/// Random numbers that follow from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((self.bits() >> 33) % end as u64) as usize
    }

    /// From -2 to 2.
    pub(crate) fn number(&mut self) -> f64 {
        (self.bits() >> 40) as f64 / (1u64 << 22) as f64 - 2.0
    }

    /// Values of any type: floats and integers of both signs, few of them equal.
    pub(crate) fn data(&mut self, data_type: TensorDataType, shape: &[usize]) -> TensorData {
        let count: usize = shape.iter().product();
        let mut bytes = Vec::new();
        for _ in 0..count {
            let x = self.number();
            match data_type {
                TensorDataType::Float32 => bytes.extend((x as f32).to_ne_bytes()),
                TensorDataType::Float16 => bytes.extend(half::f16::from_f64(x).to_ne_bytes()),
                TensorDataType::BFloat16 => bytes.extend(half::bf16::from_f64(x).to_ne_bytes()),
                TensorDataType::Int32 => bytes.extend(((x * 50.0) as i32).to_ne_bytes()),
                TensorDataType::Int64 => bytes.extend(((x * 50.0) as i64).to_ne_bytes()),
                TensorDataType::UInt8 => bytes.push((x.abs() * 120.0) as u8),
                _ => bytes.push(u8::from(x > 0.0)),
            }
        }
        TensorData::from_bytes(data_type, shape.to_vec(), &bytes).unwrap()
    }
}

pub(crate) fn buffer(device: &Device, data: &TensorData) -> Buffer {
    device.new_buffer_with_bytes(data.bytes(), ResourceOptions::default()).unwrap()
}

pub(crate) fn compile(
    device: &GraphDevice,
    targets: &[&GraphTensor],
    inputs: &[(&GraphTensor, TensorData)],
    level: GraphOptimization,
) -> GraphExecutable {
    let feeds: Vec<&GraphTensor> = inputs.iter().map(|(tensor, _)| *tensor).collect();
    let descriptor = GraphCompilationDescriptor::new().optimization_level(level);
    targets[0].graph().compile(device, &feeds, targets, &descriptor).unwrap()
}

pub(crate) fn run(
    executable: &GraphExecutable,
    targets: &[&GraphTensor],
    inputs: &[(&GraphTensor, TensorData)],
) -> Vec<TensorData> {
    let device = executable.device().device();
    let queue = device.new_command_queue().unwrap();
    let buffers: Vec<Buffer> = inputs.iter().map(|(_, data)| buffer(device, data)).collect();
    let given: Vec<(&GraphTensor, &Buffer)> = inputs.iter().map(|(t, _)| *t).zip(&buffers).collect();
    let execution = executable.execute(&queue, &given, None, &GraphExecutionDescriptor::new()).unwrap();
    targets.iter().map(|target| execution.read(target).unwrap()).collect()
}

/// How far results may be from the reference, for values of a size: a few roundings of the type.
fn tolerance(data_type: TensorDataType) -> f64 {
    match data_type {
        TensorDataType::Float32 => 2e-5,
        TensorDataType::Float16 => 4e-3,
        TensorDataType::BFloat16 => 3e-2,
        _ => 0.0,
    }
}

/// Checks values against those of the reference. Errors are relative to the greatest value of the tensor where
/// that is above 1, since sums of large numbers may be small.
pub(crate) fn assert_close(name: &str, got: &TensorData, expected: &TensorData, slack: f64) {
    assert_eq!(got.data_type(), expected.data_type(), "{name}");
    assert_eq!(got.shape(), expected.shape(), "{name}");
    let (got_values, expected_values) = (got.to_f64(), expected.to_f64());
    let finite = expected_values.iter().filter(|v| v.is_finite());
    let scale = finite.fold(1.0f64, |most, v| most.max(v.abs()));
    let limit = tolerance(got.data_type()) * scale * slack;
    for (i, (g, e)) in got_values.iter().zip(&expected_values).enumerate() {
        let same = g == e || (g.is_nan() && e.is_nan()) || (g - e).abs() <= limit;
        assert!(same, "{name}: element {i} is {g}, expected {e} (within {limit})\n{got:?}\n{expected:?}");
    }
}

/// Runs targets at both levels and compares with the reference.
pub(crate) fn check(targets: &[&GraphTensor], inputs: &[(&GraphTensor, TensorData)]) {
    check_with(targets, inputs, 1.0);
}

pub(crate) fn check_with(targets: &[&GraphTensor], inputs: &[(&GraphTensor, TensorData)], slack: f64) {
    let device = crate::test_device();
    let expected = reference::evaluate(targets, inputs).unwrap();
    for level in [GraphOptimization::Level0, GraphOptimization::Level1] {
        let executable = compile(&GraphDevice::new(&device), targets, inputs, level);
        for (i, (got, expected)) in run(&executable, targets, inputs).iter().zip(&expected).enumerate() {
            let name = format!("{level:?}, target {i} {:?}", targets[i]);
            assert_close(&name, got, expected, slack);
        }
    }
}

pub(crate) fn placeholder(graph: &Graph, shape: &[usize], data_type: TensorDataType) -> GraphTensor {
    graph.placeholder_tensor(shape.to_vec(), data_type).unwrap()
}
