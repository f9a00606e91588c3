//! Text of LLVM's intermediate representation, as it is being written.

use std::collections::BTreeSet;
use std::fmt::{Display, Write};
use std::rc::Rc;

use crate::kernel::Type;
use crate::llvm::{Machine, MaskedAccesses};

/// A value of LLVM in text: `%12`, `true`, `splat (i32 5)`, `zeroinitializer`. Its type is known from context.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Operand(Rc<str>);

/// A basic block of LLVM in text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Label(Rc<str>);

/// How many values an LLVM value holds: one, or one for each of so many lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Scalar,
    Vector(u32),
}

impl Operand {
    pub(super) fn new(text: impl Into<Rc<str>>) -> Self {
        Self(text.into())
    }

    /// An integer constant of a scalar type.
    pub(super) fn int(value: i64) -> Self {
        Self::new(value.to_string())
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Label {
    /// A block whose name nothing else has.
    pub(super) fn named(name: &str) -> Self {
        Self(name.into())
    }

    /// Its name: `%b3`.
    pub(super) fn name(&self) -> String {
        format!("%{}", self.0)
    }

    /// As an operand of a branch: `label %b3`.
    pub(super) fn target(&self) -> String {
        format!("label %{}", self.0)
    }
}

/// The name of a type in LLVM's text. Pointers are offsets in bytes from where their memory starts.
pub(super) fn scalar(ty: Type) -> String {
    match ty {
        Type::Int(bits) => format!("i{bits}"),
        Type::F16 => "half".into(),
        Type::BF16 => "bfloat".into(),
        Type::F32 => "float".into(),
        Type::F64 => "double".into(),
        Type::Ptr(_) => "i64".into(),
    }
}

impl Form {
    /// The name of a type in this form: `float`, `<32 x float>`.
    pub(super) fn of(self, ty: Type) -> String {
        self.wrap(&scalar(ty))
    }

    /// As [`of`](Self::of), of a type's name.
    pub(super) fn wrap(self, name: &str) -> String {
        match self {
            Self::Scalar => name.into(),
            Self::Vector(lanes) => format!("<{lanes} x {name}>"),
        }
    }

    /// Bytes in this form, in memory.
    pub(super) fn bytes(self, ty: Type) -> u32 {
        match self {
            Self::Scalar => ty.bytes(),
            Self::Vector(lanes) => lanes * ty.bytes(),
        }
    }

    /// The name as it is in the names of intrinsics: `f32`, `v32f32`.
    pub(super) fn mangled(self, ty: Type) -> String {
        let name = match ty {
            Type::Int(bits) => format!("i{bits}"),
            Type::F16 => "f16".into(),
            Type::BF16 => "bf16".into(),
            Type::F32 => "f32".into(),
            Type::F64 => "f64".into(),
            Type::Ptr(_) => "i64".into(),
        };
        match self {
            Self::Scalar => name,
            Self::Vector(lanes) => format!("v{lanes}{name}"),
        }
    }

    /// A constant with these bits in every lane.
    pub(super) fn constant(self, ty: Type, bits: u128) -> Operand {
        let one = match ty {
            Type::Int(1) => (if bits == 0 { "false" } else { "true" }).into(),
            Type::Int(_) | Type::Ptr(_) => bits.to_string(),
            Type::F16 => format!("0xH{bits:04X}"),
            Type::BF16 => format!("0xR{bits:04X}"),
            // LLVM writes singles as the double of the same value; only bits of NaNs need the cast.
            Type::F32 => single(bits as u32),
            Type::F64 => format!("0x{bits:016X}"),
        };
        match self {
            Self::Scalar => Operand::new(one),
            Self::Vector(_) => Operand::new(format!("splat ({} {one})", scalar(ty))),
        }
    }
}

/// A single as LLVM writes it: the bits of the double that it widens to, also for NaNs.
fn single(bits: u32) -> String {
    let value = f32::from_bits(bits);
    let wide = if value.is_nan() {
        let sign = u64::from(bits >> 31) << 63;
        sign | 0x7ff << 52 | u64::from(bits & 0x007f_ffff) << 29
    } else {
        f64::from(value).to_bits()
    };
    format!("0x{wide:016X}")
}

/// A function being written, block after block.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// Instructions of the first block that come before all others: the places of values.
    pub(super) places: String,
    text: String,
    next: u32,
    /// Lines that declare what is called, and define what the code shares.
    pub(super) declarations: BTreeSet<String>,
    /// Whether the block being written has its terminator.
    ended: bool,
    /// Whether the machine computes with half-precision numbers; else that is done in single precision.
    native_half: bool,
    /// How many 32-bit values one instruction of the machine permutes by indices in a register; 0 if there is none.
    permuted_words: u32,
    masks: MaskedAccesses,
    /// Whether the machine's stores can go past the caches.
    streams: bool,
    lanes: u32,
    current: Option<Label>,
}

impl Code {
    /// For a machine, with vectors of so many lanes: a power of two, at most 32.
    pub(super) fn new(machine: &Machine, lanes: u32) -> Self {
        Self {
            native_half: machine.computes_halves(),
            permuted_words: machine.permuted_words(),
            masks: machine.masked_accesses(),
            streams: machine.streams(),
            lanes,
            ..Self::default()
        }
    }

    pub(super) fn lanes(&self) -> u32 {
        self.lanes
    }

    /// The form of values of which each lane has its own.
    pub(super) fn lane_form(&self) -> Form {
        Form::Vector(self.lanes)
    }

    pub(super) fn native_half(&self) -> bool {
        self.native_half
    }

    pub(super) fn permuted_words(&self) -> u32 {
        self.permuted_words
    }

    pub(super) fn streams(&self) -> bool {
        self.streams
    }

    /// The machine's accesses under a mask.
    pub(super) fn masks(&self) -> MaskedAccesses {
        self.masks
    }

    /// Writes an instruction with a result.
    pub(super) fn value(&mut self, instruction: impl Display) -> Operand {
        let name = self.name();
        self.line(format_args!("{name} = {instruction}"));
        name
    }

    /// Writes an instruction without a result.
    pub(super) fn effect(&mut self, instruction: impl Display) {
        self.line(instruction);
    }

    /// Writes the end of a block.
    pub(super) fn end(&mut self, terminator: impl Display) {
        self.line(terminator);
        self.ended = true;
    }

    /// Goes to another block.
    pub(super) fn jump(&mut self, label: &Label) {
        self.end(format_args!("br {}", label.target()));
    }

    /// Goes to one of two blocks, by an `i1`.
    pub(super) fn branch(&mut self, condition: &Operand, yes: &Label, no: &Label) {
        self.end(format_args!("br i1 {condition}, {}, {}", yes.target(), no.target()));
    }

    /// A block that is written later.
    pub(super) fn label(&mut self, hint: &str) -> Label {
        self.next += 1;
        Label(format!("{hint}.{}", self.next).into())
    }

    /// Starts a block; the one before it has ended.
    pub(super) fn start(&mut self, label: &Label) {
        debug_assert!(self.ended || self.text.is_empty(), "a block ends with a terminator");
        self.ended = false;
        let _ = writeln!(self.text, "{}:", label.0);
        self.current = Some(label.clone());
    }

    /// The block being written.
    pub(super) fn current(&self) -> &Label {
        self.current.as_ref().expect("a block has been started")
    }

    /// Calls a function that is declared by need. `signature` is its result type and, in parentheses, its parameter types.
    pub(super) fn call(
        &mut self,
        result: &str,
        name: &str,
        arguments: &[(&str, &Operand)],
        attributes: &str,
    ) -> Operand {
        let types: Vec<_> = arguments.iter().map(|(ty, _)| *ty).collect();
        self.declarations.insert(format!("declare {result} @{name}({})", types.join(", ")));
        let list: Vec<_> = arguments.iter().map(|(ty, value)| format!("{ty} {value}")).collect();
        let attributes = if attributes.is_empty() { String::new() } else { format!("{attributes} ") };
        let call = format!("call {attributes}{result} @{name}({})", list.join(", "));
        if result == "void" {
            self.effect(call);
            return Operand::new("void");
        }
        self.value(call)
    }

    /// Memory in the function's frame: a place for a value of a type that LLVM makes a register of if it can.
    pub(super) fn place(&mut self, ty: &str, alignment: u64) -> Operand {
        let name = self.name();
        let _ = writeln!(self.places, "  {name} = alloca {ty}, align {alignment}");
        name
    }

    /// One value in all lanes.
    pub(super) fn splat(&mut self, ty: &str, value: &Operand) -> Operand {
        let lanes = self.lanes;
        let vector = format!("<{lanes} x {ty}>");
        let one = self.value(format_args!("insertelement {vector} poison, {ty} {value}, i32 0"));
        self.value(format_args!(
            "shufflevector {vector} {one}, {vector} poison, <{lanes} x i32> zeroinitializer"
        ))
    }

    /// A mask as an `i32`: bits beyond its lanes are 0.
    pub(super) fn bits(&mut self, mask: &Operand) -> Operand {
        let (lanes, ty) = (self.lanes, self.lane_form().of(Type::I1));
        let bits = self.value(format_args!("bitcast {ty} {mask} to i{lanes}"));
        if lanes == 32 { bits } else { self.value(format_args!("zext i{lanes} {bits} to i32")) }
    }

    /// The mask of the lanes whose bits an `i32` has.
    pub(super) fn mask_of_bits(&mut self, bits: &Operand) -> Operand {
        let (lanes, ty) = (self.lanes, self.lane_form().of(Type::I1));
        let bits =
            if lanes == 32 { bits.clone() } else { self.value(format_args!("trunc i32 {bits} to i{lanes}")) };
        self.value(format_args!("bitcast i{lanes} {bits} to {ty}"))
    }

    /// The text: places, then blocks.
    pub(super) fn finish(self) -> (String, String, BTreeSet<String>) {
        (self.places, self.text, self.declarations)
    }

    fn name(&mut self) -> Operand {
        self.next += 1;
        Operand::new(format!("%v{}", self.next))
    }

    fn line(&mut self, text: impl Display) {
        debug_assert!(!self.ended, "nothing comes after a terminator");
        let _ = writeln!(self.text, "  {text}");
    }
}
