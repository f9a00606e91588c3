//! The built-in kernels' results in double precision.

/// Rows of `a` by columns of `b`: `[rows, inner]` times `[inner, columns]`.
pub(crate) fn matmul(a: &[f32], b: &[f32], [rows, inner, columns]: [usize; 3]) -> Vec<f64> {
    let mut product = vec![0.0; rows * columns];
    for (row, out) in product.chunks_exact_mut(columns).enumerate() {
        for (k, x) in a[row * inner..][..inner].iter().enumerate() {
            for (sum, y) in out.iter_mut().zip(&b[k * columns..][..columns]) {
                *sum += f64::from(*x) * f64::from(*y);
            }
        }
    }
    product
}

/// The product with the bias added to each row.
pub(crate) fn linear(x: &[f32], weight: &[f32], bias: &[f32], sizes: [usize; 3]) -> Vec<f64> {
    let mut out = matmul(x, weight, sizes);
    for row in out.chunks_exact_mut(bias.len()) {
        for (value, bias) in row.iter_mut().zip(bias) {
            *value += f64::from(*bias);
        }
    }
    out
}

pub(crate) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The normalised rows, their means and their variances.
pub(crate) fn layer_norm(x: &[f32], gamma: &[f32], beta: &[f32]) -> [Vec<f64>; 3] {
    let features = gamma.len();
    let (mut out, mut means, mut variances) = (Vec::with_capacity(x.len()), Vec::new(), Vec::new());
    for row in x.chunks_exact(features) {
        let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / features as f64;
        let variance = row.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / features as f64;
        let scale = 1.0 / (variance + 1e-5).sqrt();
        for ((x, gamma), beta) in row.iter().zip(gamma).zip(beta) {
            out.push(f64::from(*gamma) * (f64::from(*x) - mean) * scale + f64::from(*beta));
        }
        means.push(mean);
        variances.push(variance);
    }
    [out, means, variances]
}

/// What the optimisers are set to.
pub(crate) struct Adam {
    pub(crate) rate: f32,
    pub(crate) beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) epsilon: f32,
    pub(crate) step: u32,
}

impl Adam {
    /// Parameter and both moments after the step.
    pub(crate) fn update(&self, [parameter, gradient, m, v]: [f32; 4]) -> [f64; 3] {
        let [rate, beta1, beta2, epsilon] = [self.rate, self.beta1, self.beta2, self.epsilon].map(f64::from);
        let [parameter, gradient, m, v] = [parameter, gradient, m, v].map(f64::from);
        let m = beta1 * m + (1.0 - beta1) * gradient;
        let v = beta2 * v + (1.0 - beta2) * gradient * gradient;
        let m_hat = m / (1.0 - beta1.powf(f64::from(self.step)));
        let v_hat = v / (1.0 - beta2.powf(f64::from(self.step)));
        [parameter - rate * m_hat / (v_hat.sqrt() + epsilon), m, v]
    }
}

/// What stochastic gradient descent is set to.
pub(crate) struct Sgd {
    pub(crate) rate: f32,
    pub(crate) momentum: f32,
    pub(crate) weight_decay: f32,
}

impl Sgd {
    /// Parameter and velocity after the step.
    pub(crate) fn update(&self, [parameter, gradient, velocity]: [f32; 3]) -> [f64; 2] {
        let [rate, momentum, weight_decay] = [self.rate, self.momentum, self.weight_decay].map(f64::from);
        let [parameter, gradient, velocity] = [parameter, gradient, velocity].map(f64::from);
        let velocity = momentum * velocity + gradient + weight_decay * parameter;
        [parameter - rate * velocity, velocity]
    }
}
