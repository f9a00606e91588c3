//! Runs emitted text: each piece becomes a function that loads operands from memory and stores results.

mod arithmetic;
mod atomic;
mod collective;

use super::super::code::{Code, Form, Operand};
use crate::kernel::Type;
use crate::llvm::{LoadedObject, Machine, Module};
use crate::runtime;

/// Values of each operand, and most lanes of a vector.
pub(super) const LANES: usize = 32;

/// Levels of the processor that the text is compiled for and run on.
#[cfg(target_arch = "x86_64")]
const LEVELS: &[&str] = &["native", "x86-64-v4", "x86-64-v3", "x86-64"];
#[cfg(not(target_arch = "x86_64"))]
const LEVELS: &[&str] = &["native"];

/// The levels that this machine can run.
fn machines() -> impl Iterator<Item = (&'static str, Machine)> {
    LEVELS.iter().map(|level| (*level, Machine::of_level(level).unwrap()))
}

/// Bytes between operands in memory, and between results.
const STRIDE: usize = LANES * 16;

/// Values in memory: 32 of each operand or result, each in the next machine integer.
#[repr(align(64))]
struct Values([u8; 8 * STRIDE]);

/// Functions to be compiled together.
#[derive(Default)]
struct Pieces {
    text: String,
    declarations: std::collections::BTreeSet<String>,
    signatures: Vec<(Vec<Type>, Vec<Type>, Form)>,
}

impl Pieces {
    /// Adds what `body` writes as a function; returns its number.
    fn add<E>(
        &mut self,
        machine: &Machine,
        operands: &[Type],
        results: &[Type],
        form: Form,
        body: impl FnOnce(&mut Code, &[Operand]) -> Result<Vec<Operand>, E>,
    ) -> Result<usize, E> {
        let lanes = match form {
            Form::Scalar => 1,
            Form::Vector(lanes) => lanes,
        };
        let mut code = Code::new(machine, lanes);
        let values: Vec<Operand> = operands
            .iter()
            .enumerate()
            .map(|(i, ty)| {
                let (memory, int) = (form.of(in_memory(*ty)), form.of(Type::Int(ty.bits() as u8)));
                let at = code.value(format_args!("getelementptr i8, ptr %in, i64 {}", i * STRIDE));
                let mut value = code.value(format_args!("load {memory}, ptr {at}, align 1"));
                if memory != int {
                    value = code.value(format_args!("trunc {memory} {value} to {int}"));
                }
                code.value(format_args!("bitcast {int} {value} to {}", form.of(*ty)))
            })
            .collect();
        let got = body(&mut code, &values)?;
        assert_eq!(got.len(), results.len());
        for (i, (ty, value)) in results.iter().zip(got).enumerate() {
            let (memory, int) = (form.of(in_memory(*ty)), form.of(Type::Int(ty.bits() as u8)));
            let mut value = code.value(format_args!("bitcast {} {value} to {int}", form.of(*ty)));
            if memory != int {
                value = code.value(format_args!("zext {int} {value} to {memory}"));
            }
            let at = code.value(format_args!("getelementptr i8, ptr %out, i64 {}", i * STRIDE));
            code.effect(format_args!("store {memory} {value}, ptr {at}, align 1"));
        }
        code.end("ret void");
        let number = self.signatures.len();
        let (places, text, declarations) = code.finish();
        self.text += &format!("define void @piece.{number}(ptr %in, ptr %out) {{\n{places}{text}}}\n");
        self.declarations.extend(declarations);
        self.signatures.push((operands.to_vec(), results.to_vec(), form));
        Ok(number)
    }

    fn compile(self, machine: &Machine) -> Compiled {
        let declarations: Vec<String> = self.declarations.into_iter().collect();
        let text = format!("{}\n{}", self.text, declarations.join("\n"));
        let mut module = Module::parse_text(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        module.set_machine(machine);
        module.verify().unwrap();
        module.run_passes("default<O1>", machine).unwrap();
        let object = machine.emit_object(&mut module).unwrap();
        // SAFETY: the text declares nothing but intrinsics, for which LLVM calls imports as they are.
        let object = unsafe { LoadedObject::load(&object, &runtime::imports()) }.unwrap();
        Compiled { object, signatures: self.signatures }
    }
}

/// Functions that run.
struct Compiled {
    object: LoadedObject,
    signatures: Vec<(Vec<Type>, Vec<Type>, Form)>,
}

impl Compiled {
    /// Runs a function on 32 values of each operand, as often as it takes; returns 32 of each result.
    fn run(&self, number: usize, operands: &[[u128; LANES]]) -> Vec<[u128; LANES]> {
        let (operand_types, result_types, form) = &self.signatures[number];
        let address = self.object.address(&format!("piece.{number}")).unwrap();
        // SAFETY: the function was generated with this signature.
        let function =
            unsafe { std::mem::transmute::<usize, unsafe extern "C" fn(*const u8, *mut u8)>(address) };
        let mut results = vec![[0; LANES]; result_types.len()];
        let together = match form {
            Form::Scalar => 1,
            Form::Vector(lanes) => *lanes as usize,
        };
        for first in (0..LANES).step_by(together) {
            let (mut input, mut output) = (Values([0; 8 * STRIDE]), Values([0; 8 * STRIDE]));
            for (i, (ty, values)) in operand_types.iter().zip(operands).enumerate() {
                let bytes = in_memory(*ty).bytes() as usize;
                for lane in 0..together {
                    let at = i * STRIDE + lane * bytes;
                    input.0[at..at + bytes].copy_from_slice(&values[first + lane].to_le_bytes()[..bytes]);
                }
            }
            // SAFETY: it reads and writes no more than these values.
            unsafe { function(input.0.as_ptr(), output.0.as_mut_ptr()) };
            for (i, (ty, values)) in result_types.iter().zip(&mut results).enumerate() {
                let bytes = in_memory(*ty).bytes() as usize;
                for lane in 0..together {
                    let at = i * STRIDE + lane * bytes;
                    let mut word = [0; 16];
                    word[..bytes].copy_from_slice(&output.0[at..at + bytes]);
                    values[first + lane] = u128::from_le_bytes(word);
                }
            }
        }
        results
    }
}

/// The integer as which a value lies in memory.
fn in_memory(ty: Type) -> Type {
    Type::Int(ty.bits().next_power_of_two().max(8) as u8)
}
