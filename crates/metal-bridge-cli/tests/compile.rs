//! `metal-bridge compile` over real kernels. Only the CPU device shows what it compiles to.
#![cfg(any(not(target_vendor = "apple"), feature = "cpu"))]

mod common;

use common::on_cpu;

#[test]
fn each_form_is_shown() {
    for (emit, parts) in [
        ("llvm", &["define void @msl.thread(", "fadd "][..]),
        ("kernel", &["kernel \"add\" {", "\"sum\"", ": f32 = fadd ", "store v", "@f0:"]),
        (
            "plan",
            &[
                "plan: ",
                " threads of the grid; all threads are there",
                "affine 1 ",
                ": i32 = grid_position.x",
            ],
        ),
        ("asm", &["msl.rows:"]),
    ] {
        let outcome = on_cpu(&format!("compile add.metal --kernel add --emit {emit}"));
        let outcome = outcome.exits(0).without_complaint();
        for part in parts {
            assert!(outcome.out.contains(part), "{emit}: expected {part:?} in:\n{}", outcome.out);
        }
    }
}

#[test]
fn the_report_says_how_threads_are_executed() {
    let outcome = on_cpu("compile add.metal --kernel add --report").exits(0).without_complaint();
    assert!(outcome.out.lines().all(|line| line.contains(": remark: ")), "{}", outcome.out);
    assert!(outcome.out.starts_with("kernel add: remark: vector code: "), "{}", outcome.out);
    on_cpu("compile add.metal --kernel add --report --emit asm").exits(2).complains(&["--report"]);
}

#[test]
fn the_report_says_what_is_slow_and_where() {
    let outcome = on_cpu("compile slow.metal --kernel slow --report").exits(0).without_complaint();
    for remark in [
        "kernel slow: remark: vector code: whatever the threadgroups, ",
        " threads along x run together\n",
        "slow.metal:8: remark: gathers from memory",
        "slow.metal:8: remark: checked in each iteration",
        "slow.metal:9: remark: threads leave this loop one by one",
        "slow.metal:10: remark: threads part here",
    ] {
        assert!(outcome.out.contains(remark), "expected {remark:?} in:\n{}", outcome.out);
    }
}

/// What goes through its memory from front to back reads ahead, and stores past the caches where the processor can.
#[test]
fn rows_are_read_ahead() {
    let walk = on_cpu("compile walk.metal --kernel walk --emit vector").exits(0).without_complaint().out;
    assert!(walk.contains("call void @llvm.prefetch"), "{walk}");
    assert_eq!(walk.contains("!nontemporal"), cfg!(target_arch = "x86_64"), "{walk}");
    let apart = on_cpu("compile walk.metal --kernel apart --emit vector").exits(0).without_complaint().out;
    assert!(!apart.contains("@llvm.prefetch") && !apart.contains("!nontemporal"), "{apart}");
}

#[test]
fn function_constants_change_the_code() {
    let line = "compile many.metal --kernel shift --emit kernel --constant 0=int:77777";
    let plain = on_cpu(line).exits(0).without_complaint().out;
    assert!(plain.contains("77777:i32"), "{plain}");
    let negated = on_cpu(&format!("{line} --constant negate=bool:true")).exits(0).out;
    assert_ne!(plain, negated);
    on_cpu("compile many.metal --kernel shift --emit kernel").exits(1).prints("").complains(&[
        "error: ",
        "`offset`",
        "--constant 0=int:VALUE",
    ]);
}

#[test]
fn mistakes_are_named() {
    on_cpu("compile add.metal --kernel sub --emit llvm").exits(1).complains(&["`sub`", "`add`"]);
    on_cpu("compile add.metal --kernel add").exits(2).complains(&["--emit"]);
    on_cpu("compile add.metal --kernel add --emit ptx").exits(2).complains(&["ptx", "kernel", "asm"]);
    on_cpu("compile broken.metal --kernel x --emit asm").exits(1).complains(&["broken.metal:5:12: error: "]);
}

#[test]
fn includes_and_macros() {
    let line = "compile includes.metal --kernel includes --emit kernel -I include -D GIVEN=30 -DFLAG";
    let outcome = on_cpu(line).exits(0).without_complaint();
    assert!(outcome.out.starts_with("kernel \"includes\" {\n"), "{}", outcome.out);
}
