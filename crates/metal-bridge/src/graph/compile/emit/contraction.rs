//! Matrix products and convolutions: one thread adds up one element.

use super::{Emitter, rounded};
use crate::graph::compile::index::{Index, signed};
use crate::graph::ir::op::{Convolution, Window};
use crate::graph::ir::{Node, Op};

impl Emitter<'_> {
    pub(super) fn contraction(&mut self, node: &Node, at: &[Index]) -> String {
        let sum = self.declare("float", "0.0f");
        match &node.op {
            Op::MatMul => self.matmul(node, at, &sum),
            Op::Conv2d(convolution) => self.conv2d(node, convolution, at, &sum),
            Op::Conv2dDataGradient { convolution, .. } => self.data_gradient(node, convolution, at, &sum),
            Op::Conv2dWeightsGradient { convolution, .. } => {
                self.weights_gradient(node, convolution, at, &sum);
            }
            op => unreachable!("{} is no contraction", op.name()),
        }
        let data_type = node.ty.data_type;
        self.bind("float", &rounded(data_type, &sum))
    }

    /// Adds a product to the sum.
    fn multiply_add(&mut self, sum: &str, a: &str, b: &str) {
        self.line(&format!("{sum} = fma({a}, {b}, {sum});"));
    }

    fn matmul(&mut self, node: &Node, at: &[Index], sum: &str) {
        let [a, b] = [node.operands[0], node.operands[1]];
        let (a_shape, b_shape) = (self.shape(a), self.shape(b));
        let (batch, matrix) = at.split_at(at.len() - 2);
        let leading = |shape: &[usize]| -> Vec<Index> {
            let own = &shape[..shape.len() - 2];
            let positions = own.iter().zip(&batch[batch.len() - own.len()..]);
            positions.map(|(&size, p)| if size == 1 { Index::default() } else { p.clone() }).collect()
        };
        let k = self.open_loop(a_shape[a_shape.len() - 1]);
        let mut a_at = leading(&a_shape);
        a_at.extend([matrix[0].clone(), k.clone()]);
        let mut b_at = leading(&b_shape);
        b_at.extend([k, matrix[1].clone()]);
        let (x, y) = (self.value(a, &a_at), self.value(b, &b_at));
        self.multiply_add(sum, &x, &y);
        self.close();
    }

    /// Opens a block where a window's element lies in the source, and gives its position.
    pub(super) fn open_source(
        &mut self,
        window: &Window,
        axis: usize,
        output: &Index,
        element: &Index,
        size: usize,
    ) -> Index {
        let [before, after] = window.padding[axis];
        let scaled = |index: &Index, by: usize| {
            if *index == Index::default() { Index::default() } else { index.scale(signed(by)) }
        };
        let padded = scaled(output, window.strides[axis]).add(&scaled(element, window.dilations[axis]));
        if before == 0 && (after == 0 || padded.range().1 < signed(size)) {
            self.open("");
            return padded;
        }
        let moved = self.index(&padded.offset(-signed(before)));
        let (name, index) = self.bind_index(&moved, size);
        self.open(&format!("if ({name} < {})", self.number(size)));
        index
    }

    /// Opens a block where some window has a source position as a given element, and gives that window's
    /// position.
    pub(super) fn open_window(
        &mut self,
        window: &Window,
        axis: usize,
        source: &Index,
        element: &Index,
        outputs: usize,
    ) -> Index {
        let stride = window.strides[axis];
        let dilated = if *element == Index::default() {
            Index::default()
        } else {
            element.scale(signed(window.dilations[axis]))
        };
        let shifted = source.offset(signed(window.padding[axis][0]));
        let (from, back) = (self.index(&shifted), self.index(&dilated));
        let distance = self.fresh("p");
        self.line(&format!("const {} {distance} = {from} - {back};", self.index_type()));
        let [by, end] = [self.number(stride), self.number(outputs)];
        let quotient = if stride == 1 { distance.clone() } else { format!("{distance} / {by}") };
        let divides = if stride == 1 { String::new() } else { format!(" && {distance} % {by} == 0") };
        self.open(&format!("if ({from} >= {back}{divides} && {quotient} < {end})"));
        self.bind_index(&quotient, outputs).1
    }

    fn conv2d(&mut self, node: &Node, convolution: &Convolution, at: &[Index], sum: &str) {
        let Convolution { window, groups } = convolution;
        let [source, weights] = [node.operands[0], node.operands[1]];
        let (source_shape, weights_shape) = (self.shape(source), self.shape(weights));
        let [n, o, oy, ox] = at else { unreachable!("images have rank 4") };
        let group = o.div(signed(weights_shape[0] / groups));
        let c = self.open_loop(weights_shape[1]);
        let channel = group.scale(signed(weights_shape[1])).add(&c);
        let ky = self.open_loop(weights_shape[2]);
        let y = self.open_source(window, 0, oy, &ky, source_shape[2]);
        let kx = self.open_loop(weights_shape[3]);
        let x = self.open_source(window, 1, ox, &kx, source_shape[3]);
        let value = self.value(source, &[n.clone(), channel, y, x]);
        let weight = self.value(weights, &[o.clone(), c, ky, kx]);
        self.multiply_add(sum, &value, &weight);
        for _ in 0..5 {
            self.close();
        }
    }

    fn data_gradient(&mut self, node: &Node, convolution: &Convolution, at: &[Index], sum: &str) {
        let Convolution { window, groups } = convolution;
        let [gradient, weights] = [node.operands[0], node.operands[1]];
        let (gradient_shape, weights_shape) = (self.shape(gradient), self.shape(weights));
        let [n, channel, y, x] = at else { unreachable!("images have rank 4") };
        let group_channels = signed(weights_shape[1]);
        let (group, c) = (channel.div(group_channels), channel.rem(group_channels));
        let group_outputs = weights_shape[0] / groups;
        let own = self.open_loop(group_outputs);
        let o = group.scale(signed(group_outputs)).add(&own);
        let ky = self.open_loop(weights_shape[2]);
        let oy = self.open_window(window, 0, y, &ky, gradient_shape[2]);
        let kx = self.open_loop(weights_shape[3]);
        let ox = self.open_window(window, 1, x, &kx, gradient_shape[3]);
        let value = self.value(gradient, &[n.clone(), o.clone(), oy, ox]);
        let weight = self.value(weights, &[o, c, ky, kx]);
        self.multiply_add(sum, &value, &weight);
        for _ in 0..5 {
            self.close();
        }
    }

    fn weights_gradient(&mut self, node: &Node, convolution: &Convolution, at: &[Index], sum: &str) {
        let Convolution { window, groups } = convolution;
        let [gradient, source] = [node.operands[0], node.operands[1]];
        let (gradient_shape, source_shape) = (self.shape(gradient), self.shape(source));
        let weights_shape = node.ty.shape.known().expect("all sizes are known");
        let [o, c, ky, kx] = at else { unreachable!("weights have rank 4") };
        let group = o.div(signed(weights_shape[0] / groups));
        let channel = group.scale(signed(weights_shape[1])).add(c);
        let n = self.open_loop(gradient_shape[0]);
        let oy = self.open_loop(gradient_shape[2]);
        let y = self.open_source(window, 0, &oy, ky, source_shape[2]);
        let ox = self.open_loop(gradient_shape[3]);
        let x = self.open_source(window, 1, &ox, kx, source_shape[3]);
        let value = self.value(source, &[n.clone(), channel, y, x]);
        let factor = self.value(gradient, &[n, o.clone(), oy, ox]);
        self.multiply_add(sum, &value, &factor);
        for _ in 0..5 {
            self.close();
        }
    }
}
