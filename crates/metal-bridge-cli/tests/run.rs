//! `metal-bridge run` over real kernels.

mod common;

use common::{command, metal_bridge};

const ADD: &str = "run add.metal --kernel add --grid 4 --buffer 0=float:1,2,3,4 --buffer 1=float:10,20,30,40 \
                   --buffer 2=float[4]:zeros";

#[test]
fn prints_buffers() {
    metal_bridge(&format!("{ADD} --print 2 --print 0"))
        .exits(0)
        .without_complaint()
        .prints("buffer 2: float[4]: 11, 22, 33, 44\nbuffer 0: float[4]: 1, 2, 3, 4\n");
}

#[test]
fn without_print_it_says_what_it_did() {
    let outcome = metal_bridge(ADD).exits(0).without_complaint();
    assert!(outcome.out.starts_with("ran `add` over 4 × 1 × 1 threads in threadgroups of 256 × 1 × 1 on "));
}

#[test]
fn two_axes_and_arguments_by_value() {
    metal_bridge(
        "run many.metal --kernel product --grid 2,2 --group 2,2 --buffer 0=float[2,3]:iota \
         --buffer 1=float[3,2]:ones --buffer 2=float[2,2]:zeros --bytes 3=uint:3 --print 2",
    )
    .exits(0)
    .without_complaint()
    .prints("buffer 2: float[2,2]:\n  3, 3\n  12, 12\n");
}

#[test]
fn function_constants_by_index_and_by_name() {
    let shift = "run many.metal --kernel shift --grid 3 --buffer 0=int:1,2,3 --print 0";
    metal_bridge(&format!("{shift} --constant 0=int:10")).exits(0).prints("buffer 0: int[3]: 11, 12, 13\n");
    metal_bridge(&format!("{shift} --constant offset=int:1 --constant negate=bool:true"))
        .exits(0)
        .prints("buffer 0: int[3]: -2, -3, -4\n");
    metal_bridge(shift).exits(1).complains(&["`shift`", "`offset`", "--constant 0=int:VALUE"]);
    metal_bridge(&format!("{shift} --constant 0=float:1")).exits(1).complains(&["int", "float"]);
    metal_bridge(&format!("{shift} --constant 0=int:1,2"))
        .exits(2)
        .complains(&["--constant 0", "one scalar"]);
}

#[test]
fn threadgroups_and_their_memory() {
    metal_bridge(
        "run many.metal --kernel group_sum --threadgroups 2 --group 4 --threadgroup-memory 0=16 \
         --buffer 0=float[8]:iota --buffer 1=float[2]:zeros --print 1",
    )
    .exits(0)
    .without_complaint()
    .prints("buffer 1: float[2]: 6, 22\n");
}

#[test]
fn vectors_half_and_bfloat() {
    metal_bridge(
        "run many.metal --kernel lengths --grid 2 --buffer 0=float3:1,2,2,2,3,6 --buffer 1=half[2]:zeros \
         --buffer 2=bfloat[2]:zeros --print 0,1,2",
    )
    .exits(0)
    .without_complaint()
    .prints("buffer 0: float3[2]: (1 2 2), (2 3 6)\nbuffer 1: half[2]: 3, 7\nbuffer 2: bfloat[2]: 3, 7\n");
}

#[test]
fn arrays_go_through_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (sum, twice) = (path("sum.npy"), path("twice.npy"));
    metal_bridge(&format!("{ADD} --save 2={sum}")).exits(0).without_complaint().prints("");
    metal_bridge(&format!(
        "run add.metal --kernel add --grid 4 --buffer 0={sum} --buffer 1={sum} --buffer 2=float[4]:zeros \
         --print 2 --save 2={twice}"
    ))
    .exits(0)
    .prints("buffer 2: float[4]: 22, 44, 66, 88\n");
    let bytes = std::fs::read(twice).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00"));
    let data: Vec<u8> = [22.0f32, 44.0, 66.0, 88.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert!(bytes.ends_with(&data));
    metal_bridge(&format!("{ADD} --save 2={}", path("no/such/directory.npy")))
        .exits(1)
        .complains(&["directory.npy"]);
    metal_bridge(&format!("{ADD} --bytes 3={}", path("none.npy")))
        .exits(1)
        .complains(&["--bytes 3", "none.npy"]);
}

#[test]
fn timing_gives_rates() {
    let outcome = metal_bridge(&format!("{ADD} --time 3 --print 2")).exits(0).without_complaint();
    assert!(outcome.out.starts_with("buffer 2: float[4]: 11, 22, 33, 44\n"), "{}", outcome.out);
    for part in ["median of 3", "fastest", "threads/s", "B/s, each of the 48.0 B in buffers counted once"] {
        assert!(outcome.out.contains(part), "expected {part:?} in:\n{}", outcome.out);
    }
}

#[test]
fn source_that_does_not_compile() {
    metal_bridge("run broken.metal --kernel broken --grid 1")
        .exits(1)
        .complains(&["broken.metal:5:12: error: "]);
    metal_bridge("run nowhere.metal --kernel k --grid 1").exits(1).complains(&["error: nowhere.metal: "]);
}

#[test]
fn mistakes_are_explained() {
    for (line, status, parts) in [
        ("run add.metal --kernel sub --grid 4", 1, &["`sub`", "`add`"][..]),
        ("run add.metal --kernel add --grid 4 --buffer 0=float:1", 1, &["`add`", "`b`", "--buffer 1=SPEC"]),
        (&format!("{ADD} --print 3"), 2, &["--print 3", "0, 1, 2"]),
        (&format!("{ADD} --save 9=x.npy"), 2, &["--save 9", "0, 1, 2"]),
        (&format!("{ADD} --buffer 2=float[4]:ones"), 2, &["--buffer 2", "twice"]),
        (&format!("{ADD} --bytes 2=float:1"), 2, &["--bytes 2", "--buffer 2"]),
        (&format!("{ADD} --bytes 3=float[99999]:ones"), 1, &["index 3", "4096"]),
        (&format!("{ADD} --buffer 31=float:1"), 1, &["31", "0 to 30"]),
        (&format!("{ADD} --threadgroup-memory 0=7"), 1, &["7", "16 bytes"]),
        (
            "run many.metal --kernel group_sum --grid 4 --buffer 0=float[4]:ones --buffer 1=float[1]:ones",
            1,
            &["`shared`", "--threadgroup-memory 0="],
        ),
        (&format!("{ADD} --group 2000"), 1, &["2000", "1024"]),
        (&format!("{ADD} --group 0"), 1, &["0"]),
        (
            &format!("{ADD} --device warp-drive"),
            2,
            &["--device warp-drive", "`metal-bridge devices` lists 0: "],
        ),
        ("run add.metal --kernel add --threadgroups 4", 2, &["--threadgroups", "--group"]),
        (
            "run add.metal --kernel add --grid 1 --buffer 0=float[999999999999999]:zeros",
            2,
            &["--buffer 0", "bytes"],
        ),
    ] {
        metal_bridge(line).exits(status).complains(parts);
    }
}

/// As in Metal, but not in silence.
#[test]
fn a_grid_of_no_threads_runs_nothing() {
    metal_bridge("run many.metal --kernel beyond --grid 0 --buffer 0=int:7 --print 0")
        .exits(0)
        .complains(&["warning: --grid: nothing runs in 0 ×"])
        .prints("buffer 0: int[1]: 7\n");
}

#[test]
fn what_looks_wrong_is_warned_of() {
    metal_bridge(
        "run add.metal --kernel add --grid 2 --buffer 0=int:1,2 --buffer 1=float:0,0 --buffer 2=float[2]:zeros \
         --buffer 5=float:1 --print 1",
    )
    .exits(0)
    .complains(&[
        "warning: --buffer 0: holds int, but argument `a` of kernel `add` is device const float",
        "warning: --buffer 5: kernel `add` has no buffer argument with this index",
    ]);
}

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn a_kernel_that_leaves_its_buffer_is_stopped() {
    common::on_cpu("run many.metal --kernel beyond --grid 1 --buffer 0=float[4]:zeros").exits(1).complains(
        &["kernel `beyond`", "write of 4 bytes", "byte offset 4000", "buffer 0", "16 bytes", "many.metal:57"],
    );
}

#[test]
fn devices_are_listed_and_chosen() {
    let outcome = metal_bridge("devices").exits(0).without_complaint();
    assert!(outcome.out.starts_with("0: "), "{}", outcome.out);
    assert!(outcome.out.contains("threads of a SIMD-group        32\n"), "{}", outcome.out);
    metal_bridge(&format!("{ADD} --device 0 --print 2")).exits(0).without_complaint();
}

#[cfg(any(not(target_vendor = "apple"), feature = "cpu"))]
#[test]
fn switches_that_make_no_sense_are_named() {
    let line = "devices";
    let mut command = command(line);
    command.env("METAL_BRIDGE_DEVICE", "cpu");
    common::run(line, command.env("METAL_BRIDGE_THREADS", "many"))
        .exits(1)
        .complains(&["METAL_BRIDGE_THREADS", "many"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let line = "devices";
    let mut child = command(line).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
