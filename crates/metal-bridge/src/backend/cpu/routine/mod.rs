//! Products and convolutions, cut into units for the workers.
//!
//! How they are cut depends on sizes alone, so that results are the same bits whatever the number of threads.

mod convolution;
mod correlation;
mod direct;
mod epilogue;
mod gemm;
mod matmul;
mod patches;
mod planes;
mod pooling;
mod registers;
#[cfg(test)]
mod tests;
mod turn;
mod winograd;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use msl_types::KernelFault;

use super::region::{Cost, Scratch, Work};
use super::work::address;
use crate::backend::routine::{Conv2d, Epilogue, MatMul, MaxPool2d, Routine};
use crate::backend::{Binding, RoutineCall};
use correlation::Correlation;
use direct::Direct;
use matmul::Dense;
use winograd::{WinogradConvolution, WinogradGradient};

/// How a routine is computed.
#[derive(Clone, Debug)]
enum Method {
    MatMul(MatMul),
    Dense(Dense),
    Direct(Direct, Epilogue),
    Correlation(Correlation),
    Winograd(WinogradConvolution, Epilogue),
    WinogradGradient(WinogradGradient),
    Patches(Conv2d, Epilogue),
    DataPatches(Conv2d),
    WeightsPatches(Conv2d),
    MaxPoolGradient(MaxPool2d),
}

impl Method {
    /// The best one.
    fn of(routine: &Routine) -> Self {
        Self::all(routine).swap_remove(0)
    }

    /// The best one if the second operand never changes.
    fn with_constant(routine: &Routine) -> Self {
        let dense = match routine {
            Routine::MatMul(sizes) => Dense::of(sizes),
            _ => None,
        };
        dense.map_or_else(|| Self::of(routine), Self::Dense)
    }

    /// Elements of the form that the second operand is laid out in by the first phase, which does nothing else.
    fn layout(&self) -> usize {
        match self {
            Self::Dense(dense) => dense.elements(),
            Self::Direct(direct, _) => direct.weights(),
            Self::Winograd(convolution, _) => convolution.weights(),
            _ => 0,
        }
    }

    /// All that there are for a routine whose operands may change, the best one first.
    fn all(routine: &Routine) -> Vec<Self> {
        let none = Epilogue::default();
        let (best, better, general) = match routine {
            Routine::MatMul(sizes) => (None, None, Self::MatMul(sizes.clone())),
            Routine::Conv2d(sizes, epilogue) => (
                WinogradConvolution::forward(sizes).map(|method| Self::Winograd(method, *epilogue)),
                Direct::forward(sizes).map(|direct| Self::Direct(direct, *epilogue)),
                Self::Patches(*sizes, *epilogue),
            ),
            Routine::Conv2dDataGradient(sizes) => (
                WinogradConvolution::data_gradient(sizes).map(|method| Self::Winograd(method, none)),
                Direct::data_gradient(sizes).map(|direct| Self::Direct(direct, none)),
                Self::DataPatches(*sizes),
            ),
            Routine::Conv2dWeightsGradient(sizes) => (
                WinogradGradient::of(sizes).map(Self::WinogradGradient),
                Correlation::of(sizes).map(Self::Correlation),
                Self::WeightsPatches(*sizes),
            ),
            Routine::MaxPool2dGradient(sizes) => (None, None, Self::MaxPoolGradient(*sizes)),
        };
        best.into_iter().chain(better).chain([general]).collect()
    }

    /// About what a worker would take for all of it, in nanoseconds.
    fn time(&self, routine: &Routine) -> f64 {
        /// Operations in a nanosecond.
        const FLOPS: f64 = 40.0;
        match self {
            Self::MaxPoolGradient(sizes) => (sizes.planes * sizes.source_area()) as f64,
            _ => routine.flops() / FLOPS,
        }
    }

    /// Elements of temporary memory beside what workers have. With some, there are two phases.
    fn scratch(&self) -> usize {
        match self {
            Self::MatMul(sizes) => matmul::partial_sums(sizes),
            Self::Dense(_) | Self::Direct(..) | Self::Winograd(..) => self.layout(),
            Self::Correlation(correlation) => correlation.partial_sums(),
            Self::WinogradGradient(gradient) => gradient.partial_sums(),
            Self::WeightsPatches(sizes) => convolution::partial_sums(sizes),
            Self::Patches(..) | Self::DataPatches(_) | Self::MaxPoolGradient(_) => 0,
        }
    }
}

/// Elements of temporary memory that a routine needs beside what its workers have.
pub(super) fn scratch(routine: &Routine) -> usize {
    Method::of(routine).scratch()
}

/// Elements of the form that a routine likes a second operand in that never changes; 0 if it likes it as it is.
pub(super) fn layout(routine: &Routine) -> usize {
    Method::with_constant(routine).layout()
}

/// Writes that form.
///
/// # Safety
///
/// The bindings are as large as the operand and its form, and nobody else accesses them meanwhile.
pub(super) unsafe fn lay_out(routine: &Routine, operand: &Binding, to: &Binding) {
    let at = |binding: &Binding| address(binding).address.cast::<f32>();
    let work = RoutineWork {
        method: Method::with_constant(routine),
        phase: 0,
        name: routine.name(),
        time: 0.0,
        operands: [std::ptr::null(), at(operand).cast_const()],
        bias: std::ptr::null(),
        result: std::ptr::null_mut(),
        scratch: at(to),
    };
    let done = work.run(0..work.units(), &AtomicBool::new(false), &mut Scratch::default());
    done.expect("routines have no faults");
}

/// One phase of a routine; each begins when the one before has ended. Holds addresses only: the submission keeps
/// the memory alive.
pub(super) struct RoutineWork {
    method: Method,
    phase: usize,
    name: &'static str,
    /// What all units take, in nanoseconds; only to tell small work from large.
    time: f64,
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

impl RoutineWork {
    /// The phases of a call.
    ///
    /// # Safety
    ///
    /// They may be run only while the call lives and its command buffer is in flight.
    pub(super) unsafe fn phases(call: &RoutineCall) -> impl Iterator<Item = Self> {
        // SAFETY: by the promise of this function.
        unsafe {
            let method =
                if call.laid_out { Method::with_constant(&call.routine) } else { Method::of(&call.routine) };
            Self::phases_of(method, call)
        }
    }

    /// The phases of a call that is computed by some method of its routine.
    ///
    /// # Safety
    ///
    /// As for [`phases`](Self::phases); the call has as much temporary memory as the method asks for.
    unsafe fn phases_of(method: Method, call: &RoutineCall) -> impl Iterator<Item = Self> {
        let is_two = method.scratch() > 0;
        let first = if call.laid_out { 1 } else { 0 };
        let end = if is_two { 2 } else { 1 };
        let at = |binding: &Binding| address(binding).address.cast::<f32>();
        let operands = call.operands.each_ref().map(|operand| at(operand).cast_const());
        let optional = |binding: &Option<Binding>| binding.as_ref().map_or(std::ptr::null_mut(), &at);
        let result = at(&call.result);
        let scratch = match (call.laid_out, is_two) {
            // Only read by the second phase.
            (true, _) => operands[1].cast_mut(),
            (false, true) => optional(&call.scratch),
            (false, false) => std::ptr::null_mut(),
        };
        let bias = optional(&call.bias).cast_const();
        let (name, time) = (call.routine.name(), method.time(&call.routine));
        (first..end).map(move |phase| Self {
            method: method.clone(),
            phase,
            name,
            time,
            operands,
            bias,
            result,
            scratch,
        })
    }

    pub(super) fn units(&self) -> u64 {
        let units = match (&self.method, self.phase) {
            (Method::MatMul(sizes), 0) => matmul::units(sizes),
            (Method::MatMul(sizes), _) => matmul::sum_units(sizes),
            (Method::Dense(dense), 0) => dense.lay_out_units(),
            (Method::Dense(dense), _) => matmul::units(dense.sizes()),
            (Method::Direct(direct, _), 0) => direct.weight_units(),
            (Method::Direct(direct, _), _) => direct.units(),
            (Method::Correlation(correlation), 0) => correlation.units(),
            (Method::Correlation(correlation), _) => correlation.sum_units(),
            (Method::Winograd(convolution, _), 0) => convolution.weight_units(),
            (Method::Winograd(convolution, _), _) => convolution.units(),
            (Method::WinogradGradient(gradient), 0) => gradient.units(),
            (Method::WinogradGradient(gradient), _) => gradient.sum_units(),
            (Method::Patches(sizes, _), _) => convolution::forward_units(sizes),
            (Method::DataPatches(sizes), _) => convolution::data_gradient_units(sizes),
            (Method::WeightsPatches(sizes), 0) => convolution::weights_gradient_units(sizes),
            (Method::WeightsPatches(sizes), _) => convolution::sum_units(sizes),
            (Method::MaxPoolGradient(sizes), _) => pooling::units(sizes),
        };
        units as u64
    }

    /// What a unit will cost.
    pub(super) fn cost(&self) -> Cost {
        let cost = Cost::default();
        let nanoseconds = self.time / self.units() as f64;
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
        for unit in units {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let unit = unit as usize;
            // SAFETY: who encoded the call has checked that operands, bias, result and scratch are as large as the
            // routine's sizes say, and aligned; by the promise of `phases` the memory is alive and nobody else
            // writes to it; each unit writes what no other unit touches.
            unsafe {
                match (&self.method, self.phase) {
                    (Method::MatMul(sizes), 0) => {
                        let result = if self.scratch.is_null() { self.result } else { self.scratch };
                        matmul::unit(sizes, unit, [first, second, self.bias], result, panel);
                    }
                    (Method::MatMul(sizes), _) => {
                        matmul::sum(sizes, unit, self.scratch, self.bias, self.result);
                    }
                    (Method::Dense(dense), 0) => dense.lay_out(unit, second, self.scratch),
                    (Method::Dense(dense), _) => {
                        let from = [first, self.scratch.cast_const(), self.bias];
                        matmul::unit(dense.sizes(), unit, from, self.result, panel);
                    }
                    (Method::Direct(direct, _), 0) => direct.lay_out(unit, second, self.scratch),
                    (Method::Direct(direct, epilogue), _) => {
                        let from = [first, self.scratch.cast_const(), self.bias];
                        direct.unit(*epilogue, unit, from, self.result, panel);
                    }
                    (Method::Correlation(correlation), 0) => {
                        correlation.unit(unit, [first, second], self.scratch, panel);
                    }
                    (Method::Correlation(correlation), _) => {
                        correlation.sum(unit, self.scratch, self.result);
                    }
                    (Method::Winograd(convolution, _), 0) => {
                        convolution.lay_out(unit, second, self.scratch, panel);
                    }
                    (Method::Winograd(convolution, epilogue), _) => {
                        let from = [first, self.scratch.cast_const(), self.bias];
                        convolution.unit(*epilogue, unit, from, self.result, panel);
                    }
                    (Method::WinogradGradient(gradient), 0) => {
                        gradient.unit(unit, [first, second], self.scratch, panel);
                    }
                    (Method::WinogradGradient(gradient), _) => {
                        gradient.sum(unit, self.scratch, self.result);
                    }
                    (Method::Patches(sizes, epilogue), _) => {
                        let from = [first, second, self.bias];
                        convolution::forward(sizes, *epilogue, unit, from, self.result, panel);
                    }
                    (Method::DataPatches(sizes), _) => {
                        convolution::data_gradient(sizes, unit, first, second, self.result, panel);
                    }
                    (Method::WeightsPatches(sizes), 0) => {
                        convolution::weights_gradient(sizes, unit, first, second, self.scratch, panel);
                    }
                    (Method::WeightsPatches(sizes), _) => {
                        convolution::sum(sizes, unit, self.scratch, self.result);
                    }
                    (Method::MaxPoolGradient(sizes), _) => {
                        pooling::unit(sizes, unit, [first, second], self.result);
                    }
                }
            }
        }
        Ok(())
    }

    fn name(&self) -> &str {
        self.name
    }
}
