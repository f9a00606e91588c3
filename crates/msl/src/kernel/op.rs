//! Operations of instructions, and what each takes and gives.

use super::table::{Argument, Variable};
use crate::runtime::Collective;

macro_rules! named {
    ($($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $text:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub(crate) enum $name { $($(#[$item])* $variant,)* }

            impl $name {
                pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

                pub(crate) const fn name(self) -> &'static str {
                    match self { $(Self::$variant => $text,)* }
                }
            }
        )*
    };
}

named! {
    /// One operand, a result of its type.
    Unary {
        /// Of the least integer: itself.
        Abs = "abs",
        BitReverse = "bitreverse",
        /// A whole number of pairs of bytes.
        ByteSwap = "bswap",
        /// Leading zeros; of 0 the width.
        CountLeadingZeros = "ctlz",
        /// Trailing zeros; of 0 the width.
        CountTrailingZeros = "cttz",
        PopCount = "ctpop",
        FNeg = "fneg",
        FAbs = "fabs",
        Sqrt = "sqrt",
        Floor = "floor",
        Ceil = "ceil",
        /// Towards zero.
        RoundToZero = "ftrunc",
        /// Ties to even; all modes of rounding are that one.
        RoundTiesEven = "roundeven",
        /// Ties away from zero.
        RoundTiesAway = "round",
        /// Makes a signalling NaN a quiet one.
        Canonicalize = "canonicalize",
    }
    /// Two operands and a result of one type, but for [`Binary::LoadExponent`]. Integers wrap around.
    Binary {
        Add = "add",
        Sub = "sub",
        Mul = "mul",
        /// Never done with a divisor of 0; so for all divisions.
        UDiv = "udiv",
        /// Nor with the least integer and -1; so for the remainder.
        SDiv = "sdiv",
        URem = "urem",
        SRem = "srem",
        And = "and",
        Or = "or",
        Xor = "xor",
        /// By an amount of the width or more the result may be anything; so for all shifts.
        Shl = "shl",
        LShr = "lshr",
        AShr = "ashr",
        SMin = "smin",
        SMax = "smax",
        UMin = "umin",
        UMax = "umax",
        SAddSat = "sadd.sat",
        UAddSat = "uadd.sat",
        SSubSat = "ssub.sat",
        USubSat = "usub.sat",
        FAdd = "fadd",
        FSub = "fsub",
        FMul = "fmul",
        FDiv = "fdiv",
        /// C's `fmod`.
        FRem = "frem",
        /// The other operand if one is a NaN.
        MinNum = "minnum",
        MaxNum = "maxnum",
        /// A NaN if one operand is, and -0 < +0.
        Minimum = "minimum",
        Maximum = "maximum",
        CopySign = "copysign",
        /// A float times two to the power of an `i32`.
        LoadExponent = "ldexp",
    }
    /// Three operands and a result of one type.
    Ternary {
        /// Rounded once.
        Fma = "fma",
        /// Rounded once or twice, as is faster.
        FMulAdd = "fmuladd",
        /// High half of a:b shifted left by c modulo the width.
        FunnelShiftLeft = "fshl",
        /// Low half of a:b shifted right by c modulo the width.
        FunnelShiftRight = "fshr",
    }
    /// Two integers; results: the wrapped one, and whether it did wrap (`i1`).
    Overflow {
        SAdd = "sadd.overflow",
        UAdd = "uadd.overflow",
        SSub = "ssub.overflow",
        USub = "usub.overflow",
        SMul = "smul.overflow",
        UMul = "umul.overflow",
    }
    /// One operand, a result of another type.
    Cast {
        Trunc = "trunc",
        ZExt = "zext",
        SExt = "sext",
        FTrunc = "fptrunc",
        FExt = "fpext",
        SIntToFloat = "sitofp",
        UIntToFloat = "uitofp",
        /// Towards zero; saturates; NaN gives 0.
        FloatToSInt = "fptosi.sat",
        /// Towards zero; saturates; NaN gives 0.
        FloatToUInt = "fptoui.sat",
        /// The same bits, an integer or float of the same width.
        Bits = "bitcast",
        PtrToInt = "ptrtoint",
        IntToPtr = "inttoptr",
        /// The same address in another space.
        Space = "spacecast",
    }
    /// Compares two integers or pointers; the result is an `i1`.
    IntCompare {
        Eq = "icmp.eq",
        Ne = "icmp.ne",
        Ugt = "icmp.ugt",
        Uge = "icmp.uge",
        Ult = "icmp.ult",
        Ule = "icmp.ule",
        Sgt = "icmp.sgt",
        Sge = "icmp.sge",
        Slt = "icmp.slt",
        Sle = "icmp.sle",
    }
    /// Compares two floats; `o…`: and neither is a NaN, `u…`: or one is.
    FloatCompare {
        False = "fcmp.false",
        Oeq = "fcmp.oeq",
        Ogt = "fcmp.ogt",
        Oge = "fcmp.oge",
        Olt = "fcmp.olt",
        Ole = "fcmp.ole",
        One = "fcmp.one",
        Ord = "fcmp.ord",
        Uno = "fcmp.uno",
        Ueq = "fcmp.ueq",
        Ugt = "fcmp.ugt",
        Uge = "fcmp.uge",
        Ult = "fcmp.ult",
        Ule = "fcmp.ule",
        Une = "fcmp.une",
        True = "fcmp.true",
    }
    /// Compares two integers; the result is an integer of at least 2 bits: -1, 0 or 1.
    Order {
        Signed = "scmp",
        Unsigned = "ucmp",
    }
    /// How memory is accessed.
    Access {
        Plain = "",
        Volatile = ".volatile",
        /// Relaxed, as all atomic operations of MSL are.
        Atomic = ".atomic",
    }
    /// What an atomic read-modify-write operation does.
    Modify {
        Exchange = "rmw.xchg",
        Add = "rmw.add",
        Sub = "rmw.sub",
        And = "rmw.and",
        Nand = "rmw.nand",
        Or = "rmw.or",
        Xor = "rmw.xor",
        SMax = "rmw.max",
        SMin = "rmw.min",
        UMax = "rmw.umax",
        UMin = "rmw.umin",
        FAdd = "rmw.fadd",
        FSub = "rmw.fsub",
        FMax = "rmw.fmax",
        FMin = "rmw.fmin",
    }
    /// A direction of the grid.
    Axis {
        X = "x",
        Y = "y",
        Z = "z",
    }
    /// Values of the launch that are the same for all threads of a threadgroup.
    LaunchValue {
        ThreadsPerGrid = "threads_per_grid",
        ThreadgroupsPerGrid = "threadgroups_per_grid",
        ThreadgroupPositionInGrid = "threadgroup_position_in_grid",
        ThreadsPerThreadgroup = "threads_per_threadgroup",
        DispatchThreadsPerThreadgroup = "dispatch_threads_per_threadgroup",
    }
}

/// What an instruction does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    Unary(Unary),
    Binary(Binary),
    Ternary(Ternary),
    Overflow(Overflow),
    Cast(Cast),
    IntCompare(IntCompare),
    FloatCompare(FloatCompare),
    Order(Order),
    /// Whether a float is in one of the classes of the mask (LLVM's `is.fpclass`).
    IsClass(u16),
    /// Results: fraction and exponent, an `i32`, of a float.
    SplitExponent,
    /// `i1`, value if true, value if false.
    Select,
    /// Pointer plus a number of bytes, an `i64`.
    PtrAdd,
    /// Pointer; results: consecutive values of one type, each with the bytes of its type.
    Load(Access),
    /// Pointer, and consecutive values of one type.
    Store(Access),
    /// Pointer, value; the result is what was there.
    Modify(Modify),
    /// Pointer, expected, new; results: what was there, and whether it was as expected (`i1`).
    CompareExchange,
    /// Destination, source, number of bytes; they may overlap.
    CopyMemory,
    /// Destination, byte, number of bytes.
    SetMemory,
    /// Orders memory accesses of this thread as others see them.
    Fence,
    /// The address of an argument.
    Argument(Argument),
    /// The address of a variable: for each thread, threadgroup or kernel its own, as it is declared.
    Variable(Variable),
    /// A value of the launch, an `i32`.
    Launch(LaunchValue, Axis),
    /// The thread's linear index in its threadgroup, an `i32`.
    ThreadIndex,
    /// The thread's position in its threadgroup, an `i32`.
    ThreadPosition(Axis),
    /// Flags of memory; waits for all threads of the threadgroup.
    ThreadgroupBarrier,
    /// Flags of memory; waits for all active threads of the SIMD-group.
    SimdgroupBarrier,
    /// The thread's position in the grid, an `i32`.
    GridPosition(Axis),
    /// The lane in the SIMD-group, an `i32`.
    SimdLane,
    /// `i1`; the result is an `i32` with the bits of the active lanes where it is true.
    Ballot,
    /// Value (`i32` or `i64`) and lane (`i32`); the result is what that lane passes, 0 if it is not active.
    Shuffle,
    /// A reduction or prefix scan over the active lanes.
    Collective(Collective),
    /// Reports that unreachable code was reached.
    Unreachable,
}

impl Op {
    /// The operation's name in text, without what it may have beside operands.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Unary(op) => op.name().into(),
            Self::Binary(op) => op.name().into(),
            Self::Ternary(op) => op.name().into(),
            Self::Overflow(op) => op.name().into(),
            Self::Cast(op) => op.name().into(),
            Self::IntCompare(op) => op.name().into(),
            Self::FloatCompare(op) => op.name().into(),
            Self::Order(op) => op.name().into(),
            Self::IsClass(_) => "is_class".into(),
            Self::SplitExponent => "frexp".into(),
            Self::Select => "select".into(),
            Self::PtrAdd => "ptradd".into(),
            Self::Load(access) => format!("load{}", access.name()),
            Self::Store(access) => format!("store{}", access.name()),
            Self::Modify(op) => op.name().into(),
            Self::CompareExchange => "cmpxchg".into(),
            Self::CopyMemory => "copy".into(),
            Self::SetMemory => "set".into(),
            Self::Fence => "fence".into(),
            Self::Argument(_) => "argument".into(),
            Self::Variable(_) => "variable".into(),
            Self::Launch(..) => "launch".into(),
            Self::ThreadIndex => "thread_index".into(),
            Self::ThreadPosition(axis) => format!("thread_position.{}", axis.name()),
            Self::GridPosition(axis) => format!("grid_position.{}", axis.name()),
            Self::ThreadgroupBarrier => "threadgroup_barrier".into(),
            Self::SimdgroupBarrier => "simdgroup_barrier".into(),
            Self::SimdLane => "simd_lane".into(),
            Self::Ballot => "simd_ballot".into(),
            Self::Shuffle => "simd_shuffle".into(),
            Self::Collective(collective) => collective.hook(),
            Self::Unreachable => "unreachable".into(),
        }
    }

    /// All operations that their name says all of.
    pub(crate) fn plain() -> impl Iterator<Item = Self> {
        let others = [
            Self::SplitExponent,
            Self::Select,
            Self::PtrAdd,
            Self::CompareExchange,
            Self::CopyMemory,
            Self::SetMemory,
            Self::Fence,
            Self::ThreadIndex,
            Self::ThreadgroupBarrier,
            Self::SimdgroupBarrier,
            Self::SimdLane,
            Self::Ballot,
            Self::Shuffle,
            Self::Unreachable,
        ];
        fn each<T: Copy>(all: &'static [T], op: fn(T) -> Op) -> impl Iterator<Item = Op> {
            all.iter().copied().map(op)
        }
        others
            .into_iter()
            .chain(each(Unary::ALL, Self::Unary))
            .chain(each(Binary::ALL, Self::Binary))
            .chain(each(Ternary::ALL, Self::Ternary))
            .chain(each(Overflow::ALL, Self::Overflow))
            .chain(each(Cast::ALL, Self::Cast))
            .chain(each(IntCompare::ALL, Self::IntCompare))
            .chain(each(FloatCompare::ALL, Self::FloatCompare))
            .chain(each(Order::ALL, Self::Order))
            .chain(each(Modify::ALL, Self::Modify))
            .chain(each(Axis::ALL, Self::ThreadPosition))
            .chain(each(Axis::ALL, Self::GridPosition))
            .chain(Access::ALL.iter().flat_map(|a| [Self::Load(*a), Self::Store(*a)]))
            .chain(Collective::hooks().map(|(_, c)| Self::Collective(c)))
    }

    /// Whether the operation may have flags of fast math.
    pub(crate) fn is_float_arithmetic(self) -> bool {
        match self {
            Self::Unary(op) => op.is_float(),
            Self::Binary(op) => op.is_float(),
            Self::Ternary(op) => op.is_float(),
            Self::FloatCompare(_) => true,
            _ => false,
        }
    }
}

impl Unary {
    pub(crate) const fn is_float(self) -> bool {
        !matches!(
            self,
            Self::Abs
                | Self::BitReverse
                | Self::ByteSwap
                | Self::CountLeadingZeros
                | Self::CountTrailingZeros
                | Self::PopCount
        )
    }
}

impl Binary {
    pub(crate) const fn is_float(self) -> bool {
        matches!(
            self,
            Self::FAdd
                | Self::FSub
                | Self::FMul
                | Self::FDiv
                | Self::FRem
                | Self::MinNum
                | Self::MaxNum
                | Self::Minimum
                | Self::Maximum
                | Self::CopySign
                | Self::LoadExponent
        )
    }
}

impl Ternary {
    pub(crate) const fn is_float(self) -> bool {
        matches!(self, Self::Fma | Self::FMulAdd)
    }
}

/// What floating-point arithmetic may take for granted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FastMath(u8);

impl FastMath {
    /// Names of the flags, from the lowest bit; the order is LLVM's.
    const NAMES: [&'static str; 7] = ["reassoc", "nnan", "ninf", "nsz", "arcp", "contract", "afn"];
    const ALL: u8 = 0x7f;

    /// From LLVM's bits.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits as u8 & Self::ALL)
    }

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Without the promises (`nnan`, `ninf`) that leave a result undefined where they do not hold.
    pub(crate) const fn harmless(self) -> Self {
        Self(self.0 & !0b110)
    }

    /// Whether results may be anything where a NaN is involved.
    pub(crate) const fn no_nans(self) -> bool {
        self.0 & 0b10 != 0
    }

    /// Whether the sign of a zero does not matter.
    pub(crate) const fn no_signed_zeros(self) -> bool {
        self.0 & 0b1000 != 0
    }

    /// Adds a flag by its name; `fast` is all of them.
    pub(crate) fn add(&mut self, name: &str) -> bool {
        let bits = match Self::NAMES.iter().position(|n| *n == name) {
            Some(i) => 1 << i,
            None if name == "fast" => Self::ALL,
            None => return false,
        };
        self.0 |= bits;
        true
    }

    pub(crate) fn names(self) -> Vec<&'static str> {
        if self.0 == Self::ALL {
            return vec!["fast"];
        }
        Self::NAMES.iter().enumerate().filter(|(i, _)| self.0 >> i & 1 != 0).map(|(_, n)| *n).collect()
    }
}
