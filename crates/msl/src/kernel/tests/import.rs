//! What the optimiser may leave behind, one thing at a time, as LLVM assembly.

use std::collections::HashMap;

use super::super::interpret::{self, Dispatch};
use super::super::{Function, import, parse, verify};
use crate::FunctionReflection;
use crate::llvm::{Machine, Module};
use crate::reflect::{KernelEntry, Parameter};

/// Imports a thread function with this body, in which `%out` is a buffer, and checks what comes of it.
fn imported(body: &str, beside: &str) -> Result<Function, String> {
    let text = format!(
        "declare ptr addrspace(1) @msl.argument.0(ptr)\n{beside}\n\
         define void @msl.thread(ptr %context, i32 %index, i32 %x, i32 %y, i32 %z) {{\n\
         entry:\n  %out = call ptr addrspace(1) @msl.argument.0(ptr %context)\n{body}\n}}\n"
    );
    let mut module = Module::parse_text(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    module.set_machine(&Machine::host().unwrap());
    module.verify().unwrap_or_else(|error| panic!("{error}\n{text}"));
    let kernel = KernelEntry {
        symbol: "k".into(),
        reflection: FunctionReflection {
            name: "k".into(),
            arguments: Vec::new(),
            function_constants: Vec::new(),
            static_threadgroup_memory_length: 0,
            max_total_threads_per_threadgroup: None,
            required_threads_per_threadgroup: None,
            line: 0,
        },
        parameters: vec![Parameter::buffer("out", 0)],
    };
    let function = import(&module, &kernel).map_err(|error| error.to_string())?;
    verify(&function).unwrap_or_else(|error| panic!("{error}\n{function}"));
    let text = function.to_string();
    assert_eq!(parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")).to_string(), text);
    Ok(function)
}

/// Runs the body in one thread on a buffer of zeros; the buffer afterwards starts with these words.
#[track_caller]
fn gives(body: &str, beside: &str, expected: &[u32]) {
    let function = imported(body, beside).unwrap_or_else(|error| panic!("{error}"));
    let mut buffers = HashMap::new();
    for (argument, _) in function.arguments.iter() {
        buffers.insert(argument, vec![0; 64]);
    }
    let mut dispatch = Dispatch {
        buffers,
        threadgroup_memory: HashMap::new(),
        threads_per_grid: [1; 3],
        threads_per_threadgroup: [1; 3],
    };
    interpret::run(&function, &mut dispatch).unwrap_or_else(|trouble| panic!("{trouble:?}\n{function}"));
    let bytes = dispatch.buffers.into_values().next().unwrap();
    let words: Vec<u32> = bytes.chunks(4).map(|w| u32::from_le_bytes(w.try_into().unwrap())).collect();
    assert_eq!(&words[..expected.len()], expected, "{function}");
}

#[test]
fn vectors_are_cast_between_shapes() {
    gives(
        "%m = icmp ult <8 x i32> <i32 9, i32 1, i32 2, i32 9, i32 9, i32 9, i32 9, i32 0>, splat (i32 3)
         %b = bitcast <8 x i1> %m to i8
         %w = zext i8 %b to i32
         store i32 %w, ptr addrspace(1) %out
         ret void",
        "",
        &[0b1000_0110],
    );
    gives(
        "%v = insertelement <3 x i32> <i32 1, i32 2, i32 3>, i32 %index, i32 1
         %wide = bitcast <3 x i32> %v to i96
         %low = lshr i96 %wide, 60
         %part = trunc i96 %low to i32
         store i32 %part, ptr addrspace(1) %out
         ret void",
        "",
        &[3 << 4],
    );
    gives(
        "%a = add <2 x i32> <i32 65538, i32 262147>, zeroinitializer
         %b = bitcast <2 x i32> %a to <4 x i16>
         %c = shufflevector <4 x i16> %b, <4 x i16> poison, <4 x i32> <i32 3, i32 2, i32 1, i32 0>
         store <4 x i16> %c, ptr addrspace(1) %out
         %d = bitcast <2 x i32> %a to <2 x float>
         %e = bitcast <2 x float> %d to i64
         %f = getelementptr i8, ptr addrspace(1) %out, i64 8
         store i64 %e, ptr addrspace(1) %f
         ret void",
        "",
        &[0x0003_0004, 0x0002_0001, 65538, 262147],
    );
    // Neither element is a multiple of the other.
    gives(
        "%a = add <3 x i16> <i16 4660, i16 22136, i16 -25924>, zeroinitializer
         %b = bitcast <3 x i16> %a to <2 x i24>
         %c = zext <2 x i24> %b to <2 x i32>
         store <2 x i32> %c, ptr addrspace(1) %out
         ret void",
        "",
        &[0x0078_1234, 0x009a_bc56],
    );
}

#[test]
fn single_bits_are_loaded_and_stored_as_words() {
    gives(
        "store i64 -9223372036854775805, ptr addrspace(1) %out
         %a = load <64 x i1>, ptr addrspace(1) %out
         %low = extractelement <64 x i1> %a, i64 1
         %high = extractelement <64 x i1> %a, i64 63
         %none = extractelement <64 x i1> %a, i64 32
         %b = shufflevector <64 x i1> %a, <64 x i1> poison, <8 x i32> <i32 63, i32 62, i32 0, i32 2, i32 1, i32 3, i32 4, i32 0>
         %p2 = getelementptr i32, ptr addrspace(1) %out, i64 2
         %lowest = zext i1 %low to i32
         store i32 %lowest, ptr addrspace(1) %p2
         %p3 = getelementptr i32, ptr addrspace(1) %out, i64 3
         %highest = zext i1 %high to i32
         store i32 %highest, ptr addrspace(1) %p3
         %p4 = getelementptr i32, ptr addrspace(1) %out, i64 4
         %middle = zext i1 %none to i32
         store i32 %middle, ptr addrspace(1) %p4
         %p5 = getelementptr i32, ptr addrspace(1) %out, i64 5
         store i32 0, ptr addrspace(1) %p5
         store <8 x i1> %b, ptr addrspace(1) %p5
         ret void",
        "",
        &[3, 0x8000_0000, 1, 1, 0, 0b1001_0101],
    );
}

#[test]
fn elements_at_places_known_later() {
    gives(
        "%i = add i32 %index, 2
         %v = insertelement <4 x i32> <i32 10, i32 11, i32 12, i32 13>, i32 99, i32 %i
         %a = extractelement <4 x i32> %v, i32 %i
         %j = add i32 %index, 3
         %b = extractelement <4 x i32> %v, i32 %j
         %c = extractelement <4 x i32> %v, i32 %index
         store i32 %a, ptr addrspace(1) %out
         %o1 = getelementptr i32, ptr addrspace(1) %out, i32 1
         store i32 %b, ptr addrspace(1) %o1
         %o2 = getelementptr i32, ptr addrspace(1) %o1, i64 1
         store i32 %c, ptr addrspace(1) %o2
         ret void",
        "",
        &[99, 13, 10],
    );
}

#[test]
fn structures_are_lists_of_components() {
    gives(
        "%r = call { <2 x i32>, <2 x i1> } @llvm.umul.with.overflow.v2i32(<2 x i32> <i32 3, i32 65536>, <2 x i32> <i32 5, i32 65537>)
         %p = extractvalue { <2 x i32>, <2 x i1> } %r, 0
         %o = extractvalue { <2 x i32>, <2 x i1> } %r, 1
         store <2 x i32> %p, ptr addrspace(1) %out
         %n = zext <2 x i1> %o to <2 x i32>
         %q = getelementptr i8, ptr addrspace(1) %out, i64 8
         store <2 x i32> %n, ptr addrspace(1) %q
         %s = insertvalue { i32, [2 x { i8, i32 }] } poison, i32 7, 1, 1, 1
         %t = extractvalue { i32, [2 x { i8, i32 }] } %s, 1
         %u = extractvalue [2 x { i8, i32 }] %t, 1, 1
         %w = getelementptr i8, ptr addrspace(1) %out, i64 16
         store i32 %u, ptr addrspace(1) %w
         ret void",
        "declare { <2 x i32>, <2 x i1> } @llvm.umul.with.overflow.v2i32(<2 x i32>, <2 x i32>)",
        &[15, 65536, 0, 1, 7],
    );
}

#[test]
fn reductions_and_selects() {
    gives(
        "%v = insertelement <4 x i32> <i32 1, i32 2, i32 3, i32 4>, i32 10, i32 0
         %sum = call i32 @llvm.vector.reduce.add.v4i32(<4 x i32> %v)
         %f = sitofp <4 x i32> %v to <4 x float>
         %g = call float @llvm.vector.reduce.fadd.v4f32(float 1.0, <4 x float> %f)
         %h = fptosi float %g to i32
         %c = icmp eq i32 %index, 0
         %s = select i1 %c, <2 x i32> <i32 5, i32 6>, <2 x i32> zeroinitializer
         store i32 %sum, ptr addrspace(1) %out
         %p = getelementptr i8, ptr addrspace(1) %out, i64 4
         store i32 %h, ptr addrspace(1) %p
         %q = getelementptr i8, ptr addrspace(1) %out, i64 8
         store <2 x i32> %s, ptr addrspace(1) %q
         ret void",
        "declare i32 @llvm.vector.reduce.add.v4i32(<4 x i32>)
         declare float @llvm.vector.reduce.fadd.v4f32(float, <4 x float>)",
        &[19, 20, 5, 6],
    );
}

#[test]
fn addresses_and_constant_tables() {
    gives(
        "%i = add i32 %index, -1
         %p = getelementptr { i32, [4 x { i16, i32 }] }, ptr @table, i64 0, i32 1, i32 %i, i32 1
         %q = getelementptr { i32, [4 x { i16, i32 }] }, ptr %p, i64 0, i32 1, i64 2
         %a = load i32, ptr %q
         store i32 %a, ptr addrspace(1) %out
         %b = load i32, ptr getelementptr (i8, ptr @table, i64 32)
         %o = getelementptr i32, ptr addrspace(1) %out, i8 1
         store i32 %b, ptr addrspace(1) %o
         br i1 true, label %then, label %join
      then:
         br label %join
      join:
         %r = phi ptr [ getelementptr (i8, ptr @table, i64 24), %then ], [ @table, %entry ]
         %c = load i32, ptr %r
         %o2 = getelementptr i32, ptr addrspace(1) %out, i8 2
         store i32 %c, ptr addrspace(1) %o2
         ret void",
        "@table = internal constant { i32, [4 x { i16, i32 }] } { i32 1, [4 x { i16, i32 }] [
            { i16, i32 } { i16 2, i32 3 }, { i16, i32 } { i16 4, i32 5 },
            { i16, i32 } { i16 6, i32 7 }, { i16, i32 } { i16 8, i32 9 } ] }",
        // p is 4 - 8 + 4 bytes into the table, and q 4 + 16 further: the 16-bit 6.
        &[6, 9, 7],
    );
}

#[test]
fn what_is_undefined_is_zero() {
    gives(
        "%f = freeze i32 undef
         %a = or i32 %f, 1
         %v = shufflevector <2 x i32> <i32 4, i32 5>, <2 x i32> poison, <3 x i32> <i32 1, i32 poison, i32 0>
         store i32 %a, ptr addrspace(1) %out
         %p = getelementptr i8, ptr addrspace(1) %out, i64 4
         store <3 x i32> %v, ptr addrspace(1) %p
         ret void",
        "",
        &[1, 5, 0, 4],
    );
}

#[test]
fn loops_switches_and_swapped_phis() {
    gives(
        "br label %loop
      loop:
         %i = phi i32 [ 0, %entry ], [ %next, %latch ]
         %a = phi i32 [ 1, %entry ], [ %b, %latch ]
         %b = phi i32 [ 2, %entry ], [ %a, %latch ]
         switch i32 %i, label %latch [ i32 5, label %done
                                       i32 3, label %three ]
      three:
         store i32 33, ptr addrspace(1) %out
         br label %latch
      latch:
         %next = add i32 %i, 1
         br label %loop
      done:
         %p = getelementptr i8, ptr addrspace(1) %out, i64 4
         store i32 %a, ptr addrspace(1) %p
         ret void",
        "",
        &[33, 2],
    );
}

#[test]
fn what_cannot_be_imported_is_named() {
    for (body, beside, parts) in [
        (
            "%c = icmp eq i32 %index, 0
             br i1 %c, label %a, label %b
          a: %p = icmp eq i32 %x, 0
             br i1 %p, label %b, label %end
          b: %q = icmp eq i32 %y, 0
             br i1 %q, label %a, label %end
          end:
             ret void",
            "",
            "irreducible",
        ),
        ("%s = load { i32, i32 }, ptr addrspace(1) %out\n ret void", "", "whole structure"),
        ("%s = load <4 x i1>, ptr addrspace(1) %out\n ret void", "", "load or store of type <4 x i1>"),
        ("%s = load i200, ptr addrspace(1) %out\n ret void", "", "type i200"),
        ("store ptr @f, ptr addrspace(1) %out\n ret void", "declare void @f()", "function `f`"),
        ("call void @f()\n ret void", "declare void @f()", "function `f`"),
        (
            "%a = call i32 @llvm.sshl.sat.i32(i32 %x, i32 1)\n ret void",
            "declare i32 @llvm.sshl.sat.i32(i32, i32)",
            "`llvm.sshl.sat.i32`",
        ),
        (
            "%a = load ptr, ptr @t\n ret void",
            "@t = internal constant ptr @g\n@g = internal constant i32 1",
            "variable `t`",
        ),
        ("%a = load i32, ptr @t\n ret void", "@t = external global i32", "variable `t`"),
        ("%a = load i32, ptr addrspace(7) null\n ret void", "", "addrspace(7)"),
    ] {
        match imported(body, beside) {
            Ok(function) => panic!("imported:\n{function}"),
            Err(error) => assert!(error.contains(parts), "`{error}` does not have `{parts}`"),
        }
    }
}
