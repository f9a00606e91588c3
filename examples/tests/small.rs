//! The small examples run, and say what they should. Those that check their own results fail if these are wrong.

use std::process::Command;

/// Runs an example; gives what it printed.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect("the example can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn hello() {
    let text = run(env!("CARGO_BIN_EXE_hello"), &[]);
    assert!(text.contains("squares: [1.0, 4.0, 9.0, 16.0]"), "{text}");
    assert!(text.contains("a thread too many: ") && text.contains("square"), "{text}");
}

#[test]
fn reduction() {
    for count in ["1", "1000", "1000003"] {
        let text = run(env!("CARGO_BIN_EXE_reduction"), &[count]);
        assert!(text.contains(&format!("the sum of {count} values")), "{text}");
    }
}

#[test]
fn pictures() {
    let folder = tempfile::tempdir().unwrap();
    let (set, filtered) = (folder.path().join("new/set.png"), folder.path().join("other/filtered.png"));
    run(env!("CARGO_BIN_EXE_mandelbrot"), &[set.to_str().unwrap()]);
    let picture = image::open(&set).unwrap().to_rgb8();
    // The set itself is black, and what is far from it is not.
    assert_eq!(picture.get_pixel(picture.width() * 2 / 3, picture.height() / 2).0, [0, 0, 0]);
    assert_ne!(picture.get_pixel(0, 0).0, [0, 0, 0]);

    run(env!("CARGO_BIN_EXE_image_filter"), &[set.to_str().unwrap(), filtered.to_str().unwrap()]);
    let after = image::open(&filtered).unwrap().to_rgb8();
    assert_eq!(after.dimensions(), picture.dimensions());
    let dark = |picture: &image::RgbImage| picture.pixels().filter(|p| p.0 == [0, 0, 0]).count();
    assert!(dark(&after) > dark(&picture), "edges are dark");
}

#[test]
fn fused_linear() {
    let text = run(env!("CARGO_BIN_EXE_fused_linear"), &[]);
    assert!(text.contains("they differ by"), "{text}");
}

#[test]
fn dependencies() {
    let text = run(env!("CARGO_BIN_EXE_dependencies"), &[]);
    assert!(text.contains("sum: [11.0, 13.0, 15.0, 17.0]"), "{text}");
    assert!(text.contains("show: ") && text.contains("the server does not answer"), "{text}");
}

#[test]
fn server() {
    let text = run(env!("CARGO_BIN_EXE_server"), &[]);
    assert!(text.contains("1600 requests of 8 threads"), "{text}");
}
