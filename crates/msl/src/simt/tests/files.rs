//! Plans of kernels in files: `tests/plans/README.md` has the format.

use std::fmt::Write as _;
use std::path::Path;

use crate::kernel::{self, tests::files};
use crate::llvm::VectorRegisters;
use crate::runtime::{Gang, Groups};

#[test]
fn kernels_are_planned_as_their_files_say() {
    let bless = std::env::var_os("METAL_BRIDGE_BLESS").is_some_and(|v| v == "1");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let found = files::below(&root, "plan");
    assert!(found.len() > 10, "the files are there");
    let mut problems = String::new();
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = files::test_name(&root, &path);
        let file = match File::parse(&text) {
            Ok(file) => file,
            Err(problem) => {
                let _ = writeln!(problems, "{name}: {problem}");
                continue;
            }
        };
        let got = file.plan().unwrap_or_else(|refusal| format!("refused: {refusal}\n"));
        if got == file.expected {
            continue;
        }
        if bless {
            std::fs::write(&path, format!("{}{got}", file.given)).unwrap();
        } else {
            let _ = writeln!(problems, "{name}: expected\n{}but got\n{got}", file.expected);
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

struct File<'t> {
    /// Header and kernel.
    given: &'t str,
    kernel: &'t str,
    expected: &'t str,
    part: bool,
    groups: Groups,
    registers: VectorRegisters,
}

impl<'t> File<'t> {
    fn parse(text: &'t str) -> Result<Self, String> {
        const END: &str = "\n}\n";
        let end = text.find(END).ok_or("there is no kernel")? + END.len();
        let (given, expected) = text.split_at(end);
        let header =
            given.lines().take_while(|line| line.starts_with("//!")).map(|line| line.len() + 1).sum();
        let mut file = Self {
            given,
            kernel: &given[header..],
            expected,
            part: false,
            groups: Groups::Straight,
            registers: VectorRegisters { bytes: 64, count: 32 },
        };
        for line in given[..header].lines() {
            let words = line.trim_start_matches("//!").trim();
            match words.split_once(": ").unwrap_or((words, "")) {
                ("part", "") => file.part = true,
                ("general", "") => file.groups = Groups::Any,
                ("together along x", simdgroups) => file.groups = together(simdgroups, false)?,
                ("together along y", simdgroups) => file.groups = together(simdgroups, true)?,
                ("registers", count) => {
                    let (count, bytes) = count.split_once(" of ").ok_or("registers: N of BYTES")?;
                    let number = |text: &str| text.parse().map_err(|e| format!("registers: {e}"));
                    file.registers = VectorRegisters { bytes: number(bytes)?, count: number(count)? };
                }
                _ => {}
            }
        }
        Ok(file)
    }

    fn plan(&self) -> Result<String, String> {
        let function = kernel::parse(self.kernel).map_err(|error| error.to_string())?;
        kernel::verify(&function).map_err(|error| error.to_string())?;
        let mut plans = crate::simt::describe(&function, self.registers, self.groups)?;
        Ok(plans.swap_remove(usize::from(self.part)))
    }
}

fn together(simdgroups: &str, along_y: bool) -> Result<Groups, String> {
    let simdgroups = simdgroups.parse().map_err(|e| format!("together: {e}"))?;
    Ok(Groups::Together(Gang { simdgroups, along_y }))
}
