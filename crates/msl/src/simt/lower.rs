//! Operations that become simpler ones before a kernel is vectorised: pointers in memory are numbers, and copies of a
//! few bytes are loads and stores.

use crate::kernel::{Access, Binary, Cast, Definition, Function, Inst, Op, Storage, Type, Value, ValueData};

/// Bytes that one load or store may have.
const TOGETHER: u64 = 64;
/// Bytes of a private variable that stores set.
const SET: u64 = 2048;

/// Rewrites a kernel; see above.
pub(super) fn lower(function: &mut Function) {
    for block in function.layout.clone() {
        let mut list = Vec::new();
        for inst in std::mem::take(&mut function.blocks[block].instructions) {
            let op = function.instructions[inst].op;
            match op {
                Op::CopyMemory if copy(function, inst, &mut list) => {}
                Op::SetMemory if set(function, inst, &mut list) => {}
                Op::Load(_) | Op::Store(_) | Op::Modify(_) | Op::CompareExchange => {
                    pass_numbers(function, inst, &mut list);
                    list.push(inst);
                    give_pointers(function, inst, &mut list);
                }
                _ => list.push(inst),
            }
        }
        function.blocks[block].instructions = list;
    }
}

/// Makes an instruction in the place of another.
fn make(
    function: &mut Function,
    place: Inst,
    op: Op,
    operands: Vec<Value>,
    results: &[Type],
    list: &mut Vec<Inst>,
) -> Vec<Value> {
    let inst = function.make(op, operands, results);
    function.instructions[inst].location = function.instructions[place].location;
    list.push(inst);
    function.instructions[inst].results.clone()
}

/// Pointers that an instruction puts into memory become numbers.
fn pass_numbers(function: &mut Function, inst: Inst, list: &mut Vec<Inst>) {
    for i in 1..function.instructions[inst].operands.len() {
        let value = function.instructions[inst].operands[i];
        if function.ty(value).is_pointer() {
            let number = make(function, inst, Op::Cast(Cast::PtrToInt), vec![value], &[Type::I64], list);
            function.instructions[inst].operands[i] = number[0];
        }
    }
}

/// Pointers that an instruction finds in memory are numbers before.
fn give_pointers(function: &mut Function, inst: Inst, list: &mut Vec<Inst>) {
    for i in 0..function.instructions[inst].results.len() {
        let pointer = function.instructions[inst].results[i];
        let ty = function.ty(pointer);
        if !ty.is_pointer() {
            continue;
        }
        let definition = Definition::Result(inst, i as u32);
        let number = function.values.push(ValueData { ty: Type::I64, definition });
        function.instructions[inst].results[i] = number;
        let cast = function.make(Op::Cast(Cast::IntToPtr), vec![number], &[]);
        function.instructions[cast].results.push(pointer);
        function.instructions[cast].location = function.instructions[inst].location;
        function.values[pointer].definition = Definition::Result(cast, 0);
        list.push(cast);
    }
}

/// Values of how many bytes make up so many bytes, if a few do.
fn unit(bytes: u64) -> Option<Type> {
    match bytes {
        _ if bytes.is_multiple_of(4) => Some(Type::I32),
        _ if bytes.is_multiple_of(2) && bytes <= 16 => Some(Type::Int(16)),
        _ if bytes <= 8 => Some(Type::I8),
        _ => None,
    }
}

/// A copy of a few bytes.
fn copy(function: &mut Function, inst: Inst, list: &mut Vec<Inst>) -> bool {
    let [to, from, bytes] = function.instructions[inst].operands[..] else { return false };
    let Some(bytes) = function.constant_bits(bytes).map(|b| b as u64) else { return false };
    if bytes == 0 {
        return true;
    }
    let Some(ty) = unit(bytes).filter(|_| bytes <= TOGETHER) else { return false };
    let count = bytes / u64::from(ty.bytes());
    let types = vec![ty; count as usize];
    let values = make(function, inst, Op::Load(Access::Plain), vec![from], &types, list);
    let operands = std::iter::once(to).chain(values).collect();
    make(function, inst, Op::Store(Access::Plain), operands, &[], list);
    true
}

/// Sets a few bytes, or a private variable of moderate size.
fn set(function: &mut Function, inst: Inst, list: &mut Vec<Inst>) -> bool {
    let [to, byte, bytes] = function.instructions[inst].operands[..] else { return false };
    let Some(bytes) = function.constant_bits(bytes).map(|b| b as u64) else { return false };
    if bytes == 0 {
        return true;
    }
    let most = if is_inside_private(function, to, bytes) { SET } else { TOGETHER };
    let Some(ty) = unit(bytes).filter(|_| bytes <= most) else { return false };
    let repeated = (u128::MAX / 0xff) & ty.mask();
    let value = match function.constant_bits(byte) {
        Some(bits) => function.constant(ty, (bits * repeated) & ty.mask()),
        None if ty == Type::I8 => byte,
        None => {
            let wide = make(function, inst, Op::Cast(Cast::ZExt), vec![byte], &[ty], list)[0];
            let factor = function.constant(ty, repeated);
            make(function, inst, Op::Binary(Binary::Mul), vec![wide, factor], &[ty], list)[0]
        }
    };
    let mut done = 0;
    while done < bytes {
        let now = TOGETHER.min(bytes - done);
        let offset = function.constant(Type::I64, u128::from(done));
        let ty_of_pointer = function.ty(to);
        let place = match done {
            0 => to,
            _ => make(function, inst, Op::PtrAdd, vec![to, offset], &[ty_of_pointer], list)[0],
        };
        let count = now / u64::from(ty.bytes());
        let operands = std::iter::once(place).chain(std::iter::repeat_n(value, count as usize)).collect();
        make(function, inst, Op::Store(Access::Plain), operands, &[], list);
        done += now;
    }
    true
}

/// Whether bytes lie within a private variable, as the code alone shows.
fn is_inside_private(function: &Function, mut pointer: Value, bytes: u64) -> bool {
    let mut offset = 0u64;
    loop {
        let Definition::Result(inst, _) = function.values[pointer].definition else { return false };
        let data = &function.instructions[inst];
        match data.op {
            Op::Variable(variable) => {
                let data = &function.variables[variable];
                let end = offset.checked_add(bytes);
                return data.storage == Storage::Private && end.is_some_and(|end| end <= data.bytes);
            }
            Op::PtrAdd => {
                let Some(step) = function.constant_bits(data.operands[1]) else { return false };
                // Backwards is a very long way forwards.
                let Some(sum) = offset.checked_add(step as u64) else { return false };
                offset = sum;
            }
            Op::Cast(Cast::Space) => {}
            _ => return false,
        }
        pointer = data.operands[0];
    }
}
