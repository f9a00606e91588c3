//! Accesses to memory under a mask. Where the machine has no instruction for them, LLVM would write a branch for each lane of
//! each access, which takes it minutes with many; there, functions that are written once for each type go through the lanes
//! that are set.

use super::Emitter;
use super::memory::Element;
use crate::kernel::Type;
use crate::simt::code::{Form, Operand};

/// One element for each lane, or several that follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The type in memory.
    ty: Type,
    /// Elements of each lane.
    count: u32,
}

impl Row {
    pub(super) fn of(element: Element) -> Self {
        Self { ty: element.memory, count: element.count as u32 }
    }

    fn bytes(self) -> u64 {
        u64::from(self.ty.bytes()) * u64::from(self.count)
    }
}

impl Emitter<'_> {
    /// The type of a row.
    fn row_type(&self, row: Row) -> String {
        Form::Vector(self.lanes() * row.count).of(row.ty)
    }

    fn row_name(&self, row: Row) -> String {
        format!("v{}{}x{}", self.lanes(), Form::Scalar.mangled(row.ty), row.count)
    }

    /// Loads the elements of the lanes in a mask from where they follow each other, lane after lane; the others are zeros.
    pub(super) fn masked_load(&mut self, row: Row, place: &Operand, mask: &Operand) -> Operand {
        let ty = self.row_type(row);
        if self.code.masks().contiguous(row.ty.bits()) {
            let (wide, mask_ty) = self.for_each_element(mask, row.count);
            let name =
                format!("llvm.masked.load.{}.p0", Form::Vector(self.lanes() * row.count).mangled(row.ty));
            let zero = Operand::new("zeroinitializer");
            let arguments = [("ptr", place), ("i32", &Operand::int(1)), (&mask_ty, &wide), (&ty, &zero)];
            return self.code.call(&ty, &name, &arguments, "");
        }
        let name = format!("msl.masked.load.{}", self.row_name(row));
        let body = self.copies(
            row,
            &format!("{ty} @{name}(ptr %place, i32 %bits)"),
            &format!("  %here = alloca {ty}\n  store {ty} zeroinitializer, ptr %here\n"),
            ("%place", "%here"),
            &format!("  %all = load {ty}, ptr %here\n  ret {ty} %all\n"),
        );
        self.code.declarations.insert(body);
        let bits = self.bits(mask);
        self.code.value(format_args!("call fastcc {ty} @{name}(ptr {place}, i32 {bits})"))
    }

    /// Stores the elements of the lanes in a mask to where they follow each other, lane after lane.
    pub(super) fn masked_store(&mut self, row: Row, value: &Operand, place: &Operand, mask: &Operand) {
        let ty = self.row_type(row);
        if self.code.masks().contiguous(row.ty.bits()) {
            let (wide, mask_ty) = self.for_each_element(mask, row.count);
            let name =
                format!("llvm.masked.store.{}.p0", Form::Vector(self.lanes() * row.count).mangled(row.ty));
            let arguments = [(&*ty, value), ("ptr", place), ("i32", &Operand::int(1)), (&mask_ty, &wide)];
            self.code.call("void", &name, &arguments, "");
            return;
        }
        let name = format!("msl.masked.store.{}", self.row_name(row));
        let body = self.copies(
            row,
            &format!("void @{name}({ty} %value, ptr %place, i32 %bits)"),
            &format!("  %here = alloca {ty}\n  store {ty} %value, ptr %here\n"),
            ("%here", "%place"),
            "  ret void\n",
        );
        self.code.declarations.insert(body);
        let bits = self.bits(mask);
        self.code.effect(format_args!("call fastcc void @{name}({ty} {value}, ptr {place}, i32 {bits})"));
    }

    /// Loads an element for each lane in a mask from its place; the others are zeros.
    pub(super) fn masked_gather(&mut self, ty: Type, places: &Operand, mask: &Operand) -> Operand {
        let (element, row) = (Form::Scalar.of(ty), self.lane_form().of(ty));
        let pointers = self.lane_form().wrap("ptr");
        let intrinsic = self.gather_intrinsic(ty);
        let mask_ty = self.mask_type();
        if self.code.masks().scattered(ty.bits()) || self.is_all_lanes(mask) {
            let zero = Operand::new("zeroinitializer");
            let arguments =
                [(&*pointers, places), ("i32", &Operand::int(1)), (&mask_ty, mask), (&row, &zero)];
            return self.code.call(&row, &intrinsic, &arguments, "");
        }
        let name = format!("msl.masked.gather.{}", self.lane_form().mangled(ty));
        let lanes = self.lanes();
        self.code
            .declarations
            .insert(format!("declare {row} @{intrinsic}({pointers}, i32, {mask_ty}, {row})"));
        let body = self.lane_by_lane(
            &format!("{row} @{name}({pointers} %places, i32 %bits)"),
            &format!(
                "  %now = call {row} @{intrinsic}({pointers} %places, i32 1, {mask_ty} splat (i1 true), {row} \
                 zeroinitializer)\n  ret {row} %now\n"
            ),
            &format!(
                "  %from = alloca {pointers}\n  store {pointers} %places, ptr %from\n  %here = alloca {row}\n  \
                 store {row} zeroinitializer, ptr %here\n"
            ),
            &format!(
                "  %from.lane = getelementptr [{lanes} x ptr], ptr %from, i64 0, i64 %lane\n  \
                 %place = load ptr, ptr %from.lane\n  %one = load {element}, ptr %place, align 1\n  \
                 %to.lane = getelementptr [{lanes} x {element}], ptr %here, i64 0, i64 %lane\n  \
                 store {element} %one, ptr %to.lane\n"
            ),
            &format!("  %all = load {row}, ptr %here\n  ret {row} %all\n"),
        );
        self.code.declarations.insert(body);
        let bits = self.bits(mask);
        self.code.value(format_args!("call fastcc {row} @{name}({pointers} {places}, i32 {bits})"))
    }

    /// Stores an element for each lane in a mask to its place, in the order of the lanes.
    pub(super) fn masked_scatter(&mut self, ty: Type, value: &Operand, places: &Operand, mask: &Operand) {
        let (element, row) = (Form::Scalar.of(ty), self.lane_form().of(ty));
        let pointers = self.lane_form().wrap("ptr");
        let lanes = self.lanes();
        let intrinsic = format!("llvm.masked.scatter.{}.v{lanes}p0", self.lane_form().mangled(ty));
        let mask_ty = self.mask_type();
        if self.code.masks().scattered(ty.bits()) || self.is_all_lanes(mask) {
            let arguments =
                [(&*row, value), (&*pointers, places), ("i32", &Operand::int(1)), (&mask_ty, mask)];
            self.code.call("void", &intrinsic, &arguments, "");
            return;
        }
        let name = format!("msl.masked.scatter.{}", self.lane_form().mangled(ty));
        self.code
            .declarations
            .insert(format!("declare void @{intrinsic}({row}, {pointers}, i32, {mask_ty})"));
        let body = self.lane_by_lane(
            &format!("void @{name}({row} %value, {pointers} %places, i32 %bits)"),
            &format!(
                "  call void @{intrinsic}({row} %value, {pointers} %places, i32 1, {mask_ty} splat (i1 true))\n  \
                 ret void\n"
            ),
            &format!(
                "  %to = alloca {pointers}\n  store {pointers} %places, ptr %to\n  %here = alloca {row}\n  \
                 store {row} %value, ptr %here\n"
            ),
            &format!(
                "  %to.lane = getelementptr [{lanes} x ptr], ptr %to, i64 0, i64 %lane\n  \
                 %place = load ptr, ptr %to.lane\n  \
                 %from.lane = getelementptr [{lanes} x {element}], ptr %here, i64 0, i64 %lane\n  \
                 %one = load {element}, ptr %from.lane\n  store {element} %one, ptr %place, align 1\n"
            ),
            "  ret void\n",
        );
        self.code.declarations.insert(body);
        let bits = self.bits(mask);
        self.code
            .effect(format_args!("call fastcc void @{name}({row} {value}, {pointers} {places}, i32 {bits})"));
    }

    fn gather_intrinsic(&self, ty: Type) -> String {
        format!("llvm.masked.gather.{}.v{}p0", self.lane_form().mangled(ty), self.lanes())
    }

    /// Whether a mask is known to have all lanes.
    pub(super) fn is_all_lanes(&self, mask: &Operand) -> bool {
        *mask == self.lane_form().constant(Type::I1, 1)
    }

    /// A mask with each lane so many times, and its type.
    fn for_each_element(&mut self, mask: &Operand, count: u32) -> (Operand, String) {
        let lanes = self.lanes();
        let ty = self.mask_type();
        let wide = Form::Vector(lanes * count).wrap("i1");
        if count == 1 {
            return (mask.clone(), wide);
        }
        let indices = (0..lanes * count).map(|i| u64::from(i / count));
        (self.shuffle(&ty, mask, indices), wide)
    }

    /// A function that copies the elements of the lanes whose bits are set.
    fn copies(
        &mut self,
        row: Row,
        head: &str,
        before: &str,
        (from, to): (&str, &str),
        after: &str,
    ) -> String {
        let bytes = row.bytes();
        let unit = format!("i{}", bytes * 8);
        let one = format!(
            "  %offset = mul i64 %lane, {bytes}\n  %from.lane = getelementptr i8, ptr {from}, i64 %offset\n  \
             %to.lane = getelementptr i8, ptr {to}, i64 %offset\n  %one = load {unit}, ptr %from.lane, align 1\n  \
             store {unit} %one, ptr %to.lane, align 1\n"
        );
        self.loop_over_lanes(head, &format!("entry:\n{before}"), &one, after)
    }

    /// A function with a way of its own for when all lanes are set.
    fn lane_by_lane(&mut self, head: &str, full: &str, before: &str, one: &str, after: &str) -> String {
        let all = self.plan.all_lanes() as i32;
        let start = format!(
            "  %is.full = icmp eq i32 %bits, {all}\n  br i1 %is.full, label %full, label %entry\nfull:\n{full}entry:\n{before}"
        );
        self.loop_over_lanes(head, &format!("start:\n{start}"), one, after)
    }

    /// A function that does something for each bit set in `%bits`, with `%lane`; it starts with a text that ends in the block
    /// `entry`.
    fn loop_over_lanes(&mut self, head: &str, start: &str, one: &str, after: &str) -> String {
        self.code.declarations.insert("declare i32 @llvm.cttz.i32(i32, i1)".into());
        format!(
            "define internal fastcc {head} noinline nounwind {{\n{start}  \
             %none = icmp eq i32 %bits, 0\n  br i1 %none, label %end, label %next\n\
             next:\n  %left = phi i32 [%bits, %entry], [%rest, %next]\n  \
             %lane.i32 = call i32 @llvm.cttz.i32(i32 %left, i1 true)\n  %lane = zext i32 %lane.i32 to i64\n{one}  \
             %less = sub i32 %left, 1\n  %rest = and i32 %left, %less\n  %done = icmp eq i32 %rest, 0\n  \
             br i1 %done, label %end, label %next\nend:\n{after}}}"
        )
    }
}
