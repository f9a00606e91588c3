//! Stubs of macOS's libraries: lists of the symbols that programs may link with.
//!
//! That of the system's own library comes with Zig, from PyPI. Those of the frameworks are written here, with the symbols
//! that bindings of Objective-C name: a call of a function that is in no list does not link. Classes and selectors are
//! looked up when a program runs, so that linking says nothing about them.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Unready, at, cache, lock};
use crate::command::{Shell, output};

/// The version whose package has the file at [`LIB_SYSTEM`].
const ZIG: &str = "ziglang==0.15.2";
const LIB_SYSTEM: &str = "ziglang/lib/libc/darwin/libSystem.tbd";

/// Frameworks that may be linked with, and the C symbols used of each.
const FRAMEWORKS: [(&str, &str); 7] = [
    ("Metal", "_MTLCreateSystemDefaultDevice, _MTLCopyAllDevices"),
    ("MetalPerformanceShaders", ""),
    ("MetalPerformanceShadersGraph", ""),
    ("Foundation", "_NSLog, _NSGenericException, _NSInvalidArgumentException, _NSLocalizedDescriptionKey"),
    ("CoreFoundation", "_CFRetain, _CFRelease"),
    ("CoreGraphics", "_CGMainDisplayID"),
    ("IOSurface", ""),
];

/// The runtime of Objective-C.
const OBJC: &str = "\
_OBJC_EHTYPE_id, ___objc_personality_v0, _class_addIvar, _class_addMethod, _class_addProtocol, \
_class_conformsToProtocol, _class_getClassMethod, _class_getInstanceMethod, _class_getInstanceSize, \
_class_getInstanceVariable, _class_getName, _class_getSuperclass, _class_isMetaClass, _class_respondsToSelector, \
_ivar_getOffset, _ivar_getTypeEncoding, _method_copyArgumentType, _method_copyReturnType, _method_getImplementation, \
_method_getName, _method_getNumberOfArguments, _method_getTypeEncoding, _objc_alloc, _objc_alloc_init, \
_objc_allocateClassPair, _objc_autorelease, _objc_autoreleasePoolPop, _objc_autoreleasePoolPush, \
_objc_autoreleaseReturnValue, _objc_begin_catch, _objc_claimAutoreleasedReturnValue, _objc_copyWeak, _objc_destroyWeak, \
_objc_end_catch, _objc_exception_rethrow, _objc_exception_throw, _objc_getClass, _objc_getProtocol, _objc_initWeak, \
_objc_loadWeakRetained, _objc_lookUpClass, _objc_moveWeak, _objc_msgSend, _objc_msgSendSuper, _objc_msgSendSuper2, \
_objc_opt_new, _objc_opt_self, _objc_registerClassPair, _objc_release, _objc_retain, _objc_retainAutorelease, \
_objc_retainAutoreleaseReturnValue, _objc_retainAutoreleasedReturnValue, _objc_storeWeak, _objc_terminate, \
_object_getClass, _object_getIvar, _protocol_getName, _sel_getName, _sel_registerName";

const ICONV: &str = "_iconv, _iconv_open, _iconv_close";

/// The directory to give to a linker as that of macOS's SDK.
pub(super) fn sdk(shell: &Shell, install: bool) -> Result<PathBuf, Unready> {
    let cache = cache()?;
    let _lock = lock(&cache)?;
    let system = cache.join("libSystem.tbd");
    if !system.is_file() {
        fetch_lib_system(shell, &cache, &system, install)?;
    }
    // Written each time: the lists may have changed.
    let sdk = shell.target_directory().join("apple-sdk");
    let libraries = sdk.join("usr/lib");
    fs::create_dir_all(&libraries).map_err(at(&libraries))?;
    // On macOS the libraries of C and of its mathematics are parts of the system's.
    for name in ["libSystem.tbd", "libc.tbd", "libm.tbd"] {
        fs::copy(&system, libraries.join(name)).map_err(at(&libraries))?;
    }
    write(&libraries.join("libobjc.tbd"), "/usr/lib/libobjc.A.dylib", OBJC)?;
    write(&libraries.join("libiconv.tbd"), "/usr/lib/libiconv.2.dylib", ICONV)?;
    for (name, symbols) in FRAMEWORKS {
        let directory = format!("System/Library/Frameworks/{name}.framework");
        let install_name = format!("/{directory}/Versions/A/{name}");
        fs::create_dir_all(sdk.join(&directory)).map_err(at(&sdk))?;
        write(&sdk.join(&directory).join(name).with_extension("tbd"), &install_name, symbols)?;
    }
    Ok(sdk)
}

fn write(path: &Path, install_name: &str, symbols: &str) -> Result<(), Unready> {
    fs::write(path, stub(install_name, symbols)).map_err(at(path))
}

/// The text of a stub of one library.
fn stub(install_name: &str, symbols: &str) -> String {
    format!(
        "--- !tapi-tbd\n\
         tbd-version:     4\n\
         targets:         [ arm64-macos ]\n\
         install-name:    '{install_name}'\n\
         current-version: 1\n\
         exports:\n\
         \x20 - targets:     [ arm64-macos ]\n\
         \x20   symbols:     [ {symbols} ]\n\
         ...\n"
    )
}

/// Takes the one file out of Zig's package.
fn fetch_lib_system(shell: &Shell, cache: &Path, system: &Path, install: bool) -> Result<(), Unready> {
    let skipped = |reason: &str| Err(Unready::Skipped(format!("no list of macOS's symbols: {reason}")));
    if !install {
        return skipped("--no-install forbids fetching it");
    }
    if output("python3", &["-m", "pip", "--version"]).is_none() {
        return skipped("it comes with pip, and there is no python3 with pip (python3-pip)");
    }
    println!("Fetching {ZIG} from PyPI for its list of macOS's symbols (90 MB, once):");
    let downloads = cache.join("zig");
    let mut pip = shell.program("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    pip.args(["--only-binary", ":all:", ZIG, "--dest"]).arg(&downloads);
    if let Err(message) = shell.run(pip) {
        return skipped(&message);
    }
    let script = "import glob, sys, zipfile\n\
                  with zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0]) as wheel:\n    \
                  open(sys.argv[3], 'wb').write(wheel.read(sys.argv[2]))\n";
    let partial = system.with_extension("partial");
    let mut extract = shell.program("python3");
    extract.args(["-c", script]).arg(&downloads).arg(LIB_SYSTEM).arg(&partial);
    if !extract.status().is_ok_and(|status| status.success()) {
        return Err(Unready::Failed(format!(
            "{LIB_SYSTEM} could not be taken out of {}",
            downloads.display()
        )));
    }
    fs::rename(&partial, system).map_err(at(system))?;
    fs::remove_dir_all(&downloads).map_err(at(&downloads))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stubs_name_the_library_and_its_symbols() {
        let text = stub("/usr/lib/libx.dylib", "_a, _b");
        assert!(text.contains("install-name:    '/usr/lib/libx.dylib'\n"), "{text}");
        assert!(
            text.contains("\n  - targets:     [ arm64-macos ]\n    symbols:     [ _a, _b ]\n...\n"),
            "{text}"
        );
    }
}
