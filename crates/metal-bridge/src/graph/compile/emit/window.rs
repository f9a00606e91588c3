//! Pooling.

use super::elementwise::wrapping;
use super::reduction::better;
use super::{Emitter, literal, register, rounded};
use crate::graph::compile::index::{Index, signed};
use crate::graph::data_type::TensorDataType;
use crate::graph::ir::op::Pooling;
use crate::graph::ir::{Node, NodeId, Op};

impl Emitter<'_> {
    pub(super) fn window(&mut self, node: &Node, at: &[Index]) -> String {
        let [n, c, y, x] = at else { unreachable!("images have rank 4") };
        let [image, place] = [[n, c], [y, x]];
        match &node.op {
            Op::MaxPool2d(pooling) => self.greatest(pooling, node.operands[0], image, place).value,
            Op::MaxPool2dSelect(pooling) => {
                let [source, values] = [node.operands[0], node.operands[1]];
                let data_type = node.ty.data_type;
                let greatest = self.greatest(pooling, source, image, place);
                let result = self.declare(register(data_type), &literal::small(data_type, 0));
                self.open(&format!("if ({})", greatest.found));
                let shape = self.shape(source);
                let var = self.var(greatest.place, shape[2] * shape[3]);
                let [y, x] = Index::var(var).unravel(&shape[2..]).try_into().expect("two axes");
                let value = self.value(values, &[n.clone(), c.clone(), y, x]);
                self.line(&format!("{result} = {value};"));
                self.close();
                result
            }
            Op::MaxPool2dGradient(pooling) => self.max_gradient(node, pooling, image, place),
            Op::AvgPool2d { pooling, count_padding } => {
                self.mean(node, pooling, *count_padding, image, place)
            }
            Op::AvgPool2dGradient { pooling, count_padding, .. } => {
                self.mean_gradient(node, pooling, *count_padding, image, place)
            }
            op => unreachable!("{} is no pooling", op.name()),
        }
    }

    /// The greatest element of a window.
    fn greatest(
        &mut self,
        pooling: &Pooling,
        source: NodeId,
        image: [&Index; 2],
        output: [&Index; 2],
    ) -> Greatest {
        /// Elements of a window that are written out: what several windows have in common is then found.
        const WRITTEN_OUT: usize = 16;
        let data_type = self.data_type(source);
        let greatest = Greatest {
            value: self.declare(register(data_type), &literal::least(data_type)),
            place: self.declare(self.index_type(), "0"),
            found: self.declare("bool", "false"),
        };
        let [rows, columns] = pooling.kernel;
        if rows * columns <= WRITTEN_OUT {
            for element in 0..rows * columns {
                let at = [element / columns, element % columns].map(|i| Index::constant(signed(i)));
                self.candidate(pooling, source, image, output, [&at[0], &at[1]], &greatest);
            }
        } else {
            let ky = self.open_loop(rows);
            let kx = self.open_loop(columns);
            self.candidate(pooling, source, image, output, [&ky, &kx], &greatest);
            self.close();
            self.close();
        }
        greatest
    }

    /// Compares an element of a window with the greatest one so far.
    fn candidate(
        &mut self,
        pooling: &Pooling,
        source: NodeId,
        [n, c]: [&Index; 2],
        [oy, ox]: [&Index; 2],
        [ky, kx]: [&Index; 2],
        Greatest { value: best, place, found }: &Greatest,
    ) {
        let data_type = self.data_type(source);
        let shape = self.shape(source);
        let y = self.open_source(&pooling.window, 0, oy, ky, shape[2]);
        let x = self.open_source(&pooling.window, 1, ox, kx, shape[3]);
        let value = self.value(source, &[n.clone(), c.clone(), y.clone(), x.clone()]);
        let beyond = better(data_type, true, &value, best);
        let taken = self.bind("bool", &format!("!{found} || ({beyond})"));
        self.line(&format!("{best} = {taken} ? {value} : {best};"));
        let own = self.index(&Index::ravel(&[y, x], &shape[2..]));
        self.line(&format!("{place} = {taken} ? {own} : {place};"));
        self.line(&format!("{found} = true;"));
        self.close();
        self.close();
    }

    fn max_gradient(
        &mut self,
        node: &Node,
        pooling: &Pooling,
        image: [&Index; 2],
        [y, x]: [&Index; 2],
    ) -> String {
        let [gradient, source] = [node.operands[0], node.operands[1]];
        let data_type = node.ty.data_type;
        let (outputs, shape) = (self.shape(gradient), self.shape(source));
        let sum = self.declare(register(data_type), &literal::small(data_type, 0));
        let oy = self.open_windows(pooling, 0, y, outputs[2]);
        let ox = self.open_windows(pooling, 1, x, outputs[3]);
        let greatest = self.greatest(pooling, source, image, [&oy, &ox]);
        let own = self.index(&Index::ravel(&[y.clone(), x.clone()], &shape[2..]));
        let chosen = self.bind("bool", &format!("{} && {} == {own}", greatest.found, greatest.place));
        let value = self.value(gradient, &[image[0].clone(), image[1].clone(), oy, ox]);
        let added = if data_type.is_float() {
            format!("{sum} + {value}")
        } else {
            wrapping(data_type, "+", &sum, &value)
        };
        self.line(&format!("{sum} = {chosen} ? {added} : {sum};"));
        for _ in 0..4 {
            self.close();
        }
        self.bind_rounded(data_type, &sum)
    }

    fn mean(
        &mut self,
        node: &Node,
        pooling: &Pooling,
        count_padding: bool,
        [n, c]: [&Index; 2],
        [oy, ox]: [&Index; 2],
    ) -> String {
        let source = node.operands[0];
        let shape = self.shape(source);
        let sum = self.declare("float", "0.0f");
        let count = self.declare("uint", "0");
        let ky = self.open_loop(pooling.kernel[0]);
        let y = self.open_source(&pooling.window, 0, oy, &ky, shape[2]);
        let kx = self.open_loop(pooling.kernel[1]);
        let x = self.open_source(&pooling.window, 1, ox, &kx, shape[3]);
        let value = self.value(source, &[n.clone(), c.clone(), y, x]);
        self.line(&format!("{sum} = {sum} + {value};"));
        self.line(&format!("{count} = {count} + 1;"));
        for _ in 0..4 {
            self.close();
        }
        let divisor = if count_padding {
            literal::float(pooling.kernel[0] as f32 * pooling.kernel[1] as f32)
        } else {
            format!("float({count} > 0 ? {count} : 1)")
        };
        self.bind("float", &rounded(node.ty.data_type, &format!("{sum} / {divisor}")))
    }

    fn mean_gradient(
        &mut self,
        node: &Node,
        pooling: &Pooling,
        count_padding: bool,
        [n, c]: [&Index; 2],
        [y, x]: [&Index; 2],
    ) -> String {
        let gradient = node.operands[0];
        let outputs = self.shape(gradient);
        let shape = node.ty.shape.known().expect("all sizes are known");
        let sum = self.declare("float", "0.0f");
        let oy = self.open_windows(pooling, 0, y, outputs[2]);
        let ox = self.open_windows(pooling, 1, x, outputs[3]);
        let value = self.value(gradient, &[n.clone(), c.clone(), oy.clone(), ox.clone()]);
        let divisor = if count_padding {
            literal::float(pooling.kernel[0] as f32 * pooling.kernel[1] as f32)
        } else {
            let rows = self.count(pooling, 0, &oy, shape[2]);
            let columns = self.count(pooling, 1, &ox, shape[3]);
            format!("float({rows} * {columns})")
        };
        self.line(&format!("{sum} = {sum} + {value} / {divisor};"));
        for _ in 0..4 {
            self.close();
        }
        let data_type: TensorDataType = node.ty.data_type;
        self.bind_rounded(data_type, &sum)
    }

    /// Opens two blocks, in which all windows that a source position lies in are gone through along an axis, and
    /// gives the window's position.
    fn open_windows(&mut self, pooling: &Pooling, axis: usize, source: &Index, outputs: usize) -> Index {
        let (window, size) = (&pooling.window, pooling.kernel[axis]);
        if overlap(pooling, axis) {
            let element = self.open_loop(size);
            return self.open_window(window, axis, source, &element, outputs);
        }
        let (stride, dilation) = (window.strides[axis], window.dilations[axis]);
        let shifted = source.offset(signed(window.padding[axis][0]));
        let position = shifted.div(signed(stride));
        let within = shifted.rem(signed(stride));
        let mut conditions = Vec::new();
        if position.range().1 >= signed(outputs) {
            conditions.push(format!("{} < {}", self.index(&position), self.number(outputs)));
        }
        if dilation > 1 {
            conditions.push(format!("{} % {} == 0", self.index(&within), self.number(dilation)));
        }
        if within.range().1 > signed((size - 1) * dilation) {
            conditions.push(format!("{} <= {}", self.index(&within), self.number((size - 1) * dilation)));
        }
        self.open("");
        let position = self.index(&position);
        let index = self.bind_index(&position, outputs).1;
        if conditions.is_empty() {
            self.open("");
        } else {
            self.open(&format!("if ({})", conditions.join(" && ")));
        }
        index
    }

    /// How many elements of a window are no padding along an axis.
    fn count(&mut self, pooling: &Pooling, axis: usize, output: &Index, size: usize) -> String {
        let count = self.declare("uint", "0");
        let element = self.open_loop(pooling.kernel[axis]);
        self.open_source(&pooling.window, axis, output, &element, size);
        self.line(&format!("{count} = {count} + 1;"));
        self.close();
        self.close();
        count
    }
}

/// Whether some element of the source may lie in two windows along an axis.
pub(crate) fn overlap(pooling: &Pooling, axis: usize) -> bool {
    let extent = (pooling.kernel[axis] - 1).checked_mul(pooling.window.dilations[axis]);
    extent.is_none_or(|extent| extent >= pooling.window.strides[axis])
}

/// Names of the greatest element of a window, of its index in the image, and of whether there is one.
struct Greatest {
    value: String,
    place: String,
    found: String,
}
