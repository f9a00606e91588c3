//! Operations with indices.

use super::super::build::Call;
use super::super::ir::Op;
use super::{Parts, Rule};

pub(super) fn gather(rule: &Rule<'_>, call: &mut Call<'_>, axis: usize, batch: usize) -> Parts {
    let (x, indices, g) = (rule.operand(0), rule.operand(1), rule.gradient);
    let zeros = call.fill_like(x, 0.0)?;
    Ok(vec![(0, call.add(Op::ScatterAdd { axis, batch }, &[zeros, indices, g])?)])
}

pub(super) fn scatter_add(rule: &Rule<'_>, call: &mut Call<'_>, axis: usize, batch: usize) -> Parts {
    let (indices, g) = (rule.operand(1), rule.gradient);
    rule.each(call, &[(0, &|_| Ok(g)), (2, &|call| call.add(Op::Gather { axis, batch }, &[g, indices]))])
}
