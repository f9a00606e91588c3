//! A graph that learns to tell three rings apart, and is saved for the command `metal-bridge graph`:
//!
//! ```text
//! cargo run --release --example classifier -- classifier.json
//! metal-bridge graph classifier.json
//! ```

use metal_bridge::graph::{
    AdamDescriptor, Dim, Graph, GraphCompilationDescriptor, GraphDevice, GraphExecutionDescriptor,
    GraphTensor, LossReduction, TensorData,
    TensorDataType::{Float32, Int32},
};
use metal_bridge::{Device, ResourceOptions};

/// Features, hidden units, classes.
const SIZES: [usize; 3] = [2, 16, 3];
const BATCH: usize = 300;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let graph = Graph::new();
    let points =
        graph.placeholder_tensor([Dim::open("batch"), SIZES[0].into()], Float32)?.with_label("points");
    let classes = graph.placeholder_tensor([Dim::open("batch")], Int32)?.with_label("classes");

    let mut random = Random(1);
    let mut variable = |name: &str, shape: &[usize], scale: f32| {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| random.number() * scale).collect();
        graph.variable(TensorData::new(shape.to_vec(), &values)?, name)
    };
    let variables = [
        variable("hidden weights", &[SIZES[0], SIZES[1]], 1.0)?,
        variable("hidden bias", &[SIZES[1]], 1.0)?,
        variable("weights", &[SIZES[1], SIZES[2]], 0.5)?,
        variable("bias", &[SIZES[2]], 0.0)?,
    ];
    let [hidden_weights, hidden_bias, weights, bias] = &variables;
    let hidden = graph.relu(&(graph.matrix_multiplication(&points, hidden_weights)? + hidden_bias)?)?;
    let logits = (graph.matrix_multiplication(&hidden, weights)? + bias)?.with_label("logits");
    let loss = graph.softmax_cross_entropy(&logits, &classes, -1, LossReduction::Mean)?.with_label("loss");

    let variables: Vec<&GraphTensor> = variables.iter().collect();
    let gradients = graph.gradients(&loss, &variables)?;
    let gradients: Vec<&GraphTensor> = gradients.iter().collect();
    let step = graph.adam_step(&variables, &gradients, 0.02, &AdamDescriptor::default())?;
    let mut targets = vec![&loss];
    targets.extend(&step);
    if let Some(path) = std::env::args_os().nth(1) {
        std::fs::write(path, graph.to_json(&targets)?)?;
    }

    // Ring 0 is the innermost one.
    let labels: Vec<i32> = (0..BATCH as i32).map(|i| i % SIZES[2] as i32).collect();
    let data: Vec<f32> = labels
        .iter()
        .flat_map(|class| {
            let (radius, angle) = (*class as f32 + 0.5 + 0.3 * random.number(), 4.0 * random.number());
            [radius * angle.cos(), radius * angle.sin()]
        })
        .collect();
    let device = Device::system_default()?;
    let executable = graph.compile(
        &GraphDevice::new(&device),
        &[&points, &classes],
        &targets,
        &GraphCompilationDescriptor::new(),
    )?;
    let queue = device.new_command_queue()?;
    let inputs = [
        (&points, &device.new_buffer_with_data(&data, ResourceOptions::default())?),
        (&classes, &device.new_buffer_with_data(&labels, ResourceOptions::default())?),
    ];
    for i in 0..=200 {
        let execution = executable.execute(&queue, &inputs, None, &GraphExecutionDescriptor::new())?;
        if i % 50 == 0 {
            println!("step {i:>3}: loss {:.3}", execution.read(&loss)?.to_f64()[0]);
        }
    }
    Ok(())
}

/// Numbers from -1 to 1.
struct Random(u32);

impl Random {
    fn number(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}
