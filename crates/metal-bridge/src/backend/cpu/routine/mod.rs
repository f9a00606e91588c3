//! Products and convolutions, cut into units for the workers.
//!
//! How they are cut depends on sizes alone, so that results are the same bits whatever the number of threads.

mod convolution;
mod direct;
mod epilogue;
mod gemm;
mod matmul;
mod patches;
mod planes;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use msl_types::KernelFault;

use super::region::{Cost, Scratch, Work};
use super::work::address;
use crate::backend::routine::Routine;
use crate::backend::{Binding, RoutineCall};
use direct::Direct;

/// Elements of temporary memory that a routine needs beside what its workers have.
pub(super) fn scratch(routine: &Routine) -> usize {
    match routine {
        Routine::MatMul(sizes) => matmul::partial_sums(sizes),
        Routine::Conv2dWeightsGradient(sizes) => convolution::partial_sums(sizes),
        Routine::Conv2d(..) | Routine::Conv2dDataGradient(_) => {
            direct(routine).map_or(0, |direct| direct.weights())
        }
    }
}

/// The routine as a convolution without patches, if it is better so.
fn direct(routine: &Routine) -> Option<Direct> {
    match routine {
        Routine::Conv2d(sizes, _) => Direct::forward(sizes),
        Routine::Conv2dDataGradient(sizes) => Direct::data_gradient(sizes),
        _ => None,
    }
}

/// One phase of a routine; each begins when the one before has ended. Holds addresses only: the submission keeps
/// the memory alive.
pub(super) struct RoutineWork {
    routine: Routine,
    phase: usize,
    operands: [*const f32; 2],
    /// Null without one.
    bias: *const f32,
    result: *mut f32,
    scratch: *mut f32,
}

// SAFETY: the addresses are of memory that any thread may access; that it is sound to do so while the work is
// being done is the promise of `RoutineWork::phases`.
unsafe impl Send for RoutineWork {}
// SAFETY: as for `Send`; units write to different parts of the result.
unsafe impl Sync for RoutineWork {}

/// What a worker can be expected to reach, in operations per nanosecond; only to tell small work from large.
const FLOPS: f64 = 40.0;

impl RoutineWork {
    /// The phases of a call.
    ///
    /// # Safety
    ///
    /// They may be run only while the call lives and its command buffer is in flight.
    pub(super) unsafe fn phases(call: &RoutineCall) -> impl Iterator<Item = Self> {
        // Partial sums are added up when all are there.
        let count = if scratch(&call.routine) > 0 { 2 } else { 1 };
        let at = |binding: &Binding| address(binding).address.cast::<f32>();
        let operands = call.operands.each_ref().map(|operand| at(operand).cast_const());
        let optional = |binding: &Option<Binding>| binding.as_ref().map_or(std::ptr::null_mut(), &at);
        let (result, scratch) = (at(&call.result), optional(&call.scratch));
        let bias = optional(&call.bias).cast_const();
        let routine = call.routine.clone();
        (0..count).map(move |phase| Self { routine: routine.clone(), phase, operands, bias, result, scratch })
    }

    pub(super) fn units(&self) -> u64 {
        if let Some(direct) = direct(&self.routine) {
            return if self.phase == 0 { direct.weight_units() } else { direct.units() } as u64;
        }
        let units = match (&self.routine, self.phase) {
            (Routine::MatMul(sizes), 0) => matmul::units(sizes),
            (Routine::MatMul(sizes), _) => matmul::sum_units(sizes),
            (Routine::Conv2d(sizes, _), _) => convolution::forward_units(sizes),
            (Routine::Conv2dDataGradient(sizes), _) => convolution::data_gradient_units(sizes),
            (Routine::Conv2dWeightsGradient(sizes), 0) => convolution::weights_gradient_units(sizes),
            (Routine::Conv2dWeightsGradient(sizes), _) => convolution::sum_units(sizes),
        };
        units as u64
    }

    /// What a unit will cost.
    pub(super) fn cost(&self) -> Cost {
        let cost = Cost::default();
        let nanoseconds = self.routine.flops() / FLOPS / self.units() as f64;
        cost.learn(1.0, std::time::Duration::from_nanos(nanoseconds as u64 + 1));
        cost
    }
}

impl Work for RoutineWork {
    fn run(
        &self,
        units: Range<u64>,
        stop: &AtomicBool,
        scratch: &mut Scratch,
    ) -> Result<(), Box<KernelFault>> {
        let ([first, second], panel) = (self.operands, &mut scratch.panel);
        let direct = direct(&self.routine);
        for unit in units {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let unit = unit as usize;
            if let Some(direct) = direct {
                // SAFETY: as below.
                unsafe {
                    if self.phase == 0 {
                        direct.lay_out(unit, second, self.scratch);
                    } else {
                        let from = [first, self.scratch, self.bias];
                        direct.unit(self.routine.epilogue(), unit, from, self.result, panel);
                    }
                }
                continue;
            }
            // SAFETY: who encoded the call has checked that operands, bias, result and scratch are as large as the
            // routine's sizes say, and aligned; by the promise of `phases` the memory is alive and nobody else
            // writes to it; each unit writes what no other unit touches.
            unsafe {
                match (&self.routine, self.phase) {
                    (Routine::MatMul(sizes), 0) => {
                        let result = if self.scratch.is_null() { self.result } else { self.scratch };
                        matmul::unit(sizes, unit, [first, second, self.bias], result, panel);
                    }
                    (Routine::MatMul(sizes), _) => {
                        matmul::sum(sizes, unit, self.scratch, self.bias, self.result);
                    }
                    (Routine::Conv2d(sizes, epilogue), _) => {
                        let from = [first, second, self.bias];
                        convolution::forward(sizes, *epilogue, unit, from, self.result, panel);
                    }
                    (Routine::Conv2dDataGradient(sizes), _) => {
                        convolution::data_gradient(sizes, unit, first, second, self.result, panel);
                    }
                    (Routine::Conv2dWeightsGradient(sizes), 0) => {
                        convolution::weights_gradient(sizes, unit, first, second, self.scratch, panel);
                    }
                    (Routine::Conv2dWeightsGradient(sizes), _) => {
                        convolution::sum(sizes, unit, self.scratch, self.result);
                    }
                }
            }
        }
        Ok(())
    }

    fn name(&self) -> &str {
        self.routine.name()
    }
}
