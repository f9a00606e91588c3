//! The built-in kernels, in the Metal Shading Language.
//!
//! [`METAL_KERNEL_SOURCE`] is the source of one library with all of them:
//!
//! | kernel | computes | buffers, in the order of their indices | grid |
//! |---|---|---|---|
//! | `add_arrays_float32`, `add_arrays_int32` | a + b | a\[n\], b\[n\], result\[n\] | n, exactly |
//! | `mul_arrays_float32`, `mul_arrays_int32` | a · b | a\[n\], b\[n\], result\[n\] | n, exactly |
//! | `relu_float32`, `relu_int32` | max(0, x) | x\[n\], result\[n\] | n, exactly |
//! | `sigmoid_float32` | 1 / (1 + e⁻ˣ) | x\[n\], result\[n\] | n, exactly |
//! | `matmul_float32` | A B | A\[M, N\], B\[N, P\], result\[M, P\], M, N, P | P × M, or more |
//! | `batch_matmul_float32` | Aᵢ Bᵢ for each i | A\[batch, M, N\], B\[batch, N, P\], result\[batch, M, P\], batch, M, N, P | P × M × batch, or more |
//! | `linear_forward_float32` | x W + b | x\[batch, in\], W\[in, out\], b\[out\], result\[batch, out\], batch, in, out | out × batch, or more |
//! | `linear_relu_float32` | max(0, x W + b) | the same | the same |
//! | `linear_sigmoid_float32` | 1 / (1 + e^−(x W + b)) | the same | the same |
//! | `adam_update_float32` | a step of Adam, in place | params\[n\], gradients\[n\], m\[n\], v\[n\], lr, beta1, beta2, eps, t | n, exactly |
//! | `sgd_momentum_update_float32` | a step of SGD with momentum and weight decay, in place | params\[n\], gradients\[n\], velocity\[n\], lr, momentum, weight_decay | n, exactly |
//! | `layer_norm_float32` | γ (x − mean) / √(var + 10⁻⁵) + β for each row | x\[batch, features\], γ\[features\], β\[features\], result\[batch, features\], mean\[batch\], var\[batch\], batch, features | features × batch, or more |
//!
//! Arrays are row-major. Sizes and `t` (the number of the step, from 1) are `uint`, the other scalars `float`. Where the grid says
//! "exactly", the kernel does not know n: use `dispatch_threads`, which takes any size. The weight of the
//! linear layers is \[in, out\].
//!
//! Any threadgroup size works. `layer_norm_float32` shares the statistics of a row among the threads of a
//! threadgroup that lie in it, so wide ones (256 × 1) suit it best.
//!
//! ```
//! use metal_bridge::{CompileOptions, Device, METAL_KERNEL_SOURCE, ResourceOptions};
//!
//! # fn main() -> metal_bridge::Result<()> {
//! let device = Device::system_default()?;
//! let library = device.new_library_with_source(METAL_KERNEL_SOURCE, &CompileOptions::default())?;
//! let function = library.new_function_with_name("relu_float32")?;
//! let pipeline = device.new_compute_pipeline_state_with_function(&function)?;
//!
//! let x = device.new_buffer_with_data(&[-1.0f32, 0.0, 2.5], ResourceOptions::default())?;
//! let result = device.new_buffer_with_length(x.length(), ResourceOptions::default())?;
//! let command_buffer = device.new_command_queue()?.new_command_buffer();
//! let mut encoder = command_buffer.new_compute_command_encoder()?;
//! encoder.set_compute_pipeline_state(&pipeline)?;
//! encoder.set_buffers(0, &[(&x, 0), (&result, 0)])?;
//! encoder.dispatch_threads(3, 32)?;
//! encoder.end_encoding()?;
//! command_buffer.commit()?;
//! assert_eq!(result.read::<f32>()?, [0.0, 0.0, 2.5]);
//! # Ok(())
//! # }
//! ```

/// The source of all built-in kernels; see the [module](self) for what they take.
#[doc(alias = "MetalKernelSource")]
pub const METAL_KERNEL_SOURCE: &str = concat!(
    include_str!("elementwise.metal"),
    include_str!("activation.metal"),
    include_str!("matmul.metal"),
    include_str!("linear.metal"),
    include_str!("optimizer.metal"),
    include_str!("layer_norm.metal"),
);

/// The names of the kernels in [`METAL_KERNEL_SOURCE`], in its order.
pub const METAL_KERNEL_NAMES: [&str; 15] = [
    "add_arrays_float32",
    "add_arrays_int32",
    "mul_arrays_float32",
    "mul_arrays_int32",
    "relu_float32",
    "relu_int32",
    "sigmoid_float32",
    "matmul_float32",
    "batch_matmul_float32",
    "linear_forward_float32",
    "linear_relu_float32",
    "linear_sigmoid_float32",
    "adam_update_float32",
    "sgd_momentum_update_float32",
    "layer_norm_float32",
];
