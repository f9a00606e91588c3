//! Each instruction as LLVM's: once for all threads, once for a row, or once for its lanes.

use std::mem::offset_of;

use super::values::Emitted;
use super::{Emitter, arithmetic, atomic, collective};
use crate::kernel::{Axis, Cast, Inst, LaunchValue, Op, Type, Value};
use crate::runtime::GroupContext;
use crate::simt::Threads;
use crate::simt::code::{Form, Operand};
use crate::simt::origin::Origin;
use crate::simt::shape::{Lanes, signed, trailing_zeros};

impl Emitter<'_> {
    pub(super) fn instruction(&mut self, inst: Inst) -> Result<(), String> {
        let data = &self.function.instructions[inst];
        let (op, operands, results) = (data.op, data.operands.clone(), data.results.clone());
        match op {
            // Offsets start at 0.
            Op::Argument(_) | Op::Variable(_) => self.define_scalars(results[0], |_, _| Operand::int(0)),
            Op::Launch(value, axis) => {
                let value = self.launch_value(value, axis);
                self.define_scalars(results[0], |_, _| value.clone());
            }
            Op::ThreadPosition(axis) => self.position(results[0], axis, false),
            Op::GridPosition(axis) => self.position(results[0], axis, true),
            Op::ThreadIndex => self.define_scalars(results[0], Self::first_of),
            Op::SimdLane => self.define_scalars(results[0], |_, _| Operand::int(0)),
            Op::Load(access) => self.whole_mask(results[0], |this| this.load(inst, access))?,
            Op::Store(access) => self.store(inst, access)?,
            Op::Modify(_) | Op::CompareExchange => self.atomic(inst)?,
            Op::CopyMemory | Op::SetMemory => self.bytes_of_lanes(inst),
            Op::Fence => self.code.effect("fence acq_rel"),
            Op::ThreadgroupBarrier => self.wait(),
            Op::SimdgroupBarrier => {}
            Op::Ballot | Op::Shuffle | Op::Collective(_) => self.exchange(inst)?,
            Op::Unreachable => self.unreachable(inst),
            Op::PtrAdd => self.pure(inst, Op::Binary(crate::kernel::Binary::Add))?,
            // The offset from address 0.
            Op::Cast(Cast::Space | Cast::IntToPtr) => {
                let emitted = self.shaped_as(operands[0], results[0]);
                self.define(results[0], emitted);
            }
            Op::Cast(Cast::PtrToInt) => self.address(results[0], operands[0]),
            Op::IntCompare(_) if self.function.ty(operands[0]).is_pointer() => self.compare_pointers(inst)?,
            _ => self.pure(inst, op)?,
        }
        Ok(())
    }

    fn define_scalars(&mut self, value: Value, mut each: impl FnMut(&mut Self, usize) -> Operand) {
        let scalars = (0..self.rows_of(value)).map(|row| each(self, row)).collect();
        self.define(value, Emitted { scalars, ..Emitted::default() });
    }

    /// Runs `work`, which makes one value for all rows, with the lanes that any row has active.
    fn whole_mask<T>(&mut self, value: Value, work: impl FnOnce(&mut Self) -> T) -> T {
        if self.rows_of(value) == self.rows() || self.active.as_ref().is_none_or(|masks| masks.len() == 1) {
            return work(self);
        }
        let masks = self.active.clone().unwrap_or_default();
        let mask_ty = self.mask_type();
        let mut all = masks[0].clone();
        for mask in &masks[1..] {
            all = self.code.value(format_args!("or {mask_ty} {all}, {mask}"));
        }
        self.active = Some(vec![all]);
        let result = work(self);
        self.active = Some(masks);
        result
    }

    /// An operation on values alone.
    fn pure(&mut self, inst: Inst, op: Op) -> Result<(), String> {
        let data = &self.function.instructions[inst];
        let (operands, results, fast_math) = (data.operands.clone(), data.results.clone(), data.fast_math);
        let types: Vec<Type> = operands.iter().map(|v| self.function.ty(*v)).collect();
        let result_types: Vec<Type> = results.iter().map(|v| self.function.ty(*v)).collect();
        let lanes = self.lanes_of(results[0]);
        let mut all = vec![Emitted::default(); results.len()];
        for row in 0..self.rows_of(results[0]) {
            if lanes != Lanes::Varying {
                let scalars: Vec<Operand> =
                    operands.iter().map(|v| self.operand_in(*v, results[0], row, false)).collect();
                let found = arithmetic::emit(
                    &mut self.code,
                    op,
                    fast_math,
                    &scalars,
                    &types,
                    &result_types,
                    Form::Scalar,
                )?;
                for (emitted, found) in all.iter_mut().zip(found) {
                    emitted.scalars.push(found);
                }
            }
            if matches!(lanes, Lanes::Varying | Lanes::Speculative(_)) {
                let vectors: Vec<Operand> =
                    operands.iter().map(|v| self.operand_in(*v, results[0], row, true)).collect();
                let form = self.lane_form();
                let found =
                    arithmetic::emit(&mut self.code, op, fast_math, &vectors, &types, &result_types, form)?;
                for (emitted, found) in all.iter_mut().zip(found) {
                    emitted.vectors.push(found);
                }
            }
            if matches!(lanes, Lanes::Speculative(_)) {
                let valid = self.stays_affine(op, &operands, row);
                all[0].valid.push(valid);
            }
        }
        for (result, emitted) in results.iter().zip(all) {
            self.define(*result, emitted);
        }
        Ok(())
    }

    /// An operand of an operation, whose null pointer is one into the memory of its result.
    fn operand_in(&mut self, value: Value, result: Value, row: usize, vector: bool) -> Operand {
        let null = self.function.ty(value).is_pointer()
            && self.function.ty(result).is_pointer()
            && self.origins.of(value) == Origin::Null
            && matches!(self.origins.of(result), Origin::Argument(_) | Origin::Variable(_));
        if null {
            let start = self.start_of(self.origins.of(result));
            let offset = self.code.value(format_args!("sub i64 0, {start}"));
            return if vector { self.code.splat("i64", &offset) } else { offset };
        }
        if vector { self.vector(value, row) } else { self.base(value, row) }
    }

    /// Whether a value that shall be affine is: its operands are, and it does not wrap where it is widened.
    fn stays_affine(&mut self, op: Op, operands: &[Value], row: usize) -> Operand {
        let mut conditions: Vec<Operand> = operands
            .iter()
            .filter(|v| matches!(self.lanes_of(**v), Lanes::Speculative(_)))
            .copied()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|v| self.valid(v, row))
            .collect();
        if let Op::Cast(cast @ (Cast::ZExt | Cast::SExt)) = op
            && let Lanes::Affine(stride) | Lanes::Speculative(stride) = self.lanes_of(operands[0])
        {
            let ty = self.function.ty(operands[0]);
            let name = Form::Scalar.of(ty);
            let base = self.base(operands[0], row);
            let bits = ty.bits();
            let reach = i128::from(stride.unsigned_abs()) * i128::from(self.lanes() - 1);
            let (least, most) = match cast {
                Cast::ZExt => (0, (1i128 << bits) - 1),
                _ => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
            };
            let order = if cast == Cast::ZExt { "u" } else { "s" };
            let (predicate, bound) = if stride >= 0 { ("le", most - reach) } else { ("ge", least + reach) };
            let inside = (least..=most).contains(&bound);
            conditions.push(if inside {
                let bound = signed(bound as u128, ty);
                self.code.value(format_args!("icmp {order}{predicate} {name} {base}, {bound}"))
            } else {
                Operand::new("false")
            });
        }
        self.all_of(&conditions)
    }

    /// Positions of threads: in the grid or in the threadgroup.
    fn position(&mut self, value: Value, axis: Axis, in_grid: bool) {
        let start = |this: &mut Self, row: usize| -> Operand {
            let (x, y) = this.row_position(row as u32);
            match axis {
                Axis::X => x,
                Axis::Y => y,
                Axis::Z => Operand::new("%z"),
            }
        };
        let from_group = in_grid && self.plan.threads != Threads::Grid;
        let group = from_group.then(|| {
            let group = self.launch_value(LaunchValue::ThreadgroupPositionInGrid, axis);
            let size = self.launch_value(LaunchValue::DispatchThreadsPerThreadgroup, axis);
            self.code.value(format_args!("mul i32 {group}, {size}"))
        });
        if self.plan.threads != Threads::General {
            self.define_scalars(value, |this, row| {
                let own = start(this, row);
                match &group {
                    Some(group) => this.code.value(format_args!("add i32 {group}, {own}")),
                    None => own,
                }
            });
            return;
        }
        let mut vector = self.place_in_group(axis);
        if let Some(group) = group {
            let words = self.lane_form().wrap("i32");
            let group = self.code.splat("i32", &group);
            vector = self.code.value(format_args!("add {words} {vector}, {group}"));
        }
        self.define(value, Emitted { vectors: vec![vector], ..Emitted::default() });
    }

    /// Positions in the threadgroup of lanes that may lie in several of its rows.
    fn place_in_group(&mut self, axis: Axis) -> Operand {
        let (ty, wide) = (self.lane_form().wrap("i32"), self.lane_form().wrap("double"));
        let index = self.ramp(Type::I32, &Operand::new("%first"), 1);
        let width = self.launch_value(LaunchValue::ThreadsPerThreadgroup, Axis::X);
        let height = self.launch_value(LaunchValue::ThreadsPerThreadgroup, Axis::Y);
        let mut divide = |a: &Operand, b: &Operand| -> (Operand, Operand) {
            // Both are far below 2^31, and a quotient of doubles of such numbers is exact when rounded down.
            let b = self.code.splat("i32", b);
            let x = self.code.value(format_args!("sitofp {ty} {a} to {wide}"));
            let y = self.code.value(format_args!("sitofp {ty} {b} to {wide}"));
            let q = self.code.value(format_args!("fdiv {wide} {x}, {y}"));
            let q = self.code.value(format_args!("fptosi {wide} {q} to {ty}"));
            let product = self.code.value(format_args!("mul {ty} {q}, {b}"));
            let rest = self.code.value(format_args!("sub {ty} {a}, {product}"));
            (q, rest)
        };
        let (line, x) = divide(&index, &width);
        if axis == Axis::X {
            return x;
        }
        let (z, y) = divide(&line, &height);
        if axis == Axis::Y { y } else { z }
    }

    fn launch_value(&mut self, value: LaunchValue, axis: Axis) -> Operand {
        self.launch[&launch_offset(value, axis)].clone()
    }

    /// Where the context has the values of the launch that the kernel uses.
    pub(super) fn launch_offsets(&self) -> Vec<u64> {
        let mut offsets = Vec::new();
        let group = self.plan.threads != Threads::Grid;
        for block in &self.nest.order {
            for inst in &self.function.blocks[*block].instructions {
                match self.function.instructions[*inst].op {
                    Op::Launch(value, axis) => offsets.push(launch_offset(value, axis)),
                    Op::GridPosition(axis) if group => {
                        offsets.push(launch_offset(LaunchValue::ThreadgroupPositionInGrid, axis));
                        offsets.push(launch_offset(LaunchValue::DispatchThreadsPerThreadgroup, axis));
                    }
                    _ => {}
                }
            }
        }
        if self.plan.threads == Threads::General {
            offsets.extend([Axis::X, Axis::Y].map(|a| launch_offset(LaunchValue::ThreadsPerThreadgroup, a)));
        }
        offsets
    }

    /// A pointer's address as an integer.
    fn address(&mut self, result: Value, pointer: Value) {
        let emitted = self.addresses_as_integers(pointer, result);
        self.define(result, emitted);
    }

    fn addresses_as_integers(&mut self, pointer: Value, result: Value) -> Emitted {
        let rows = self.rows_of(result);
        let ty = self.function.ty(result);
        let to = |form: Form| form.of(ty);
        let mut emitted = Emitted::default();
        let varying = self.lanes_of(result) == Lanes::Varying;
        for row in 0..rows {
            if !varying {
                let sum = self.address_of(pointer, row);
                let sum = if ty.bits() < 64 {
                    self.code.value(format_args!("trunc i64 {sum} to {}", to(Form::Scalar)))
                } else {
                    sum
                };
                emitted.scalars.push(sum);
            }
            if varying {
                let mut addresses = self.addresses_of(pointer, row);
                if ty.bits() < 64 {
                    let to = to(self.lane_form());
                    let longs = self.lane_form().wrap("i64");
                    addresses = self.code.value(format_args!("trunc {longs} {addresses} to {to}"));
                }
                emitted.vectors.push(addresses);
            }
        }
        emitted
    }

    /// Pointers into one memory compare as their offsets, others as addresses.
    fn compare_pointers(&mut self, inst: Inst) -> Result<(), String> {
        let data = &self.function.instructions[inst];
        let (operands, result, op) = (data.operands.clone(), data.results[0], data.op);
        let origin = self.origins.of(operands[0]);
        if origin == self.origins.of(operands[1]) && origin != Origin::Several {
            return self.pure(inst, op);
        }
        let mut emitted = Emitted::default();
        let uniform = self.lanes_of(result) == Lanes::Uniform;
        for row in 0..self.rows_of(result) {
            let form = if uniform { Form::Scalar } else { self.lane_form() };
            let mut sides = Vec::new();
            for pointer in &operands {
                sides.push(match uniform {
                    true => self.address_of(*pointer, row),
                    false => self.addresses_of(*pointer, row),
                });
            }
            let fast_math = self.function.instructions[inst].fast_math;
            let types = [Type::I64, Type::I64];
            let found = arithmetic::emit(&mut self.code, op, fast_math, &sides, &types, &[Type::I1], form)?;
            let list = if uniform { &mut emitted.scalars } else { &mut emitted.vectors };
            list.extend(found);
        }
        self.define(result, emitted);
        Ok(())
    }

    /// Operations in which lanes see each other's values.
    fn exchange(&mut self, inst: Inst) -> Result<(), String> {
        let data = &self.function.instructions[inst];
        let (op, operands, result) = (data.op, data.operands.clone(), data.results[0]);
        let mut emitted = Emitted::default();
        for row in 0..self.rows_of(result) {
            let active = self.active_of(row);
            let value = self.vector(operands[0], row);
            let uniform = self.lanes_of(result) == Lanes::Uniform;
            let found = match op {
                Op::Ballot => collective::ballot(&mut self.code, &value, &active),
                Op::Shuffle => {
                    let ty = self.function.ty(operands[0]);
                    if uniform {
                        let lane = self.base(operands[1], row);
                        collective::from_lane(&mut self.code, ty, &value, &lane, &active)
                    } else {
                        let lanes = self.vector(operands[1], row);
                        collective::shuffle(&mut self.code, ty, &value, &lanes, &active)
                    }
                }
                Op::Collective(collective) if uniform => {
                    collective::reduce(&mut self.code, collective, &value, &active)
                }
                Op::Collective(collective) => collective::emit(&mut self.code, collective, &value, &active),
                other => return Err(format!("operation `{}`", other.name())),
            };
            (if uniform { &mut emitted.scalars } else { &mut emitted.vectors }).push(found);
        }
        self.define(result, emitted);
        Ok(())
    }

    fn unreachable(&mut self, inst: Inst) {
        let site = self.tables.site(self.function, inst, false);
        let active = self.active_of(0);
        let lane = self.last_lane(&active);
        let thread = self.code.value(format_args!("add i32 %first, {lane}"));
        self.code.declarations.insert("declare void @msl.rt.unreachable(ptr, i32, i32)".into());
        self.code
            .effect(format_args!("call void @msl.rt.unreachable(ptr %context, i32 {thread}, i32 {site})"));
    }

    /// An atomic operation, lane after lane.
    fn atomic(&mut self, inst: Inst) -> Result<(), String> {
        let data = &self.function.instructions[inst];
        let (op, operands, results) = (data.op, data.operands.clone(), data.results.clone());
        let name = op.name();
        let ty = self.function.ty(operands[1]);
        let bytes = u64::from(ty.bytes());
        let site = self.tables.site(self.function, inst, true);
        // Where memory is known only when the code runs, so is its alignment.
        let several = self.origins.of(operands[0]) == Origin::Several;
        let region = self.region_of(operands[0]).filter(|region| region.private.is_none() && !several);
        let checked = region.map(|region| super::fault::Checked { region, bytes, write: true, site });
        let mut all = vec![Emitted::default(); results.len()];
        for row in 0..self.rows() {
            let active = self.active_of(row);
            let offsets = self.vector(operands[0], row);
            let values: Vec<Operand> = operands[1..].iter().map(|v| self.vector(*v, row)).collect();
            let Some(checked) = &checked else {
                let reach = super::anywhere::Reach { bytes, write: true, alignment: bytes };
                let (places, mask) = self.reach(inst, operands[0], row, &active, reach);
                let found = atomic::each_lane(&mut self.code, op, ty, &places, &values, &mask)?;
                for (emitted, found) in all.iter_mut().zip(found) {
                    emitted.vectors.push(found);
                }
                continue;
            };
            let mask = self.within(checked, row, &offsets, &active);
            let mask = self.aligned(checked, row, operands[0], &offsets, &mask);
            let start = checked.region.start.clone();
            let found = if self.lanes_of(operands[0]) == Lanes::Uniform {
                let offset = self.base(operands[0], row);
                let place = self.place_at(&start, &offset, 0);
                let used = results.iter().any(|r| self.is_used(*r));
                atomic::same_place(&mut self.code, op, ty, &place, &values, &mask, used)?
            } else {
                let places = self.places(&start, &offsets);
                atomic::each_lane(&mut self.code, op, ty, &places, &values, &mask)?
            };
            for (emitted, found) in all.iter_mut().zip(found) {
                emitted.vectors.push(found);
            }
        }
        if self.lanes_of(operands[0]) != Lanes::Uniform {
            self.remark(format!("`{name}` is done lane by lane"));
        }
        for (result, mut emitted) in results.iter().zip(all) {
            emitted.vectors.truncate(self.rows_of(*result).max(1));
            self.define(*result, emitted);
        }
        Ok(())
    }

    fn is_used(&self, value: Value) -> bool {
        self.nest.order.iter().any(|block| {
            let data = &self.function.blocks[*block];
            let mut targets = data.terminator.targets().into_iter();
            data.instructions.iter().any(|i| self.function.instructions[*i].operands.contains(&value))
                || data.terminator.selector() == Some(value)
                || targets.any(|t| t.arguments.contains(&value))
        })
    }

    /// The lanes of a mask whose access is aligned to its size; reports the others.
    fn aligned(
        &mut self,
        checked: &super::fault::Checked,
        row: usize,
        pointer: Value,
        offsets: &Operand,
        active: &Operand,
    ) -> Operand {
        let known = 1u64 << trailing_zeros(self.function, pointer, 12).min(16);
        // Variables are aligned; arguments are as the launch has bound them.
        let is_bound = matches!(self.origins.of(pointer), Origin::Argument(_));
        if known >= checked.bytes && !is_bound {
            return active.clone();
        }
        let (ty, mask) = (self.lane_form().wrap("i64"), self.mask_type());
        let mut addresses = offsets.clone();
        if is_bound {
            let start = self.code.value(format_args!("ptrtoint ptr {} to i64", checked.region.start));
            let start = self.code.splat("i64", &start);
            addresses = self.code.value(format_args!("or {ty} {addresses}, {start}"));
        }
        let low = self.code.value(format_args!("and {ty} {addresses}, splat (i64 {})", checked.bytes - 1));
        let odd = self.code.value(format_args!("icmp ne {ty} {low}, zeroinitializer"));
        let bad =
            self.code.value(format_args!("select {mask} {active}, {mask} {odd}, {mask} zeroinitializer"));
        let any = self.any(std::slice::from_ref(&bad));
        let (fault, on) = (self.code.label("fault"), self.code.label("on"));
        self.unlikely(&any, &fault, &on);
        self.code.start(&fault);
        self.report(checked, row, &bad, &super::fault::Offsets::Each(offsets.clone()));
        self.code.jump(&on);
        self.code.start(&on);
        self.code.value(format_args!("xor {mask} {active}, {bad}"))
    }
}

/// Where the context has a value of the launch.
fn launch_offset(value: LaunchValue, axis: Axis) -> u64 {
    let start = match value {
        LaunchValue::ThreadsPerGrid => offset_of!(GroupContext, threads_per_grid),
        LaunchValue::ThreadgroupsPerGrid => offset_of!(GroupContext, threadgroups_per_grid),
        LaunchValue::ThreadgroupPositionInGrid => offset_of!(GroupContext, threadgroup_position_in_grid),
        LaunchValue::ThreadsPerThreadgroup => offset_of!(GroupContext, threads_per_threadgroup),
        LaunchValue::DispatchThreadsPerThreadgroup => {
            offset_of!(GroupContext, dispatch_threads_per_threadgroup)
        }
    };
    let axis = match axis {
        Axis::X => 0,
        Axis::Y => 4,
        Axis::Z => 8,
    };
    start as u64 + axis
}
